//! Tracks of a magnetic stripe, as readers send them in text.
//!
//! ISO/IEC 7811-2 (characters, sentinels, LRC, lengths) and 7813 (tracks 1 and 2), ISO/IEC 4909 (track 3).
//! Readers send `%B...^...^...?` for track 1 and `;...=...?` for track 2; for track 3 `;` or, as MagTek and
//! ID TECH may be set, `+`, `!` or `#`. What can't be decoded is `%E?`, `;E?`, `+E?` (MagTek, *USB KB Swipe
//! Reader Programming Reference*, 99875206).

use std::fmt;

use super::masking::mask_text;
use super::pan::Pan;

/// What a reader said of a card: its three tracks. Formatted it shows no data.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Swipe {
    tracks: [TrackData; 3],
}

/// What there is of a track.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum TrackData {
    /// The track is empty, or the reader doesn't read it.
    #[default]
    Absent,
    /// There was something that can't be used.
    Damaged(Damage),
    /// The characters between the sentinels.
    Read(String),
}

/// Why a track can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Damage {
    /// The reader couldn't decode it.
    Reader,
    /// The end sentinel is missing.
    NoEnd,
    /// The LRC is not that of the characters.
    Lrc,
    /// A character that the track has no code for.
    Character,
    /// More characters than the track holds.
    TooLong,
    /// The reader encrypts it.
    Encrypted,
}

impl Swipe {
    /// The tracks from 1 to 3.
    pub fn new(tracks: [TrackData; 3]) -> Self {
        Self { tracks }
    }

    /// Tracks in a reader's text, with sentinels, with or without line ends between them. `lrc`: whether the
    /// reader is set to send the LRC behind each end sentinel.
    ///
    /// Text without any sentinel is taken for track 2: readers may be set to leave them out.
    pub fn parse(text: &[u8], lrc: bool) -> Self {
        let mut swipe = Self::default();
        let mut rest = text;
        let mut found = false;
        while let Some(at) = rest.iter().position(|byte| START.contains(byte)) {
            found = true;
            rest = rest.get(at..).unwrap_or_default();
            let (number, data, behind) = one(rest, lrc, &swipe);
            if let Some(track) = swipe.tracks.get_mut(number - 1) {
                *track = data;
            }
            rest = behind;
        }
        if !found {
            let data = text.trim_ascii();
            if !data.is_empty() {
                swipe.tracks[1] = checked(2, data);
            }
        }
        swipe
    }

    /// Whether a text that came the way of codes, by a serial line or by keys, is a card's: it begins with a
    /// start sentinel and has an end sentinel, or a bank's number stands in it. Such a text must not be taken
    /// for a code: that would be published whole.
    pub fn is_likely(text: &[u8]) -> bool {
        let text = text.trim_ascii();
        let framed = matches!(text, [b'%' | b';' | b'+', rest @ ..] if rest.contains(&END));
        framed || mask_text(text).found > 0
    }

    /// The track of that number, 1 to 3.
    pub fn track(&self, number: usize) -> &TrackData {
        number.checked_sub(1).and_then(|index| self.tracks.get(index)).unwrap_or(&TrackData::Absent)
    }

    /// The tracks from 1 to 3.
    pub fn tracks(&self) -> &[TrackData; 3] {
        &self.tracks
    }
}

/// What a track says of an account; nothing of it is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// The digits in front of the separator, or what stands there instead.
    pub number: String,
    /// Whether expiry and service code follow, as on bank cards.
    pub is_bank_form: bool,
}

/// The account on a track: in front of `=`, of track 1 between the format code and `^`.
pub(super) fn account(track: usize, data: &str) -> Account {
    let (number, rest) = match track {
        1 => {
            let behind_format = data.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(data);
            let (number, rest) = behind_format.split_once('^').unwrap_or((behind_format, ""));
            (number, rest.split_once('^').map_or("", |(_, rest)| rest))
        }
        _ => data.split_once('=').unwrap_or((data, "")),
    };
    let number: String = number.chars().filter(|c| *c != ' ').collect();
    let number = match track {
        // Track 3 begins with a format code of two digits.
        3 if Pan::new(&number).is_none_or(|pan| !pan.passes_luhn()) => {
            number.get(2..).filter(|number| Pan::new(number).is_some()).map_or(number.clone(), str::to_owned)
        }
        _ => number,
    };
    Account { number, is_bank_form: expiry_and_service(rest.as_bytes()) }
}

/// Whether YYMM and three digits of a service code stand at the beginning (ISO/IEC 7813).
pub(super) fn expiry_and_service(rest: &[u8]) -> bool {
    let Some(digits @ [_, _, month @ .., _, _, _]) = rest.get(..7) else { return false };
    digits.iter().all(u8::is_ascii_digit) && (b"01".as_slice()..=b"12".as_slice()).contains(&month)
}

/// The longitudinal redundancy check of a track, as the character that readers send: XOR of the codes of all
/// characters, both sentinels included (ISO/IEC 7811-2). `text` begins and ends with its sentinels; `None`
/// for a character that the track has no code for.
pub fn lrc(track: usize, text: &[u8]) -> Option<u8> {
    let (base, bits) = alphabet(track);
    let mut sum = 0;
    for byte in text {
        // The other start sentinels stand for the code of `;`.
        let byte = if track == 3 && START.contains(byte) { b';' } else { *byte };
        sum ^= byte.checked_sub(base).filter(|code| *code <= bits)?;
    }
    Some(base + sum)
}

const START: &[u8] = b"%;+!#";
const END: u8 = b'?';

/// The character of code 0, and the highest code.
fn alphabet(track: usize) -> (u8, u8) {
    if track == 1 { (b' ', 0x3f) } else { (b'0', 0x0f) }
}

/// Characters of a track between its sentinels, at most.
fn capacity(track: usize) -> usize {
    match track {
        1 => 79 - 3,
        2 => 40 - 3,
        _ => 107 - 3,
    }
}

/// The track that begins here: its number, what it says, and what is behind it.
fn one<'a>(text: &'a [u8], lrc_sent: bool, before: &Swipe) -> (usize, TrackData, &'a [u8]) {
    let number = match text.first() {
        Some(b'%') if before.tracks[0] == TrackData::Absent => 1,
        Some(b';') if before.tracks[1] == TrackData::Absent => 2,
        _ => 3,
    };
    let body = text.get(1..).unwrap_or_default();
    // A track ends with its line, if not before.
    let line = body.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(body.len());
    let Some(end) = body.get(..line).and_then(|line| line.iter().position(|byte| *byte == END)) else {
        return (number, TrackData::Damaged(Damage::NoEnd), body.get(line..).unwrap_or_default());
    };
    let (data, behind) = body.split_at_checked(end).unwrap_or((body, &[]));
    let behind = behind.get(1..).unwrap_or_default();
    if !lrc_sent {
        return (number, checked(number, data), behind);
    }
    let with_sentinels = text.get(..end + 2).unwrap_or_default();
    match behind.split_first() {
        Some((sent, behind)) if lrc(number, with_sentinels) == Some(*sent) => {
            (number, checked(number, data), behind)
        }
        Some((_, behind)) => (number, TrackData::Damaged(Damage::Lrc), behind),
        None => (number, TrackData::Damaged(Damage::Lrc), behind),
    }
}

/// The data of a track without sentinels, or what is wrong with them.
pub(super) fn checked(track: usize, data: &[u8]) -> TrackData {
    let (base, bits) = alphabet(track);
    // Stars are what readers put for digits that they keep to themselves; tracks 2 and 3 of other standards
    // have letters.
    let known = |byte: &u8| match byte {
        b'*' => true,
        byte if track == 1 => byte.checked_sub(base).is_some_and(|code| code <= bits),
        byte => byte.is_ascii_graphic() || *byte == b' ',
    };
    match data {
        b"" => TrackData::Absent,
        b"E" => TrackData::Damaged(Damage::Reader),
        data if data.len() > capacity(track) => TrackData::Damaged(Damage::TooLong),
        data if !data.iter().all(known) => TrackData::Damaged(Damage::Character),
        data => TrackData::Read(data.iter().copied().map(char::from).collect()),
    }
}

/// A track as a reader's report holds it: with its sentinels, or without.
pub(super) fn field(track: usize, data: &[u8]) -> TrackData {
    let data = data.trim_ascii_end();
    match data {
        [first, rest @ .., END] if START.contains(first) => checked(track, rest),
        [first, ..] if START.contains(first) => TrackData::Damaged(Damage::NoEnd),
        data => checked(track, data),
    }
}

impl fmt::Debug for TrackData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Damaged(damage) => write!(f, "Damaged({damage:?})"),
            Self::Read(data) => write!(f, "Read({} characters)", data.len()),
        }
    }
}

impl fmt::Debug for Swipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.tracks).finish()
    }
}
