//! Contactless readers of PC/SC: the number of the card that lies on the reader.
//!
//! The agent asks PC/SC's service, pcscd, and shares the reader with other programs. It reads the UID alone, by
//! the "Get Data" of PC/SC part 3, 3.2.2.1.3; nothing on the card is opened, read or written.

use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::card::rfid::Uid;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Intake, Kind, rfid};
use crate::driver::{
    Attempt, BoxFuture, Built, Command, Description, DeviceStatus, Driver, JobContext, Outcome, Report,
    Request, Resolution, Settings, SettingsError,
};
use crate::error::DeviceError;
use crate::link::Link;
use crate::reading::{Reading, Tag};
use name::Name;
use problem::Problem;
use watch::{Seen, Watch};

mod name;
mod problem;
mod service;
mod watch;

pub use service::{Listed, list};

/// The driver of a reader that PC/SC names so.
///
/// # Errors
/// Options, which it has none of, or a model.
pub(super) fn build(
    kind: Kind,
    reader: &str,
    settings: &Settings,
    report: Report,
) -> Result<Built, SettingsError> {
    let wrong = |key: &str, message: &str| SettingsError { key: key.to_owned(), message: message.to_owned() };
    if let Some(key) = settings.options.as_object().and_then(|options| options.keys().next()) {
        let message = "leave it out: a reader of PC/SC has no options";
        return Err(wrong(&format!("options.{key}"), message));
    }
    if settings.model.is_some() {
        return Err(wrong("model", "leave it out: a reader of PC/SC says itself what it is"));
    }
    let link = Link::Pcsc { reader: reader.to_owned() }.to_string();
    let description = Description {
        kind: kind.driver.to_owned(),
        driver: kind.driver.to_owned(),
        model: None,
        name: kind.title.to_owned(),
        link: link.clone(),
        capabilities: vec![kind.capability.to_owned()],
        limits: json!({}),
    };
    let driver = Device {
        kind,
        link,
        wanted: Name::new(reader),
        report,
        watch: None,
        reader: None,
        card: None,
        problem: None,
        counts: Counts::default(),
    };
    Ok(Built { driver: Box::new(driver), check: Arc::new(Intake(kind)), description })
}

/// The driver of a reader.
struct Device {
    kind: Kind,
    link: String,
    wanted: Name,
    report: Report,
    /// The thread that waits for cards. It is there before its reader is known.
    watch: Option<Watch>,
    /// The reader's whole name, while there is a session.
    reader: Option<String>,
    /// The card that was told last and has not been taken away. It is kept where the session is lost: the next one
    /// finds it still there, or not.
    card: Option<Tag>,
    /// Why there is no session.
    problem: Option<Problem>,
    counts: Counts,
}

/// Counts since the start.
#[derive(Debug, Default, Serialize)]
struct Counts {
    /// Cards that were read.
    read: u64,
    /// Cards without a number to tell.
    unreadable: u64,
    /// Times that the reader or pcscd was lost.
    links_lost: u64,
}

/// How long pcscd may take to say which readers there are. It answers in milliseconds; where systemd starts it for
/// the first question, in less than a second.
const PATIENCE: Duration = Duration::from_secs(5);

impl Driver for Device {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(self.open())
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                let Some(watch) = &mut self.watch else {
                    let problem = self.problem.take().unwrap_or(Problem::Silent);
                    return self.offline(problem);
                };
                let seen = watch.next().await;
                if let Some(lost) = self.take(seen) {
                    return lost;
                }
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(std::future::ready(Err(self.kind.no_jobs())))
    }

    fn resolve<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        let why = format!("{} takes no jobs and knows of none", self.kind.a);
        Box::pin(std::future::ready(Ok(Resolution::Unknown(why))))
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status => {
                    self.open().await?;
                    Ok(json!({
                        "online": true,
                        "conditions": [],
                        "reader": self.reader,
                        "card": self.card.as_ref().and_then(|card| card.uid.as_ref()),
                        "received": self.counts,
                    }))
                }
                Request::Identify => {
                    self.open().await?;
                    Ok(self.identify().await)
                }
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for(self.kind.a)),
            }
        })
    }
}

impl Device {
    /// Finds the reader, if there is no session, and takes what it has seen meanwhile.
    async fn open(&mut self) -> Result<(), DeviceError> {
        while let Some(seen) = self.watch.as_mut().and_then(Watch::try_next) {
            if let Some(lost) = self.take(seen) {
                return Err(lost);
            }
        }
        if self.reader.is_some() {
            return Ok(());
        }
        // A thread that pcscd has not answered yet is asked again, and not joined by another one.
        let watch = match self.watch.take() {
            Some(watch) => watch,
            None => Watch::start(self.wanted.clone())
                .map_err(|error| self.offline(Problem::Thread(error.to_string())))?,
        };
        let watch = self.watch.insert(watch);
        match timeout(PATIENCE, watch.next()).await {
            Ok(seen) => self.take(seen).map_or(Ok(()), Err),
            Err(_) => Err(self.offline(Problem::Silent)),
        }
    }

    /// Takes what the reader has seen; the error where that is the end of the session.
    fn take(&mut self, seen: Seen) -> Option<DeviceError> {
        match seen {
            Seen::Reader(name) => {
                self.reader = Some(name);
                self.problem = None;
                DeviceStatus { online: true, ..DeviceStatus::default() }.tell(&self.report.status);
            }
            Seen::Empty => self.gone(),
            Seen::Card(uid) => self.came(&uid),
            Seen::Unreadable(message) => {
                self.gone();
                self.counts.unreadable += 1;
                self.report.readings.tell(Reading::unusable("unreadable", message));
            }
            Seen::Ended(problem) => return Some(self.lost(problem)),
        }
        None
    }

    /// In one session another card comes only after the last one has gone; in a new one the card may be the same.
    fn came(&mut self, uid: &Uid) {
        let tag = rfid::tag(None, uid.notations());
        if self.card.as_ref() == Some(&tag) {
            return;
        }
        self.gone();
        self.counts.read += 1;
        self.card = Some(tag.clone());
        self.report.readings.tell(Reading::Tag(tag));
    }

    fn gone(&mut self) {
        if let Some(tag) = self.card.take() {
            self.report.readings.tell(Reading::Tag(Tag { present: false, ..tag }));
        }
    }

    fn lost(&mut self, problem: Problem) -> DeviceError {
        self.watch = None;
        if self.reader.take().is_some() {
            self.counts.links_lost += 1;
        }
        self.offline(problem)
    }

    fn offline(&mut self, problem: Problem) -> DeviceError {
        let message = format!("{}: {problem}; {}", self.link, problem.remedy());
        let now = DeviceStatus { problem: Some(message.clone()), ..DeviceStatus::default() };
        now.tell(&self.report.status);
        self.problem = Some(problem);
        DeviceError::offline(message)
    }

    /// What the reader's driver in pcscd says of it.
    async fn identify(&self) -> Value {
        let reader = self.reader.clone().unwrap_or_default();
        let asking = tokio::task::spawn_blocking({
            let reader = reader.clone();
            move || service::attributes(&reader)
        });
        let attributes = match timeout(PATIENCE, asking).await {
            Ok(Ok(attributes)) => attributes,
            Ok(Err(_)) | Err(_) => json!({}),
        };
        json!({
            "link": self.link,
            "driver": self.kind.driver,
            "reader": reader,
            "attributes": attributes,
            "card": self.card.as_ref().and_then(|card| card.uid.as_ref()),
        })
    }

    /// What the technician gets: a reader can't be made to read, so what it has read so far is judged.
    async fn test(&mut self) -> Value {
        let online = self.open().await.is_ok();
        let verdict = self.verdict();
        json!({
            "ok": verdict.is_empty(),
            "link": self.link,
            "printed": false,
            "status": {"online": online, "conditions": []},
            "reader": self.reader,
            "received": self.counts,
            "try": format!("{} and test again: one more must have been read", self.kind.try_it),
            "verdict": verdict,
        })
    }

    /// What is probably the matter, the likeliest first. Empty: nothing.
    fn verdict(&self) -> Vec<Value> {
        let mut found = Vec::new();
        let mut add = |suspect: &str, likelihood: &str, why: String, remedy: &str| {
            let rank = found.len() + 1;
            found.push(json!({
                "rank": rank, "suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy,
            }));
        };
        let Counts { read, unreadable, links_lost } = self.counts;
        if let Some(problem) = &self.problem {
            add(problem.suspect(), "certain", problem.to_string(), problem.remedy());
        } else if read + unreadable == 0 {
            let remedy =
                format!("{}; if nothing comes, check that it is a reader without contacts", self.kind.try_it);
            add("card", "possible", "no card has been held to it since the start".to_owned(), &remedy);
        }
        if unreadable > 0 && unreadable * 10 >= read {
            let why = format!("{unreadable} of {} cards gave no number", read + unreadable);
            let remedy = "hold the card flat and for a second, one card at a time; take cards that have a number \
                          (ISO 14443); end other programs that hold the reader for themselves";
            add("card", if read == 0 { "likely" } else { "possible" }, why, remedy);
        }
        if links_lost > 1 {
            let why = format!("the reader or pcscd was lost {links_lost} times");
            let remedy = "check the reader's cable and USB hub, and `journalctl -u pcscd`";
            add("cable", "possible", why, remedy);
        }
        found
    }
}
