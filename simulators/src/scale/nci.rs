//! NCI / Weigh-Tronix SCP-01.
//!
//! Sources: Mettler Toledo DIVA service manual for the PSC 8500 scanner, pages 35-37 (the form
//! for cash registers: commands `W`, `S`, `Z`, `H`, `U`, notes 1-4, status bytes); NCI 6702 manual,
//! page 14, and Adam MDW manual, section 8.5 (the form of bench scales: fill characters, `T`).

use super::desk::{Answer, Desk};
use super::mass::Unit;
use super::pan::Reading;
use super::simulation::Dialect;
use super::spec::NciForm;

const LF: char = '\n';
const END: &str = "\r\x03";

/// Longer lines are cut.
const LONGEST: usize = 64;

pub(super) struct Nci {
    form: NciForm,
    line: Vec<u8>,
}

impl Nci {
    pub fn new(form: NciForm) -> Self {
        Self { form, line: Vec::new() }
    }

    fn execute(&self, line: &[u8], desk: &mut Desk) {
        let command = String::from_utf8_lossy(line).into_owned();
        desk.ask(command.as_str());
        let answer = match (command.as_str(), self.form) {
            ("W", _) => {
                let mut reading = desk.pan.reading();
                reading.stable &= !desk.is_busy();
                self.weight(reading, 6)
            }
            ("H", _) => self.weight(desk.pan.tenfold_reading(), 7),
            ("S", _) => self.status(&desk.pan.reading()),
            ("Z", _) => {
                // A refusal shows in the status: not at zero.
                let _ = desk.pan.set_zero();
                self.status(&desk.pan.reading())
            }
            ("T", NciForm::Bench) => {
                let _ = desk.pan.set_tare();
                self.status(&desk.pan.reading())
            }
            ("U", _) => {
                desk.pan.change_unit();
                let reading = desk.pan.reading();
                format!("{LF}{}\r{}", self.unit(reading.unit), self.status(&reading))
            }
            _ => format!("{LF}?{END}"),
        };
        desk.answer(Answer::new(answer));
    }

    /// The weight with the status after it. In the form for cash registers it has so many
    /// characters, and the status comes alone when the weight is no good.
    fn weight(&self, reading: Reading, width: usize) -> String {
        let status = self.status(&reading);
        let weight = match self.form {
            NciForm::CashRegister => {
                let good = reading.stable && reading.value >= 0 && !reading.overload && !reading.fault;
                if !good {
                    return status;
                }
                format!("{:0>width$}", reading.digits())
            }
            NciForm::Bench if reading.overload => "^".repeat(7),
            NciForm::Bench if reading.underload => "_".repeat(7),
            NciForm::Bench if reading.fault => "-".repeat(7),
            NciForm::Bench => {
                let sign = if reading.value < 0 { "-" } else { "" };
                format!("{:>7}", format!("{sign}{}", reading.digits()))
            }
        };
        format!("{LF}{weight}{}\r{status}", self.unit(reading.unit))
    }

    /// Two status bytes, or three: the third tells net, and comes when there is something to tell
    /// or always on bench scales.
    fn status(&self, reading: &Reading) -> String {
        let first =
            0x30 | u8::from(!reading.stable) | u8::from(reading.zero) << 1 | u8::from(reading.fault) << 3;
        let third = self.form == NciForm::Bench || reading.is_net();
        let under = reading.underload || reading.value < 0;
        let second = 0x30 | u8::from(under) | u8::from(reading.overload) << 1 | u8::from(third) << 6;
        let mark = if self.form == NciForm::CashRegister { "S" } else { "" };
        let mut status = format!("{LF}{mark}{}{}", char::from(first), char::from(second));
        if third {
            // Bits 0 and 1: the low range.
            status.push(char::from(0x30 | u8::from(reading.is_net()) << 2));
        }
        status + END
    }

    fn unit(&self, unit: Unit) -> String {
        match self.form {
            NciForm::CashRegister => unit.text().to_ascii_uppercase(),
            NciForm::Bench => unit.text().to_owned(),
        }
    }
}

impl Dialect for Nci {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        if byte == b'\r' {
            let line = std::mem::take(&mut self.line);
            self.execute(&line, desk);
        } else if self.line.len() < LONGEST {
            self.line.push(byte);
        }
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        Answer::new(self.weight(desk.pan.reading(), 6))
    }

    fn reset(&mut self) {
        self.line.clear();
    }
}
