//! A reading as a line.

use serde_json::Value;

use crate::cli::screen::{Paint, Tone, clean};

/// A reading: when, what, and what is the matter with it.
pub(super) fn reading(reading: &Value, paint: Paint) -> String {
    let (tone, said) = match word(reading, "type") {
        "weight" => weight(reading),
        "card" => (Tone::Good, card(reading)),
        "tag" => (Tone::Good, tag(reading)),
        "code" => code(reading),
        "value" => (
            Tone::Good,
            format!("{} {} {}", word(reading, "name"), word(reading, "value"), word(reading, "unit")),
        ),
        "unusable" => (Tone::Bad, format!("{}: {}", word(reading, "code"), word(reading, "message"))),
        other => (Tone::Warning, format!("{other}: {reading}")),
    };
    format!("{}  {}", time(word(reading, "at")), paint.tone(tone, &clean(&said)))
}

fn weight(reading: &Value) -> (Tone, String) {
    let told = |name: &str| reading[name] == Value::Bool(true);
    if let Some(fault) = reading["fault"].as_str() {
        return (Tone::Bad, format!("the scale is at fault: {fault}"));
    }
    if told("overload") {
        return (Tone::Bad, "overload".to_owned());
    }
    if told("underload") {
        return (Tone::Bad, "underload".to_owned());
    }
    let shown = |value: &Value| format!("{} {}", word(value, "value"), word(value, "unit"));
    let mut said = match reading.get("weight") {
        Some(weight) => format!("{:>12}", shown(weight)),
        None => format!("{:>12}", "no weight"),
    };
    for (name, text) in [("kind", word(reading, "kind")), ("zero", "zero")] {
        if !reading[name].is_null() && reading[name] != Value::Bool(false) {
            said = format!("{said}  {text}");
        }
    }
    if let Some(tare) = reading.get("tare") {
        said = format!("{said}  tare {}", shown(tare));
    }
    match told("stable") {
        true => (Tone::Good, format!("{said}  stable")),
        false => (Tone::Warning, format!("{said}  moving")),
    }
}

fn card(reading: &Value) -> String {
    let number = ["masked", "number", "remedy"].map(|name| word(reading, name));
    let number = number.into_iter().find(|number| !number.is_empty()).unwrap_or_default();
    format!("{} card {number}", word(reading, "kind"))
}

fn tag(reading: &Value) -> String {
    let what = match reading["present"] == Value::Bool(true) {
        true => "present",
        false => "taken away",
    };
    format!("{} {} {what}", word(reading, "technology"), word(reading, "uid")).trim_start().to_owned()
}

fn code(reading: &Value) -> (Tone, String) {
    let meaning = &reading["meaning"];
    let symbology = word(reading, "symbology");
    let said = format!("{symbology} {}", word(reading, "text"));
    match word(meaning, "type") {
        "wrong" => (Tone::Bad, format!("{said}  {}", word(meaning, "message"))),
        "item" => {
            let quantity = &meaning["quantity"];
            let unit = ["unit", "currency", "kind"].map(|name| word(quantity, name));
            let unit = unit.into_iter().find(|unit| !unit.is_empty()).unwrap_or_default();
            let item = format!("item {} {} {unit}", word(meaning, "code"), word(quantity, "value"));
            (Tone::Good, format!("{said}  {}", item.trim_end()))
        }
        other => (Tone::Good, format!("{said}  {other}")),
    }
}

/// The time of day here; what was told where it can't be read.
fn time(at: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S%.3f").to_string(),
        Err(_) => clean(at),
    }
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
