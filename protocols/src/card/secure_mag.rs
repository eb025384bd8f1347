//! ID TECH's framed output of a swipe: `02`, two bytes of length, data, XOR and sum of the data, `03`.
//!
//! ID TECH, *SecureMag User Manual*, "Settings for OPOS" (framing, fields 3 to 10, notes 1 to 3); *iMag User
//! Manual*, page 10 (card types 0x of the original, 8x of the enhanced format). XOR and sum are of the data
//! alone, without the length.

use thiserror::Error;

use super::track::{self, Damage, Swipe, TrackData};

/// Finds frames in a stream of bytes. Bytes outside of frames are passed over.
#[derive(Clone, Default)]
pub struct Receiver {
    buffer: Vec<u8>,
}

impl Receiver {
    /// Takes bytes in pieces of any size, and returns the swipes that they end.
    pub fn received(&mut self, bytes: &[u8]) -> Vec<Result<Swipe, FrameError>> {
        let mut found = Vec::new();
        for byte in bytes {
            if self.buffer.is_empty() && *byte != STX {
                continue;
            }
            self.buffer.push(*byte);
            while let Some(end) = self.advance() {
                found.push(end);
            }
        }
        found
    }

    /// The line was quiet for so long that a frame has ended: what there is of one is an error.
    pub fn elapsed(&mut self) -> Option<FrameError> {
        let bytes = self.buffer.len();
        self.buffer.clear();
        (bytes > 0).then_some(FrameError::CutShort { bytes })
    }

    fn advance(&mut self) -> Option<Result<Swipe, FrameError>> {
        let (&[_, low, high], rest) = self.buffer.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes([low, high]));
        if length > MOST {
            self.again();
            return Some(Err(FrameError::Length { length }));
        }
        let (data, [xor, sum, end]) =
            rest.split_at_checked(length).and_then(|(data, tail)| Some((data, tail.first_chunk()?)))?;
        let own_xor = data.iter().fold(0, |sum, byte| sum ^ byte);
        let own_sum = data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if (*xor, *sum, *end) != (own_xor, own_sum, ETX) {
            self.again();
            return Some(Err(FrameError::Damaged));
        }
        let swipe = swipe(data);
        self.buffer.clear();
        Some(swipe)
    }

    /// The frame was none: the next one may begin inside it.
    fn again(&mut self) {
        let next = self.buffer.iter().skip(1).position(|byte| *byte == STX);
        self.buffer = next.and_then(|at| self.buffer.get(at + 1..)).map(<[u8]>::to_vec).unwrap_or_default();
    }
}

/// Why a frame can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// It stopped.
    #[error("the card reader's frame stopped after {bytes} bytes; swipe the card again")]
    CutShort {
        /// How many had come.
        bytes: usize,
    },
    /// Longer than a swipe is.
    #[error("the card reader's frame claims {length} bytes, at most {MOST}; check baud rate and parity")]
    Length {
        /// As claimed.
        length: usize,
    },
    /// XOR, sum or end are wrong.
    #[error("the card reader's frame is damaged; swipe the card again, and check the line if it stays so")]
    Damaged,
    /// Lengths of tracks beyond the data.
    #[error("the tracks in the card reader's frame are longer than the frame; swipe the card again")]
    Tracks,
}

const STX: u8 = 2;
const ETX: u8 = 3;
/// Three tracks, encrypted and in clear, with hashes and serial numbers.
const MOST: usize = 1024;

/// Card type, status of the tracks, three lengths, in the enhanced format what was sent, then the tracks.
fn swipe(data: &[u8]) -> Result<Swipe, FrameError> {
    let (&[kind, status, lengths @ ..], rest) = data.split_first_chunk::<5>().ok_or(FrameError::Tracks)?;
    let lengths: [u8; 3] = lengths;
    let enhanced = kind & 0x80 != 0;
    let (sent, mut rest) = match rest.split_first_chunk::<2>() {
        Some((&[clear, _], rest)) if enhanced => (clear, rest),
        None if enhanced => return Err(FrameError::Tracks),
        _ => (0b111, rest),
    };
    let raw = kind & 0x7f == RAW;
    let mut tracks = <[TrackData; 3]>::default();
    for (index, (track, length)) in tracks.iter_mut().zip(lengths).enumerate() {
        let bit = 1 << index;
        let (decoded, sampled) = (status & bit != 0, (status >> 3) & bit != 0);
        if raw {
            *track = if sampled { TrackData::Damaged(Damage::Encrypted) } else { TrackData::Absent };
            continue;
        }
        if !decoded {
            *track = TrackData::Damaged(Damage::Reader);
        }
        if length == 0 || !decoded {
            continue;
        }
        if sent & bit == 0 {
            *track = TrackData::Damaged(Damage::Encrypted);
            continue;
        }
        let (text, behind) = rest.split_at_checked(usize::from(length)).ok_or(FrameError::Tracks)?;
        *track = track::field(index + 1, text);
        rest = behind;
    }
    Ok(Swipe::new(tracks))
}

/// The card type of data that the reader has not decoded.
const RAW: u8 = 4;
