//! Scanners and card readers that are keyboards, and persons at the same keyboard.
//!
//! A device sends its keys in a burst and ends with Enter; a person is slower. The caller says when each key
//! came. A card reader that is set to send Enter behind each track gives an event for each track. Caps Lock
//! is not followed: it changes what a desktop shows, not what a scanner sends.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Data;
use super::keys::{self, Modifier};

/// What tells a device from a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WedgeOptions {
    /// The longest pause inside a burst, in milliseconds. More than the delay between keys that the scanner
    /// is set to, less than a person needs.
    pub gap_ms: u32,
    /// Characters of the shortest code. Fewer are a person's.
    pub least: usize,
    /// Characters of the longest code.
    pub most: usize,
    /// What ends a code.
    pub end: WedgeEnd,
}

impl Default for WedgeOptions {
    fn default() -> Self {
        Self { gap_ms: 50, least: 4, most: 4096, end: WedgeEnd::EnterOrTab }
    }
}

/// What ends a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WedgeEnd {
    /// Enter or Tab.
    #[default]
    EnterOrTab,
    /// Enter; Tab is a character.
    Enter,
    /// Tab; Enter is a character.
    Tab,
    /// Nothing: a pause longer than the gap.
    Silence,
}

/// A key event of evdev (`EV_KEY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyEvent {
    /// The key's code, `KEY_*`.
    pub code: u16,
    /// 0 released, 1 pressed, 2 held.
    pub value: i32,
    /// When, in milliseconds of any clock that does not go back.
    pub at_ms: u64,
}

/// What the keys were.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// A code or a card.
    Scan(Data),
    /// A person's keys, as they came, for whoever passes them on. They are never formatted.
    Person(Vec<KeyEvent>),
    /// A burst longer than any code. It was dropped.
    TooLong {
        /// How many characters it had at least.
        characters: usize,
    },
}

/// Keys of one device.
#[derive(Clone)]
pub struct Wedge {
    options: WedgeOptions,
    /// The burst so far.
    text: Vec<u8>,
    keys: Vec<KeyEvent>,
    last_ms: u64,
    dropped: Option<usize>,
    shift: Held,
    control: Held,
    alt: Held,
    /// Digits typed while Alt is held.
    alt_number: Option<u32>,
    /// Keys that were given back as pressed, and not yet as released.
    owed: BTreeSet<u16>,
}

/// How many keys of a kind are held.
#[derive(Clone, Copy, Default)]
struct Held(u8);

impl Held {
    fn change(&mut self, pressed: bool) {
        self.0 = if pressed { self.0.saturating_add(1).min(2) } else { self.0.saturating_sub(1) };
    }

    fn any(self) -> bool {
        self.0 > 0
    }
}

impl Wedge {
    /// A device of which no key is held.
    pub fn new(options: WedgeOptions) -> Self {
        Self {
            options,
            text: Vec::new(),
            keys: Vec::new(),
            last_ms: 0,
            dropped: None,
            shift: Held::default(),
            control: Held::default(),
            alt: Held::default(),
            alt_number: None,
            owed: BTreeSet::new(),
        }
    }

    /// Takes a key event, and returns what it ends: at most a pause's end and a code's.
    pub fn key(&mut self, event: KeyEvent) -> Vec<Event> {
        let mut events = Vec::new();
        // Releases may come late; only what is pressed tells a burst.
        if event.value == 1 {
            events.extend(self.pause(event.at_ms));
            self.last_ms = event.at_ms;
        }
        let owed = event.value != 1 && self.owed.contains(&event.code);
        if owed {
            events.extend(self.give_back(vec![event]));
        } else if self.keys.len() < KEYS_PER_CHARACTER * self.options.most.max(16) {
            self.keys.push(event);
        }
        if let Some(modifier) = keys::modifier(event.code) {
            self.held(modifier, event.value);
            return events;
        }
        if event.value == 1 {
            events.extend(self.pressed(event.code));
        } else if self.text.is_empty() && self.dropped.is_none() && self.only_releases() {
            // What is left of a code that has ended.
            self.keys.clear();
        }
        events
    }

    /// Tells the time, at the latest when the device was quiet for the gap: what waits for a pause ends.
    pub fn elapsed(&mut self, now_ms: u64) -> Option<Event> {
        self.pause(now_ms)
    }

    /// Whether there are keys that wait for others or for a pause.
    pub fn is_waiting(&self) -> bool {
        !self.keys.is_empty() || self.dropped.is_some()
    }

    fn pause(&mut self, now_ms: u64) -> Option<Event> {
        let quiet = now_ms.saturating_sub(self.last_ms) > u64::from(self.options.gap_ms);
        if !quiet || !self.is_waiting() {
            return None;
        }
        match self.options.end {
            WedgeEnd::Silence => self.end(),
            _ => self.person(),
        }
    }

    fn held(&mut self, modifier: Modifier, value: i32) {
        if value == 2 {
            return;
        }
        let pressed = value == 1;
        match modifier {
            Modifier::Shift => self.shift.change(pressed),
            Modifier::Control => self.control.change(pressed),
            Modifier::Alt => {
                self.alt.change(pressed);
                if pressed {
                    self.alt_number = None;
                } else if let Some(c) = self.alt_number.take().and_then(char::from_u32) {
                    let mut buffer = [0; 4];
                    c.encode_utf8(&mut buffer).bytes().for_each(|byte| self.push(byte));
                }
            }
        }
    }

    fn pressed(&mut self, code: u16) -> Option<Event> {
        let enter = matches!(code, keys::ENTER | keys::KEYPAD_ENTER);
        let tab = code == keys::TAB;
        let ends = match self.options.end {
            WedgeEnd::EnterOrTab => enter || tab,
            WedgeEnd::Enter => enter,
            WedgeEnd::Tab => tab,
            WedgeEnd::Silence => false,
        };
        if ends {
            return self.end();
        }
        if self.alt.any() {
            // Alt and a number of the number pad: Alt+029 is GS.
            if let Some(digit) = keys::digit(code) {
                let number = self.alt_number.unwrap_or(0).saturating_mul(10).saturating_add(u32::from(digit));
                self.alt_number = Some(number);
            }
            return None;
        }
        let byte = match self.control.any() {
            _ if enter => Some(b'\r'),
            _ if tab => Some(b'\t'),
            true => keys::control(code),
            false => keys::character(code, self.shift.any()),
        };
        if let Some(byte) = byte {
            self.push(byte);
        }
        None
    }

    fn push(&mut self, byte: u8) {
        match &mut self.dropped {
            Some(characters) => *characters = characters.saturating_add(1),
            None if self.text.len() >= self.options.most => {
                self.dropped = Some(self.text.len() + 1);
                self.text.clear();
                self.keys.clear();
            }
            None => self.text.push(byte),
        }
    }

    /// A burst has ended as codes do.
    fn end(&mut self) -> Option<Event> {
        if let Some(characters) = self.dropped.take() {
            self.clear();
            return Some(Event::TooLong { characters });
        }
        if self.text.len() < self.options.least {
            return self.person();
        }
        let text = std::mem::take(&mut self.text);
        self.clear();
        Some(Event::Scan(Data(text)))
    }

    /// The keys so far are a person's.
    fn person(&mut self) -> Option<Event> {
        let dropped = self.dropped.take();
        let only_releases = self.only_releases();
        let keys = std::mem::take(&mut self.keys);
        self.clear();
        match dropped {
            Some(characters) => Some(Event::TooLong { characters }),
            None if only_releases => None,
            None => self.give_back(keys),
        }
    }

    /// Whoever gets a key as pressed gets it as released, too.
    fn give_back(&mut self, keys: Vec<KeyEvent>) -> Option<Event> {
        for key in &keys {
            match key.value {
                0 => self.owed.remove(&key.code),
                _ => self.owed.insert(key.code),
            };
        }
        (!keys.is_empty()).then_some(Event::Person(keys))
    }

    fn only_releases(&self) -> bool {
        self.keys.iter().all(|key| key.value == 0)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.keys.clear();
    }
}

/// Press and release of a key, with Alt and four digits at worst.
const KEYS_PER_CHARACTER: usize = 10;

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scan(data) => f.debug_tuple("Scan").field(data).finish(),
            Self::Person(keys) => write!(f, "Person({} key events)", keys.len()),
            Self::TooLong { characters } => write!(f, "TooLong({characters} characters)"),
        }
    }
}

impl fmt::Debug for Wedge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wedge").field("options", &self.options).field("waiting", &self.is_waiting()).finish()
    }
}
