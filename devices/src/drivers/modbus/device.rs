//! What relays and sensors have in common: the count of questions, and when a device is lost.

use super::fault::Fault;
use super::unit::{Tally, Unit};
use crate::driver::{DeviceStatus, StatusSink};
use crate::error::{DeviceError, ErrorKind};

/// After so many questions in a row without an answer the device is lost.
const LOST_AFTER: u32 = 3;

/// A unit that is asked, and how it answers.
pub(super) struct Talk {
    pub unit: Unit,
    pub tally: Tally,
    status: StatusSink,
    unanswered: u32,
    /// There was an answer since the last loss.
    heard: bool,
}

impl Talk {
    pub fn new(unit: Unit, status: StatusSink) -> Self {
        Self { unit, tally: Tally::default(), status, unanswered: 0, heard: false }
    }

    /// Begins anew: the first answer decides whether the device is there.
    pub fn forget(&mut self) {
        self.unanswered = 0;
        self.heard = false;
    }

    /// Counts an answer. What is no answer is a fault as long as the device is not lost.
    ///
    /// # Errors
    /// The device is lost.
    pub fn heed<T>(&mut self, answer: Result<T, Fault>) -> Result<Result<T, Fault>, DeviceError> {
        self.tally.note(&answer);
        match &answer {
            Ok(_) => (self.unanswered, self.heard) = (0, true),
            Err(fault) if fault.is_answer() => (self.unanswered, self.heard) = (0, true),
            Err(fault) => {
                self.unanswered += 1;
                let broken = matches!(fault, Fault::Unreachable(_) | Fault::Lost(_));
                if broken || !self.heard || self.unanswered >= LOST_AFTER {
                    return Err(self.lost(fault));
                }
            }
        }
        Ok(answer)
    }

    /// The device is not there.
    pub fn lost(&mut self, fault: &Fault) -> DeviceError {
        self.forget();
        let problem = format!("{}: {fault}", self.unit.name());
        let conditions = self.status.borrow().conditions.clone();
        self.show(DeviceStatus {
            online: false,
            conditions,
            problem: Some(problem.clone()),
            ..DeviceStatus::default()
        });
        DeviceError::offline(problem)
    }

    pub fn show(&self, now: DeviceStatus) {
        now.tell(&self.status);
    }
}

/// The answer to every job.
pub(super) fn no_jobs(does: &str) -> DeviceError {
    DeviceError::new(ErrorKind::Unsupported, "unsupported", does)
}
