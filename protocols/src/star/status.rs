//! Automatic status of Star printers.
//!
//! A status is 7 to 15 bytes: the first byte codes how many, the second the version, the others the
//! state (*Star Line Mode Command Specifications*, "Automatic status"). It also answers
//! `ESC ACK SOH` and `ETB`.

use crate::escpos::status::{PaperState, Status};

/// Cuts the printer's bytes into statuses; pieces may be of any size.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    bytes: Vec<u8>,
}

/// One automatic status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarStatus {
    /// The state in the words of all printers.
    pub status: Status,
    /// The ETB counter, 0 to 31; `None` where the status is too short to have one.
    pub etb: Option<u8>,
    /// Whether an ETB was executed since the counter was cleared.
    pub etb_executed: bool,
    /// The bytes as sent, for evidence.
    pub bytes: Vec<u8>,
}

impl Parser {
    /// Takes bytes as they came; the statuses completed by them. Bytes that can't begin a status
    /// are skipped.
    pub fn events(&mut self, bytes: &[u8]) -> Vec<StarStatus> {
        let mut events = Vec::new();
        for &byte in bytes {
            if self.bytes.is_empty() && length(byte).is_none() {
                continue;
            }
            // Inside a status no byte looks like the first of one; over a network the second has bit 7 set
            // (*Star Line Mode Command Specifications*, 5-1-4).
            let fixed = if self.bytes.len() == 1 { 0x11 } else { 0x91 };
            if !self.bytes.is_empty() && byte & fixed != 0 {
                self.bytes.clear();
                if length(byte).is_none() {
                    continue;
                }
            }
            self.bytes.push(byte);
            if self.bytes.first().copied().and_then(length) == Some(self.bytes.len()) {
                events.push(StarStatus::read(std::mem::take(&mut self.bytes)));
            }
        }
        events
    }

    /// Forgets what came in part: after a reconnect.
    pub fn reset(&mut self) {
        self.bytes.clear();
    }
}

impl StarStatus {
    fn read(bytes: Vec<u8>) -> Self {
        let on = |at: usize, bit: u8| bytes.get(at).is_some_and(|b| b & bit != 0);
        let paper = if on(5, 0x08) {
            PaperState::Out
        } else if on(5, 0x04) {
            PaperState::NearEnd
        } else {
            PaperState::Ok
        };
        let status = Status {
            paper,
            cover_open: on(2, 0x20),
            offline: on(2, 0x08),
            drawer_high: on(2, 0x04),
            cutter_error: on(3, 0x08),
            unrecoverable: on(3, 0x20),
            auto_recoverable: on(3, 0x40) || on(4, 0x40),
            recoverable: on(4, 0x04),
            waiting: false,
            feed_button: false,
        };
        let etb = bytes.get(7).map(|&b| (b >> 1 & 0x07) | (b >> 2 & 0x18));
        let etb_executed = on(2, 0x02);
        Self { status, etb, etb_executed, bytes }
    }
}

/// How long a status is, by its first byte: bit 0 is set, bits 1-3 and 5-6 count the bytes.
fn length(first: u8) -> Option<usize> {
    if first & 0x91 != 0x01 {
        return None;
    }
    let count = usize::from(first >> 1 & 0x07) | usize::from(first >> 2 & 0x18);
    (count >= 7).then_some(count)
}
