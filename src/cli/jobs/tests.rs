use clap::Parser;
use outletd::bus::contract::AttentionDocument;
use serde_json::json;

use super::*;
use crate::cli::screen::Paint;

#[derive(clap::Parser)]
struct Alone {
    #[command(flatten)]
    args: Args,
}

fn asked(arguments: &[&str]) -> Value {
    let alone = Alone::try_parse_from([&["jobs"], arguments].concat()).unwrap();
    serde_json::to_value(request(&alone.args.command)).unwrap()
}

fn job(state: &str, more: Value) -> JobDocument {
    let mut document = json!({
        "job": "01JD", "device": "kitchen", "kind": "print", "state": state, "version": 3,
        "at": "2026-05-01T18:30:00.250Z", "attempt": 1,
    });
    for (field, value) in more.as_object().unwrap() {
        document[field] = value.clone();
    }
    serde_json::from_value(document).unwrap()
}

#[test]
fn each_command_asks_what_the_contract_names() {
    assert_eq!(
        asked(&["list", "--device", "bar", "--state", "waiting,uncertain", "--limit", "7"]),
        json!({"op": "list", "device": "bar", "states": ["waiting", "uncertain"], "limit": 7, "before": null})
    );
    assert_eq!(asked(&["show", "01JD", "--trace"]), json!({"op": "get", "job": "01JD", "trace": true}));
    assert_eq!(asked(&["cancel", "01JD"]), json!({"op": "cancel", "job": "01JD", "by": null}));
    assert_eq!(
        asked(&["release", "01JD", "--by", "Anna"]),
        json!({"op": "release", "job": "01JD", "by": "Anna"})
    );
    for answer in ["printed", "not-printed", "print-again"] {
        assert_eq!(
            asked(&["resolve", "01JD", answer]),
            json!({"op": "resolve", "job": "01JD", "answer": answer, "by": null})
        );
    }
}

#[test]
fn the_connection_may_be_named_before_or_after_the_command() {
    for arguments in [
        ["jobs", "--broker", "mqtt://10.0.0.5", "attention"],
        ["jobs", "attention", "--broker", "mqtt://10.0.0.5"],
    ] {
        let alone = Alone::try_parse_from(arguments).unwrap();
        assert_eq!(alone.args.connection.broker.to_string(), "mqtt://10.0.0.5:1883");
    }
}

#[test]
fn a_state_or_answer_nobody_knows_is_wrong_usage() {
    for wrong in [["list", "--state", "done"], ["resolve", "01JD", "maybe"], ["list", "--limit", "501"]] {
        assert!(Alone::try_parse_from([&["jobs"], &wrong[..]].concat()).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_list_says_how_sure_a_success_is_and_why_a_job_waits() {
    let jobs = [
        job("succeeded", json!({"confidence": "sent"})),
        job("waiting", json!({"reason": {"code": "paper-out", "message": "put in a new roll"}})),
    ];
    let text = text::list(&jobs, Paint::OFF);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("JOB   DEVICE   KIND   STATE      SINCE"), "{text}");
    assert!(lines[1].contains("sent; this device confirms nothing"), "{text}");
    assert!(lines[2].contains("paper-out: put in a new roll"), "{text}");
    assert_eq!(text::list(&[], Paint::OFF), "no such jobs\n");
}

#[test]
fn an_uncertain_job_is_shown_with_evidence_bytes_and_what_can_be_said_of_it() {
    let view: JobView = understood(json!({
        "job": job("uncertain", json!({
            "error": {"code": "in-doubt", "message": "the link was cut", "retryable": false},
            "evidence": {"device": {"asb": "14 00 00 0f", "ids": [1, 2]}},
        })),
        "attempts": [{
            "number": 12, "device": "kitchen", "begun_at": "2026-05-01T18:30:00.250Z",
            "baseline": {"id": 11}, "ended_at": "2026-05-01T18:30:01.000Z",
            "outcome": {"ended": "uncertain", "error": {"code": "in-doubt"}, "evidence": {"asb": "14 00 00 0f"}},
            "trace": [
                {"at_ms": 0, "direction": "sent", "bytes": "1b40"},
                {"at_ms": 31, "direction": "received", "bytes": "1400000f"},
            ],
        }],
    }))
    .unwrap();
    let text = text::show(&view, true, Paint::OFF);
    for line in [
        "01JD  print on kitchen: uncertain",
        "  what   in-doubt: the link was cut",
        "  device.asb  14 00 00 0f",
        "  device.ids  1, 2",
        "  baseline.id  11",
        "  ended        uncertain",
        "  error.code   in-doubt",
        "  +0 ms  sent 2 bytes",
        "  +31 ms  received 4 bytes",
        "    outletd jobs resolve 01JD print-again  print it again, marked as a copy",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
    }
    assert!(text.contains("750 ms") && text.contains("14 00 00 0f  ") && text.contains("|....|"), "{text}");
    assert!(!text::show(&view, false, Paint::OFF).contains("received 4 bytes"));
}

#[test]
fn attention_names_the_command_for_each_way_out() {
    let document: AttentionDocument = serde_json::from_value(json!({"jobs": [{
        "job": "01JD", "device": "kitchen", "kind": "print", "state": "waiting",
        "since": "2026-05-01T18:30:00.250Z", "reason": {"code": "held", "message": "past its deadline"},
        "evidence": null, "exits": ["release", "cancel"],
    }]}))
    .unwrap();
    let text = text::attention(&document, Paint::OFF);
    assert!(
        text.contains("outletd jobs release 01JD") && text.contains("outletd jobs cancel 01JD"),
        "{text}"
    );
    assert_eq!(text::attention(&AttentionDocument::default(), Paint::OFF), "no job waits for a person\n");
}

#[test]
fn a_refusal_fails_with_its_code_and_message() {
    let reply: Reply = serde_json::from_value(json!({
        "ok": false, "error": {"code": "version-mismatch", "message": "the job has ended", "retryable": false},
    }))
    .unwrap();
    assert_eq!(granted(reply), Err(Failure::bad("version-mismatch: the job has ended")));
}

#[test]
fn colours_mark_the_state_and_nothing_else() {
    let text = text::transition(&job("failed", json!({})), Paint::ON);
    assert!(text.contains("\u{1b}[31mfailed    \u{1b}[0m"), "{text:?}");
    assert!(!text::transition(&job("failed", json!({})), Paint::OFF).contains('\u{1b}'));
}
