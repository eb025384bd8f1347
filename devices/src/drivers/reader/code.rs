//! What was scanned: whether it is a card, and what a code means.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_protocols::card::masking::Masked;
use outlet_protocols::card::{CardKind, CardReading, HashKey, Swipe, mask_text};
use outlet_protocols::code::aim::{self, Symbology};
use outlet_protocols::code::marking::Structure;
use outlet_protocols::code::{self, Meaning, Patterns};
use serde_json::Value;

use super::device::Told;
use super::options::Aim;
use crate::reading::{Code, Reading};

/// Makes readings of what a scanner sends, whatever way it came.
pub(super) struct Codes {
    aim: Aim,
    patterns: Arc<Patterns>,
    key: Option<HashKey>,
}

impl Codes {
    pub fn new(aim: Aim, patterns: Arc<Patterns>, key: Option<HashKey>) -> Self {
        Self { aim, patterns, key }
    }

    /// A text without prefix and suffix; line ends beside it are no part of it.
    pub fn text(&self, text: &[u8], told: &mut Told<'_>) {
        let text = without_line_ends(text);
        if text.is_empty() {
            return;
        }
        match self.read(text) {
            Ok(reading) => told.reading(reading),
            Err(useless) => told.unusable("unreadable", text.len(), useless.message()),
        }
    }

    /// A code whose mark came beside it.
    pub fn marked(&self, mark: aim::Aim, data: &[u8], told: &mut Told<'_>) {
        if is_noise(data) {
            return told.unusable("unreadable", data.len(), Useless::Noise.message());
        }
        told.reading(Reading::Code(self.code(data, Some(mark.symbology()))));
    }

    fn read(&self, line: &[u8]) -> Result<Reading, Useless> {
        if has_card_below_bit_7(line) {
            return Err(Useless::Noise);
        }
        let (mark, data) = match self.aim {
            Aim::Never => (None, line),
            Aim::Always | Aim::Auto => aim::split(line),
        };
        let named = mark.map(aim::Aim::symbology);
        if named.is_none() {
            if Swipe::is_likely(data)
                && let Some(card) = self.card(data)
            {
                return Ok(Reading::Card(card));
            }
            if is_part_of_track(data) {
                return Err(Useless::CutCard);
            }
            if self.aim == Aim::Always {
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

    /// A card swiped where codes are scanned. `None`: a text that only has a card's number in it.
    fn card(&self, text: &[u8]) -> Option<CardReading> {
        let card = CardReading::new(&Swipe::parse(text, false), self.key.as_ref());
        let text = text.trim_ascii();
        let is_framed = matches!(text, [b'%' | b';' | b'+', ..]);
        let is_bare_track =
            text.contains(&b'=') && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'=');
        // Without sentinels, digits that are none of the card may stand in front: a bank's number among them is
        // no member's, and is masked as in any code.
        let is_member = card.kind == CardKind::Member;
        let is_track = is_framed || is_bare_track && (!is_member || mask_text(text).found == 0);
        (is_track || card.kind == CardKind::Bank).then_some(card)
    }
}

/// Why a text is no code.
enum Useless {
    CutCard,
    NoMark,
    Noise,
}

impl Useless {
    fn message(&self) -> String {
        match self {
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

/// Line ends stay beside a code where the scanner sends more of them than its options say.
pub(super) fn without_line_ends(mut line: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] | [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    line
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

/// Whether a card shows in the lower seven bits that the bytes as they came hide: a scanner that sends seven bits and
/// parity, on a line of eight bits. In UTF-8 only a bank's number counts, as its letters have sentinels there.
fn has_card_below_bit_7(data: &[u8]) -> bool {
    if data.is_ascii() {
        return false;
    }
    let lower: Vec<u8> = data.iter().map(|byte| byte & 0x7f).collect();
    let (as_came, below) = (masked(data).bytes, masked(&lower).bytes);
    // Digits that are masked in both are those of a code with other letters than ASCII's.
    let hides_more =
        |((came, shown), (lower, below)): ((&u8, &u8), (&u8, &u8))| lower != below && came == shown;
    let number = data.iter().zip(&as_came).zip(lower.iter().zip(&below)).any(hides_more);
    let text = without_line_ends(&lower);
    let is_framed = matches!(text, [b'%' | b';' | b'+', rest @ ..] if rest.contains(&b'?'));
    number || std::str::from_utf8(data).is_err() && (is_framed || is_part_of_track(text))
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
