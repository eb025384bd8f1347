//! Massa-K: protocol 100, protocol "1C" and protocol "J".
//!
//! Sources: the commands, their bodies, the codes of the error answer and the names of the fields
//! as public drivers for protocol 100 quote them from Massa-K's document; the frames of 1C as
//! recorded; J as other drivers read it. In J the vendor's document was not at hand: a load above
//! or below the range is told as one in motion.

use super::desk::{Answer, Desk};
use super::mass::Mass;
use super::pan::Reading;
use super::simulation::Dialect;

const HEAD: [u8; 3] = [0xF8, 0x55, 0xCE];

/// Longer bodies are noise.
const LONGEST: usize = 256;

// Codes of the error answer 28.
const NOT_SUPPORTED: u8 = 0x07;
const OVERLOAD: u8 = 0x08;
const WRONG_DATA: u8 = 0x0A;
const ZERO_IMPOSSIBLE: u8 = 0x15;
const NO_WEIGHING_MODULE: u8 = 0x17;
const BROKEN: u8 = 0x19;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Protocol100,
    OneC,
}

/// Protocols 100 and 1C.
pub(super) struct Massa {
    kind: Kind,
    buffer: Vec<u8>,
}

impl Massa {
    pub fn new(kind: Kind) -> Self {
        Self { kind, buffer: Vec::new() }
    }

    /// The body of the next frame, once it is there whole and right.
    fn next_body(&mut self, desk: &mut Desk) -> Option<Vec<u8>> {
        loop {
            let start = self.buffer.len().min(HEAD.len());
            if self.buffer[..start] != HEAD[..start] {
                self.buffer.remove(0);
                continue;
            }
            let length = match self.buffer.get(3..5) {
                Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
                _ => return None,
            };
            if length == 0 || length > LONGEST {
                self.buffer.remove(0);
                continue;
            }
            let frame = self.buffer.get(..length + 7)?.to_vec();
            let (body, check) = frame[5..].split_at(length);
            if check == remainder(body).to_le_bytes() {
                self.buffer.drain(..frame.len());
                return Some(body.to_vec());
            }
            desk.violation("a frame with a wrong checksum");
            self.buffer.remove(0);
        }
    }

    fn weight(&self, desk: &Desk) -> Vec<u8> {
        let reading = desk.pan.reading();
        if reading.fault {
            return vec![0x28, BROKEN];
        }
        if reading.overload {
            return vec![0x28, OVERLOAD];
        }
        let mut body = vec![if self.kind == Kind::Protocol100 { 0x24 } else { 0x10 }];
        body.extend(int32(reading.value));
        body.extend([division(desk.pan.last_place()), u8::from(reading.stable)]);
        if self.kind == Kind::Protocol100 {
            body.extend([u8::from(reading.is_net()), u8::from(reading.zero)]);
            body.extend(int32(reading.tare));
        }
        body
    }

    fn execute(&self, body: &[u8], desk: &mut Desk) -> Vec<u8> {
        let weight = if self.kind == Kind::Protocol100 { 0x23 } else { 0xA0 };
        if desk.is_busy() {
            return vec![0x28, NO_WEIGHING_MODULE];
        }
        match *body {
            [command] if command == weight => self.weight(desk),
            [0x72] if desk.pan.set_zero().is_ok() => vec![0x27],
            [0x72] => vec![0x28, ZERO_IMPOSSIBLE],
            [0xA3, a, b, c, d] => {
                let tare = i64::from(i32::from_le_bytes([a, b, c, d]));
                let taken = !desk.pan.reading().fault && desk.pan.preset_tare(tare).is_ok();
                vec![if taken { 0x12 } else { 0x15 }]
            }
            [0x72 | 0xA3, ..] => vec![0x28, WRONG_DATA],
            _ => vec![0x28, NOT_SUPPORTED],
        }
    }
}

fn answer(body: &[u8]) -> Answer {
    // Another question's answer: zero taken, or tare taken.
    let foreign = if body == [0x27] { [0x12] } else { [0x27] };
    let frame = frame(body);
    let check = frame.len() - 2;
    Answer::new(frame).check_at(check).or_foreign(self::frame(&foreign))
}

fn frame(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
    [&HEAD, &length[..], body, &remainder(body).to_le_bytes()].concat()
}

/// The body as one long polynomial, divided by x^16 + x^12 + x^5 + 1. Nothing is appended to the
/// body before the division, so that short bodies are their own remainder.
fn remainder(body: &[u8]) -> u16 {
    let mut rest: u16 = 0;
    for byte in body {
        for bit in (0..8).rev() {
            let carry = rest & 0x8000 != 0;
            rest = rest << 1 | u16::from(byte >> bit & 1);
            if carry {
                rest ^= 0x1021;
            }
        }
    }
    rest
}

fn int32(value: i64) -> [u8; 4] {
    let least = if value < 0 { i32::MIN } else { i32::MAX };
    i32::try_from(value).unwrap_or(least).to_le_bytes()
}

/// Code of the unit that weights are counted in: 0.1 g, 1 g, 10 g, 100 g, 1 kg.
fn division(last_place: Mass) -> u8 {
    let tenths = last_place.counted_in(Mass::tenths_of_gram(1));
    u8::try_from(tenths.max(1).ilog10()).unwrap_or(u8::MAX)
}

impl Dialect for Massa {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        self.buffer.push(byte);
        while let Some(body) = self.next_body(desk) {
            desk.ask(body.first().map(|command| format!("{command:02X}")).unwrap_or_default());
            let said = self.execute(&body, desk);
            desk.answer(answer(&said));
        }
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        answer(&self.weight(desk))
    }

    fn drop_frame(&mut self) {
        self.buffer.clear();
    }

    fn reset(&mut self) {
        self.drop_frame();
    }
}

/// Protocol J: one byte asks, five answer.
pub(super) struct MassaJ {
    bit6: bool,
}

impl MassaJ {
    pub fn new(bit6: bool) -> Self {
        Self { bit6 }
    }

    fn frame(&self, reading: Reading, last_place: Mass) -> Vec<u8> {
        let sellable = reading.stable && !reading.overload && !reading.underload && !reading.fault;
        let status = u8::from(sellable) << 7 | u8::from(self.bit6) << 6;
        let division = match division(last_place) {
            0 => 1,
            1 => 0,
            2 => 4,
            _ => 5,
        };
        let [low, middle, high, _] =
            u32::try_from(reading.value.unsigned_abs()).unwrap_or(u32::MAX).to_le_bytes();
        vec![status, division, low, middle, high & 0x7F | u8::from(reading.value < 0) << 7]
    }
}

impl Dialect for MassaJ {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        if byte != 0x4A {
            return desk.violation(format!("{byte:02X} is no command"));
        }
        desk.ask("4A");
        let mut reading = desk.pan.reading();
        reading.stable &= !desk.is_busy();
        desk.answer(Answer::new(self.frame(reading, desk.pan.last_place())));
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        Answer::new(self.frame(desk.pan.reading(), desk.pan.last_place()))
    }

    fn reset(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::remainder;

    #[test]
    fn the_remainder_is_the_one_recorded_from_scales() {
        assert_eq!(remainder(&[0x92, 0x01, 0, 0, 0, 0, 0, 0]), 0xEFB5);
        assert_eq!(remainder(&[0x55, 0x07, 0x2C, 0x01, 0, 0]), 0x1F44);
        assert_eq!(remainder(&[0x23]), 0x0023);
    }
}
