//! What holds for any bytes: the body of the fuzz target, and of the test over its corpus.

use super::hid_pos;
use super::line::{self, LineEnd, LineOptions};
use super::wedge::{self, KeyEvent, Wedge, WedgeEnd, WedgeOptions};

/// Reads the bytes as lines, as reports and as keys.
///
/// # Errors
/// What did not hold, in words.
pub fn any_bytes(data: &[u8]) -> Result<(), &'static str> {
    for end in [LineEnd::Any, LineEnd::Cr, LineEnd::Lf, LineEnd::CrLf, LineEnd::StxEtx, LineEnd::Silence] {
        lines(data, LineOptions { end, most: 64, ..LineOptions::default() })?;
    }
    lines(data, LineOptions { prefix: "]".into(), suffix: "?".into(), ..LineOptions::default() })?;
    for numbered in [false, true] {
        reports(data, numbered)?;
    }
    for end in [WedgeEnd::EnterOrTab, WedgeEnd::Silence] {
        keys(data, WedgeOptions { end, most: 32, ..WedgeOptions::default() })?;
    }
    Ok(())
}

fn lines(data: &[u8], options: LineOptions) -> Result<(), &'static str> {
    let most = options.most;
    let mut receiver = line::Receiver::new(options.clone());
    let mut whole = receiver.received(data);
    whole.extend(receiver.elapsed());
    let mut receiver = line::Receiver::new(options);
    let mut pieces: Vec<_> = data.chunks(3).flat_map(|piece| receiver.received(piece)).collect();
    pieces.extend(receiver.elapsed());
    if whole != pieces {
        return Err("lines depend on how the bytes are cut");
    }
    if receiver.is_waiting() {
        return Err("a line waits after the pause");
    }
    let long = |event: &line::Event| matches!(event, line::Event::Line(code) if code.0.len() > most);
    if whole.iter().any(long) { Err("a line is longer than the longest") } else { Ok(()) }
}

fn reports(data: &[u8], numbered: bool) -> Result<(), &'static str> {
    let mut receiver = hid_pos::Receiver::new(numbered);
    for report in data.chunks(64) {
        if let Some(Ok(scan)) = receiver.received(report)
            && scan.data.0.is_empty()
        {
            return Err("a code without data");
        }
    }
    receiver.elapsed();
    if receiver.is_waiting() { Err("a code waits after the pause") } else { Ok(()) }
}

/// Three bytes are a key: its code, its value, and the time since the last one.
fn keys(data: &[u8], options: WedgeOptions) -> Result<(), &'static str> {
    let (least, most) = (options.least, options.most);
    let mut wedge = Wedge::new(options);
    let mut at_ms = 0;
    for [code, value, pause] in data.as_chunks::<3>().0 {
        at_ms += u64::from(*pause);
        let key = KeyEvent { code: u16::from(*code % 128), value: i32::from(*value % 3), at_ms };
        for event in wedge.key(key) {
            check(&event, least, most)?;
        }
    }
    if let Some(event) = wedge.elapsed(at_ms + 1_000) {
        check(&event, least, most)?;
    }
    if wedge.is_waiting() { Err("keys wait after the pause") } else { Ok(()) }
}

fn check(event: &wedge::Event, least: usize, most: usize) -> Result<(), &'static str> {
    match event {
        wedge::Event::Scan(code) if !(least..=most).contains(&code.0.len()) => {
            Err("a code of no allowed length")
        }
        wedge::Event::Person(keys) if keys.is_empty() => Err("a person without keys"),
        _ => Ok(()),
    }
}
