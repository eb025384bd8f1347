//! What was tried in all runs, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::json;

use crate::run::Report;

/// All runs together.
#[derive(Default)]
pub struct Total {
    runs: u64,
    /// Of each kind of fault: how often, and in how many runs.
    faults: BTreeMap<&'static str, (u64, u64)>,
    counts: BTreeMap<&'static str, u64>,
    longest_s: f64,
    seconds: f64,
    /// Seeds with findings.
    pub failed: Vec<u64>,
}

impl Total {
    pub fn add(&mut self, report: Report) {
        self.runs += 1;
        for (fault, times) in report.tally.faults {
            let entry = self.faults.entry(fault).or_default();
            *entry = (entry.0 + times, entry.1 + 1);
        }
        for (what, number) in report.tally.counts {
            *self.counts.entry(what).or_default() += number;
        }
        self.longest_s = self.longest_s.max(report.took.as_secs_f64());
        self.seconds += report.took.as_secs_f64();
        if !report.findings.is_empty() {
            self.failed.push(report.seed);
        }
    }

    /// The same for programs.
    pub fn json(&self) -> String {
        let faults: BTreeMap<&str, _> = self
            .faults
            .iter()
            .map(|(fault, (times, runs))| (*fault, json!({"times": times, "runs": runs})))
            .collect();
        let told = json!({
            "runs": self.runs, "failed": self.failed, "faults": faults, "counts": self.counts,
            "longest_s": self.longest_s, "seconds": self.seconds,
        });
        format!("{told:#}\n")
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = self.seconds / (self.runs.max(1) as f64);
        writeln!(f, "{} runs, {mean:.1} s each, the longest {:.1} s", self.runs, self.longest_s)?;
        for (fault, (times, runs)) in &self.faults {
            writeln!(f, "{times:>8} {fault}, in {runs} runs")?;
        }
        self.counts.iter().try_for_each(|(what, number)| writeln!(f, "{number:>8} {what}"))?;
        write!(f, "{:>8} runs with findings", self.failed.len())
    }
}
