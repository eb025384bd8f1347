//! A scale that answers by a script, for the tests of `scale`.

#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part

use std::collections::VecDeque;

use outlet_protocols::scale::{Answer, Ask, Protocol, Reading, Step, Then, by_name};
use serde_json::{Value, json};

/// Bytes from hexadecimal digits; blanks are ignored.
pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// One side of a conversation with the options of the maker.
pub fn protocol(name: &str) -> Box<dyn Protocol> {
    with(name, json!({}))
}

/// One side of a conversation with these options.
pub fn with(name: &str, options: Value) -> Box<dyn Protocol> {
    (by_name(name).unwrap().build)(options).unwrap()
}

/// How a question ended.
#[derive(Debug)]
pub struct End {
    pub readings: Vec<Reading>,
    pub ignored: usize,
    pub then: Then,
    /// What was sent with the end, or was not in the script.
    pub sent: Vec<u8>,
}

impl End {
    /// The reading that answered [`Ask::Weight`].
    pub fn reading(&self) -> &Reading {
        assert_eq!(self.then, Then::Done(Answer::Weighed), "{self:?}");
        self.readings.last().unwrap()
    }

    /// The weight as it is shown.
    pub fn shown(&self) -> String {
        self.reading().weight.map_or_else(|| "no weight".into(), |weight| weight.to_string())
    }
}

/// Puts a question to a scale that answers each message as the script says, in pieces of so many bytes. What is
/// sent must be what the script expects; after its end the scale is silent.
pub fn play_in_pieces(
    protocol: &mut dyn Protocol,
    ask: &Ask,
    script: &[(&[u8], &[u8])],
    piece: usize,
) -> End {
    let mut script: VecDeque<_> = script.iter().collect();
    let mut incoming: VecDeque<u8> = VecDeque::new();
    let mut end = End { readings: Vec::new(), ignored: 0, then: Then::Listen, sent: Vec::new() };
    let mut step = protocol.start(ask);
    for _ in 0..2000 {
        let Step { readings, ignored, send, then } = step;
        end.readings.extend(readings);
        end.ignored += ignored;
        if matches!(then, Then::Done(_) | Then::Failed(_)) {
            end.sent.extend(send);
            end.then = then;
            return end;
        }
        if !send.is_empty() {
            match script.pop_front() {
                Some((expected, answer)) => {
                    assert_eq!(send, *expected, "sent {send:02x?}, expected {expected:02x?}");
                    incoming.extend(*answer);
                }
                None => end.sent.extend(send),
            }
        }
        let next: Vec<u8> = incoming.drain(..piece.min(incoming.len())).collect();
        step = if next.is_empty() { protocol.timed_out() } else { protocol.received(&next) };
    }
    panic!("the question does not end: {end:?}");
}

/// As [`play_in_pieces`], each answer in one piece.
pub fn play(protocol: &mut dyn Protocol, ask: &Ask, script: &[(&[u8], &[u8])]) -> End {
    play_in_pieces(protocol, ask, script, usize::MAX >> 1)
}

/// The weight that a scale tells when it answers the first message by this.
pub fn weigh(name: &str, asked: &[u8], answer: &[u8]) -> End {
    play(&mut *protocol(name), &Ask::Weight, &[(asked, answer)])
}
