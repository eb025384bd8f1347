//! Reads the layers of a configuration and remembers where each key stands.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config as Layered, Environment, Map, Source, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError, ConfigErrors};

/// Where a setting was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file.
    File {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// In a variable of the environment.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// Variables of the environment that are settings begin with it.
const PREFIX: &str = "OUTLETD";
/// Stands between the levels of a variable's name.
const SEPARATOR: &str = "__";

/// Where each key stands: `broker.url`, `device[2].link`.
#[derive(Debug, Default)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Where a key stands, or the nearest table around it.
    pub fn find(&self, key: &str) -> Option<Origin> {
        let mut key = key;
        loop {
            if let Some(origin) = self.0.get(key) {
                return Some(origin.clone());
            }
            key = &key[..key.rfind(['.', '['])?];
        }
    }

    fn note_environment(&mut self) {
        for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
            let lower = name.to_lowercase().replace(SEPARATOR, ".");
            if let Some(key) = lower.strip_prefix(&format!("{}.", PREFIX.to_lowercase())) {
                self.0.insert(key.to_owned(), Origin::Variable(name));
            }
        }
    }
}

/// Reads all layers.
pub fn read(path: &Path) -> Result<(Config, Origins), ConfigErrors> {
    let mut origins = Origins::default();
    let mut lists = Lists::default();
    let mut builder = Layered::builder();
    for file in files(path)? {
        let layer = Layer::read(&file, &mut origins, &mut lists)?;
        builder = builder.add_source(layer);
    }
    origins.note_environment();
    builder = builder
        .add_source(lists)
        .add_source(Environment::with_prefix(PREFIX).prefix_separator(SEPARATOR).separator(SEPARATOR));
    let layered = builder.build().map_err(|error| alone(None, error.to_string()))?;
    match serde_path_to_error::deserialize(layered) {
        Ok(config) => Ok((config, origins)),
        Err(error) => {
            let key = error.path().to_string();
            let message = dotted(&error.into_inner().to_string());
            if key == "." {
                return Err(alone(Some(Origin::File { file: path.to_owned(), line: 1 }), message));
            }
            Err(alone(origins.find(&key), format!("{key}: {message}")))
        }
    }
}

/// The library leaves the dot out before a key that a list's table lacks: `device[0]driver`.
fn dotted(message: &str) -> String {
    let mut out = String::with_capacity(message.len() + 1);
    let mut after_bracket = false;
    for c in message.chars() {
        if after_bracket && c.is_ascii_lowercase() {
            out.push('.');
        }
        after_bracket = c == ']';
        out.push(c);
    }
    out
}

/// The file, then `conf.d/*.toml` beside it.
fn files(path: &Path) -> Result<Vec<PathBuf>, ConfigErrors> {
    let mut files = vec![path.to_owned()];
    let folder = path.parent().unwrap_or_else(|| Path::new(".")).join("conf.d");
    let mut more = Vec::new();
    match std::fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let entry = entry.map_err(|error| alone(None, format!("{}: {error}", folder.display())))?;
                if entry.path().extension().is_some_and(|extension| extension == "toml") {
                    more.push(entry.path());
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(alone(None, format!("{} can't be read: {error}", folder.display())));
        }
    }
    more.sort();
    files.extend(more);
    Ok(files)
}

#[derive(Debug, Clone)]
struct Layer(Map<String, Value>);

impl Layer {
    fn read(file: &Path, origins: &mut Origins, lists: &mut Lists) -> Result<Self, ConfigErrors> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let message =
                format!("{} can't be read: {error}; give the path of the configuration", file.display());
            alone(None, message)
        })?;
        let table = DeTable::parse(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(&text, span.start));
            alone(Some(Origin::File { file: file.to_owned(), line }), error.message().to_owned())
        })?;
        let mut walk = Walk { file, text: &text, origins };
        let mut map = Map::new();
        for (key, value) in table.get_ref() {
            let name = key.get_ref().to_string();
            if name == "device" {
                let DeValue::Array(tables) = value.get_ref() else {
                    let line = line_of(&text, key.span().start);
                    let message = "device: each device is a table of its own: write [[device]]".to_owned();
                    return Err(alone(Some(Origin::File { file: file.to_owned(), line }), message));
                };
                walk.gather("device", tables, &mut lists.devices);
                continue;
            }
            if name == "station" {
                let DeValue::Array(tables) = value.get_ref() else {
                    let line = line_of(&text, key.span().start);
                    let message = "station: each station is a table of its own: write [[station]]".to_owned();
                    return Err(alone(Some(Origin::File { file: file.to_owned(), line }), message));
                };
                walk.gather("station", tables, &mut lists.stations);
                continue;
            }
            walk.note(&name, key.span().start);
            let mut value = value.get_ref().clone();
            if name == "embedded"
                && let DeValue::Table(embedded) = &mut value
                && let Some(users) = embedded.get("users").cloned()
                && let DeValue::Array(tables) = users.get_ref()
            {
                embedded.remove("users");
                walk.gather("embedded.users", tables, &mut lists.users);
            }
            map.insert(name.clone(), walk.value(&name, &value));
        }
        Ok(Self(map))
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }
    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

/// Devices, stations and users of all files: lists would replace each other.
#[derive(Debug, Clone, Default)]
struct Lists {
    devices: Vec<Value>,
    stations: Vec<Value>,
    users: Vec<Value>,
}

impl Source for Lists {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }
    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        let lists = [("device", &self.devices), ("station", &self.stations), ("embedded.users", &self.users)];
        let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
        Ok(given
            .map(|(key, list)| (key.to_owned(), Value::new(None, ValueKind::Array(list.clone()))))
            .collect())
    }
}

/// Turns TOML into the layers' values and notes the line of each key.
struct Walk<'a> {
    file: &'a Path,
    text: &'a str,
    origins: &'a mut Origins,
}

impl Walk<'_> {
    /// Adds the tables of a list to those of the files before.
    fn gather(&mut self, key: &str, tables: &[Spanned<DeValue<'_>>], list: &mut Vec<Value>) {
        for table in tables {
            let path = format!("{key}[{}]", list.len());
            self.note(&path, table.span().start);
            list.push(self.value(&path, table.get_ref()));
        }
    }

    fn note(&mut self, path: &str, at: usize) {
        let origin = Origin::File { file: self.file.to_owned(), line: line_of(self.text, at) };
        self.origins.0.insert(path.to_owned(), origin);
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>) -> Value {
        let kind = match value {
            DeValue::String(text) => ValueKind::String(text.to_string()),
            DeValue::Boolean(flag) => ValueKind::Boolean(*flag),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| ValueKind::String(number.to_string()), ValueKind::I64),
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map_or_else(|_| ValueKind::String(number.to_string()), ValueKind::Float),
            DeValue::Datetime(moment) => ValueKind::String(moment.to_string()),
            DeValue::Array(items) => ValueKind::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let path = format!("{path}[{index}]");
                        self.note(&path, item.span().start);
                        self.value(&path, item.get_ref())
                    })
                    .collect(),
            ),
            DeValue::Table(table) => ValueKind::Table(
                table
                    .iter()
                    .map(|(key, item)| {
                        let path = format!("{path}.{}", key.get_ref());
                        self.note(&path, key.span().start);
                        (key.get_ref().to_string(), self.value(&path, item.get_ref()))
                    })
                    .collect(),
            ),
        };
        Value::new(None, kind)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

fn alone(origin: Option<Origin>, message: String) -> ConfigErrors {
    ConfigErrors(vec![ConfigError { origin, message }])
}
