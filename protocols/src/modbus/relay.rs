//! Relays on Modbus: a bell, a lock, a light.

use core::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MOST_REGISTERS, ProfileError, read_toml};

/// A relay board, as its document describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelayProfile {
    /// The word of the configuration.
    pub id: String,
    /// The document the figures are from.
    pub source: String,
    /// The unit it answers to as it comes from its maker.
    pub unit_id: u8,
    /// How many relays it has.
    pub channels: u16,
    /// By what a relay is switched.
    pub write: Function,
    /// The address of the first relay on the wire; the others follow.
    pub address: u16,
    /// What is written to switch a relay on. Coils of the standard take FF00 (hex).
    pub on: u16,
    /// What is written to switch it off.
    pub off: u16,
    /// A command that switches a relay on and, by itself, off again.
    pub pulse: Option<Pulse>,
}

/// The function that switches a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Function 5.
    Coil,
    /// Function 6.
    Register,
}

/// How a relay is told to come back by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pulse {
    /// The address of the command for the first relay on the wire.
    pub address: u16,
    /// The unit of its value, in ms.
    pub unit_ms: u16,
    /// The greatest value.
    pub most: u16,
}

/// One write to a board.
///
/// A coil's value may be another one than FF00 and 0 (hex), which the standard has: it is sent as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayWrite {
    /// The function.
    pub function: Function,
    /// The address on the wire.
    pub address: u16,
    /// The value.
    pub value: u16,
}

impl RelayProfile {
    /// The profiles that come with this crate.
    pub fn built_in() -> Vec<Self> {
        const TEXTS: [&str; 3] = [
            include_str!("profiles/waveshare-modbus-rtu-relay.toml"),
            include_str!("profiles/lctech-relay.toml"),
            include_str!("profiles/register-relay.toml"),
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
        if !(1..=MOST_REGISTERS).contains(&self.channels)
            || self.address.checked_add(self.channels - 1).is_none()
        {
            return bad("channels", "must be 1 to 125, and end below address 65536");
        }
        if self.on == self.off {
            return bad("off", "must differ from `on`");
        }
        match &self.pulse {
            Some(pulse) if pulse.unit_ms == 0 || pulse.most == 0 => {
                bad("pulse", "needs a unit and a greatest value above 0")
            }
            Some(pulse) if pulse.address.checked_add(self.channels - 1).is_none() => {
                bad("pulse.address", "leaves no address for the last channel")
            }
            _ => Ok(()),
        }
    }

    /// Switches a relay; the first is 1. `None` where the board has no such relay.
    pub fn switch(&self, channel: u16, on: bool) -> Option<RelayWrite> {
        let value = if on { self.on } else { self.off };
        Some(RelayWrite { function: self.write, address: self.address_of(self.address, channel)?, value })
    }

    /// Switches a relay on for so long, by the board itself. `None` where it has no such relay or no such command,
    /// or can't count so long.
    ///
    /// The time is rounded up to what the board counts in.
    pub fn pulse(&self, channel: u16, time: Duration) -> Option<RelayWrite> {
        let pulse = self.pulse.as_ref()?;
        let value = time.as_millis().div_ceil(u128::from(pulse.unit_ms).max(1));
        let value = u16::try_from(value).ok().filter(|value| (1..=pulse.most).contains(value))?;
        Some(RelayWrite { function: self.write, address: self.address_of(pulse.address, channel)?, value })
    }

    fn address_of(&self, first: u16, channel: u16) -> Option<u16> {
        let offset = channel.checked_sub(1).filter(|offset| *offset < self.channels)?;
        first.checked_add(offset)
    }
}
