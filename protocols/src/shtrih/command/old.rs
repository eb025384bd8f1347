//! Receipts of models before the fiscal storage's commands: items `80` to `83`, discounts, close `85`.

use super::{ByOperator, Effect, Fields, ParameterError, Request, Truncated};
use crate::fiscal::Operation;
use crate::shtrih::fields::{put, put_padded, put_sum, within};

/// `80` sale, `81` purchase, `82` return of a sale, `83` return of a purchase: an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldItem {
    /// What is registered.
    pub operation: Operation,
    /// Quantity in micro units; the register counts in thousandths, and a finer one is refused here.
    pub quantity: i64,
    /// Price of one unit, in kopecks.
    pub price: i64,
    /// Department, 0 to 16.
    pub department: u8,
    /// Tax groups, 1 to 4, or 0 for none.
    pub taxes: [u8; 4],
    /// Name, at most 40 bytes in cp1251.
    pub name: String,
}

impl Request for OldItem {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        match self.operation {
            Operation::Sell => 0x80,
            Operation::Buy => 0x81,
            Operation::SellReturn => 0x82,
            Operation::BuyReturn => 0x83,
        }
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        if self.quantity % 1_000 != 0 {
            return Err(ParameterError::TooFine { field: "quantity", value: self.quantity, step: 1_000 });
        }
        within("quantity", self.quantity / 1_000, 1, 9_999_999_999)?;
        put(self.quantity / 1_000, 5, out);
        put_sum("price", self.price, out)?;
        within("department", i64::from(self.department), 0, 16)?;
        out.push(self.department);
        put_groups(self.taxes, out)?;
        if self.name.trim().is_empty() {
            return Err(ParameterError::Empty { field: "name" });
        }
        put_padded("name", &self.name, 40, out)
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }
}

/// `86` and `87`: takes a sum off the receipt, or puts one on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// A surcharge, not a discount.
    pub surcharge: bool,
    /// Kopecks.
    pub sum: i64,
    /// Tax groups, 1 to 4, or 0 for none.
    pub taxes: [u8; 4],
    /// Text, at most 40 bytes in cp1251.
    pub text: String,
}

impl Request for Adjustment {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        if self.surcharge { 0x87 } else { 0x86 }
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        put_sum("sum", self.sum, out)?;
        put_groups(self.taxes, out)?;
        put_padded("text", &self.text, 40, out)
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }
}

/// `85`: closes the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldCloseReceipt {
    /// Sums in kopecks: cash, and payments of kinds 2 to 4.
    pub payments: [i64; 4],
    /// Discount on all of it in hundredths of a percent, -9999 to 9999; negative is a surcharge.
    pub discount: i16,
    /// Tax groups, 1 to 4, or 0 for none.
    pub taxes: [u8; 4],
    /// Text, at most 40 bytes in cp1251.
    pub text: String,
}

/// The answer to [`OldCloseReceipt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldCloseReceiptAnswer {
    /// The operator whose password it was.
    pub operator: u8,
    /// Change, in kopecks.
    pub change: i64,
}

impl Request for OldCloseReceipt {
    type Answer = OldCloseReceiptAnswer;

    fn code(&self) -> u16 {
        0x85
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        self.payments.iter().try_for_each(|&sum| put_sum("payment", sum, out))?;
        within("discount", i64::from(self.discount), -9_999, 9_999)?;
        put(i64::from(self.discount), 2, out);
        put_groups(self.taxes, out)?;
        put_padded("text", &self.text, 40, out)
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(OldCloseReceiptAnswer { operator: fields.byte("operator")?, change: fields.money("change")? })
    }
}

fn put_groups(groups: [u8; 4], out: &mut Vec<u8>) -> Result<(), ParameterError> {
    groups.iter().try_for_each(|&group| within("tax group", i64::from(group), 0, 4))?;
    out.extend_from_slice(&groups);
    Ok(())
}
