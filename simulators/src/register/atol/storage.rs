//! The fiscal storage: documents with number and sign, and what A4 tells of them.
//!
//! A4 hands a command of the storage on: A4 10, 20, 30, 31, 32, 33, 40, 42, 43, 45 and 46 are the
//! storage's own commands 10h to 46h with its own answers, whose numbers have the lower byte first
//! and whose dates are five bytes, year to minute (interface of the fiscal storage, Federal Tax
//! Service; `AtolOnlineFRBase.cpp` of AlexObukhoff/TerminalClient reads answers 30 and 43 so). For
//! the number that A4 45 is given, and the type and size it answers, public drivers disagree:
//! [`AtolSpec::storage_numbers`](super::AtolSpec::storage_numbers).

use jiff::civil::{DateTime, date};

use super::ByteOrder;
use super::desk::{Desk, Reply};
use super::number::{cp866, text};
use super::params::Params;
use super::receipt;
use super::refusal::Refusal;
use super::tlv::{fvln, pack, vln};
use crate::register::clock::from_iso;
use crate::register::device::Device;
use crate::register::ledger::{DocumentKind, FiscalDocument, Item};

/// Tax number of the owner.
pub(super) const INN: &str = "7701234567";
/// Tax systems registered: all six.
pub(super) const TAX_SYSTEMS: u8 = 0x3F;
/// Registration number.
pub(super) const RNM: &str = "0000000001012345";

impl Desk {
    /// `A4 command ...`.
    pub(super) fn storage(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let command = params.byte()?;
        let data = match command {
            0x10 => shift(device),
            0x20 => exchange(device),
            0x30 => status(device),
            0x31 => device.ledger.storage_number.as_bytes().to_vec(),
            0x32 => vec![28, 11, 21, 29, 1],
            0x33 => [b"fn debug v 1.37 ".as_slice(), &[0]].concat(),
            0x40 => find(document(self.number(params)?, device)?),
            0x42 => unsent(device).count().min(0xFFFF).to_le_bytes().get(..2).unwrap_or_default().to_vec(),
            0x43 => {
                params.rest();
                registration(device)
            }
            0x45 => {
                let document = document(self.number(params)?, device)?;
                let (code, tags) = (code(document.kind), attributes(document, device));
                let size: usize = tags.iter().map(Vec::len).sum();
                self.reading = tags.into();
                let (code, size) = (u16::from(code), u16::try_from(size).unwrap_or(u16::MAX));
                match self.spec.storage_numbers {
                    ByteOrder::HighFirst => [code.to_be_bytes(), size.to_be_bytes()].concat(),
                    ByteOrder::LowFirst => [code.to_le_bytes(), size.to_le_bytes()].concat(),
                }
            }
            0x46 => self.reading.pop_front().ok_or(Refusal::NO_DATA)?,
            other => {
                device.violation(format!("A4 {other:02X} is not a command that this register hands on"));
                return Err(Refusal::UNSUPPORTED);
            }
        };
        params.end()?;
        Ok(Reply::Data(data))
    }

    fn number(&self, params: &mut Params) -> Result<u32, Refusal> {
        let bytes = params.take(4)?.try_into().map_err(|_| Refusal::LENGTH)?;
        Ok(match self.spec.storage_numbers {
            ByteOrder::HighFirst => u32::from_be_bytes(bytes),
            ByteOrder::LowFirst => u32::from_le_bytes(bytes),
        })
    }
}

/// Gives a document its number, time, sign and shift, and stores it.
pub(super) fn store(device: &mut Device, document: FiscalDocument) -> FiscalDocument {
    let mut document = FiscalDocument {
        number: device.ledger.last_number() + 1,
        at: device.now_iso(),
        shift: device.ledger.shift.number,
        ..document
    };
    document.sign = sign(&device.ledger.storage_number, &document).to_string();
    device.store(document.clone());
    document
}

/// A number that looks like a fiscal sign and differs from document to document (FNV-1a).
fn sign(storage: &str, document: &FiscalDocument) -> u32 {
    let text = format!("{storage} {} {} {}", document.number, document.at, document.total);
    text.bytes().fold(0x811C_9DC5, |sum: u32, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn document(number: u32, device: &Device) -> Result<&FiscalDocument, Refusal> {
    device.ledger.document(number).ok_or(Refusal::NO_DATA)
}

/// Documents that the operator of fiscal data has not confirmed: all, nothing is ever sent.
fn unsent(device: &Device) -> impl Iterator<Item = &FiscalDocument> {
    device.ledger.documents.iter()
}

/// `10`: state 1, shift 2, receipt 2.
fn shift(device: &Device) -> Vec<u8> {
    let shift = &device.ledger.shift;
    let mut out = vec![u8::from(shift.open)];
    out.extend((shift.number as u16).to_le_bytes());
    out.extend((shift.receipts as u16).to_le_bytes());
    out
}

/// `20`: state 1 (there is something to send), reading 1, messages 2, first document 4, its date 5.
fn exchange(device: &Device) -> Vec<u8> {
    let count = unsent(device).count();
    let mut out = vec![if count > 0 { 2 } else { 0 }, 0];
    out.extend((count as u16).to_le_bytes());
    let first = unsent(device).next();
    out.extend(first.map_or(0, |document| document.number).to_le_bytes());
    out.extend(first.map_or([0; 5], |document| five(&document.at)));
    out
}

/// `30`: phase 1, document 1, data 1, shift 1, warnings 1, last document's date 5, number 16, last
/// document 4.
fn status(device: &Device) -> Vec<u8> {
    let ledger = &device.ledger;
    let full = ledger.storage_room.is_some_and(|room| room < 10);
    let mut out = vec![3, 0, 0, u8::from(ledger.shift.open), if full { 4 } else { 0 }];
    out.extend(ledger.documents.last().map_or([0; 5], |document| five(&document.at)));
    let mut number = ledger.storage_number.clone().into_bytes();
    number.resize(16, b' ');
    out.extend(number);
    out.extend(ledger.last_number().to_le_bytes());
    out
}

/// `40`: type 1, confirmed 1, date 5, number 4, sign 4, and by type: shift 2; or operation 1 and
/// sum 5.
fn find(document: &FiscalDocument) -> Vec<u8> {
    let mut out = vec![code(document.kind), 0];
    out.extend(five(&document.at));
    out.extend(document.number.to_le_bytes());
    out.extend(sign_of(document).to_le_bytes());
    match document.kind {
        DocumentKind::OpenShift | DocumentKind::CloseShift => {
            out.extend((document.shift as u16).to_le_bytes())
        }
        DocumentKind::StateReport => out.extend([0; 7]),
        _ => {
            out.push(operation(document.kind));
            out.extend(document.total.to_le_bytes().get(..5).unwrap_or_default());
        }
    }
    out
}

/// `43`: date 5, tax number 12, registration number 20, tax systems 1, mode 1, document 4, sign 4.
fn registration(device: &Device) -> Vec<u8> {
    let first = device.ledger.documents.first();
    let mut out = first.map_or([26, 1, 12, 9, 0], |document| five(&document.at)).to_vec();
    out.extend(format!("{INN:<12}{RNM:<20}").into_bytes());
    out.extend([TAX_SYSTEMS, 0]);
    out.extend([0; 8]);
    out
}

/// The code of a form of document (fiscal data formats, table 2).
fn code(kind: DocumentKind) -> u8 {
    match kind {
        DocumentKind::Registration => 1,
        DocumentKind::OpenShift => 2,
        DocumentKind::CloseShift => 5,
        DocumentKind::StateReport => 21,
        kind if receipt::code(kind) >= 7 => 31,
        _ => 3,
    }
}

/// Tag 1054.
fn operation(kind: DocumentKind) -> u8 {
    match kind {
        DocumentKind::Sale | DocumentKind::SaleCorrection => 1,
        DocumentKind::SaleReturn | DocumentKind::SaleReturnCorrection => 2,
        DocumentKind::Buy | DocumentKind::BuyCorrection => 3,
        _ => 4,
    }
}

/// A document as the storage gives it: one attribute after the other.
fn attributes(document: &FiscalDocument, device: &Device) -> Vec<Vec<u8>> {
    let kind = document.kind;
    let mut sign = vec![0x31, 0x04];
    sign.extend(sign_of(document).to_be_bytes());
    let mut out = vec![
        pack(1041, device.ledger.storage_number.as_bytes()),
        pack(1037, format!("{RNM:<20}").as_bytes()),
        pack(1018, format!("{INN:<12}").as_bytes()),
        pack(1040, &document.number.to_le_bytes()),
        pack(1012, &seconds(&document.at).to_le_bytes()),
        pack(1077, &sign),
        pack(1038, &document.shift.to_le_bytes()),
    ];
    if receipt::code(kind) > 0 {
        out.push(pack(1042, &document.receipt.to_le_bytes()));
        out.push(pack(1054, &[operation(kind)]));
        out.push(pack(1020, &vln(document.total.unsigned_abs())));
        for (tag, name) in
            [(1031, "cash"), (1081, "electronic"), (1215, "prepaid"), (1216, "credit"), (1217, "other")]
        {
            let sum: i64 =
                document.payments.iter().filter(|(paid, _)| paid == name).map(|(_, sum)| *sum).sum();
            let sum = if name == "cash" { sum - document.change } else { sum };
            out.push(pack(tag, &vln(sum.unsigned_abs())));
        }
        out.extend(document.items.iter().map(position));
    }
    out.extend(document.tags.iter().map(|(tag, value)| pack(*tag, &kept(*tag, value))));
    out
}

/// Attributes that are texts: tasks and the storage have them in different sets.
const TEXTS: [u16; 22] = [
    1005, 1008, 1009, 1016, 1021, 1026, 1036, 1044, 1073, 1074, 1075, 1117, 1171, 1177, 1179, 1187, 1191,
    1192, 1197, 1203, 1227, 1228,
];

/// An attribute's value, from how it came to how the storage has it.
fn kept(tag: u16, value: &[u8]) -> Vec<u8> {
    if TEXTS.contains(&tag) { cp866(&text(value)) } else { value.to_vec() }
}

/// Tag 1059.
fn position(item: &Item) -> Vec<u8> {
    let mut inner = pack(1030, &cp866(&item.name));
    inner.extend(pack(1079, &vln(item.price.unsigned_abs())));
    inner.extend(pack(1023, &fvln(item.quantity_micro)));
    inner.extend(pack(1043, &vln(item.amount.unsigned_abs())));
    inner.extend(pack(1199, &[item.tax.parse().unwrap_or(0)]));
    inner.extend(pack(1214, &[item.method]));
    inner.extend(pack(1212, &[item.subject]));
    for (tag, value) in &item.tags {
        inner.extend(pack(*tag, &kept(*tag, value)));
    }
    pack(1059, &inner)
}

pub(super) fn sign_of(document: &FiscalDocument) -> u32 {
    document.sign.parse().unwrap_or(0)
}

/// Year, month, day, hour, minute.
fn five(iso: &str) -> [u8; 5] {
    let at = from_iso(iso).unwrap_or_default();
    [(at.year() % 100) as u8, at.month() as u8, at.day() as u8, at.hour() as u8, at.minute() as u8]
}

/// Seconds since 1970, the local time taken as it is (tag 1012).
fn seconds(iso: &str) -> u32 {
    let at: DateTime = from_iso(iso).unwrap_or_default();
    u32::try_from(at.duration_since(date(1970, 1, 1).at(0, 0, 0, 0)).as_secs()).unwrap_or(0)
}
