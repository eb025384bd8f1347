//! Non-fiscal documents, money in and out, reports, copies, and the clock.

use jiff::civil::DateTime;

use super::execute::{Job, clock_is_lost};
use super::memory::{Day, Kind, Open, entry};
use super::print;
use super::refusal::Refusal;
use super::request::{Reply, Text};
use crate::register::clock;
use crate::register::ledger::{CashMovement, DocumentKind, FiscalDocument};
use crate::register::paper::Line;

/// Z reports that the fiscal memory takes (manual X 2.08, command 68: 1825 or 3650).
pub(super) const REPORTS: u32 = 3650;

impl Job<'_> {
    pub fn open_plain(&mut self) -> Result<Reply, Refusal> {
        self.nothing_open()?;
        self.clock()?;
        let slip = self.begin_document();
        self.memory.open = Some(Open::Plain { lines: Vec::new() });
        print::header(&mut self.out, self.dialect, self.spec);
        Ok(Reply::Document { slip, documents: self.memory.documents })
    }

    pub fn plain_text(&mut self, text: Text) -> Result<Reply, Refusal> {
        self.plain_is_open()?;
        let text = self.fitting(text)?;
        self.out.framed(&text);
        Ok(Reply::Done)
    }

    pub fn close_plain(&mut self) -> Result<Reply, Refusal> {
        let mut lines = self.plain_is_open()?;
        let (slip, at) = (self.memory.slip, self.device.now_iso());
        print::end(&mut self.out, self.dialect, slip, &at, self.dialect.words.plain);
        lines.extend(self.out.take_texts());
        self.memory.open = None;
        self.enter(slip, Kind::Plain, &at, lines);
        Ok(Reply::Document { slip, documents: self.memory.documents })
    }

    fn plain_is_open(&self) -> Result<Vec<String>, Refusal> {
        match &self.memory.open {
            Some(Open::Plain { lines }) => Ok(lines.clone()),
            Some(Open::Fiscal(_)) => Err(Refusal::FiscalReceiptOpen),
            None => Err(Refusal::ReceiptClosed),
        }
    }

    /// A text of at most the columns less two (X); what is longer is cut off (P, C).
    pub fn fitting(&self, mut text: Text) -> Result<Text, Refusal> {
        let most = self.out.width().saturating_sub(2);
        if self.dialect.wide() && text.text.chars().count() > most {
            return Err(Refusal::Value(1));
        }
        text.text = text.text.chars().take(most).collect();
        Ok(text)
    }

    pub fn cash(&mut self, sum: i64) -> Result<Reply, Refusal> {
        if sum != 0 {
            self.nothing_open()?;
            self.clock()?;
            if self.device.ledger.cash + sum < 0 {
                return Err(Refusal::NoCash);
            }
            let (slip, at) = (self.begin_document(), self.device.now_iso());
            let day = &mut self.memory.day;
            if sum > 0 { &mut day.cash_in } else { &mut day.cash_out }.add(sum.abs());
            self.device.ledger.cash += sum;
            self.device.ledger.movements.push(CashMovement { number: slip, sum, at: at.clone() });
            let kind = if sum > 0 { Kind::CashIn } else { Kind::CashOut };
            print::header(&mut self.out, self.dialect, self.spec);
            print::cash(&mut self.out, self.dialect, sum, self.device.ledger.cash);
            print::end(&mut self.out, self.dialect, slip, &at, self.dialect.words.plain);
            let lines = self.out.take_texts();
            self.enter(slip, kind, &at, lines);
        }
        Ok(Reply::Cash {
            in_drawer: self.device.ledger.cash,
            put_in: self.memory.day.cash_in.sum,
            taken_out: self.memory.day.cash_out.sum,
        })
    }

    /// X and Z. A Z report clears the day's registers, the cash in the drawer among them (P 1.00BG,
    /// command 70: the register of cash is there until the day is closed).
    pub fn report(&mut self, reset: bool) -> Result<Reply, Refusal> {
        self.nothing_open()?;
        self.clock()?;
        if reset && (!self.device.storage_has_room() || self.memory.z >= REPORTS) {
            return Err(Refusal::MemoryFull);
        }
        let (slip, at) = (self.begin_document(), self.device.now_iso());
        let z = self.memory.current_z();
        let day = self.memory.day.clone();
        print::header(&mut self.out, self.dialect, self.spec);
        print::report(&mut self.out, self.dialect, self.memory, self.device.ledger.cash, reset);
        let ending = if reset { self.dialect.words.fiscal } else { self.dialect.words.plain };
        print::end(&mut self.out, self.dialect, slip, &at, ending);
        let lines = self.out.take_texts();
        self.enter(slip, if reset { Kind::Z } else { Kind::X }, &at, lines);
        if reset {
            self.end_day(z, &day, slip, at);
        }
        Ok(Reply::Report { z, sold: day.sold, returned: day.returned })
    }

    fn end_day(&mut self, z: u32, day: &Day, slip: u32, at: String) {
        self.device.store(FiscalDocument {
            number: slip,
            sign: z.to_string(),
            at: at.clone(),
            kind: DocumentKind::CloseShift,
            total: day.sold.iter().sum::<i64>() - day.returned.iter().sum::<i64>(),
            shift: z,
            ..FiscalDocument::default()
        });
        let memory = &mut *self.memory;
        (memory.z, memory.z_at) = (z, at);
        (memory.documents, memory.receipts, memory.stornos) = (0, 0, 0);
        memory.day = Day::default();
        let ledger = &mut *self.device.ledger;
        ledger.cash = 0;
        ledger.shift.open = false;
        ledger.shift.number = z;
    }

    pub fn set_clock(&mut self, at: DateTime) -> Result<Reply, Refusal> {
        self.nothing_open()?;
        if clock_is_lost(at) {
            return Err(Refusal::Value(1));
        }
        if clock::iso(at) < self.memory.last_at {
            return Err(Refusal::ClockBehind);
        }
        self.device.set_now(at);
        Ok(Reply::Done)
    }

    /// Of the last receipt, once (P 1.00BG, command 109).
    pub fn duplicate(&mut self) -> Result<Reply, Refusal> {
        self.nothing_open()?;
        let slip = self.memory.last_receipt.slip;
        let entry = entry(&self.device.ledger, slip).filter(|_| !self.memory.duplicated);
        let entry = entry.ok_or(Refusal::NothingToPrint)?;
        self.memory.duplicated = true;
        self.out.print(Line::bold(self.dialect.words.duplicate));
        entry.lines.iter().for_each(|line| self.out.print(Line::text(line.clone())));
        let (slip, at) = (self.begin_document(), self.device.now_iso());
        print::end(&mut self.out, self.dialect, slip, &at, self.dialect.words.plain);
        let lines = self.out.take_texts();
        self.enter(slip, Kind::Plain, &at, lines);
        Ok(Reply::Done)
    }
}
