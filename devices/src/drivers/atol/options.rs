//! `[device.options]` of an ATOL register.

use std::collections::BTreeMap;
use std::time::Duration;

use outlet_protocols::atol::task::ByteOrder;
use outlet_protocols::atol::wire3::CrcOver;
use outlet_protocols::fiscal::VatType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::driver::SettingsError;
use crate::register::options::Common;

/// Options of the family; those of all registers stand beside them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Version of the lower protocol: 3 with a buffer of tasks, 2 with a handshake, on serial lines only.
    pub protocol: u8,
    /// The number that every command begins with: 0 to 9999.
    pub password: u16,
    /// Password of who makes receipts: the number of a cashier, or 30.
    pub cashier: u32,
    /// Password of who makes reports: 29 or 30.
    pub administrator: u32,
    /// Format of fiscal data that the register works by: `1.05` or `1.2`.
    pub ffd: Ffd,
    /// Byte order of document numbers in commands A4 45: `big`, or `little` where a document that is surely
    /// there is not found.
    pub storage_numbers: Order,
    /// What the CRC of packets of protocol 3 runs over: `data`, or `stuffed` for firmware that answers
    /// nothing else.
    pub crc: Crc,
    /// Numbers of rates in the register's table of taxes where they are not those of tag 1199.
    pub vats: BTreeMap<VatType, u8>,
    /// Milliseconds for the answer to a packet that needs no work.
    pub answer_ms: u64,
    /// Seconds for a task that the register says it is doing; with protocol 2 the most that it has for any
    /// answer.
    pub work_s: u64,
}

/// A format of fiscal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum Ffd {
    /// 1.05: corrections of one position, units as text, marking codes in tag 1162.
    #[default]
    #[serde(rename = "1.05")]
    V105,
    /// 1.2.
    #[serde(rename = "1.2")]
    V12,
}

/// A byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The high byte first.
    #[default]
    Big,
    /// The low byte first.
    Little,
}

/// What a CRC runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Crc {
    /// The data.
    #[default]
    Data,
    /// The data as they stand on the wire.
    Stuffed,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocol: 3,
            password: 0,
            cashier: 30,
            administrator: 30,
            ffd: Ffd::default(),
            storage_numbers: Order::default(),
            crc: Crc::default(),
            vats: BTreeMap::new(),
            answer_ms: 2_000,
            work_s: 180,
        }
    }
}

/// Keys of the family; all others are of [`Common`] or unknown.
const OWN: [&str; 10] = [
    "protocol",
    "password",
    "cashier",
    "administrator",
    "ffd",
    "storage_numbers",
    "crc",
    "vats",
    "answer_ms",
    "work_s",
];

impl Options {
    /// Reads the options of the family and those of all registers.
    ///
    /// # Errors
    /// [`SettingsError`] with the key that is unknown or can't work.
    pub fn read(value: &Value) -> Result<(Self, Common), SettingsError> {
        let all = match value {
            Value::Null => Map::new(),
            Value::Object(map) => map.clone(),
            _ => return Err(wrong("options", "must be a table")),
        };
        let (own, common): (Map<_, _>, Map<_, _>) =
            all.into_iter().partition(|(key, _)| OWN.contains(&key.as_str()));
        let known = serde_json::to_value(Common::default()).unwrap_or_default();
        if let Some(key) = common.keys().find(|key| known.get(key.as_str()).is_none()) {
            let mut keys: Vec<&str> = OWN.to_vec();
            keys.extend(known.as_object().into_iter().flat_map(Map::keys).map(String::as_str));
            let message = format!("unknown; there are {}", keys.join(", "));
            return Err(wrong(&format!("options.{key}"), message));
        }
        let options: Self = each(own)?;
        let common: Common = each(common)?;
        match options.fault().or(common.fault()) {
            Some((key, remedy)) => Err(wrong(&format!("options.{key}"), remedy)),
            None => Ok((options, common)),
        }
    }

    /// See [`Options::answer_ms`].
    pub fn answer(&self) -> Duration {
        Duration::from_millis(self.answer_ms)
    }

    /// See [`Options::work_s`].
    pub fn work(&self) -> Duration {
        Duration::from_secs(self.work_s)
    }

    fn fault(&self) -> Option<(&'static str, &'static str)> {
        let eight_digits = |number: u32| number > 99_999_999;
        [
            (![2, 3].contains(&self.protocol), "protocol", "must be 2 or 3"),
            (self.password > 9_999, "password", "must be 0 to 9999"),
            (eight_digits(self.cashier), "cashier", "must be a number of at most 8 digits"),
            (eight_digits(self.administrator), "administrator", "must be a number of at most 8 digits"),
            (
                self.vats.values().any(|number| !(1..=15).contains(number)),
                "vats",
                "must be numbers of rates, 1 to 15",
            ),
            (!(50..=60_000).contains(&self.answer_ms), "answer_ms", "must be 50 to 60000 milliseconds"),
            (!(1..=3_600).contains(&self.work_s), "work_s", "must be 1 to 3600 seconds"),
        ]
        .into_iter()
        .find_map(|(bad, key, remedy)| bad.then_some((key, remedy)))
    }
}

impl From<Order> for ByteOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Big => Self::Big,
            Order::Little => Self::Little,
        }
    }
}

impl From<Crc> for CrcOver {
    fn from(crc: Crc) -> Self {
        match crc {
            Crc::Data => Self::Data,
            Crc::Stuffed => Self::Stuffed,
        }
    }
}

/// Reads keys one by one first, so that an error names its key.
fn each<T: for<'de> Deserialize<'de>>(map: Map<String, Value>) -> Result<T, SettingsError> {
    for (key, value) in &map {
        let alone = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
        T::deserialize(&alone).map_err(|error| wrong(&format!("options.{key}"), error.to_string()))?;
    }
    T::deserialize(&Value::Object(map)).map_err(|error| wrong("options", error.to_string()))
}

fn wrong(key: &str, message: impl Into<String>) -> SettingsError {
    SettingsError { key: key.to_owned(), message: message.into() }
}
