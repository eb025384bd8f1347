use bytes::Bytes;

use super::*;
use crate::cli::screen::Paint;

fn retained(topic: &str, payload: &Value) -> Message {
    Message {
        topic: format!("outlet/v1/demo/device/{topic}"),
        payload: Bytes::from(payload.to_string()),
        retained: true,
        correlation: None,
    }
}

fn kitchen() -> Message {
    retained(
        "kitchen",
        &json!({
            "device": "kitchen", "kind": "printer", "driver": "escpos", "model": "epson-tm-t20iii",
            "name": "Epson TM-T20III", "link": "tcp://10.0.0.20:9100", "capabilities": ["print"], "limits": {},
        }),
    )
}

fn state(state: &str, conditions: &[&str], problem: Option<&str>) -> Message {
    retained(
        "kitchen/state",
        &json!({
            "state": state, "conditions": conditions, "problem": problem,
            "queue": {"depth": 2, "active": "01JD", "oldest_at": null},
            "version": 4, "at": "2026-05-01T18:30:00.250Z",
        }),
    )
}

fn shown(messages: &[Message]) -> String {
    text::table(&gathered(&Topics::new("outlet/v1/demo"), messages), Paint::OFF)
}

#[test]
fn a_device_is_a_line_with_its_conditions_in_words() {
    let text = shown(&[kitchen(), state("attention", &["cover-open", "paper-near-end", "new-thing"], None)]);
    assert_eq!(
        text.lines().nth(1),
        Some(
            "kitchen  Epson TM-T20III  epson-tm-t20iii  tcp://10.0.0.20:9100  attention  \
             cover open, paper nearly out, new thing  2, doing 01JD"
        )
    );
}

#[test]
fn why_a_device_is_offline_stands_below_the_table() {
    let text = shown(&[state("offline", &["offline"], Some("10.0.0.20:9100: no route to host"))]);
    assert!(text.ends_with("kitchen: 10.0.0.20:9100: no route to host\n"), "{text}");
}

#[test]
fn a_document_of_another_version_hides_no_other() {
    let text = shown(&[retained("bar", &json!({"new": "shape"})), kitchen()]);
    assert!(text.contains("kitchen") && !text.contains("bar"), "{text}");
    assert_eq!(shown(&[]), "no device is configured\n");
}

#[test]
fn what_is_plugged_in_comes_with_the_lines_to_add_and_the_remedy() {
    let diagnosis: Diagnosis = understood(json!({"devices": [], "found": [
        {"link": "usb://04b8:0e28/A1", "name": "EPSON TM-T20III", "configured": false,
         "problem": "permission denied", "remedy": "SUBSYSTEM==\"usb\"\nudevadm trigger",
         "suggestion": "[[device]]\nid = \"printer\""},
        {"link": "serial:///dev/ttyUSB0", "name": "FT232R", "configured": true, "problem": null},
    ]}))
    .unwrap();
    let text = text::found(&diagnosis.found, Paint::OFF);
    for line in [
        "  usb://04b8:0e28/A1  EPSON TM-T20III",
        "    permission denied",
        "      udevadm trigger",
        "      [[device]]",
        "      id = \"printer\"",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
    }
    assert!(!text.contains("FT232R"), "{text}");
}

#[test]
fn a_configured_device_without_permission_is_told_too() {
    let diagnosis: Diagnosis = understood(json!({"found": [
        {"link": "usblp:///dev/usb/lp0", "name": "lp0", "configured": true, "problem": "permission denied",
         "remedy": "add the user to lp", "suggestion": "[[device]]"},
    ]}))
    .unwrap();
    let text = text::found(&diagnosis.found, Paint::OFF);
    assert!(text.contains("Configured, but can't be used") && text.contains("add the user to lp"), "{text}");
    assert!(!text.contains("[[device]]") && text.contains("Nothing else is plugged in"), "{text}");
}
