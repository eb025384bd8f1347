//! Shtrih-M: what holds on both links whatever is lost, damaged or late, and in whatever pieces bytes come.

#![allow(clippy::unwrap_used)]

mod shtrih_support;

use outlet_protocols::shtrih::link1::{self, Executed};
use outlet_protocols::shtrih::link2::{self, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use shtrih_support::{SECOND, frame1, frame2};

const ENQ: u8 = 5;
const ACK: u8 = 6;
const NAK: u8 = 0x15;
const SALE: [u8; 6] = [0x8d, 1, 0, 0, 0, 0];
const ANSWER: [u8; 3] = [0x8d, 0, 1];

/// What happens to a transmission.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Fine,
    Lost,
    /// A bit of a frame flips; a single byte is lost instead.
    Damaged(u16),
    /// Arrives after the host has stopped waiting for it.
    Late,
    /// The register is switched off and on before it arrives.
    Restart,
    /// Is preceded by the FF of USB network links.
    AfterFf,
}

fn fates(trouble: u32) -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        12 => Just(Fate::Fine),
        trouble => Just(Fate::Lost),
        trouble => any::<u16>().prop_map(Fate::Damaged),
        trouble => Just(Fate::Late),
        1 => Just(Fate::Restart),
        1 => Just(Fate::AfterFf),
    ];
    vec(fate, 0..60)
}

/// The line: what becomes of each transmission in turn, in both directions.
struct Line {
    fates: std::vec::IntoIter<Fate>,
    late_to_register: Vec<u8>,
    late_to_host: Vec<u8>,
    restarts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum To {
    Register,
    Host,
}

impl Line {
    fn new(fates: Vec<Fate>) -> Self {
        Self {
            fates: fates.into_iter(),
            late_to_register: Vec::new(),
            late_to_host: Vec::new(),
            restarts: false,
        }
    }

    /// What of `bytes` arrives now.
    fn carry(&mut self, to: To, bytes: &[u8]) -> Vec<u8> {
        match self.fates.next().unwrap_or(Fate::Fine) {
            Fate::Lost => Vec::new(),
            Fate::Damaged(_) if bytes.len() < 2 => Vec::new(),
            Fate::Damaged(at) => {
                let mut bytes = bytes.to_vec();
                let bit = usize::from(at) % (8 * bytes.len());
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            }
            Fate::Late => {
                let late = if to == To::Host { &mut self.late_to_host } else { &mut self.late_to_register };
                late.extend_from_slice(bytes);
                Vec::new()
            }
            Fate::AfterFf if to == To::Host => [&[0xff], bytes].concat(),
            Fate::Restart => {
                self.restarts = true;
                bytes.to_vec()
            }
            Fate::Fine | Fate::AfterFf => bytes.to_vec(),
        }
    }

    /// What arrives late, now that the host has stopped waiting for it.
    fn late(&mut self, to: To) -> Vec<u8> {
        std::mem::take(if to == To::Host { &mut self.late_to_host } else { &mut self.late_to_register })
    }
}

/// A register of level 1 by the document: ENQ, frames, ACK and NAK.
#[derive(Default)]
struct Register1 {
    received: Vec<u8>,
    held: Option<Vec<u8>>,
    executed: u32,
}

impl Register1 {
    fn hears(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.received.extend_from_slice(bytes);
        let mut says = Vec::new();
        loop {
            match *self.received.as_slice() {
                [] => return says,
                [2, length, ..] if self.received.len() >= usize::from(length) + 3 => {
                    let frame: Vec<u8> = self.received.drain(..usize::from(length) + 3).collect();
                    let sound = frame[1..].iter().fold(0, |lrc, byte| lrc ^ byte) == 0;
                    if self.held.is_some() {
                        // It takes no command while it holds an answer.
                    } else if sound && length > 0 {
                        self.executed += 1;
                        self.held = Some(ANSWER.to_vec());
                        says.extend([vec![ACK], frame1(&ANSWER)]);
                    } else {
                        says.push(vec![NAK]);
                    }
                }
                [2, ..] => return says,
                [byte, ..] => {
                    self.received.remove(0);
                    match (byte, &self.held) {
                        (ENQ, Some(answer)) => says.extend([vec![ACK], frame1(answer)]),
                        (ENQ, None) => says.push(vec![NAK]),
                        (ACK, _) => self.held = None,
                        _ => {}
                    }
                }
            }
        }
    }

    fn restart(&mut self) {
        self.received.clear();
        self.held = None;
    }

    /// Its own byte timeout: a frame that stopped in its middle was damaged.
    fn pauses(&mut self) -> Vec<Vec<u8>> {
        if std::mem::take(&mut self.received).is_empty() { Vec::new() } else { vec![vec![NAK]] }
    }
}

/// A register of level 2.0 by the document: only the next number executes, any other frame is answered
/// with the last answer.
struct Register2 {
    received: Vec<u8>,
    last: (u16, Vec<u8>),
    executed: u32,
}

impl Default for Register2 {
    fn default() -> Self {
        Self { received: Vec::new(), last: (99, vec![0x10, 0]), executed: 0 }
    }
}

impl Register2 {
    fn hears(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut says = Vec::new();
        for &byte in bytes {
            if byte == 0x8f {
                self.received.clear();
            }
            self.received.push(byte);
            let next = self.last.0.wrapping_add(1);
            if self.received == frame2(next, &SALE) {
                self.last = (next, ANSWER.to_vec());
                self.executed += 1;
            } else if self.received != link2::SYNC && self.received != frame2(self.last.0, &SALE) {
                continue;
            }
            self.received.clear();
            says.push(frame2(self.last.0, &self.last.1));
        }
        says
    }
}

/// How an exchange ended.
#[derive(Debug, PartialEq)]
enum End {
    Answer(Vec<u8>),
    Failed(Executed),
}

fn converse(link: &mut link1::Link1, register: &mut Register1, line: &mut Line, piece: usize) -> End {
    fn tell(link: &mut link1::Link1, line: &mut Line, says: Vec<Vec<u8>>, piece: usize) {
        for bytes in says {
            let arrives = line.carry(To::Host, &bytes);
            arrives.chunks(piece).for_each(|piece| link.received(piece));
        }
    }
    for _ in 0..5_000 {
        match link.action() {
            link1::Action::Write(bytes) => {
                let arrives = line.carry(To::Register, &bytes);
                if std::mem::take(&mut line.restarts) {
                    register.restart();
                }
                let says = register.hears(&arrives);
                tell(link, line, says, piece);
            }
            link1::Action::Wait(_) => {
                let says = register.pauses();
                tell(link, line, says, piece);
                link.timeout();
                let late = line.late(To::Host);
                late.chunks(piece).for_each(|piece| link.received(piece));
                let late = line.late(To::Register);
                let says = register.hears(&late);
                tell(link, line, says, piece);
            }
            link1::Action::Held { .. } => {}
            link1::Action::Answer(answer) => return End::Answer(answer),
            link1::Action::Failed(failure) => return End::Failed(failure.executed),
            link1::Action::Idle => panic!("the exchange ended without a word"),
        }
    }
    panic!("the exchange never ends");
}

/// More with `PROPTEST_CASES`.
fn options() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(options())]

    #[test]
    fn on_level_1_a_command_with_an_effect_is_executed_once_at_most(
        fates in fates(3), piece in 1_usize..8,
    ) {
        let mut link = link1::Link1::new(link1::Timing::default());
        let mut register = Register1::default();
        let exchange = link1::Exchange { command: &SALE, answer_within: SECOND, repeatable: false };
        link.send(exchange).unwrap();
        let end = converse(&mut link, &mut register, &mut Line::new(fates), piece);
        match end {
            End::Answer(answer) => {
                prop_assert_eq!(answer, ANSWER);
                prop_assert_eq!(register.executed, 1);
            }
            End::Failed(Executed::No) => prop_assert_eq!(register.executed, 0),
            End::Failed(Executed::Unknown) => prop_assert!(register.executed <= 1),
        }
    }

    #[test]
    fn on_level_1_a_line_that_recovers_brings_the_answer_of_a_query(fates in fates(2), piece in 1_usize..8) {
        let mut link = link1::Link1::new(link1::Timing { frames: 100, answers: 100, enquiries: 100, ..link1::Timing::default() });
        let mut register = Register1::default();
        let exchange = link1::Exchange { command: &SALE, answer_within: SECOND, repeatable: true };
        link.send(exchange).unwrap();
        let end = converse(&mut link, &mut register, &mut Line::new(fates), piece);
        prop_assert_eq!(end, End::Answer(ANSWER.to_vec()));
        prop_assert!(register.executed >= 1);
    }

    #[test]
    fn on_level_1_any_answer_arrives_in_any_pieces(data in vec(any::<u8>(), 0..254), cuts in vec(1_usize..9, 1..20)) {
        let data = [&[0x1f], data.as_slice()].concat();
        let mut link = link1::Link1::new(link1::Timing::default());
        let exchange = link1::Exchange { command: &[0x1f, 1, 0, 0, 0], answer_within: SECOND, repeatable: true };
        link.send(exchange).unwrap();
        link.received(&[NAK, ACK]);
        let bytes = frame1(&data);
        let mut rest = bytes.as_slice();
        for cut in cuts.into_iter().cycle() {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            link.received(piece);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        let mut answers = Vec::new();
        loop {
            match link.action() {
                link1::Action::Answer(answer) => answers.push(answer),
                link1::Action::Idle => break,
                link1::Action::Write(_) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(answers, [data]);
    }

    #[test]
    fn on_level_2_frames_arrive_in_any_pieces(
        frames in vec((any::<u16>(), vec(prop_oneof![Just(0x8f_u8), Just(0x9f), any::<u8>()], 1..40)), 1..6),
        piece in 1_usize..9,
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(number, data)| frame2(*number, data)).collect();
        let ours: Vec<u8> = frames.iter().flat_map(|(n, d)| link2::frame(*n, d).unwrap()).collect();
        prop_assert_eq!(&ours, &bytes);
        let mut parser = link2::Parser::default();
        let received: Vec<_> = bytes.chunks(piece).flat_map(|piece| parser.frames(piece)).collect();
        let expected: Vec<_> =
            frames.into_iter().map(|(number, data)| link2::Received::Answer { number, data }).collect();
        prop_assert_eq!(received, expected);
        prop_assert!(!parser.inside());
    }

    #[test]
    fn on_level_2_lost_commands_are_executed_exactly_once(fates in fates(4), piece in 1_usize..8) {
        let mut line = Line::new(fates);
        let mut register = Register2::default();
        let mut link = link2::Link2::new(link2::Timing { tries: 3, ..link2::Timing::default() });
        let exchange = link2::Exchange { number: 100, command: &SALE, answer_within: SECOND, query: false };
        link.send(exchange).unwrap();
        let mut answered = None;
        for _ in 0..1_000 {
            match link.action() {
                link2::Action::Write(bytes) => {
                    let arrives = line.carry(To::Register, &bytes);
                    for says in register.hears(&arrives) {
                        let arrives = line.carry(To::Host, &says);
                        arrives.chunks(piece).for_each(|piece| link.received(piece));
                    }
                }
                link2::Action::Wait(_) => {
                    register.received.clear();
                    link.timeout();
                    let late = line.late(To::Host);
                    link.received(&late);
                    let late = line.late(To::Register);
                    register.hears(&late).iter().for_each(|says| link.received(says));
                }
                link2::Action::Answer(answer) => answered = Some(answer),
                // What a driver does: it asks for the last answer, and then for the command again.
                link2::Action::Failed(_) => link.sync().unwrap(),
                link2::Action::Synced(last) | link2::Action::OutOfStep(last) => {
                    match last.verdict(100, &SALE) {
                        Verdict::Answer(answer) => answered = Some(answer),
                        Verdict::NotExecuted => link.send(exchange).unwrap(),
                        verdict => prop_assert!(false, "{:?}", verdict),
                    }
                }
                link2::Action::Idle => break,
            }
        }
        prop_assert_eq!(answered, Some(ANSWER.to_vec()));
        prop_assert_eq!(register.executed, 1);
    }

    #[test]
    fn no_bytes_disturb_a_parser(data in vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(outlet_protocols::shtrih::fuzz::bytes(&data), Ok(()));
    }
}
