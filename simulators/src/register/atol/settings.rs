//! Settings in tables, and the clock.

use jiff::civil::{Date, DateTime, Time};

use super::desk::{Desk, Reply};
use super::number::{bcd, external, from_bcd};
use super::params::Params;
use super::refusal::Refusal;
use crate::register::clock::from_iso;
use crate::register::device::Device;

impl Desk {
    /// `46 table1 row2 field1` -> value.
    pub(super) fn read_table(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let (table, row, field) = (params.byte()?, params.u16_be()?, params.byte()?);
        params.end()?;
        self.need_mode(4)?;
        let default = default(table, row, field, device)?;
        let kept = device.ledger.settings.get(&name(table, row, field)).and_then(|hex| from_hex(hex));
        Ok(Reply::Data(kept.unwrap_or(default)))
    }

    /// `50 table1 row2 field1 value`.
    pub(super) fn write_table(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let (table, row, field) = (params.byte()?, params.u16_be()?, params.byte()?);
        let value = params.rest();
        self.need_mode(4)?;
        let length = default(table, row, field, device)?.len();
        if value.is_empty() || value.len() > length {
            return Err(Refusal::LENGTH);
        }
        device.ledger.settings.insert(name(table, row, field), hex(value));
        Ok(Reply::Done)
    }

    /// `4B hour minute second`.
    pub(super) fn set_time(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let time = time(params)?;
        params.end()?;
        self.set(device.now().date().to_datetime(time), device)
    }

    /// `64 day month year`. A date ahead of the clock is to be given twice.
    pub(super) fn set_date(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let bytes = params.take(3)?;
        params.end()?;
        let date = date(&mut Params::new(bytes))?;
        let asked = self.date_asked.take().is_some_and(|asked| asked == bytes);
        if date > device.now().date() && !asked {
            self.date_asked = Some(bytes.to_vec());
            return Err(Refusal::CONFIRM_DATE);
        }
        self.set(date.to_datetime(device.now().time()), device)
    }

    /// `ED day month year hour minute second`.
    pub(super) fn set_clock(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let (date, time) = (date(params)?, time(params)?);
        params.end()?;
        self.set(date.to_datetime(time), device)
    }

    fn set(&mut self, at: DateTime, device: &mut Device) -> Result<Reply, Refusal> {
        if device.ledger.shift.open {
            return Err(Refusal::SHIFT_OPEN);
        }
        let last = device.ledger.documents.last().and_then(|document| from_iso(&document.at));
        if last.is_some_and(|last| at < last) {
            return Err(Refusal::CLOCK_BEFORE_STORAGE);
        }
        device.set_now(at);
        Ok(Reply::Done)
    }
}

fn date(params: &mut Params) -> Result<Date, Refusal> {
    let (day, month, year) = (params.bcd(1)?, params.bcd(1)?, params.bcd(1)?);
    Date::new(2000 + year as i16, month as i8, day as i8).map_err(|_| Refusal::DATE)
}

fn time(params: &mut Params) -> Result<Time, Refusal> {
    let (hour, minute, second) = (params.bcd(1)?, params.bcd(1)?, params.bcd(1)?);
    Time::new(hour as i8, minute as i8, second as i8, 0).map_err(|_| Refusal::TIME)
}

/// What a field holds before it is written; its length is the longest that can be written.
/// Tables, rows, fields and lengths: the manual's tables, as in `valStr` of a public tool for
/// protocol 3.0 and `AtolFRConstants.h` of AlexObukhoff/TerminalClient.
fn default(table: u8, row: u16, field: u8, device: &Device) -> Result<Vec<u8>, Refusal> {
    let width = device.spec.width as u64;
    Ok(match (table, row, field) {
        (2, 1, 1) => vec![1],
        (2, 1, 23) => vec![0, 0],
        (2, 1, 36) => bcd(6, 1),
        (2, 1, 55) => bcd(width, 1),
        (2, 1, 91) => vec![0x55, 0x55],
        (2, 1, 2..=130) => vec![0],
        (3, 1..=30, 1) => bcd(u64::from(row), 4),
        (3, 1..=30, 2) => padded("", 64),
        (3, 1..=30, 3) => padded("", 12),
        (6, 1, 1) => padded("СПАСИБО ЗА ПОКУПКУ!", 64),
        (6, 6, 1) => padded("ТОРГОВЫЙ ОБЪЕКТ №1", 64),
        (6, 7, 1) => padded("ДОБРО ПОЖАЛОВАТЬ!", 64),
        (6, 1..=20, 1) => padded("", 64),
        (7, 1..=30, 1) => padded(&format!("СЕКЦИЯ {row:02}"), 64),
        (7, 1..=30, 2) => vec![1],
        (12, 1..=9, 1) => padded(&format!("ТИП {}", row + 1), 64),
        (12, 1..=9, 2) => vec![row.min(4) as u8 + 1],
        (13, 1..=12, 1) => padded(rate(row).0, 64),
        (13, 1..=12, 2) => bcd(rate(row).1, 2),
        (13, 1..=12, 3) => bcd(rate(row).2, 2),
        (19, 1, 1) => padded("ofd.example.com", 64),
        (19, 1, 2) => vec![0x1E, 0x61],
        (2 | 3 | 6 | 7 | 12 | 13 | 19, 1, _) => return Err(Refusal::FIELD),
        (2 | 3 | 6 | 7 | 12 | 13 | 19, ..) => return Err(Refusal::ROW),
        _ => return Err(Refusal::TABLE),
    })
}

/// Name, hundredths of a percent and tag of a tax rate: its number is that of tag 1199.
pub(super) fn rate(number: u16) -> (&'static str, u64, u64) {
    match number {
        1 => ("НДС 20%", 2000, 1102),
        2 => ("НДС 10%", 1000, 1103),
        3 => ("НДС 20/120", 2000, 1106),
        4 => ("НДС 10/110", 1000, 1107),
        5 => ("НДС 0%", 0, 1104),
        7 => ("НДС 5%", 500, 1115),
        8 => ("НДС 7%", 700, 1115),
        9 => ("НДС 5/105", 500, 1115),
        10 => ("НДС 7/107", 700, 1115),
        11 => ("НДС 22%", 2200, 1115),
        12 => ("НДС 22/122", 2200, 1115),
        _ => ("БЕЗ НДС", 0, 1105),
    }
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = external(text);
    bytes.resize(length, b' ');
    bytes
}

fn name(table: u8, row: u16, field: u8) -> String {
    format!("{table}.{row}.{field}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// A line of the heading or footing (table 6), as text.
pub(super) fn heading(device: &Device, row: u16) -> String {
    let kept = device.ledger.settings.get(&name(6, row, 1)).and_then(|hex| from_hex(hex));
    let bytes = kept.or_else(|| default(6, row, 1, device).ok()).unwrap_or_default();
    super::number::text(&bytes).trim_end().to_owned()
}

/// The password that each task begins with, if the table has one.
pub(super) fn access_password(device: &Device) -> Option<u64> {
    device.ledger.settings.get(&name(2, 1, 23)).and_then(|hex| from_bcd(&from_hex(hex)?))
}
