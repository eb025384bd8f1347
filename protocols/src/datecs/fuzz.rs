//! What holds for any bytes whatever.

use core::time::Duration;

use super::answer::AnswerError;
use super::command::Effect;
use super::dialect::Dialect;
use super::frame::{Event, Frame, Framing, Reader, Reply};
use super::link::{Action, Link, Timing};
use super::status::Status;

/// Takes bytes as a register might send them, in one piece and in small ones, and reads them as every answer
/// there is. The first byte chooses frame and pieces.
///
/// # Panics
///
/// When something does not hold: that is what a fuzzer looks for.
pub fn any_bytes(input: &[u8]) {
    let Some((&choice, bytes)) = input.split_first() else { return };
    let framing = if choice & 1 == 0 { Framing::Wide } else { Framing::Narrow };
    let piece = usize::from(choice >> 1) % 7 + 1;

    let whole = events(framing, [bytes]);
    assert_eq!(whole, events(framing, bytes.chunks(piece)), "pieces make no difference");
    let noise = whole.iter().filter(|event| matches!(event, Event::Noise(_))).count();
    assert!(noise <= bytes.len());

    for event in &whole {
        if let Event::Reply(reply) = event {
            assert_eq!(reply.status.bytes().len(), framing.status_length());
            Dialect::ALL.iter().filter(|d| d.framing == framing).for_each(|d| read_all(d, reply));
        }
    }
    for dialect in Dialect::ALL {
        let quiet = [0x80; 8];
        let status = quiet.get(..dialect.framing.status_length()).and_then(Status::new);
        let Some(status) = status else { unreachable!("eight or six bytes") };
        for number in [48, 90] {
            read_all(dialect, &Reply { seq: 0x20, number, data: bytes.to_vec(), status });
        }
    }
    if let Ok(frame) = Frame::restore(framing, bytes) {
        assert_eq!(frame.bytes(), bytes);
    }
    converse(framing, bytes, piece);
}

fn events<'a>(framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut reader = Reader::new(framing);
    let mut events = Vec::new();
    pieces.into_iter().for_each(|piece| reader.feed(piece, |event| events.push(event)));
    events
}

/// A link that hears these bytes while it waits.
fn converse(framing: Framing, bytes: &[u8], piece: usize) {
    let seq = framing.next_seq(bytes.first().copied().unwrap_or_default());
    let Ok(frame) = Frame::new(framing, seq, 76, b"T") else { unreachable!("a frame as the manual has it") };
    let sent = frame.bytes().to_vec();
    let mut link = Link::new(framing, Timing::default());
    link.send(frame);
    let mut now = Duration::ZERO;
    let mut pieces = bytes.chunks(piece);
    for _ in 0..bytes.len() + 1000 {
        match link.action(now) {
            Action::Write(rest) => {
                assert!(sent.ends_with(rest), "only the identical frame is sent");
                let count = rest.len().min(piece);
                link.written(count, now);
            }
            Action::Wait(Some(until)) => {
                assert!(until > now, "a link does not spin");
                match pieces.next() {
                    Some(piece) => link.received(piece, now),
                    None => now = until,
                }
            }
            Action::Wait(None) => unreachable!("an exchange ends by an answer or a failure"),
            Action::Answer(reply) => return assert_eq!((reply.seq, reply.number), (seq, 76)),
            Action::Failed(failure) => return assert_eq!((failure.seq, failure.number), (seq, 76)),
        }
        now += Duration::from_millis(1);
    }
    panic!("an exchange ends");
}

/// Reads an answer in every way there is.
fn read_all(dialect: &Dialect, reply: &Reply) {
    let results: [Option<AnswerError>; 16] = [
        dialect.done(Effect::Fiscal, reply).err(),
        dialect.numbers(reply).err(),
        dialect.subtotal_answer(reply).err(),
        dialect.paid(reply).err(),
        dialect.transaction_answer(reply).err(),
        dialect.last_document_answer(reply).err(),
        dialect.found(reply).err(),
        dialect.chosen(reply).err(),
        dialect.line(reply).err(),
        dialect.cash_answer(Effect::Query, reply).err(),
        dialect.report_answer(reply).err(),
        dialect.daily_payments(reply).err(),
        dialect.daily_sales(reply).err(),
        dialect.clock_answer(reply).err(),
        dialect.identity(reply).err(),
        dialect.variable_answer(reply).and(dialect.explanation(reply)).err(),
    ];
    for error in results.into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
}
