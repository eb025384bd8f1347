//! The host's side of a Datecs link: when it repeats, what it believes, what it doubts.

mod datecs_support;

use std::time::Duration;

use datecs_support::*;
use outlet_protocols::datecs::link::Why;
use outlet_protocols::datecs::{Action, Failure, Frame, Framing, Link, Reply, Timing};

const SYN: u8 = 0x16;
const NAK: u8 = 0x15;
const SILENCE: Duration = Duration::from_millis(500);

/// A link with a clock, and all that it wrote.
struct Bench {
    link: Link,
    now: Duration,
    written: Vec<Vec<u8>>,
}

#[derive(Debug, PartialEq)]
enum End {
    Answer(Reply),
    Failed(Failure),
    Waits,
}

impl Bench {
    fn new(framing: Framing) -> Self {
        Self { link: Link::new(framing, Timing::default()), now: Duration::from_secs(7), written: Vec::new() }
    }

    fn send(&mut self, seq: u8, number: u16, data: &[u8]) -> Vec<u8> {
        let frame = Frame::new(Framing::Wide, seq, number, data).expect("a frame");
        let bytes = frame.bytes().to_vec();
        self.link.send(frame);
        bytes
    }

    /// Writes until the link waits or ends.
    fn run(&mut self) -> End {
        loop {
            match self.link.action(self.now) {
                Action::Write(bytes) => {
                    self.written.push(bytes.to_vec());
                    let count = bytes.len();
                    self.link.written(count, self.now);
                }
                Action::Wait(_) => return End::Waits,
                Action::Answer(reply) => return End::Answer(reply),
                Action::Failed(failure) => return End::Failed(failure),
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> End {
        self.link.received(bytes, self.now);
        self.run()
    }

    /// Lets time pass up to what the link waits for.
    fn wait(&mut self) -> End {
        match self.link.action(self.now) {
            Action::Wait(Some(until)) => self.now = until,
            other => panic!("{other:?}"),
        }
        self.run()
    }
}

fn wide(seq: u8, number: u16, data: &[u8]) -> Vec<u8> {
    answer(Framing::Wide, seq, number, data, &WIDE_QUIET)
}

#[test]
fn an_answer_ends_an_exchange() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x24, 42, b"Test\t");
    assert_eq!(frame, hex(X_TEXT));
    assert_eq!(bench.run(), End::Waits);
    assert_eq!(bench.written, [frame]);
    let End::Answer(reply) = bench.hear(&hex(X_TEXT_ANSWER)) else { panic!("an answer") };
    assert_eq!(reply.data, b"0\t");
    assert_eq!(bench.run(), End::Waits);
    assert_eq!(bench.link.action(bench.now), Action::Wait(None), "told once");
    assert!(!bench.link.may_have_run());
}

#[test]
fn silence_makes_it_send_the_identical_frame_again() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x30, 56, b"");
    bench.run();
    let before = bench.now;
    assert_eq!(bench.wait(), End::Waits);
    assert_eq!(bench.now - before, SILENCE);
    assert_eq!(bench.written, [frame.clone(), frame]);
    assert!(matches!(bench.hear(&wide(0x30, 56, b"0\t7\t")), End::Answer(_)));
    assert_eq!(bench.link.health().repeats, 1);
}

#[test]
fn a_dead_register_is_given_up_after_five_repeats_and_may_have_run_it() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x30, 56, b"");
    bench.run();
    let started = bench.now;
    let end = loop {
        match bench.wait() {
            End::Waits => {}
            end => break end,
        }
    };
    let End::Failed(failure) = end else { panic!("{end:?}") };
    assert_eq!(failure.why, Why::Silent { sent: 6 });
    assert!(failure.may_have_run);
    assert_eq!((failure.number, failure.seq), (56, 0x30));
    assert_eq!(bench.now - started, 6 * SILENCE);
    assert!(bench.written.iter().all(|written| *written == frame) && bench.written.len() == 6);
    assert!(failure.to_string().contains("may have been executed"), "{failure}");
}

#[test]
fn nak_makes_it_send_at_once_and_a_storm_of_nak_means_not_executed() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 49, b"Tea\t1\t1.00\t");
    bench.run();
    for _ in 0..6 {
        assert_eq!(bench.hear(&[NAK]), End::Waits);
    }
    assert_eq!(bench.written.len(), 6, "nothing is sent after the last NAK");
    let End::Failed(failure) = bench.wait() else { panic!("given up") };
    assert_eq!(failure.why, Why::NotUnderstood { naks: 6 });
    assert!(!failure.may_have_run);
    assert_eq!(bench.written.len(), 6);
}

#[test]
fn nak_after_a_silence_does_not_take_the_doubt_away() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 53, b"0\t1.00\t\t");
    bench.run();
    bench.wait();
    for _ in 0..6 {
        assert_eq!(bench.hear(&[NAK]), End::Waits);
    }
    let End::Failed(failure) = bench.wait() else { panic!("given up") };
    assert_eq!(failure.why, Why::NotUnderstood { naks: 6 });
    assert!(failure.may_have_run, "the first transmission was perhaps understood");
}

#[test]
fn one_nak_too_many_leaves_a_doubt_and_an_answer_after_it_still_counts() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 53, b"0\t1.00\t\t");
    bench.run();
    for _ in 0..7 {
        assert_eq!(bench.hear(&[NAK]), End::Waits);
    }
    assert!(bench.link.may_have_run(), "seven NAK for six frames: one was older");
    assert!(matches!(bench.hear(&wide(0x30, 53, b"0\tD\t0.00\t")), End::Answer(_)));
}

#[test]
fn a_busy_register_is_waited_for_and_not_asked_again() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 69, b"Z\t");
    bench.run();
    // Busy for a minute: SYN every 60 ms.
    for _ in 0..1000 {
        bench.now += Duration::from_millis(60);
        assert_eq!(bench.hear(&[SYN]), End::Waits);
    }
    assert_eq!(bench.written.len(), 1);
    assert!(matches!(bench.hear(&wide(0x30, 69, b"0\t12\t")), End::Answer(_)));
    assert_eq!(bench.link.health().syns, 1000);
}

#[test]
fn a_register_busy_for_ever_is_given_up() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 69, b"Z\t");
    bench.run();
    let started = bench.now;
    let end = loop {
        bench.now += Duration::from_millis(60);
        match bench.hear(&[SYN]) {
            End::Waits => {}
            end => break end,
        }
    };
    let End::Failed(failure) = end else { panic!("{end:?}") };
    assert_eq!(failure.why, Why::Busy);
    assert!(failure.may_have_run);
    assert!(bench.now - started >= Timing::default().patience);
}

#[test]
fn a_silence_after_busy_makes_it_send_again() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x30, 69, b"X\t");
    bench.run();
    bench.now += Duration::from_millis(60);
    bench.hear(&[SYN]);
    let busy_at = bench.now;
    assert_eq!(bench.wait(), End::Waits);
    assert_eq!(bench.now - busy_at, SILENCE);
    assert_eq!(bench.written, [frame.clone(), frame]);
}

#[test]
fn an_answer_with_another_number_is_of_no_interest() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x31, 76, b"");
    bench.run();
    // The answer to a frame that was sent twice comes twice.
    assert_eq!(bench.hear(&wide(0x30, 56, b"0\t7\t")), End::Waits);
    assert!(matches!(bench.hear(&wide(0x31, 76, b"0\t0\t7\t1\t1.00\t1.00\t")), End::Answer(_)));
    assert_eq!(bench.link.health().strays, 1);
}

#[test]
fn an_old_answer_under_our_number_is_an_error_and_no_answer() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 56, b"");
    bench.run();
    let End::Failed(failure) = bench.hear(&wide(0x30, 53, b"0\tD\t0.00\t")) else { panic!("refused") };
    assert_eq!(failure.why, Why::OldAnswer { number: 53 });
    assert!(failure.may_have_run, "nobody knows whether the answer was older than the link");
}

#[test]
fn what_comes_before_the_question_is_not_its_answer() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 56, b"");
    bench.link.received(&wide(0x30, 56, b"0\t6\t"), bench.now);
    assert_eq!(bench.run(), End::Waits);
    assert_eq!(bench.written.len(), 1);
}

#[test]
fn noise_is_no_sign_of_life() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 74, b"");
    bench.run();
    bench.now += Duration::from_millis(499);
    assert_eq!(bench.hear(b"\x00\xffhello"), End::Waits);
    bench.now += Duration::from_millis(1);
    bench.run();
    assert_eq!(bench.written.len(), 2);
    assert_eq!(bench.link.health().noise, 7);
}

#[test]
fn an_answer_that_is_coming_in_slowly_is_waited_for() {
    let mut bench = Bench::new(Framing::Wide);
    bench.send(0x30, 74, b"");
    bench.run();
    let bytes = wide(0x30, 74, b"0\t");
    let (last, before) = bytes.split_last().expect("bytes");
    for byte in before {
        bench.now += Duration::from_millis(400);
        assert_eq!(bench.hear(&[*byte]), End::Waits);
    }
    assert!(matches!(bench.hear(&[*last]), End::Answer(_)));
    assert_eq!(bench.written.len(), 1);
}

#[test]
fn before_the_last_byte_has_left_nothing_can_have_run() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x30, 56, b"");
    assert!(!bench.link.may_have_run());
    for sent in 1..frame.len() {
        let Action::Write(rest) = bench.link.action(bench.now) else { panic!("bytes to write") };
        assert_eq!(rest, &frame[sent - 1..]);
        bench.link.written(1, bench.now);
        assert!(!bench.link.may_have_run(), "{sent} of {} bytes", frame.len());
    }
    bench.link.written(1, bench.now);
    assert!(bench.link.may_have_run());
    assert_eq!(bench.link.frame().map(Frame::bytes), Some(&frame[..]));
}

#[test]
fn a_repeat_that_has_begun_is_written_to_its_end_before_the_late_answer_counts() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x30, 56, b"");
    bench.run();
    bench.now += SILENCE;
    assert_eq!(bench.link.action(bench.now), Action::Write(&frame));
    bench.link.written(3, bench.now);
    bench.link.received(&wide(0x30, 56, b"0\t7\t"), bench.now);
    assert_eq!(bench.link.action(bench.now), Action::Write(&frame[3..]));
    bench.link.written(frame.len() - 3, bench.now);
    assert!(matches!(bench.run(), End::Answer(_)));
}

#[test]
fn the_same_frame_can_be_asked_for_again() {
    let mut bench = Bench::new(Framing::Wide);
    let frame = bench.send(0x30, 56, b"");
    bench.run();
    bench.hear(&wide(0x30, 56, b"0\t7\t"));
    bench.link.send(Frame::restore(Framing::Wide, &frame).expect("kept"));
    bench.run();
    assert!(matches!(bench.hear(&wide(0x30, 56, b"0\t7\t")), End::Answer(_)));
    assert_eq!(bench.written, [frame.clone(), frame]);
}
