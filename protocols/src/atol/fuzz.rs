//! What holds for any bytes: the body of the fuzz target, and of the test over its corpus.

use core::time::Duration;

use super::document::Reader;
use super::{answer, buffer, storage, task, tlv, wire2, wire3};

/// Reads the bytes with every reader, whole and in pieces, and compares what was read after it was
/// written again.
///
/// # Errors
/// What did not come back, in words.
pub fn any_bytes(data: &[u8]) -> Result<(), &'static str> {
    for crc in [wire3::CrcOver::Data, wire3::CrcOver::Stuffed] {
        packets(data, crc)?;
    }
    frames(data)?;
    host(data);
    answers(data);
    attributes(data)?;
    text(data)
}

fn packets(data: &[u8], crc: wire3::CrcOver) -> Result<(), &'static str> {
    let whole = wire3::Receiver::new(crc).received(data);
    let mut receiver = wire3::Receiver::new(crc);
    let pieces: Vec<_> = data.chunks(3).flat_map(|piece| receiver.received(piece)).collect();
    if whole != pieces {
        return Err("packets depend on how the bytes are cut");
    }
    let own = wire3::Packet { id: 7, data: data.iter().copied().take(wire3::MAX_DATA).collect() };
    for packet in whole.into_iter().flatten().chain([own]) {
        let again = packet.encode(crc).map_err(|_| "a packet can't be written")?;
        if wire3::Receiver::new(crc).received(&again) != [Ok(packet)] {
            return Err("a packet doesn't come back");
        }
    }
    Ok(())
}

fn frames(data: &[u8]) -> Result<(), &'static str> {
    let mut receiver = wire2::Receiver::default();
    let read = data.chunks(3).find_map(|piece| receiver.received(piece));
    let own: Vec<u8> = data.iter().copied().take(wire2::MAX_DATA).collect();
    for payload in read.and_then(Result::ok).into_iter().chain([own]) {
        let frame = wire2::encode(&payload).map_err(|_| "a frame can't be written")?;
        if wire2::Receiver::default().received(&frame) != Some(Ok(payload)) {
            return Err("a frame doesn't come back");
        }
    }
    Ok(())
}

/// The hosts take anything, at any time.
fn host(data: &[u8]) {
    let mut three = wire3::Host::new(0, wire3::CrcOver::Data);
    let mut two = wire2::Host::default();
    for piece in data.chunks(5) {
        // Whether it can be sent is not the question here.
        let _ = (three.send(piece), two.send(piece, Duration::from_secs(1)));
        for rest in data.chunks(7) {
            three.received(rest);
            two.received(rest);
            two.elapsed();
        }
        if data.len() > 512 {
            break;
        }
    }
}

fn answers(data: &[u8]) {
    let _ = buffer::State::parse(data);
    let _ = answer::Status::parse(data);
    let _ = answer::ShortStatus::parse(data);
    let _ = answer::DeviceInfo::parse(data);
    let _ = answer::Paid::parse(data);
    let _ = answer::drawer_cash(data);
    let _ = answer::register(data);
    let _ = answer::LastReceipt::parse(data);
    let _ = answer::ShiftInfo::parse(data);
    let _ = answer::Formats::parse(data);
    let _ = answer::LastError::parse(data);
    let _ = answer::attribute(data);
    let _ = storage::Shift::parse(data);
    let _ = storage::Exchange::parse(data);
    let _ = storage::StorageStatus::parse(data);
    let _ = storage::number(data);
    let _ = storage::Validity::parse(data);
    if let Ok(mut reader) = Reader::begin(data) {
        for piece in data.chunks(9) {
            let _ = reader.piece(&[&[0x55, 0], piece].concat());
        }
    }
}

fn attributes(data: &[u8]) -> Result<(), &'static str> {
    let Ok(list) = tlv::list(data) else { return Ok(()) };
    let mut again = Vec::new();
    for attribute in &list {
        attribute.encode(&mut again).map_err(|_| "an attribute can't be written")?;
        let _ = (attribute.as_number(), attribute.as_micro(), attribute.as_text(), attribute.as_date_time());
        let _ = attribute.children();
    }
    if again == data { Ok(()) } else { Err("attributes don't come back") }
}

fn text(data: &[u8]) -> Result<(), &'static str> {
    let line = String::from_utf8_lossy(data).into_owned();
    let item = task::Item { name: line.clone(), ..task::Item::default() };
    let _ = (task::Task::EndItem(item).encode(0), task::Task::Text(line).encode(0));
    let readable = super::text::decode(data);
    match super::text::encode(&readable) {
        Ok(bytes) if bytes != data => Err("a text doesn't come back"),
        _ => Ok(()),
    }
}
