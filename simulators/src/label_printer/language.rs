//! What the three languages have in common.

use super::canvas::{Canvas, Turn};
use crate::characters;

/// A language, as an interpreter of bytes.
pub(super) trait Language: Send {
    /// Takes one command from the front of the input and gives how many bytes that were; 0 when it
    /// isn't complete yet.
    fn step(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize;

    /// A label was begun and not ended, in a language that tells it.
    fn is_partial(&self) -> bool {
        false
    }

    /// Everything as after power on.
    fn reset(&mut self);
}

/// What a command asks of the printer.
#[derive(Debug)]
pub(super) enum Order {
    /// Print so many of this label.
    Print { canvas: Canvas, copies: u32 },
    /// Say how it is.
    Ask(Question),
    /// Pause, or go on.
    Pause(bool),
    /// Forget all labels that wait.
    CancelAll,
    /// As after power on.
    Reset,
    /// A label that an error interrupted is printed again, or not.
    Reprint(bool),
    /// The language doesn't allow this.
    Violation(String),
}

/// A question of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// TSPL `ESC ! ?`.
    TsplStatus,
    /// TSPL `ESC ! S`.
    TsplLongStatus,
    /// TSPL `~!T`.
    TsplModel,
    /// ZPL `~HS`.
    ZplStatus,
    /// ZPL `~HI`.
    ZplIdentity,
    /// EPL `^ee`.
    EplStatus,
}

/// How bytes of a text are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Page(String),
}

impl Charset {
    pub fn page(number: u32) -> Self {
        Self::Page(format!("CP{number}"))
    }

    pub fn is_known(&self) -> bool {
        match self {
            Self::Utf8 => true,
            Self::Page(page) => characters::is_known(page),
        }
    }

    /// What isn't in the page is U+FFFD.
    pub fn read(&self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Page(page) => {
                bytes.iter().map(|byte| characters::character(page, *byte).unwrap_or('\u{FFFD}')).collect()
            }
        }
    }
}

/// What the printer is, as far as a language must know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// 203, 300 or 600.
    pub dpi: u32,
    /// Size of a label in dots, before the host says otherwise.
    pub size: (u32, u32),
    /// The built-in fonts have Cyrillic letters.
    pub cyrillic: bool,
}

impl Head {
    /// 8, 12 or 24.
    pub fn dots_per_mm(&self) -> f64 {
        (f64::from(self.dpi) / 25.4).round()
    }
}

/// A rotation in degrees.
pub(super) fn turn_of_degrees(degrees: u32) -> Option<Turn> {
    [0, 90, 180, 270].iter().position(|known| *known == degrees).map(|turns| Turn(turns as u8))
}

/// Arguments between commas; a text in quotes is one argument, without its quotes.
pub(super) fn arguments(line: &[u8]) -> Vec<Argument<'_>> {
    let mut out = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        let (argument, after) = match rest {
            [b'"', quoted @ ..] => {
                let end = closing_quote(quoted);
                let (text, after) = quoted.split_at(end);
                (Argument { bytes: text, quoted: true }, after.get(1..).unwrap_or_default())
            }
            _ => {
                let end = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
                let (bytes, after) = rest.split_at(end);
                (Argument { bytes: bytes.trim_ascii_end(), quoted: false }, after)
            }
        };
        out.push(argument);
        match after.iter().position(|byte| *byte == b',') {
            Some(comma) => rest = after.get(comma + 1..).unwrap_or_default(),
            None => return out,
        }
    }
}

/// Where a quoted text ends: at a quote that isn't escaped as `\["]` (TSPL) or `\"` (EPL).
fn closing_quote(text: &[u8]) -> usize {
    (0..text.len())
        .find(|at| {
            let before = text.get(..*at).unwrap_or_default();
            text.get(*at) == Some(&b'"') && !before.ends_with(b"\\[") && !before.ends_with(b"\\")
        })
        .unwrap_or(text.len())
}

/// One argument of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Argument<'a> {
    pub bytes: &'a [u8],
    pub quoted: bool,
}

impl Argument<'_> {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }

    pub fn number(&self) -> Option<u32> {
        std::str::from_utf8(self.bytes).ok()?.trim().parse().ok()
    }
}

/// The first numbers of a list of arguments; `None` when one is missing or no number.
pub(super) fn numbers<const N: usize>(arguments: &[Argument<'_>]) -> Option<[u32; N]> {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(arguments.iter().map(Some).chain(std::iter::repeat(None))) {
        *to = from?.number()?;
    }
    Some(out)
}
