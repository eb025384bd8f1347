use serde_json::json;

use super::*;

fn shown(verdict: Value) -> String {
    text(&understood(verdict).unwrap(), Paint::OFF)
}

#[test]
fn suspects_stand_in_their_order_with_reason_and_remedy() {
    let text = shown(json!({
        "ok": false, "printed": false, "confidence": null, "identity": {}, "status": {"online": false},
        "verdict": [
            {"rank": 1, "suspect": "cable", "likelihood": "high", "why": "no byte came back", "remedy": "reseat it"},
            {"rank": 2, "suspect": "baud rate", "likelihood": "low", "why": "garbage", "remedy": "try 19200"},
        ],
        "page_checks": [],
    }));
    assert_eq!(
        text,
        "The page was not printed.\nStatus\n  online  false\nWhat is likely, the likeliest first\n  \
         1. cable (high): no byte came back\n     reseat it\n  \
         2. baud rate (low): garbage\n     try 19200\n"
    );
}

#[test]
fn a_good_device_is_told_with_its_identity_and_what_to_look_for() {
    let text = shown(json!({
        "ok": true, "printed": true, "confidence": "printed",
        "identity": {"maker": "EPSON", "model": "TM-T20III", "serial": null, "firmware_version": "15.02"},
        "status": {"conditions": []}, "verdict": [], "page_checks": ["the ruler ends at 48", "the QR code can be scanned"],
    }));
    assert!(text.starts_with("Nothing wrong was found. The printer confirmed the page.\n"), "{text}");
    assert!(text.contains("  firmware version  15.02\n") && !text.contains("serial"), "{text}");
    assert!(!text.contains("Status"), "{text}");
    assert!(
        text.ends_with("Look at the page\n  - the ruler ends at 48\n  - the QR code can be scanned\n"),
        "{text}"
    );
}

#[test]
fn a_device_that_was_not_reached_has_neither_identity_nor_status() {
    let text = shown(json!({
        "ok": false, "link": "tcp://10.0.0.20:9100", "printed": false, "confidence": null, "proof": null,
        "identity": null, "status": null, "verdict": [], "page_checks": [],
    }));
    assert_eq!(text, "The page was not printed.\nLink\n  tcp://10.0.0.20:9100\n");
    let text = shown(json!({"ok": false, "printed": false, "proof": "process-id"}));
    assert_eq!(text, "The page was sent, but not confirmed.\n");
}

#[test]
fn a_device_that_confirms_nothing_is_not_called_good() {
    let text = shown(json!({"ok": true, "printed": true, "confidence": "sent"}));
    assert!(text.contains("only the paper can tell"), "{text}");
}

#[test]
fn a_devices_own_words_do_not_reach_the_terminal_as_commands() {
    let text = shown(json!({"ok": true, "printed": true, "identity": {"model": "\u{1b}]0;x\u{7}"}}));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}
