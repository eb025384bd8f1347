//! `[device.options]` of a printer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Options of a printer. All have defaults; an unknown key is refused.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The code page tried first, by its name: `cp866`, `cp1251`, ... Default: the model's.
    pub codepage: Option<String>,
    /// Whether the printer starts in its multibyte (Chinese) mode, so that `FS .` must come first.
    /// Default: the model's.
    pub chinese: Option<bool>,
    /// What proves that a job was printed. Default: the best that the model has.
    pub proof: ProofOption,
    /// Send so many bytes at most, then pause: for a printer that loses data without flow control.
    pub pace: Option<Pace>,
    /// The level of the drawer's sensor that means open: drawers differ. Default: the drawer's state is not told.
    pub drawer_open: Option<Level>,
    /// Milliseconds a printer has for an answer that needs no printing.
    pub answer_ms: u64,
    /// Milliseconds a healthy printer has for the proof of a job, on top of 5 ms a byte.
    pub proof_ms: u64,
    /// Milliseconds a printer may neither take a byte nor answer in the middle of a job before its
    /// outcome counts as unknown.
    pub stall_ms: u64,
    /// Milliseconds from one status question to the next where the printer does not report by itself.
    pub poll_ms: u64,
    /// Milliseconds from one attempt to free a jammed cutter to the next.
    pub recover_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            codepage: None,
            chinese: None,
            proof: ProofOption::Auto,
            pace: None,
            drawer_open: None,
            answer_ms: 2_000,
            proof_ms: 30_000,
            stall_ms: 600_000,
            poll_ms: 5_000,
            recover_ms: 15_000,
        }
    }
}

/// What is to prove that a job was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofOption {
    /// The best that the model has.
    #[default]
    Auto,
    /// The echo of an id, `GS ( H`: sent when the printing is completed.
    ProcessId,
    /// The answer to `GS r`, in the order of the buffer: weaker, the last lines may still be in the head.
    GsR,
    /// Star's ETB counter.
    Etb,
    /// Nothing: the bytes left. The printer need not answer at all.
    None,
}

/// Level of the drawer's sensor, pin 3 of its connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Voltage.
    High,
    /// None.
    Low,
}

/// How fast bytes may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// At most so many bytes at once, at least 1.
    pub bytes: usize,
    /// Then a pause of so many milliseconds.
    pub pause_ms: u64,
}

/// The time-outs of the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// See [`Options::answer_ms`].
    pub answer: Duration,
    /// See [`Options::proof_ms`].
    pub proof: Duration,
    /// See [`Options::stall_ms`].
    pub stall: Duration,
    /// See [`Options::poll_ms`].
    pub poll: Duration,
    /// See [`Options::recover_ms`].
    pub recover: Duration,
}

impl Options {
    /// The time-outs.
    pub fn timing(&self) -> Timing {
        Timing {
            answer: Duration::from_millis(self.answer_ms),
            proof: Duration::from_millis(self.proof_ms),
            stall: Duration::from_millis(self.stall_ms),
            poll: Duration::from_millis(self.poll_ms),
            recover: Duration::from_millis(self.recover_ms),
        }
    }

    /// The first value that can't work: its key, and the remedy.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let zero = |value: u64| !(1..=86_400_000).contains(&value);
        const RANGE: &str = "must be 1 to 86400000 milliseconds";
        [
            (self.pace.is_some_and(|pace| pace.bytes == 0), "pace.bytes", "must be at least 1"),
            (self.pace.is_some_and(|pace| pace.pause_ms > 10_000), "pace.pause_ms", "must be at most 10000"),
            (zero(self.answer_ms), "answer_ms", RANGE),
            (zero(self.proof_ms), "proof_ms", RANGE),
            (zero(self.stall_ms), "stall_ms", RANGE),
            (zero(self.poll_ms), "poll_ms", RANGE),
            (zero(self.recover_ms), "recover_ms", RANGE),
        ]
        .into_iter()
        .find_map(|(bad, key, remedy)| bad.then_some((key, remedy)))
    }
}
