//! Swipes of magnetic cards, as text or in ID TECH's frames.

use std::time::Duration;

use outlet_protocols::card::secure_mag::{self, FrameError};
use outlet_protocols::card::{CardReading, HashKey, Swipe};
use outlet_protocols::scanner::line::{Event, Receiver};
use outlet_protocols::scanner::{LineEnd, LineOptions};

use super::device::{Language, Told};
use super::options::{CardOptions, Framing, Lines};
use crate::reading::Reading;

/// The language of a reader that is set up so.
pub(super) fn language(options: &CardOptions, key: Option<HashKey>) -> Box<dyn Language> {
    match options.framing {
        Framing::Plain => Box::new(Plain::new(options, key)),
        Framing::SecureMag => Box::new(Framed {
            receiver: secure_mag::Receiver::default(),
            silence: options.silence(),
            key,
            unclaimed: 0,
        }),
    }
}

/// The longest swipe of three tracks has 226 characters with sentinels and LRC; some readers add a few of their
/// own.
pub(super) const MOST: usize = 512;

/// Tracks in text.
struct Plain {
    receiver: Receiver,
    silence: Duration,
    tracks: Tracks,
}

/// How tracks come as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub lines: Lines,
    pub sentinels: bool,
    pub lrc: bool,
}

/// Makes swipes of lines of text, whatever way they came.
pub(super) struct Tracks {
    form: Form,
    key: Option<HashKey>,
    /// Tracks of a swipe that has not ended, where each has its own line.
    open: Vec<u8>,
}

impl Plain {
    fn new(options: &CardOptions, key: Option<HashKey>) -> Self {
        let line = LineOptions { end: LineEnd::Any, most: MOST, ..LineOptions::default() };
        let tracks = Tracks::new(options.form(), key);
        Self { receiver: Receiver::new(line), silence: options.silence(), tracks }
    }

    fn event(&mut self, event: Event, told: &mut Told<'_>) {
        match event {
            Event::Line(line) => self.tracks.line(&line.0, told),
            Event::TooLong { bytes } => {
                let message = format!(
                    "at least {bytes} bytes came without a line end, and a card has at most {MOST}; check baud \
                     rate and framing, then swipe the card again"
                );
                told.unusable("too-long", bytes, message);
            }
            Event::Cut { bytes } => cut(bytes, told),
        }
    }
}

impl Tracks {
    pub fn new(form: Form, key: Option<HashKey>) -> Self {
        Self { form, key, open: Vec::new() }
    }

    /// Whether tracks have come, and the swipe may go on.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub fn line(&mut self, line: &[u8], told: &mut Told<'_>) {
        match self.form.lines {
            Lines::Swipe => self.swipe(line, told),
            Lines::Track => self.track(line, told),
        }
    }

    /// A line of one track. A swipe has ended where track 1 comes again, or more than two tracks of digits.
    fn track(&mut self, line: &[u8], told: &mut Told<'_>) {
        let first = line.iter().find(|byte| START.contains(byte));
        let have = self.open.split(|byte| *byte == b'\r').filter(|track| !track.is_empty()).count();
        if have > 0 && (first == Some(&b'%') || have >= 3) {
            self.end_of_swipe(told);
        }
        self.open.extend(line);
        self.open.push(b'\r');
    }

    pub fn end_of_swipe(&mut self, told: &mut Told<'_>) {
        let tracks = std::mem::take(&mut self.open);
        if !tracks.is_empty() {
            self.swipe(&tracks, told);
        }
    }

    fn swipe(&self, text: &[u8], told: &mut Told<'_>) {
        let text = text.trim_ascii();
        if text.is_empty() {
            return;
        }
        let starts = text.iter().position(|byte| START.contains(byte));
        let is_bare = text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'=' | b'*'));
        match (self.form.sentinels, starts) {
            (true, None) => return told.unusable("unreadable", text.len(), no_track(text, NO_SENTINEL)),
            (true, Some(noise)) => told.tally.noise(noise),
            (false, Some(0)) => {}
            (false, _) if is_bare => {}
            (false, _) => return told.unusable("unreadable", text.len(), no_track(text, NO_DIGITS)),
        }
        let swipe = Swipe::parse(text, self.form.lrc);
        told.reading(Reading::Card(CardReading::new(&swipe, self.key.as_ref())));
    }
}

fn no_track(text: &[u8], remedy: &str) -> String {
    format!("{} bytes came that are no track of a card; swipe the card again. {remedy}", text.len())
}

const NO_SENTINEL: &str = "If it is so with every card, check baud rate and parity, or set sentinels = false where \
                           the reader sends no % and ; in front of the tracks";
const NO_DIGITS: &str = "If it is so with every card, check baud rate and parity, and set the reader to send track 2 \
                         alone or all tracks with their sentinels";

/// What tracks begin with; `+`, `!` and `#` are track 3 where readers are set so.
const START: &[u8] = b"%;+!#";

impl Language for Plain {
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>) {
        for event in self.receiver.received(bytes) {
            self.event(event, told);
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        self.tracks.end_of_swipe(told);
        match self.receiver.elapsed() {
            Some(Event::Line(line)) => {
                told.tally.without_end();
                cut(line.0.len(), told);
            }
            Some(event) => self.event(event, told),
            None => {}
        }
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        self.quiet(told);
    }

    fn is_waiting(&self) -> bool {
        self.receiver.is_waiting() || self.tracks.is_open()
    }

    fn silence(&self) -> Duration {
        self.silence
    }
}

/// ID TECH's frames.
struct Framed {
    receiver: secure_mag::Receiver,
    silence: Duration,
    key: Option<HashKey>,
    /// Bytes since the last frame.
    unclaimed: usize,
}

/// So many bytes without a frame are told; fewer are counted.
const WORTH_TELLING: usize = 8;

impl Framed {
    fn broken(error: FrameError, bytes: usize, told: &mut Told<'_>) {
        let code = if matches!(error, FrameError::Length { .. }) { "too-long" } else { "unreadable" };
        told.unusable(code, bytes, error.to_string());
    }
}

impl Language for Framed {
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>) {
        self.unclaimed = self.unclaimed.saturating_add(bytes.len());
        for frame in self.receiver.received(bytes) {
            let bytes = std::mem::take(&mut self.unclaimed);
            match frame {
                Ok(swipe) => told.reading(Reading::Card(CardReading::new(&swipe, self.key.as_ref()))),
                Err(error) => Self::broken(error, bytes, told),
            }
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        let bytes = std::mem::take(&mut self.unclaimed);
        match self.receiver.elapsed() {
            Some(error) => Self::broken(error, bytes, told),
            None if bytes >= WORTH_TELLING => {
                let message = format!(
                    "{bytes} bytes came that are no frame of SecureMag: check baud rate and parity, or set \
                     framing = \"plain\" where the reader sends its tracks as text"
                );
                told.unusable("unreadable", bytes, message);
            }
            None => told.tally.noise(bytes),
        }
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        self.quiet(told);
    }

    fn is_waiting(&self) -> bool {
        self.unclaimed > 0
    }

    fn silence(&self) -> Duration {
        self.silence
    }
}

fn cut(bytes: usize, told: &mut Told<'_>) {
    let message = format!(
        "the card reader stopped after {bytes} bytes without a line end; swipe the card again. If it is so with \
         every card, program the reader to send CR behind the tracks"
    );
    told.unusable("unreadable", bytes, message);
}
