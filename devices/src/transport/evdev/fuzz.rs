//! What holds for any input events: the body of the fuzz target, and of the test over its corpus.

use std::time::Duration;

use super::decode::Decoder;
use super::{Event, Input};

/// Bytes of an event: kind, code, value, and milliseconds, of which two bytes each count.
const EVENT: usize = 8;

/// Takes the bytes as events of a node that types, eight for each.
///
/// # Errors
/// The rule that was broken: time that goes back, a key that nobody pressed, one of a report of which a part was lost,
/// or a loss that is told twice.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let mut decoder = Decoder::default();
    let (mut dropping, mut last) = (false, 0);
    for bytes in input.as_chunks::<EVENT>().0 {
        let [kind, _, code_high, code_low, value, back, high, low] = *bytes;
        let at = u64::from(u16::from_be_bytes([high, low]));
        // A clock that was set may be far away.
        let at = if back == u8::MAX { Duration::MAX } else { Duration::from_millis(at) };
        let event = Event {
            kind: u16::from(kind),
            code: u16::from_be_bytes([code_high, code_low]),
            value: i32::from(value),
            at,
        };
        let (syn, code) = (event.kind == 0, event.code);
        match decoder.take(event) {
            Some(Input::Lost) if !syn || code != 3 || dropping => {
                return Err(format!("{event:?} is told as a loss"));
            }
            Some(Input::Key(key)) => {
                if dropping || event.kind != 1 || (key.code, key.value) != (event.code, event.value) {
                    return Err(format!("{event:?} is {key:?}, dropping: {dropping}"));
                }
                if key.at_ms < last {
                    return Err(format!("{key:?} comes before {last} ms"));
                }
                last = key.at_ms;
            }
            None if event.kind == 1 && !dropping => return Err(format!("{event:?} is no key")),
            _ => {}
        }
        dropping = syn && code == 3 || dropping && !(syn && code == 0);
    }
    Ok(())
}
