//! Adam Equipment.
//!
//! Sources: Adam Highland manual, page 29 (commands in capitals; format 2 with its
//! sixteen characters); Odoo's scale driver and Adam Swift users for the other layouts and for the
//! habit of telling each load once. A `P` that can't be printed, `Z` and `T` are answered by
//! nothing.

use super::desk::{Answer, Desk};
use super::pan::Reading;
use super::simulation::Dialect;
use super::spec::AdamForm;

/// Longer lines are cut.
const LONGEST: usize = 64;

pub(super) struct Adam {
    form: AdamForm,
    line: Vec<u8>,
}

impl Adam {
    pub fn new(form: AdamForm) -> Self {
        Self { form, line: Vec::new() }
    }

    fn execute(&self, line: &[u8], desk: &mut Desk) {
        let command = String::from_utf8_lossy(line).into_owned();
        desk.ask(command.as_str());
        match command.as_str() {
            "P" => {
                let reading = desk.pan.reading();
                let new = !desk.spec.only_new_weight || desk.pan.is_new(1);
                if reading.is_sellable() && new && !desk.is_busy() {
                    desk.pan.sold();
                    desk.answer(Answer::new(self.print(reading)));
                }
            }
            "Z" => {
                let _ = desk.pan.set_zero();
            }
            "T" => {
                let _ = desk.pan.set_tare();
            }
            _ => desk.violation(format!("{command:?} is no command")),
        }
    }

    fn print(&self, reading: Reading) -> String {
        let (minus, number, unit) = (reading.value < 0, reading.digits(), reading.unit.text());
        match self.form {
            AdamForm::Label => format!("{}{number:>7}{unit}\r\n", if minus { '-' } else { ' ' }),
            AdamForm::Signed => format!("{} {number}{unit}\r\n", if minus { '-' } else { '+' }),
            AdamForm::Padded => {
                // One letter stands in the middle of the three places, two stand in front.
                let unit = if unit.len() == 1 { format!(" {unit} ") } else { format!("{unit} ") };
                format!("{}{number:>10}{unit}\r\n", if minus { '-' } else { ' ' })
            }
        }
    }
}

impl Dialect for Adam {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        if byte != b'\n' {
            if self.line.len() < LONGEST {
                self.line.push(byte);
            }
            return;
        }
        let line = std::mem::take(&mut self.line);
        match line.strip_suffix(b"\r") {
            Some(line) => self.execute(line, desk),
            None => desk.violation("a line that doesn't end with CR LF"),
        }
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        Answer::new(self.print(desk.pan.reading()))
    }

    fn reset(&mut self) {
        self.line.clear();
    }
}
