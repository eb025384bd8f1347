//! What the fuzz target asks of the codec, and what a test asks over the corpus.

use core::fmt;

use serde_json::Value;

use super::{
    Answer, Carrier, Command, DeviceType, Frames, Incoming, ItemList, Kept, Limits, Password, RECORD,
    ScaleMode, ScaleState, weight, words,
};

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any bytes as what a scale sends, in a datagram and over TCP in pieces of a size that the first byte gives; and as
/// the document of a job.
///
/// # Errors
/// The rule that was broken: pieces that change what is read, or a list that is taken and can't be sent.
pub fn any_bytes(input: &[u8]) -> Result<(), Broken> {
    let [size, bytes @ ..] = input else { return Ok(()) };
    if let Ok(Incoming::Answer(body)) = Incoming::datagram(bytes) {
        answer(&body);
    }
    let whole = messages(bytes, bytes.len().max(1));
    let pieces = messages(bytes, usize::from(*size).max(1));
    if whole != pieces {
        return Err(Broken(format!("in pieces of {size}: {pieces:?}, at once: {whole:?}")));
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(document) => list(&document),
        Err(_) => Ok(()),
    }
}

fn answer(body: &[u8]) {
    for code in [&[0xFC][..], &[0x12], &[0x11], &[0x58], &[0xD0], &[0xFF, 0x0F]] {
        let Ok(answer) = Answer::to(code, body) else { continue };
        let _ = (weight(answer.error), words(answer.error), answer.number());
        let _ = DeviceType::read(&answer.data);
        let _ = ScaleMode::read(&answer.data).map(ScaleMode::words);
        let _ = (ScaleState::read(&answer.data), Kept::read(&answer.data));
    }
}

/// All messages and how they end: with an error, or with so many bytes left.
fn messages(bytes: &[u8], size: usize) -> (Vec<Incoming>, Result<usize, String>) {
    let (mut frames, mut seen) = (Frames::default(), Vec::new());
    for piece in bytes.chunks(size) {
        frames.push(piece);
        loop {
            match frames.next_message() {
                Ok(Some(message)) => seen.push(message),
                Ok(None) => break,
                Err(garbled) => return (seen, Err(garbled.to_string())),
            }
        }
    }
    (seen, Ok(frames.left()))
}

fn list(document: &Value) -> Result<(), Broken> {
    let Ok(list) = ItemList::parse(document) else { return Ok(()) };
    let limits = Limits { items: None, messages: None, message_lines: Some(8), tare_g: None, decimals: 2 };
    let Ok(prepared) = list.prepare(&limits) else { return Ok(()) };
    let password = Password::new("0030").map_err(|error| Broken(error.to_string()))?;
    for item in &prepared {
        let message = Command::write_item(password, &item.record).message(Carrier::Udp);
        if message.len() != RECORD + 7 {
            return Err(Broken(format!("{} bytes for item {}", message.len(), item.record.plu())));
        }
        let kept = item.record.bytes().get(2..).and_then(Kept::read);
        if !kept.is_some_and(|kept| item.record.is(&kept)) {
            return Err(Broken(format!("item {} is not read as it was written", item.record.plu())));
        }
    }
    Ok(())
}
