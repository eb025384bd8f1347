//! What holds for any order: the body of the fuzz target, and of the test over its corpus.

use serde_json::Value;

use super::Order;

/// Any bytes as the order of a ticket job.
///
/// # Errors
/// The rule that was broken: an order that is taken and another one, or none, once written and read again.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return Ok(()) };
    let Ok(order) = Order::parse(&value) else { return Ok(()) };
    let written = serde_json::to_value(&order).map_err(|error| error.to_string())?;
    match Order::parse(&written) {
        Ok(read) if read == order => Ok(()),
        other => Err(format!("written and read again: {other:?}, before: {order:?}")),
    }
}
