use outlet_protocols::model::Language;

use super::*;
use crate::driver::DeviceStatus;
use crate::drivers::escpos::options::Options;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const FINE: [u8; 4] = [0x10, 0, 0, 0];
const PAPER_OUT: [u8; 4] = [0x18, 0, 0x0C, 0];

fn printer() -> Printer {
    let (sink, _) = tokio::sync::watch::channel(DeviceStatus::default());
    Printer::new(sink, Language::Escpos, true, None, Duration::ZERO)
}

fn payload(length: usize) -> Payload {
    let copy = CopyMark { end: length, id: *b"abcd", etb: 1 };
    Payload { bytes: vec![b'x'; length], proof: Proof::ProcessId, copies: vec![copy] }
}

fn end(job: &mut Job<'_>, now: Instant) -> Option<JobEnd> {
    job.tick(now);
    match job.step() {
        Step::End(end) => Some(end),
        _ => None,
    }
}

/// Lets so many bytes leave, whatever is being sent.
fn write(job: &mut Job<'_>, count: usize, now: Instant) {
    job.tick(now);
    assert!(matches!(job.step(), Step::Write(bytes) if bytes.len() >= count));
    job.written(count, now);
}

#[test]
fn a_printer_that_takes_a_byte_now_and_then_is_never_given_up() {
    let (mut printer, payload, timing) = (printer(), payload(100), Options::default().timing());
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    let mut now = start;
    for _ in 0..50 {
        now += timing.stall - SECOND;
        assert_eq!(end(&mut job, now), None);
        write(&mut job, 1, now);
    }
    assert_eq!(end(&mut job, now + timing.stall), Some(JobEnd::Stalled));
}

#[test]
fn a_printer_without_paper_is_waited_for_without_end() {
    let (mut printer, payload, timing) = (printer(), payload(100), Options::default().timing());
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    write(&mut job, 100, start);
    job.received(&PAPER_OUT, start);
    assert_eq!(end(&mut job, start), None);
    assert_eq!(job.notice().flatten().map(|waiting| waiting.code).as_deref(), Some("paper-out"));
    assert_eq!(end(&mut job, start + DAY), None);
    job.received(&FINE, start + DAY);
    assert_eq!(end(&mut job, start + DAY + SECOND), None);
    assert_eq!(job.notice(), Some(None), "it goes on");
    job.received(b"7\x22abcd\0", start + DAY + 2 * SECOND);
    assert_eq!(end(&mut job, start + DAY + 2 * SECOND), Some(JobEnd::Proved));
}

#[test]
fn the_time_for_the_proof_starts_again_when_the_paper_is_back() {
    let (mut printer, payload, timing) = (printer(), payload(100), Options::default().timing());
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, false, start);
    write(&mut job, 100, start);
    job.received(&PAPER_OUT, start);
    end(&mut job, start);
    job.received(&FINE, start + DAY);
    assert_eq!(end(&mut job, start + DAY), None);
    assert_eq!(end(&mut job, start + DAY + timing.proof), None, "with 5 ms a byte on top");
    assert_eq!(end(&mut job, start + DAY + timing.proof + SECOND), Some(JobEnd::NoProof));
}

#[test]
fn a_healthy_printer_that_answers_questions_gets_the_time_for_the_proof_and_no_more() {
    let (mut printer, payload, timing) = (printer(), payload(100), Options::default().timing());
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    write(&mut job, 100, start);
    let asked = start + timing.answer;
    assert_eq!(end(&mut job, asked), None);
    let question = job.printer.outbox.len();
    assert_eq!(question, 12, "DLE EOT 1 to 4");
    write(&mut job, question, asked);
    job.received(&[0x12; 4], asked);
    assert_eq!(end(&mut job, start + timing.proof + SECOND), Some(JobEnd::NoProof));
}

#[test]
fn an_id_counts_only_when_its_copy_has_left_and_only_for_its_own_copy() {
    let (mut printer, timing) = (printer(), Options::default().timing());
    let mut payload = payload(100);
    payload.copies.push(CopyMark { end: 200, id: *b"abce", etb: 2 });
    payload.bytes.resize(200, b'x');
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    write(&mut job, 100, start);
    job.received(b"7\x22abce\0", start);
    assert_eq!(job.confirmed(), 0, "the second copy has not left");
    job.received(b"7\x22zzzz\0", start);
    assert_eq!(job.confirmed(), 0, "another host's id");
    job.received(b"7\x22abcd\0", start);
    assert_eq!(job.confirmed(), 1);
}

#[test]
fn only_the_latest_id_stands_for_the_copies_before_it() {
    let (mut printer, timing) = (printer(), Options::default().timing());
    let mut payload = payload(100);
    payload.copies.push(CopyMark { end: 200, id: *b"abce", etb: 2 });
    payload.bytes.resize(200, b'x');
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    write(&mut job, 200, start);
    job.received(b"7\x22abce\0", start);
    assert_eq!(end(&mut job, start), Some(JobEnd::Proved));
}

#[test]
fn a_power_on_notice_ends_the_job_at_once() {
    let (mut printer, payload, timing) = (printer(), payload(100), Options::default().timing());
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    write(&mut job, 100, start);
    job.received(b"\x3b1\0", start);
    assert_eq!(end(&mut job, start), Some(JobEnd::PowerLost));
}

#[test]
fn a_real_time_command_never_stands_inside_a_document() {
    let (mut printer, payload, timing) = (printer(), payload(100), Options::default().timing());
    let start = Instant::now();
    let mut job = Job::new(&mut printer, &payload, &timing, None, true, start);
    write(&mut job, 50, start);
    job.printer.ask(start);
    job.tick(start);
    assert!(matches!(job.step(), Step::Write(bytes) if bytes == [b'x'; 50]));
    job.written(50, start);
    job.tick(start);
    assert!(matches!(job.step(), Step::Write([0x10, 0x04, 0x01, ..])));
}
