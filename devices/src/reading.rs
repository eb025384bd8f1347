//! What devices tell by themselves: weights, cards, codes, measured values.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use outlet_protocols::card::CardReading;
use outlet_protocols::code::Meaning;
use outlet_protocols::scale;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc;

/// How many readings of one device may wait to be published. More are lost, and that is told.
const WAITING: usize = 256;

/// One reading, as it is published on `device/{device}/reading`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Reading {
    /// What a scale shows: when it has come to rest at another weight, and all along while somebody watches.
    Weight(Weighed),
    /// A magnetic card. A bank card's number is masked.
    Card(CardReading),
    /// A contactless card or tag, held to the reader or taken away.
    Tag(Tag),
    /// A scanned code.
    Code(Code),
    /// A measured value: the temperature of a fridge.
    Value(Value),
    /// Something was read that is of no use, and why.
    Unusable(Unusable),
}

/// What a scale shows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Weighed {
    /// The reading.
    #[serde(flatten)]
    pub reading: scale::Reading,
    /// Told because somebody watches, and not because the weight has changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
}

/// A contactless card or tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tag {
    /// Held to the reader, or taken away from it.
    pub present: bool,
    /// What the reader calls it: `Em-Marine`, `Mifare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technology: Option<String>,
    /// Its number as hexadecimal bytes, in the order of ISO 14443 where that applies. Absent when an unknown one is
    /// taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The same number in the notations in use: `w26`, `w34`, decimal.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub notations: serde_json::Value,
}

/// A scanned code.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Code {
    /// The symbology, where the scanner tells it or the digits leave no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbology: Option<String>,
    /// The symbology is guessed from the digits.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub guessed: bool,
    /// The code as text; what is no UTF-8 is replaced. Card numbers in it are masked.
    pub text: String,
    /// The code byte for byte, base64. Absent where a card number had to be masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// What it means.
    pub meaning: Meaning,
}

/// A measured value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Value {
    /// Which of the device's values: `temperature`.
    pub name: String,
    /// How much.
    pub value: Decimal,
    /// In which unit: `°C`, `%`.
    pub unit: String,
}

/// Something that was read and is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unusable {
    /// `unreadable`, `too-long`, `other-device`, `readings-lost`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

impl Reading {
    /// Something that is of no use.
    pub fn unusable(code: &str, message: impl Into<String>) -> Self {
        Self::Unusable(Unusable { code: code.to_owned(), message: message.into() })
    }
}

/// Where a driver tells its readings. Never waits: where nobody takes them fast enough, the newest are lost, and
/// counted.
#[derive(Debug, Clone)]
pub struct ReadingSink {
    sender: mpsc::Sender<Reading>,
    lost: Arc<AtomicU64>,
}

/// What comes out of a sink.
#[derive(Debug)]
pub struct Readings {
    waiting: mpsc::Receiver<Reading>,
    lost: Arc<AtomicU64>,
}

impl ReadingSink {
    /// A sink and what comes out of it.
    pub fn new() -> (Self, Readings) {
        let (sender, waiting) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        (Self { sender, lost: lost.clone() }, Readings { waiting, lost })
    }

    /// Tells a reading.
    pub fn tell(&self, reading: Reading) {
        if self.sender.try_send(reading).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Readings {
    /// The next one; behind those that found room, how many did not. `None`: there will be no more. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Reading> {
        match self.try_recv() {
            Some(reading) => Some(reading),
            None => self.waiting.recv().await,
        }
    }

    /// The next one, if it is there.
    pub fn try_recv(&mut self) -> Option<Reading> {
        self.waiting.try_recv().ok().or_else(|| self.take_lost())
    }

    /// How many are there.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn take_lost(&self) -> Option<Reading> {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        (lost > 0).then(|| {
            let message = format!("{lost} readings came faster than they could be published, and were lost");
            Reading::unusable("readings-lost", message)
        })
    }
}
