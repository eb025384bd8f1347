//! What the reasons for a printer's state mean to the agent (RFC 8011, 5.4.12; PWG 5100.9).
//!
//! A keyword ends in its severity, `-error`, `-warning` or `-report`; without one it counts as an error. Whether the
//! printer can print is told by `printer-state` alone: one with two trays may report an empty one and go on.

use std::collections::BTreeSet;

use super::answer::Status;
use crate::driver::{PAPER_NEAR_END, TONER_LOW, Waiting};

/// A condition, the keywords it stands for, and what a person has to do.
struct Meaning {
    condition: &'static str,
    keywords: &'static [&'static str],
    remedy: &'static str,
}

/// The most urgent first.
const MEANINGS: [Meaning; 10] = [
    Meaning {
        condition: "paper-jam",
        keywords: &["media-jam"],
        remedy: "paper is jammed in the printer: take it out and close the printer",
    },
    Meaning {
        condition: "paper-out",
        keywords: &["media-empty", "media-needed"],
        remedy: "the printer is out of A4 paper: fill its tray",
    },
    Meaning {
        condition: "tray-missing",
        keywords: &["input-tray-missing"],
        remedy: "the printer's paper tray is out: push it in",
    },
    Meaning {
        condition: "cover-open",
        keywords: &["cover-open", "door-open", "interlock-open"],
        remedy: "the printer's cover is open: close it",
    },
    Meaning {
        condition: "toner-empty",
        keywords: &[
            "toner-empty",
            "marker-supply-empty",
            "developer-empty",
            "marker-waste-full",
            "opc-life-over",
        ],
        remedy: "the printer's toner or ink is used up: put in a new cartridge",
    },
    Meaning {
        condition: "output-full",
        keywords: &["output-area-full", "output-tray-missing"],
        remedy: "the printer's output tray is full: take the paper out",
    },
    Meaning {
        condition: "overheated",
        keywords: &["fuser-over-temp", "fuser-under-temp"],
        remedy: "the printer's fuser has not the right temperature: it goes on by itself, or call service",
    },
    Meaning {
        condition: "offline",
        keywords: &["offline", "shutdown", "stopping", "timed-out", "connecting-to-device"],
        remedy: "the print server can't reach its printer: check that it is on, and its cable",
    },
    Meaning {
        condition: "spool-full",
        keywords: &["spool-area-full"],
        remedy: "the printer's memory is full of jobs: delete old ones at the printer",
    },
    Meaning {
        condition: "paused",
        keywords: &["paused", "moving-to-paused"],
        remedy: "the printer's queue is paused: let it go on at the printer or in its print server",
    },
];

/// Notices that prevent no work, and their keywords.
const NOTICES: [(&str, &[&str]); 2] = [
    (PAPER_NEAR_END, &["media-low"]),
    (
        TONER_LOW,
        &["toner-low", "marker-supply-low", "developer-low", "opc-near-eol", "marker-waste-almost-full"],
    ),
];

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Report,
    Warning,
    Error,
}

fn split(reason: &str) -> (&str, Severity) {
    let ends = [("-report", Severity::Report), ("-warning", Severity::Warning), ("-error", Severity::Error)];
    let found = ends.into_iter().find_map(|(end, severity)| Some((reason.strip_suffix(end)?, severity)));
    found.unwrap_or((reason, Severity::Error))
}

fn meaning(keyword: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|meaning| meaning.keywords.contains(&keyword))
}

/// The conditions of the contract that a status stands for.
pub fn conditions(status: &Status) -> BTreeSet<String> {
    let mut conditions = BTreeSet::new();
    for (keyword, severity) in status.reasons.iter().map(|reason| split(reason)) {
        let notice = NOTICES.iter().find(|(_, keywords)| keywords.contains(&keyword));
        let condition = match (notice, meaning(keyword), severity) {
            (Some((notice, _)), _, _) => Some(*notice),
            (_, _, Severity::Report) => None,
            (_, Some(Meaning { condition: "paper-out", .. }), Severity::Warning) => Some(PAPER_NEAR_END),
            (_, Some(Meaning { condition: "toner-empty", .. }), Severity::Warning) => Some(TONER_LOW),
            (_, Some(meaning), Severity::Error) => Some(meaning.condition),
            _ => None,
        };
        conditions.extend(condition.map(str::to_owned));
    }
    if let Some(waiting) = obstacle(status) {
        conditions.insert(condition_of(&waiting).to_owned());
    }
    conditions
}

/// Why the printer prints nothing now, with what to do.
pub fn obstacle(status: &Status) -> Option<Waiting> {
    let waiting = |code: &str, message: String| Waiting { code: code.to_owned(), message };
    let paused = status.reasons.iter().any(|reason| matches!(split(reason).0, "paused" | "shutdown"));
    if !status.is_stopped() && !paused {
        let message = "the printer takes no jobs now: allow it at the printer or in its print server";
        return (!status.accepting).then(|| waiting("not-accepting", message.to_owned()));
    }
    let there: Vec<&str> = status
        .reasons
        .iter()
        .map(|reason| split(reason))
        .filter(|(_, severity)| *severity == Severity::Error)
        .map(|(keyword, _)| keyword)
        .collect();
    let worst = MEANINGS.iter().find(|meaning| there.iter().any(|word| meaning.keywords.contains(word)));
    Some(match (worst, &status.message) {
        (Some(meaning), _) if meaning.condition == "offline" => {
            waiting("device-offline", meaning.remedy.to_owned())
        }
        (Some(meaning), _) => waiting(meaning.condition, meaning.remedy.to_owned()),
        (None, Some(message)) if !message.is_empty() => {
            waiting("device-fault", format!("the printer has stopped and says {message:?}: look at it"))
        }
        _ => {
            let said = status.reasons.join(", ");
            waiting("device-fault", format!("the printer has stopped ({said}): look at its panel"))
        }
    })
}

/// The condition that goes with what a job waits for.
fn condition_of(waiting: &Waiting) -> &str {
    match waiting.code.as_str() {
        "device-offline" => "offline",
        "device-fault" => "printer-error",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: i32, reasons: &[&str]) -> Status {
        let reasons = reasons.iter().map(|&reason| reason.to_owned()).collect();
        Status { state, reasons, accepting: true, ..Status::default() }
    }

    fn codes(status: &Status) -> Vec<String> {
        conditions(status).into_iter().collect()
    }

    #[test]
    fn a_stopped_printer_waits_for_what_is_most_urgent() {
        let stopped = status(5, &["paused", "media-empty-error", "toner-low-warning"]);
        assert_eq!(codes(&stopped), ["paper-out", "paused", "toner-low"]);
        assert_eq!(obstacle(&stopped).map(|waiting| waiting.code).as_deref(), Some("paper-out"));
    }

    #[test]
    fn a_printer_that_goes_on_waits_for_nothing_whatever_it_reports() {
        for state in [3, 4] {
            let busy = status(state, &["media-empty-error", "cover-open-report"]);
            assert_eq!(obstacle(&busy), None);
            assert_eq!(codes(&busy), ["paper-out"], "it is told all the same");
        }
    }

    #[test]
    fn warnings_are_notices() {
        assert_eq!(codes(&status(3, &["media-low", "toner-empty-warning"])), ["paper-near-end", "toner-low"]);
        assert_eq!(codes(&status(3, &["media-empty-warning"])), ["paper-near-end"]);
        assert_eq!(codes(&status(3, &["none"])), Vec::<String>::new());
        assert_eq!(codes(&status(3, &["cups-waiting-for-job-completed"])), Vec::<String>::new());
    }

    #[test]
    fn a_paused_queue_is_an_obstacle_also_while_the_last_job_is_being_printed() {
        for reason in ["paused", "paused-report"] {
            assert!(obstacle(&status(4, &[reason])).is_some(), "{reason}");
        }
        let accepting_not = Status { accepting: false, ..status(3, &["none"]) };
        assert_eq!(codes(&accepting_not), ["not-accepting"]);
    }

    #[test]
    fn a_stop_without_a_known_reason_repeats_what_the_printer_says() {
        let stopped = Status { message: Some("Call 555".to_owned()), ..status(5, &["other-error"]) };
        let waiting = obstacle(&stopped).expect("it has stopped");
        assert_eq!(waiting.code, "device-fault");
        assert!(waiting.message.contains("Call 555"), "{}", waiting.message);
        assert_eq!(codes(&stopped), ["printer-error"]);
    }
}
