//! Customer displays: two lines of text that face the guest, over serial lines and TCP.
//!
//! A display says nothing back: what was sent counts as shown, and is sent again whenever the display comes back,
//! since it forgets everything with its power. Only the newest text matters. It stands until the next one, or
//! until the idle text takes its place. Long lines that were asked to move are moved by sending frame after frame.

use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::codepage::Page;
use outlet_protocols::display::{DisplayDocument, DisplayModel, Encoder, Frame, Layout};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::driver::{
    Attempt, BoxFuture, Built, Check, Command, Confidence, Description, DeviceStatus, Driver, DriverFactory,
    JobContext, Outcome, Report, Request, Resolution, Settings, SettingsError, StatusSink, Work,
};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::{Exchange, Session, Step};
use crate::link::{Link, LinkError};
use crate::transport;

/// A display that takes no byte for so long is not there.
const STALLED: Duration = Duration::from_secs(5);

/// Options of `[device.options]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// The code page; the model's own when absent.
    page: Option<String>,
    /// What is shown while there is nothing to show: a display document.
    idle: Option<Value>,
    /// After how many seconds the idle text takes the place of the last one; 0: never.
    idle_after_s: u32,
    /// From one step of a moving line to the next, in milliseconds, 50 to 5000.
    scroll_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { page: None, idle: None, idle_after_s: 60, scroll_ms: 300 }
    }
}

/// Makes drivers of customer displays.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "display"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        if !matches!(link, Link::Serial { .. } | Link::Tcp { .. }) {
            let message = "a display is reached by serial:// or tcp://; by USB it is a serial port";
            return Err(wrong("link", message.to_owned()));
        }
        let known =
            || DisplayModel::all().iter().map(|model| model.id.as_str()).collect::<Vec<_>>().join(", ");
        let model = match settings.model.as_deref() {
            Some(id) => DisplayModel::find(id)
                .ok_or_else(|| wrong("model", format!("there is no display {id:?}: there is {}", known())))?,
            None => return Err(wrong("model", format!("it is missing: write one of {}", known()))),
        };
        let options = match &settings.options {
            Value::Null => Options::default(),
            given => Options::deserialize(given).map_err(|error| wrong("options", error.to_string()))?,
        };
        if !(50..=5_000).contains(&options.scroll_ms) {
            return Err(wrong("options.scroll_ms", "write 50 to 5000".to_owned()));
        }
        let page = match &options.page {
            None => None,
            Some(name) => Some(
                Page::from_name(name)
                    .ok_or_else(|| wrong("options.page", format!("there is no code page {name:?}")))?,
            ),
        };
        let encoder =
            Encoder::new(model, page).map_err(|error| wrong("options.page", error.problem.clone()))?;
        let laid_out = |document: &DisplayDocument| Layout::new(document, model, encoder.page());
        let idle = match &options.idle {
            None => None,
            Some(idle) => {
                let document = DisplayDocument::parse(idle);
                let laid = document.and_then(|document| laid_out(&document));
                Some(laid.map_err(|error| wrong("options.idle", error.to_string()))?.0)
            }
        };
        let description = Description {
            kind: "display".to_owned(),
            driver: self.name().to_owned(),
            model: Some(model.id.clone()),
            name: format!("{} {}", model.vendor, model.name),
            link: link.to_string(),
            capabilities: vec!["display".to_owned()],
            limits: json!({
                "columns": model.columns, "rows": model.rows, "codepage": encoder.page().name(),
                "brightness": model.brightness,
            }),
        };
        let check = Intake { model, page: encoder.page() };
        let display = Display {
            link,
            model,
            encoder,
            idle_after: Some(Duration::from_secs(options.idle_after_s.into()))
                .filter(|after| !after.is_zero()),
            scroll: Duration::from_millis(options.scroll_ms.into()),
            status: report.status,
            exchange: None,
            shown: None,
            idle,
            torn: false,
        };
        Ok(Built { driver: Box::new(display), check: Arc::new(check), description })
    }
}

/// Judges documents at intake.
struct Intake {
    model: &'static DisplayModel,
    page: Page,
}

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let document = document_of(work)?;
        Layout::new(document, self.model, self.page).map(drop).map_err(|error| {
            DeviceError::new(ErrorKind::Rejected, "invalid-request", format!("document: {error}"))
        })
    }
}

/// A customer display.
struct Display {
    link: Link,
    model: &'static DisplayModel,
    encoder: Encoder,
    idle_after: Option<Duration>,
    scroll: Duration,
    status: StatusSink,
    exchange: Option<Exchange>,
    shown: Option<Shown>,
    idle: Option<Layout>,
    /// Something was begun to be sent and did not end.
    torn: bool,
}

/// What a job has put on the display.
struct Shown {
    layout: Layout,
    since: Instant,
}

impl Driver for Display {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            self.exchange = None;
            let mut stream =
                transport::open(&self.link).await.map_err(|error| self.lost(&error.to_string()))?;
            stream.forget_unsent();
            self.exchange = Some(Exchange::new(stream));
            self.refresh().await?;
            DeviceStatus { online: true, ..DeviceStatus::default() }.tell(&self.status);
            Ok(())
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                if let Err(error) = self.keep_showing().await {
                    return error;
                }
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        command: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(async {
            let document = document_of(&command.work)?;
            let laid = Layout::new(document, self.model, self.encoder.page());
            let (layout, report) = laid.map_err(|error| {
                DeviceError::new(ErrorKind::Rejected, "invalid-request", format!("document: {error}"))
            })?;
            cx.begin(Value::Null).await?;
            self.shown = Some(Shown { layout, since: Instant::now() });
            self.show_now(Instant::now(), Some(cx)).await?;
            let replaced: String = report.replaced.into_iter().collect();
            let result = json!({"replaced": replaced, "cut": report.cut});
            Ok(Outcome::new(Confidence::Sent, result, Value::Null))
        })
    }

    fn resolve<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        // Shown twice is shown once.
        Box::pin(async { Ok(Resolution::NotDone(json!({"asked": "a display forgets: it is shown again"}))) })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status | Request::Identify => Ok(json!({
                    "link": self.link.to_string(),
                    "model": self.model.id,
                    "online": self.exchange.is_some(),
                    "shows": if self.shown.is_some() { "a job's text" } else { "its idle text" },
                })),
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for("a customer display")),
            }
        })
    }
}

impl Display {
    /// From nothing to what is to be seen now.
    async fn refresh(&mut self) -> Result<(), DeviceError> {
        let init = self.encoder.init();
        self.send(&init, None).await?;
        self.show_now(Instant::now(), None).await
    }

    /// Waits for the next change of what is to be seen, and makes it.
    async fn keep_showing(&mut self) -> Result<(), DeviceError> {
        let now = Instant::now();
        let after = self.idle_after.filter(|_| self.idle.is_some());
        let over = self.shown.as_ref().zip(after).map(|(shown, after)| shown.since + after);
        let moves = self.layout().is_some_and(Layout::moves);
        let next = moves.then(|| now + self.scroll);
        let until = [over, next].into_iter().flatten().min();
        self.run(&mut Pause { until, now }, None).await?;
        let now = Instant::now();
        if over.is_some_and(|over| over <= now) {
            self.shown = None;
        }
        self.show_now(now, None).await
    }

    async fn show_now(&mut self, now: Instant, cx: Option<&dyn JobContext>) -> Result<(), DeviceError> {
        // What was sent in part may have left the display in the middle of a command.
        let mut bytes = if self.torn { self.encoder.init() } else { Vec::new() };
        match (self.layout(), &self.shown) {
            (Some(layout), shown) => {
                if let Some(brightness) = layout.brightness() {
                    bytes.extend(self.encoder.brightness(brightness));
                }
                bytes.extend(self.encoder.show(&self.frame(layout, shown.as_ref(), now)));
            }
            (None, _) => bytes.extend(self.encoder.clear()),
        }
        self.send(&bytes, cx).await
    }

    fn layout(&self) -> Option<&Layout> {
        self.shown.as_ref().map(|shown| &shown.layout).or(self.idle.as_ref())
    }

    fn frame(&self, layout: &Layout, shown: Option<&Shown>, now: Instant) -> Frame {
        let since = shown.map_or(Duration::ZERO, |shown| now.duration_since(shown.since));
        let steps = since.as_millis() / self.scroll.as_millis().max(1);
        layout.frame_at(u64::try_from(steps).unwrap_or(u64::MAX))
    }

    /// Shows every place of the display and the letters of its page.
    async fn test(&mut self) -> Value {
        let columns = usize::from(self.model.columns);
        let ruler: String = "1234567890".chars().cycle().take(columns).collect();
        let lines: Vec<String> =
            [ruler, "ABC abc Ёж Șț 0.00".to_owned()].into_iter().take(self.model.rows.into()).collect();
        let document = json!({"lines": lines});
        let laid = DisplayDocument::parse(&document)
            .and_then(|document| Layout::new(&document, self.model, self.encoder.page()));
        let sent = match laid {
            Ok((layout, _)) => {
                self.shown = Some(Shown { layout, since: Instant::now() });
                self.refresh().await
            }
            Err(error) => Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", error.to_string())),
        };
        let checks =
            ["every place of the upper line shows its digit", "the letters are those of your language"];
        match sent {
            Ok(()) => json!({
                "ok": true, "printed": false, "link": self.link.to_string(), "verdict": [], "page_checks": checks,
            }),
            Err(error) => json!({
                "ok": false, "printed": false, "link": self.link.to_string(), "page_checks": [],
                "verdict": [{
                    "rank": 1, "suspect": "cable", "likelihood": "likely", "why": error.message,
                    "remedy": "check that the display has power, its cable, and that no other program uses its port",
                }],
            }),
        }
    }

    async fn send(&mut self, bytes: &[u8], cx: Option<&dyn JobContext>) -> Result<(), DeviceError> {
        self.torn = true;
        let taken =
            self.run(&mut Send { bytes, sent: 0, flushed: false, now: None, until: None }, cx).await?;
        match taken {
            true => {
                self.torn = false;
                Ok(())
            }
            false => Err(self.lost("it takes no bytes")),
        }
    }

    async fn run<S: Session + std::marker::Send>(
        &mut self,
        session: &mut S,
        cx: Option<&dyn JobContext>,
    ) -> Result<S::End, DeviceError> {
        let Some(exchange) = &mut self.exchange else { return Err(self.lost("there is no connection")) };
        let ended = exchange.run(session, cx).await;
        ended.map_err(|broken| self.lost(&broken.to_string()))
    }

    /// The display is gone. Nothing is on paper: what was to be seen is shown when it is back.
    fn lost(&mut self, why: &str) -> DeviceError {
        self.exchange = None;
        let problem = format!("{}: {why}; check the display's cable and power", self.link);
        let now = DeviceStatus { online: false, problem: Some(problem.clone()), ..DeviceStatus::default() };
        now.tell(&self.status);
        DeviceError::offline(problem)
    }
}

fn document_of(work: &Work) -> Result<&Arc<DisplayDocument>, DeviceError> {
    match work {
        Work::Display(document) => Ok(document),
        Work::Print(_) | Work::Fiscal(_) | Work::Label(_) | Work::Items(_) | Work::Ticket(_) => {
            let message = "a display shows text and prints nothing: send a display job";
            Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", message))
        }
    }
}

/// Sends bytes; ends with whether all were taken.
struct Send<'a> {
    bytes: &'a [u8],
    sent: usize,
    flushed: bool,
    now: Option<Instant>,
    until: Option<Instant>,
}

impl Session for Send<'_> {
    type End = bool;

    fn tick(&mut self, now: Instant) {
        self.now = Some(now);
        self.until.get_or_insert(now + STALLED);
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn step(&mut self) -> Step<'_, bool> {
        let over = self.now.zip(self.until).is_some_and(|(now, until)| now >= until);
        match self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            _ if self.flushed => Step::End(true),
            _ if over => Step::End(false),
            Some(rest) => Step::Write(rest),
            None => Step::Flush,
        }
    }

    fn received(&mut self, _: &[u8], _: Instant) {}

    fn written(&mut self, count: usize, _: Instant) {
        self.sent += count;
    }

    fn flushed(&mut self, _: Instant) {
        self.flushed = true;
    }
}

/// Waits, and notices when the link is lost meanwhile.
struct Pause {
    until: Option<Instant>,
    now: Instant,
}

impl Session for Pause {
    type End = ();

    fn tick(&mut self, now: Instant) {
        self.now = now;
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn step(&mut self) -> Step<'_, ()> {
        match self.until {
            Some(until) if until <= self.now => Step::End(()),
            _ => Step::Wait,
        }
    }

    fn received(&mut self, _: &[u8], _: Instant) {}

    fn written(&mut self, _: usize, _: Instant) {}
}
