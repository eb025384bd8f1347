//! Commands beside fiscal receipts: free text, the journal, cash, reports, and the register itself.

use super::parameter::{moment, plain, range, range_money};
use super::{Command, CommandError, Daily, Effect, Look, Report, Search};
use crate::datecs::dialect::{Dialect, Name};
use crate::datecs::errors::ErrorCode;
use crate::datecs::number::{Moment, money};
use crate::datecs::text;

impl Dialect {
    /// 38: opens a non-fiscal receipt.
    pub fn open_free(&self) -> Command {
        Command { number: 38, data: Vec::new(), effect: Effect::Paper }
    }

    /// 42: a line of text in a non-fiscal receipt.
    pub fn free_text(&self, line: &str, look: Look) -> Result<Command, CommandError> {
        let line = text::encode(self.page, "text", line, self.limits.free_text)?;
        Ok(Command { effect: Effect::Paper, ..self.text_line(42, line, look) })
    }

    /// 39: closes a non-fiscal receipt.
    pub fn close_free(&self) -> Command {
        Command { number: 39, data: Vec::new(), effect: Effect::Paper }
    }

    /// 76: what is open, how many items, how much is due and paid.
    pub fn transaction(&self) -> Command {
        let data = if self.is_tabbed() { Vec::new() } else { b"T".to_vec() };
        Command { number: 76, data, effect: Effect::Query }
    }

    /// 123 with 3 in the wide frame, 113 in the narrow one: the last document.
    pub fn last_document(&self) -> Command {
        let data = if self.is_tabbed() { b"3\t".to_vec() } else { Vec::new() };
        Command { number: self.commands.last_document, data, effect: Effect::Query }
    }

    /// 124: the first and last document of a period.
    pub fn find_documents(&self, from: &Moment, to: &Moment, kind: Search) -> Result<Command, CommandError> {
        let number =
            self.commands.find_documents.ok_or_else(|| self.unsupported("search the journal by time"))?;
        moment("from", from)?;
        moment("to", to)?;
        Ok(self.query(number, &[&from.with_summer(), &to.with_summer(), search_code(kind)]))
    }

    /// 125 (119 on P): chooses a document of the journal by its global number. On P the answer is its first
    /// line already.
    pub fn choose_document(&self, document: u32, kind: Search) -> Result<Command, CommandError> {
        range("document", document.into(), 1, 99_999_999)?;
        let document = document.to_string();
        Ok(match self.name {
            Name::P => {
                let filter = match kind {
                    Search::All => 'A',
                    Search::Fiscal => 'F',
                    Search::Z => 'Z',
                };
                let data = format!("R,#{filter},{document}").into_bytes();
                Command { number: self.commands.read_document, data, effect: Effect::Query }
            }
            _ => self.query(self.commands.read_document, &["0", &document, search_code(kind)]),
        })
    }

    /// 125 (119 on P): the next line of the document that was chosen.
    pub fn next_line(&self) -> Command {
        let number = self.commands.read_document;
        match self.name {
            Name::P => Command { number, data: b"N".to_vec(), effect: Effect::Query },
            Name::C => Command { number, data: b"1".to_vec(), effect: Effect::Query },
            Name::X | Name::Ro => self.query(number, &["1", "", ""]),
        }
    }

    /// 70: puts cash into the drawer; `amount` hundredths, more than 0.
    pub fn cash_in(&self, amount: i64) -> Result<Command, CommandError> {
        range_money("amount", amount, 1, self.limits.money)?;
        Ok(if self.is_tabbed() {
            self.fiscal(70, &["0", &money(amount)])
        } else {
            Command { number: 70, data: money(amount).into_bytes(), effect: Effect::Fiscal }
        })
    }

    /// 70: takes cash out of the drawer; `amount` hundredths, more than 0.
    pub fn cash_out(&self, amount: i64) -> Result<Command, CommandError> {
        range_money("amount", amount, 1, self.limits.money)?;
        Ok(if self.is_tabbed() {
            self.fiscal(70, &["1", &money(amount)])
        } else {
            Command { number: 70, data: money(-amount).into_bytes(), effect: Effect::Fiscal }
        })
    }

    /// 70 without an amount: only tells the sums, and prints nothing.
    pub fn cash(&self) -> Command {
        match self.is_tabbed() {
            true => self.query(70, &["0", "0.00"]),
            false => Command { number: 70, data: Vec::new(), effect: Effect::Query },
        }
    }

    /// 69: a report of the shift.
    pub fn report(&self, report: Report) -> Command {
        let data: &[u8] = match (report, self.is_tabbed()) {
            (Report::X, true) => b"X\t",
            (Report::Z, true) => b"Z\t",
            (Report::X, false) => b"2",
            (Report::Z, false) => b"0",
        };
        let effect = if report == Report::Z { Effect::Fiscal } else { Effect::Paper };
        Command { number: 69, data: data.to_vec(), effect }
    }

    /// 110: sums of the shift.
    pub fn daily(&self, daily: Daily) -> Result<Command, CommandError> {
        let number = self.commands.daily.ok_or_else(|| self.unsupported("tell the sums of the shift"))?;
        let code = match daily {
            Daily::Payments => "0",
            Daily::StornoPayments => "1",
            Daily::Sales => "2",
        };
        Ok(self.query(number, &[code]))
    }

    /// 106: opens the drawer with a pulse of so many milliseconds.
    pub fn drawer(&self, pulse_ms: u16) -> Result<Command, CommandError> {
        range("pulse_ms", pulse_ms.into(), 5, self.limits.pulse_ms.into())?;
        let tab = if self.is_tabbed() { "\t" } else { "" };
        Ok(Command { number: 106, data: format!("{pulse_ms}{tab}").into_bytes(), effect: Effect::Device })
    }

    /// 46 (45 on P): cuts the paper.
    pub fn cut(&self) -> Result<Command, CommandError> {
        let number = self.commands.cut.ok_or_else(|| self.unsupported("cut the paper"))?;
        Ok(Command { number, data: Vec::new(), effect: Effect::Paper })
    }

    /// 44: feeds 1 to 99 lines.
    pub fn feed(&self, lines: u8) -> Result<Command, CommandError> {
        range("lines", lines.into(), 1, 99)?;
        let tab = if self.is_tabbed() { "\t" } else { "" };
        Ok(Command { number: 44, data: format!("{lines}{tab}").into_bytes(), effect: Effect::Paper })
    }

    /// 109: a copy of the last receipt.
    pub fn copy(&self) -> Result<Command, CommandError> {
        let number =
            self.commands.copy.ok_or_else(|| self.unsupported("print a copy of the last receipt"))?;
        let data = if self.is_tabbed() { Vec::new() } else { b"1".to_vec() };
        Ok(Command { number, data, effect: Effect::Paper })
    }

    /// 61: sets the clock.
    pub fn set_clock(&self, at: &Moment) -> Result<Command, CommandError> {
        moment("time", at)?;
        let data = if self.is_tabbed() { format!("{}\t", at.with_summer()) } else { at.plain() };
        Ok(Command { number: 61, data: data.into_bytes(), effect: Effect::Device })
    }

    /// 62: reads the clock.
    pub fn clock(&self) -> Command {
        Command { number: 62, data: Vec::new(), effect: Effect::Query }
    }

    /// 74: the status bytes.
    pub fn status(&self) -> Command {
        Command { number: 74, data: Vec::new(), effect: Effect::Query }
    }

    /// 90: name, firmware, serial number and number of the fiscal memory.
    pub fn identify(&self) -> Command {
        let data = if self.is_tabbed() { b"\t".to_vec() } else { Vec::new() };
        Command { number: 90, data, effect: Effect::Query }
    }

    /// 100: what an error code means, in the register's own words.
    pub fn explain(&self, code: ErrorCode) -> Result<Command, CommandError> {
        let number = self.commands.explain.ok_or_else(|| self.unsupported("explain an error"))?;
        Ok(self.query(number, &[&code.0.to_string()]))
    }

    /// 255: reads a variable such as `nZreport`, `nLastFiscalDoc` or `DFR_needed` (1 when a Z report is due since
    /// the first receipt of the shift).
    pub fn variable(&self, name: &str, index: u32) -> Result<Command, CommandError> {
        let number = self.commands.variable.ok_or_else(|| self.unsupported("read a variable"))?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(CommandError::Malformed { field: "variable", expected: "letters, digits and _" });
        }
        plain("variable", name, 32)?;
        Ok(self.query(number, &[name, &index.to_string(), ""]))
    }
}

/// Kinds of documents in 124 and 125; these three are alike in the *X manual* and the *C manual*.
fn search_code(kind: Search) -> &'static str {
    match kind {
        Search::All => "0",
        Search::Fiscal => "1",
        Search::Z => "2",
    }
}
