//! Codes and swipes in reports of HID devices.

use std::time::Duration;

use outlet_protocols::card::{CardReading, HashKey, hid_report};
use outlet_protocols::scanner::hid_pos::{HidPosError, REPORT_ID, Receiver};

use super::code::Codes;
use super::device::{Language, Told};
use crate::reading::Reading;
use crate::transport::hid::Descriptor;

/// Codes of a scanner of the page 8C.
pub(super) struct CodeReports {
    receiver: Receiver,
    numbered: bool,
    /// Bytes of the longest report with a code.
    most: usize,
    codes: Codes,
}

/// The parts of a long code follow each other at once.
const PARTS: Duration = Duration::from_millis(500);
/// Bytes of a report with a code, its id included.
const CODE_REPORT: usize = 64;

impl CodeReports {
    pub fn new(codes: Codes) -> Self {
        Self { receiver: Receiver::new(true), numbered: true, most: CODE_REPORT, codes }
    }

    fn useless(error: HidPosError, bytes: usize, told: &mut Told<'_>) {
        let code = if matches!(error, HidPosError::TooLong { .. }) { "too-long" } else { "unreadable" };
        told.unusable(code, bytes, error.to_string());
    }
}

impl Language for CodeReports {
    fn connected(&mut self, descriptor: &Descriptor) {
        self.numbered = descriptor.is_numbered();
        let id = if self.numbered { REPORT_ID } else { 0 };
        self.most = descriptor.input_bytes(id).unwrap_or(0).max(CODE_REPORT);
        self.receiver = Receiver::new(self.numbered);
    }

    fn received(&mut self, report: &[u8], told: &mut Told<'_>) {
        if self.numbered && report.first() != Some(&REPORT_ID) {
            // Its triggers and states have reports of their own.
            return told.tally.noise(report.len());
        }
        if report.len() > self.most {
            let message = format!(
                "a report of {} bytes came, and one of a scanner has at most {}: it was not taken for a code; check \
                 that the link names a scanner",
                report.len(),
                self.most
            );
            return told.unusable("unreadable", report.len(), message);
        }
        match self.receiver.received(report) {
            Some(Ok(scan)) => self.codes.marked(scan.aim, &scan.data.0, told),
            Some(Err(error)) => Self::useless(error, report.len(), told),
            None => {}
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        if let Some(error) = self.receiver.elapsed() {
            Self::useless(error, 0, told);
        }
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        self.quiet(told);
    }

    fn is_waiting(&self) -> bool {
        self.receiver.is_waiting()
    }

    fn silence(&self) -> Duration {
        PARTS
    }
}

/// Swipes of MagTek's and ID TECH's readers.
pub(super) struct SwipeReports {
    numbered: bool,
    key: Option<HashKey>,
}

impl SwipeReports {
    pub fn new(key: Option<HashKey>) -> Self {
        Self { numbered: false, key }
    }
}

impl Language for SwipeReports {
    fn connected(&mut self, descriptor: &Descriptor) {
        self.numbered = descriptor.is_numbered();
    }

    fn received(&mut self, report: &[u8], told: &mut Told<'_>) {
        match hid_report::parse(report, self.numbered) {
            Ok(swiped) => told.reading(Reading::Card(CardReading::new(&swiped.swipe, self.key.as_ref()))),
            Err(error) => told.unusable("unreadable", report.len(), error.to_string()),
        }
    }

    fn quiet(&mut self, _: &mut Told<'_>) {}

    fn lost(&mut self, _: &mut Told<'_>) {}

    fn is_waiting(&self) -> bool {
        false
    }

    fn silence(&self) -> Duration {
        PARTS
    }
}
