//! How long an item keeps: month:day:hour.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::fiscal::{Date, DateTime};

/// How long an item keeps, in months, days and hours; in JSON `"0:2:12"` for two and a half days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShelfLife {
    months: u16,
    days: u16,
    hours: u16,
}

/// Why a text is no shelf life.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoShelfLife {
    /// Something other than three numbers.
    #[error("{0:?} is not a shelf life such as \"0:2:12\": months:days:hours")]
    Form(String),
    /// No time at all.
    #[error("a shelf life of nothing: leave it out where there is none")]
    Nothing,
}

impl ShelfLife {
    /// Of up to 999 each; `None` above, and for no time at all.
    pub fn new(months: u16, days: u16, hours: u16) -> Option<Self> {
        let is_life = [months, days, hours].iter().all(|part| *part <= 999) && months + days + hours > 0;
        is_life.then_some(Self { months, days, hours })
    }

    /// The end of it: first the months, in a shorter month its last day, then the days, then the hours.
    /// `None` after 2099.
    pub fn after(self, start: DateTime) -> Option<DateTime> {
        let date = start.date();
        let months = date.year() * 12 + u16::from(date.month()) - 1 + self.months;
        let (year, month) = (months / 12, u8::try_from(months % 12 + 1).ok()?);
        let date = (1..=date.day()).rev().find_map(|day| Date::new(year, month, day))?;
        let time = DateTime::new(date, start.hour(), start.minute(), start.second())?;
        time.plus_seconds((i64::from(self.days) * 24 + i64::from(self.hours)) * 3_600)
    }
}

impl FromStr for ShelfLife {
    type Err = NoShelfLife;

    fn from_str(text: &str) -> Result<Self, NoShelfLife> {
        let form = || NoShelfLife::Form(text.to_owned());
        let parts: Vec<&str> = text.trim().split(':').collect();
        let number = |part: &str| {
            let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| part.parse::<u16>().ok()).flatten().ok_or_else(form)
        };
        let [months, days, hours] = parts[..] else { return Err(form()) };
        Self::new(number(months)?, number(days)?, number(hours)?).ok_or(NoShelfLife::Nothing)
    }
}

impl fmt::Display for ShelfLife {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.months, self.days, self.hours)
    }
}

impl Serialize for ShelfLife {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ShelfLife {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ShelfLife {
    fn schema_name() -> Cow<'static, str> {
        "ShelfLife".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Months, days and hours, such as \"0:2:12\".",
            "type": "string",
            "pattern": "^[0-9]{1,3}:[0-9]{1,3}:[0-9]{1,3}$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(life: &str, start: &str) -> String {
        let end = life.parse::<ShelfLife>().unwrap().after(start.parse().unwrap());
        end.map_or_else(|| "none".to_owned(), |end| serde_json::to_string(&end).unwrap())
    }

    #[test]
    fn months_end_on_the_last_day_of_a_shorter_month() {
        assert_eq!(end("1:0:0", "2026-01-31T14:05:00"), "\"2026-02-28T14:05:00\"");
        assert_eq!(end("1:0:0", "2028-01-31T14:05:00"), "\"2028-02-29T14:05:00\"");
        assert_eq!(end("3:0:0", "2026-11-30T00:00:00"), "\"2027-02-28T00:00:00\"");
        assert_eq!(end("12:0:0", "2026-11-22T08:00:00"), "\"2027-11-22T08:00:00\"");
    }

    #[test]
    fn days_and_hours_follow_the_months() {
        assert_eq!(end("0:2:12", "2026-12-30T18:30:00"), "\"2027-01-02T06:30:00\"");
        assert_eq!(end("1:1:1", "2026-01-31T23:30:00"), "\"2026-03-02T00:30:00\"");
        assert_eq!(end("0:0:72", "2026-02-27T10:00:00"), "\"2026-03-02T10:00:00\"");
    }

    #[test]
    fn what_ends_after_the_century_has_no_end() {
        assert_eq!(end("999:0:0", "2026-01-31T14:05:00"), "none");
    }

    #[test]
    fn anything_but_three_numbers_is_refused() {
        for text in ["", "1:2", "1:2:3:4", "1:-2:3", "a:b:c", "0001:0:0", "1::2", "+1:0:0"] {
            assert!(matches!(text.parse::<ShelfLife>(), Err(NoShelfLife::Form(_))), "{text}");
        }
        assert_eq!("0:0:0".parse::<ShelfLife>(), Err(NoShelfLife::Nothing));
    }
}
