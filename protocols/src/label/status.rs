//! Asking a label printer how it is, and reading its answer.
//!
//! - TSPL: `ESC ! ?`, one byte, and `ESC ! S`, eight bytes, both answered at any time (TSC, *TSPL/TSPL2
//!   Programming Language*, Status Polling; the second since firmware V6.29 EZ).
//! - ZPL: `~HS`, three lines (Zebra, *ZPL II Programming Guide*, ~HS). The present guide says that there is no
//!   answer while material, ribbon or head are missing or open; older printers answer with the flag set.
//!   Silence on an open connection therefore means that somebody has to look.
//! - EPL: `^ee`, a line of two-digit codes (Zebra, *EPL Programming Guide*, ^ee; Intermec, *ESim*, ^ee).

use super::Language;

/// A question to a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// TSPL `ESC ! ?`.
    TsplByte,
    /// TSPL `ESC ! S`: also whether a batch is being printed and whether the buffer is full.
    TsplDetails,
    /// ZPL `~HS`.
    ZplHostStatus,
    /// EPL `^ee`.
    EplErrors,
}

impl Question {
    /// The one that every printer of a language answers.
    pub fn of(language: Language) -> Self {
        match language {
            Language::Tspl => Self::TsplByte,
            Language::Zpl => Self::ZplHostStatus,
            Language::Epl => Self::EplErrors,
        }
    }

    /// What to send, between two labels, never in the middle of one's bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::TsplByte => b"\x1b!?",
            Self::TsplDetails => b"\x1b!S",
            Self::ZplHostStatus => b"~HS\r\n",
            Self::EplErrors => b"\n^ee\n",
        }
    }
}

/// How a printer is, as far as its answer says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// No labels, in EPL no labels or no ribbon.
    pub paper_out: bool,
    /// No ribbon.
    pub ribbon_out: bool,
    /// The head or the cover is open.
    pub head_open: bool,
    /// Labels or ribbon are jammed.
    pub jammed: bool,
    /// The cutter is jammed.
    pub cutter_jammed: bool,
    /// Paused by its button, or by `~PP`.
    pub paused: bool,
    /// A label is at the peel-off bar, or a key waits to be pressed.
    pub waits_for_person: bool,
    /// The head or the motor is too hot.
    pub too_hot: bool,
    /// The head is too cold.
    pub too_cold: bool,
    /// It is printing, or has received a label that it will print.
    pub busy: bool,
    /// It says that an error stops it, which tells nothing of what is left to print.
    pub failed: bool,
    /// It takes no more bytes for now.
    pub buffer_full: bool,
    /// Its settings were lost.
    pub settings_lost: bool,
    /// Labels of the present job still to be printed; `None` where the language doesn't tell.
    pub labels_left: Option<u32>,
    /// Jobs received and not begun; `None` where the language doesn't tell.
    pub jobs_waiting: Option<u32>,
    /// Errors without a field of their own, as the language numbers them: TSPL bits, EPL codes.
    pub others: Vec<u8>,
}

impl State {
    /// Whether it prints nothing before somebody does something, or before it has cooled down.
    pub fn blocked(&self) -> bool {
        self.paper_out
            || self.ribbon_out
            || self.head_open
            || self.jammed
            || self.cutter_jammed
            || self.paused
            || self.waits_for_person
            || self.settings_lost
            || self.failed
            || self.has_other_error()
    }

    /// Whether something is left to print for certain.
    pub fn at_work(&self) -> bool {
        self.busy || self.labels_left.unwrap_or(0) > 0 || self.jobs_waiting.unwrap_or(0) > 0
    }

    /// Whether all it has received is printed, as far as its language can tell.
    pub fn done(&self) -> bool {
        !self.at_work() && !self.failed
    }

    /// Whether it tells an error that has no field of its own. EPL 50 is none: a label is being printed.
    pub fn has_other_error(&self) -> bool {
        self.others.iter().any(|code| *code != EPL_PRINTING)
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The printer's state.
    State(State),
    /// Bytes that are no answer to the question.
    Unreadable(Vec<u8>),
}

/// Reads the answers to one kind of question from bytes that come in pieces of any size.
#[derive(Debug, Clone)]
pub struct Reader {
    question: Question,
    buffer: Vec<u8>,
    lines: Vec<String>,
}

/// More than the longest answer.
const LONGEST: usize = 256;

impl Reader {
    /// A reader for one question.
    pub fn new(question: Question) -> Self {
        Self { question, buffer: Vec::new(), lines: Vec::new() }
    }

    /// Takes bytes and gives the answers that are complete with them.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Answer> {
        bytes.iter().filter_map(|&byte| self.byte(byte)).collect()
    }

    fn byte(&mut self, byte: u8) -> Option<Answer> {
        match self.question {
            Question::TsplByte => Some(Answer::State(tspl_byte(byte))),
            Question::TsplDetails => {
                // The frame has a length, so a byte that looks like its end inside is data.
                if self.buffer.is_empty() && byte != STX {
                    return (!matches!(byte, b'\r' | b'\n')).then(|| Answer::Unreadable(vec![byte]));
                }
                self.buffer.push(byte);
                (self.buffer.len() == 6).then(|| self.tspl_details())
            }
            Question::ZplHostStatus | Question::EplErrors => self.line_byte(byte),
        }
    }

    fn tspl_details(&mut self) -> Answer {
        let frame = std::mem::take(&mut self.buffer);
        match frame[..] {
            [STX, message, warning, first, second, ETX] => {
                Answer::State(tspl_details(message, warning, first, second))
            }
            _ => Answer::Unreadable(frame),
        }
    }

    fn line_byte(&mut self, byte: u8) -> Option<Answer> {
        match byte {
            b'\n' => {}
            // Flow control and the answer of EPL's US mode.
            0x11 | 0x13 | 0x15 => return None,
            _ if self.buffer.len() < LONGEST => {
                self.buffer.push(byte);
                return None;
            }
            _ => return Some(self.unreadable()),
        }
        while self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        if self.buffer.is_empty() {
            return None;
        }
        match self.question {
            Question::EplErrors => match epl_errors(&self.buffer) {
                Some(state) => {
                    self.buffer.clear();
                    Some(Answer::State(state))
                }
                None => Some(self.unreadable()),
            },
            _ => self.zpl_line(),
        }
    }

    fn zpl_line(&mut self) -> Option<Answer> {
        let line = match self.buffer[..] {
            [STX, ref text @ .., ETX] if text.is_ascii() => String::from_utf8_lossy(text).into_owned(),
            _ => return Some(self.unreadable()),
        };
        self.buffer.clear();
        self.lines.push(line);
        let [first, second, _] = &self.lines[..] else { return None };
        let state = zpl_host_status(first, second);
        let lines = std::mem::take(&mut self.lines);
        Some(match state {
            Some(state) => Answer::State(state),
            None => Answer::Unreadable(lines.join("\n").into_bytes()),
        })
    }

    fn unreadable(&mut self) -> Answer {
        self.lines.clear();
        Answer::Unreadable(std::mem::take(&mut self.buffer))
    }
}

const EPL_PRINTING: u8 = 50;
const STX: u8 = 2;
const ETX: u8 = 3;

/// Bits 0 to 5 by TSC; 6 (cover) and 7 (temperature) by Gprinter's manual, where TSC has 80h for any other
/// error.
fn tspl_byte(byte: u8) -> State {
    let on = |bit: u8| byte & bit != 0;
    State {
        head_open: on(0x01) || on(0x40),
        jammed: on(0x02),
        paper_out: on(0x04),
        ribbon_out: on(0x08),
        paused: on(0x10),
        busy: on(0x20),
        others: if on(0x80) { vec![0x80] } else { Vec::new() },
        ..State::default()
    }
}

/// Each byte is 40h with bits of its own; the first is a letter.
fn tspl_details(message: u8, warning: u8, first: u8, second: u8) -> State {
    let on = |byte: u8, bit: u8| byte & bit != 0;
    State {
        paused: message == b'`',
        busy: matches!(message, b'B' | b'C' | b'F' | b'P' | b'W'),
        failed: message == b'E',
        waits_for_person: matches!(message, b'K' | b'L'),
        buffer_full: on(warning, 0x08),
        too_hot: on(first, 0x03),
        cutter_jammed: on(first, 0x08),
        paper_out: on(second, 0x01),
        jammed: on(second, 0x02 | 0x08),
        ribbon_out: on(second, 0x04),
        head_open: on(second, 0x20),
        others: if on(first, 0x10) {
            vec![0x10]
        } else if message == b'E' && !on(first, 0x0B) && !on(second, 0x2F) {
            vec![message]
        } else {
            Vec::new()
        },
        ..State::default()
    }
}

/// `aaa,b,c,dddd,eee,f,g,h,iii,j,k,l` and `mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www`.
fn zpl_host_status(first: &str, second: &str) -> Option<State> {
    let numbers = |line: &str| {
        line.split(',').map(|field| field.trim().parse::<u32>().ok()).collect::<Option<Vec<_>>>()
    };
    let (first, second) = (numbers(first)?, numbers(second)?);
    let [_, paper_out, paused, _, jobs, full, _, partial, _, lost, cold, hot] = first[..] else {
        return None;
    };
    let [_, _, head, ribbon, _, _, _, waiting, left, ..] = second[..] else { return None };
    Some(State {
        paper_out: paper_out == 1,
        paused: paused == 1,
        jobs_waiting: Some(jobs),
        buffer_full: full == 1,
        settings_lost: lost == 1,
        too_cold: cold == 1,
        too_hot: hot == 1,
        head_open: head == 1,
        ribbon_out: ribbon == 1,
        waits_for_person: waiting == 1,
        labels_left: Some(left),
        busy: left > 0 || jobs > 0 || partial == 1,
        ..State::default()
    })
}

/// Two-digit codes between commas. Code 07 may be followed by `P` (labels) or `R` (ribbon) and the number of
/// labels left (Intermec, *ESim*, eR); 01 to 05 and others by Intermec's appendix A, 11 and 12 by Zebra.
fn epl_errors(line: &[u8]) -> Option<State> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let mut state = State::default();
    for field in text.split(',') {
        let (code, left) = field.split_at_checked(2)?;
        let is_ribbon = left.starts_with('R');
        if let Some(left) = left.strip_prefix(['P', 'R']) {
            state.labels_left = Some(left.parse().ok()?);
        } else if !left.is_empty() {
            return None;
        }
        match code.parse().ok()? {
            0 => {}
            7 if is_ribbon => state.ribbon_out = true,
            7 => state.paper_out = true,
            11 => state.head_open = true,
            12 | 92 => state.paused = true,
            62 => state.too_hot = true,
            81 => state.cutter_jammed = true,
            other => state.others.push(other),
        }
    }
    state.busy = state.labels_left.is_some_and(|left| left > 0);
    Some(state)
}
