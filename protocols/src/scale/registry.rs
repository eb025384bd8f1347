//! The one list of protocols: for the driver, the check of a configuration, and detection.

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::protocol::{LineSettings, Mode, Protocol, Timing};
use super::{adam, cas, cas_stream, dialog_04, dibal, massa_1c, massa_100, massa_j, mt_sics, nci};
use super::{shtrih_pos2, toledo_8217};

/// All protocols, those first that detection can tell from others with the greatest certainty: with a checksum
/// and an answer that says what it answers.
pub fn protocols() -> &'static [&'static ProtocolInfo] {
    static ALL: [&ProtocolInfo; 12] = [
        &massa_100::INFO,
        &massa_1c::INFO,
        &shtrih_pos2::INFO,
        &cas::INFO,
        &dibal::INFO,
        &mt_sics::INFO,
        &nci::INFO,
        &toledo_8217::INFO,
        &dialog_04::INFO,
        &cas_stream::INFO,
        &massa_j::INFO,
        &adam::INFO,
    ];
    &ALL
}

/// The protocol of this name.
pub fn by_name(name: &str) -> Option<&'static ProtocolInfo> {
    protocols().iter().copied().find(|info| info.name == name)
}

/// What is known of a protocol before a scale is asked.
#[derive(Debug)]
pub struct ProtocolInfo {
    /// The word of the configuration.
    pub name: &'static str,
    /// Who speaks it.
    pub vendor: &'static str,
    /// Scales that speak it, and what to set on them.
    pub models: &'static str,
    /// Who speaks first.
    pub mode: Mode,
    /// Line settings a scale has from its maker.
    pub line: LineSettings,
    /// Line settings to try next.
    pub other_lines: &'static [LineSettings],
    /// The port of scales with Ethernet.
    pub tcp_port: Option<u16>,
    /// How long to wait.
    pub timing: Timing,
    /// Commands the protocol has.
    pub commands: Commands,
    /// Makes one side of a conversation from the options of the configuration; `null` is the same as `{}`.
    pub build: fn(Value) -> Result<Box<dyn Protocol>, OptionsError>,
}

/// Commands of a protocol; the weight can be asked of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Commands {
    /// [`super::Ask::Zero`].
    pub zero: bool,
    /// [`super::Ask::Tare`].
    pub tare: bool,
    /// [`super::Ask::PresetTare`].
    pub preset_tare: bool,
}

impl Commands {
    /// No command.
    pub const NONE: Self = Self { zero: false, tare: false, preset_tare: false };
    /// Every command.
    pub const ALL: Self = Self { zero: true, tare: true, preset_tare: true };
}

/// Options that a protocol can't take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("protocol {protocol}, option {field}: {problem}")]
pub struct OptionsError {
    /// The name of the protocol.
    pub protocol: &'static str,
    /// The field, or `.` for all of them.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// Reads options strictly.
pub(super) fn read<T: DeserializeOwned>(protocol: &'static str, options: Value) -> Result<T, OptionsError> {
    let options = if options.is_null() { Value::Object(serde_json::Map::new()) } else { options };
    serde_path_to_error::deserialize(options).map_err(|error| OptionsError {
        protocol,
        field: error.path().to_string(),
        problem: error.into_inner().to_string(),
    })
}

/// An option of the right type with a value that can't be.
pub(super) fn wrong(protocol: &'static str, field: &str, problem: &str) -> OptionsError {
    OptionsError { protocol, field: field.to_owned(), problem: problem.to_owned() }
}
