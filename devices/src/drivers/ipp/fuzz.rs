//! What holds for any answer of an office printer: the body of the fuzz target, and of the test over its corpus.

use super::answer::{Abilities, Job, Status};
use super::client::judged;
use super::{http, reasons};

/// Reads the bytes as an answer of a printer, which the corpus gives the number 1.
///
/// # Errors
/// The rule that was broken: a state or an obstacle without words, more copies than were said, a job without a state,
/// or an answer that can't be shown in a trace.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let answer = match http::read(input.to_vec()) {
        Ok(answer) => answer,
        Err(failure) if failure.to_string().is_empty() => return Err("a failure that says nothing".into()),
        Err(_) => return Ok(()),
    };
    if answer.to_bytes().len() > 4 * input.len() + 64 {
        return Err(format!("{} bytes are shown as {}", input.len(), answer.to_bytes().len()));
    }
    if let Some(status) = Status::of(&answer) {
        status_is_told(&status)?;
    }
    if Abilities::of(&answer).copies == 0 {
        return Err("a printer that makes no copies".into());
    }
    for job in Job::all(&answer) {
        if !job.to_json()["state"].is_string() || job.says("none") {
            return Err(format!("{job:?} is told as {}", job.to_json()));
        }
    }
    match judged(answer, 1) {
        Err(failure) if failure.to_string().is_empty() || failure.remedy().is_empty() => {
            Err(format!("{failure:?} says nothing"))
        }
        _ => Ok(()),
    }
}

fn status_is_told(status: &Status) -> Result<(), String> {
    let conditions = reasons::conditions(status);
    let Some(obstacle) = reasons::obstacle(status) else {
        return if status.is_stopped() { Err(format!("{status:?} prevents nothing")) } else { Ok(()) };
    };
    if obstacle.message.is_empty() || conditions.is_empty() || obstacle.message.contains(char::is_control) {
        return Err(format!("{status:?} is told as {obstacle:?}, {conditions:?}"));
    }
    Ok(())
}
