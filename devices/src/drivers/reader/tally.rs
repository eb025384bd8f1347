//! What a reader has said since the agent's start, and what that says of it.

use outlet_protocols::card::CardKind;
use outlet_protocols::code::Meaning;
use outlet_protocols::code::marking::{REMEDY, Separators};
use serde::Serialize;
use serde_json::{Value, json};

use super::Kind;
use super::reach::Way;
use crate::reading::Reading;

/// Counts since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Bytes that came, line ends and all; of a device that types the keys that were pressed.
    bytes: u64,
    /// Codes, cards and tags that were read.
    read: u64,
    /// What was of no use: cut, damaged, misread.
    unreadable: u64,
    /// Codes with a wrong check digit, and elements that contradict GS1.
    wrong: u64,
    /// What was longer than anything that can be read.
    too_long: u64,
    /// Bytes of no use, as far as they are known to be.
    noise_bytes: u64,
    /// What came without its line end.
    without_end: u64,
    /// Marking codes without their separators.
    without_separators: u64,
    /// Keys of a device that types that were pressed too slowly for it: a person's.
    #[serde(skip_serializing_if = "is_zero")]
    by_hand: u64,
    /// Times that the link was lost.
    links_lost: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Tally {
    pub fn bytes(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_add(count as u64);
    }

    pub fn noise(&mut self, bytes: usize) {
        self.noise_bytes = self.noise_bytes.saturating_add(bytes as u64);
    }

    pub fn without_end(&mut self) {
        self.without_end += 1;
    }

    pub fn by_hand(&mut self, keys: usize) {
        self.by_hand = self.by_hand.saturating_add(keys as u64);
    }

    pub fn links_lost(&mut self) {
        self.links_lost += 1;
    }

    pub fn count(&mut self, reading: &Reading) {
        match reading {
            Reading::Unusable(unusable) if unusable.code == "too-long" => self.too_long += 1,
            Reading::Unusable(_) => self.unreadable += 1,
            Reading::Card(card) if card.kind == CardKind::Unreadable => self.unreadable += 1,
            Reading::Code(code) => match &code.meaning {
                Meaning::Wrong(_) => self.wrong += 1,
                Meaning::Marking(marking) if marking.separators != Separators::Kept => {
                    self.read += 1;
                    self.without_separators += 1;
                }
                _ => self.read += 1,
            },
            _ => self.read += 1,
        }
    }
}

/// What is probably the matter, the likeliest first. Empty: nothing.
pub(super) fn verdict(kind: Kind, way: Way, tally: &Tally, problem: Option<&str>) -> Vec<Value> {
    let mut found = Vec::new();
    let mut add = |suspect: &str, likelihood: &str, why: String, remedy: &str| {
        let rank = found.len() + 1;
        found.push(json!({
            "rank": rank, "suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy,
        }));
    };
    if let Some(problem) = problem {
        add("cable", "likely", problem.to_owned(), "check cable, power and the link of the configuration");
    }
    let Tally { read, unreadable, wrong, too_long, .. } = *tally;
    let useless = unreadable + wrong + too_long;
    if tally.bytes == 0 && problem.is_none() {
        let remedy = format!("{} and test again; then check cable, port and power", kind.try_it);
        add("cable", "possible", "nothing has come since the start".to_owned(), &remedy);
    }
    if tally.without_end > 0 && tally.without_end > read {
        let (end, remedy) = match way {
            Way::Keys => ("Enter", "program the reader to type Enter, or set the options to what it types"),
            _ => ("line end", "program the reader to send CR, or set the options to what it sends"),
        };
        let why = format!("{} times there was no {end} where one has to be", tally.without_end);
        add("suffix", "likely", why, remedy);
    } else if useless > 0 && useless * 10 >= read {
        let why = format!("{useless} of {} were of no use", read + useless);
        let likelihood = if read == 0 { "likely" } else { "possible" };
        match way {
            Way::Line => {
                let remedy = "check baud rate and parity of the link, the options against the reader's settings, \
                              its cable, and that its window or head is clean";
                add("baud-rate", likelihood, why, remedy);
            }
            Way::Reports(_) | Way::Keys => {
                let remedy = "check the options against the reader's settings, that it is set to an American \
                              keyboard where it types, and that its window or head is clean";
                add("settings", likelihood, why, remedy);
            }
        }
    }
    if tally.by_hand > 0 {
        let why =
            format!("{} keys were pressed as slowly as a person does, and went to nobody", tally.by_hand);
        let remedy = "if the link names a person's keyboard, take it out of the configuration; if the reader types \
                      slowly, lower its delay between keys, or raise `gap_ms`";
        add("keyboard", if read == 0 { "likely" } else { "possible" }, why, remedy);
    }
    if tally.without_separators > 0 {
        let why = format!("{} marking codes came without their separators", tally.without_separators);
        add("separators", "certain", why, REMEDY);
    }
    if tally.links_lost > 1 {
        let why = format!("the link was lost {} times", tally.links_lost);
        add("cable", "possible", why, "check plug and cable, and the supply of the USB hub if there is one");
    }
    found
}
