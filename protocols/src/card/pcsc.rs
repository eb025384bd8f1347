//! The number of a contactless card from a PC/SC reader.
//!
//! PC/SC, *Interoperability Specification for ICCs and Personal Computer Systems*, part 3, 3.2.2.1.3, "Get
//! Data".

use thiserror::Error;

use super::rfid::Uid;

/// Asks for the UID of the card on the reader.
pub const GET_UID: [u8; 5] = [0xff, 0xca, 0x00, 0x00, 0x00];

/// The UID in the answer to [`GET_UID`].
///
/// # Errors
/// [`PcscError`] with the reader's status, or the length of a number that no card has.
pub fn uid(answer: &[u8]) -> Result<Uid, PcscError> {
    let Some((bytes, status)) = answer.split_last_chunk::<2>() else {
        return Err(PcscError::Short { bytes: answer.len() });
    };
    match *status {
        [0x90, 0x00] => Uid::iso_14443(bytes).ok_or(PcscError::Length { bytes: bytes.len() }),
        [0x63, 0x00] => Err(PcscError::NoCard),
        [0x6a, 0x81] | [0x6d | 0x6e, _] => Err(PcscError::Unsupported),
        [high, low] => Err(PcscError::Status { status: u16::from_be_bytes([high, low]) }),
    }
}

/// Why there is no UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PcscError {
    /// Not even a status.
    #[error("the reader's answer has {bytes} bytes; take the card off and put it on again")]
    Short {
        /// How many came.
        bytes: usize,
    },
    /// A number that no card has.
    #[error("the reader gave a number of {bytes} bytes; cards have 4, 7 or 10")]
    Length {
        /// How many came.
        bytes: usize,
    },
    /// 63 00.
    #[error("the reader has no number to give: the card is gone, or was not on long enough")]
    NoCard,
    /// 6A 81, 6D 00, 6E 00.
    #[error("this card or reader has no UID to ask for, as cards with contacts don't")]
    Unsupported,
    /// Another status.
    #[error("the reader answers {status:04X}; take the card off and put it on again")]
    Status {
        /// SW1 and SW2.
        status: u16,
    },
}
