//! What holds for any fiscal task: the body of the fuzz target, and of the test over its corpus.

use serde_json::Value;

use super::{Abilities, Policy, Task, TaskError};

/// Any bytes as a fiscal task in JSON.
///
/// # Errors
/// The rule that was broken: a task that is taken and then refused, that reads differently a second time, or whose
/// kind contradicts what it does.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return Ok(()) };
    let task = match Task::parse(&value) {
        Ok(task) => task,
        Err(TaskError::Rejected(_)) => return Ok(()),
        Err(TaskError::Unsupported(problems)) => {
            return Err(format!("no register was asked, and it is unsupported: {problems:?}"));
        }
    };
    if Task::parse(&value).as_ref() != Ok(&task) {
        return Err(format!("read again it is another: {task:?}"));
    }
    if let Err(TaskError::Rejected(problems)) = task.check(&Abilities::all(), &Policy::default()) {
        return Err(format!("taken, then rejected: {problems:?}"));
    }
    if task.is_query() && (task.is_booked() || task.moves_money()) {
        return Err(format!("a question that changes the books: {task:?}"));
    }
    if value.get("type").and_then(Value::as_str) != Some(task.name()) {
        return Err(format!("{} became {}", value["type"], task.name()));
    }
    Ok(())
}
