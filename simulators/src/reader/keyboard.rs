//! Key events of readers that type like a keyboard, as an evdev node gives them: for tests.
//!
//! Sources: Linux `input-event-codes.h` (types and key codes), `struct input_event` of 64-bit Linux,
//! HID Usage Tables page 07 (scan codes).

use std::time::Duration;

/// One event of an evdev node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyEvent {
    /// When, after the first event.
    pub at: Duration,
    /// `EV_SYN` 0, `EV_KEY` 1, `EV_MSC` 4.
    pub kind: u16,
    /// Key code, or 4 for `MSC_SCAN`.
    pub code: u16,
    /// Of a key: 1 pressed, 0 released. Of a scan code: page 07 and the usage.
    pub value: i32,
}

/// How fast somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// A key each millisecond.
    Scanner,
    /// A key each 120 ms.
    Person,
    /// A key each so long.
    Each(Duration),
}

/// What a keyboard wedge makes of the group separator (GS, 1D) in a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupSeparator {
    /// It is left out.
    Dropped,
    /// Control and `]`.
    ControlBracket,
    /// The key F8.
    F8,
}

/// A character that no key of an American keyboard types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoKey(pub char);

impl std::fmt::Display for NoKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no key types {:?}", self.0)
    }
}

impl std::error::Error for NoKey {}

/// The events of typing a text; a line feed or CR is Enter. Shift and control are pressed around
/// each character that needs them, as scanners do.
pub fn type_text(text: &str, speed: Speed, separator: GroupSeparator) -> Result<Vec<KeyEvent>, NoKey> {
    let interval = match speed {
        Speed::Scanner => Duration::from_millis(1),
        Speed::Person => Duration::from_millis(120),
        Speed::Each(interval) => interval,
    };
    let mut typed = Typed { at: Duration::ZERO, events: Vec::new() };
    for character in text.chars() {
        if character == '\x1D' && separator == GroupSeparator::Dropped {
            continue;
        }
        let (key, held) = match (character, separator) {
            ('\x1D', GroupSeparator::F8) => (F8, None),
            ('\x1D', _) => (BRACKET, Some(CONTROL)),
            (character, _) => key_of(character).ok_or(NoKey(character))?,
        };
        typed.key(key, held);
        typed.at += interval;
    }
    Ok(typed.events)
}

impl KeyEvent {
    /// As `struct input_event` of 64-bit Linux: 24 bytes, seconds and microseconds first.
    pub fn bytes(&self) -> [u8; 24] {
        let mut out = [0; 24];
        let fields = [
            &self.at.as_secs().to_ne_bytes()[..],
            &u64::from(self.at.subsec_micros()).to_ne_bytes(),
            &self.kind.to_ne_bytes(),
            &self.code.to_ne_bytes(),
            &self.value.to_ne_bytes(),
        ];
        for (to, from) in out.iter_mut().zip(fields.concat()) {
            *to = from;
        }
        out
    }
}

/// A key: its code in Linux, and its usage on page 07.
#[derive(Clone, Copy)]
struct Key(u16, u8);

const SHIFT: Key = Key(42, 0xE1);
const CONTROL: Key = Key(29, 0xE0);
const BRACKET: Key = Key(27, 0x30);
const F8: Key = Key(66, 0x41);

/// Key codes of the letters, in the alphabet's order.
const LETTERS: [u16; 26] =
    [30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44];
/// Digits from 1 to 0: what they type with Shift.
const OVER_DIGITS: &str = "!@#$%^&*()";
/// Other keys: what they type, what they type with Shift, code and usage.
const OTHERS: [(char, char, Key); 12] = [
    (' ', ' ', Key(57, 0x2C)),
    ('-', '_', Key(12, 0x2D)),
    ('=', '+', Key(13, 0x2E)),
    ('[', '{', Key(26, 0x2F)),
    (']', '}', BRACKET),
    ('\\', '|', Key(43, 0x31)),
    (';', ':', Key(39, 0x33)),
    ('\'', '"', Key(40, 0x34)),
    ('`', '~', Key(41, 0x35)),
    (',', '<', Key(51, 0x36)),
    ('.', '>', Key(52, 0x37)),
    ('/', '?', Key(53, 0x38)),
];

/// The key of a character, and what is held with it.
fn key_of(character: char) -> Option<(Key, Option<Key>)> {
    let shift_if = |shifted: bool| shifted.then_some(SHIFT);
    match character {
        '\r' | '\n' => return Some((Key(28, 0x28), None)),
        '\t' => return Some((Key(15, 0x2B), None)),
        _ => {}
    }
    if character.is_ascii_alphabetic() {
        let index = character.to_ascii_lowercase() as u8 - b'a';
        let code = LETTERS.get(usize::from(index))?;
        return Some((Key(*code, 4 + index), shift_if(character.is_ascii_uppercase())));
    }
    let digit = |index: usize| Key(2 + index as u16, 0x1E + index as u8);
    if let Some(index) = "1234567890".find(character) {
        return Some((digit(index), None));
    }
    if let Some(index) = OVER_DIGITS.find(character) {
        return Some((digit(index), Some(SHIFT)));
    }
    OTHERS
        .iter()
        .find(|(plain, shifted, _)| [*plain, *shifted].contains(&character))
        .map(|(plain, _, key)| (*key, shift_if(*plain != character)))
}

struct Typed {
    at: Duration,
    events: Vec<KeyEvent>,
}

impl Typed {
    fn key(&mut self, key: Key, held: Option<Key>) {
        if let Some(held) = held {
            self.change(held, true);
        }
        self.change(key, true);
        self.change(key, false);
        if let Some(held) = held {
            self.change(held, false);
        }
    }

    /// A key goes down or up: scan code, key, and the report that ends them.
    fn change(&mut self, Key(code, usage): Key, down: bool) {
        self.event(4, 4, 0x0007_0000 + i32::from(usage));
        self.event(1, code, i32::from(down));
        self.event(0, 0, 0);
    }

    fn event(&mut self, kind: u16, code: u16, value: i32) {
        self.events.push(KeyEvent { at: self.at, kind, code, value });
    }
}
