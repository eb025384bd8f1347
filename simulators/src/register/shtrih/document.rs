//! Documents of the fiscal storage: how they are made and what they say in tags.
//!
//! Tags, types of documents and the forms of values: the Russian formats of fiscal documents
//! (order of the tax service ED-7-20/662, tables of tags), as the vendor's driver names them in
//! `TLVTags` and the field log of issue 141 shows them on the wire.

use super::super::clock::from_iso;
use super::super::ledger::{DocumentKind, FiscalDocument, Item};
use super::code::{self, Code};
use super::command::Commands;
use super::fields::number;
use super::memory::{Kind, Tags};
use super::{Ffd, text, vat};

/// Taxpayer's number of the simulated register.
pub(super) const TAXPAYER: i64 = 7_700_000_006;
/// Its registration number.
pub(super) const REGISTRATION_NUMBER: &str = "0000000001000006";

impl Commands<'_> {
    /// At power-on: a new storage gets its registration; an open receipt is cancelled where the
    /// model does so.
    pub fn start(&mut self) {
        if self.device.ledger.documents.is_empty() {
            self.store(FiscalDocument { kind: DocumentKind::Registration, ..FiscalDocument::default() });
        }
        if self.spec.cancels_at_power_off && self.memory.receipt.is_some() {
            self.cancelled();
        }
    }

    /// The storage takes another document: room, clock.
    pub fn storage_is_ready(&self) -> Result<(), Code> {
        if !self.device.storage_has_room() {
            return Err(code::FN_FULL);
        }
        self.clock_is_right()
    }

    /// Gives a document its number, time and sign and puts it in the storage.
    pub fn store(&mut self, mut document: FiscalDocument) -> FiscalDocument {
        document.number = self.device.ledger.last_number() + 1;
        document.at = self.device.now_iso();
        document.shift = self.device.ledger.shift.number;
        document.sign = format!("{:010}", sign(&document, &self.device.ledger.storage_number));
        self.device.store(document.clone());
        document
    }

    /// The fields that many answers end with: number and sign.
    pub fn number_and_sign(document: &FiscalDocument) -> Vec<u8> {
        [number(i64::from(document.number), 4), number(sign_of(document), 4)].concat()
    }

    /// A document as structures of tag, length and value, as `FF3B` gives them.
    pub fn structures(&self, document: &FiscalDocument) -> Vec<Vec<u8>> {
        let ledger = &self.device.ledger;
        let mut out = vec![
            tlv(1040, number(i64::from(document.number), 4)),
            tlv(1041, text::field(&ledger.storage_number, 16, b' ')),
            tlv(1037, text::field(REGISTRATION_NUMBER, 20, b' ')),
            tlv(1018, text::field(&TAXPAYER.to_string(), 12, b' ')),
            tlv(1012, number(unix_time(&document.at), 4)),
            tlv(1077, sign_value(document)),
        ];
        if document.kind != DocumentKind::Registration {
            out.push(tlv(1038, number(i64::from(document.shift), 4)));
        }
        if let Some((_, kind)) = receipt_kind(document.kind) {
            out.push(tlv(1042, number(i64::from(document.receipt), 4)));
            out.push(tlv(1054, vec![kind.operation()]));
            out.push(tlv(1020, short(document.total)));
            for (tag, name) in PAYMENT_TAGS {
                let sum = document.payments.iter().filter(|(paid, _)| paid == name).map(|(_, sum)| sum).sum();
                out.push(tlv(tag, short(sum)));
            }
        }
        out.extend(document.tags.iter().map(|(tag, value)| tlv(*tag, value.clone())));
        out.extend(document.items.iter().map(|item| tlv(1059, self.item_value(item))));
        // An answer has room for 252 bytes after its code and error.
        out.retain(|structure| structure.len() <= 250);
        out
    }

    fn item_value(&self, item: &Item) -> Vec<u8> {
        let rate = u8::from_str_radix(&item.tax, 16).ok().and_then(|byte| vat::of_byte(self.spec.vat, byte));
        let mut quantity = vec![6];
        quantity.extend(short(item.quantity_micro));
        let mut out = tlv(1030, text::encode_tag(&item.name));
        out.extend(tlv(1079, short(item.price)));
        out.extend(tlv(1023, quantity));
        out.extend(tlv(1043, short(item.amount)));
        out.extend(tlv(1199, vec![rate.map_or(6, |rate| rate.tag)]));
        out.extend(tlv(1214, vec![item.method]));
        out.extend(tlv(1212, vec![item.subject]));
        for (tag, value) in &item.tags {
            out.extend(tlv(*tag, value.clone()));
        }
        out
    }

    /// Version of the format, tag 1209.
    pub fn format_version(&self) -> u8 {
        match self.spec.ffd {
            Ffd::V105 => 2,
            Ffd::V12 => 4,
        }
    }
}

/// Names of payments in documents, with their tags.
const PAYMENT_TAGS: [(u16, &str); 5] =
    [(1031, "cash"), (1081, "electronic"), (1215, "prepaid"), (1216, "credit"), (1217, "counter")];

/// The name of a payment type of `FF45`, from 1: cash, 2 to 13 electronic, 14 prepaid, 15 credit,
/// 16 counter-provision.
pub(super) fn payment_name(number: usize) -> &'static str {
    match number {
        1 => "cash",
        14 => "prepaid",
        15 => "credit",
        16 => "counter",
        _ => "electronic",
    }
}

/// The type byte of `FF0A`, which is also the tag of the whole document.
pub(super) fn type_of(kind: DocumentKind) -> u8 {
    match kind {
        DocumentKind::Registration => 1,
        DocumentKind::OpenShift => 2,
        DocumentKind::CloseShift => 5,
        DocumentKind::StateReport => 21,
        _ => match receipt_kind(kind) {
            Some((true, _)) => 31,
            _ => 3,
        },
    }
}

/// Whether a receipt is a correction, and of which type it is; `None` for other documents.
pub(super) fn receipt_kind(kind: DocumentKind) -> Option<(bool, Kind)> {
    Some(match kind {
        DocumentKind::Sale => (false, Kind::Sale),
        DocumentKind::SaleReturn => (false, Kind::SaleReturn),
        DocumentKind::Buy => (false, Kind::Buy),
        DocumentKind::BuyReturn => (false, Kind::BuyReturn),
        DocumentKind::SaleCorrection => (true, Kind::Sale),
        DocumentKind::SaleReturnCorrection => (true, Kind::SaleReturn),
        DocumentKind::BuyCorrection => (true, Kind::Buy),
        DocumentKind::BuyReturnCorrection => (true, Kind::BuyReturn),
        _ => return None,
    })
}

/// Reads structures of tag and length; the error is that of the storage.
pub(super) fn parse_tlv(mut bytes: &[u8]) -> Result<Tags, Code> {
    let mut tags = Vec::new();
    while let [t0, t1, l0, l1, rest @ ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*l0, *l1]));
        let (value, next) = rest.split_at_checked(length).ok_or(code::FN_PARAMETERS)?;
        tags.push((u16::from_le_bytes([*t0, *t1]), value.to_vec()));
        bytes = next;
    }
    if bytes.is_empty() && !tags.is_empty() { Ok(tags) } else { Err(code::FN_PARAMETERS) }
}

pub(super) fn tlv(tag: u16, value: Vec<u8>) -> Vec<u8> {
    [number(i64::from(tag), 2), number(value.len() as i64, 2), value].concat()
}

/// A number in as few bytes as it needs, at least one.
fn short(value: i64) -> Vec<u8> {
    let mut bytes = value.to_le_bytes().to_vec();
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// The sign as a number.
pub(super) fn sign_of(document: &FiscalDocument) -> i64 {
    document.sign.parse().unwrap_or_default()
}

/// Tag 1077: two bytes of the storage and the sign, its highest byte first (field log of issue
/// 141: `31 04` and four bytes).
fn sign_value(document: &FiscalDocument) -> Vec<u8> {
    [vec![0x31, 0x04], (sign_of(document) as u32).to_be_bytes().to_vec()].concat()
}

/// A sign without meaning: a checksum (FNV-1a) of what the document says.
fn sign(document: &FiscalDocument, storage: &str) -> u32 {
    let said =
        format!("{storage} {} {} {:?} {}", document.number, document.at, document.kind, document.total);
    said.bytes().fold(0x811C_9DC5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Tag 1012: seconds since 1970 of the local time.
fn unix_time(at: &str) -> i64 {
    let Some(at) = from_iso(at) else { return 0 };
    at.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0)).as_secs()
}
