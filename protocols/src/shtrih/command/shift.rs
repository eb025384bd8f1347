//! Shift, cash and clock.

use super::{
    AnswerError, Authority, ByOperator, Done, Effect, Fields, ParameterError, Request, Truncated, executed,
};
use crate::fiscal::{Date, DateTime};
use crate::shtrih::fields::put_sum;

/// `E0`: opens a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenShift {
    /// The number of the operator whose password is sent, 1 to 30. The protocol's text gives the answer
    /// as code and operator without an error, the vendor's driver reads an error before the operator:
    /// a single byte that equals this number is taken for it.
    pub operator: u8,
}

impl Request for OpenShift {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        0xe0
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }

    /// A shift counts as open only when [`super::ShiftState`] says so too: in an answer of two bytes an
    /// error of the storage can look like the number of an operator.
    fn answer(&self, bytes: &[u8]) -> Result<Self::Answer, AnswerError> {
        if let [0xe0, operator] = *bytes
            && operator == self.operator
        {
            return Ok(ByOperator { operator: Some(operator) });
        }
        Ok(ByOperator::read(&mut Fields::new(executed(self.code(), bytes)?)))
    }
}

/// `41`: closes the shift and prints the Z report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseShift;

impl Request for CloseShift {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        0x41
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }
}

/// `40`: prints the X report. It changes no sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XReport;

impl Request for XReport {
    type Answer = ByOperator;

    fn code(&self) -> u16 {
        0x40
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(ByOperator::read(fields))
    }
}

/// `50` and `51`: cash put into the drawer, or taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashMovement {
    /// Which way.
    pub direction: CashDirection,
    /// Kopecks, 0 to 9 999 999 999.
    pub sum: i64,
}

/// Which way cash moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashDirection {
    /// `50`: into the drawer.
    In,
    /// `51`: out of it.
    Out,
}

/// The answer to [`CashMovement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashMovementAnswer {
    /// The operator whose password it was.
    pub operator: u8,
    /// Number of the document, running through all of them.
    pub document: u16,
}

impl Request for CashMovement {
    type Answer = CashMovementAnswer;

    fn code(&self) -> u16 {
        match self.direction {
            CashDirection::In => 0x50,
            CashDirection::Out => 0x51,
        }
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        put_sum("sum", self.sum, out)
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(CashMovementAnswer {
            operator: fields.byte("operator")?,
            document: fields.u16("document number")?,
        })
    }
}

/// `21`: sets the time. With the shift closed only; the day of the value is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetTime(pub DateTime);

impl Request for SetTime {
    type Answer = Done;

    fn code(&self) -> u16 {
        0x21
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.extend_from_slice(&[self.0.hour(), self.0.minute(), self.0.second()]);
        Ok(())
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}

/// `22` and `23`: sets the date, and confirms it. With the shift closed only. After `22` the register
/// is in mode 6 until the same day comes with `23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetDate {
    /// The day.
    pub date: Date,
    /// Whether this is the confirmation.
    pub confirm: bool,
}

impl Request for SetDate {
    type Answer = Done;

    fn code(&self) -> u16 {
        if self.confirm { 0x23 } else { 0x22 }
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.extend_from_slice(&[self.date.day(), self.date.month(), self.date.short_year()]);
        Ok(())
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}
