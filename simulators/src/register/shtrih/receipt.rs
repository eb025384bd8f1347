//! Receipts: opening, positions, discounts, closing, cancelling, corrections.

use super::super::clock::from_iso;
use super::super::ledger::{DocumentKind, FiscalDocument, Item};
use super::code::{self, Code};
use super::command::{ADMINISTRATOR, Answer, Commands};
use super::document::{payment_name, receipt_kind};
use super::fields::{Fields, number, storage_time};
use super::memory::{Begun, Kind, Receipt};
use super::{layout, vat};

/// A field of five bytes that stands for "not given".
const NOT_GIVEN: i64 = 0xFF_FFFF_FFFF;
/// The largest sum.
const MOST: i64 = 9_999_999_999;

impl Commands<'_> {
    /// `8D`: opens a receipt; with bit 7 of its type, under format 1.2, a correction with positions
    /// (vendor's driver, `PrinterConst.SMFP_RECTYPE_CORRECTION_SALE`).
    pub fn open_receipt(&mut self, fields: &mut Fields<'_>) -> Answer {
        let kind = fields.byte()?;
        let correction = kind & 0x80 != 0;
        let kind = Kind::of(kind & 0x7F).ok_or(code::PARAMETERS)?;
        if correction && self.spec.ffd == super::Ffd::V105 {
            return Err(code::PARAMETERS);
        }
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        self.begin_receipt(kind)?;
        self.own_receipt()?.correction = correction;
        Ok(vec![self.operator])
    }

    /// `FF46`: a position. It opens a receipt of its type when none is open, as the old commands
    /// do.
    pub fn item(&mut self, fields: &mut Fields<'_>) -> Answer {
        let kind = Kind::of_operation(fields.byte()?).ok_or(code::PARAMETERS)?;
        let quantity_micro = fields.number(6)?;
        let price = fields.number(5)?;
        let amount = fields.number(5)?;
        let _tax_sum = fields.number(5)?;
        let tax = fields.byte()?;
        let department = fields.byte()?;
        let (method, subject) = (fields.byte()?, fields.byte()?);
        if fields.left() > 128 {
            return Err(code::LENGTH);
        }
        let name = super::text::decode(fields.rest());
        let rate = vat::of_byte(self.spec.vat, tax).ok_or(code::PARAMETERS)?;
        if !(1..=7).contains(&method) || !(1..=33).contains(&subject) {
            return Err(code::PARAMETERS);
        }
        let computed = product(price, quantity_micro)?;
        let amount = match amount {
            NOT_GIVEN => computed,
            given if (given - computed).abs() <= 1 => given,
            _ => return Err(code::PARAMETERS),
        };
        let tax = format!("{:02X}", rate.byte);
        let department = u32::from(department);
        self.add_item(
            kind,
            Item { name, price, quantity_micro, amount, tax, department, method, subject, tags: Vec::new() },
        )?;
        Ok(Vec::new())
    }

    /// `80` to `83`: a position by the old commands; quantity in thousandths.
    pub fn old_item(&mut self, fields: &mut Fields<'_>, operation: u8) -> Answer {
        let kind = Kind::of_operation(operation).ok_or(code::PARAMETERS)?;
        let quantity_micro = fields.number(5)?.saturating_mul(1000);
        let price = fields.number(5)?;
        let department = u32::from(fields.byte()?);
        let group = fields.bytes(4)?.iter().copied().find(|group| *group > 0).unwrap_or(0);
        let name = fields.text(40)?;
        let rate = vat::of_group(group).ok_or(code::PARAMETERS)?;
        let amount = product(price, quantity_micro)?;
        let tax = format!("{:02X}", rate.byte);
        // Full payment for goods: what these commands stand for in the storage.
        let (method, subject) = (4, 1);
        self.add_item(
            kind,
            Item { name, price, quantity_micro, amount, tax, department, method, subject, tags: Vec::new() },
        )?;
        Ok(vec![self.operator])
    }

    /// `86`, `87`: a discount or surcharge on the receipt.
    pub fn discount(&mut self, fields: &mut Fields<'_>, direction: i64) -> Answer {
        let sum = fields.number(5)?;
        let _taxes = fields.bytes(4)?;
        let text = fields.text(fields.left().min(40))?;
        let width = self.device.spec.width;
        let receipt = self.own_receipt()?;
        if direction < 0 && sum > receipt.total() {
            return Err(code::DISCOUNT);
        }
        if receipt.items.is_empty() || receipt.total() + sum > MOST {
            return Err(code::TOTAL);
        }
        spread(&mut receipt.items, direction * sum);
        let name = if direction < 0 { "СКИДКА" } else { "НАДБАВКА" };
        receipt.lines.push(layout::sum_line(name, sum, width));
        if !text.is_empty() {
            receipt.lines.push(super::super::paper::Line::text(text));
        }
        Ok(vec![self.operator])
    }

    /// `89`: what is to be paid so far.
    pub fn subtotal(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let operator = self.operator;
        let total = self.memory.receipt.as_ref().ok_or(code::RECEIPT_CLOSED)?.total();
        Ok([vec![operator], number(total, 5)].concat())
    }

    /// `88`: cancels the open receipt.
    pub fn cancel_receipt(&mut self, _fields: &mut Fields<'_>) -> Answer {
        self.own_receipt()?;
        self.cancelled();
        Ok(vec![self.operator])
    }

    /// Drops the open receipt and says so on paper.
    pub fn cancelled(&mut self) {
        let Some(receipt) = self.memory.receipt.take() else { return };
        self.memory.add(0xF9 + receipt.kind as u8, receipt.total());
        self.ram.accepted.clear();
        self.ram.checked = None;
        let lines = layout::cancelled(&receipt, self);
        self.print_document(lines);
    }

    /// `FF45`: closes the receipt.
    pub fn close_receipt(&mut self, fields: &mut Fields<'_>) -> Answer {
        let mut paid = Vec::with_capacity(16);
        for _ in 0..16 {
            paid.push(fields.number(5)?);
        }
        let rounding = i64::from(fields.byte()?);
        // The register computes the taxes itself: table 1, field 6 is 0.
        let _taxes = fields.bytes(30)?;
        let tax_system = fields.byte()?;
        if fields.left() > 64 {
            return Err(code::LENGTH);
        }
        let text = super::text::decode(fields.rest());
        if rounding > 99 || tax_system & !0x37 != 0 || tax_system.count_ones() > 1 {
            return Err(code::PARAMETERS);
        }
        let document = self.close(&Closing { paid, rounding, tax_system, text })?;
        let mut out = number(document.change, 5);
        out.extend(Self::number_and_sign(&document));
        if self.spec.extended_answers {
            out.extend(storage_time(from_iso(&document.at).unwrap_or_else(|| self.device.now())));
        }
        Ok(out)
    }

    /// `85`: closes the receipt by the old command, with a discount in hundredths of a per cent.
    pub fn old_close(&mut self, fields: &mut Fields<'_>) -> Answer {
        let mut paid = Vec::with_capacity(4);
        for _ in 0..4 {
            paid.push(fields.number(5)?);
        }
        let discount = fields.number(2)? as u16 as i16;
        let _taxes = fields.bytes(4)?;
        let text = fields.text(fields.left().min(40))?;
        if discount.abs() > 9999 {
            return Err(code::DISCOUNT_RANGE);
        }
        let before = self.own_receipt()?.items.clone();
        let receipt = self.own_receipt()?;
        let off = (receipt.total() * i64::from(discount) + 5000 * i64::from(discount.signum())) / 10_000;
        spread(&mut receipt.items, -off);
        let closed = self.close(&Closing { paid, rounding: 0, tax_system: 0, text });
        if closed.is_err()
            && let Some(receipt) = &mut self.memory.receipt
        {
            receipt.items = before;
        }
        let document = closed?;
        Ok([vec![self.operator], number(document.change, 5)].concat())
    }

    /// `FF4A`: a correction as one sum.
    pub fn correction(&mut self, fields: &mut Fields<'_>) -> Answer {
        let by_order = fields.byte()?;
        let sign = fields.byte()?;
        let total = fields.number(5)?;
        let mut paid = Vec::with_capacity(5);
        for _ in 0..5 {
            paid.push(fields.number(5)?);
        }
        let _taxes = fields.bytes(30)?;
        let tax_system = fields.byte()?;
        let kind = Kind::of_operation(sign).ok_or(code::PARAMETERS)?;
        // Before format 1.2 only what was sold or bought could be corrected.
        if by_order > 1 || (self.spec.ffd == super::Ffd::V105 && kind as u8 > 1) {
            return Err(code::PARAMETERS);
        }
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        if total == 0 {
            return Err(code::TOTAL_ZERO);
        }
        if paid.iter().sum::<i64>() != total {
            return Err(if paid.iter().sum::<i64>() < total { code::PAID_LESS } else { code::PARAMETERS });
        }
        let cash = paid.first().copied().unwrap_or_default();
        self.needs_shift()?;
        if kind.pays_out() && cash > self.device.ledger.cash {
            return Err(code::NO_CASH);
        }
        self.storage_is_ready()?;
        let names = ["cash", "electronic", "prepaid", "credit", "counter"];
        let payments: Vec<(String, i64)> = names
            .iter()
            .zip(&paid)
            .filter(|(_, sum)| **sum > 0)
            .map(|(n, s)| ((*n).to_owned(), *s))
            .collect();
        let mut tags = self.begun_tags(Begun::Correction);
        tags.push((1173, vec![by_order]));
        tags.extend(tax_system_tag(tax_system));
        self.count_cash(kind, cash);
        let document = FiscalDocument {
            kind: document_kind(kind, true),
            payments,
            total,
            tags,
            receipt: self.next_receipt(kind),
            ..FiscalDocument::default()
        };
        let document = self.store(document);
        let lines = layout::receipt(&document, &[], "", self);
        self.print_document(lines);
        Ok([number(i64::from(document.receipt), 2), Self::number_and_sign(&document)].concat())
    }

    /// `FF0C`: tags for the open document.
    pub fn document_tags(&mut self, fields: &mut Fields<'_>) -> Answer {
        let bytes = fields.rest();
        if bytes.len() > 250 {
            return Err(code::FN_TLV_SIZE);
        }
        let tags = super::document::parse_tlv(bytes)?;
        if self.memory.receipt.is_some() {
            self.own_receipt()?.tags.extend(tags);
        } else {
            self.ram.begun.as_mut().ok_or(code::FN_STATE)?.1.extend(tags);
        }
        Ok(Vec::new())
    }

    /// `FF4D`: tags for the last position.
    pub fn item_tags(&mut self, fields: &mut Fields<'_>) -> Answer {
        let bytes = fields.rest();
        if bytes.len() > 250 {
            return Err(code::FN_TLV_SIZE);
        }
        let tags = super::document::parse_tlv(bytes)?;
        let receipt = self.own_receipt()?;
        receipt.items.last_mut().ok_or(code::FN_STATE)?.tags.extend(tags);
        Ok(Vec::new())
    }

    /// The open receipt, if it is this operator's; the system administrator may work on any.
    pub fn own_receipt(&mut self) -> Result<&mut Receipt, Code> {
        let operator = self.operator;
        let receipt = self.memory.receipt.as_mut().ok_or(code::RECEIPT_CLOSED)?;
        if receipt.operator != operator && operator != ADMINISTRATOR {
            return Err(code::OTHER_OPERATOR);
        }
        Ok(receipt)
    }

    fn begin_receipt(&mut self, kind: Kind) -> Result<(), Code> {
        self.needs_shift()?;
        self.storage_is_ready()?;
        self.memory.receipt = Some(Receipt { kind, operator: self.operator, ..Receipt::default() });
        Ok(())
    }

    fn add_item(&mut self, kind: Kind, item: Item) -> Result<(), Code> {
        if item.quantity_micro == 0 {
            return Err(code::QUANTITY);
        }
        if item.department > 16 {
            return Err(code::DEPARTMENT);
        }
        if self.memory.receipt.is_none() {
            self.begin_receipt(kind)?;
        }
        let lines = layout::item(&item, self);
        let receipt = self.own_receipt()?;
        if receipt.kind != kind {
            return Err(code::RECEIPT_TYPE);
        }
        if receipt.total() + item.amount > MOST {
            return Err(code::TOTAL);
        }
        receipt.items.push(item);
        receipt.lines.extend(lines);
        Ok(())
    }

    /// Checks the payments, puts the receipt in the storage, counts the money, and prints.
    fn close(&mut self, closing: &Closing) -> Result<FiscalDocument, Code> {
        let Closing { paid, rounding, tax_system, text } = closing;
        let mut receipt = self.own_receipt()?.clone();
        let total = receipt.total() - rounding;
        if total <= 0 {
            return Err(code::TOTAL_ZERO);
        }
        let given: i64 = paid.iter().sum();
        let cashless: i64 = paid.iter().skip(1).sum();
        if cashless > total {
            return Err(code::CASHLESS_OVER);
        }
        if given < total {
            return Err(code::PAID_LESS);
        }
        let cash = total - cashless;
        if receipt.kind.pays_out() && cash > self.device.ledger.cash {
            return Err(code::NO_CASH);
        }
        if self.device.shift_is_old() {
            return Err(code::FN_SHIFT_OLD);
        }
        if self.spec.ffd == super::Ffd::V12 && receipt.items.iter().any(is_unchecked_mark) {
            return Err(code::FN_MARK_UNKNOWN);
        }
        self.storage_is_ready()?;
        let kept: Vec<i64> = [cash].into_iter().chain(paid.iter().skip(1).copied()).collect();
        self.count_money(&receipt, &kept);
        receipt.tags.extend(tax_system_tag(*tax_system));
        let document = FiscalDocument {
            kind: document_kind(receipt.kind, receipt.correction),
            payments: payments(&kept),
            total,
            change: given - total,
            receipt: self.next_receipt(receipt.kind),
            items: receipt.items,
            tags: receipt.tags,
            texts: receipt.texts,
            ..FiscalDocument::default()
        };
        let document = self.store(document);
        self.memory.receipt = None;
        self.ram.accepted.clear();
        let lines = layout::receipt(&document, &receipt.lines, text, self);
        self.memory.last_receipt.clone_from(&lines);
        let printed = self.memory.field(17, 1, 7);
        if printed == [0] {
            self.print_document(lines);
        } else if printed == [1] {
            self.memory.tables.remove("17.1.7");
        }
        Ok(document)
    }

    /// Adds the receipt to the registers of the shift; `kept` are the sums by payment type without
    /// what is given back.
    fn count_money(&mut self, receipt: &Receipt, kept: &[i64]) {
        for (register, sum) in [0xC1, 0xC5, 0xC9, 0xCD].into_iter().zip(kept) {
            self.memory.add(register + receipt.kind as u8, *sum);
        }
        for item in &receipt.items {
            let department = item.department.clamp(1, 16) as u8;
            self.memory.add(0x79 + 4 * (department - 1) + receipt.kind as u8, item.amount);
        }
        self.count_cash(receipt.kind, kept.first().copied().unwrap_or_default());
    }

    fn count_cash(&mut self, kind: Kind, cash: i64) {
        self.device.ledger.cash += if kind.pays_out() { -cash } else { cash };
    }

    /// Counts one more receipt in the shift and gives its number.
    fn next_receipt(&mut self, kind: Kind) -> u32 {
        self.memory.count(0x90 + kind as u8);
        self.memory.count(152);
        self.device.ledger.shift.receipts += 1;
        self.device.ledger.shift.receipts
    }
}

/// What a closing command says.
struct Closing {
    /// Sums by payment type, cash first.
    paid: Vec<i64>,
    /// Kopecks that are not asked for.
    rounding: i64,
    /// A bit of tag 1055, or 0: as registered.
    tax_system: u8,
    /// A line of text under the payments.
    text: String,
}

/// Sums by payment type as a document has them: by name, without those that are zero.
fn payments(kept: &[i64]) -> Vec<(String, i64)> {
    let mut payments: Vec<(String, i64)> = Vec::new();
    for (number, &sum) in (1..).zip(kept).filter(|(_, sum)| **sum > 0) {
        let name = payment_name(number);
        match payments.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known += sum,
            None => payments.push((name.to_owned(), sum)),
        }
    }
    payments
}

fn tax_system_tag(system: u8) -> Option<(u16, Vec<u8>)> {
    (system != 0).then(|| (1055, vec![system]))
}

/// A position with a marking code that went through neither check nor binding.
fn is_unchecked_mark(item: &Item) -> bool {
    item.subject >= 31
        && item.subject % 2 == 1
        && !item.tags.iter().any(|(tag, _)| *tag == super::marking::TAG)
}

fn document_kind(kind: Kind, correction: bool) -> DocumentKind {
    let kinds = [
        DocumentKind::Sale,
        DocumentKind::SaleReturn,
        DocumentKind::Buy,
        DocumentKind::BuyReturn,
        DocumentKind::SaleCorrection,
        DocumentKind::SaleReturnCorrection,
        DocumentKind::BuyCorrection,
        DocumentKind::BuyReturnCorrection,
    ];
    kinds.into_iter().find(|found| receipt_kind(*found) == Some((correction, kind))).unwrap_or_default()
}

/// Price times quantity in kopecks, rounded to the nearest.
fn product(price: i64, quantity_micro: i64) -> Result<i64, Code> {
    let product = (i128::from(price) * i128::from(quantity_micro) + 500_000) / 1_000_000;
    i64::try_from(product).ok().filter(|sum| *sum <= MOST).ok_or(code::PRODUCT)
}

/// sum * amount / total.
fn part(sum: i64, amount: i64, total: i64) -> i64 {
    let part = i128::from(sum) * i128::from(amount) / i128::from(total);
    i64::try_from(part).unwrap_or(sum)
}

/// Adds a sum to the positions in proportion to what they cost; the last gets what is left.
fn spread(items: &mut [Item], sum: i64) {
    let total: i64 = items.iter().map(|item| item.amount).sum();
    let mut left = sum;
    let count = items.len();
    for (index, item) in items.iter_mut().enumerate() {
        let share = if index + 1 == count || total == 0 { left } else { part(sum, item.amount, total) };
        item.amount += share;
        left -= share;
        if total == 0 {
            break;
        }
    }
}
