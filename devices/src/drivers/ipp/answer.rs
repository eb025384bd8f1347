//! What a printer says of itself and of its jobs.

use ipp::attribute::IppAttributeGroup;
use ipp::model::DelimiterTag;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use serde_json::{Map, Value, json};

/// Attributes that say how a printer is (RFC 8011, 5.4).
pub const STATE: [&str; 6] = [
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "printer-up-time",
    "queued-job-count",
];

/// Attributes that say what it is and can do.
pub const ABILITIES: [&str; 13] = [
    "printer-make-and-model",
    "printer-name",
    "printer-info",
    "printer-location",
    "printer-uuid",
    "printer-device-id",
    "printer-firmware-string-version",
    "document-format-supported",
    "copies-supported",
    "sides-supported",
    "sides-default",
    "media-supported",
    "ipp-versions-supported",
];

/// Attributes that say where a job stands (RFC 8011, 5.3).
pub const JOB: [&str; 7] = [
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-state-message",
    "job-impressions-completed",
    "time-at-processing",
];

/// `printer-state`: 5 (RFC 8011, 5.4.11).
const STOPPED: i32 = 5;

/// How a printer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// `printer-state`: 3 idle, 4 processing, 5 stopped.
    pub state: i32,
    pub reasons: Vec<String>,
    pub message: Option<String>,
    pub accepting: bool,
    /// Seconds since it was switched on.
    pub up_time: Option<i32>,
    pub queued: Option<i32>,
}

impl Status {
    /// `None`: it says nothing of its state, so it is no printer.
    pub fn of(answer: &IppRequestResponse) -> Option<Self> {
        let group = answer.attributes().first_of(DelimiterTag::PrinterAttributes)?;
        Some(Self {
            state: integer(group, "printer-state")?,
            reasons: texts(group, "printer-state-reasons"),
            message: text(group, "printer-state-message"),
            accepting: group.get("printer-is-accepting-jobs").map(|is| is.value())
                != Some(&IppValue::Boolean(false)),
            up_time: integer(group, "printer-up-time"),
            queued: integer(group, "queued-job-count"),
        })
    }

    pub fn is_stopped(&self) -> bool {
        self.state == STOPPED
    }

    /// The word of the RFC.
    pub fn word(&self) -> &'static str {
        match self.state {
            3 => "idle",
            4 => "processing",
            STOPPED => "stopped",
            _ => "unknown",
        }
    }
}

/// What a printer is and can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// What it says of itself, for people.
    pub identity: Map<String, Value>,
    pub formats: Vec<String>,
    /// The most copies it makes by itself; 1 where it has no such attribute.
    pub copies: u8,
    pub sides: Vec<String>,
    /// What it does with a job that asks for no sides.
    pub sides_default: Option<String>,
    pub media: Vec<String>,
}

impl Abilities {
    pub fn of(answer: &IppRequestResponse) -> Self {
        let Some(group) = answer.attributes().first_of(DelimiterTag::PrinterAttributes) else {
            return Self { copies: 1, ..Self::default() };
        };
        let named = [
            ("name", "printer-make-and-model"),
            ("queue", "printer-name"),
            ("info", "printer-info"),
            ("location", "printer-location"),
            ("uuid", "printer-uuid"),
            ("device_id", "printer-device-id"),
            ("firmware", "printer-firmware-string-version"),
        ];
        let known = named.into_iter().filter_map(|(key, name)| {
            let value = text(group, name).filter(|value| !value.is_empty())?;
            Some((key.to_owned(), Value::String(value)))
        });
        let copies = match group.get("copies-supported").map(|copies| copies.value()) {
            Some(IppValue::RangeOfInteger { max, .. } | IppValue::Integer(max)) => *max,
            _ => 1,
        };
        Self {
            identity: known.collect(),
            formats: texts(group, "document-format-supported"),
            copies: u8::try_from(copies.clamp(1, u8::MAX.into())).unwrap_or(1),
            sides: texts(group, "sides-supported"),
            sides_default: text(group, "sides-default"),
            media: texts(group, "media-supported"),
        }
    }

    pub fn prints_pdf(&self) -> bool {
        self.formats.iter().any(|format| format.eq_ignore_ascii_case("application/pdf"))
    }
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: i32,
    pub name: Option<String>,
    pub state: JobState,
    pub reasons: Vec<String>,
    pub message: Option<String>,
    /// Sides that are printed, where the printer counts them. CUPS says 0 where it does not.
    pub impressions: Option<i32>,
    /// The printer says itself that it has not begun: `time-at-processing` is there and has no value (RFC 8011,
    /// 5.3.14.2).
    pub not_begun: bool,
}

/// `job-state` (RFC 8011, 5.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    Pending,
    Held,
    Processing,
    Stopped,
    Canceled,
    Aborted,
    Completed,
}

impl JobState {
    fn of(number: i32) -> Option<Self> {
        Some(match number {
            3 => Self::Pending,
            4 => Self::Held,
            5 => Self::Processing,
            6 => Self::Stopped,
            7 => Self::Canceled,
            8 => Self::Aborted,
            9 => Self::Completed,
            _ => return None,
        })
    }

    /// The word of the RFC.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "pending-held",
            Self::Processing => "processing",
            Self::Stopped => "processing-stopped",
            Self::Canceled => "canceled",
            Self::Aborted => "aborted",
            Self::Completed => "completed",
        }
    }
}

impl Job {
    /// The jobs of an answer; those without number or state are left out.
    pub fn all(answer: &IppRequestResponse) -> Vec<Self> {
        answer.attributes().groups_of(DelimiterTag::JobAttributes).filter_map(Self::of).collect()
    }

    fn of(group: &IppAttributeGroup) -> Option<Self> {
        Some(Self {
            id: integer(group, "job-id")?,
            name: text(group, "job-name"),
            state: JobState::of(integer(group, "job-state")?)?,
            reasons: texts(group, "job-state-reasons").into_iter().filter(|word| word != "none").collect(),
            message: text(group, "job-state-message"),
            impressions: integer(group, "job-impressions-completed"),
            not_begun: group.get("time-at-processing").map(|time| time.value()) == Some(&IppValue::NoValue),
        })
    }

    pub fn says(&self, reason: &str) -> bool {
        self.reasons.iter().any(|word| word == reason)
    }

    /// For evidence.
    pub fn to_json(&self) -> Value {
        json!({
            "job_id": self.id,
            "state": self.state.word(),
            "reasons": self.reasons,
            "message": self.message,
            "impressions": self.impressions,
            "not_begun": self.not_begun,
        })
    }
}

fn integer(group: &IppAttributeGroup, name: &str) -> Option<i32> {
    match group.get(name)?.value() {
        IppValue::Integer(value) | IppValue::Enum(value) => Some(*value),
        _ => None,
    }
}

fn text(group: &IppAttributeGroup, name: &str) -> Option<String> {
    texts(group, name).into_iter().next()
}

fn texts(group: &IppAttributeGroup, name: &str) -> Vec<String> {
    let Some(attribute) = group.get(name) else { return Vec::new() };
    // They go into messages of one line.
    let plain = |text: String| text.replace(char::is_control, " ");
    let word = |value: &IppValue| match value {
        IppValue::TextWithLanguage { text, .. } => Some(plain(text.to_string())),
        IppValue::NameWithLanguage { name, .. } => Some(plain(name.to_string())),
        IppValue::TextWithoutLanguage(_)
        | IppValue::NameWithoutLanguage(_)
        | IppValue::Keyword(_)
        | IppValue::Uri(_)
        | IppValue::MimeMediaType(_) => Some(plain(value.to_string())),
        _ => None,
    };
    match attribute.value() {
        IppValue::Array(values) => values.iter().filter_map(word).collect(),
        value => word(value).into_iter().collect(),
    }
}
