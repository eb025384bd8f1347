//! The answer to each command.

use super::fields::Fields;
use super::{
    AnswerError, Cash, Chosen, Found, Identity, LastDocument, Numbers, Open, Paid, Refusal, ReportDone,
    Subtotal, Transaction,
};
use crate::datecs::command::{Effect, Reason};
use crate::datecs::dialect::{Dialect, Name};
use crate::datecs::errors::Class;
use crate::datecs::frame::Reply;
use crate::datecs::number::{Moment, read_money};
use crate::datecs::status::{Condition, Status};
use crate::datecs::text;

impl Dialect {
    /// Refuses what the register refused; for commands whose answer says nothing else. `effect` is that of the
    /// command: without paper, printing commands of the narrow frame are refused by status bit 2.0 alone.
    pub fn done(&self, effect: Effect, reply: &Reply) -> Result<(), AnswerError> {
        self.fields(effect, reply).map(|_| ())
    }

    /// 48, 43 (46), 56, 38, 39: the numbers of a receipt.
    pub fn numbers(&self, reply: &Reply) -> Result<Numbers, AnswerError> {
        let fields = self.fields(Effect::Fiscal, reply)?;
        let mut numbers = Numbers::default();
        match self.name {
            Name::X => numbers.slip = Some(fields.count(0, "slip number")?),
            Name::Ro => {
                numbers.slip = Some(fields.count(0, "slip number")?);
                numbers.z = fields.optional_count(1);
                numbers.fiscal = fields.optional_count(2);
            }
            Name::P | Name::C => {
                numbers.since_z = Some(fields.count(0, "count of receipts")?);
                numbers.fiscal_since_z = fields.optional_count(1);
            }
        }
        Ok(numbers)
    }

    /// 51: the sum so far.
    pub fn subtotal_answer(&self, reply: &Reply) -> Result<Subtotal, AnswerError> {
        let fields = self.fields(Effect::Fiscal, reply)?;
        let at = usize::from(self.is_tabbed());
        Ok(Subtotal {
            slip: if at == 1 { fields.optional_count(0) } else { None },
            total: fields.sum(at, "subtotal")?,
            by_tax: fields.sums(at + 1)?,
        })
    }

    /// 53: what a payment left.
    pub fn paid(&self, reply: &Reply) -> Result<Paid, AnswerError> {
        let fields = self.fields(Effect::Fiscal, reply)?;
        let (letter, sum) = if self.is_tabbed() {
            (fields.text(0), fields.sum(1, "amount"))
        } else {
            let all = fields.text(0);
            let at = all.chars().next().map_or(0, char::len_utf8);
            let (letter, sum) = all.split_at_checked(at).unwrap_or((all, ""));
            (letter, read_money(sum, self.whole).ok_or_else(|| fields.unreadable("amount")))
        };
        match letter {
            "D" => sum.map(|due| Paid::Due(due.abs())),
            "R" => sum.map(|change| Paid::Change(change.abs())),
            "F" | "E" | "I" => Err(fields.refused(Refusal::Letter(letter.chars().next().unwrap_or('F')))),
            _ => Err(fields.unreadable("kind of answer, D or R")),
        }
    }

    /// 76: what is open, how many items, how much is due and paid.
    pub fn transaction_answer(&self, reply: &Reply) -> Result<Transaction, AnswerError> {
        let fields = self.fields(Effect::Query, reply)?;
        let number = if self.is_tabbed() { Some(fields.count(1, "number")?) } else { None };
        let (z, fiscal, items) = match self.name {
            Name::Ro => (Some(fields.count(2, "Z number")?), Some(fields.count(3, "fiscal number")?), 4),
            Name::X => (None, None, 2),
            Name::P | Name::C => (None, None, 1),
        };
        Ok(Transaction {
            open: self.open(fields.count(0, "open flag")?, &reply.status),
            number,
            z,
            fiscal,
            items: fields.count(items, "number of items")?,
            amount: fields.sum(items + 1, "amount")?,
            paid: fields.sum(items + 2, "sum paid")?,
        })
    }

    /// The open flag of command 76. The narrow frame says 1 for any receipt, and by status bits which
    /// (*P manual*, command 76).
    fn open(&self, flag: u32, status: &Status) -> Open {
        match (flag, self.is_tabbed()) {
            (0, _) => Open::Nothing,
            (1, true) => Open::Sale,
            (2, true) => Open::Storno(Some(Reason::OperatorError)),
            (3, true) => Open::Storno(Some(Reason::Refund)),
            (4, true) => Open::Storno(Some(Reason::TaxBase)),
            (5, true) => Open::Free,
            (1, false) if status.has(self.status, Condition::NonFiscalOpen) => Open::Free,
            (1, false) if status.has(self.status, Condition::RotatedOpen) => Open::Free,
            (1, false) if status.has(self.status, Condition::StornoOpen) => Open::Storno(None),
            // C has no bit for storno receipts: there a sale may also be one.
            (1, false) => Open::Sale,
            (other, _) => Open::Unknown(other),
        }
    }

    /// 123 with 3, or 113: the last document.
    pub fn last_document_answer(&self, reply: &Reply) -> Result<LastDocument, AnswerError> {
        let fields = self.fields(Effect::Query, reply)?;
        if !self.is_tabbed() {
            return Ok(LastDocument {
                document: Some(fields.count(0, "number")?),
                ..LastDocument::default()
            });
        }
        Ok(LastDocument {
            document: None,
            fiscal: Some(fields.count(0, "number of the last receipt")?),
            at: Moment::read(fields.text(1)),
            z: Some(fields.count(2, "number of the last Z report")?),
            z_at: Moment::read(fields.text(3)),
        })
    }

    /// 124: the documents found; `None` when there are none.
    pub fn found(&self, reply: &Reply) -> Result<Option<Found>, AnswerError> {
        match self.fields(Effect::Query, reply) {
            Ok(fields) => {
                let (first, last) = (fields.count(2, "first document")?, fields.count(3, "last document")?);
                Ok(Some(Found { first, last }))
            }
            Err(error) => nothing(error),
        }
    }

    /// 125 with 0 (119 with R on P): the document chosen; `None` when there is none of this number.
    pub fn chosen(&self, reply: &Reply) -> Result<Option<Chosen>, AnswerError> {
        let fields = match self.fields(Effect::Query, reply) {
            Ok(fields) => fields,
            Err(error) => return nothing(error),
        };
        let none = Chosen { document: None, at: None, kind: None, z: None, line: None };
        match self.name {
            Name::P => Ok(journal_line(&fields)?.map(|line| Chosen { line: Some(line), ..none })),
            Name::C => Ok(match fields.text(0) {
                "P" => Some(Chosen {
                    document: Some(fields.count(1, "document")?),
                    at: Moment::read(fields.text(2)),
                    kind: fields.optional_count(3),
                    z: fields.optional_count(4),
                    line: None,
                }),
                _ => return Err(fields.unreadable("P or F")),
            }),
            Name::X | Name::Ro => Ok(Some(Chosen {
                document: Some(fields.count(0, "document")?),
                at: Moment::read(fields.text(2)),
                kind: fields.optional_count(3),
                z: fields.optional_count(4),
                line: None,
            })),
        }
    }

    /// 125 with 1 (119 with N on P): a line; `None` after the last one.
    pub fn line(&self, reply: &Reply) -> Result<Option<String>, AnswerError> {
        let fields = match self.fields(Effect::Query, reply) {
            Ok(fields) => fields,
            Err(error) => return nothing(error),
        };
        match self.is_tabbed() {
            true if fields.is_empty() => Err(fields.unreadable("line")),
            true => Ok(Some(fields.text(0).to_owned())),
            false => journal_line(&fields),
        }
    }

    /// 70: the cash after it.
    pub fn cash_answer(&self, effect: Effect, reply: &Reply) -> Result<Cash, AnswerError> {
        let fields = self.fields(effect, reply)?;
        let at = match (self.is_tabbed(), fields.text(0)) {
            (true, _) => 0,
            (false, "P") => 1,
            (false, _) => return Err(fields.unreadable("P or F")),
        };
        Ok(Cash {
            drawer: fields.sum(at, "cash in the drawer")?,
            paid_in: fields.sum(at + 1, "cash put in")?,
            paid_out: fields.sum(at + 2, "cash taken out")?,
        })
    }

    /// 69: the report.
    pub fn report_answer(&self, reply: &Reply) -> Result<ReportDone, AnswerError> {
        let fields = self.fields(Effect::Fiscal, reply)?;
        Ok(ReportDone { z: fields.count(0, "number of the Z report")?, sums: fields.sums(1)? })
    }

    /// 110: sums of the shift by kind of payment in the order of [`Dialect::payments`], in hundredths.
    pub fn daily_payments(&self, reply: &Reply) -> Result<Vec<i64>, AnswerError> {
        self.fields(Effect::Query, reply)?.sums(0)
    }

    /// 110 with 2: number and sum of the sales of the shift.
    pub fn daily_sales(&self, reply: &Reply) -> Result<(u32, i64), AnswerError> {
        let fields = self.fields(Effect::Query, reply)?;
        Ok((fields.count(0, "number of sales")?, fields.sum(1, "sum of sales")?))
    }

    /// 62: the clock.
    pub fn clock_answer(&self, reply: &Reply) -> Result<Moment, AnswerError> {
        let fields = self.fields(Effect::Query, reply)?;
        Moment::read(fields.text(0)).ok_or_else(|| fields.unreadable("time"))
    }

    /// 90: who the register is. Both forms are read: with TAB, and with commas (*X manual*, command 90).
    pub fn identity(&self, reply: &Reply) -> Result<Identity, AnswerError> {
        let text = text::decode(self.page, &reply.data);
        let commas = !text.contains('\t') && text.split(',').count() >= 6;
        let fields = match commas {
            true => {
                // In the wide frame this form has no error code.
                if !self.is_tabbed() {
                    self.refused(Effect::Query, reply)?;
                }
                Fields { reply, dialect: self, fields: text.split(',').map(str::to_owned).collect() }
            }
            false => self.fields(Effect::Query, reply)?,
        };
        // With TAB the firmware's date and time are parameters of their own.
        let (firmware, serial) = match commas {
            true => (fields.text(1).to_owned(), 4),
            false => (format!("{} {} {}", fields.text(1), fields.text(2), fields.text(3)), 6),
        };
        let (serial, memory) = (fields.text(serial).trim(), fields.text(serial + 1).trim());
        if serial.is_empty() {
            return Err(fields.unreadable("serial number"));
        }
        Ok(Identity {
            name: fields.text(0).trim().to_owned(),
            firmware: firmware.trim().to_owned(),
            serial: serial.to_owned(),
            memory: memory.to_owned(),
        })
    }

    /// 100: what the register says about an error code.
    pub fn explanation(&self, reply: &Reply) -> Result<String, AnswerError> {
        let fields = self.fields(Effect::Query, reply)?;
        Ok(fields.text(1).to_owned())
    }

    /// 255: the value of a variable.
    pub fn variable_answer(&self, reply: &Reply) -> Result<String, AnswerError> {
        let fields = self.fields(Effect::Query, reply)?;
        Ok(fields.text(0).to_owned())
    }
}

/// A line of the journal in the narrow frame: `P,text`, `*,text` for the last one of a receipt, `F` at the end.
fn journal_line(fields: &Fields<'_>) -> Result<Option<String>, AnswerError> {
    match fields.text(0) {
        "P" | "*" => Ok(Some(fields.fields.get(1..).unwrap_or_default().join(","))),
        _ => Err(fields.unreadable("P, * or F")),
    }
}

/// Nothing found is no error.
fn nothing<T>(error: AnswerError) -> Result<Option<T>, AnswerError> {
    match error {
        AnswerError::Refused { refusal: Refusal::Letter('F'), .. } => Ok(None),
        AnswerError::Refused { refusal: Refusal::Code(code), .. } if code.class() == Class::NotFound => {
            Ok(None)
        }
        other => Err(other),
    }
}
