//! What holds for any command of a screen: the body of the fuzz target, and of the test over its corpus.

use super::commands::read;
use crate::bus::contract::is_job_id;

/// Any bytes as a command.
///
/// # Errors
/// The rule that was broken: a refusal that says nothing or is about no command, or a command that is another one when
/// it is read again.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let command = match read(input) {
        Ok(command) => command,
        Err((id, text)) if text.trim().is_empty() || id.as_ref().is_some_and(|id| !is_job_id(id)) => {
            return Err(format!("{id:?} is refused with {text:?}"));
        }
        Err(_) => return Ok(()),
    };
    if !is_job_id(&command.cmd) {
        return Err(format!("{:?} is no id", command.cmd));
    }
    let written = serde_json::to_vec(&command).map_err(|error| error.to_string())?;
    match read(&written) {
        Ok(again) if again == command => Ok(()),
        other => Err(format!("{command:?} is written as {other:?}")),
    }
}
