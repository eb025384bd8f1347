//! Documents in the fiscal storage.

use outlet_protocols::fiscal::{FiscalParams, Money};
use outlet_protocols::shtrih::command::{FindDocument, FoundDocument, ReadDocument, ReadDocumentBlock};
use outlet_protocols::shtrih::tlv::{self, Tlv};

use super::family::Shtrih;
use super::talk::Desk;
use crate::register::Trouble;

/// Number of the shift: tag 1038.
const SHIFT: u16 = 1038;
/// Number of the receipt in its shift: tag 1042.
const RECEIPT: u16 = 1042;

/// The tags of a document.
pub(super) struct Tags {
    /// Those that were read.
    pub all: Vec<Tlv>,
    /// Whether that is the whole document: only then is it sure that a tag is not in it.
    pub complete: bool,
}

impl Shtrih {
    /// A document by its number; `None` where the storage has none such.
    pub(super) async fn document(
        &mut self,
        desk: &mut Desk<'_, '_>,
        document: u32,
    ) -> Result<Option<FoundDocument>, Trouble> {
        self.optional(desk, &FindDocument { document }).await
    }

    /// Reads a document's tags.
    pub(super) async fn tags_of(&mut self, desk: &mut Desk<'_, '_>, document: u32) -> Result<Tags, Trouble> {
        let Some(begun) = self.optional(desk, &ReadDocument { document }).await? else {
            return Ok(Tags { all: Vec::new(), complete: false });
        };
        let length = usize::from(begun.length);
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            match self.optional(desk, &ReadDocumentBlock).await? {
                Some(block) if !block.is_empty() => bytes.extend(block),
                _ => break,
            }
        }
        let complete = bytes.len() == length;
        match tlv::parse(&bytes) {
            Ok(all) => Ok(Tags { all, complete }),
            Err(_) => Ok(Tags { all: Vec::new(), complete: false }),
        }
    }

    /// What is known of a document, as clients see it.
    pub(super) fn params(&self, found: &FoundDocument, tags: &[Tlv]) -> FiscalParams {
        let number = |tag| {
            let value = tlv::find(tags, tag).and_then(|tag| tag.as_number());
            value.and_then(|number| u32::try_from(number).ok())
        };
        FiscalParams {
            fiscal_document_number: Some(found.document),
            fiscal_document_sign: Some(format!("{:010}", found.sign)),
            fiscal_document_date_time: found.time,
            fiscal_receipt_number: number(RECEIPT),
            shift_number: found.shift.map(u32::from).or_else(|| number(SHIFT)),
            fn_number: self.identity.storage.clone(),
            total: found.receipt.map(|receipt| Money(receipt.total)),
        }
    }
}

/// Kinds of documents that are receipts: receipt, strict form, and their corrections.
pub(super) fn is_receipt(found: &FoundDocument) -> bool {
    matches!(found.kind, 3 | 4 | 31 | 41)
}

/// What a kind of document is, for people.
pub(super) fn kind_name(kind: u8) -> &'static str {
    match kind {
        1 => "registration",
        2 => "opening of a shift",
        3 => "receipt",
        4 => "strict form",
        5 => "closing of a shift",
        6 => "end of the storage",
        11 => "change of the registration",
        21 => "state of payments",
        31 => "correction",
        41 => "correction of a strict form",
        _ => "document",
    }
}
