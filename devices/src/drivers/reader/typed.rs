//! Codes and swipes of devices that type.

use std::time::Duration;

use outlet_protocols::scanner::wedge::Event;
use outlet_protocols::scanner::{KeyEvent, Wedge, WedgeOptions, keys};

use super::code::Codes;
use super::device::{Language, Told};
use super::stripe::Tracks;
use crate::transport::evdev::Input;

/// So many keys in one burst are no person's.
const BURST: usize = 8;
/// What the agent's own delay may add to a pause.
const SLACK: Duration = Duration::from_millis(20);

/// What a device types, put together.
pub(super) struct Typed<T> {
    wedge: Wedge,
    options: WedgeOptions,
    last_ms: u64,
    rest: Rest,
    texts: T,
}

/// What comes up to the next pause after keys were lost: the rest of a text whose beginning nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing was lost.
    None,
    /// Keys were lost, and none has come since.
    Begins,
    /// The last key of it came then, in milliseconds.
    Since(u64),
}

/// What becomes of a text that was typed.
pub(super) trait Texts: Send {
    /// What a text is, with its article.
    const A: &'static str;
    /// What a person does again.
    const AGAIN: &'static str;

    /// A whole text.
    fn text(&mut self, text: &[u8], told: &mut Told<'_>);
    /// A pause, or the end of the link: what has begun does not go on.
    fn end(&mut self, _: &mut Told<'_>) {}
    /// Whether something has begun that a pause ends.
    fn is_open(&self) -> bool {
        false
    }
}

impl<T: Texts> Typed<T> {
    pub fn new(options: WedgeOptions, texts: T) -> Self {
        Self { wedge: Wedge::new(options.clone()), options, last_ms: 0, rest: Rest::None, texts }
    }

    /// Whether a key belongs to what is left of a text of which keys were lost.
    fn is_of_rest(&mut self, key: KeyEvent) -> bool {
        let pause = match self.rest {
            Rest::None => return false,
            Rest::Begins => 0,
            Rest::Since(last_ms) => key.at_ms.saturating_sub(last_ms),
        };
        let begins_anew = key.value == 1 && pause > u64::from(self.options.gap_ms);
        self.rest = if begins_anew { Rest::None } else { Rest::Since(key.at_ms) };
        !begins_anew
    }

    fn event(&mut self, event: Event, told: &mut Told<'_>) {
        match event {
            Event::Scan(text) => self.texts.text(&text.0, told),
            Event::Person(keys) => {
                let pressed = keys.iter().filter(|key| is_character(key)).count();
                if pressed < BURST {
                    return told.tally.by_hand(pressed);
                }
                told.tally.without_end();
                let message = format!(
                    "{pressed} keys came in a burst and nothing behind them; {} again. If it is so with every one, \
                     program the device to type Enter behind {}, or set `gap_ms` to more than its delay between \
                     keys",
                    T::AGAIN,
                    T::A
                );
                told.unusable("unreadable", pressed, message);
            }
            Event::TooLong { characters } => {
                let message = format!(
                    "at least {characters} characters came in a burst, and {} has at most {}; {} again",
                    T::A,
                    self.options.most,
                    T::AGAIN
                );
                told.unusable("too-long", characters, message);
            }
        }
    }

    /// What had begun is lost, and which keys are held is not known any more.
    fn forget(&mut self, why: &str, told: &mut Told<'_>) {
        let had_begun = self.wedge.is_waiting() || self.texts.is_open();
        self.wedge = Wedge::new(self.options.clone());
        self.rest = Rest::None;
        self.texts.end(told);
        if had_begun {
            told.unusable("unreadable", 0, format!("{why} in the middle of {}; {} again", T::A, T::AGAIN));
        }
    }
}

fn is_character(key: &KeyEvent) -> bool {
    key.value == 1 && keys::modifier(key.code).is_none()
}

impl<T: Texts> Language for Typed<T> {
    fn received(&mut self, _: &[u8], _: &mut Told<'_>) {}

    fn input(&mut self, input: Input, told: &mut Told<'_>) {
        match input {
            Input::Key(key) if self.is_of_rest(key) => {}
            Input::Key(key) => {
                self.last_ms = key.at_ms;
                for event in self.wedge.key(key) {
                    self.event(event, told);
                }
            }
            Input::Lost => {
                let whole =
                    format!("keys came faster than they could be taken, so a part of {} is lost", T::A);
                self.wedge = Wedge::new(self.options.clone());
                self.texts.end(told);
                if self.rest == Rest::None {
                    told.unusable("unreadable", 0, format!("{whole}; {} again", T::AGAIN));
                }
                self.rest = Rest::Begins;
            }
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        let past_gap = self.last_ms.saturating_add(u64::from(self.options.gap_ms)).saturating_add(1);
        if let Some(event) = self.wedge.elapsed(past_gap) {
            self.event(event, told);
        }
        self.rest = Rest::None;
        self.texts.end(told);
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        self.forget("the link was lost", told);
    }

    fn is_waiting(&self) -> bool {
        self.wedge.is_waiting() || self.texts.is_open() || self.rest != Rest::None
    }

    fn silence(&self) -> Duration {
        Duration::from_millis(self.options.gap_ms.into()) + SLACK
    }
}

/// Codes that are typed.
pub(super) struct TypedCodes {
    pub prefix: Vec<u8>,
    pub codes: Codes,
}

impl Texts for TypedCodes {
    const A: &'static str = "a code";
    const AGAIN: &'static str = "scan it";

    fn text(&mut self, text: &[u8], told: &mut Told<'_>) {
        match text.strip_prefix(&self.prefix[..]) {
            Some(code) => self.codes.text(code, told),
            None => {
                let message = format!(
                    "{} characters came without the prefix that every code has, so a part was lost; scan it again. \
                     If it is so with every code, the scanner does not type what `prefix` says",
                    text.len()
                );
                told.unusable("unreadable", text.len(), message);
            }
        }
    }
}

/// Swipes that are typed.
impl Texts for Tracks {
    const A: &'static str = "a swipe";
    const AGAIN: &'static str = "swipe the card";

    fn text(&mut self, text: &[u8], told: &mut Told<'_>) {
        self.line(text, told);
    }

    fn end(&mut self, told: &mut Told<'_>) {
        self.end_of_swipe(told);
    }

    fn is_open(&self) -> bool {
        Tracks::is_open(self)
    }
}
