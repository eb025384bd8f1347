//! RFID readers on a serial line.

use super::line::Line;

/// A card reader of IronLogic's Z-2 kind: a line when a card comes, and a line when it goes.
///
/// 9600 baud, CR and LF after each line. Source: lines recorded from such readers (facts sheet on
/// cards; a vendor document of the format isn't public). A cheap handle; clones are the same reader.
#[derive(Debug, Clone)]
pub struct RfidReader {
    line: Line,
}

/// A card in front of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RfidCard {
    /// A 125 kHz card of the EM4100 kind: five bytes, the version number first.
    EmMarine([u8; 5]),
    /// A MIFARE Classic 1K card with a UID of four bytes, in the order in which the card sends them.
    Mifare1k([u8; 4]),
    /// The same with 4K.
    Mifare4k([u8; 4]),
}

impl RfidCard {
    /// The line of the reader, without its end. The decimals are the facility (one byte) and the
    /// number (two bytes) of Wiegand-26: the last three bytes of an EM4100 card, and the first three
    /// of a MIFARE UID read backwards.
    pub fn text(&self) -> String {
        match *self {
            Self::EmMarine([version, site, facility, high, low]) => {
                let number = u16::from_be_bytes([high, low]);
                format!("Em-Marine[{version:02X}{site:02X}] {facility:03},{number:05}")
            }
            Self::Mifare1k(uid) => mifare(uid, "1K (0004,08)"),
            Self::Mifare4k(uid) => mifare(uid, "4K (0002,18)"),
        }
    }
}

fn mifare([a, b, c, d]: [u8; 4], kind: &str) -> String {
    let number = u16::from_be_bytes([b, a]);
    format!("Mifare[{a:02X}{b:02X}{c:02X}{d:02X}] {kind} {c:03},{number:05}")
}

impl RfidReader {
    /// A reader connected to nothing, with no card.
    pub fn new() -> Self {
        Self { line: Line::new() }
    }

    /// Its line, to serve it and to do something to it.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// A card comes.
    pub fn present(&self, card: RfidCard) {
        self.line.say(format!("{}\r\n", card.text()));
    }

    /// The card goes.
    pub fn remove(&self) {
        self.line.say("No card\r\n");
    }
}

impl Default for RfidReader {
    fn default() -> Self {
        Self::new()
    }
}
