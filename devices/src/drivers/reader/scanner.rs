//! Codes of a scanner: where one ends, whether it is a card, and what it means.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_protocols::card::masking::Masked;
use outlet_protocols::card::{CardKind, CardReading, Swipe, mask_text};
use outlet_protocols::code::aim::{self, Symbology};
use outlet_protocols::code::marking::Structure;
use outlet_protocols::code::{self, Meaning, Patterns};
use outlet_protocols::scanner::line::{Event, Receiver};
use serde_json::Value;

use super::device::{Language, Told};
use super::options::{Aim, ScannerOptions, Suffix};
use crate::reading::{Code, Reading};

/// Codes, as lines of a scanner.
pub(super) struct Codes {
    receiver: Receiver,
    options: ScannerOptions,
    patterns: Arc<Patterns>,
}

impl Codes {
    pub fn new(options: ScannerOptions, patterns: Arc<Patterns>) -> Self {
        Self { receiver: Receiver::new(options.line()), options, patterns }
    }

    fn event(&self, event: Event, told: &mut Told<'_>) {
        match event {
            Event::Line(line) => self.line(&line.0, told),
            Event::TooLong { bytes } => {
                let message = format!(
                    "at least {bytes} bytes came without an end, and a code has at most {}: set `suffix` to what \
                     the scanner sends behind a code, check its baud rate, or raise `max_bytes`",
                    self.options.max_bytes
                );
                told.unusable("too-long", bytes, message);
            }
            Event::Cut { bytes } => {
                let message = format!(
                    "of a code only a part came, {bytes} bytes; scan it again. If it is so with every code, the \
                     scanner does not send what `prefix` and `suffix` say"
                );
                told.unusable("unreadable", bytes, message);
            }
        }
    }

    fn line(&self, line: &[u8], told: &mut Told<'_>) {
        let line = without_line_ends(line);
        if line.is_empty() {
            return;
        }
        match self.read(line) {
            Ok(reading) => told.reading(reading),
            Err(useless) => told.unusable("unreadable", line.len(), useless.message()),
        }
    }

    fn read(&self, line: &[u8]) -> Result<Reading, Useless> {
        let (mark, data) = match self.options.aim {
            Aim::Never => (None, line),
            Aim::Always | Aim::Auto => aim::split(line),
        };
        let named = mark.map(aim::Aim::symbology);
        if named.is_none() {
            if Swipe::is_likely(data)
                && let Some(card) = card(data)
            {
                return Ok(Reading::Card(card));
            }
            if is_part_of_track(data) {
                return Err(Useless::CutCard);
            }
            if self.options.aim == Aim::Always {
                return Err(Useless::NoMark);
            }
        }
        if is_noise(data) {
            return Err(Useless::Noise);
        }
        Ok(Reading::Code(self.code(data, named)))
    }

    fn code(&self, data: &[u8], named: Option<Symbology>) -> Code {
        let meaning = self.meaning(data, named);
        let masked = masked(data);
        let hidden = masked.found > 0 && !is_proven(&meaning, named);
        let (shown, meaning) = match hidden {
            true => (masked.bytes.as_slice(), self.meaning(&masked.bytes, named)),
            false => (data, meaning),
        };
        let guess = if named.is_none() { aim::guess(shown) } else { None };
        Code {
            symbology: named.or(guess).and_then(word),
            guessed: guess.is_some(),
            text: String::from_utf8_lossy(shown).into_owned(),
            base64: (!hidden).then(|| BASE64_STANDARD.encode(data)),
            meaning,
        }
    }

    fn meaning(&self, data: &[u8], named: Option<Symbology>) -> Meaning {
        // Here a mark has been cut off, or is none.
        if named.is_none() && aim::split(data).0.is_some() {
            return Meaning::Text { text: String::from_utf8_lossy(data).into_owned() };
        }
        code::meaning(data, named, &self.patterns)
    }
}

impl Language for Codes {
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>) {
        for event in self.receiver.received(bytes) {
            self.event(event, told);
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        match self.receiver.elapsed() {
            Some(Event::Line(line)) if self.options.suffix != Suffix::None => {
                let bytes = without_line_ends(&line.0).len();
                if bytes > 0 {
                    told.tally.without_end();
                    told.unusable("unreadable", bytes, Useless::NoEnd { bytes }.message());
                }
            }
            Some(event) => self.event(event, told),
            None => {}
        }
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        match self.receiver.elapsed() {
            Some(Event::Line(line)) if without_line_ends(&line.0).is_empty() => {}
            Some(Event::Line(line)) => {
                told.unusable("unreadable", line.0.len(), Useless::LinkLost.message());
            }
            Some(event) => self.event(event, told),
            None => {}
        }
    }

    fn is_waiting(&self) -> bool {
        self.receiver.is_waiting()
    }

    fn silence(&self) -> Duration {
        self.options.silence()
    }
}

/// Why a line is no code.
enum Useless {
    NoEnd { bytes: usize },
    LinkLost,
    CutCard,
    NoMark,
    Noise,
}

impl Useless {
    fn message(&self) -> String {
        match self {
            Self::NoEnd { bytes } => format!(
                "{bytes} bytes came and no line end behind them; scan the code again. If it is so with every \
                 code, program the scanner to send CR behind it, or set suffix = \"none\""
            ),
            Self::LinkLost => "the link was lost in the middle of a code; scan it again".to_owned(),
            Self::CutCard => "a part of a card's track came; swipe the card again, evenly and in one go".to_owned(),
            Self::NoMark => "a code came without the mark of its symbology, so its beginning was lost; scan it \
                             again. If it is so with every code, program the scanner to send AIM identifiers, or \
                             set aim = false"
                .to_owned(),
            Self::Noise => "bytes came that stand in no code; scan it again, and check baud rate, parity and cable \
                            if it stays so"
                .to_owned(),
        }
    }
}

/// Line ends stay beside a code where the scanner sends more of them than `suffix` says.
fn without_line_ends(mut line: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] | [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

/// A card swiped on the scanner's line. `None`: a text that only has a card's number in it.
fn card(text: &[u8]) -> Option<CardReading> {
    let card = CardReading::new(&Swipe::parse(text, false), None);
    let text = text.trim_ascii();
    let is_framed = matches!(text, [b'%' | b';' | b'+', ..]);
    let is_bare_track =
        text.contains(&b'=') && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'=');
    (is_framed || is_bare_track || card.kind == CardKind::Bank).then_some(card)
}

/// A track whose beginning or end was lost. Its digits are not for anybody.
fn is_part_of_track(text: &[u8]) -> bool {
    let digits = |rest: &[u8]| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'=');
    match text {
        [b';', rest @ ..] => digits(rest),
        [b'%', format, digit, ..] => format.is_ascii_uppercase() && digit.is_ascii_digit(),
        [rest @ .., b'?'] if !rest.is_empty() => digits(rest) || rest.contains(&b'^'),
        _ => false,
    }
}

/// Data without card numbers. What looks like AIM's mark is set aside: its last digit is none of the number.
fn masked(data: &[u8]) -> Masked {
    let (_, behind) = aim::split(data);
    let mut masked = mask_text(behind);
    let mark = data.iter().take(data.len() - behind.len());
    masked.bytes.splice(..0, mark.copied());
    masked
}

/// Whether bytes stand there that no code of an outlet has: control characters other than a tabulator and those
/// that codes separate their parts with (GS and its like, EOT of ISO/IEC 15434), or digits with bytes among
/// them that are no text.
fn is_noise(data: &[u8]) -> bool {
    let control = |byte: &u8| matches!(byte, 0..=3 | 5..=8 | 0x0a..=0x1b | 0x7f);
    let digits_and_more = || {
        let text = data.iter().filter(|byte| byte.is_ascii());
        std::str::from_utf8(data).is_err() && text.clone().count() > 0 && text.clone().all(u8::is_ascii_digit)
    };
    data.iter().any(control) || digits_and_more()
}

/// Whether the code's own structure shows that its digits are no card's: long rows of digits in GS1 elements pass
/// for a card's number again and again.
fn is_proven(meaning: &Meaning, named: Option<Symbology>) -> bool {
    match meaning {
        Meaning::Gs1(_) => true,
        Meaning::Marking(marking) => match marking.structure {
            Structure::Check88 | Structure::Check44 | Structure::Check4 | Structure::TobaccoBlock => true,
            Structure::TobaccoPack | Structure::AlcoholStamp => named.is_some(),
        },
        Meaning::Item(_) | Meaning::Product(_) => named.is_some_and(Symbology::is_ean),
        Meaning::Text { .. } | Meaning::Wrong(_) => false,
    }
}

/// A symbology as readings name it.
fn word(symbology: Symbology) -> Option<String> {
    match serde_json::to_value(symbology) {
        Ok(Value::String(word)) => Some(word),
        _ => None,
    }
}
