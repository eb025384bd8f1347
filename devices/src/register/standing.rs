//! How a register was left, so that the next receipt can be begun together with its acceptance.
//!
//! A receipt's good end shows which document is the register's last. As long as nothing else is asked of the
//! register, the next receipt's baseline is known without a look, and reaches the disk with the receipt itself:
//! one sync less before the sign. The look still comes before the first command. Where it shows something
//! else, somebody has used the register meanwhile, and the attempt's baseline is corrected first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlet_protocols::fiscal::{Tag, Task};
use serde_json::Value;

use super::Baseline;
use crate::driver::{Check, Command, Work};
use crate::error::DeviceError;

/// What is known of a register that rests. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    left: Option<Baseline>,
    promised: Option<(u64, Baseline)>,
}

impl Standing {
    /// A receipt has left it so; `None`: that is not known.
    pub(super) fn leave(&self, left: Option<Baseline>) {
        self.known().left = left;
    }

    /// Something is asked of the register: how it will be left is not known.
    pub(super) fn forget(&self) {
        self.known().left = None;
    }

    /// The baseline that an attempt was begun with, if it was begun with its acceptance.
    pub(super) fn promised(&self, attempt: u64) -> Option<Baseline> {
        // Another job may be done before the one that was promised for.
        let promised = self.known().promised.take_if(|(number, _)| *number == attempt);
        promised.map(|(_, baseline)| baseline)
    }

    fn promise(&self, tag: Tag, attempt: u64) -> Option<Baseline> {
        let mut known = self.known();
        let baseline = Baseline { tag, ..known.left.clone()? };
        known.promised = Some((attempt, baseline.clone()));
        Some(baseline)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Baseline {
    /// Whether what it says of the documents is what `now` says.
    pub(super) fn agrees(&self, now: &Self) -> bool {
        self.serial == now.serial
            && self.storage == now.storage
            && (self.last_document.is_none() || self.last_document == now.last_document)
            && (self.last_slip.is_none() || self.last_slip == now.last_slip)
    }
}

/// A family's own judgement of tasks, and the baseline of a receipt where it is known.
pub(super) struct Intake<C> {
    pub(super) check: C,
    pub(super) standing: Standing,
}

impl<C: Check> Check for Intake<C> {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        self.check.check(work)
    }

    fn baseline(&self, command: &Command, attempt: u64) -> Option<Value> {
        match &command.work {
            Work::Fiscal(task) if matches!(**task, Task::Receipt(_)) => {
                let tag = super::driver::tag_of(command, attempt);
                self.standing.promise(tag, attempt).map(|baseline| baseline.to_json())
            }
            _ => None,
        }
    }
}
