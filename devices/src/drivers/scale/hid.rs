//! A USB scale of the HID class: it reports by itself, most of them several times a second, some only when the weight
//! changes. One of those is asked when it was quiet for a while (`GET_REPORT`).
//!
//! A report that is cut short or of no known form is told as a fault of the scale, without a weight.

use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::scale::hid::{DATA_REPORT, HidError, Numbering, USAGE_PAGE, report};
use outlet_protocols::scale::{Answer, Ask, Commands, Failure, Mode, Reading};
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use super::conversation::Heard;
use super::source::{Facts, Source};
use crate::driver::{BoxFuture, SettingsError};
use crate::link::{Link, LinkError};
use crate::transport::hid::{self, HidRaw, Interface, Opened, ReportStream, System};

/// The word of the configuration.
pub(super) const MODEL: &str = "hid";
/// For messages about commands.
const SPEAKS: &str = "a USB scale";
/// The field with the weight (USB-IF, *HID Point of Sale Usage Tables*, 1.02, section 4: Data Weight).
const DATA_WEIGHT: u16 = 0x40;
/// A scale that streams reports at least so often; one that was quiet for longer is asked.
const QUIET: Duration = Duration::from_millis(700);
/// How long the answer may take then.
const ANSWER: Duration = Duration::from_millis(800);
/// More than the report of any scale.
const LONGEST: usize = 4096;

/// A USB scale, as it is configured. The options are those that are not every scale's: there are none.
///
/// # Errors
/// The setting that can't work.
pub(super) fn read(
    link: &str,
    others: &Map<String, Value>,
) -> Result<(Facts, Link, ByReports), SettingsError> {
    let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
    let link: Link = link.parse().map_err(|error: LinkError| wrong("link", error.to_string()))?;
    if !matches!(link, Link::Hid { .. }) {
        let message = "a scale of the model hid is reached by hid://, as in hid://0922:8003";
        return Err(wrong("link", message.to_owned()));
    }
    if let Some(key) = others.keys().next() {
        return Err(wrong(&format!("options.{key}"), "the model hid has no such option".to_owned()));
    }
    let facts = Facts {
        name: MODEL.to_owned(),
        speaks: SPEAKS,
        vendor: "USB HID".to_owned(),
        models: "scales of the HID usage page 8D: Dymo, Stamps.com, Mettler Toledo, Fairbanks".to_owned(),
        mode: Mode::Streams,
        commands: Commands::NONE,
        answer: QUIET,
        // USB itself tells a broken report from a whole one.
        confirm: 1,
        tells_once: true,
        remedy: "; check its USB cable and that it is on".to_owned(),
    };
    let source = ByReports { link: link.clone(), system: Arc::new(HidRaw), open: None };
    Ok((facts, link, source))
}

/// A scale that reports.
pub(super) struct ByReports {
    link: Link,
    system: Arc<dyn System>,
    open: Option<Scale>,
}

struct Scale {
    stream: ReportStream,
    interface: Interface,
    numbering: Numbering,
    buffer: Box<[u8; LONGEST]>,
}

impl ByReports {
    /// The same over another system.
    #[cfg(test)]
    pub fn over(self, system: Arc<dyn System>) -> Self {
        Self { system, ..self }
    }

    fn scale(&mut self) -> Result<&mut Scale, String> {
        self.open.as_mut().ok_or_else(|| format!("{}: there is no connection", self.link))
    }

    async fn weigh(&mut self) -> Result<Heard, String> {
        let (link, system) = (self.link.to_string(), Arc::clone(&self.system));
        let scale = self.scale()?;
        let lost = |why: String| format!("{link}: {why}");
        // What lies there already is past; the runtime has to look for it first.
        tokio::task::yield_now().await;
        while let Ok(read) = timeout_at(Instant::now(), scale.next()).await {
            read.map_err(&lost)?;
        }
        let told = match timeout_at(Instant::now() + QUIET, scale.next()).await {
            Ok(read) => Some(read.map_err(&lost)?),
            Err(_) => {
                let asking = scale.ask(system);
                let until = Instant::now() + ANSWER;
                tokio::select! {
                    read = scale.next() => Some(read.map_err(&lost)?),
                    answer = timeout_at(until, asking) => answer.ok().flatten(),
                }
            }
        };
        let answer = match told {
            Some(_) => Ok(Answer::Weighed),
            None => Err(Failure::NothingNew),
        };
        let (readings, ignored) = told.map_or((Vec::new(), 0), |told| (vec![told.reading], told.ignored));
        Ok(Heard { readings, ignored, answer })
    }
}

impl Source for ByReports {
    fn open(&mut self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.open = None;
            let opened = hid::open(&self.system, &self.link, &hid::SCALE).await;
            let Opened { stream, descriptor, interface } = opened.map_err(|error| error.to_string())?;
            let id = descriptor.input_with(USAGE_PAGE, DATA_WEIGHT).unwrap_or(DATA_REPORT);
            let numbering = if descriptor.is_numbered() { Numbering::Numbered(id) } else { Numbering::Plain };
            self.open = Some(Scale { stream, interface, numbering, buffer: Box::new([0; LONGEST]) });
            Ok(())
        })
    }

    fn close(&mut self) {
        self.open = None;
    }

    fn ask<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Result<Heard, String>> {
        Box::pin(async move {
            let answer = match ask {
                Ask::Weight => return self.weigh().await,
                Ask::Identify => Ok(Answer::Identity(self.scale()?.interface.name.clone())),
                _ => Err(Failure::Unsupported { protocol: SPEAKS, ask: ask.word() }),
            };
            Ok(Heard { readings: Vec::new(), ignored: 0, answer })
        })
    }

    fn listen(&mut self, until: Instant) -> BoxFuture<'_, Result<(Vec<Reading>, usize), String>> {
        Box::pin(async move {
            let link = self.link.to_string();
            match timeout_at(until, self.scale()?.next()).await {
                Ok(Ok(told)) => Ok((vec![told.reading], told.ignored)),
                Ok(Err(why)) => Err(format!("{link}: {why}")),
                Err(_) => Ok((Vec::new(), 0)),
            }
        })
    }
}

/// What a report says, and how many bytes of it belonged to nothing.
struct Told {
    reading: Reading,
    ignored: usize,
}

impl Scale {
    /// The next report with a weight or a fault. Cancel-safe.
    async fn next(&mut self) -> Result<Told, String> {
        loop {
            let length = match self.stream.read(&mut self.buffer[..]).await {
                Ok(0) => return Err("it was unplugged".to_owned()),
                Ok(length) => length,
                Err(error) => return Err(error.to_string()),
            };
            if let Some(told) = told(self.buffer.get(..length).unwrap_or_default(), self.numbering) {
                return Ok(told);
            }
        }
    }

    /// Asks for the report with the weight. `None`: the scale does not answer that, or with something else.
    fn ask(&self, system: Arc<dyn System>) -> impl Future<Output = Option<Told>> + use<> {
        let (interface, numbering) = (self.interface.clone(), self.numbering);
        let asking = tokio::task::spawn_blocking(move || {
            let id = match numbering {
                Numbering::Numbered(id) => id,
                Numbering::Plain => 0,
            };
            let answer = system.input_report(&interface, id).ok()?;
            let reading = report(&answer, numbering).ok()?;
            Some(Told { reading, ignored: 0 })
        });
        async { asking.await.ok().flatten() }
    }
}

fn told(bytes: &[u8], numbering: Numbering) -> Option<Told> {
    match report(bytes, numbering) {
        Ok(reading) => Some(Told { reading, ignored: 0 }),
        Err(HidError::OtherReport { .. }) => None,
        Err(error) => {
            let reading =
                Reading { fault: Some(error.to_string()), raw: bytes.to_vec(), ..Reading::default() };
            Some(Told { reading, ignored: bytes.len() })
        }
    }
}

#[cfg(test)]
mod tests;
