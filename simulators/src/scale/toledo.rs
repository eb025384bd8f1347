//! Toledo 8217.
//!
//! Sources: Mettler Toledo DIVA service manual for the PSC 8500 scanner, section 6.1.3 (commands,
//! the 150 ms after `T`, confidence test) and 6.1.4.3 (status byte with bit 5 for net); Rice Lake
//! BenchPro manual, page 26, where bit 5 is always 1. The manual's line on `F` was not at hand: it
//! is answered in the way of `E`. Parity is the line's and not among the bytes here.

use std::time::Duration;

use super::desk::{Answer, Desk};
use super::mass::Unit;
use super::pan::Reading;
use super::simulation::Dialect;
use super::spec::ScaleSpec;

const STX: &str = "\x02";

pub(super) struct Toledo {
    bit5_always: bool,
    /// Digits after a `T` that may become a preset tare.
    tare: Option<String>,
    echoing: bool,
    /// A confidence test was made and its result not read.
    tested: bool,
}

impl Toledo {
    pub fn new(bit5_always: bool) -> Self {
        Self { bit5_always, tare: None, echoing: false, tested: false }
    }

    fn command(&mut self, byte: u8, desk: &mut Desk) {
        if !b"WHZTCABEF".contains(&byte) {
            return desk.violation(format!("{byte:02X} is no command"));
        }
        if byte == b'T' {
            self.tare = Some(String::new());
            return;
        }
        desk.ask(char::from(byte).to_string());
        let answer = match byte {
            b'W' => self.weight(desk.pan.reading(), desk),
            b'H' => self.weight(desk.pan.tenfold_reading(), desk),
            b'Z' => {
                // A refusal shows in the status: not at the centre of zero.
                let _ = desk.pan.set_zero();
                self.status(desk)
            }
            b'C' => {
                if desk.pan.reading().stable {
                    desk.pan.clear_tare();
                }
                self.status(desk)
            }
            b'A' => {
                self.tested = true;
                format!("{STX}\r")
            }
            b'B' if std::mem::take(&mut self.tested) => format!("{STX}?@\r"),
            b'B' => format!("{STX}?\0\r"),
            b'E' => {
                self.echoing = true;
                format!("{STX}E\r")
            }
            _ => format!("{STX}F\r"),
        };
        desk.answer(Answer::new(answer));
    }

    /// What came after `T` is a preset tare, or it is nothing and the load becomes the tare.
    fn take_tare(&mut self, digits: &str, desk: &mut Desk) {
        desk.ask("T");
        if let Ok(count) = digits.parse::<i64>() {
            // WWW.WW lb or WW.WWW kg: the decimals that such scales show. A refusal keeps the old one.
            let _ = desk.pan.preset_tare(count);
        } else if desk.pan.reading().gross != 0 {
            let _ = desk.pan.set_tare();
        }
        let answer = self.status(desk);
        desk.answer(Answer::new(answer));
    }

    fn tare_ends(&mut self, digits: &str, desk: &mut Desk) {
        if digits.is_empty() {
            self.take_tare("", desk);
        } else {
            desk.violation(format!("a preset tare of {} digits instead of five", digits.len()));
        }
    }

    fn weight(&self, reading: Reading, desk: &mut Desk) -> String {
        if desk.is_busy() {
            return self.status_of(Reading { stable: false, ..reading }, desk);
        }
        if !reading.stable || reading.value < 0 || reading.overload || reading.underload || reading.fault {
            return self.status_of(reading, desk);
        }
        let fine = usize::from(reading.decimals > desk.pan.decimals());
        let width = fine + if reading.unit == Unit::Pound { 5 } else { 6 };
        let net = if reading.is_net() { "N" } else { "" };
        format!("{STX}{:0>width$}{net}\r", reading.digits())
    }

    fn status(&self, desk: &Desk) -> String {
        self.status_of(desk.pan.reading(), desk)
    }

    fn status_of(&self, reading: Reading, desk: &Desk) -> String {
        let status = 0x40
            | u8::from(self.bit5_always || reading.is_net()) << 5
            | u8::from(reading.zero) << 4
            | u8::from(!desk.pan.can_be_zeroed()) << 3
            | u8::from(reading.value < 0) << 2
            | u8::from(reading.overload) << 1
            | u8::from(!reading.stable || reading.fault);
        format!("{STX}?{}\r", char::from(status))
    }
}

impl Dialect for Toledo {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        if self.echoing && byte != b'F' {
            return desk.say(&[byte]);
        }
        self.echoing = false;
        if let Some(mut digits) = self.tare.take() {
            if byte.is_ascii_digit() {
                digits.push(char::from(byte));
                match digits.len() {
                    5 => self.take_tare(&digits, desk),
                    _ => self.tare = Some(digits),
                }
                return;
            }
            self.tare_ends(&digits, desk);
        }
        self.command(byte, desk);
    }

    fn open_for(&self, _spec: &ScaleSpec) -> Option<Duration> {
        self.tare.is_some().then_some(Duration::from_millis(150))
    }

    fn settle(&mut self, desk: &mut Desk) {
        if let Some(digits) = self.tare.take() {
            self.tare_ends(&digits, desk);
        }
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        let reading = desk.pan.reading();
        Answer::new(format!("{STX}{:0>6}\r", reading.digits()))
    }

    fn reset(&mut self) {
        (self.tare, self.echoing) = (None, false);
    }
}
