//! Options that all registers have.

use std::time::Duration;

use outlet_protocols::fiscal::{Deposits, Policy};
use serde::{Deserialize, Serialize};

/// Options of `[device.options]` that every register takes, beside those of its family.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Common {
    /// Milliseconds from one look at an idle register to the next.
    pub poll_ms: u64,
    /// Seconds that a register has to come back and say what became of a task, before its outcome is told
    /// as uncertain. It is asked again whenever it comes back later.
    pub doubt_after_s: u64,
    /// Open the shift where a receipt comes and it is closed.
    pub open_shift: bool,
    /// Close a shift older than 24 hours, and open the next, where a receipt comes.
    pub close_expired_shift: bool,
    /// Seconds before the end of the 24 hours from which on the device says `shift-ends-soon`.
    pub shift_warning_s: u64,
    /// What to do where the register's sums are not what this agent's jobs have left.
    pub sums: Sums,
    /// How the outlet takes and settles deposits.
    pub deposits: Option<Deposits>,
}

/// What to do where sums differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sums {
    /// Refuse to move money until a person has accepted the register's sums.
    #[default]
    Refuse,
    /// Don't compare: other programs or people use the register too.
    Ignore,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            poll_ms: 2_000,
            doubt_after_s: 15,
            open_shift: false,
            close_expired_shift: false,
            shift_warning_s: 3_600,
            sums: Sums::Refuse,
            deposits: None,
        }
    }
}

impl Common {
    /// See [`Common::poll_ms`].
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    /// See [`Common::doubt_after_s`].
    pub fn doubt_after(&self) -> Duration {
        Duration::from_secs(self.doubt_after_s)
    }

    /// The outlet's decisions.
    pub fn policy(&self) -> Policy {
        Policy { deposits: self.deposits }
    }

    /// The first value that can't work: its key, and the remedy.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let forbidden = self.deposits.is_some_and(|deposits| !deposits.is_allowed());
        [
            (!(100..=3_600_000).contains(&self.poll_ms), "poll_ms", "must be 100 to 3600000 milliseconds"),
            (!(1..=3_600).contains(&self.doubt_after_s), "doubt_after_s", "must be 1 to 3600 seconds"),
            (self.shift_warning_s > 86_400, "shift_warning_s", "must be at most 86400 seconds"),
            (
                forbidden,
                "deposits",
                "the mixed scheme goes with as = \"service\" only: deposits taken as an advance are settled \
                 either with fiscal payments (debit) or not (credit)",
            ),
        ]
        .into_iter()
        .find_map(|(bad, key, remedy)| bad.then_some((key, remedy)))
    }
}
