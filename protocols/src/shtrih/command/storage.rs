//! The fiscal storage (ФН): its state, its documents, tags, the exchange with the operator of fiscal
//! data (ОФД).

use super::receipt::operation_of;
use super::{Authority, Done, Effect, Fields, ParameterError, Request, Truncated};
use crate::fiscal::{Date, DateTime, Operation};
use crate::shtrih::tlv::{self, Tlv};

/// A command of the administrator without parameters that changes nothing.
macro_rules! storage_queries {
    ($($name:ident($fields:ident) $code:expr => $answer:ty $read:block)*) => {$(
        impl Request for $name {
            type Answer = $answer;

            fn code(&self) -> u16 {
                $code
            }

            fn password(&self) -> Authority {
                Authority::Administrator
            }

            fn effect(&self) -> Effect {
                Effect::None
            }

            fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
                Ok(())
            }

            fn read(&self, $fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> $read
        }
    )*};
}

/// `FF01`: the state of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageStatus;

/// The answer to [`StorageStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageStatusAnswer {
    /// Phase of its life: bit 0 set up, 1 fiscal mode opened, 2 closed, 3 all documents handed over.
    pub phase: u8,
    /// The document being made: 0 none, 4 receipt, 14 (hex) correction, the others by the protocol.
    pub current_document: u8,
    /// Whether data of that document have come.
    pub document_data: bool,
    /// Whether a shift is open in the storage.
    pub shift_open: bool,
    /// Warnings.
    pub warnings: StorageWarnings,
    /// When the last document was made.
    pub last_time: Option<DateTime>,
    /// Factory number of the storage, 16 digits.
    pub number: String,
    /// Number of the last fiscal document.
    pub last_document: u32,
}

/// Warnings of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageWarnings(pub u8);

impl StorageWarnings {
    /// Bit 0: the cryptographic processor must be replaced within 3 days.
    pub fn replace_now(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bit 1: it ends within 30 days.
    pub fn replace_soon(self) -> bool {
        self.0 & 2 != 0
    }

    /// Bit 2: the storage is full to 90% (in format 1.2: 99%).
    pub fn nearly_full(self) -> bool {
        self.0 & 4 != 0
    }

    /// Bit 3: the operator of fiscal data has not answered for too long.
    pub fn operator_late(self) -> bool {
        self.0 & 8 != 0
    }
}

/// `FF03`: the last day of the storage. The answer is `None` for bytes that are no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageExpiry;

/// `FF09`: how the register is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration;

/// The answer to [`Registration`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationAnswer {
    /// When.
    pub time: Option<DateTime>,
    /// INN of the owner.
    pub inn: String,
    /// Number of the registration (РНМ).
    pub registration_number: String,
    /// Taxations allowed: bits of tag 1055.
    pub taxations: u8,
    /// Mode of work.
    pub mode: u8,
}

/// `FF39`: the exchange with the operator of fiscal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeStatus;

/// The answer to [`ExchangeStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeStatusAnswer {
    /// Bits: 0 connected, 1 a message is to be sent, 2 waits for a ticket, 3 a command has come, 4 the
    /// settings have changed, 5 waits for the answer to a command.
    pub status: u8,
    /// Whether a message is being read.
    pub reading: bool,
    /// Messages that wait to be sent.
    pub waiting: u16,
    /// Number of the first document that waits; 0 for none.
    pub first_document: u32,
    /// Its moment.
    pub first_time: Option<DateTime>,
}

/// `FF3F`: how many documents have no ticket from the operator of fiscal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unconfirmed;

/// `FF40`: the shift as the storage sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftState;

/// The answer to [`ShiftState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftStateAnswer {
    /// Whether a shift is open.
    pub open: bool,
    /// Number of the shift that is open, or was last.
    pub shift: u16,
    /// Number of the last receipt in it.
    pub receipt: u16,
}

storage_queries! {
    StorageStatus(fields) 0xff01 => StorageStatusAnswer {
        Ok(StorageStatusAnswer {
            phase: fields.byte("phase")?,
            current_document: fields.byte("current document")?,
            document_data: fields.byte("document data")? != 0,
            shift_open: fields.byte("shift")? != 0,
            warnings: StorageWarnings(fields.byte("warnings")?),
            last_time: fields.storage_time("time")?,
            number: ascii(fields.bytes(16, "storage number")?),
            last_document: fields.u32("last document")?,
        })
    }
    StorageExpiry(fields) 0xff03 => Option<Date> {
        fields.year_month_day("last day")
    }
    Registration(fields) 0xff09 => RegistrationAnswer {
        Ok(RegistrationAnswer {
            time: fields.storage_time("time")?,
            inn: ascii(fields.bytes(12, "INN")?),
            registration_number: ascii(fields.bytes(20, "registration number")?),
            taxations: fields.byte("taxations")?,
            mode: fields.byte("mode of work")?,
        })
    }
    ExchangeStatus(fields) 0xff39 => ExchangeStatusAnswer {
        Ok(ExchangeStatusAnswer {
            status: fields.byte("status")?,
            reading: fields.byte("reading")? != 0,
            waiting: fields.u16("messages")?,
            first_document: fields.u32("first document")?,
            first_time: fields.storage_time("time of the first document")?,
        })
    }
    Unconfirmed(fields) 0xff3f => u16 {
        fields.u16("documents")
    }
    ShiftState(fields) 0xff40 => ShiftStateAnswer {
        Ok(ShiftStateAnswer {
            open: fields.byte("shift")? != 0,
            shift: fields.u16("shift number")?,
            receipt: fields.u16("receipt number")?,
        })
    }
}

/// `FF0A`: finds a document by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindDocument {
    /// Number of the fiscal document.
    pub document: u32,
}

/// The answer to [`FindDocument`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDocument {
    /// Kind of document: 1 registration, 2 opening of a shift, 3 receipt, 4 form of strict accounting,
    /// 5 closing of a shift, 6 end of the storage, 11 change of the registration, 21 state of payments,
    /// 31 correction receipt, 41 correction form (*Форматы фискальных документов*, codes of documents).
    pub kind: u8,
    /// Whether the operator of fiscal data has confirmed it.
    pub confirmed: bool,
    /// Its moment.
    pub time: Option<DateTime>,
    /// Its number.
    pub document: u32,
    /// Its fiscal sign.
    pub sign: u32,
    /// What kinds 3, 4, 31 and 41 go on with.
    pub receipt: Option<FoundReceipt>,
    /// What kinds 2 and 5 go on with: number of the shift.
    pub shift: Option<u16>,
    /// Everything behind the sign, as it came.
    pub data: Vec<u8>,
}

/// What stands in the storage's index of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundReceipt {
    /// What it registers; `None` for a number that tag 1054 doesn't have.
    pub operation: Option<Operation>,
    /// The total, in kopecks.
    pub total: i64,
}

impl Request for FindDocument {
    type Answer = FoundDocument;

    fn code(&self) -> u16 {
        0xff0a
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.extend_from_slice(&self.document.to_le_bytes());
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        let kind = fields.byte("kind of document")?;
        let confirmed = fields.byte("ticket")? != 0;
        let time = fields.storage_time("time")?;
        let (document, sign) = (fields.u32("document number")?, fields.u32("fiscal sign")?);
        let data = fields.rest();
        let mut more = Fields::new(data);
        let receipt = match kind {
            3 | 4 | 31 | 41 => Some(FoundReceipt {
                operation: operation_of(more.byte("operation")?),
                total: more.money("total")?,
            }),
            _ => None,
        };
        let shift = match kind {
            2 | 5 => Some(more.u16("shift number")?),
            _ => None,
        };
        Ok(FoundDocument { kind, confirmed, time, document, sign, receipt, shift, data: data.to_vec() })
    }
}

/// `FF3A`: chooses a document to be read with [`ReadDocumentBlock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadDocument {
    /// Number of the fiscal document.
    pub document: u32,
}

/// The answer to [`ReadDocument`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadDocumentAnswer {
    /// Kind of document.
    pub kind: u16,
    /// Bytes of it.
    pub length: u16,
}

impl Request for ReadDocument {
    type Answer = ReadDocumentAnswer;

    fn code(&self) -> u16 {
        0xff3a
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.extend_from_slice(&self.document.to_le_bytes());
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ReadDocumentAnswer { kind: fields.u16("kind of document")?, length: fields.u16("length")? })
    }
}

/// `FF3B`: the next piece of the document that [`ReadDocument`] chose. Pieces are appended to one
/// another and read with [`tlv::parse`]; behind the last one the storage refuses with "no data" (08).
///
/// Each command moves on by a piece, so one whose answer was lost is not asked again: begin with
/// [`ReadDocument`], and compare the sum of the pieces with its length. A document with a gap proves
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadDocumentBlock;

impl Request for ReadDocumentBlock {
    type Answer = Vec<u8>;

    fn code(&self) -> u16 {
        0xff3b
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(fields.rest().to_vec())
    }
}

/// `FF08`: throws away the document that the storage is making. Nothing that is a fiscal document
/// already is changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelDocument;

impl Request for CancelDocument {
    type Answer = Done;

    fn code(&self) -> u16 {
        0xff08
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}

/// `FF0C`: gives tags to the document that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentTags(pub Vec<Tlv>);

/// `FF4D`: gives tags to the item that came last. Registers with the vendor's cash core take the tags of
/// a marked item (1023, 2108) before the item itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemTags(pub Vec<Tlv>);

/// The most bytes of tags in one command. The protocol allows 250, but with code and password that is
/// one more than a frame of level 1 holds.
pub const MAX_TAGS: usize = 249;

impl Request for DocumentTags {
    type Answer = Done;

    fn code(&self) -> u16 {
        0xff0c
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        put_tags(&self.0, out)
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}

impl Request for ItemTags {
    type Answer = Done;

    fn code(&self) -> u16 {
        0xff4d
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        put_tags(&self.0, out)
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}

fn put_tags(tags: &[Tlv], out: &mut Vec<u8>) -> Result<(), ParameterError> {
    let start = out.len();
    tags.iter().for_each(|tag| tag.encode(out));
    let length = out.len() - start;
    match length {
        0 => Err(ParameterError::Empty { field: "tags" }),
        1..=MAX_TAGS => Ok(()),
        _ => Err(ParameterError::TooLong { field: "tags", length, limit: MAX_TAGS }),
    }
}

/// Divides tags among as few commands as hold them, in their order.
///
/// # Errors
/// The first tag that no command holds.
pub fn in_commands(tags: &[Tlv]) -> Result<Vec<Vec<Tlv>>, ParameterError> {
    let mut commands: Vec<Vec<Tlv>> = Vec::new();
    let mut free = 0;
    for tag in tags {
        let length = tlv::HEADER + tag.value.len();
        if length > MAX_TAGS {
            return Err(ParameterError::TooLong { field: "tag", length, limit: MAX_TAGS });
        }
        match commands.last_mut() {
            Some(last) if length <= free => last.push(tag.clone()),
            _ => {
                commands.push(vec![tag.clone()]);
                free = MAX_TAGS;
            }
        }
        free -= length;
    }
    Ok(commands)
}

fn ascii(bytes: &[u8]) -> String {
    let text: String =
        bytes.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { ' ' }).collect();
    text.trim().to_owned()
}
