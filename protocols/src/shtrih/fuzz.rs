//! What holds for any bytes: the body of the fuzz target, and of the test over its corpus.

use core::time::Duration;

use super::command::{self, Cell, Request};
use super::refusal::Memory;
use super::{Refusal, link1, link2, tlv};

/// Reads bytes with everything here that reads what a register sends, whole and in pieces, and compares
/// what was read after it was written again.
///
/// # Errors
/// What did not come back, in words.
pub fn bytes(data: &[u8]) -> Result<(), &'static str> {
    one_link(data)?;
    frames(data)?;
    numbered_link(data)?;
    tags(data)?;
    answers(data);
    for &code in data.iter().take(1) {
        let _ = (Refusal::new(0x10, code), Refusal::with_memory(0x10, code, Memory::Older));
    }
    Ok(())
}

const COMMAND: [u8; 5] = [0x10, 30, 0, 0, 0];

/// A command is on its way on level 1 while the bytes arrive, with a timeout in their middle.
fn one_link(data: &[u8]) -> Result<(), &'static str> {
    for repeatable in [false, true] {
        let mut link = link1::Link1::new(link1::Timing::default());
        let exchange =
            link1::Exchange { command: &COMMAND, answer_within: Duration::from_secs(1), repeatable };
        link.send(exchange).map_err(|_| "a new link is busy")?;
        let (one, two) = data.split_at(data.len() / 2);
        for piece in [one, two] {
            link.received(piece);
            link.timeout();
        }
        let mut frames = 0;
        let mut steps = 0;
        loop {
            match link.action() {
                link1::Action::Write(bytes) if bytes.len() > 1 => frames += 1,
                link1::Action::Wait(_) => link.timeout(),
                link1::Action::Idle => break,
                _ => {}
            }
            steps += 1;
            if steps > 2_000 + 10 * data.len() {
                return Err("the exchange never ends");
            }
        }
        if frames > link1::Timing::default().frames {
            return Err("the frame was sent too often");
        }
    }
    Ok(())
}

fn frames(data: &[u8]) -> Result<(), &'static str> {
    let whole = link2::Parser::default().frames(data);
    let mut parser = link2::Parser::default();
    let pieces: Vec<_> = data.chunks(3).flat_map(|piece| parser.frames(piece)).collect();
    if whole != pieces {
        return Err("frames depend on how the bytes are cut");
    }
    for frame in whole {
        let link2::Received::Answer { number, data } = frame else { continue };
        let again = link2::frame(number, &data).map_err(|_| "an answer does not fit into a frame")?;
        if link2::Parser::default().frames(&again) != [link2::Received::Answer { number, data }] {
            return Err("a frame changed on its way");
        }
    }
    Ok(())
}

fn numbered_link(data: &[u8]) -> Result<(), &'static str> {
    let mut link = link2::Link2::new(link2::Timing::default());
    let exchange =
        link2::Exchange { number: 1, command: &COMMAND, answer_within: Duration::from_secs(1), query: true };
    link.send(exchange).map_err(|_| "a new link is busy")?;
    link.received(data);
    for _ in 0..100 {
        match link.action() {
            link2::Action::Wait(_) => link.timeout(),
            link2::Action::Idle => return Ok(()),
            _ => {}
        }
    }
    Err("the exchange never ends")
}

fn tags(data: &[u8]) -> Result<(), &'static str> {
    let Ok(tags) = tlv::parse(data) else { return Ok(()) };
    let mut again = Vec::new();
    for tag in &tags {
        tag.encode(&mut again);
        let _ = (tag.as_text(), tag.as_number(), tag.as_structure());
    }
    let _ = tlv::find(&tags, tlv::number::RECEIPT_ATTRIBUTE);
    if again == data { Ok(()) } else { Err("tags changed on their way") }
}

/// The bytes as the answer to every command, and as the fields of an answer to it.
fn answers(data: &[u8]) {
    fn read<R: Request>(request: R, data: &[u8]) {
        let _ = request.answer(data).map_err(|error| error.to_string());
        let mut answer = match request.code().to_be_bytes() {
            [0, code] => vec![code, 0],
            [high, low] => vec![high, low, 0],
        };
        answer.extend_from_slice(data);
        let _ = request.answer(&answer).map_err(|error| error.to_string());
    }
    read(command::DeviceType, data);
    read(command::ModelParameters, data);
    read(command::ShortStatus, data);
    read(command::LongStatus, data);
    read(command::MoneyRegister::CASH, data);
    read(command::OperationRegister { number: 0 }, data);
    read(command::FontMetrics { font: 1 }, data);
    read(command::OpenShift { operator: 30 }, data);
    read(command::CashMovement { direction: command::CashDirection::In, sum: 0 }, data);
    read(command::Subtotal, data);
    read(command::StorageStatus, data);
    read(command::StorageExpiry, data);
    read(command::Registration, data);
    read(command::ExchangeStatus, data);
    read(command::Unconfirmed, data);
    read(command::ShiftState, data);
    read(command::FindDocument { document: 1 }, data);
    read(command::ReadDocument { document: 1 }, data);
    read(command::ReadDocumentBlock, data);
    read(command::MarkingStatus, data);
    read(command::AcceptMarking::Accept, data);
    read(command::BindMarking { code: vec![0], by_volume: false }, data);
    read(command::ReadTable(Cell::operator_name(1)), data);
    read(command::TableInfo { table: 1 }, data);
    read(command::FieldInfo { table: 1, field: 1 }, data);
    read(command::PrintCopy, data);
}
