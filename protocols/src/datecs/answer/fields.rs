//! An answer as its parameters, or as a refusal.

use super::{AnswerError, Refusal};
use crate::datecs::command::Effect;
use crate::datecs::dialect::Dialect;
use crate::datecs::errors::ErrorCode;
use crate::datecs::frame::Reply;
use crate::datecs::number::{read_money, unsigned};
use crate::datecs::status::Condition;
use crate::datecs::text;

impl Dialect {
    /// The parameters after the error code.
    pub(super) fn fields<'a>(&'a self, effect: Effect, reply: &'a Reply) -> Result<Fields<'a>, AnswerError> {
        self.refused(effect, reply)?;
        let text = text::decode(self.page, &reply.data);
        let mut fields: Vec<String> = match self.is_tabbed() {
            true => text.split('\t').map(str::to_owned).collect(),
            false if text.is_empty() => Vec::new(),
            false => text.split(',').map(str::to_owned).collect(),
        };
        if self.is_tabbed() {
            // What follows the last TAB is nothing, and the first parameter was the error code.
            fields.pop_if(|last| last.is_empty());
            fields.drain(..fields.len().min(1));
        } else if fields.first().is_some_and(|first| first == "F") {
            // A payment terminal adds its own error code: `F,PP,-111558` (*C manual*, command 53).
            let terminal = fields.get(1).is_some_and(|mark| mark == "PP");
            let code =
                fields.get(2).filter(|_| terminal).and_then(|code| code.trim_matches('\'').parse().ok());
            let refusal = code.map_or(Refusal::Letter('F'), |code| Refusal::Code(ErrorCode(code)));
            return Err(refused_by(reply, refusal));
        }
        Ok(Fields { reply, dialect: self, fields })
    }

    /// Refuses what the error code or the status bytes refuse.
    pub(super) fn refused(&self, effect: Effect, reply: &Reply) -> Result<(), AnswerError> {
        if self.is_tabbed() && !reply.data.is_empty() {
            let code = reply.data.split(|b| *b == b'\t').next().unwrap_or_default();
            let code = std::str::from_utf8(code).ok().and_then(|code| code.trim().parse().ok());
            return match code {
                Some(0) => Ok(()),
                Some(code) => Err(refused_by(reply, Refusal::Code(ErrorCode(code)))),
                None => Err(self.unreadable(reply, "error code")),
            };
        }
        // An answer with data was given after the command was done.
        let printed = effect.needs_paper() && reply.data.is_empty();
        let paper = |c: &Condition| printed && matches!(c, Condition::PaperOut | Condition::PrinterFault);
        match reply.status.conditions(self.status).into_iter().find(|c| c.refuses() || paper(c)) {
            Some(condition) => Err(refused_by(reply, Refusal::Status(condition))),
            None if self.is_tabbed() => Err(self.unreadable(reply, "error code")),
            None => Ok(()),
        }
    }

    fn unreadable(&self, reply: &Reply, field: &'static str) -> AnswerError {
        AnswerError::Unreadable { number: reply.number, field, data: text::decode(self.page, &reply.data) }
    }
}

/// The parameters of an answer.
pub(super) struct Fields<'a> {
    pub(super) reply: &'a Reply,
    pub(super) dialect: &'a Dialect,
    pub(super) fields: Vec<String>,
}

impl Fields<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A parameter, empty where there is none.
    pub(super) fn text(&self, at: usize) -> &str {
        self.fields.get(at).map_or("", String::as_str)
    }

    pub(super) fn optional_count(&self, at: usize) -> Option<u32> {
        unsigned(self.text(at).trim()).and_then(|number| u32::try_from(number).ok())
    }

    pub(super) fn count(&self, at: usize, field: &'static str) -> Result<u32, AnswerError> {
        self.optional_count(at).ok_or_else(|| self.unreadable(field))
    }

    pub(super) fn sum(&self, at: usize, field: &'static str) -> Result<i64, AnswerError> {
        read_money(self.text(at), self.dialect.whole).ok_or_else(|| self.unreadable(field))
    }

    /// All sums from a parameter on.
    pub(super) fn sums(&self, from: usize) -> Result<Vec<i64>, AnswerError> {
        (from..self.fields.len()).map(|at| self.sum(at, "sum")).collect()
    }

    pub(super) fn unreadable(&self, field: &'static str) -> AnswerError {
        self.dialect.unreadable(self.reply, field)
    }

    pub(super) fn refused(&self, refusal: Refusal) -> AnswerError {
        refused_by(self.reply, refusal)
    }
}

fn refused_by(reply: &Reply, refusal: Refusal) -> AnswerError {
    AnswerError::Refused { number: reply.number, refusal, status: reply.status }
}
