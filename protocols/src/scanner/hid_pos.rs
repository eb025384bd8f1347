//! Codes in HID reports of the bar code scanner page (8Ch).
//!
//! USB-IF, *HID Point of Sale Usage Tables*, 1.02, section 3. Scanners share one layout, with the report's id
//! in front where reports are numbered: length, three bytes of AIM mark, 56 of data, one more for the maker's
//! symbology, one reserved, and in the last one bit 0 for "more follows" (Access-IS, *LSR118 Product Manual*,
//! appendix B.1). With some makers the AIM mark and the data stand one byte later, the last byte where it
//! was.

use thiserror::Error;

use super::Data;
use crate::code::{Aim, aim};

/// A code from a HID scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The mark of its symbology.
    pub aim: Aim,
    /// Its data, without a line end behind them.
    pub data: Data,
}

/// The id of reports with codes.
pub const REPORT_ID: u8 = 2;

/// The feature report, its id in front, that Honeywell's and Youjie's scanners need before they send reports.
pub const ENABLE: [u8; 2] = [0xfe, 0x01];

/// Puts codes together that come in several reports.
#[derive(Debug, Clone)]
pub struct Receiver {
    numbered: bool,
    open: Option<Scan>,
}

impl Receiver {
    /// `numbered`: whether reports begin with their id, as they do where the scanner's descriptor gives ids.
    pub fn new(numbered: bool) -> Self {
        Self { numbered, open: None }
    }

    /// Takes an input report. `None`: it is of another kind, or more of the code must come.
    ///
    /// # Errors
    /// [`HidPosError`]: the code that the report belongs to is lost; the next one is not.
    pub fn received(&mut self, report: &[u8]) -> Option<Result<Scan, HidPosError>> {
        let report = match (self.numbered, report) {
            (false, report) => report,
            (true, [REPORT_ID, report @ ..]) => report,
            (true, _) => return None,
        };
        let open = self.open.take();
        let (mut scan, more) = match read(report) {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        if let Some(mut first) = open {
            if first.aim != scan.aim {
                // The rest of the first code never came: this is another one.
                self.open = more.then_some(scan);
                return Some(Err(HidPosError::Incomplete));
            }
            first.data.0.append(&mut scan.data.0);
            scan = first;
        }
        if scan.data.0.len() > MOST {
            return Some(Err(HidPosError::TooLong { bytes: scan.data.0.len() }));
        }
        if more {
            self.open = Some(scan);
            return None;
        }
        let data = &mut scan.data.0;
        let length =
            data.strip_suffix(b"\r\n").or_else(|| data.strip_suffix(b"\r")).map_or(data.len(), <[u8]>::len);
        data.truncate(length);
        (!data.is_empty()).then_some(Ok(scan))
    }

    /// The scanner was quiet for so long that no more will follow.
    pub fn elapsed(&mut self) -> Option<HidPosError> {
        self.open.take().map(|_| HidPosError::Incomplete)
    }

    /// Whether a code has begun and not ended.
    pub fn is_waiting(&self) -> bool {
        self.open.is_some()
    }
}

/// Why a code is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HidPosError {
    /// A report cut short.
    #[error("the scanner's report has {bytes} bytes instead of {LENGTH}; scan again")]
    Short {
        /// Bytes without the id.
        bytes: usize,
    },
    /// A length beyond the report.
    #[error("the scanner's report claims {bytes} bytes of data, at most {DATA}; scan again")]
    Length {
        /// As claimed.
        bytes: usize,
    },
    /// No AIM mark in either place.
    #[error(
        "the scanner's report names no symbology; it may be of another layout, so set the scanner to \
         USB HID POS"
    )]
    NoSymbology,
    /// A part of the code never came.
    #[error("a part of the code did not come; scan again")]
    Incomplete,
    /// More than any code has.
    #[error(
        "the code has more than {MOST} bytes, {bytes} so far; the scanner says again and again that \
         more follows"
    )]
    TooLong {
        /// How many have come.
        bytes: usize,
    },
}

/// Bytes of a report without its id.
const LENGTH: usize = 63;
/// The most bytes of data in a report.
const DATA: usize = 56;
/// The longest QR Code has 7089 digits.
const MOST: usize = 8192;

/// The part of a code in a report without its id, and whether more follows.
fn read(report: &[u8]) -> Result<(Scan, bool), HidPosError> {
    let short = HidPosError::Short { bytes: report.len() };
    let Some((report, _)) = report.split_first_chunk::<LENGTH>() else { return Err(short) };
    let (length, fields) = report.split_first().ok_or(short)?;
    let length = usize::from(*length);
    if length > DATA {
        return Err(HidPosError::Length { bytes: length });
    }
    let shifted = fields.get(1..).unwrap_or_default();
    let (aim, data) = [fields, shifted]
        .into_iter()
        .find_map(|fields| match aim::split(fields) {
            (Some(aim), data) => Some((aim, data)),
            (None, _) => None,
        })
        .ok_or(HidPosError::NoSymbology)?;
    let data = data.get(..length).ok_or(HidPosError::Length { bytes: length })?;
    Ok((Scan { aim, data: data.into() }, report[LENGTH - 1] & 1 == 1))
}
