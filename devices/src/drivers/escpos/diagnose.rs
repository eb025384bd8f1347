//! The requests: status, identify, and the test with its verdict.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::device::EscPos;
use super::identify::Identification;
use super::job::{CopyMark, Job, JobEnd, Payload, Proof};
use super::listen::{Goal, Heard};
use super::payload::process_id;
use super::printer::conditions;
use super::test_page;
use super::verdict::{Findings, Likelihood, Page, Suspicion, verdict};
use crate::driver::Confidence;
use crate::error::DeviceError;
use crate::exchange::Exchange;
use crate::link::{Link, SerialLine};
use crate::transport::{self, PortStatus};

/// How long the test page may take before the test reports without its end.
const PAGE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long each baud rate is listened to.
const BAUD_PATIENCE: Duration = Duration::from_millis(300);
/// Baud rates in the order of how common they are among receipt printers.
const BAUD_RATES: [u32; 7] = [9600, 19200, 115_200, 38400, 57600, 4800, 2400];

impl EscPos {
    /// Asks for the state and waits for the answer. Connects first where there is no session.
    pub(super) async fn current_status(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        if self.answers() {
            self.printer.ask(Instant::now());
            if self.listen(Goal::Answered, None).await? == Heard::Silence {
                return Err(self.lost(format!("{}: the printer no longer answers", self.link)));
            }
        }
        let port = self.port_status().await;
        let mut status = self.printer.to_json();
        status["link"] = self.link.to_string().into();
        if let Some(port) = port {
            status["port"] =
                json!({ "paper_empty": port.paper_empty, "selected": port.selected, "error": port.error });
        }
        Ok(status)
    }

    /// Asks what the printer is. Connects first where there is no session.
    pub(super) async fn identify(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let found = self.identification().await?;
        Ok(json!({
            "link": self.link.to_string(),
            "configured": { "model": self.model.id, "name": self.model.name, "vendor": self.model.vendor },
            "identity": found,
        }))
    }

    /// Looks at everything, prints the page if that is possible, and judges. Never fails: a printer that
    /// can't be reached is a verdict too.
    pub(super) async fn test(&mut self) -> Value {
        let reached = self.ensure_open().await.is_ok() && self.current_status().await.is_ok();
        let obstacle = self.fault.clone().filter(|_| !reached).map(|error| (error.fault, error.detail));
        let answers_at = match (&obstacle, reached) {
            (None, false) => self.try_baud_rates().await,
            _ => None,
        };
        let identity = match reached {
            true => self.identification().await.unwrap_or_default(),
            false => Identification::default(),
        };
        let ready = reached && self.printer.obstacle().is_none();
        let (page, proof) = if ready { self.print_page().await } else { (Page::NotTried, Proof::None) };
        let port = self.port_status().await;
        let findings = Findings {
            link: &self.link,
            model: &self.model,
            obstacle,
            noise: self.printer.noise,
            asb: self.printer.asb,
            one_way: self.one_way,
            answers_at,
            status: reached.then_some(self.printer.status),
            port,
            identity,
            ignores_ids: self.printer.ignores_ids(Instant::now()),
            page,
        };
        let suspicions = verdict(&findings);
        self.report(&findings, &suspicions, proof)
    }

    fn report(&self, findings: &Findings<'_>, suspicions: &[Suspicion], proof: Proof) -> Value {
        let printed = findings.page == Page::Printed;
        let certain = suspicions.iter().any(|s| s.likelihood == Likelihood::Certain);
        let ranked: Vec<Value> = suspicions
            .iter()
            .zip(1..)
            .map(|(s, rank)| {
                json!({
                    "rank": rank, "suspect": s.suspect, "likelihood": s.likelihood,
                    "why": s.why, "remedy": s.remedy,
                })
            })
            .collect();
        let confidence = match proof {
            Proof::None => Confidence::Sent,
            _ => Confidence::Printed,
        };
        let tried = findings.page != Page::NotTried;
        json!({
            "ok": printed && !certain,
            "link": self.link.to_string(),
            "model": self.model.id,
            "printed": printed,
            "confidence": printed.then_some(confidence),
            "proof": tried.then_some(proof.name()),
            "identity": findings.identity,
            "status": findings.status.map(|status| json!({ "conditions": conditions(&status), "asb": findings.asb })),
            "verdict": ranked,
            "page_checks": if tried { test_page::questions(&self.model, self.page()) } else { Vec::new() },
        })
    }

    /// Prints the page. Nothing of it is journaled; its process id is that of no attempt.
    async fn print_page(&mut self) -> (Page, Proof) {
        let page = self.page();
        let title = format!("Test page, {}", self.link);
        let mut bytes = match test_page::bytes(&mut self.encoder, page, &title) {
            Ok(bytes) => bytes,
            Err(error) => return (Page::Unconfirmed(error.to_string()), Proof::None),
        };
        let proof = self.proof_now(Instant::now());
        let id = process_id(0, 1);
        proof.append(id, &mut bytes);
        let etb = self.printer.etb.unwrap_or(0).wrapping_add(1) % 32;
        let payload = Payload { copies: vec![CopyMark { end: bytes.len(), id, etb }], bytes, proof };
        let answers = self.answers();
        let Some(exchange) = &mut self.exchange else {
            return (Page::NotTried, proof);
        };
        self.unclean = true;
        let now = Instant::now();
        let mut job = Job::new(&mut self.printer, &payload, &self.timing, self.options.pace, answers, now);
        let reason = match timeout(PAGE_TIMEOUT, exchange.run(&mut job, None)).await {
            Ok(Ok(JobEnd::Proved | JobEnd::Left)) => {
                self.unclean = false;
                return (Page::Printed, proof);
            }
            Ok(Ok(JobEnd::PowerLost)) => "the printer was switched off and on while it printed".to_owned(),
            Ok(Ok(JobEnd::NoProof)) => "the printer reports nothing wrong, but did not confirm".to_owned(),
            Ok(Ok(JobEnd::Stalled)) => "the printer stopped and no longer answers".to_owned(),
            Ok(Err(broken)) => broken.to_string(),
            Err(_) => match self.printer.obstacle() {
                Some(waiting) => waiting.message,
                None => format!("the page was not finished within {} s", PAGE_TIMEOUT.as_secs()),
            },
        };
        self.lost(format!("{}: {reason}", self.link));
        (Page::Unconfirmed(reason), proof)
    }

    fn page(&self) -> outlet_protocols::codepage::Page {
        self.codepage.unwrap_or(self.model.default_page)
    }

    async fn port_status(&mut self) -> Option<PortStatus> {
        self.exchange.as_mut()?.port_status().await
    }

    /// Listens at other line settings, where the configured ones bring nothing that makes sense. Takes the
    /// port; the session is gone afterwards.
    async fn try_baud_rates(&mut self) -> Option<SerialLine> {
        let Link::Serial { path, line } = self.link.clone() else {
            return None;
        };
        let noise = self.printer.noise;
        let patience = self.timing.answer;
        self.timing.answer = patience.min(BAUD_PATIENCE);
        let mut found = None;
        for baud in BAUD_RATES.into_iter().filter(|baud| *baud != line.baud) {
            let other = SerialLine { baud, ..line };
            let Ok(stream) = transport::open(&Link::Serial { path: path.clone(), line: other }).await else {
                break;
            };
            self.printer.reconnected();
            self.exchange = Some(Exchange::new(stream));
            self.printer.ask(Instant::now());
            let heard = self.listen(Goal::Answered, None).await;
            self.exchange = None;
            if heard == Ok(Heard::Goal) {
                found = Some(other);
                break;
            }
        }
        self.timing.answer = patience;
        self.printer.reconnected();
        self.printer.noise = noise;
        self.printer.lost("the line was tried at other baud rates");
        found
    }
}
