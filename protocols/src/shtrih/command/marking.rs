//! Marking codes in format 1.2: check, accept, bind.
//!
//! The order is [`CheckMarking`] and [`AcceptMarking`] for each code, then the item, then
//! [`BindMarking`] after all other tags of the item. Registers with the vendor's cash core take the
//! binding before the item (vendor's answer in `shtrih-m/fr_drv_ng_examples` issue 42). Fields as in the
//! vendor's *Доработка драйвера под ФФД 1.2* and source (`FSCheckMC`, `FSAcceptMC`, `FSBindMC`).

use super::{Effect, Fields, ParameterError, Request, Truncated};
use crate::shtrih::tlv::Tlv;

/// What is to become of a marked item: tag 2003.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PlannedStatus {
    /// A piece is sold.
    PieceSold = 1,
    /// A measured part is sold.
    MeasureSold = 2,
    /// A piece comes back.
    PieceReturned = 3,
    /// A measured part comes back.
    MeasureReturned = 4,
    /// Nothing changes.
    Unchanged = 255,
}

/// `FF61`: checks a marking code, in the storage and, if connected, with the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckMarking {
    /// Tag 2003.
    pub status: PlannedStatus,
    /// Tag 2102, always 0 so far.
    pub mode: u8,
    /// The code as it was scanned, with its GS bytes (1D), at most 255 bytes.
    pub code: Vec<u8>,
    /// For a measured part: tags 2108 and 1023.
    pub tags: Vec<Tlv>,
}

/// What is known of a marking code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkingCheck {
    /// Result of the check in the storage: tag 2004.
    pub local: u8,
    /// Why the storage has not checked: 0 it has, 1 not to be checked, 2 no key, 3 identifiers 91 and 92
    /// missing or malformed, 4 for another reason.
    pub local_reason: u8,
    /// Type of the code: tag 2100.
    pub kind: u8,
    /// What the authority said; `None` when the register works without connection.
    pub online: Option<OnlineCheck>,
}

/// What came of asking the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineCheck {
    /// The storage's error code for the exchange: 0 none, 20 (hex) the answer was not accepted, FF no
    /// answer in time.
    pub error: u8,
    /// Result of the check: tag 2106; for error 20 (hex) the reason instead.
    pub result: Option<u8>,
    /// Tags of the answer, as they came.
    pub tags: Vec<u8>,
}

impl MarkingCheck {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Truncated> {
        let (local, local_reason) = (fields.byte("local check")?, fields.byte("reason")?);
        let kind = fields.byte("type of the code")?;
        let length = fields.byte("length of the online check")?;
        let online = match length {
            0 => None,
            _ => {
                let error = fields.byte("online error")?;
                Some(OnlineCheck { error, result: fields.byte("result").ok(), tags: fields.rest().to_vec() })
            }
        };
        Ok(Self { local, local_reason, kind, online })
    }
}

impl Request for CheckMarking {
    type Answer = MarkingCheck;

    fn code(&self) -> u16 {
        0xff61
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let mut tags = Vec::new();
        self.tags.iter().for_each(|tag| tag.encode(&mut tags));
        let tags_length = byte_length("tags of the marking code", &tags)?;
        out.extend_from_slice(&[self.status as u8, self.mode, code_length(&self.code)?, tags_length]);
        out.extend_from_slice(&self.code);
        out.extend_from_slice(&tags);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        MarkingCheck::read(fields)
    }
}

/// `FF69`: accepts or rejects the code that was checked last. The answer is tag 2106 where the register
/// gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AcceptMarking {
    /// Rejects it.
    Reject = 0,
    /// Accepts it.
    Accept = 1,
    /// Forgets all codes that were accepted for the next receipt.
    Clear = 2,
}

impl Request for AcceptMarking {
    type Answer = Option<u8>;

    fn code(&self) -> u16 {
        0xff69
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.push(*self as u8);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(fields.byte("result").ok())
    }
}

/// `FF67`: binds a marking code to the item. A code that was not checked before is checked and accepted
/// by the register itself, and then only cancelling the receipt takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindMarking {
    /// The code as it was scanned, with its GS bytes (1D), at most 255 bytes.
    pub code: Vec<u8>,
    /// Accounted by volume and sort (ОСУ), not by piece.
    pub by_volume: bool,
}

/// The answer to [`BindMarking`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindMarkingAnswer {
    /// Type of the code as the register recognised it.
    pub recognised: u16,
    /// Kind of Data Matrix: 0 of 88 characters, 1 symmetric, 2 tobacco, 3 of 44 characters, FF GS1
    /// without marking.
    pub matrix: u8,
    /// The check, where the register had to make it.
    pub check: Option<MarkingCheck>,
}

impl Request for BindMarking {
    type Answer = BindMarkingAnswer;

    fn code(&self) -> u16 {
        0xff67
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.push(code_length(&self.code)?);
        out.extend_from_slice(&self.code);
        if self.by_volume {
            out.push(0xff);
        }
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        let recognised = fields.u16("type of the code")?;
        let matrix = fields.byte("kind of Data Matrix")?;
        let check = if fields.left() >= 4 { Some(MarkingCheck::read(fields)?) } else { None };
        Ok(BindMarkingAnswer { recognised, matrix, check })
    }
}

/// `FF70`: how far the work with marking codes has got (answer as in the vendor's source,
/// `FSReadMCStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkingStatus;

/// The answer to [`MarkingStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkingStatusAnswer {
    /// 0 blocked for now, 1 no code is being checked, 2 a code was given, 3 a request was made, 4 its
    /// answer was taken.
    pub check: u8,
    /// 1 while a notice of the sale is being made.
    pub notice: u8,
    /// Which commands are allowed now.
    pub allowed: u8,
    /// Codes whose results are kept for the next receipt.
    pub kept: u8,
    /// Codes in the notice that is being made.
    pub in_notice: u8,
    /// How full the store of notices is: 0 below 50%, 1 to 80%, 2 to 90%, 3 above.
    pub fullness: u8,
    /// Notices that wait.
    pub waiting: u16,
}

impl Request for MarkingStatus {
    type Answer = MarkingStatusAnswer;

    fn code(&self) -> u16 {
        0xff70
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(MarkingStatusAnswer {
            check: fields.byte("check")?,
            notice: fields.byte("notice")?,
            allowed: fields.byte("allowed commands")?,
            kept: fields.byte("kept codes")?,
            in_notice: fields.byte("codes in the notice")?,
            fullness: fields.byte("fullness")?,
            waiting: fields.u16("notices")?,
        })
    }
}

fn code_length(code: &[u8]) -> Result<u8, ParameterError> {
    match byte_length("marking code", code)? {
        0 => Err(ParameterError::Empty { field: "marking code" }),
        length => Ok(length),
    }
}

fn byte_length(field: &'static str, bytes: &[u8]) -> Result<u8, ParameterError> {
    let length = bytes.len();
    u8::try_from(length).map_err(|_| ParameterError::TooLong { field, length, limit: 255 })
}
