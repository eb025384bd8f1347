//! What holds for whatever tills publish: the bodies of fuzz targets, and of the tests over their corpora.

use outlet_devices::driver::Request;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::payload::{IdOnly, check_bounds, is_heavy, parse};
use super::{LARGE_PAYLOAD, work_of};
use crate::audit::{self, Asked};
use crate::bus::contract::{AgentRequest, ErrorBody, EventBody, Reply, Submission};

/// Any bytes as a job.
///
/// # Errors
/// The rule that was broken: a refusal that is about another job or says nothing, or a job that is another one when it
/// is read from the journal.
pub fn any_job(input: &[u8]) -> Result<(), String> {
    let told = IdOnly::of(input);
    if !is_heavy(input) && input.len() >= LARGE_PAYLOAD {
        return Err(format!("{} bytes are not heavy", input.len()));
    }
    let mut submission = match parse(input) {
        Ok(submission) => submission,
        Err((code, text)) => return explained(&ErrorBody::new(code, text)),
    };
    let same = told.id.as_ref() == Some(&submission.id)
        && told.kind == Some(submission.kind)
        && told.reply_to == submission.reply_to;
    if !same {
        return Err(format!("refused it would be {:?} {:?} {:?}", told.id, told.kind, told.reply_to));
    }
    if let Err(text) = check_bounds(&submission) {
        return explained(&ErrorBody::new("invalid-request", text));
    }
    submission.reply_to = None;
    let kept = serde_json::to_vec(&submission).map_err(|error| error.to_string())?;
    let again: Submission = parse(&kept).map_err(|(_, text)| format!("it can't be read again: {text}"))?;
    if serde_json::to_vec(&again).ok().as_ref() != Some(&kept) {
        return Err(format!("kept as {} and as {again:?}", String::from_utf8_lossy(&kept)));
    }
    match (work_of(submission.kind, submission.document), work_of(again.kind, again.document)) {
        (Ok(asked), Ok(done)) if asked == done => Ok(()),
        (Err(error), Err(again)) if error == again => explained(&error),
        (asked, done) => Err(format!("asked was {asked:?}, from the journal it is {done:?}")),
    }
}

/// Any bytes as a request to the agent or to a device.
///
/// # Errors
/// The rule that was broken: a request that is written as another one, or an entry of the feed that a stranger can
/// make as long as they like.
pub fn any_request(input: &[u8]) -> Result<(), String> {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return Ok(()) };
    same_again::<AgentRequest>(&value)?;
    same_again::<Request>(&value)?;
    let asked = || Asked { user: None, client: Some("till".into()), by: None };
    let device = value["op"].as_str();
    let entries = [
        audit::of_request(&value, None, asked(), &Reply::done(Value::Null)),
        audit::of_request(&value, device, asked(), &Reply::refused(ErrorBody::new("unknown-device", "none"))),
    ];
    for entry in entries.into_iter().flatten() {
        let EventBody::Audit(entry) = entry else { return Err(format!("{entry:?} is no entry")) };
        for word in [Some(entry.action), entry.target, entry.answer, entry.by].into_iter().flatten() {
            if word.chars().count() > 64 || word.chars().any(char::is_control) {
                return Err(format!("{word:?} is kept in the feed"));
            }
        }
    }
    Ok(())
}

fn same_again<T>(value: &Value) -> Result<(), String>
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let request: T = match serde_json::from_value(value.clone()) {
        Ok(request) => request,
        Err(error) if error.to_string().is_empty() => return Err("a refusal that says nothing".into()),
        Err(_) => return Ok(()),
    };
    let written = serde_json::to_value(&request).map_err(|error| error.to_string())?;
    match serde_json::from_value::<T>(written) {
        Ok(again) if again == request => Ok(()),
        other => Err(format!("{request:?} is written as {other:?}")),
    }
}

fn explained(error: &ErrorBody) -> Result<(), String> {
    let known =
        ["invalid-request", "invalid-json", "too-large", "unsupported"].contains(&error.code.as_str());
    if known && !error.message.trim().is_empty() { Ok(()) } else { Err(format!("{error:?} says nothing")) }
}
