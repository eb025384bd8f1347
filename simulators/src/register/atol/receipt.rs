//! The open receipt: opening, positions, attributes, payments, closing.

use serde::{Deserialize, Serialize};

use super::desk::{Desk, Reply};
use super::form;
use super::number::{bcd, text};
use super::params::Params;
use super::refusal::Refusal;
use super::tlv::{self, Scope};
use super::{Ffd, shift, storage};
use crate::register::device::Device;
use crate::register::ledger::{DocumentKind, FiscalDocument, Item};

/// Positions that fit in a receipt.
const MOST_ITEMS: usize = 1000;
/// Bytes of attributes that fit in a receipt.
const MOST_TAGS: usize = 8192;
/// The longest name of a position, in characters.
const NAME: usize = 128;

/// A receipt that is neither closed nor cancelled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    /// As in command 92.
    pub code: u8,
    /// It isn't to be printed.
    unprinted: bool,
    /// Kept apart from the rest.
    #[serde(skip)]
    pub items: Vec<Item>,
    /// A position is begun, with these attributes.
    begun: Option<Vec<(u16, Vec<u8>)>>,
    pub tags: Vec<(u16, Vec<u8>)>,
    /// Free text, and after how many positions it stands.
    pub texts: Vec<(usize, String)>,
    /// Form and sum of each payment.
    pub payments: Vec<(u8, i64)>,
    /// A position was taken without asking whether there is so much cash.
    cash_unchecked: bool,
}

impl Receipt {
    pub fn total(&self) -> i64 {
        self.items.iter().map(|item| item.amount).sum()
    }

    fn kind(&self) -> DocumentKind {
        kind(self.code).unwrap_or_default()
    }

    fn paid(&self) -> i64 {
        self.payments.iter().map(|(_, sum)| sum).sum()
    }

    fn pays_out(&self) -> bool {
        pays_out(self.kind())
    }

    /// Adds a payment, if it is one that can be.
    fn pay(&mut self, form: u8, sum: i64) -> Result<(), Refusal> {
        if !(1..=10).contains(&form) {
            return Err(Refusal::PAYMENT);
        }
        if sum <= 0 {
            return Err(Refusal::PRICE);
        }
        self.payments.push((form, sum));
        let without_cash: i64 = self.payments.iter().filter(|(form, _)| *form != 1).map(|(_, sum)| sum).sum();
        if without_cash > self.total() {
            return Err(Refusal::NON_CASH_OVER);
        }
        // There is no change of money that is paid out.
        if self.pays_out() && self.paid() > self.total() { Err(Refusal::PRICE) } else { Ok(()) }
    }
}

/// What a code of command 92 opens. 1, 2, 4, 5, 7 and 9 are in the manual 3.x; 8 and 10 in the
/// vendor's driver (`libfptr10.h`).
pub(super) fn kind(code: u8) -> Option<DocumentKind> {
    Some(match code {
        1 => DocumentKind::Sale,
        2 => DocumentKind::SaleReturn,
        4 => DocumentKind::Buy,
        5 => DocumentKind::BuyReturn,
        7 => DocumentKind::SaleCorrection,
        8 => DocumentKind::SaleReturnCorrection,
        9 => DocumentKind::BuyCorrection,
        10 => DocumentKind::BuyReturnCorrection,
        _ => return None,
    })
}

/// Reverse of [`kind`]; 0 for what is no receipt.
pub(super) fn code(kind: DocumentKind) -> u8 {
    (1..=10).find(|code| self::kind(*code) == Some(kind)).unwrap_or(0)
}

/// Whether cash goes out of the drawer.
pub(super) fn pays_out(kind: DocumentKind) -> bool {
    use DocumentKind::{Buy, BuyCorrection, SaleReturn, SaleReturnCorrection};
    matches!(kind, SaleReturn | Buy | SaleReturnCorrection | BuyCorrection)
}

fn is_correction(kind: DocumentKind) -> bool {
    code(kind) >= 7
}

/// The name of a form of payment.
pub(super) fn payment(form: u8) -> &'static str {
    match form {
        1 => "cash",
        3 => "prepaid",
        4 => "credit",
        5 => "other",
        _ => "electronic",
    }
}

impl Desk {
    /// `92 flags type`. Flag 1: only check; flag 4: don't print.
    pub(super) fn open_receipt(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        let (flags, code) = (params.byte()?, params.byte()?);
        params.end()?;
        self.need_mode(1)?;
        if self.own.receipt.is_some() {
            return Err(Refusal::RECEIPT_OPEN);
        }
        let kind = kind(code).ok_or(Refusal::RECEIPT_KIND)?;
        if matches!(code, 8 | 10) && self.spec.ffd == Ffd::V105 {
            return Err(Refusal::RECEIPT_KIND);
        }
        shift::ready(device)?;
        if flags & 1 != 0 {
            return Ok(Reply::Done);
        }
        shift::open_if_closed(self, device)?;
        let tags = std::mem::take(&mut self.own.next_tags);
        self.own.receipt =
            Some(Receipt { code: self::code(kind), unprinted: flags & 4 != 0, tags, ..Receipt::default() });
        Ok(Reply::Done)
    }

    /// `EA flags 01 00`.
    pub(super) fn begin_item(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        let (flags, one, _) = (params.byte()?, params.byte()?, params.byte()?);
        params.end()?;
        if one != 1 {
            return Err(Refusal::FORMAT);
        }
        let receipt = self.receipt_for_items()?;
        if receipt.begun.is_some() {
            return Err(Refusal::UNFINISHED);
        }
        if flags & 1 == 0 {
            receipt.begun = Some(Vec::new());
        }
        Ok(Reply::Done)
    }

    /// `EB flags price7 quantity5 cost7 tax1 taxsum7 department1 subject1 method1 sign1 discount7
    /// reserved2 name`: quantity in thousandths; department, subject and method in BCD. Flag 1:
    /// only check; flag 2: don't ask whether there is so much cash.
    pub(super) fn end_item(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let flags = params.byte()?;
        let price = params.money(7)?;
        let quantity = params.money(5)?;
        let cost = params.money(7)?;
        let tax = params.byte()?;
        let tax_sum = params.money(7)?;
        let department = params.bcd(1)?;
        let (subject, method) = (params.bcd(1)? as u8, params.bcd(1)? as u8);
        let (_, _) = (params.byte()?, params.bcd(7)?);
        params.take(2)?;
        let name = text(params.rest());
        let correction_limit = self.spec.ffd == Ffd::V105;

        let receipt = self.receipt_for_items()?;
        let begun = receipt.begun.clone().ok_or(Refusal::MODE)?;
        if quantity == 0 {
            return Err(Refusal::QUANTITY);
        }
        if price.checked_mul(quantity).is_none() {
            return Err(Refusal::OVERFLOW);
        }
        if !(0..=12).contains(&tax) || tax_sum > cost {
            return Err(Refusal::TAX);
        }
        if department > 30 {
            return Err(Refusal::DEPARTMENT);
        }
        if !(1..=7).contains(&method) || !(1..=33).contains(&subject) {
            return Err(Refusal::PAYMENT_METHOD);
        }
        if name.chars().count() > NAME {
            return Err(Refusal::LENGTH);
        }
        if receipt.items.len() >= MOST_ITEMS {
            return Err(Refusal::RECEIPT_FULL);
        }
        if correction_limit && is_correction(receipt.kind()) && !receipt.items.is_empty() {
            return Err(Refusal::ONE_POSITION);
        }
        if flags & 2 == 0 && receipt.pays_out() && receipt.total() + cost > device.ledger.cash {
            return Err(Refusal::NO_CASH);
        }
        if flags & 1 != 0 {
            return Ok(Reply::Done);
        }
        receipt.begun = None;
        receipt.cash_unchecked |= flags & 2 != 0;
        receipt.items.push(Item {
            name,
            price,
            quantity_micro: quantity * 1000,
            amount: cost,
            // Without a number, the tax of the department: its default is the first.
            tax: tax.max(1).to_string(),
            department: department as u32,
            method,
            subject,
            tags: begun,
        });
        Ok(Reply::Done)
    }

    /// `E8 flags blocks block data`: an attribute, in one piece or in several.
    pub(super) fn write_tag(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        let (_, blocks, block) = (params.byte()?, params.byte()?, params.byte()?);
        if block == 0 {
            self.blocks.clear();
        }
        if blocks == 0 || block >= blocks {
            return Err(Refusal::FORMAT);
        }
        self.blocks.extend_from_slice(params.rest());
        if self.blocks.len() > MOST_TAGS {
            return Err(Refusal::TLV);
        }
        if block + 1 < blocks {
            return Ok(Reply::Short);
        }
        let bytes = std::mem::take(&mut self.blocks);
        let parsed = tlv::parse(&bytes).ok_or(Refusal::LENGTH)?;
        let [(tag, value)] = parsed.as_slice() else { return Err(Refusal::LENGTH) };
        let scope = tlv::scope(*tag, value.len())?;
        let tags = match (&mut self.own.receipt, scope) {
            (Some(receipt), Scope::Position) => receipt.begun.as_mut().ok_or(Refusal::NO_POSITION)?,
            (None, Scope::Position) => return Err(Refusal::NO_POSITION),
            (Some(Receipt { begun: Some(_), .. }), Scope::Document) => return Err(Refusal::IN_POSITION),
            (Some(receipt), Scope::Document) => &mut receipt.tags,
            (None, Scope::Document) => &mut self.own.next_tags,
        };
        // Who works the register may be said again.
        if matches!(*tag, 1021 | 1203) {
            tags.retain(|(there, _)| there != tag);
        }
        if tags.iter().any(|(there, _)| there == tag) {
            return Err(Refusal::TAG_TWICE);
        }
        if tags.iter().map(|(_, value)| value.len() + 4).sum::<usize>() + bytes.len() > MOST_TAGS {
            return Err(Refusal::TAGS_FULL);
        }
        tags.push((*tag, value.to_vec()));
        Ok(Reply::Short)
    }

    /// `99 flags form sum5` -> what is left to pay, 5 bytes, and change, 5 bytes.
    pub(super) fn pay(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        let (flags, form, sum) = (params.byte()?, params.byte()?, params.money(5)?);
        params.end()?;
        let receipt = self.finished_receipt()?;
        let mut paid = receipt.clone();
        paid.pay(form, sum)?;
        let rest = paid.total() - paid.paid();
        if flags & 1 == 0 {
            *receipt = paid;
        }
        let (left, change) = (rest.max(0).unsigned_abs(), (-rest).max(0).unsigned_abs());
        Ok(Reply::Data([bcd(left, 5), bcd(change, 5)].concat()))
    }

    /// `4A flags form sum5`. Without a sum, what is left is paid in this form.
    pub(super) fn close_receipt(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        let (flags, form, sum) = (params.byte()?, params.byte()?, params.money(5)?);
        params.end()?;
        let mut receipt = self.finished_receipt()?.clone();
        shift::ready(device)?;
        let total = receipt.total();
        let left = total - receipt.paid();
        if left > 0 {
            receipt.pay(form, if sum == 0 { left } else { sum })?;
        }
        if receipt.paid() < total {
            return Err(Refusal::PAID_LESS);
        }
        let change = receipt.paid() - total;
        let cash: i64 = receipt.payments.iter().filter(|(form, _)| *form == 1).map(|(_, sum)| sum).sum();
        if receipt.pays_out() && !receipt.cash_unchecked && cash > device.ledger.cash {
            return Err(Refusal::NO_CASH);
        }
        let kind = receipt.kind();
        let says = |tag: u16| receipt.tags.iter().any(|(there, _)| *there == tag);
        if is_correction(kind) && !(says(1173) && (says(1174) || says(1178))) {
            return Err(Refusal::TAG_MISSING);
        }
        if flags & 1 != 0 {
            return Ok(Reply::Done);
        }

        let number = device.ledger.shift.receipts + 1;
        let document = FiscalDocument {
            kind,
            payments: receipt.payments.iter().map(|(form, sum)| (payment(*form).to_owned(), *sum)).collect(),
            total,
            change,
            texts: receipt.texts.iter().map(|(_, text)| text.clone()).collect(),
            receipt: number,
            tags: receipt.tags.clone(),
            items: receipt.items.clone(),
            ..FiscalDocument::default()
        };
        let document = storage::store(device, document);
        device.ledger.shift.receipts = number;
        let cash = cash - change;
        device.ledger.cash += if receipt.pays_out() { -cash } else { cash };
        shift::count(device, &receipt.payments, receipt.code, total, change);
        self.own.receipt = None;
        let lines = form::receipt(device, &document, &receipt);
        if receipt.unprinted {
            self.own.last = lines;
            return Ok(Reply::Done);
        }
        self.print(device, lines)
    }

    /// `59`.
    pub(super) fn cancel_receipt(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        params.end()?;
        self.need_mode(1)?;
        let receipt = self.own.receipt.take().ok_or(Refusal::RECEIPT_CLOSED)?;
        if receipt.items.is_empty() && receipt.texts.is_empty() {
            return Ok(Reply::Done);
        }
        // What is cancelled is cancelled; the slip that says so comes out when there is paper.
        if device.ledger.roll.ready() {
            let lines = form::cancelled(device, &receipt);
            device.print(lines);
        }
        Ok(Reply::Done)
    }

    /// The receipt, in mode 1, while positions may be added.
    fn receipt_for_items(&mut self) -> Result<&mut Receipt, Refusal> {
        self.need_mode(1)?;
        let receipt = self.own.receipt.as_mut().ok_or(Refusal::RECEIPT_CLOSED)?;
        if receipt.payments.is_empty() { Ok(receipt) } else { Err(Refusal::MODE) }
    }

    /// The receipt, in mode 1, with all its positions finished and at least one.
    fn finished_receipt(&mut self) -> Result<&mut Receipt, Refusal> {
        self.need_mode(1)?;
        let receipt = self.own.receipt.as_mut().ok_or(Refusal::RECEIPT_CLOSED)?;
        if receipt.begun.is_some() {
            return Err(Refusal::UNFINISHED);
        }
        if receipt.items.is_empty() { Err(Refusal::MODE) } else { Ok(receipt) }
    }
}
