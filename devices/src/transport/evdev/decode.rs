//! Input events of one node, made into keys.

use std::time::Duration;

use outlet_protocols::scanner::KeyEvent;

use super::{Event, Input};

/// Follows the events of a node.
///
/// Source: the kernel's *Linux Input Subsystem*, "Input event codes" (`EV_KEY`, `EV_SYN`, `SYN_DROPPED`).
#[derive(Debug, Default)]
pub(super) struct Decoder {
    clock: Clock,
    /// Some events were lost, and up to the next report nothing can be relied on.
    dropping: bool,
}

const EV_SYN: u16 = 0;
const EV_KEY: u16 = 1;
const SYN_REPORT: u16 = 0;
const SYN_DROPPED: u16 = 3;

impl Decoder {
    /// Takes an event; `None` where it is no key and means nothing by itself.
    pub fn take(&mut self, event: Event) -> Option<Input> {
        let at_ms = self.clock.tick(event.at);
        match (event.kind, event.code) {
            (EV_SYN, SYN_DROPPED) => {
                let first = !self.dropping;
                self.dropping = true;
                first.then_some(Input::Lost)
            }
            (EV_SYN, SYN_REPORT) => {
                self.dropping = false;
                None
            }
            (EV_KEY, code) if !self.dropping => {
                Some(Input::Key(KeyEvent { code, value: event.value, at_ms }))
            }
            _ => None,
        }
    }
}

/// The kernel stamps events with the time of day, which may be set back: pauses are counted on from there.
#[derive(Debug, Default)]
struct Clock {
    last: Option<Duration>,
    at: Duration,
}

impl Clock {
    fn tick(&mut self, at: Duration) -> u64 {
        let step = self.last.map_or(Duration::ZERO, |last| at.saturating_sub(last));
        self.last = Some(at);
        self.at = self.at.saturating_add(step);
        u64::try_from(self.at.as_millis()).unwrap_or(u64::MAX)
    }
}
