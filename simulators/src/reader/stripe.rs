//! Magnetic stripe readers on a serial line.

use super::line::Line;

/// A magnetic stripe reader on a serial line. A cheap handle; clones are the same reader.
#[derive(Debug, Clone)]
pub struct StripeReader {
    format: StripeFormat,
    line: Line,
}

/// How a stripe reader wraps its tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripeFormat {
    /// The tracks with their sentinels one after the other, each followed by its LRC when there is
    /// one, then CR.
    Plain {
        /// The LRC characters are passed on.
        lrc: bool,
    },
    /// ID TECH SecureMag, original format for OPOS: `02`, length of the data (two bytes, low first), the
    /// data, XOR of the data, sum of the data modulo 256, `03`. The data are the type of card (0: ISO),
    /// the status of the tracks (bits 0 to 2: nothing wrong with track 1 to 3; bits 3 to 5: there is
    /// one), three lengths, and the tracks. Source: ID TECH, *SecureMag User Manual*, "Settings for OPOS".
    SecureMag,
}

/// The tracks of a card, each with its sentinels and without LRC, such as `;4111…?`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tracks {
    /// `%` … `?`, seven-bit characters.
    pub first: Option<String>,
    /// `;` … `?`, digits.
    pub second: Option<String>,
    /// `;` … `?` (or `+` … `?`), digits.
    pub third: Option<String>,
}

impl Tracks {
    /// A card with these tracks; an empty text is a track that isn't there.
    pub fn new(first: &str, second: &str, third: &str) -> Self {
        let track = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { first: track(first), second: track(second), third: track(third) }
    }

    /// Those that are there.
    fn present(&self) -> impl Iterator<Item = &str> {
        [&self.first, &self.second, &self.third].into_iter().filter_map(|track| track.as_deref())
    }
}

/// The LRC character of a track with its sentinels: XOR of all its characters as they are on the
/// stripe, written in ASCII again (ISO/IEC 7811-2: a character is ASCII less 20h on track 1 and less
/// 30h on tracks 2 and 3).
pub fn lrc(track: &str) -> char {
    let offset = if track.starts_with('%') { 0x20 } else { 0x30 };
    let sum = track.bytes().fold(0, |sum, character| sum ^ character.wrapping_sub(offset));
    char::from(sum.wrapping_add(offset))
}

impl StripeFormat {
    /// The bytes of one swipe.
    pub fn wrap(&self, tracks: &Tracks) -> Vec<u8> {
        match self {
            Self::Plain { lrc: with_lrc } => {
                let mut out = String::new();
                for track in tracks.present() {
                    out.push_str(track);
                    out.extend(with_lrc.then(|| lrc(track)));
                }
                out.push('\r');
                out.into_bytes()
            }
            Self::SecureMag => {
                let all = [&tracks.first, &tracks.second, &tracks.third].map(Option::as_deref);
                let there = (0..3).filter(|&track| all[track].is_some());
                let status = there.fold(0b111, |status, track| status | 0b1000 << track);
                let lengths = all.map(|track| track.map_or(0, str::len) as u8);
                let data: Vec<u8> = [0, status]
                    .into_iter()
                    .chain(lengths)
                    .chain(tracks.present().flat_map(str::bytes))
                    .collect();
                let [low, high] = u16::try_from(data.len()).unwrap_or(u16::MAX).to_le_bytes();
                let xor = data.iter().fold(0, |sum, byte| sum ^ byte);
                let sum = data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
                [&[0x02, low, high], data.as_slice(), &[xor, sum, 0x03]].concat()
            }
        }
    }
}

impl StripeReader {
    /// A reader connected to nothing.
    pub fn new(format: StripeFormat) -> Self {
        Self { format, line: Line::new() }
    }

    /// Its line, to serve it and to do something to it.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// A card is swiped.
    pub fn swipe(&self, tracks: &Tracks) {
        self.line.say(self.format.wrap(tracks));
    }
}
