//! Mertech over TCP: a message behind its length.
//!
//! Source: Mertech, "Весы серии M-ER 725, 727, 828. Руководство программиста": four bytes in front of
//! each command with the length of all that follows, the lowest first; then STX, the length of the rest
//! (FF when it is over 255), the command's code.

use super::Scale;

/// Longest message that is taken: a block of a file is at most 60000 bytes.
const LONGEST: usize = 64 << 10;
const STX: u8 = 0x02;
/// The request before isn't finished (from a list of the vendor's driver).
const NOT_FINISHED: u8 = 199;

impl Scale {
    pub(super) fn stream(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while let Some(message) = self.next_message() {
            let Some(command) = self.command_of(&message) else {
                self.plug.cut = true;
                return self.input.clear();
            };
            for _ in 0..self.arrivals() {
                let answer = if super::count_down(&mut self.busy) {
                    vec![command.first().copied().unwrap_or_default(), NOT_FINISHED]
                } else {
                    self.execute(&command)
                };
                for _ in 0..self.departures() {
                    self.plug.say(framed(&answer));
                }
                self.answered();
            }
        }
    }

    /// Takes a whole message from the input, when there is one.
    fn next_message(&mut self) -> Option<Vec<u8>> {
        let length: [u8; 4] = self.input.get(..4)?.try_into().ok()?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            self.violation(format!("a message of {length} bytes"));
            self.plug.cut = true;
            self.input.clear();
            return None;
        }
        let message = self.input.get(4..4 + length)?.to_vec();
        self.input.drain(..4 + length);
        Some(message)
    }

    fn command_of(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let [start, declared, command @ ..] = message else {
            self.violation(format!("a message of {} bytes", message.len()));
            return None;
        };
        if *start != STX || command.is_empty() || usize::from(*declared) != command.len().min(0xFF) {
            self.violation(format!(
                "a message that begins {start:02X} {declared:02X} and has {} more bytes",
                command.len()
            ));
            return None;
        }
        Some(command.to_vec())
    }
}

fn framed(answer: &[u8]) -> Vec<u8> {
    let mut out = (answer.len() as u32 + 2).to_le_bytes().to_vec();
    out.push(STX);
    out.push(answer.len().min(0xFF) as u8);
    out.extend(answer);
    out
}
