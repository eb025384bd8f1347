//! Fiscal receipts: opening, free text, the buyer of an invoice, closing, cancelling.

use super::DatecsDialect;
use super::execute::Job;
use super::memory::{Kind, LastReceipt, Open, Receipt, Transaction};
use super::money::point;
use super::params::is_sale_number;
use super::print;
use super::refusal::Refusal;
use super::request::{Buyer, Numbers, Opening, Reply, Text};
use crate::register::clock;
use crate::register::ledger::{DocumentKind, FiscalDocument};

impl Job<'_> {
    pub fn open(&mut self, opening: Opening) -> Result<Reply, Refusal> {
        self.nothing_open()?;
        if self.dialect.name == DatecsDialect::P && self.ram.wrong_passwords >= 3 {
            // After three wrong ones the printer blocks until it is switched off (48, 102).
            return Err(Refusal::NotPermitted);
        }
        if opening.password != self.spec.password {
            self.ram.wrong_passwords += 1;
            return Err(Refusal::WrongPassword);
        }
        let now = self.clock()?;
        if self.device.shift_is_old() {
            return Err(Refusal::DayOver);
        }
        if !self.device.storage_has_room() {
            return Err(Refusal::JournalFull);
        }
        if opening.storno.as_ref().is_some_and(|storno| storno.memory.is_empty()) {
            return Err(Refusal::NotSimulated);
        }
        let sale = self.sale_number(opening.sale)?;
        self.ram.wrong_passwords = 0;

        let receipt = Receipt {
            slip: self.begin_document(),
            number: 1 + if opening.storno.is_some() { self.memory.stornos } else { self.memory.receipts },
            opened_at: clock::iso(now),
            operator: opening.operator,
            till: opening.till,
            sale,
            invoice: opening.invoice,
            buyer: opening.buyer,
            storno: opening.storno,
            ..Receipt::default()
        };
        print::opening(&mut self.out, self.dialect, self.spec, &receipt);
        let numbers = self.numbers(&receipt);
        self.memory.open = Some(Open::Fiscal(Box::new(receipt)));
        Ok(Reply::Receipt(numbers))
    }

    /// The number given, or the one after the last (P 1.00BG, command 48).
    fn sale_number(&mut self, given: String) -> Result<String, Refusal> {
        const LAST: &str = "last sale number";
        let settings = &self.device.ledger.settings;
        let sale = match settings.get(LAST) {
            _ if !given.is_empty() => given,
            Some(last) if self.dialect.name == DatecsDialect::P && is_sale_number(last) => {
                let (head, number) = last.rsplit_once('-').unwrap_or((last, "0"));
                let next = (number.parse::<u32>().unwrap_or(0) + 1) % 10_000_000;
                format!("{head}-{next:07}")
            }
            None if self.spec.needs_sale_number => return Err(Refusal::NotPermitted),
            _ => return Ok(String::new()),
        };
        self.device.ledger.settings.insert(LAST.to_owned(), sale.clone());
        Ok(sale)
    }

    fn numbers(&self, receipt: &Receipt) -> Numbers {
        Numbers {
            slip: receipt.slip,
            z: self.memory.current_z(),
            receipt: receipt.number,
            documents: self.memory.documents,
        }
    }

    pub fn fiscal_text(&mut self, text: Text) -> Result<Reply, Refusal> {
        self.receipt()?;
        let text = self.fitting(text)?;
        self.out.framed(&text);
        self.receipt_mut()?.texts.push(text.text);
        Ok(Reply::Done)
    }

    /// The buyer of an invoice, once all is paid.
    pub fn buyer(&mut self, buyer: Buyer) -> Result<Reply, Refusal> {
        let receipt = self.receipt()?;
        if !receipt.invoice {
            return Err(Refusal::NoInvoice);
        }
        if !receipt.buyer.is_empty() {
            return Err(Refusal::BuyerGiven);
        }
        if !receipt.payment_started() {
            return Err(Refusal::PaymentNotStarted);
        }
        if receipt.due() > 0 {
            return Err(Refusal::PaidTooLittle);
        }
        print::buyer(&mut self.out, self.dialect, &buyer);
        self.receipt_mut()?.buyer = buyer.number;
        Ok(Reply::Done)
    }

    pub fn close(&mut self) -> Result<Reply, Refusal> {
        let receipt = self.receipt()?;
        if !receipt.payment_started() {
            return Err(Refusal::PaymentNotStarted);
        }
        if receipt.due() > 0 {
            return Err(Refusal::PaidTooLittle);
        }
        if receipt.invoice && receipt.buyer.is_empty() {
            return Err(Refusal::BuyerMissing);
        }
        if !self.device.storage_has_room() {
            return Err(Refusal::JournalFull);
        }
        let mut receipt = receipt.clone();
        let at = self.device.now_iso();
        let numbers = self.numbers(&receipt);
        self.count(&receipt);
        let code = self.code(&receipt, &at);
        print::closing(&mut self.out, self.dialect, &receipt, &at, &code);
        receipt.lines.extend(self.out.take_texts());
        self.memory.last = self.memory.transaction();
        self.memory.last_receipt = LastReceipt {
            slip: receipt.slip,
            receipt: receipt.number,
            at: at.clone(),
            total: receipt.total(),
            code: code.clone(),
        };
        self.memory.duplicated = false;
        self.memory.open = None;
        self.enter(receipt.slip, receipt.kind(), &at, receipt.lines.clone());
        self.device.store(self.document(receipt, at, code));
        Ok(Reply::Receipt(numbers))
    }

    /// Puts a receipt into the day's registers; the day begins with its first one.
    fn count(&mut self, receipt: &Receipt) {
        let storno = receipt.storno.is_some();
        let cash = receipt.payments.iter().filter(|(code, _)| self.is_cash(*code)).map(|(_, sum)| sum);
        let cash = cash.sum::<i64>() - receipt.change;
        let memory = &mut *self.memory;
        let day = &mut memory.day;
        let (sums, paid, count) = match storno {
            true => (&mut day.returned, &mut day.paid_back, &mut memory.stornos),
            false => (&mut day.sold, &mut day.paid, &mut memory.receipts),
        };
        *count += 1;
        for (sum, group) in sums.iter_mut().zip(receipt.groups) {
            *sum += group;
        }
        for (code, sum) in &receipt.payments {
            *paid.entry(*code).or_default() += sum;
        }
        if let Some((code, _)) = receipt.payments.last() {
            *paid.entry(*code).or_default() -= receipt.change;
        }
        for sum in &receipt.adjustments {
            if *sum < 0 { &mut day.discounts } else { &mut day.surcharges }.add(*sum);
        }
        receipt.voids.iter().for_each(|sum| day.voids.add(*sum));
        let ledger = &mut *self.device.ledger;
        ledger.cash += if storno { -cash } else { cash };
        if !ledger.shift.open {
            ledger.shift.open = true;
            ledger.shift.number = self.memory.current_z();
            ledger.shift.opened_at = receipt.opened_at.clone();
            ledger.shift.receipts = 0;
        }
        ledger.shift.receipts += 1;
    }

    fn is_cash(&self, code: char) -> bool {
        self.dialect.payment(code).is_some_and(|payment| payment.cash)
    }

    /// The sign of a receipt: the text of its QR code in Bulgaria (fiscal memory, document, date,
    /// time, sum; ordinance N-18, appendix 1), the numbers of Z report and receipt in Romania.
    fn code(&self, receipt: &Receipt, at: &str) -> String {
        if self.dialect.name == DatecsDialect::Ro {
            return format!("{}-{}", self.memory.current_z(), receipt.number);
        }
        let (date, time) = at.split_once('T').unwrap_or((at, ""));
        let total = point(receipt.total());
        format!("{}*{:07}*{date}*{time}*{total}", self.device.ledger.storage_number, receipt.slip)
    }

    fn document(&self, receipt: Receipt, at: String, sign: String) -> FiscalDocument {
        let kind = if receipt.storno.is_some() { DocumentKind::SaleReturn } else { DocumentKind::Sale };
        let name = |code: char| self.dialect.payment(code).map_or("?", |payment| payment.name).to_owned();
        FiscalDocument {
            number: receipt.slip,
            sign,
            at,
            kind,
            total: receipt.total(),
            payments: receipt.payments.iter().map(|(code, sum)| (name(*code), *sum)).collect(),
            change: receipt.change,
            items: receipt.items,
            texts: receipt.texts,
            shift: self.memory.current_z(),
            receipt: receipt.number,
            ..FiscalDocument::default()
        }
    }

    pub fn cancel(&mut self) -> Result<Reply, Refusal> {
        let receipt = self.receipt()?;
        if receipt.payment_started() && !self.dialect.cancels_after_payment {
            return Err(Refusal::PaymentStarted);
        }
        let mut receipt = receipt.clone();
        let at = self.device.now_iso();
        print::cancelling(&mut self.out, self.dialect, &receipt, &at);
        receipt.lines.extend(self.out.take_texts());
        self.memory.day.cancelled.add(receipt.total());
        // All sums of the receipt are given up (P 1.00BG, command 60).
        let numbers = self.memory.transaction();
        self.memory.last = Transaction { items: 0, total: 0, paid: 0, ..numbers };
        self.memory.open = None;
        self.enter(receipt.slip, Kind::Cancelled, &at, receipt.lines);
        Ok(Reply::Done)
    }
}
