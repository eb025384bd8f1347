//! Cards and tags on RFID readers: who lies there, and who was taken away.

use std::time::Duration;

use outlet_protocols::card::RfidEvent;
use outlet_protocols::card::rfid::{Notations, RfidCard, parse_line};
use outlet_protocols::scanner::line::{Event, Receiver};
use outlet_protocols::scanner::{LineEnd, LineOptions};
use serde_json::{Value, json};

use super::device::{Language, Told};
use super::options::RfidOptions;
use crate::reading::{Reading, Tag};

/// Lines of IronLogic's form.
pub(super) struct Tags {
    receiver: Receiver,
    silence: Duration,
    there: There,
}

/// What is known of the place in front of the reader.
enum There {
    /// Nothing: the link is new.
    Unknown,
    /// Nobody.
    Nobody,
    /// A card that was told.
    Card(Tag),
}

/// The longest line that is looked at; the longest one known has 50 bytes.
const MOST: usize = 128;

impl Tags {
    pub fn new(options: &RfidOptions) -> Self {
        let line = LineOptions { end: LineEnd::Any, most: MOST, ..LineOptions::default() };
        Self { receiver: Receiver::new(line), silence: options.silence(), there: There::Unknown }
    }

    fn line(&mut self, line: &[u8], told: &mut Told<'_>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match parse_line(line) {
            Ok(RfidEvent::Card(card)) => self.held(card, told),
            Ok(RfidEvent::Removed) => match std::mem::replace(&mut self.there, There::Nobody) {
                There::Card(tag) => told.reading(Reading::Tag(Tag { present: false, ..tag })),
                There::Unknown => told.reading(Reading::Tag(UNKNOWN)),
                There::Nobody => {}
            },
            Err(error) => told.unusable("unreadable", line.len(), error.to_string()),
        }
    }

    /// Readers repeat the line of a card that stays; and where another one comes, the first one has gone.
    fn held(&mut self, card: RfidCard, told: &mut Told<'_>) {
        let tag = tag(Some(card.family), card.notations);
        match std::mem::replace(&mut self.there, There::Card(tag.clone())) {
            There::Card(before) if before == tag => return,
            There::Card(before) => told.reading(Reading::Tag(Tag { present: false, ..before })),
            There::Unknown | There::Nobody => {}
        }
        told.reading(Reading::Tag(tag));
    }
}

/// A tag that was there before the link was.
const UNKNOWN: Tag = Tag { present: false, technology: None, uid: None, notations: Value::Null };

/// A tag that is there.
pub(super) fn tag(technology: Option<String>, number: Notations) -> Tag {
    let notations = json!({
        "facility_number": number.facility_number,
        "decimal": number.decimal,
        "decimal_10": number.decimal_10,
        "w26": number.wiegand_26,
        "w34": number.wiegand_34,
    });
    Tag { present: true, technology, uid: Some(number.uid), notations }
}

impl Language for Tags {
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>) {
        for event in self.receiver.received(bytes) {
            match event {
                Event::Line(line) => self.line(&line.0, told),
                Event::TooLong { bytes } => {
                    let message =
                        format!("a line of at least {bytes} bytes is none of a card; check baud rate");
                    told.unusable("too-long", bytes, message);
                }
                Event::Cut { bytes } => cut(bytes, told),
            }
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        match self.receiver.elapsed() {
            Some(Event::Line(line)) => {
                told.tally.without_end();
                cut(line.0.len(), told);
            }
            Some(Event::TooLong { bytes } | Event::Cut { bytes }) => cut(bytes, told),
            None => {}
        }
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        self.quiet(told);
        self.there = There::Unknown;
    }

    fn is_waiting(&self) -> bool {
        self.receiver.is_waiting()
    }

    fn silence(&self) -> Duration {
        self.silence
    }
}

fn cut(bytes: usize, told: &mut Told<'_>) {
    let message = format!("a line stopped after {bytes} bytes; hold the card to the reader again");
    told.unusable("unreadable", bytes, message);
}
