//! Dibal, and TISA cash registers.
//!
//! Source: Dibal DPOS400 manual, section 4.4: both frames, the checksum, what is told in motion,
//! below zero and when the amount doesn't fit. A frame with a wrong checksum is not answered, on
//! which the manual says nothing.

use super::desk::{Answer, Desk};
use super::simulation::Dialect;

/// Longer frames are dropped.
const LONGEST: usize = 64;

/// Divisions by which a load must differ to be a new one.
const NEW_LOAD: i64 = 20;

#[derive(Default)]
pub(super) struct Dibal {
    line: Vec<u8>,
}

impl Dibal {
    fn frame(&self, desk: &Desk, refused: bool) -> Answer {
        let reading = desk.pan.reading();
        let wrong = reading.value < 0 || reading.overload || reading.underload || reading.fault;
        let weight = if wrong { 0 } else { reading.value };
        let total = desk.pan.total();
        let told = !wrong && reading.stable && !refused;
        let (amount, good_amount) = if told && total <= 999_999 { (total, true) } else { (0, false) };
        let mut text = format!("99{}{weight:05}{}{amount:06}", u8::from(!told), u8::from(!good_amount));
        let check = text.len();
        text.push(char::from(xor(text.as_bytes())));
        Answer::new(text + "\r\n").check_at(check)
    }
}

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

impl Dialect for Dibal {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        if byte != b'\n' {
            self.line.push(byte);
            if self.line.len() > LONGEST {
                self.line.clear();
            }
            return;
        }
        let line = std::mem::take(&mut self.line);
        let Some(&[b'9', b'8', a, b, c, d, e, check]) = line.strip_suffix(b"\r") else {
            return desk.violation("a frame that is not 98, five digits, checksum, CR LF");
        };
        let price = std::str::from_utf8(&[a, b, c, d, e]).ok().and_then(|digits| digits.parse::<u32>().ok());
        let Some(price) = price.filter(|_| xor(&line[..7]) == check) else {
            return desk.violation("a wrong price or checksum");
        };
        desk.ask("98");
        desk.pan.price = price;
        let busy = desk.is_busy();
        let known = desk.spec.only_new_weight && !desk.pan.is_new(NEW_LOAD);
        let answer = self.frame(desk, busy || known);
        if desk.pan.reading().is_sellable() && !busy {
            desk.pan.sold();
        }
        desk.answer(answer);
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        self.frame(desk, false)
    }

    fn reset(&mut self) {
        self.line.clear();
    }
}
