//! What holds for any bytes of a receipt printer: the body of the fuzz target, and of the test over its corpus.

use super::command::RealTime;
use super::status::{Event, Parser, Status};
use crate::star::status as star;

/// No text or block of a printer is longer.
const LONGEST: usize = 255;

/// Any bytes as what a printer of ESC/POS and one of Star sends: the first says of what size the pieces are, the
/// second which real-time questions were asked before.
///
/// # Errors
/// The rule that was broken: pieces that change what is read, more events than bytes, a text longer than any that is
/// kept, a state that the same event changes twice, or a status of Star that nobody sent.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let [size, asked, bytes @ ..] = input else { return Ok(()) };
    let size = usize::from(*size).max(1);
    escpos(bytes, size, *asked)?;
    star(bytes, size)
}

fn escpos(bytes: &[u8], size: usize, asked: u8) -> Result<(), String> {
    let questions = [RealTime::Printer, RealTime::Offline, RealTime::Error, RealTime::Paper];
    let mut new = Parser::default();
    for (bit, what) in questions.into_iter().enumerate() {
        if asked >> bit & 1 == 1 {
            new.asked(what);
        }
    }
    let whole = new.clone().events(bytes);
    let mut parser = new.clone();
    let pieces: Vec<Event> = bytes.chunks(size).flat_map(|piece| parser.events(piece)).collect();
    if whole != pieces {
        return Err(format!("in pieces of {size}: {pieces:?}, at once: {whole:?}"));
    }
    parser.reset();
    if parser.events(bytes) != Parser::default().events(bytes) {
        return Err("a reset parser remembers".into());
    }
    if whole.len() > bytes.len() {
        return Err(format!("{} events of {} bytes", whole.len(), bytes.len()));
    }
    let mut status = Status::default();
    for event in &whole {
        let length = match event {
            Event::Block(_, text) => text.len(),
            // A byte that is no UTF-8 is three bytes of U+FFFD.
            Event::Info(text) => text.chars().count(),
            _ => 0,
        };
        if length > LONGEST {
            return Err(format!("{length} bytes in {event:?}"));
        }
        status.apply(event);
        if status.apply(event) {
            return Err(format!("{event:?} changes a state twice"));
        }
    }
    Ok(())
}

fn star(bytes: &[u8], size: usize) -> Result<(), String> {
    let whole = star::Parser::default().events(bytes);
    let mut parser = star::Parser::default();
    let pieces: Vec<_> = bytes.chunks(size).flat_map(|piece| parser.events(piece)).collect();
    if whole != pieces {
        return Err(format!("Star, in pieces of {size}: {pieces:?}, at once: {whole:?}"));
    }
    for status in &whole {
        let sent = bytes.windows(status.bytes.len()).any(|window| window == status.bytes);
        if !(7..=31).contains(&status.bytes.len()) || !sent {
            return Err(format!("a status that was not sent: {status:?}"));
        }
        if status.etb.is_some_and(|etb| etb > 31) {
            return Err(format!("a counter that can't be: {status:?}"));
        }
    }
    Ok(())
}
