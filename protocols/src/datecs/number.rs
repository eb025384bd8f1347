//! Sums, quantities and times as the registers write them.

use std::fmt;

/// What a sum without a decimal point counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whole {
    /// Units of the currency: the wide frame writes the point itself (*X manual*, "depending dec point position").
    Units,
    /// Hundredths: the narrow frame leaves the point out of some sums.
    Hundredths,
}

/// A sum in hundredths with two decimals: `-0.05`.
pub(super) fn money(hundredths: i64) -> String {
    fixed::<2>(hundredths)
}

/// A quantity in thousandths with three decimals: `1.500`.
pub(super) fn quantity(thousandths: i64) -> String {
    fixed::<3>(thousandths)
}

fn fixed<const DECIMALS: usize>(number: i64) -> String {
    let (sign, number) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let unit = 10u64.pow(DECIMALS as u32);
    format!("{sign}{}.{:0DECIMALS$}", number / unit, number % unit)
}

/// A sum in hundredths: digits, with or without a sign and a point. More than two decimals are read only
/// where they are zeros.
pub(super) fn read_money(text: &str, whole: Whole) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = match digits.split_once('.') {
        Some((units, decimals)) => {
            let (kept, rest) = decimals.split_at_checked(2).unwrap_or((decimals, ""));
            if rest.bytes().any(|b| b != b'0') || kept.is_empty() {
                return None;
            }
            let scale = if kept.len() == 1 { 10 } else { 1 };
            unsigned(units)?.checked_mul(100)?.checked_add(unsigned(kept)?.checked_mul(scale)?)?
        }
        None if whole == Whole::Units => unsigned(digits)?.checked_mul(100)?,
        None => unsigned(digits)?,
    };
    Some(if negative { -number } else { number })
}

/// A number of digits only.
pub(super) fn unsigned(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A date and a time of the register's clock, which has no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment {
    /// 2000 to 2099.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Daylight saving time; only the wide frame says so.
    pub summer: bool,
}

impl Moment {
    /// Whether such a date and time exist between 2000 and 2099.
    pub fn is_valid(&self) -> bool {
        let leap = self.year.is_multiple_of(4);
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        };
        (2000..=2099).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
    }

    /// `DD-MM-YY hh:mm:ss`.
    pub(super) fn plain(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{day:02}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02}", year % 100)
    }

    /// `DD-MM-YY hh:mm:ss`, and ` DST` in summer (*X manual*, "Command explanations").
    pub(super) fn with_summer(&self) -> String {
        let dst = if self.summer { " DST" } else { "" };
        format!("{}{dst}", self.plain())
    }

    /// `DDMMYYhhmmss`.
    pub(super) fn packed(&self) -> String {
        self.plain().chars().filter(char::is_ascii_digit).collect()
    }

    /// Reads `DD-MM-YY` or `DD-MM-YYYY`, a time `hh:mm` or `hh:mm:ss`, and ` DST`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let (date, time) = (words.next()?, words.next()?);
        let summer = match words.next() {
            None => false,
            Some("DST") => true,
            Some(_) => return None,
        };
        let mut date = date.split('-').map(unsigned);
        let (day, month, year) = (date.next()??, date.next()??, date.next()??);
        let mut time = time.split(':').map(unsigned);
        let (hour, minute, second) = (time.next()??, time.next()??, time.next().unwrap_or(Some(0))?);
        if date.next().is_some() || time.next().is_some() || words.next().is_some() {
            return None;
        }
        let moment = Self {
            year: u16::try_from(if year < 100 { 2000 + year } else { year }).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
            hour: u8::try_from(hour).ok()?,
            minute: u8::try_from(minute).ok()?,
            second: u8::try_from(second).ok()?,
            summer,
        };
        moment.is_valid().then_some(moment)
    }
}

impl fmt::Display for Moment {
    /// `YYYY-MM-DD hh:mm:ss`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}
