//! Mettler Toledo MT-SICS, levels 0 and 1 as far as weighing goes.
//!
//! Sources: Mettler Toledo, "MT-SICS Reference Manual" (11780711), chapters on the formats and on
//! `@`, `I4`, `S`, `SI`, `SIR`, `T`, `TA`, `TAC`, `TI`, `Z`, `ZI`, `ES`, `ET`, `EL`. Other commands are
//! answered with `ES`, as by a scale that doesn't have them.

use std::time::Duration;

use super::desk::{Answer, Desk};
use super::pan::{Reading, Refusal, digits};
use super::simulation::Dialect;
use super::spec::{ScaleSpec, SicsForm};

/// Longer lines are cut.
const LONGEST: usize = 200;

pub(super) struct Sics {
    form: SicsForm,
    line: Vec<u8>,
    /// A command that waits for a still weight. Another command ends the wait without an answer.
    waiting: Option<String>,
    /// After `SIR`.
    repeating: bool,
}

impl Sics {
    pub fn new(form: SicsForm) -> Self {
        Self { form, line: Vec::new(), waiting: None, repeating: false }
    }

    fn line_received(&mut self, line: &[u8], desk: &mut Desk) {
        self.waiting = None;
        if line.iter().any(|byte| *byte >= 0x80) {
            desk.ask("?");
            return desk.answer(text("ET"));
        }
        let line = String::from_utf8_lossy(line).into_owned();
        let (command, parameter) = line.split_once(' ').unwrap_or((&line, ""));
        desk.ask(command);
        let busy = desk.is_busy();
        match (command, parameter) {
            ("S" | "SI" | "SIR" | "Z" | "ZI" | "T" | "TI" | "TA" | "TAC", _) if busy => {
                let id = if command.starts_with('S') { self.weight_id(command) } else { command };
                desk.answer(text(&format!("{id} I")));
            }
            ("S" | "Z" | "T", "") => {
                self.repeating &= command != "S";
                self.when_still(command, false, desk);
            }
            ("SI" | "SIR", "") => {
                self.repeating = command == "SIR";
                let answer = self.weight(self.weight_id(command), desk);
                desk.answer(answer);
            }
            ("ZI" | "TI", "") => {
                let how = if desk.pan.reading().stable { "S" } else { "D" };
                let result = if command == "ZI" { zero(desk, how) } else { self.tare(desk, how) };
                desk.answer(text(&format!("{command} {result}")));
            }
            ("TA", "") => {
                let tare = self.tare_value(desk);
                desk.answer(text(&format!("TA A {tare}")));
            }
            ("TA", value) => {
                let status = match preset(value, desk) {
                    Some(Ok(())) => format!("A {}", self.tare_value(desk)),
                    Some(Err(Refusal::Moving)) => "I".into(),
                    Some(Err(_)) | None => "L".into(),
                };
                desk.answer(text(&format!("TA {status}")));
            }
            ("TAC", "") => {
                desk.pan.clear_tare();
                desk.answer(text("TAC A"));
            }
            ("@" | "I4", "") => {
                self.repeating &= command != "@";
                desk.answer(text(&format!("I4 A \"{:010}\"", desk.spec.id)));
            }
            ("S" | "SI" | "SIR" | "Z" | "ZI" | "T" | "TI" | "TAC" | "@" | "I4", _) => desk.answer(text("EL")),
            _ => desk.answer(text("ES")),
        }
    }

    /// Does what needs a still weight, or waits for one; `finally` it answers all the same.
    fn when_still(&mut self, command: &str, finally: bool, desk: &mut Desk) {
        let reading = desk.pan.reading();
        let in_range = !reading.overload && !reading.underload && !reading.fault;
        if !reading.stable && in_range {
            if !finally {
                self.waiting = Some(command.to_owned());
                return;
            }
            return desk.answer(text(&format!("{command} I")));
        }
        let answer = match command {
            "S" => self.weight("S", desk),
            "Z" => text(&format!("Z {}", zero(desk, "A"))),
            _ => text(&format!("T {}", self.tare(desk, "S"))),
        };
        desk.answer(answer);
    }

    fn weight_id<'a>(&self, command: &'a str) -> &'a str {
        if self.form == SicsForm::CommandName { command } else { "S" }
    }

    fn weight(&self, id: &str, desk: &Desk) -> Answer {
        let reading = desk.pan.reading();
        let status = match reading {
            Reading { fault: true, .. } => "I".into(),
            Reading { overload: true, .. } => "+".into(),
            Reading { underload: true, .. } => "-".into(),
            _ => {
                let status = if reading.stable { "S" } else { "D" };
                format!("{status} {}", self.value(reading.value, &reading))
            }
        };
        // Another question's answer: the tare instead of a weight.
        text(&format!("{id} {status}")).or_foreign(format!("TA A {}\r\n", self.tare_value(desk)))
    }

    fn value(&self, value: i64, reading: &Reading) -> String {
        let sign = if value < 0 { "-" } else { "" };
        let number = format!("{sign}{}", digits(value, reading.decimals));
        match (self.form, reading.unit.text()) {
            (SicsForm::FewBlanks, "kg") => format!("{number:>7} Kg"),
            (SicsForm::FewBlanks, unit) => format!("{number:>7} {unit}"),
            (_, unit) => format!("{number:>10} {unit}"),
        }
    }

    fn tare(&self, desk: &mut Desk, done: &str) -> String {
        match desk.pan.reading() {
            Reading { fault: true, .. } => return "I".into(),
            Reading { overload: true, .. } => return "+".into(),
            Reading { underload: true, .. } => return "-".into(),
            _ => {}
        }
        match desk.pan.tare_at_once() {
            Ok(()) => format!("{done} {}", self.tare_value(desk)),
            Err(Refusal::Moving) => "I".into(),
            Err(Refusal::TooMuch) => "+".into(),
            Err(Refusal::TooLittle) => "-".into(),
        }
    }

    fn tare_value(&self, desk: &Desk) -> String {
        let reading = desk.pan.reading();
        self.value(reading.tare, &reading)
    }
}

/// Zero clears the tare.
fn zero(desk: &mut Desk, done: &str) -> String {
    if desk.pan.reading().fault {
        return "I".into();
    }
    match desk.pan.zero_at_once() {
        Ok(()) => done,
        Err(Refusal::Moving) => "I",
        Err(Refusal::TooMuch) => "+",
        Err(Refusal::TooLittle) => "-",
    }
    .into()
}

/// A tare such as `0.100 kg`, in the unit of the scale; `None` when it is none.
fn preset(value: &str, desk: &mut Desk) -> Option<Result<(), Refusal>> {
    let reading = desk.pan.reading();
    let (number, unit) = value.trim().split_once(' ')?;
    if unit.trim() != reading.unit.text() {
        return None;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let places = usize::from(reading.decimals);
    let digits = [whole, fraction].concat();
    if fraction.len() > places || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(desk.pan.preset_tare(count))
}

fn text(line: &str) -> Answer {
    Answer::new(format!("{line}\r\n"))
}

impl Dialect for Sics {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        if byte != b'\n' {
            if self.line.len() < LONGEST {
                self.line.push(byte);
            }
            return;
        }
        let line = std::mem::take(&mut self.line);
        match line.strip_suffix(b"\r") {
            Some(line) => self.line_received(line, desk),
            None => {
                desk.violation("a line that doesn't end with CR LF");
                self.line_received(&line, desk);
            }
        }
    }

    fn open_for(&self, spec: &ScaleSpec) -> Option<Duration> {
        self.waiting.is_some().then_some(spec.patience)
    }

    fn settle(&mut self, desk: &mut Desk) {
        if let Some(command) = self.waiting.take() {
            self.when_still(&command, true, desk);
        }
    }

    fn pan_changed(&mut self, desk: &mut Desk) {
        if let Some(command) = self.waiting.take() {
            self.when_still(&command, false, desk);
        }
    }

    fn repeats(&self) -> bool {
        self.repeating
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        self.weight(self.weight_id(if self.repeating { "SIR" } else { "S" }), desk)
    }

    fn reset(&mut self) {
        self.line.clear();
        (self.waiting, self.repeating) = (None, false);
    }
}
