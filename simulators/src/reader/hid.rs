//! Reports of readers on USB HID, as a hidraw node gives them: for tests with a fake node.
//!
//! Sources: Access-IS LSR118 product manual, appendix B "HID reports" (scanner, usage page 8C);
//! facts sheet on cards (MagTek stripe reader).

use super::stripe::Tracks;

/// Length of a scanner's report, its number included.
pub const SCANNER_REPORT: usize = 64;
/// Length of a MagTek report, which has no number.
pub const MAGTEK_REPORT: usize = 337;

/// Bytes of a code that one report carries.
const CODE_BYTES: usize = 56;
/// Where a MagTek report has its three tracks, and how long each may be.
const TRACKS_AT: [usize; 3] = [7, 117, 227];
const TRACK_BYTES: usize = 110;

/// Where a scanner says that the code goes on in the next report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoreFlag {
    /// Byte 63, counted from the report's number: Access-IS, Honeywell.
    Byte63,
    /// Byte 62: vendors that leave out a reserved byte.
    Byte62,
}

/// The reports of one code, from a scanner of usage page 8C: number 2, length, AIM identifier of
/// three characters, up to 56 bytes of the code, a further symbology letter, and whether the code
/// goes on. A code of more than 56 bytes takes several reports.
///
/// A host that has the report's number taken away sees everything one byte earlier:
/// `&report[1..]`.
pub fn scanner(aim: &str, code: &[u8], more_flag: MoreFlag) -> Vec<[u8; SCANNER_REPORT]> {
    let mut parts: Vec<&[u8]> = code.chunks(CODE_BYTES).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let last = parts.len() - 1;
    let report = |(index, part): (usize, &[u8])| {
        let mut report = [0; SCANNER_REPORT];
        report[0] = 2;
        report[1] = part.len() as u8;
        put(&mut report, 2, aim.as_bytes().get(..3).unwrap_or(b"]X0"));
        put(&mut report, 5, part);
        report[match more_flag {
            MoreFlag::Byte63 => 63,
            MoreFlag::Byte62 => 62,
        }] = u8::from(index < last);
        report
    };
    parts.into_iter().enumerate().map(report).collect()
}

/// The report of one swipe on a MagTek reader: three status bytes (0 read, 1 error), three lengths,
/// the encode type (0 ISO/ABA), and the tracks with their sentinels in 110 bytes each. A track that
/// isn't there is all zero. What doesn't fit is cut off.
pub fn magtek(tracks: &Tracks) -> [u8; MAGTEK_REPORT] {
    let mut report = [0; MAGTEK_REPORT];
    let all = [&tracks.first, &tracks.second, &tracks.third];
    for (index, (track, at)) in all.into_iter().zip(TRACKS_AT).enumerate() {
        let bytes = track.as_deref().unwrap_or_default().as_bytes();
        let bytes = bytes.get(..TRACK_BYTES).unwrap_or(bytes);
        report[3 + index] = bytes.len() as u8;
        put(&mut report, at, bytes);
    }
    report
}

/// The same, with tracks (1 to 3) that could not be read: their status is 1, their length 0.
pub fn magtek_misread(tracks: &Tracks, unreadable: &[u8]) -> [u8; MAGTEK_REPORT] {
    let mut tracks = tracks.clone();
    for (number, track) in (1..).zip([&mut tracks.first, &mut tracks.second, &mut tracks.third]) {
        if unreadable.contains(&number) {
            *track = None;
        }
    }
    let mut report = magtek(&tracks);
    for (index, status) in report.iter_mut().take(3).enumerate() {
        *status = u8::from(unreadable.contains(&(index as u8 + 1)));
    }
    report
}

fn put(report: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in report.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}
