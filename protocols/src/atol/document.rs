//! A fiscal document read back from the storage.
//!
//! [`super::task::Task::BeginDocument`] answers the document's kind and length, each
//! [`super::task::Task::ReadDocument`] a piece of it, the last one error DA (or all bytes have come).

use super::answer::{AnswerError, Fields, accept};
use super::errors::Code;
use super::tlv::{self, Tlv, tag};
use crate::fiscal::DateTime;

/// Kinds of documents.
pub mod kind {
    /// A shift was opened.
    pub const SHIFT_OPENED: u16 = 2;
    /// A receipt.
    pub const RECEIPT: u16 = 3;
    /// A shift was closed.
    pub const SHIFT_CLOSED: u16 = 5;
    /// State of the settlements.
    pub const SETTLEMENTS: u16 = 21;
    /// A correction.
    pub const CORRECTION: u16 = 31;
}

/// Puts the pieces of a document together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    kind: u16,
    length: usize,
    bytes: Vec<u8>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Read on.
    More,
    /// This is the document.
    Done(Document),
}

impl Reader {
    /// Reads the answer to [`super::task::Task::BeginDocument`]: `55 | 00 | kind2 | length2`. The high bytes
    /// come last as in the storage itself, or first (Zzzzipper/projects `FSDocSizeResponse`): kinds are below
    /// 256, so that the zero byte tells.
    ///
    /// # Errors
    /// [`AnswerError`]; refused with [`Code::NO_DATA`] when the storage has no such document.
    pub fn begin(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("a document's head", accept(answer)?, 4)?;
        let (kind, length) = (fields.little_endian(2) as u16, fields.little_endian(2) as u16);
        let high_first = kind & 0xff == 0;
        let turned = |number: u16| if high_first { number.swap_bytes() } else { number };
        Ok(Self { kind: turned(kind), length: usize::from(turned(length)), bytes: Vec::new() })
    }

    /// Takes the answer to a [`super::task::Task::ReadDocument`].
    ///
    /// # Errors
    /// [`AnswerError`] of a refusal, or of attributes that break off.
    pub fn piece(&mut self, answer: &[u8]) -> Result<Progress, AnswerError> {
        match accept(answer) {
            Ok(piece) => self.bytes.extend_from_slice(piece),
            Err(AnswerError::Refused(Code::NO_DATA)) if !self.bytes.is_empty() => return self.done(),
            Err(error) => return Err(error),
        }
        if self.bytes.len() >= self.length { self.done() } else { Ok(Progress::More) }
    }

    fn done(&mut self) -> Result<Progress, AnswerError> {
        let bytes = std::mem::take(&mut self.bytes);
        let mut attributes = tlv::list(&bytes)?;
        // Some firmware gives the document as one attribute whose tag is its kind.
        if let [root] = attributes.as_slice()
            && root.tag == self.kind
        {
            attributes = root.children()?;
        }
        Ok(Progress::Done(Document { kind: self.kind, attributes }))
    }
}

/// A fiscal document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is; see [`kind`].
    pub kind: u16,
    /// All that stands in it.
    pub attributes: Vec<Tlv>,
}

impl Document {
    /// The first attribute of this number.
    pub fn attribute(&self, tag: u16) -> Option<&Tlv> {
        self.attributes.iter().find(|attribute| attribute.tag == tag)
    }

    /// Its number: compare it with the one asked for.
    pub fn number(&self) -> Option<u32> {
        self.number_of(tag::DOCUMENT)
    }

    /// Its fiscal sign, as on paper.
    pub fn sign(&self) -> Option<u32> {
        let value = &self.attribute(tag::SIGN)?.value;
        let last: [u8; 4] = value.get(value.len().checked_sub(4)?..)?.try_into().ok()?;
        Some(u32::from_be_bytes(last))
    }

    /// When it was made.
    pub fn at(&self) -> Option<DateTime> {
        self.attribute(tag::DATE_TIME)?.as_date_time()
    }

    /// Number of the shift.
    pub fn shift(&self) -> Option<u32> {
        self.number_of(tag::SHIFT)
    }

    /// Number of the receipt in its shift.
    pub fn receipt(&self) -> Option<u32> {
        self.number_of(tag::RECEIPT)
    }

    /// Number of the storage.
    pub fn storage(&self) -> Option<String> {
        self.attribute(tag::STORAGE).map(Tlv::as_text)
    }

    /// What a receipt does: 1 sale, 2 its return, 3 buy, 4 its return. Not the codes of
    /// [`super::task::ReceiptKind`].
    pub fn operation(&self) -> Option<u8> {
        self.number_of(tag::OPERATION).and_then(|operation| u8::try_from(operation).ok())
    }

    /// Total in kopecks.
    pub fn total(&self) -> Option<u64> {
        self.attribute(tag::TOTAL)?.as_number()
    }

    /// The attribute of our own: which job made the document.
    pub fn own(&self) -> Option<String> {
        self.attribute(tag::OWN).map(Tlv::as_text)
    }

    /// Its items, as many as can be read.
    pub fn items(&self) -> impl Iterator<Item = Vec<Tlv>> {
        self.attributes
            .iter()
            .filter(|attribute| attribute.tag == tag::ITEM)
            .filter_map(|item| item.children().ok())
    }

    fn number_of(&self, tag: u16) -> Option<u32> {
        self.attribute(tag)?.as_number().and_then(|number| u32::try_from(number).ok())
    }
}
