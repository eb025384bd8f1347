//! The clock: `21`, `22`, `23`, and what the storage thinks of it.

use super::code::{self, Code};
use super::command::{Answer, Commands};
use super::fields::Fields;
use crate::register::clock::from_iso;

impl Commands<'_> {
    /// `21`: sets the time; only in a closed shift.
    pub fn set_time(&mut self, fields: &mut Fields<'_>) -> Answer {
        self.only_closed()?;
        let time = fields.time()?;
        let now = self.device.now();
        self.device.set_now(now.date().to_datetime(time));
        Ok(Vec::new())
    }

    /// `22`: sets the date, which `23` must confirm; only in a closed shift.
    pub fn set_date(&mut self, fields: &mut Fields<'_>) -> Answer {
        self.only_closed()?;
        let date = fields.date()?;
        let now = self.device.now();
        self.device.set_now(date.to_datetime(now.time()));
        self.memory.unconfirmed = Some(super::fields::date_bytes(self.device.now()));
        Ok(Vec::new())
    }

    /// `23`: confirms the date with the same date.
    pub fn confirm_date(&mut self, fields: &mut Fields<'_>) -> Answer {
        let date = fields.date()?;
        let Some(set) = self.memory.unconfirmed else { return Err(code::MODE) };
        if super::fields::date_bytes(date.at(0, 0, 0, 0)) != set {
            return Err(code::DATE_DIFFERS);
        }
        self.memory.unconfirmed = None;
        Ok(Vec::new())
    }

    /// The storage takes no document that is older than its last one; a clock that stands before
    /// the time of such registers was reset.
    pub fn clock_is_right(&self) -> Result<(), Code> {
        let now = self.device.now();
        if now.year() < 2016 {
            return Err(code::CLOCK_RESET);
        }
        let last = self.device.ledger.documents.last().and_then(|document| from_iso(&document.at));
        if last.is_some_and(|last| now < last) { Err(code::FN_DATE) } else { Ok(()) }
    }

    fn only_closed(&self) -> Result<(), Code> {
        match self.mode() {
            4 | 6 => Ok(()),
            _ => Err(code::MODE),
        }
    }
}
