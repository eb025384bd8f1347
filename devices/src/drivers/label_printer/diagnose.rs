//! The technician's questions.

use outlet_protocols::label::{Label, Language, encode};
use serde_json::{Value, json};

use super::ask::{AskLine, Asked, Send};
use super::condition::{conditions, remedies, silent};
use super::device::{LabelPrinter, Seen};
use super::made;
use crate::error::DeviceError;

/// Questions by which the link is judged.
const QUESTIONS: u32 = 5;

impl LabelPrinter {
    /// How the printer is at this moment.
    pub(super) async fn report(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let asked = self.ask(None).await?;
        if let Asked::Unreadable(bytes) = asked {
            return Err(self.nonsense(&bytes));
        }
        Ok(json!({
            "link": self.link.to_string(),
            "model": self.model.id,
            "language": self.model.language,
            "answers": self.answers(),
            "status": self.seen_words(),
        }))
    }

    /// What the printer says it is: TSPL `~!T` and ZPL `~HI`; EPL has no such question.
    pub(super) async fn identify(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let question: Option<&[u8]> = match self.model.language {
            Language::Tspl => Some(b"~!T"),
            Language::Zpl => Some(b"~HI\r\n"),
            Language::Epl => None,
        };
        let said = match question.filter(|_| self.answers()) {
            Some(bytes) => {
                let mut session = AskLine::new(bytes, self.options.answer());
                self.run(&mut session, None).await?
            }
            None => None,
        };
        Ok(json!({
            "link": self.link.to_string(),
            "model": self.model.id,
            "vendor": self.model.vendor,
            "name": self.model.name,
            "language": self.model.language,
            "said": said,
        }))
    }

    /// Prints a label and judges. Never fails: a printer that can't be reached is a verdict too.
    pub(super) async fn test(&mut self) -> Value {
        let mut verdict = Vec::new();
        let mut printed = false;
        match self.tried(&mut verdict).await {
            Ok(done) => printed = done,
            Err(error) => {
                verdict.push(suspicion("connection", "likely", &error.message, "look at what it names"))
            }
        }
        for (entry, rank) in verdict.iter_mut().zip(1..) {
            entry["rank"] = json!(rank);
        }
        let checks: &[&str] = match printed {
            true => &[
                "the frame stands whole on one label: else set size and media of the label, and calibrate",
                "the letters are clean: else clean the head, or change its darkness",
                "a scanner reads the barcode",
                "it is not on its head: else set turned = true",
            ],
            false => &[],
        };
        json!({
            "ok": verdict.is_empty(),
            "printed": printed,
            "link": self.link.to_string(),
            "model": self.model.id,
            "status": self.seen_words(),
            "verdict": verdict,
            "page_checks": checks,
        })
    }

    /// Asks a few times and prints a label if nothing is in its way. Whether it has left.
    async fn tried(&mut self, verdict: &mut Vec<Value>) -> Result<bool, DeviceError> {
        self.ensure_open().await?;
        let mut unanswered = 0;
        let mut last = None;
        for _ in 0..QUESTIONS {
            match self.ask(None).await? {
                Asked::State(state) => last = Some(state),
                Asked::Silent | Asked::Unreadable(_) => unanswered += 1,
            }
        }
        let Some(state) = last else {
            verdict.push(suspicion(
                "printer",
                "likely",
                &silent().message,
                "do what it says, then test again",
            ));
            return Ok(false);
        };
        if unanswered > 0 {
            let why = format!("{unanswered} of {QUESTIONS} questions had no answer that can be read");
            verdict.push(suspicion(
                "cable",
                "likely",
                &why,
                "check plugs, cable, and the settings of a serial line",
            ));
        }
        for (code, remedy) in remedies(&state) {
            verdict.push(suspicion(code, "certain", &format!("the printer says {code}"), remedy));
        }
        if state.blocked() {
            return Ok(false);
        }
        if !state.done() {
            let remedy = "wait until it has ended, then test again";
            verdict.push(suspicion("printing", "certain", "it is printing something else", remedy));
            return Ok(false);
        }
        let encoded = match self.page() {
            Ok(bytes) => bytes,
            Err(problem) => {
                verdict.push(suspicion("settings", "certain", &problem, "check `dots` and the template"));
                return Ok(false);
            }
        };
        self.unclean = true;
        if self.run(&mut Send::new(&encoded, self.options.stall()), None).await? {
            self.unclean = false;
            return Ok(true);
        }
        Err(self.lost("it takes no bytes"))
    }

    /// The technician's label, of the size that the printer is set to.
    fn page(&self) -> Result<Vec<u8>, String> {
        let setup = &self.bench.setup;
        let template = outlet_protocols::label::item::template(&setup.template)
            .ok_or_else(|| format!("there is no template {:?}", setup.template))?;
        let (width, height) = (template.width, template.height);
        let time = made::now().map(|now| now.to_string()).unwrap_or_default();
        let text = format!(
            "{}, {}\n{width} x {height} mm, {time}\nABC abc 0123 Ёж Щука Țară Știucă",
            self.model.name, self.bench.id
        );
        let label = json!({
            "width": width,
            "height": height,
            "media": setup.media.unwrap_or(template.media),
            "elements": [
                {"type": "box", "x": 0.5, "y": 0.5, "width": width - 1.0, "height": height - 1.0},
                {"type": "text", "x": 2, "y": 1.5, "text": text, "size": 2.6, "min_size": 1.65, "width": width - 4.0,
                 "overflow": "shorten"},
                {"type": "barcode", "x": 4, "y": height - 11.0, "symbology": "code128", "data": "TEST", "height": 6,
                 "module": 0.25}
            ]
        });
        let label = Label::from_value(label).map_err(|error| error.to_string())?;
        encode(&label, &self.bench.printer).map(|encoded| encoded.bytes).map_err(|error| error.to_string())
    }

    /// What is known of the printer.
    pub(super) fn seen_words(&self) -> Value {
        match &self.seen {
            Seen::Nothing => json!({"known": false}),
            Seen::Silence => json!({"known": false, "conditions": [silent().code]}),
            Seen::State(state) => json!({
                "known": self.answers(),
                "conditions": conditions(state),
                "printing": !state.done(),
                "labels_left": state.labels_left,
                "jobs_waiting": state.jobs_waiting,
                "codes": state.others,
            }),
        }
    }
}

fn suspicion(suspect: &str, likelihood: &str, why: &str, remedy: &str) -> Value {
    json!({"suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy})
}
