//! What survives a power failure, kept in one JSON file.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::paper::Roll;

/// A document in the fiscal storage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FiscalDocument {
    /// Its number in the storage, from 1.
    pub number: u32,
    /// Its fiscal sign, as the family writes it.
    pub sign: String,
    /// Local time of the register's clock, `2026-11-22T09:30:00`.
    pub at: String,
    /// What it is.
    pub kind: DocumentKind,
    /// Positions of a receipt, in order.
    pub items: Vec<Item>,
    /// How it was paid: the family's name of the payment, and the sum in the smallest unit.
    pub payments: Vec<(String, i64)>,
    /// Total in the smallest unit.
    pub total: i64,
    /// Money given back, in the smallest unit.
    pub change: i64,
    /// Tags (TLV) that came with it, in order, values as received.
    #[serde(with = "hex_tags")]
    pub tags: Vec<(u16, Vec<u8>)>,
    /// Free text printed on it, a line each.
    pub texts: Vec<String>,
    /// Number of the shift it belongs to.
    pub shift: u32,
    /// Number of the receipt in its shift; 0 for other documents.
    pub receipt: u32,
}

/// Kinds of fiscal documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DocumentKind {
    /// Registration of the storage.
    Registration,
    /// Shift opened.
    OpenShift,
    /// Shift closed, a Z report.
    CloseShift,
    /// Sale.
    #[default]
    Sale,
    /// Return of a sale.
    SaleReturn,
    /// Purchase.
    Buy,
    /// Return of a purchase.
    BuyReturn,
    /// Correction of a sale.
    SaleCorrection,
    /// Correction of a return of a sale.
    SaleReturnCorrection,
    /// Correction of a purchase.
    BuyCorrection,
    /// Correction of a return of a purchase.
    BuyReturnCorrection,
    /// Report on the state of settlements.
    StateReport,
}

/// A position of a receipt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Name as received, decoded.
    pub name: String,
    /// Price of one, in the smallest unit.
    pub price: i64,
    /// Quantity in millionths.
    pub quantity_micro: i64,
    /// What it costs after discounts and surcharges, in the smallest unit.
    pub amount: i64,
    /// Tax as the family writes it.
    pub tax: String,
    /// Department.
    pub department: u32,
    /// Payment method, tag 1214; 0 where the family has none.
    pub method: u8,
    /// Payment object, tag 1212; 0 where the family has none.
    pub subject: u8,
    /// Tags (TLV) bound to it, in order, values as received.
    #[serde(with = "hex_tags")]
    pub tags: Vec<(u16, Vec<u8>)>,
}

/// Money put into the drawer or taken out without a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashMovement {
    /// Number of the register's document.
    pub number: u32,
    /// Smallest unit; negative is out.
    pub sum: i64,
    /// Local time of the register's clock.
    pub at: String,
}

/// The shift.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftState {
    /// It is open.
    pub open: bool,
    /// Number of the open shift, or of the last closed one; 0 before the first.
    pub number: u32,
    /// When it was opened, local time of the register's clock; empty before the first.
    pub opened_at: String,
    /// Receipts in it.
    pub receipts: u32,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Factory serial number.
    pub serial: String,
    /// Number of the fiscal storage or memory.
    pub storage_number: String,
    /// What is in the storage, oldest first.
    pub documents: Vec<FiscalDocument>,
    /// Documents the storage still takes; without a number, as many as come.
    pub storage_room: Option<u32>,
    /// The shift.
    pub shift: ShiftState,
    /// Cash in the drawer by the register's count, smallest unit.
    pub cash: i64,
    /// Money in and out.
    pub movements: Vec<CashMovement>,
    /// Seconds by which the clock differs from the host's (or the fixed one).
    pub clock_offset_s: i64,
    /// Sums, by the family's names, smallest unit.
    pub sums: BTreeMap<String, i64>,
    /// Counters and numbers, by the family's names.
    pub numbers: BTreeMap<String, u64>,
    /// Settings (tables, memory areas), by the family's names.
    pub settings: BTreeMap<String, String>,
    /// Whatever else the family must not lose, in its own form.
    pub own: serde_json::Value,
    /// The roll of paper and what is still to be printed.
    pub(crate) roll: Roll,
}

impl Ledger {
    /// The document with this number.
    pub fn document(&self, number: u32) -> Option<&FiscalDocument> {
        self.documents.iter().find(|document| document.number == number)
    }

    /// The number of the newest document, 0 when there is none.
    pub fn last_number(&self) -> u32 {
        self.documents.last().map_or(0, |document| document.number)
    }
}

/// A ledger and its file. Whoever gets at it for writing makes the next [`save`](Self::save)
/// write.
#[derive(Debug)]
pub(crate) struct Kept {
    ledger: Ledger,
    file: Option<PathBuf>,
    dirty: bool,
}

impl Kept {
    /// Reads the file, or begins with `fresh` where there is none. A file of another register or
    /// of another form is an error.
    pub fn open(file: Option<PathBuf>, fresh: Ledger) -> io::Result<Self> {
        let found = match &file {
            Some(path) => read(path)?,
            None => None,
        };
        let Some(ledger) = found else {
            return Ok(Self { ledger: fresh, file, dirty: true });
        };
        if ledger.serial != fresh.serial {
            let text = format!("the state file is of register {}, not {}", ledger.serial, fresh.serial);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(Self { ledger, file, dirty: false })
    }

    /// Writes the file if anything has changed.
    pub fn save(&mut self) -> io::Result<()> {
        if self.dirty
            && let Some(path) = &self.file
        {
            let temporary = path.with_extension("new");
            std::fs::write(&temporary, serde_json::to_vec(&self.ledger)?)?;
            std::fs::rename(&temporary, path)?;
        }
        self.dirty = false;
        Ok(())
    }
}

impl Deref for Kept {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Ledger {
        self.dirty = true;
        &mut self.ledger
    }
}

fn read(path: &Path) -> io::Result<Option<Ledger>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tags as `["1008:6D61696C"]`.
mod hex_tags {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(tags: &[(u16, Vec<u8>)], serializer: S) -> Result<S::Ok, S::Error> {
        let hex = |value: &[u8]| value.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let lines: Vec<String> = tags.iter().map(|(tag, value)| format!("{tag}:{}", hex(value))).collect();
        lines.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u16, Vec<u8>)>, D::Error> {
        let lines: Vec<String> = Vec::deserialize(deserializer)?;
        lines
            .iter()
            .map(|line| tag(line).ok_or_else(|| D::Error::custom(format!("not a tag: {line}"))))
            .collect()
    }

    fn tag(line: &str) -> Option<(u16, Vec<u8>)> {
        let (tag, hex) = line.split_once(':')?;
        let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
        Some((tag.parse().ok()?, bytes.collect::<Option<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Ledger {
        Ledger { serial: "1".into(), ..Ledger::default() }
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let mut kept = Kept::open(Some(file.clone()), fresh()).unwrap();
        kept.cash = -5;
        kept.documents
            .push(FiscalDocument { tags: vec![(1008, vec![0, 255]), (1, vec![])], ..Default::default() });
        kept.save().unwrap();
        assert_eq!(*Kept::open(Some(file), fresh()).unwrap(), *kept);
    }

    #[test]
    fn a_broken_file_and_one_of_another_register_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        std::fs::write(&file, "{").unwrap();
        assert!(Kept::open(Some(file.clone()), fresh()).is_err());
        std::fs::remove_file(&file).unwrap();
        Kept::open(Some(file.clone()), fresh()).unwrap().save().unwrap();
        let other = Ledger { serial: "2".into(), ..Ledger::default() };
        let error = Kept::open(Some(file), other).unwrap_err();
        assert_eq!(error.to_string(), "the state file is of register 1, not 2");
    }

    #[test]
    fn nothing_is_written_when_nothing_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let mut kept = Kept::open(Some(file.clone()), fresh()).unwrap();
        kept.save().unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(kept.cash, 0);
        kept.save().unwrap();
        assert!(!file.exists());
        kept.cash = 1;
        kept.save().unwrap();
        assert!(file.exists());
    }
}
