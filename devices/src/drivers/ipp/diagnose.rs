//! The requests: status, identify, and the test with its verdict.

use std::time::Duration;

use jiff::Zoned;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::client::Failure;
use super::device::{IppPrinter, Obstacle};
use super::follow::Followed;
use super::print::{Order, judge};
use super::{made, reasons, test_page};
use crate::driver::{Confidence, PAPER_NEAR_END, TONER_LOW};
use crate::error::{DeviceError, ErrorKind};

/// How long the test page may take before the test reports without its end: office printers warm up.
const PAGE_TIMEOUT: Duration = Duration::from_secs(75);

/// What may be wrong, and how likely it is.
struct Suspicion {
    suspect: &'static str,
    likelihood: &'static str,
    why: String,
    remedy: String,
}

impl Suspicion {
    fn certain(suspect: &'static str, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { suspect, likelihood: "certain", why: why.into(), remedy: remedy.into() }
    }
}

impl IppPrinter {
    /// How the printer is. Connects first where it is not connected.
    pub(super) async fn current_status(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        if let Err(failure) = self.look(None).await {
            return Err(self.lost(Obstacle::Failure(failure)));
        }
        Ok(self.status_json())
    }

    /// What the printer is. Connects first where it is not connected.
    pub(super) async fn identify(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let abilities = &self.abilities;
        Ok(json!({
            "link": self.link.to_string(),
            "identity": abilities.identity,
            "formats": abilities.formats,
            "copies": abilities.copies,
            "sides": abilities.sides,
        }))
    }

    /// Looks at everything, prints the page if that is possible, and judges. Never fails: a printer that can't be
    /// reached is a verdict too.
    pub(super) async fn test(&mut self) -> Value {
        let reached = self.ensure_open().await.is_ok() && self.current_status().await.is_ok();
        let mut suspicions = Vec::new();
        let mut printed = None;
        if !reached {
            suspicions.extend(self.obstacle.as_ref().map(unreachable));
        } else if let Some(waiting) = reasons::obstacle(&self.status) {
            let (why, remedy) = waiting.message.split_once(": ").unwrap_or((&waiting.message, "look at it"));
            suspicions.push(Suspicion::certain("printer", why, remedy));
        } else {
            match timeout(PAGE_TIMEOUT, self.print_page()).await {
                Ok(Ok(confidence)) => printed = Some(confidence),
                Ok(Err(error)) => suspicions.push(Suspicion::certain(
                    "printer",
                    error.message,
                    "look at the printer's panel, and at what it printed",
                )),
                Err(_) => suspicions.push(Suspicion {
                    suspect: "printer",
                    likelihood: "likely",
                    why: format!("the page was not finished within {} s", PAGE_TIMEOUT.as_secs()),
                    remedy: "look at the printer's panel: other jobs may be in front of it".to_owned(),
                }),
            }
        }
        if reached {
            suspicions.extend(self.remarks());
        }
        let certain = suspicions.iter().any(|suspicion| suspicion.likelihood == "certain");
        let verdict: Vec<Value> = suspicions
            .iter()
            .zip(1..)
            .map(|(suspicion, rank)| {
                json!({
                    "rank": rank, "suspect": suspicion.suspect, "likelihood": suspicion.likelihood,
                    "why": suspicion.why, "remedy": suspicion.remedy,
                })
            })
            .collect();
        json!({
            "ok": printed.is_some() && !certain,
            "link": self.link.to_string(),
            "printed": printed.is_some(),
            "confidence": printed,
            "identity": if reached { json!(self.abilities.identity) } else { Value::Null },
            "status": if reached { self.status_json() } else { Value::Null },
            "verdict": verdict,
            "page_checks": if printed.is_some() { test_page::questions() } else { Vec::new() },
        })
    }

    async fn ensure_open(&mut self) -> Result<(), DeviceError> {
        match self.connected {
            true => Ok(()),
            false => self.open().await,
        }
    }

    async fn print_page(&mut self) -> Result<Confidence, DeviceError> {
        let time = Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
        let known = self.abilities.identity.get("name").and_then(Value::as_str).unwrap_or("unnamed printer");
        let about = format!("{known}, {}", self.link);
        let document = test_page::document(&format!("outletd test page: {}, {time}", self.id), &about);
        let pdf = made(&document, &[], 1, false)?;
        let name = format!("outletd {} test {time}", self.id);
        let order = Order { document: &document, heading: &[], copies: 1, name: &name };
        let job = self.hand_over(&order, pdf, None).await?;
        let broken = |message: String| DeviceError::new(ErrorKind::Busy, "device-fault", message);
        match self.follow(job, &name, None).await {
            Followed::Ended(job) => judge(&job, &Value::Null).map(|outcome| outcome.confidence),
            Followed::Stopped(waiting) => Err(broken(waiting.message)),
            Followed::Stuck(_) => Err(broken("the printer does not go on with the page".to_owned())),
            Followed::Gone => Err(broken("the printer has forgotten the page".to_owned())),
            Followed::Lost(failure) => Err(self.lost(Obstacle::Failure(failure))),
        }
    }

    fn remarks(&self) -> Vec<Suspicion> {
        let conditions = reasons::conditions(&self.status);
        let notices = [
            (PAPER_NEAR_END, "paper", "the paper ends soon", "fill the tray"),
            (TONER_LOW, "toner", "toner or ink ends soon", "have a new cartridge ready"),
        ];
        let there = notices.into_iter().filter(|(condition, ..)| conditions.contains(*condition));
        there
            .map(|(_, suspect, why, remedy)| Suspicion {
                suspect,
                likelihood: "possible",
                why: why.to_owned(),
                remedy: remedy.to_owned(),
            })
            .collect()
    }

    fn status_json(&self) -> Value {
        json!({
            "link": self.link.to_string(),
            "state": self.status.word(),
            "reasons": self.status.reasons,
            "message": self.status.message,
            "accepting": self.status.accepting,
            "queued": self.status.queued,
            "conditions": reasons::conditions(&self.status),
        })
    }
}

fn unreachable(obstacle: &Obstacle) -> Suspicion {
    let suspect = match obstacle {
        Obstacle::Failure(Failure::NotReached(_) | Failure::Lost(_)) => "network",
        Obstacle::Failure(Failure::Nonsense(_) | Failure::Http(404)) => "address",
        Obstacle::Failure(Failure::Http(_)) => "printer settings",
        Obstacle::Failure(Failure::Refused { .. }) => "printer",
        Obstacle::NoPdf(_) => "model",
    };
    Suspicion::certain(suspect, obstacle.what(), obstacle.remedy())
}
