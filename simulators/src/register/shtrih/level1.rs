//! Link level 1 (protocol, "General Information" and appendices 2 and 3).
//!
//! A frame is `02`, the length N, N bytes, and the exclusive or of all after the `02`. The device
//! acknowledges a good frame, executes it, sends its answer, and holds that until the host
//! acknowledges it. `ENQ` asks which: `NAK` means waiting for a command, `ACK` means an answer,
//! which follows.

use super::super::device::{Action, Device};
use super::Heard;

const STX: u8 = 0x02;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// The device's side of the line; all of it is lost when power fails.
#[derive(Debug)]
pub(super) struct Level1 {
    stray_byte: bool,
    /// The frame that is coming in, from its `02`.
    partial: Vec<u8>,
    /// The answer that the host hasn't acknowledged, with the name of its command.
    held: Option<(Vec<u8>, String)>,
}

impl Level1 {
    /// An idle line. With `stray_byte` an FF follows each acknowledgement of the host.
    pub fn new(stray_byte: bool) -> Self {
        Self { stray_byte, partial: Vec::new(), held: None }
    }

    /// Forgets a frame that hasn't come in whole.
    pub fn drop_partial(&mut self) {
        self.partial.clear();
    }

    pub fn receive(&mut self, byte: u8, late: bool, device: &mut Device) -> Option<Heard> {
        if late {
            self.drop_partial();
        }
        if !self.partial.is_empty() || byte == STX {
            self.partial.push(byte);
            return self.frame(device);
        }
        match byte {
            ENQ => Some(Heard::Link("ENQ", self.enquired())),
            ACK => {
                let stray = self.held.take().is_some() && self.stray_byte;
                let said = stray.then(|| Action::control("stray", vec![0xFF]));
                Some(Heard::Link("ACK", said.into_iter().collect()))
            }
            // The answer comes again only after an ENQ.
            NAK => Some(Heard::Link("NAK", Vec::new())),
            _ => {
                device.violation(format!("link level 1: byte {byte:02X} outside of a frame"));
                None
            }
        }
    }

    /// While a command is executed, an enquiry hears that an answer is being prepared.
    pub fn meanwhile(&self, byte: u8) -> Option<(String, Action)> {
        (byte == ENQ).then(|| ("ENQ".to_owned(), Action::control("ACK", vec![ACK])))
    }

    /// The answer's frame, held from now on.
    pub fn answer(&mut self, answer: Vec<u8>) -> Vec<u8> {
        let name = super::command::name(&answer);
        let frame = frame(&answer);
        self.held = Some((frame.clone(), name));
        frame
    }

    fn enquired(&self) -> Vec<Action> {
        match &self.held {
            None => vec![Action::control("NAK", vec![NAK])],
            Some((frame, name)) => {
                vec![Action::control("ACK", vec![ACK]), Action::answer(name.clone(), frame.clone())]
            }
        }
    }

    fn frame(&mut self, device: &mut Device) -> Option<Heard> {
        let length = usize::from(*self.partial.get(1)?);
        if self.partial.len() < length + 3 {
            return None;
        }
        let frame = std::mem::take(&mut self.partial);
        let check = frame.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
        if check != 0 || length == 0 || device.refuses_frame() {
            return Some(Heard::Link("garbled", vec![Action::control("NAK", vec![NAK])]));
        }
        let command = frame.get(2..length + 2).unwrap_or_default().to_vec();
        if self.held.take().is_some() {
            device.violation("link level 1: a command before the last answer was acknowledged");
        }
        Some(Heard::Command(command, vec![Action::control("ACK", vec![ACK])]))
    }
}

/// Puts a frame around an answer.
fn frame(data: &[u8]) -> Vec<u8> {
    let mut frame = vec![STX, data.len() as u8];
    frame.extend_from_slice(data);
    frame.push(frame.iter().skip(1).fold(0, |sum, byte| sum ^ byte));
    frame
}
