//! Dates and times as a register's clock shows them: without a zone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the calendar.
///
/// In JSON `2026-05-01`, or `2026.05.01` as ATOL writes it; written in the first form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A time of the register's own clock, to the second.
///
/// In JSON `2026-05-01T20:31:00`, or `2026.05.01 20:31:00` as ATOL writes it; written in the first
/// form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    date: Date,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Date {
    /// A day from 2000 to 2099; `None` where the calendar has none such. Registers keep two digits of
    /// the year.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_day = (2000..2100).contains(&year) && (1..=days_of(year, month)?).contains(&day);
        is_day.then_some(Self { year, month, day })
    }

    /// 2000 to 2099.
    pub fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The last two digits of the year, 0 to 99.
    pub fn short_year(self) -> u8 {
        u8::try_from(self.year % 100).unwrap_or(0)
    }
}

impl DateTime {
    /// A time; `None` where a day has none such.
    pub fn new(date: Date, hour: u8, minute: u8, second: u8) -> Option<Self> {
        (hour < 24 && minute < 60 && second < 60).then_some(Self { date, hour, minute, second })
    }

    /// The day.
    pub fn date(self) -> Date {
        self.date
    }

    /// 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// 0 to 59.
    pub fn second(self) -> u8 {
        self.second
    }

    /// Seconds since 2000-01-01T00:00:00 of the same clock.
    pub fn seconds(self) -> i64 {
        let Date { year, month, day } = self.date;
        let years = i64::from(year) - 2000;
        let leap_days = (years + 3) / 4;
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let in_year = before.get(usize::from(month) - 1).copied().unwrap_or(0);
        let leap = i64::from(month > 2 && year.is_multiple_of(4));
        let days = years * 365 + leap_days + in_year + leap + i64::from(day) - 1;
        ((days * 24 + i64::from(self.hour)) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second)
    }

    /// That many seconds later, or earlier; `None` before 2000 and after 2099.
    pub fn plus_seconds(self, seconds: i64) -> Option<Self> {
        let seconds = self.seconds().checked_add(seconds)?;
        let (mut days, in_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let part = |part: i64| u8::try_from(part).ok();
        let time = [part(in_day / 3_600)?, part(in_day / 60 % 60)?, part(in_day % 60)?];
        for year in 2000..2100 {
            for month in 1..=12 {
                let length = i64::from(days_of(year, month)?);
                if (0..length).contains(&days) {
                    return Self::new(Date { year, month, day: part(days + 1)? }, time[0], time[1], time[2]);
                }
                days -= length;
            }
        }
        None
    }
}

/// Days of a month of this century.
fn days_of(year: u16, month: u8) -> Option<u8> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        _ => return None,
    })
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let parts = parts(text, &[4, 2, 2], &['-', '.']).ok_or(NoDate)?;
        let [year, month, day] = parts[..] else { return Err(NoDate) };
        Self::new(year, u8::try_from(month).map_err(|_| NoDate)?, u8::try_from(day).map_err(|_| NoDate)?)
            .ok_or(NoDate)
    }
}

impl FromStr for DateTime {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let (date, time) = text.split_once(['T', ' ']).ok_or(NoDate)?;
        let time = parts(time, &[2, 2, 2], &[':']).ok_or(NoDate)?;
        let [hour, minute, second] = time[..] else { return Err(NoDate) };
        let small = |number: u16| u8::try_from(number).map_err(|_| NoDate);
        Self::new(date.parse()?, small(hour)?, small(minute)?, small(second)?).ok_or(NoDate)
    }
}

/// Not a date, or not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no day from 2000 to 2099 such as 2026-05-01, or no time such as 2026-05-01T20:31:00")]
pub struct NoDate;

/// Numbers of these widths with the same separator between them.
fn parts(text: &str, widths: &[usize], separators: &[char]) -> Option<Vec<u16>> {
    let separator = separators.iter().find(|separator| text.contains(**separator))?;
    let parts: Vec<&str> = text.split(*separator).collect();
    let fits = parts.len() == widths.len()
        && parts
            .iter()
            .zip(widths)
            .all(|(part, width)| part.len() == *width && part.bytes().all(|byte| byte.is_ascii_digit()));
    fits.then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)
    }
}

macro_rules! read_as_text {
    ($type:ident, $example:literal, $pattern:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(|NoDate| {
                    serde::de::Error::custom(format_args!(concat!("{:?} isn't one such as ", $example), text))
                })
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern, "description": concat!("Of the register's own clock, such as ", $example, ".")})
            }
        }
    };
}

read_as_text!(Date, "2026-05-01", "^[0-9]{4}[-.][0-9]{2}[-.][0-9]{2}$");
read_as_text!(
    DateTime,
    "2026-05-01T20:31:00",
    "^[0-9]{4}[-.][0-9]{2}[-.][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_both_forms_and_written_in_one() {
        assert_eq!("2026.05.01".parse::<Date>().unwrap().to_string(), "2026-05-01");
        assert_eq!("2026-05-01".parse::<Date>(), "2026.05.01".parse());
        let time: DateTime = "2026.05.01 20:31:07".parse().unwrap();
        assert_eq!(time.to_string(), "2026-05-01T20:31:07");
        assert_eq!((time.hour(), time.minute(), time.second()), (20, 31, 7));
        assert_eq!(time.date().short_year(), 26);
    }

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "1999-12-31",
            "2100-01-01",
            "26-05-01",
            "2026-5-1",
            "2026/05/01",
            "2026-05.01",
            "2026-05-01-01",
            "01.05.2026",
            "",
            "-",
            "+026-05-01",
        ] {
            assert_eq!(text.parse::<Date>(), Err(NoDate), "{text}");
        }
        for text in [
            "2026-05-01",
            "2026-05-01T24:00:00",
            "2026-05-01T20:60:00",
            "2026-05-01T20:31",
            "2026-05-01T20:31:00Z",
        ] {
            assert_eq!(text.parse::<DateTime>(), Err(NoDate), "{text}");
        }
        assert!("2028-02-29".parse::<Date>().is_ok());
    }

    #[test]
    fn seconds_count_across_months_and_leap_years() {
        let at = |text: &str| text.parse::<DateTime>().unwrap().seconds();
        assert_eq!(at("2000-01-01T00:00:00"), 0);
        assert_eq!(at("2001-01-01T00:00:00") - at("2000-12-31T00:00:00"), 86_400);
        assert_eq!(at("2028-03-01T00:00:00") - at("2028-02-28T00:00:00"), 2 * 86_400);
        assert_eq!(at("2026-03-01T00:00:00") - at("2026-02-28T23:59:59"), 1);
        let later = |text: &str, seconds| {
            text.parse::<DateTime>().unwrap().plus_seconds(seconds).unwrap().to_string()
        };
        assert_eq!(later("2026-12-31T20:31:07", 86_400), "2027-01-01T20:31:07");
        assert_eq!(later("2028-02-28T23:59:59", 1), "2028-02-29T00:00:00");
        assert_eq!(later("2026-05-01T00:00:00", -1), "2026-04-30T23:59:59");
        assert_eq!("2099-12-31T23:59:59".parse::<DateTime>().unwrap().plus_seconds(1), None);
        // 2000-01-01 is 946 684 800 and 2026-05-01T18:30:00 is 1 777 660 200 in Unix time.
        assert_eq!(at("2026-05-01T18:30:00"), 1_777_660_200 - 946_684_800);
    }
}
