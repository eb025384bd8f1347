//! Thermometers and hygrometers on Modbus: of fridges, freezers and stores.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Area, Block, Field, Numbering, ProfileError, Span, ValueError, find, read_toml, spans};

/// A sensor, as its document describes it. Limits are not its business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SensorProfile {
    /// The word of the configuration.
    pub id: String,
    /// The document the figures are from.
    pub source: String,
    /// The unit it answers to as it comes from its maker.
    pub unit_id: u8,
    /// The table of its registers.
    pub area: Area,
    /// How the document numbers them.
    #[serde(default)]
    pub numbering: Numbering,
    /// What it measures.
    pub values: Vec<Quantity>,
}

/// One thing that a sensor measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// What it is called, where a device measures the same at several places: `freezer`. The word of `measures` when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is.
    pub measures: Measure,
    /// Where its value is.
    pub at: Field,
    /// How many decimal places the value has.
    pub decimals: u32,
    /// Below this there is no such value: the sensor is broken or not connected.
    pub lowest: Decimal,
    /// Above this there is no such value.
    pub highest: Decimal,
}

/// What a sensor can measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// In degrees Celsius.
    Temperature,
    /// Relative, in percent.
    Humidity,
}

impl Measure {
    /// The word of profiles.
    pub fn word(self) -> &'static str {
        match self {
            Measure::Temperature => "temperature",
            Measure::Humidity => "humidity",
        }
    }

    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self {
            Measure::Temperature => "°C",
            Measure::Humidity => "%",
        }
    }
}

impl Quantity {
    /// What it is called.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.measures.word())
    }
}

/// A value that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Measured {
    /// What.
    pub measures: Measure,
    /// How much, in the unit of [`Measure`]. Absent when the sensor gave no value that can be.
    pub value: Option<Decimal>,
}

impl SensorProfile {
    /// The profiles that come with this crate.
    pub fn built_in() -> Vec<Self> {
        const TEXTS: [&str; 3] = [
            include_str!("profiles/xy-md02.toml"),
            include_str!("profiles/sht30-logger.toml"),
            include_str!("profiles/siemens-qfa3150.toml"),
        ];
        TEXTS.iter().filter_map(|text| Self::from_toml(text).ok()).collect()
    }

    /// Reads a profile from TOML text.
    ///
    /// # Errors
    /// The field that is missing, unknown or out of range.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = read_toml(text)?;
        profile.check()?;
        Ok(profile)
    }

    /// Checks that the values agree with each other.
    ///
    /// # Errors
    /// The field that can't be right.
    pub fn check(&self) -> Result<(), ProfileError> {
        let bad = |field, problem: &str| Err(ProfileError::new(field, problem));
        if self.source.trim().is_empty() {
            return bad("source", "must name the document the figures are from");
        }
        if self.values.is_empty() {
            return bad("values", "must have at least one value");
        }
        for (index, quantity) in self.values.iter().enumerate() {
            let name = quantity.name();
            if name.is_empty()
                || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            {
                return bad("values.name", "must be of a-z 0-9 -");
            }
            if self.values.iter().take(index).any(|other| other.name() == name) {
                return bad("values.name", "must be another one for each value");
            }
            if quantity.decimals > 6 {
                return bad("values.decimals", "must be 0 to 6");
            }
            if quantity.lowest >= quantity.highest {
                return bad("values.highest", "must be above `lowest`");
            }
            self.numbering
                .address(self.area, quantity.at.register)
                .map_err(|error| error.within("values.at"))?;
        }
        Ok(())
    }

    /// What is to be read.
    pub fn spans(&self) -> Vec<Span> {
        let wanted: Vec<(u16, u16)> = self
            .values
            .iter()
            .filter_map(|quantity| Some((self.address(quantity)?, quantity.at.encoding.registers())))
            .collect();
        spans(self.area, &wanted, 0)
    }

    /// What the registers say, in the order of the profile. A value outside of what the sensor can measure is none.
    ///
    /// # Errors
    /// Registers of [`Self::spans`] are missing.
    pub fn measured(&self, blocks: &[Block<'_>]) -> Result<Vec<Measured>, ValueError> {
        let measure = |quantity: &Quantity| {
            let Field { encoding, order, .. } = quantity.at;
            let address = self.address(quantity).ok_or(ValueError::Missing)?;
            let registers = find(blocks, address, encoding.registers())?;
            let value = encoding.decode(registers, order, quantity.decimals).ok();
            let possible = |value: &Decimal| (quantity.lowest..=quantity.highest).contains(value);
            Ok(Measured { measures: quantity.measures, value: value.filter(possible) })
        };
        self.values.iter().map(measure).collect()
    }

    fn address(&self, quantity: &Quantity) -> Option<u16> {
        self.numbering.address(self.area, quantity.at.register).ok()
    }
}
