//! Which profile a device has: one that is built in, by `model`, or one of its own, as the table `profile` of its options.

use outlet_protocols::modbus::ProfileError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::unit::UnitOptions;
use crate::driver::SettingsError;

/// The options as a table.
///
/// # Errors
/// They are something else.
pub(in crate::drivers) fn table(options: &Value) -> Result<Map<String, Value>, SettingsError> {
    match options {
        Value::Null => Ok(Map::new()),
        Value::Object(table) => Ok(table.clone()),
        _ => Err(wrong("options", "options are a table".to_owned())),
    }
}

/// Takes the table `profile` out of the options, or finds the profile of that model.
///
/// # Errors
/// Neither or both are there, no such model, or a profile that can't be right.
pub(in crate::drivers) fn choose<P: DeserializeOwned>(
    model: Option<&str>,
    options: &mut Map<String, Value>,
    built_in: Vec<P>,
    id: impl Fn(&P) -> &String,
    check: impl Fn(&P) -> Result<(), ProfileError>,
) -> Result<P, SettingsError> {
    let known = built_in.iter().map(|profile| id(profile).as_str()).collect::<Vec<_>>().join(", ");
    match (model, options.remove("profile")) {
        (Some(_), Some(_)) => Err(wrong(
            "model",
            "leave it out beside `options.profile`: one of them is the profile".to_owned(),
        )),
        (None, Some(table)) => {
            let profile: P =
                serde_json::from_value(table).map_err(|error| wrong("options.profile", error.to_string()))?;
            let field = |error: ProfileError| format!("options.profile.{}", error.field);
            check(&profile).map_err(|error| wrong(&field(error.clone()), error.problem))?;
            Ok(profile)
        }
        (Some(model), None) => {
            let missing =
                format!("{model:?} is not known: there is {known}; or describe it in `options.profile`");
            built_in.into_iter().find(|profile| id(profile) == model).ok_or_else(|| wrong("model", missing))
        }
        (None, None) => {
            let message =
                format!("it is missing: write one of {known}, or describe the device in `options.profile`");
            Err(wrong("model", message))
        }
    }
}

/// What is left of the options, as the driver's own.
///
/// # Errors
/// An option that is unknown, or of the wrong type.
pub(in crate::drivers) fn own<O: DeserializeOwned>(table: Map<String, Value>) -> Result<O, SettingsError> {
    let beside = |error: serde_json::Error| {
        format!("{error} (beside them: {}, profile)", UnitOptions::KEYS.join(", "))
    };
    serde_json::from_value(Value::Object(table)).map_err(|error| wrong("options", beside(error)))
}

/// Whether it is a name as devices have them.
pub(in crate::drivers) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn wrong(key: &str, message: String) -> SettingsError {
    SettingsError { key: key.to_owned(), message }
}
