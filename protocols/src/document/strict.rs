//! Errors that name the place: how blocks are read by their `type` without losing the path.
//!
//! An internally tagged enum of serde buffers its fields and forgets where they stood. Here a message
//! that starts with `.` or `[` starts with a path, to which each level adds its own in front.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Splits an object into its `type` and its other fields.
pub(super) fn tagged<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(String, Value), D::Error> {
    let mut fields = Map::deserialize(deserializer)?;
    match fields.remove("type") {
        Some(Value::String(name)) => Ok((name, Value::Object(fields))),
        Some(_) => Err(at_type("not a string")),
        None => Err(at_type("missing: each block needs a `type` such as \"text\"")),
    }
}

/// Reads the fields of a block; the error's message starts with their path.
pub(super) fn fields<T: DeserializeOwned, E: Error>(body: Value) -> Result<T, E> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        E::custom(place(&path, &error.into_inner().to_string()))
    })
}

/// An error in the field `type` itself.
pub(super) fn at_type<E: Error>(problem: &str) -> E {
    E::custom(format!(".type: {problem}"))
}

/// An error for a `type` nobody knows.
pub(super) fn unknown_type<E: Error>(name: &str, known: &str) -> E {
    at_type(&format!("there is no block {name:?}; allowed here: {known}"))
}

/// A path and a message, which may start with the rest of the path.
pub(crate) fn place(path: &str, message: &str) -> String {
    let path = if path == "." { "" } else { path };
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    match message.as_bytes().first() {
        Some(b'.' | b'[') => format!("{dot}{path}{message}"),
        _ if path.is_empty() => message.to_owned(),
        _ => format!("{dot}{path}: {message}"),
    }
}
