use clap::Parser;
use serde_json::json;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn asked(line: &str) -> Value {
    let line = Line::try_parse_from(std::iter::once("screens").chain(line.split_whitespace())).unwrap();
    serde_json::to_value(request(&line.args.command.unwrap_or(Command::List))).unwrap()
}

fn shown(command: &Command, result: Value) -> String {
    let (mut screen, written) = Screen::captured();
    show(command, result, &mut screen).unwrap();
    written.text()
}

fn grill() -> Value {
    json!({"screen": "grill-left", "name": "Grill \u{1b}left", "view": "kitchen", "stations": ["grill", "cold"],
        "language": null, "admitted_at": "2026-05-01T18:30:00.000Z", "admitted_by": "Anna", "connected": true,
        "watching": false})
}

#[test]
fn what_is_typed_is_what_the_agent_is_asked() {
    assert_eq!(asked(""), json!({"op": "screens"}));
    assert_eq!(
        asked("admit abcdef --view kitchen --station grill,cold --language ru"),
        json!({"op": "admit", "code": "abcdef", "view": "kitchen", "stations": ["grill", "cold"], "language": "ru"})
    );
    assert_eq!(
        asked("assign grill --view waiter --by Anna"),
        json!({"op": "assign", "screen": "grill", "view": "waiter", "by": "Anna"})
    );
    assert_eq!(asked("revoke grill"), json!({"op": "revoke", "screen": "grill"}));
}

#[test]
fn screens_and_codes_are_listed_without_what_a_terminal_would_obey() {
    let listed = json!({"screens": [grill()], "urls": [], "fingerprint": null, "plain": true, "pending": [
        {"code": "ACD-EFG", "at": "2026-05-01T18:31:00.000Z", "from": "10.0.0.9", "language": null,
            "panel": {"width_px": 1920, "height_px": 1080, "diagonal_in": 21.5}}]});
    let text = shown(&Command::List, listed);
    for words in
        ["grill-left", "grill, cold", "connected", "by Anna", "ACD-EFG", "1920 x 1080, 21.5 in", "plain"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn the_authority_is_shown_with_where_it_is_fetched() {
    let mut listed = json!({"screens": [], "pending": [], "urls": ["https://10.0.0.5:8480/"], "fingerprint": "AB:CD",
        "plain": false});
    let text = shown(&Command::Authority, listed.clone());
    assert!(text.contains("AB:CD") && text.contains("https://10.0.0.5:8480/ca.crt"), "{text}");
    listed["fingerprint"] = Value::Null;
    assert!(shown(&Command::Authority, listed).contains("no certificate authority"));
}
