//! Items, subtotals and payments of a fiscal receipt.

use super::execute::Job;
use super::memory::GROUPS;
use super::money::{percent, product, spread};
use super::print;
use super::refusal::Refusal;
use super::request::{Adjust, Paid, Reply, Sale};
use crate::register::ledger::Item;

/// Largest total of a receipt, in the smallest unit.
const MOST: i64 = 999_999_999;

impl Job<'_> {
    pub fn sell(&mut self, sale: Sale) -> Result<Reply, Refusal> {
        let receipt = self.receipt()?;
        if receipt.payment_started() {
            return Err(Refusal::PaymentStarted);
        }
        if receipt.items.len() >= self.dialect.most_items {
            return Err(Refusal::TooManyItems);
        }
        let group = self.dialect.groups.get(sale.group).filter(|group| group.rate.is_some());
        let letter = group.ok_or(Refusal::TaxDisabled)?.letter;
        if sale.price == 0 {
            return Err(Refusal::NoPrice);
        }
        let amount = product(sale.price, sale.quantity);
        if amount == 0 {
            return Err(Refusal::ProductZero);
        }
        if amount.abs() > MOST {
            return Err(Refusal::ProductTooBig);
        }
        let adjustment = adjustment(amount, sale.adjust)?;
        let mut groups = receipt.groups;
        add(&mut groups, sale.group, amount + adjustment)?;

        print::item(&mut self.out, self.dialect, &sale, amount, letter);
        print::adjustment(&mut self.out, self.dialect, sale.adjust, adjustment);
        let receipt = self.receipt_mut()?;
        receipt.groups = groups;
        if adjustment != 0 {
            receipt.adjustments.push(adjustment);
        }
        if amount < 0 {
            receipt.voids.push(-amount);
        }
        receipt.items.push(Item {
            name: sale.name.join("\n"),
            price: sale.price,
            quantity_micro: sale.quantity * 1000,
            amount: amount + adjustment,
            tax: letter.to_string(),
            department: sale.department,
            ..Item::default()
        });
        Ok(Reply::Sold { slip: receipt.slip })
    }

    /// A discount or surcharge on all of the receipt is spread over its tax groups.
    pub fn subtotal(&mut self, print: bool, adjust: Option<Adjust>) -> Result<Reply, Refusal> {
        let receipt = self.receipt()?;
        if receipt.payment_started() {
            return Err(Refusal::PaymentStarted);
        }
        let total = receipt.total();
        if total == 0 && adjust.is_some() {
            return Err(Refusal::NoItems);
        }
        let adjustment = adjustment(total, adjust)?;
        let mut groups = receipt.groups;
        for (at, part) in spread(adjustment, &receipt.groups).into_iter().enumerate() {
            add(&mut groups, at, part)?;
        }
        if print {
            print::subtotal(&mut self.out, self.dialect, total);
        }
        print::adjustment(&mut self.out, self.dialect, adjust, adjustment);
        let receipt = self.receipt_mut()?;
        receipt.groups = groups;
        if adjustment != 0 {
            receipt.adjustments.push(adjustment);
        }
        Ok(Reply::Subtotal { slip: receipt.slip, groups })
    }

    pub fn pay(&mut self, code: char, sum: Option<i64>, texts: &[String]) -> Result<Reply, Refusal> {
        let receipt = self.receipt()?;
        let payment = self.dialect.payment(code).ok_or(Refusal::PaymentForbidden)?;
        if receipt.total() == 0 {
            return Err(Refusal::NoItems);
        }
        if payment.foreign {
            return Err(Refusal::ForeignDisabled);
        }
        let (due, first) = (receipt.due(), !receipt.payment_started());
        if due == 0 {
            return Err(Refusal::PaidAlready);
        }
        let sum = sum.unwrap_or(due);
        let change = (sum - due).max(0);
        if sum == 0 {
            return Err(Refusal::PaymentZero);
        }
        if change > 0 && receipt.storno.is_some() {
            return Err(Refusal::ChangeInStorno);
        }
        if change > 0 && !payment.cash && !self.dialect.change_from_any_payment {
            return Err(Refusal::PaymentTooBig);
        }
        if payment.cash && receipt.storno.is_some() && sum > self.device.ledger.cash {
            return Err(Refusal::NoCash);
        }
        let total = receipt.total();
        if first {
            print::total(&mut self.out, self.dialect, total);
        }
        print::payment(&mut self.out, self.dialect, texts, payment.name, sum, change);
        let receipt = self.receipt_mut()?;
        receipt.payments.push((code, sum));
        receipt.change = change;
        Ok(Reply::Paid(if change > 0 { Paid::Change(change) } else { Paid::Rest(due - sum) }))
    }
}

/// What a discount or surcharge comes to; a discount can't be larger than the sum it is on.
fn adjustment(sum: i64, adjust: Option<Adjust>) -> Result<i64, Refusal> {
    let value = match adjust {
        None => return Ok(0),
        Some(Adjust::Percent(hundredths)) => percent(sum, hundredths),
        Some(Adjust::Sum(value)) => value * sum.signum(),
    };
    if value.signum() != sum.signum() && value.abs() > sum.abs() {
        return Err(Refusal::NegativeTurnover);
    }
    Ok(value)
}

/// Adds to a tax group: it can't become negative, and the receipt not too big.
fn add(groups: &mut [i64; GROUPS], at: usize, sum: i64) -> Result<(), Refusal> {
    let group = groups.get_mut(at).ok_or(Refusal::TaxDisabled)?;
    *group += sum;
    if *group < 0 {
        return Err(Refusal::NegativeTurnover);
    }
    if groups.iter().sum::<i64>() > MOST { Err(Refusal::ReceiptTooBig) } else { Ok(()) }
}
