//! Link level 2.0 (vendor's driver, `PrinterProtocol_2`; field log of issue 72; sheet).
//!
//! A frame is `8F`, the length of number and data, the number, data, and a CRC; everything after
//! the `8F` is stuffed. Only the number after the last one executes; any other gets the last
//! answer again, and so does the frame of length 0 that asks for it.

use super::super::device::{Action, Device};
use super::Heard;

/// The first byte of a frame.
pub(super) const START: u8 = 0x8F;
const ESCAPE: u8 = 0x9F;
const ESCAPED_START: u8 = 0x81;
const ESCAPED_ESCAPE: u8 = 0x83;

/// The device's side of the line; all of it is lost when power fails.
#[derive(Debug, Default)]
pub(super) struct Level2 {
    /// The frame that is coming in, after its `8F`, without stuffing.
    partial: Option<Vec<u8>>,
    escaped: bool,
    /// Number of the last command that was executed, 0 before the first.
    number: u16,
    /// Its answer and the name of its command.
    last: Option<(Vec<u8>, String)>,
}

impl Level2 {
    /// Forgets a frame that hasn't come in whole.
    pub fn drop_partial(&mut self) {
        self.partial = None;
        self.escaped = false;
    }

    pub fn receive(&mut self, byte: u8, late: bool, device: &mut Device) -> Option<Heard> {
        if late {
            self.drop_partial();
        }
        if byte == START {
            self.partial = Some(Vec::new());
            self.escaped = false;
            return None;
        }
        let Some(partial) = &mut self.partial else {
            device.violation(format!("link level 2.0: byte {byte:02X} outside of a frame"));
            return None;
        };
        let byte = match (std::mem::take(&mut self.escaped), byte) {
            (false, ESCAPE) => {
                self.escaped = true;
                return None;
            }
            (true, ESCAPED_START) => START,
            (true, ESCAPED_ESCAPE) => ESCAPE,
            (true, other) => {
                device.violation(format!("link level 2.0: byte {other:02X} after 9F"));
                self.drop_partial();
                return None;
            }
            (false, byte) => byte,
        };
        partial.push(byte);
        let length = usize::from(word(partial, 0)?);
        if partial.len() < length + 4 {
            return None;
        }
        let frame = self.partial.take()?;
        self.frame(&frame, length, device)
    }

    /// The answer's frame, kept until the next command.
    pub fn answer(&mut self, answer: Vec<u8>) -> Vec<u8> {
        let name = super::command::name(&answer);
        self.number = self.number.wrapping_add(1);
        let frame = frame(self.number, &answer);
        self.last = Some((frame.clone(), name));
        frame
    }

    fn frame(&mut self, frame: &[u8], length: usize, device: &mut Device) -> Option<Heard> {
        let covered = frame.get(..length + 2)?;
        if word(frame, length + 2)? != crc(covered) || device.refuses_frame() {
            // Nobody answers a garbled frame: the host asks again.
            return Some(Heard::Link("garbled", Vec::new()));
        }
        if length == 0 {
            return Some(Heard::Link("SYNC", vec![self.again("SYNC")]));
        }
        if length < 3 {
            device.violation("link level 2.0: a frame without a command");
            return Some(Heard::Link("garbled", Vec::new()));
        }
        if word(frame, 2)? != self.number.wrapping_add(1) {
            return Some(Heard::Link("REPEAT", vec![self.again("REPEAT")]));
        }
        Some(Heard::Command(frame.get(4..length + 2)?.to_vec(), Vec::new()))
    }

    /// The last number and its answer, or the number alone.
    fn again(&self, name: &str) -> Action {
        match &self.last {
            Some((frame, name)) => Action::answer(name.clone(), frame.clone()),
            None => Action::answer(name, frame(self.number, &[])),
        }
    }
}

fn frame(number: u16, data: &[u8]) -> Vec<u8> {
    let mut plain = ((data.len() + 2) as u16).to_le_bytes().to_vec();
    plain.extend(number.to_le_bytes());
    plain.extend_from_slice(data);
    plain.extend(crc(&plain).to_le_bytes());
    let mut out = vec![START];
    for byte in plain {
        match byte {
            START => out.extend([ESCAPE, ESCAPED_START]),
            ESCAPE => out.extend([ESCAPE, ESCAPED_ESCAPE]),
            _ => out.push(byte),
        }
    }
    out
}

/// CRC-CCITT, polynomial 1021, beginning with FFFF.
fn crc(data: &[u8]) -> u16 {
    data.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_the_vendors_driver() {
        // PrinterProtocol_2Test, testCRC.
        assert_eq!(crc(&[0, 0]), 0x1D0F);
        assert_eq!(crc(&[0x03, 0x00, 0x06, 0x00, 0xFC]), 0x63ED);
    }

    #[test]
    fn frames_are_those_of_a_real_device() {
        // Field log of issue 72: the answer to 1F with number 2D.
        let answer = frame(0x2D, &[0x1F, 0x00, 0x02]);
        assert_eq!(answer, [0x8F, 0x05, 0x00, 0x2D, 0x00, 0x1F, 0x00, 0x02, 0xB7, 0xEE]);
    }
}
