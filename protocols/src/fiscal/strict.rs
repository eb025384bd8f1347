//! Errors that name the place: how tasks and items are read by their `type` without losing the path.
//!
//! A message that starts with `.` or `[` starts with a path, to which each level adds its own in front.

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};

use crate::document::strict::place;

/// The `type` of an object.
pub(super) fn type_of<'a, E: Error>(fields: &'a Map<String, Value>, example: &str) -> Result<&'a str, E> {
    match fields.get("type") {
        Some(Value::String(name)) => Ok(name),
        Some(_) => Err(E::custom(".type: not a string")),
        None => Err(E::custom(format_args!(".type: missing; give one such as {example:?}"))),
    }
}

/// Reads all fields but `type`; the error's message starts with their path.
pub(super) fn fields<T: DeserializeOwned, E: Error>(fields: &Map<String, Value>) -> Result<T, E> {
    let fields =
        fields.iter().filter(|(name, _)| *name != "type").map(|(name, value)| (name.as_str(), value));
    let fields = MapDeserializer::<_, serde_json::Error>::new(fields);
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let path = error.path().to_string();
        E::custom(place(&path, &error.into_inner().to_string()))
    })
}

/// An error for a `type` nobody knows.
pub(super) fn unknown_type<E: Error>(what: &str, name: &str, known: &str) -> E {
    E::custom(format_args!(".type: there is no {what} {name:?}; there are {known}"))
}
