//! What holds for any bytes: the body of the fuzz target, and of the test over its corpus.

use super::wiegand::{Wiegand26, Wiegand34};
use super::{
    CardKind, CardReading, HashKey, RfidEvent, Swipe, hid_report, mask_text, pcsc, rfid, secure_mag,
};

/// Reads the bytes as everything that a card reader may send.
///
/// # Errors
/// What did not hold, in words.
pub fn any_bytes(data: &[u8]) -> Result<(), &'static str> {
    let key = HashKey::new([7; 16]).map_err(|_| "a key of 16 bytes is taken")?;
    for lrc in [false, true] {
        shown(&Swipe::parse(data, lrc), &key)?;
    }
    for numbered in [false, true] {
        if let Ok(report) = hid_report::parse(data, numbered) {
            shown(&report.swipe, &key)?;
        }
    }
    frames(data, &key)?;
    lines(data)?;
    let masked = mask_text(data);
    if masked.bytes.len() != data.len() {
        return Err("masking changes the number of bytes");
    }
    if mask_text(&masked.bytes).found > 0 {
        return Err("a masked number is found again");
    }
    Ok(())
}

/// What is published holds no card number, other than of a card that is none of a bank.
fn shown(swipe: &Swipe, key: &HashKey) -> Result<(), &'static str> {
    let reading = CardReading::new(swipe, Some(key));
    let published = [format!("{swipe:?} {reading:?}"), reading.raw()];
    let hidden = reading.kind != CardKind::Member;
    if hidden && (reading.number.is_some() || reading.tracks.iter().any(|track| track.data.is_some())) {
        return Err("data of a card that is not a member's are shown");
    }
    // The hash is hexadecimal, and may look like anything.
    let hash = reading.hash.unwrap_or_default();
    let found = published.iter().any(|text| {
        let text = if hash.is_empty() { text.clone() } else { text.replace(&hash, "") };
        mask_text(text.as_bytes()).found > 0
    });
    if hidden && found { Err("a card number is shown") } else { Ok(()) }
}

fn frames(data: &[u8], key: &HashKey) -> Result<(), &'static str> {
    let whole = secure_mag::Receiver::default().received(data);
    let mut receiver = secure_mag::Receiver::default();
    let pieces: Vec<_> = data.chunks(3).flat_map(|piece| receiver.received(piece)).collect();
    if whole != pieces {
        return Err("frames depend on how the bytes are cut");
    }
    receiver.elapsed();
    whole.iter().flatten().try_for_each(|swipe| shown(swipe, key))
}

fn lines(data: &[u8]) -> Result<(), &'static str> {
    if let Ok(RfidEvent::Card(card)) = rfid::parse_line(data) {
        let number: Wiegand26 =
            card.notations.facility_number.parse().map_err(|_| "a number can't be read")?;
        if format!("{:07X}", number.bits()) != card.notations.wiegand_26 {
            return Err("two notations of a card differ");
        }
    }
    if let Ok(uid) = pcsc::uid(data) {
        let _ = uid.notations();
    }
    if let Some(bits) = data.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes)) {
        let short = Wiegand26::from_bits(bits as u32).is_ok_and(|card| card.bits() != bits as u32);
        let long = Wiegand34::from_bits(bits).is_ok_and(|card| card.bits() != bits);
        if short || long {
            return Err("bits of a card don't come back");
        }
    }
    Ok(())
}
