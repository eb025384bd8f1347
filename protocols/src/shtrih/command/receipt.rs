//! Receipts of registers with a fiscal storage: open, items, tags, close.
//!
//! A sale is [`OpenReceipt`], [`Item`] for each position, [`super::DocumentTags`], [`CloseReceipt`].
//! Only [`CloseReceipt`] makes it a fiscal document. A correction in format 1.05 is
//! [`BeginCorrection`], [`super::DocumentTags`], [`Correction`]; in formats 1.1 and 1.2 it is a receipt
//! that was opened as a correction, with its items.

use super::{ByOperator, Done, Effect, Fields, ParameterError, Request, Truncated};
use crate::fiscal::{DateTime, Operation, TaxationType};
use crate::shtrih::fields::{put, put_sum, put_text, within};

/// `8D`: opens a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenReceipt {
    /// What it registers.
    pub operation: Operation,
    /// A correction of formats 1.1 and 1.2 with items: bit 7 of the type (vendor source,
    /// `shtrih-m/javapos_shtrih`, `PrinterConst.SMFP_RECTYPE_CORRECTION_SALE` and its neighbours).
    pub correction: bool,
}

impl Request for OpenReceipt {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        0x8d
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        // This command has an order of its own.
        let kind = match self.operation {
            Operation::Sell => 0,
            Operation::Buy => 1,
            Operation::SellReturn => 2,
            Operation::BuyReturn => 3,
        };
        out.push(kind | if self.correction { 0x80 } else { 0 });
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }
}

/// `FF46`: an item (*операция V2*; fields as in the vendor's source, `FSPrintRecItem`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What the receipt registers.
    pub operation: Operation,
    /// Quantity in micro units.
    pub quantity: i64,
    /// Price of one unit, in kopecks.
    pub price: i64,
    /// Sum of the item, in kopecks; `None` lets the register multiply. It refuses a sum that differs
    /// from its own by more than a kopeck.
    pub amount: Option<i64>,
    /// Tax in it, in kopecks; `None` lets the register work it out, which it does in its mode 0.
    pub tax_sum: Option<i64>,
    /// The VAT byte of the model: [`crate::shtrih::vat::VatBytes`].
    pub vat: u8,
    /// Department, 0 to 16.
    pub department: u8,
    /// How it is paid: tag 1214, 1 to 7.
    pub method: u8,
    /// What it is: tag 1212.
    pub subject: u8,
    /// Name, at most 128 bytes in cp1251.
    pub name: String,
    /// `false`: stands in the fiscal data, but not on paper. The register takes `//` before the name
    /// for that; a name that begins so by itself gets a space before it.
    pub printed: bool,
}

/// What stands for "work it out" in a sum of five bytes.
const AUTOMATIC: [u8; 5] = [0xff; 5];

impl Request for Item {
    type Answer = Done;

    fn code(&self) -> u16 {
        0xff46
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.push(operation_number(self.operation));
        within("quantity", self.quantity, 1, (1 << 47) - 1)?;
        put(self.quantity, 6, out);
        put_sum("price", self.price, out)?;
        for (field, sum) in [("amount", self.amount), ("tax sum", self.tax_sum)] {
            match sum {
                Some(sum) => put_sum(field, sum, out)?,
                None => out.extend_from_slice(&AUTOMATIC),
            }
        }
        within("department", i64::from(self.department), 0, 16)?;
        within("payment method", i64::from(self.method), 1, 7)?;
        out.extend_from_slice(&[self.vat, self.department, self.method, self.subject]);
        if self.name.trim().is_empty() {
            return Err(ParameterError::Empty { field: "name" });
        }
        let name = match (self.printed, self.name.starts_with("//")) {
            (false, _) => format!("//{}", self.name),
            (true, true) => format!(" {}", self.name),
            (true, false) => self.name.clone(),
        };
        put_text("name", &name, 128, out)
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}

/// `FF45`: closes the receipt: it becomes a fiscal document (*закрытие чека расширенное, вариант V2*;
/// fields as in the vendor's source, `FSCloseReceipt`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReceipt {
    /// What was paid.
    pub payments: Payments,
    /// Kopecks that the total is rounded down by, 0 to 99.
    pub rounding: u8,
    /// Taxes and turnovers; a register in its mode 0 works them out and ignores these.
    pub taxes: TaxSums,
    /// Taxation; `None` for the only one that the register has.
    pub taxation: Option<TaxationType>,
    /// Text at the end, at most 64 bytes in cp1251.
    pub text: String,
}

/// Sums by kind of payment, in kopecks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Payments {
    /// 1: cash.
    pub cash: i64,
    /// 2 to 13: without cash. All of them are one sum, tag 1081, in fiscal data; the register's own
    /// reports keep them apart.
    pub electronic: [i64; 12],
    /// 14: paid before (tag 1215).
    pub prepaid: i64,
    /// 15: to be paid later (tag 1216).
    pub credit: i64,
    /// 16: by something given in return (tag 1217).
    pub exchange: i64,
}

/// Taxes of the whole receipt, in kopecks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaxSums {
    /// Tax at 20% (or the rate that has replaced it).
    pub vat20: i64,
    /// Tax at 10%.
    pub vat10: i64,
    /// Turnover at 0%.
    pub vat0: i64,
    /// Turnover without VAT.
    pub none: i64,
    /// Tax at 20/120.
    pub vat120: i64,
    /// Tax at 10/110.
    pub vat110: i64,
}

impl TaxSums {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let sums = [self.vat20, self.vat10, self.vat0, self.none, self.vat120, self.vat110];
        sums.into_iter().try_for_each(|sum| put_sum("tax", sum, out))
    }
}

/// The answer to [`CloseReceipt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseReceiptAnswer {
    /// Change, in kopecks.
    pub change: i64,
    /// Number of the fiscal document.
    pub document: u32,
    /// Its fiscal sign.
    pub sign: u32,
    /// Its moment, where the register says.
    pub time: Option<DateTime>,
}

impl Request for CloseReceipt {
    type Answer = CloseReceiptAnswer;

    fn code(&self) -> u16 {
        0xff45
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        put_sum("cash", self.payments.cash, out)?;
        self.payments.electronic.iter().try_for_each(|&sum| put_sum("electronic payment", sum, out))?;
        put_sum("prepaid", self.payments.prepaid, out)?;
        put_sum("credit", self.payments.credit, out)?;
        put_sum("exchange", self.payments.exchange, out)?;
        within("rounding", i64::from(self.rounding), 0, 99)?;
        out.push(self.rounding);
        self.taxes.put(out)?;
        out.push(taxation_bit(self.taxation));
        put_text("text", &self.text, 64, out)
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(CloseReceiptAnswer {
            change: fields.money("change")?,
            document: fields.u32("document number")?,
            sign: fields.u32("fiscal sign")?,
            time: if fields.left() >= 5 { fields.storage_time("time")? } else { None },
        })
    }
}

/// `88`: cancels the receipt that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelReceipt;

impl Request for CancelReceipt {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        0x88
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }
}

/// `89`: what the items of the open receipt sum up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtotal;

/// The answer to [`Subtotal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubtotalAnswer {
    /// The operator whose password it was.
    pub operator: u8,
    /// The sum, in kopecks.
    pub sum: i64,
}

impl Request for Subtotal {
    type Answer = SubtotalAnswer;

    fn code(&self) -> u16 {
        0x89
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(SubtotalAnswer { operator: fields.byte("operator")?, sum: fields.money("subtotal")? })
    }
}

/// `FF35`: begins a correction of format 1.05.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeginCorrection;

impl Request for BeginCorrection {
    type Answer = Done;

    fn code(&self) -> u16 {
        0xff35
    }

    fn password(&self) -> super::Authority {
        super::Authority::Administrator
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

/// `FF4A`: the correction of format 1.05, without items (*сформировать чек коррекции V2*; fields as in
/// the vendor's source, `FSPrintCorrectionReceipt2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// By order of the tax authority (tag 1173 is 1), not by oneself (0).
    pub by_order: bool,
    /// What it corrects. Format 1.05 knows sale and purchase; the register refuses what its format lacks.
    pub operation: Operation,
    /// The total, in kopecks.
    pub total: i64,
    /// Paid in cash, in kopecks.
    pub cash: i64,
    /// Paid without cash.
    pub electronic: i64,
    /// Paid before.
    pub prepaid: i64,
    /// To be paid later.
    pub credit: i64,
    /// Paid by something given in return.
    pub exchange: i64,
    /// Taxes and turnovers.
    pub taxes: TaxSums,
    /// Taxation; `None` for the only one that the register has.
    pub taxation: Option<TaxationType>,
}

/// The answer to [`Correction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorrectionAnswer {
    /// Number of the receipt in the shift.
    pub receipt: u16,
    /// Number of the fiscal document.
    pub document: u32,
    /// Its fiscal sign.
    pub sign: u32,
}

impl Request for Correction {
    type Answer = CorrectionAnswer;

    fn code(&self) -> u16 {
        0xff4a
    }

    fn password(&self) -> super::Authority {
        super::Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.extend_from_slice(&[u8::from(self.by_order), operation_number(self.operation)]);
        put_sum("total", self.total, out)?;
        for (field, sum) in [
            ("cash", self.cash),
            ("electronic payment", self.electronic),
            ("prepaid", self.prepaid),
            ("credit", self.credit),
            ("exchange", self.exchange),
        ] {
            put_sum(field, sum, out)?;
        }
        self.taxes.put(out)?;
        out.push(taxation_bit(self.taxation));
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(CorrectionAnswer {
            receipt: fields.u16("receipt number")?,
            document: fields.u32("document number")?,
            sign: fields.u32("fiscal sign")?,
        })
    }
}

/// The number of an operation in commands FFxx and in fiscal data: tag 1054.
pub(super) fn operation_number(operation: Operation) -> u8 {
    match operation {
        Operation::Sell => 1,
        Operation::SellReturn => 2,
        Operation::Buy => 3,
        Operation::BuyReturn => 4,
    }
}

/// The operation of a number of tag 1054.
pub(super) fn operation_of(number: u8) -> Option<Operation> {
    let all = [Operation::Sell, Operation::SellReturn, Operation::Buy, Operation::BuyReturn];
    all.into_iter().find(|&operation| operation_number(operation) == number)
}

/// The bit of a taxation: tag 1055. 0 for the only one that the register has.
fn taxation_bit(taxation: Option<TaxationType>) -> u8 {
    match taxation {
        None => 0,
        Some(TaxationType::Osn) => 1,
        Some(TaxationType::UsnIncome) => 2,
        Some(TaxationType::UsnIncomeOutcome) => 4,
        Some(TaxationType::Esn) => 16,
        Some(TaxationType::Patent) => 32,
    }
}
