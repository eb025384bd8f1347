//! What a payload may be: told apart before anything is asked of it.

use serde::Deserialize;

use super::{LARGE_PAYLOAD, MAX_PAYLOAD};
use crate::bus::contract::{ErrorBody, Kind, Submission};
use crate::bus::message::Message;

/// What can be told of a payload that may be anything.
#[derive(Default, Deserialize)]
pub(super) struct IdOnly {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) kind: Option<Kind>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reply_to: Option<String>,
}

impl IdOnly {
    pub(super) fn of(payload: &[u8]) -> Self {
        serde_json::from_slice(payload).unwrap_or_default()
    }
}

/// A field of another shape counts as absent.
fn lenient<'de, D: serde::Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// What no command may be, whatever it says.
pub(super) fn misuse(message: &Message) -> Option<ErrorBody> {
    if message.retain {
        let topic = &message.topic;
        let text = format!("retained messages on {topic} are ignored: publish it again without retain");
        return Some(ErrorBody::new("invalid-request", text));
    }
    let bytes = message.payload.len();
    (bytes > MAX_PAYLOAD).then(|| {
        let text = format!("the payload has {bytes} bytes, at most {MAX_PAYLOAD} are taken");
        ErrorBody::new("too-large", text)
    })
}

/// Whether judging a payload may take long: a picture of few bytes can have many dots.
pub(super) fn is_heavy(payload: &[u8]) -> bool {
    let has = |word: &[u8]| payload.windows(word.len()).any(|part| part == word);
    payload.len() >= LARGE_PAYLOAD || has(b"\"image\"") || has(b"<image")
}

pub(super) fn parse(payload: &[u8]) -> Result<Submission, (&'static str, String)> {
    // A list would be taken for the fields in their order.
    if payload.trim_ascii_start().starts_with(b"[") {
        return Err((
            "invalid-request",
            "a job is an object, not a list: {\"id\": ..., \"kind\": ...}".into(),
        ));
    }
    // Where the fault of a wrong payload is, takes a second and slower look.
    if let Ok(submission) = serde_json::from_slice(payload) {
        return Ok(submission);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(payload);
    let submission = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data if path == "." => ("invalid-request", inner.to_string()),
            serde_json::error::Category::Data => ("invalid-request", format!("{path}: {inner}")),
            _ => ("invalid-json", format!("the payload is no JSON: {inner}")),
        }
    })?;
    deserializer.end().map_err(|error| ("invalid-json", format!("the payload is no JSON: {error}")))?;
    Ok(submission)
}

pub(super) fn check_bounds(submission: &Submission) -> Result<(), String> {
    let bounds: [(&str, Option<u64>, u64, u64); 3] = [
        ("ttl_s", submission.ttl_s.map(u64::from), 1, 2_592_000),
        ("priority", submission.priority.map(u64::from), 0, 9),
        ("copies", submission.copies.map(u64::from), 1, 20),
    ];
    for (name, value, least, most) in bounds {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            return Err(format!("{name} is {value}: it must be {least} to {most}"));
        }
    }
    if submission.kind == Kind::Fiscal && submission.copies.is_some_and(|copies| copies > 1) {
        return Err("copies must be 1 for a fiscal job: ask for printLastReceiptCopy instead".into());
    }
    if submission.kind == Kind::Ticket && submission.copies.is_some_and(|copies| copies > 1) {
        return Err("copies must be 1 for a ticket: name several stations instead".into());
    }
    match &submission.by {
        Some(by) if by.chars().count() > 64 => Err("by is longer than 64 characters".into()),
        _ => Ok(()),
    }
}
