//! Office printers that speak IPP: delivery invoices and other documents on A4.
//!
//! A document becomes a PDF file ([`outlet_protocols::pdf`]), goes to the printer as one Print-Job, and is followed
//! with Get-Job-Attributes until the printer says what became of it. The job's name holds the agent's job and
//! attempt, so it is found again when the answer to Print-Job was lost; it is never sent a second time by itself.
//!
//! # What proves a print
//! The job's state `completed`. A print server that knows nothing of its printer says so with the reason
//! `queued-in-device`; then the confidence is `sent`. `aborted` and `canceled` mean that nothing was
//! printed where the printer says both that it printed no page and that it never began the job
//! (`time-at-processing` has no value); else a person has to look. No page alone proves nothing: CUPS says 0 of every
//! job that neither filter nor backend counts.
//!
//! # Copies
//! The printer makes them where it has the attribute `copies`; otherwise the pages are repeated in the file, and where it may print on
//! both sides no sheet gets two of them. A printer
//! that refuses what it had offered (sides, medium, copies) gets the plain file instead.
//!
//! # Limits
//! HTTP without TLS and without a password; printers that take PDF. Others go behind a print server that converts.
//!
//! Sources: RFC 8010 (encoding and transport), RFC 8011 (model and semantics), PWG 5100.14 (IPP Everywhere).

mod answer;
mod client;
mod device;
mod diagnose;
mod follow;
pub mod fuzz;
mod http;
pub mod options;
mod print;
mod reasons;
mod resolve;
mod test_page;

use std::sync::Arc;

use ipp::prelude::Uri;
use outlet_protocols::document::Document;
use outlet_protocols::encode::{EncodeError, EncodeReport, ErrorKind as EncodeKind};
use outlet_protocols::paper::Font;
use outlet_protocols::pdf::{self, METRICS, Pdf, Setting};
use serde_json::{Map, Value, json};

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::{Link, LinkError};
use device::IppPrinter;
use options::Options;

/// Makes drivers of IPP printers.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "ipp"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        if !matches!(link, Link::Ipp { .. }) {
            let message = "an office printer is reached by ipp://, as in ipp://10.0.0.30:631/ipp/print";
            return Err(wrong("link", message.to_owned()));
        }
        if let Some(model) = &settings.model {
            let message = format!("leave {model:?} out: a printer with IPP says itself what it can do");
            return Err(wrong("model", message));
        }
        let options = Options::read(&settings.options)?;
        let uri: Uri = link
            .to_string()
            .parse()
            .map_err(|error| wrong("link", format!("{link} can't be written as a URI: {error}")))?;
        let description = Description {
            kind: "printer".to_owned(),
            driver: self.name().to_owned(),
            model: None,
            name: "IPP printer, A4".to_owned(),
            link: link.to_string(),
            capabilities: ["print", "cut", "qr", "barcode", "image", "status"].map(str::to_owned).to_vec(),
            limits: json!({
                "dots": METRICS.dots,
                "dpi": u32::from(pdf::DOTS_PER_MM) * 254 / 10,
                "columns": METRICS.columns(Font::A),
                "columns_small": METRICS.columns(Font::B),
                "pages": pdf::MAX_PAGES,
                "proof": "ipp-job",
            }),
        };
        let driver = IppPrinter::new(settings.id.clone(), link, uri, options, report.status);
        Ok(Built { driver: Box::new(driver), check: Arc::new(Intake), description })
    }
}

/// Judges documents at intake: what has no place on an A4 page is refused before it is accepted.
struct Intake;

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        made(printable(work)?, &[], 1, false).map(drop)
    }
}

fn printable(work: &Work) -> Result<&Document, DeviceError> {
    work.document().map(AsRef::as_ref).ok_or_else(|| {
        let text = "an A4 printer prints documents and nothing else: send it print jobs";
        DeviceError::new(ErrorKind::Unsupported, "unsupported", text)
    })
}

/// The file of a job, its pages repeated for so many copies; `both_sides`: for a printer that may use both of a sheet.
fn made(document: &Document, heading: &[String], copies: u8, both_sides: bool) -> Result<Pdf, DeviceError> {
    let setting = Setting { heading, copies };
    let made =
        if both_sides { pdf::pdf_for_both_sides(document, setting) } else { pdf::pdf(document, setting) };
    made.map_err(|error| refusal(&error))
}

fn refusal(error: &EncodeError) -> DeviceError {
    let (kind, code) = match error.kind() {
        EncodeKind::Invalid => (ErrorKind::Rejected, "invalid-request"),
        EncodeKind::TooLarge => (ErrorKind::Rejected, "too-large"),
        EncodeKind::Unsupported => (ErrorKind::Unsupported, "unsupported"),
    };
    DeviceError::new(kind, code, error.to_string())
}

/// What a person should know of a printed document.
fn remarks(pages: u16, copies: u8, report: &EncodeReport) -> Value {
    let mut remarks = Map::new();
    remarks.insert("pages".to_owned(), pages.into());
    remarks.insert("copies".to_owned(), copies.into());
    if !report.left_out.is_empty() {
        remarks.insert("left_out".to_owned(), json!(report.left_out));
    }
    if !report.boxed.is_empty() {
        remarks.insert("boxed".to_owned(), json!(report.boxed));
    }
    Value::Object(remarks)
}
