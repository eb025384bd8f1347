//! Keys as reports of a keyboard.
//!
//! Source: Device Class Definition for HID 1.11, appendix B.1 and C: a byte of modifiers, a reserved one,
//! and the usages of up to six keys that are down.

use std::time::Duration;

use crate::reader::keyboard::KeyEvent;

/// The reports of key events, and when they leave. Their scan codes are the usages of page 07.
pub fn reports(events: &[KeyEvent]) -> Vec<(Duration, [u8; 8])> {
    let mut reports = Vec::new();
    let (mut scanned, mut modifiers, mut down) = (0, 0u8, Vec::new());
    for event in events {
        match (event.kind, event.value) {
            (MISCELLANEOUS, value) => scanned = (value & 0xFF) as u8,
            (KEY, value) => match scanned {
                0xE0..=0xE7 if value == 1 => modifiers |= 1 << (scanned - 0xE0),
                0xE0..=0xE7 => modifiers &= !(1 << (scanned - 0xE0)),
                usage if value == 1 => down.push(usage),
                usage => down.retain(|key| *key != usage),
            },
            (_, _) => {
                let mut report = [0; 8];
                report[0] = modifiers;
                for (to, key) in report.iter_mut().skip(2).zip(&down) {
                    *to = *key;
                }
                reports.push((event.at, report));
            }
        }
    }
    reports
}

/// `EV_KEY` and `EV_MSC` of Linux `input-event-codes.h`.
const KEY: u16 = 1;
const MISCELLANEOUS: u16 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::keyboard::{GroupSeparator, Speed, type_text};

    #[test]
    fn a_capital_letter_is_typed_with_shift_held_around_it() {
        let events = type_text("A1", Speed::Scanner, GroupSeparator::Dropped).unwrap();
        let reports: Vec<[u8; 8]> = reports(&events).into_iter().map(|(_, report)| report).collect();
        let report = |modifiers, key| [modifiers, 0, key, 0, 0, 0, 0, 0];
        // HID Usage Tables, page 07: A is 04, 1 is 1E, left Shift is E1, the second bit of the modifiers.
        let expected =
            [report(2, 0), report(2, 4), report(2, 0), report(0, 0), report(0, 0x1E), report(0, 0)];
        assert_eq!(reports, expected);
    }
}
