//! `[device.options]` of a register of Shtrih-M.

use std::collections::BTreeMap;

use outlet_protocols::fiscal::VatType;
use outlet_protocols::shtrih::command::Passwords;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::driver::SettingsError;
use crate::register::options::Common;

/// Options beside those of [`Common`]. All have defaults; an unknown key is refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Level of the link: 1, or 2 for level 2.0. The register takes the level of the first byte after it was
    /// switched on, so after a change it has to be switched off and on.
    pub level: u8,
    /// Format of fiscal documents that the register is registered with.
    pub ffd: Ffd,
    /// Password of the operator who works at the register.
    pub password: u32,
    /// Password of the system administrator.
    pub administrator_password: u32,
    /// Milliseconds without an answer after which the register is asked for it again. A command is not
    /// executed twice by that.
    pub answer_ms: u64,
    /// VAT bytes that differ from the model's: `vat22 = 203`.
    pub vat: BTreeMap<VatType, u8>,
    /// Which drawer is opened, 0 or 1.
    pub drawer: u8,
}

/// Format of fiscal documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum Ffd {
    /// Without marking codes; a correction is one sum.
    #[default]
    #[serde(rename = "1.05")]
    V105,
    /// With marking codes; a correction has items.
    #[serde(rename = "1.2")]
    V12,
}

impl Default for Options {
    fn default() -> Self {
        let passwords = Passwords::default();
        Self {
            level: 1,
            ffd: Ffd::default(),
            password: passwords.operator,
            administrator_password: passwords.administrator,
            answer_ms: 3_000,
            vat: BTreeMap::new(),
            drawer: 0,
        }
    }
}

impl Options {
    /// Reads a device's options: those of this family, and those that all registers have.
    ///
    /// # Errors
    /// An unknown key, or a value that can't work: its key and the remedy.
    pub fn read(value: &Value) -> Result<(Self, Common), SettingsError> {
        let wrong = |key: String, message: String| SettingsError { key, message };
        let given = match value {
            Value::Null => Map::new(),
            Value::Object(map) => map.clone(),
            _ => return Err(wrong("options".into(), "must be a table of options".into())),
        };
        let (known, mine) = (json!(Common::default()), json!(Self::default()));
        let mut common = Map::new();
        let mut own = Map::new();
        for (key, value) in given {
            let alone = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
            let fault = if known.get(&key).is_some() {
                common.insert(key.clone(), value);
                serde_json::from_value::<Common>(alone).err()
            } else if mine.get(&key).is_some() {
                own.insert(key.clone(), value);
                serde_json::from_value::<Self>(alone).err()
            } else {
                let keys = [&mine, &known].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
                let keys: Vec<_> = keys.map(String::as_str).collect();
                let message = format!("there is no such option; there are {}", keys.join(", "));
                return Err(wrong(format!("options.{key}"), message));
            };
            if let Some(fault) = fault {
                return Err(wrong(format!("options.{key}"), fault.to_string()));
            }
        }
        let all = |error: serde_json::Error| wrong("options".into(), error.to_string());
        let own: Self = serde_json::from_value(Value::Object(own)).map_err(all)?;
        let common: Common = serde_json::from_value(Value::Object(common)).map_err(all)?;
        match own.fault().or(common.fault()) {
            Some((key, remedy)) => Err(wrong(format!("options.{key}"), remedy.to_owned())),
            None => Ok((own, common)),
        }
    }

    /// The passwords.
    pub fn passwords(&self) -> Passwords {
        Passwords { operator: self.password, administrator: self.administrator_password }
    }

    fn fault(&self) -> Option<(&'static str, &'static str)> {
        const PASSWORD: &str = "must be 0 to 99999999";
        [
            (!matches!(self.level, 1 | 2), "level", "must be 1, or 2 for level 2.0"),
            (self.password > 99_999_999, "password", PASSWORD),
            (self.administrator_password > 99_999_999, "administrator_password", PASSWORD),
            (!(50..=60_000).contains(&self.answer_ms), "answer_ms", "must be 50 to 60000 milliseconds"),
            (self.drawer > 1, "drawer", "must be 0 or 1"),
        ]
        .into_iter()
        .find_map(|(bad, key, remedy)| bad.then_some((key, remedy)))
    }
}
