//! What holds for any request to the HTTP door: the body of the fuzz target, and of the test over its corpus.

use std::collections::BTreeSet;

use axum::extract::Query;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Failure, Token, admit, atol_requests, is_this_machine, shown_token};
use crate::bus::contract::is_job_id;
use crate::sequence::Place;

/// The door's token in the corpus.
const TOKEN: &str = "0123456789abcdef";

/// Any bytes as a request to the HTTP door, as it stands on the wire.
///
/// # Errors
/// The rule that was broken: somebody let in without the token or from elsewhere, tasks that no job can be made of,
/// or a refusal that says nothing.
pub fn any_request(input: &[u8]) -> Result<(), String> {
    let Some(request) = request(input) else { return Ok(()) };
    let headers = request.headers();
    match admit(headers, &Token::new(TOKEN)) {
        Ok(()) => knows_the_token(headers)?,
        Err(refusal) => {
            explained(&refusal, 401..=403)?;
            plain(&refusal.description)?;
        }
    }
    let asked = Query::try_from_uri(request.uri());
    match atol_requests::device_of(asked, headers) {
        Ok(device) if device.as_deref() == Some("") => return Err("a device without a name".into()),
        Ok(_) => {}
        Err(refusal) => explained(&refusal, 400..=400)?,
    }
    let tasks = atol_requests::read(request.body()).and_then(|posted| {
        atol_requests::tasks(&posted.uuid, posted.request).map(|tasks| (posted.uuid, tasks))
    });
    let (uuid, tasks) = match tasks {
        Ok(tasks) => tasks,
        Err(refusal) => return explained(&refusal, 400..=400),
    };
    let jobs: BTreeSet<String> = Place::all(&uuid, tasks.len()).map(|place| place.job()).collect();
    if jobs.len() != tasks.len() || !(1..=100).contains(&tasks.len()) {
        return Err(format!("{} tasks under the ids {jobs:?}", tasks.len()));
    }
    match jobs.iter().find(|job| !is_job_id(job)) {
        Some(job) => Err(format!("{job:?} is no id of a job")),
        None => Ok(()),
    }
}

fn knows_the_token(headers: &HeaderMap) -> Result<(), String> {
    let shown = headers.get(AUTHORIZATION).ok_or("somebody without a token is let in")?;
    let text = shown.to_str().map_err(|error| error.to_string())?;
    let decoded =
        text.split_whitespace().last().and_then(|pair| STANDARD.decode(pair).ok()).unwrap_or_default();
    if !text.ends_with(TOKEN) && !decoded.ends_with(format!(":{TOKEN}").as_bytes()) {
        return Err(format!("{text:?} is taken for the token"));
    }
    if shown_token(shown).as_deref() != Some(TOKEN.as_bytes()) {
        return Err(format!("{text:?} is the token here and not there"));
    }
    let names = ["host", "origin"].map(|name| headers.get_all(name).iter().collect::<Vec<_>>());
    for name in names.iter().flatten() {
        let name = name.to_str().map_err(|error| error.to_string())?;
        let host = name.split_once("://").map_or(name, |(_, host)| host);
        if !is_this_machine(host) || host.contains(['/', '@', '?', '#', ' ']) {
            return Err(format!("{name:?} is taken for this machine"));
        }
    }
    Ok(())
}

fn explained(refusal: &Failure, statuses: std::ops::RangeInclusive<u16>) -> Result<(), String> {
    if !statuses.contains(&refusal.status.as_u16()) {
        return Err(format!("{refusal:?} is an odd status"));
    }
    // It is told in JSON, and may repeat what was asked.
    if refusal.description.trim().is_empty() { Err(format!("{refusal:?} says nothing")) } else { Ok(()) }
}

/// Words for a log: there are some, without signs that move a cursor.
pub(crate) fn plain(words: &str) -> Result<(), String> {
    match words.trim().is_empty() || words.chars().any(char::is_control) {
        true => Err(format!("{words:?} explains nothing")),
        false => Ok(()),
    }
}

/// A request as it stands on the wire: a first line, headers, an empty line, a body.
pub(crate) fn request(input: &[u8]) -> Option<Request<Bytes>> {
    let end = input.windows(2).position(|two| two == b"\n\n")?;
    let (head, body) = (input.get(..end)?, input.get(end + 2..)?);
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(line.get(..colon)?, line.get(colon + 1..)?.trim_ascii());
    }
    request.body(Bytes::copy_from_slice(body)).ok()
}
