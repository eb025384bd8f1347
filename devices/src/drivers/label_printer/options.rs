//! `[device.options]` of a label printer.

use std::time::Duration;

use outlet_protocols::label::item::{captions, languages, template, templates};
use outlet_protocols::label::{LabelSetup, Media};
use serde::Deserialize;
use serde_json::Value;

use crate::driver::SettingsError;

/// Options of a label printer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// The template of items that name none.
    pub template: String,
    /// Language of captions where the job names none: `en`, `ro`, `ru`.
    pub language: String,
    /// The material it is loaded with; the template's when absent.
    pub media: Option<Media>,
    /// Labels come out on their heads otherwise.
    pub turned: bool,
    /// Dots of its head, where the model has another one.
    pub dots: Option<u16>,
    /// Whether it answers questions.
    pub status: bool,
    /// From one question to the next while there is nothing to do, in milliseconds.
    pub poll_ms: u32,
    /// How long an answer may take.
    pub answer_ms: u32,
    /// How long after the last byte printing may take to begin.
    pub settle_ms: u32,
    /// A printer that takes no byte for so long has stopped.
    pub stall_ms: u32,
    /// After so long without an answer in a job its outcome is not known.
    pub doubt_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        let setup = LabelSetup::default();
        Self {
            template: setup.template,
            language: setup.language,
            media: None,
            turned: false,
            dots: None,
            status: true,
            poll_ms: 2_000,
            answer_ms: 2_000,
            settle_ms: 1_500,
            stall_ms: 60_000,
            doubt_ms: 60_000,
        }
    }
}

impl Options {
    pub fn read(given: &Value) -> Result<Self, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let options = match given {
            Value::Null => Self::default(),
            given => Self::deserialize(given).map_err(|error| wrong("options", error.to_string()))?,
        };
        if template(&options.template).is_none() {
            let known: Vec<&str> = templates().iter().map(|own| own.id.as_str()).collect();
            let message =
                format!("there is no template {:?}: there are {}", options.template, known.join(", "));
            return Err(wrong("options.template", message));
        }
        if captions(&options.language).is_none() {
            let known: Vec<&str> = languages().iter().map(|own| own.language.as_str()).collect();
            let message = format!("no captions in {:?}: write one of {}", options.language, known.join(", "));
            return Err(wrong("options.language", message));
        }
        if let Some(Media::Gap { mm } | Media::BlackMark { mm }) = options.media
            && !(1.0..=25.0).contains(&mm)
        {
            return Err(wrong("options.media", format!("{mm} mm: write 1 to 25")));
        }
        if options.dots.is_some_and(|dots| !(160..=5_200).contains(&dots)) {
            return Err(wrong("options.dots", "write 160 to 5200".to_owned()));
        }
        let times = [
            ("options.poll_ms", options.poll_ms, 20),
            ("options.answer_ms", options.answer_ms, 50),
            ("options.settle_ms", options.settle_ms, 0),
            ("options.stall_ms", options.stall_ms, 100),
            ("options.doubt_ms", options.doubt_ms, 100),
        ];
        for (key, ms, least) in times {
            if !(least..=600_000).contains(&ms) {
                return Err(wrong(key, format!("write {least} to 600000")));
            }
        }
        Ok(options)
    }

    pub fn setup(&self) -> LabelSetup {
        LabelSetup { template: self.template.clone(), language: self.language.clone(), media: self.media }
    }

    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.into())
    }

    pub fn answer(&self) -> Duration {
        Duration::from_millis(self.answer_ms.into())
    }

    pub fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_ms.into())
    }

    pub fn stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms.into())
    }

    pub fn doubt(&self) -> Duration {
        Duration::from_millis(self.doubt_ms.into())
    }
}
