//! Indicators on Modbus: their registers as data, and a reading out of what was read.
//!
//! There is no map that makers share. A profile says where an indicator has its weights, its status and its
//! commands; the profiles that come with this crate are in `profiles/`, and others can be written in the same
//! form.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::protocol::{Ask, Failure};
use super::reading::{Kind, Reading, Unit, Weight};
use crate::modbus::{
    Area, Block, Encoding, Field, Numbering, ProfileError, Span, ValueError, WordOrder, find, read_toml,
    spans,
};

/// More decimal places than any indicator shows.
const MOST_DECIMALS: u32 = 6;

/// An indicator, as its document describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorProfile {
    /// The word of the configuration.
    pub id: String,
    /// The document the figures are from.
    pub source: String,
    /// The unit it answers to as it comes from its maker.
    pub unit_id: u8,
    /// The table of weights and status.
    pub area: Area,
    /// How the document numbers registers.
    #[serde(default)]
    pub numbering: Numbering,
    /// So many registers that are not asked for may be read with the others, so that all are of one moment.
    #[serde(default)]
    pub gap: u16,
    /// The unit of the weights, where it is always the same or usually this one.
    pub unit: Option<Unit>,
    /// How many decimal places weights have, where it is always the same.
    pub decimals: Option<u32>,
    /// The register that says how many decimal places weights have.
    pub decimals_at: Option<Field>,
    /// The weight on the display: net or gross, as the status says.
    pub display: Option<Field>,
    /// The net weight.
    pub net: Option<Field>,
    /// The gross weight.
    pub gross: Option<Field>,
    /// The tare.
    pub tare: Option<Field>,
    /// The register of the status.
    pub status: Option<Status>,
    /// The register of commands.
    pub commands: Option<CommandRegister>,
}

/// A register whose bits say how the scale is. Bits count from 0, the lowest.
///
/// Without `stable` and `motion` no reading is stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The register as the document numbers it.
    pub register: u32,
    /// Set when the load rests.
    pub stable: Option<u8>,
    /// Set when it doesn't.
    pub motion: Option<u8>,
    /// Set at the centre of zero.
    pub zero: Option<u8>,
    /// Set above the range.
    pub overload: Option<u8>,
    /// Set below the range.
    pub underload: Option<u8>,
    /// A tare is set when any of these bits is.
    #[serde(default)]
    pub net: Vec<u8>,
    /// Set when something is wrong with the scale.
    pub fault: Option<u8>,
    /// Set when the weights are valid.
    pub valid: Option<u8>,
    /// Set when the displayed weight, given without sign, is negative.
    pub display_negative: Option<u8>,
    /// Set when the net weight, given without sign, is negative.
    pub net_negative: Option<u8>,
    /// Set when the gross weight, given without sign, is negative.
    pub gross_negative: Option<u8>,
}

/// A holding register that takes commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRegister {
    /// The register as the document numbers it.
    pub register: u32,
    /// Written before each command, for indicators that heed only a change.
    pub idle: Option<u16>,
    /// Sets zero.
    pub zero: Option<u16>,
    /// Takes the tare.
    pub tare: Option<u16>,
    /// Takes the tare off.
    pub clear_tare: Option<u16>,
    /// Sets a known tare.
    pub preset_tare: Option<PresetTare>,
}

/// How a known tare is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresetTare {
    /// The command.
    pub value: u16,
    /// Where the tare is written before, in the unit and with the decimal places of weights.
    pub parameter: Field,
}

/// What a configuration may say about an indicator: settings of this one, which no document knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IndicatorOptions {
    /// The unit it answers to.
    pub unit_id: Option<u8>,
    /// The unit of weight.
    pub unit: Option<Unit>,
    /// How many decimal places its weights have.
    pub decimals: Option<u32>,
    /// Which of two registers has the higher half.
    pub order: Option<WordOrder>,
}

/// Registers to write, by function 6 or 16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterWrite {
    /// The address of the first one on the wire.
    pub address: u16,
    /// What to write.
    pub registers: Vec<u16>,
}

/// Why registers are no reading.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("indicator {profile}, {what}: {source}")]
pub struct IndicatorError {
    /// The id of the profile.
    pub profile: String,
    /// Which value.
    pub what: &'static str,
    /// What is wrong with it.
    pub source: ValueError,
}

impl IndicatorProfile {
    /// The profiles that come with this crate. Those without `unit` or `decimals` need them as options.
    pub fn built_in() -> Vec<Self> {
        const TEXTS: [&str; 4] = [
            include_str!("profiles/cas-ci-600d.toml"),
            include_str!("profiles/tuna-id551.toml"),
            include_str!("profiles/dini-argeo-dgt1s.toml"),
            include_str!("profiles/dini-argeo-dgt4x.toml"),
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

    /// The same with the settings of one indicator.
    ///
    /// # Errors
    /// What the profile leaves open and the options don't say, or a value out of range.
    pub fn with(mut self, options: &IndicatorOptions) -> Result<Self, ProfileError> {
        self.unit_id = options.unit_id.unwrap_or(self.unit_id);
        self.unit = options.unit.or(self.unit);
        if options.decimals.is_some() {
            (self.decimals, self.decimals_at) = (options.decimals, None);
        }
        if let Some(order) = options.order {
            let weights = [&mut self.display, &mut self.net, &mut self.gross, &mut self.tare];
            weights.into_iter().flatten().for_each(|field| field.order = order);
        }
        self.check()?;
        if self.unit.is_none() {
            return Err(ProfileError::new(
                "unit",
                "the profile can't know it: set it as the indicator shows it",
            ));
        }
        if self.decimals.is_none() && self.decimals_at.is_none() {
            let problem = "the profile can't know it: set how many decimals the indicator shows";
            return Err(ProfileError::new("decimals", problem));
        }
        Ok(self)
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
        if self.decimals.is_some_and(|places| places > MOST_DECIMALS) {
            return bad("decimals", "must be 0 to 6");
        }
        if self.decimals.is_some() && self.decimals_at.is_some() {
            return bad("decimals_at", "can't stand beside `decimals`");
        }
        if self.display.is_none() && self.net.is_none() && self.gross.is_none() {
            return bad("gross", "a profile needs `display`, `net` or `gross`");
        }
        for (name, field) in self.fields() {
            self.numbering.address(self.area, field.register).map_err(|error| error.within(name))?;
        }
        if let Some(status) = &self.status {
            if status.bits().any(|bit| bit > 15) {
                return bad("status", "bits are 0 to 15");
            }
            self.numbering.address(self.area, status.register).map_err(|error| error.within("status"))?;
        }
        if let Some(commands) = &self.commands {
            let holding = |register| self.numbering.address(Area::Holding, register);
            holding(commands.register).map_err(|error| error.within("commands"))?;
            if let Some(preset) = &commands.preset_tare {
                holding(preset.parameter.register).map_err(|error| error.within("commands.preset_tare"))?;
                if preset.parameter.encoding == Encoding::F32 {
                    return bad("commands.preset_tare.parameter", "a tare can't be written as f32");
                }
            }
        }
        Ok(())
    }

    /// What is to be read for a reading.
    pub fn spans(&self) -> Vec<Span> {
        let fields = self.fields().map(|(_, field)| (field.register, field.encoding.registers()));
        let status = self.status.iter().map(|status| (status.register, 1));
        let wanted: Vec<(u16, u16)> = fields
            .chain(status)
            .filter_map(|(register, count)| Some((self.address(register).ok()?, count)))
            .collect();
        spans(self.area, &wanted, self.gap)
    }

    /// What the registers say.
    ///
    /// # Errors
    /// Registers of [`Self::spans`] are missing, or hold no number as the profile describes it.
    pub fn reading(&self, blocks: &[Block<'_>]) -> Result<Reading, IndicatorError> {
        let raw: Vec<u8> = blocks
            .iter()
            .flat_map(|block| block.registers)
            .flat_map(|register| register.to_be_bytes())
            .collect();
        let state = match &self.status {
            Some(status) => self.state(status, blocks)?,
            None => State::default(),
        };
        let mut reading = Reading {
            zero: state.zero.unwrap_or(false),
            overload: state.overload,
            underload: state.underload,
            fault: state.invalid.map(Into::into),
            ..Reading::status(state.stable, &raw)
        };
        if reading.overload || reading.underload || reading.fault.is_some() {
            return Ok(reading);
        }
        let places = self.places(blocks)?;
        let value = |field: &Option<Field>, what, negative: bool| {
            let value = field.map(|field| self.decode(field, places, blocks, what)).transpose()?;
            Ok::<_, IndicatorError>(value.map(|value| if negative { -value.abs() } else { value }))
        };
        let display = value(&self.display, "display", state.display_negative)?;
        let net = value(&self.net, "net", state.net_negative)?;
        let gross = value(&self.gross, "gross", state.gross_negative)?;
        let tare = value(&self.tare, "tare", false)?;
        let kind = |net: bool| if net { Kind::Net } else { Kind::Gross };
        let (shown, kind) = match (display, net, gross, state.net) {
            (Some(display), _, _, tared) => (Some(display), tared.map(kind)),
            (None, _, Some(gross), Some(false)) => (Some(gross), Some(Kind::Gross)),
            (None, Some(net), gross, tared) => {
                (Some(net), Some(kind(tared.unwrap_or_else(|| gross != Some(net)))))
            }
            (None, None, gross, _) => (gross, Some(Kind::Gross)),
        };
        let unit = self.unit.unwrap_or(Unit::Kg);
        reading.weight = shown.map(|value| Weight::new(value, unit));
        reading.tare = tare.map(|value| Weight::new(value, unit));
        reading.kind = kind;
        reading.zero = state.zero.unwrap_or(shown.is_some_and(|value| value.is_zero()));
        Ok(reading)
    }

    /// What is to be written, in this order, to carry out a command. `blocks` are what the last reading was made of,
    /// for profiles whose decimal places are in a register.
    ///
    /// # Errors
    /// The indicator has no such command, or can't be given this tare.
    pub fn writes(&self, ask: &Ask, blocks: &[Block<'_>]) -> Result<Vec<RegisterWrite>, Failure> {
        let unsupported = || Failure::Unsupported { protocol: "this indicator", ask: ask.word() };
        let commands = self.commands.as_ref().ok_or_else(unsupported)?;
        let mut writes = Vec::new();
        let value = match ask {
            Ask::Zero => commands.zero,
            Ask::Tare => commands.tare,
            Ask::PresetTare(kg) if kg.is_zero() && commands.clear_tare.is_some() => commands.clear_tare,
            Ask::PresetTare(kg) => match &commands.preset_tare {
                Some(preset) => {
                    writes.push(self.parameter(preset, *kg, blocks)?);
                    Some(preset.value)
                }
                None => None,
            },
            Ask::Weight | Ask::Identify => None,
        };
        let value = value.ok_or_else(unsupported)?;
        let address = self
            .numbering
            .address(Area::Holding, commands.register)
            .map_err(|error| refused(error.to_string()))?;
        let values = commands.idle.into_iter().chain([value]);
        writes.extend(values.map(|value| RegisterWrite { address, registers: vec![value] }));
        Ok(writes)
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, Field)> {
        [
            ("decimals_at", self.decimals_at),
            ("display", self.display),
            ("net", self.net),
            ("gross", self.gross),
            ("tare", self.tare),
        ]
        .into_iter()
        .filter_map(|(name, field)| Some((name, field?)))
    }

    fn address(&self, register: u32) -> Result<u16, ValueError> {
        self.numbering.address(self.area, register).map_err(|_| ValueError::Missing)
    }

    fn decode(
        &self,
        field: Field,
        places: u32,
        blocks: &[Block<'_>],
        what: &'static str,
    ) -> Result<Decimal, IndicatorError> {
        self.address(field.register)
            .and_then(|address| find(blocks, address, field.encoding.registers()))
            .and_then(|registers| field.encoding.decode(registers, field.order, places))
            .map_err(|source| self.error(what, source))
    }

    fn places(&self, blocks: &[Block<'_>]) -> Result<u32, IndicatorError> {
        let Some(field) = self.decimals_at else { return Ok(self.decimals.unwrap_or(0)) };
        let places = self.decode(field, 0, blocks, "decimals")?.to_u32().unwrap_or(u32::MAX);
        if places > MOST_DECIMALS {
            return Err(self.error("decimals", ValueError::Places(places)));
        }
        Ok(places)
    }

    fn state(&self, status: &Status, blocks: &[Block<'_>]) -> Result<State, IndicatorError> {
        let word = self
            .address(status.register)
            .and_then(|address| find(blocks, address, 1))
            .and_then(|registers| registers.first().copied().ok_or(ValueError::Missing))
            .map_err(|source| self.error("status", source))?;
        let is = |bit: u8| word.checked_shr(bit.into()).unwrap_or(0) & 1 == 1;
        let set = |bit: Option<u8>| bit.is_some_and(is);
        let invalid = match () {
            () if set(status.fault) => Some("the indicator reports a fault"),
            () if status.valid.is_some_and(|bit| !is(bit)) => Some("the indicator has no valid weight"),
            () => None,
        };
        let known = status.stable.is_some() || status.motion.is_some();
        Ok(State {
            stable: known && status.stable.is_none_or(is) && !set(status.motion),
            zero: status.zero.map(is),
            overload: set(status.overload),
            underload: set(status.underload),
            net: (!status.net.is_empty()).then(|| status.net.iter().any(|bit| is(*bit))),
            invalid,
            display_negative: set(status.display_negative),
            net_negative: set(status.net_negative),
            gross_negative: set(status.gross_negative),
        })
    }

    fn parameter(
        &self,
        preset: &PresetTare,
        kg: Decimal,
        blocks: &[Block<'_>],
    ) -> Result<RegisterWrite, Failure> {
        let places = self.places(blocks).map_err(|error| refused(error.to_string()))?;
        // So many steps of the display make a kilogram.
        let steps = match self.unit {
            Some(Unit::Kg) => Some(10i64.pow(places)),
            Some(Unit::G) => Some(10i64.pow(places + 3)),
            _ => None,
        };
        let count = steps.and_then(|steps| kg.checked_mul(Decimal::from(steps)));
        let count = count.filter(|count| count.fract().is_zero()).and_then(|count| count.to_u32());
        let count =
            count.ok_or_else(|| refused(format!("a tare of {kg} kg can't be set on this indicator")))?;
        let registers = encode(count, preset.parameter)
            .ok_or_else(|| refused(format!("a tare of {kg} kg is too large for this indicator")))?;
        let address = self.numbering.address(Area::Holding, preset.parameter.register);
        Ok(RegisterWrite { address: address.map_err(|error| refused(error.to_string()))?, registers })
    }

    fn error(&self, what: &'static str, source: ValueError) -> IndicatorError {
        IndicatorError { profile: self.id.clone(), what, source }
    }
}

impl Status {
    fn bits(&self) -> impl Iterator<Item = u8> {
        let single = [
            self.stable,
            self.motion,
            self.zero,
            self.overload,
            self.underload,
            self.fault,
            self.valid,
            self.display_negative,
            self.net_negative,
            self.gross_negative,
        ];
        single.into_iter().flatten().chain(self.net.iter().copied())
    }
}

#[derive(Debug, Default)]
struct State {
    stable: bool,
    zero: Option<bool>,
    overload: bool,
    underload: bool,
    net: Option<bool>,
    invalid: Option<&'static str>,
    display_negative: bool,
    net_negative: bool,
    gross_negative: bool,
}

fn refused(reason: String) -> Failure {
    Failure::Refused(reason)
}

fn encode(count: u32, field: Field) -> Option<Vec<u16>> {
    let digits = |most: u32| {
        let bcd =
            |value: u32| (0..8).fold(0, |bcd, place| bcd | (value / 10u32.pow(place) % 10) << (4 * place));
        (count <= most).then(|| bcd(count))
    };
    let value = match field.encoding {
        Encoding::U16 => u32::from(u16::try_from(count).ok()?),
        Encoding::I16 => u32::try_from(i16::try_from(count).ok()?).ok()?,
        Encoding::Above10000Negative => Some(count).filter(|count| *count < 10_000)?,
        Encoding::U32 => count,
        Encoding::I32 => u32::try_from(i32::try_from(count).ok()?).ok()?,
        Encoding::Bcd16 => digits(9_999)?,
        Encoding::Bcd32 => digits(99_999_999)?,
        Encoding::F32 => return None,
    };
    let [a, b, c, d] = value.to_be_bytes();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Some(match (field.encoding.registers(), field.order) {
        (1, _) => vec![low],
        (_, WordOrder::HighFirst) => vec![high, low],
        (_, WordOrder::LowFirst) => vec![low, high],
    })
}

/// The readings that each profile makes of these bytes as registers. For the fuzz target.
pub(super) fn any_registers(bytes: &[u8]) -> Vec<Reading> {
    let registers: Vec<u16> =
        bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_be_bytes).collect();
    let options = IndicatorOptions { decimals: Some(3), unit: Some(Unit::Kg), ..IndicatorOptions::default() };
    let profiles = IndicatorProfile::built_in().into_iter().filter_map(|profile| profile.with(&options).ok());
    profiles
        .filter_map(|profile| {
            let spans = profile.spans();
            let address = spans.first()?.address;
            profile.reading(&[Block { address, registers: &registers }]).ok()
        })
        .collect()
}
