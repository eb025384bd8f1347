//! The base64 text of a picture, with a hash made once.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A picture file in base64, as it came in JSON.
///
/// [`key`](Self::key) is computed when the document is parsed, so that an encoder finds an already
/// dithered logo without reading its data again. Cloning shares the text. As the key of a map it
/// hashes by `key` and compares by pointer first, by content otherwise: a collision can't print
/// another picture.
#[derive(Clone)]
pub struct ImageData {
    text: Arc<str>,
    key: u64,
}

impl ImageData {
    /// The base64 text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A hash of the text: equal for equal texts within a process, not stable across versions.
    pub fn key(&self) -> u64 {
        self.key
    }
}

impl From<&str> for ImageData {
    fn from(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        Self { text: text.into(), key: hasher.finish() }
    }
}

impl From<String> for ImageData {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl PartialEq for ImageData {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }
}

impl Eq for ImageData {}

impl Hash for ImageData {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.key);
    }
}

impl std::fmt::Debug for ImageData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageData({} characters, {:016x})", self.text.len(), self.key)
    }
}

impl Serialize for ImageData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ImageData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for ImageData {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ImageData".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
