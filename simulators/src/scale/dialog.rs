//! Dialog 04, and Dialog 02 on a slower line.
//!
//! Sources: Ohaus Aviator 7000 service manual, section 6.1.6 (records 01-05, when `ENQ` is
//! refused); Mettler Toledo DIVA service manual for the PSC 8500 scanner, section 6.1.8 (Dialog 06:
//! records 02 and 09, scale status, order of the dialogue); Dibal DPOS400 manual, page 50 (Dialog 06:
//! what each status is for, a load that is told once). Dialog 06 differs in its checksums.

use super::desk::{Answer, Desk};
use super::mass::Unit;
use super::pan::Refusal;
use super::simulation::Dialect;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
const ESC: char = '\x1b';

/// A longer record is an overflow.
const LONGEST: usize = 100;

/// Divisions by which a load must differ to be a new one.
const NEW_LOAD: i64 = 20;

// Status of record 09.
const GOOD: &str = "00";
const GENERAL: &str = "01";
const OVERFLOW: &str = "02";
const WRONG_RECORD: &str = "10";
const WRONG_PRICE: &str = "11";
const WRONG_TARE: &str = "12";
const WRONG_TEXT: &str = "13";
const MOTION: &str = "20";
const SAME_LOAD: &str = "21";
const NOT_FINISHED: &str = "22";
const TOO_LITTLE: &str = "30";
const NEGATIVE: &str = "31";
const OVERLOAD: &str = "32";

pub(super) struct Dialog {
    heard: Heard,
    /// A price was taken, and the weighing with it isn't over.
    priced: bool,
    status: &'static str,
}

enum Heard {
    Nothing,
    Eot,
    Record(Vec<u8>),
}

impl Default for Dialog {
    fn default() -> Self {
        Self { heard: Heard::Nothing, priced: false, status: GOOD }
    }
}

impl Dialog {
    fn record(&mut self, record: &[u8], desk: &mut Desk) {
        let record = String::from_utf8_lossy(record).into_owned();
        let fields: Vec<&str> = record.split(ESC).collect();
        let number = fields.first().copied().unwrap_or_default();
        desk.ask(number);
        if number == "08" && fields.len() == 1 {
            let status = format!("\x0209{ESC}{}\x03", self.status);
            return desk.answer(Answer::new(status));
        }
        self.status = if desk.is_busy() { NOT_FINISHED } else { sale(&fields, desk).err().unwrap_or(GOOD) };
        self.priced = self.status == GOOD;
        desk.say(&[if self.priced { ACK } else { NAK }]);
    }

    fn weigh(&mut self, desk: &mut Desk) {
        desk.ask("ENQ");
        self.status = if desk.is_busy() { NOT_FINISHED } else { self.judge(desk) };
        // In motion or unfinished, ENQ may be repeated; anything else ends the weighing.
        self.priced &= matches!(self.status, MOTION | NOT_FINISHED);
        if self.status != GOOD {
            return desk.say(&[NAK]);
        }
        let answer = self.weight_frame(desk);
        desk.pan.sold();
        desk.answer(answer);
    }

    fn judge(&self, desk: &Desk) -> &'static str {
        let reading = desk.pan.reading();
        match reading {
            _ if !self.priced || reading.fault => GENERAL,
            _ if reading.overload => OVERLOAD,
            _ if reading.value < 0 || reading.underload => NEGATIVE,
            _ if !reading.stable => MOTION,
            _ if reading.value == 0 => TOO_LITTLE,
            _ if desk.spec.only_new_weight && !desk.pan.is_new(NEW_LOAD) => SAME_LOAD,
            _ if desk.pan.total() > 999_999 => NOT_FINISHED,
            _ => GOOD,
        }
    }
}

/// Takes price, tare and text of the records 01, 03, 04 and 05.
fn sale(fields: &[&str], desk: &mut Desk) -> Result<(), &'static str> {
    let (price, tare, text) = match *fields {
        ["01", price, ""] => (price, None, None),
        ["03", price, tare] => (price, Some(tare), None),
        ["04", price, text] => (price, None, Some(text)),
        ["05", price, tare, text] => (price, Some(tare), Some(text)),
        _ => return Err(WRONG_RECORD),
    };
    let price = number(price, 6).ok_or(WRONG_PRICE)?;
    if text.is_some_and(|text| text.len() > 13) {
        return Err(WRONG_TEXT);
    }
    if let Some(tare) = tare {
        let tare = number(tare, 4).ok_or(WRONG_TARE)?;
        desk.pan.preset_tare(i64::from(tare)).map_err(|refusal| match refusal {
            Refusal::Moving => MOTION,
            Refusal::TooMuch | Refusal::TooLittle => WRONG_TARE,
        })?;
    }
    desk.pan.price = price;
    Ok(())
}

fn number(field: &str, length: usize) -> Option<u32> {
    (field.len() == length && field.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| field.parse().ok())
        .flatten()
}

impl Dialect for Dialog {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        self.heard = match (std::mem::replace(&mut self.heard, Heard::Nothing), byte) {
            (_, EOT) => Heard::Eot,
            (Heard::Record(record), ETX) => {
                self.record(&record, desk);
                Heard::Nothing
            }
            (Heard::Record(record), _) if record.len() >= LONGEST => {
                (self.status, self.priced) = (OVERFLOW, false);
                desk.say(&[NAK]);
                Heard::Nothing
            }
            (Heard::Record(mut record), byte) => {
                record.push(byte);
                Heard::Record(record)
            }
            (Heard::Eot, STX) => Heard::Record(Vec::new()),
            (Heard::Eot, ENQ) => {
                self.weigh(desk);
                Heard::Nothing
            }
            (_, byte) => {
                desk.violation(format!("{byte:02X} without EOT before it"));
                Heard::Nothing
            }
        };
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        let reading = desk.pan.reading();
        let unit = match (reading.unit, desk.spec.step) {
            (Unit::Pound, 5) => '2',
            (Unit::Pound, _) => '1',
            _ => '3',
        };
        Answer::new(format!(
            "\x0202{ESC}{unit}{ESC}{:05}{ESC}{:06}{ESC}{:06}\x03",
            reading.value.unsigned_abs(),
            desk.pan.price,
            desk.pan.total()
        ))
    }

    fn reset(&mut self) {
        self.heard = Heard::Nothing;
    }
}
