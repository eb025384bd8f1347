//! Swipes in HID reports of MagTek and ID TECH readers.
//!
//! One input report for each swipe: three bytes of decode status, three lengths, the encode type, and three
//! fields of 110 bytes (MagTek, *USB HID Swipe Reader Technical Reference Manual*, "Card data"; ID TECH,
//! *SecureMag User Manual*, 10.1.1, "Other Mode Reader Data Structure"). ID TECH's MiniMag has instead a
//! length of two bytes and the tracks as one text of up to 500 bytes (*New MiniMag USB/HID Interface
//! Quickstart Manual*, 80066510).

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use super::track::{self, Damage, Swipe, TrackData};

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwipeReport {
    /// How the card is encoded.
    pub encoding: Encoding,
    /// Its tracks.
    pub swipe: Swipe,
}

/// How a card is encoded. MagTek's 3 and 4 are ID TECH's other one and raw: where both differ it is
/// [`Encoding::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// ISO/ABA: bank cards and most others.
    Iso,
    /// Driving licences of AAMVA.
    Aamva,
    /// Blank, of no known format, or raw.
    Other,
    /// No track could be decoded.
    Undetermined,
}

/// Reads an input report. `numbered`: whether the report has an id, which is byte 0 then.
///
/// # Errors [`ReportError`]: too short, or lengths that don't fit. A track that the reader could not decode
/// is no error.
pub fn parse(report: &[u8], numbered: bool) -> Result<SwipeReport, ReportError> {
    let report = report.get(usize::from(numbered)..).unwrap_or_default();
    let Some((&[status1, status2, status3, length1, length2, length3, encode], fields)) =
        report.split_first_chunk()
    else {
        return Err(ReportError::Short { found: report.len() });
    };
    let (status, lengths) = ([status1, status2, status3], [length1, length2, length3]);
    let tracks = match report.len() {
        REPORT => in_fields(fields, lengths)?,
        MINI_MAG => in_text(fields, lengths)?,
        found if found < REPORT => return Err(ReportError::Short { found }),
        found => return Err(ReportError::Other { found }),
    };
    let mut number = 0;
    let tracks = tracks.map(|data| {
        number += 1;
        let failed = status.get(number - 1).is_some_and(|status| status & 1 == 1);
        if failed { TrackData::Damaged(Damage::Reader) } else { track::field(number, data) }
    });
    let encoding = match encode {
        0 => Encoding::Iso,
        1 => Encoding::Aamva,
        5 | 6 => Encoding::Undetermined,
        _ => Encoding::Other,
    };
    Ok(SwipeReport { encoding, swipe: Swipe::new(tracks) })
}

/// Why a report can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    /// Cut short.
    #[error("the reader's report has {found} bytes instead of {REPORT}; swipe the card again")]
    Short {
        /// Bytes without the id.
        found: usize,
    },
    /// Longer than the reports known here: those of encrypting readers are.
    #[error(
        "the reader's report has {found} bytes; known are {REPORT} and {MINI_MAG}. An encrypting reader \
         has to be set to plain tracks, or to keyboard emulation"
    )]
    Other {
        /// Bytes without the id.
        found: usize,
    },
    /// A length beyond the field.
    #[error(
        "track {track} of the reader's report has the length {length}, at most {most}; swipe the card again"
    )]
    Length {
        /// 1 to 3.
        track: usize,
        /// As in the report.
        length: usize,
        /// As many as there is room for.
        most: usize,
    },
}

/// Bytes of a report without its id.
pub const REPORT: usize = 7 + 3 * FIELD;
/// Bytes of MiniMag's report.
pub const MINI_MAG: usize = 509;
const FIELD: usize = 110;

fn in_fields(fields: &[u8], lengths: [u8; 3]) -> Result<[&[u8]; 3], ReportError> {
    let mut tracks: [&[u8]; 3] = [&[]; 3];
    for (index, ((track, field), length)) in
        tracks.iter_mut().zip(fields.chunks(FIELD)).zip(lengths).enumerate()
    {
        let length = usize::from(length);
        *track = field.get(..length).ok_or(ReportError::Length { track: index + 1, length, most: FIELD })?;
    }
    Ok(tracks)
}

fn in_text(fields: &[u8], lengths: [u8; 3]) -> Result<[&[u8]; 3], ReportError> {
    let Some((total, text)) = fields.split_first_chunk::<2>() else {
        return Err(ReportError::Short { found: 7 });
    };
    let length = usize::from(u16::from_le_bytes(*total));
    let text = text.get(..length).ok_or(ReportError::Length { track: 1, length, most: text.len() })?;
    let mut rest = text;
    let mut tracks: [&[u8]; 3] = [&[]; 3];
    for (index, (track, length)) in tracks.iter_mut().zip(lengths).enumerate() {
        let length = usize::from(length);
        let wrong = ReportError::Length { track: index + 1, length, most: rest.len() };
        let (data, behind) = rest.split_at_checked(length).ok_or(wrong)?;
        *track = data;
        // Readers are set to put a line end behind each track.
        rest = behind.strip_prefix(b"\r").unwrap_or(behind);
    }
    Ok(tracks)
}
