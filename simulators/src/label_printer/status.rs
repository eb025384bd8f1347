//! What a label printer says of itself.
//!
//! Sources: TSC "TSPL/TSPL2 Programming", status polling (`ESC ! ?` one byte, `ESC ! S` eight bytes);
//! Zebra "ZPL II Programming Guide", `~HS` and `~HI`; Zebra "EPL2 Programmer's Manual" and Intermec's
//! ESim manual, `^ee`.

use super::language::Question;

/// What the sensors and the queue say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sensors {
    pub head_open: bool,
    pub labels_out: bool,
    pub ribbon_out: bool,
    pub paused: bool,
}

/// What else an answer is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report<'a> {
    pub sensors: Sensors,
    /// Labels of the batch in print that are still to come.
    pub remaining: u32,
    /// Formats behind it.
    pub formats: usize,
    /// A format was begun and not ended.
    pub partial: bool,
    /// Length of a label in dots.
    pub length: u32,
    /// The printer has a ribbon.
    pub transfer: bool,
    pub buffer_full: bool,
    pub model: &'a str,
    pub dpi: u32,
}

impl Sensors {
    /// Nothing can be printed.
    pub fn blocked(&self) -> bool {
        self.head_open || self.labels_out || self.ribbon_out || self.paused
    }
}

pub(super) fn answer(question: Question, report: Report<'_>) -> Vec<u8> {
    match question {
        Question::TsplStatus => vec![tspl(report)],
        Question::TsplLongStatus => tspl_long(report),
        Question::TsplModel => format!("{}\r\n", report.model).into_bytes(),
        Question::ZplStatus => zpl(report),
        Question::ZplIdentity => {
            let dots = (f64::from(report.dpi) / 25.4).round();
            format!("\x02{},V1.0.0,{dots},2048KB\x03\r\n", report.model).into_bytes()
        }
        Question::EplStatus => epl(report),
    }
}

/// Bit 0 head open, 2 out of paper, 3 out of ribbon, 4 pause, 5 printing.
fn tspl(Report { sensors, remaining, .. }: Report<'_>) -> u8 {
    let bits = [
        (0x01, sensors.head_open),
        (0x04, sensors.labels_out),
        (0x08, sensors.ribbon_out),
        (0x10, sensors.paused),
        (0x20, remaining > 0 && !sensors.blocked()),
    ];
    bits.iter().filter(|(_, on)| *on).map(|(bit, _)| bit).sum()
}

/// STX, message, warning, two bytes of errors, ETX, CR, LF.
fn tspl_long(Report { sensors, remaining, .. }: Report<'_>) -> Vec<u8> {
    let message = if sensors.head_open || sensors.labels_out || sensors.ribbon_out {
        b'E'
    } else if sensors.paused {
        b'`'
    } else if remaining > 0 {
        b'P'
    } else {
        b'@'
    };
    let errors = [(0x01, sensors.labels_out), (0x04, sensors.ribbon_out), (0x20, sensors.head_open)];
    let error = errors.iter().filter(|(_, on)| *on).fold(b'@', |error, (bit, _)| error | bit);
    vec![0x02, message, b'@', b'@', error, 0x03, b'\r', b'\n']
}

/// Three strings: interface, paper, pause, length, formats, buffer…; functions, head, ribbon, mode,
/// labels that remain…; password and memory.
fn zpl(report: Report<'_>) -> Vec<u8> {
    let Report { sensors, remaining, formats, length, .. } = report;
    let flag = u8::from;
    let first = format!(
        "030,{},{},{:04},{:03},{},0,{},000,0,0,0",
        flag(sensors.labels_out),
        flag(sensors.paused),
        length.min(9999),
        formats.min(999),
        flag(report.buffer_full),
        flag(report.partial),
    );
    let second = format!(
        "000,0,{},{},{},2,4,0,{remaining:08},1,000",
        flag(sensors.head_open),
        flag(sensors.ribbon_out),
        flag(report.transfer),
    );
    [first, second, "1234,0".to_owned()].map(|string| format!("\x02{string}\x03\r\n")).concat().into_bytes()
}

/// Error codes between commas, `00` for none: 07 out of labels or ribbon, 11 head open, 12 paused, 50
/// a label is being printed.
fn epl(Report { sensors, remaining, .. }: Report<'_>) -> Vec<u8> {
    let codes = [
        ("07", sensors.labels_out || sensors.ribbon_out),
        ("11", sensors.head_open),
        ("12", sensors.paused),
        ("50", remaining > 0 && !sensors.blocked()),
    ];
    let mut told: Vec<&str> = codes.iter().filter(|(_, on)| *on).map(|(code, _)| *code).collect();
    if told.is_empty() {
        told.push("00");
    }
    format!("{}\r\n", told.join(",")).into_bytes()
}
