//! From a job to its bytes, and the judgement at intake.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use outlet_protocols::document::{Block, Content, Document, Text, TextAlign};
use outlet_protocols::encode::{EncodeError, EncodeReport, Encoder, ErrorKind as EncodeKind};
use outlet_protocols::escpos::command;
use outlet_protocols::paper::Style;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::job::{CopyMark, Payload, Proof};
use crate::driver::{Check, Command, DeviceStatus, Work};
use crate::error::{DeviceError, ErrorKind};

/// The bytes of a job, each copy with the proof behind it, and what a person should know of it: null for
/// most.
///
/// `attempt` makes the process ids; `etb` is what the ETB counter says now.
pub fn payload(
    encoder: &mut Encoder,
    command: &Command,
    proof: Proof,
    attempt: u64,
    etb: u8,
) -> Result<(Payload, Value), DeviceError> {
    let document = with_heading(printable(&command.work)?, &command.heading);
    let mut once = Vec::with_capacity(4096);
    let report = encoder.encode(&document, &mut once).map_err(refusal)?;
    Ok((copies(&once, command.copies, proof, attempt, etb), remarks(&report)))
}

fn printable(work: &Work) -> Result<&Arc<Document>, DeviceError> {
    work.document().ok_or_else(|| {
        let text = "a printer does no fiscal tasks: send them to a register";
        DeviceError::new(ErrorKind::Unsupported, "unsupported", text)
    })
}

fn copies(once: &[u8], count: u8, proof: Proof, attempt: u64, etb: u8) -> Payload {
    let count = count.max(1);
    let mut bytes = Vec::with_capacity((once.len() + 16) * usize::from(count));
    let mut marks = Vec::with_capacity(usize::from(count));
    for copy in 1..=count {
        bytes.extend_from_slice(once);
        let id = process_id(attempt, copy);
        proof.append(id, &mut bytes);
        marks.push(CopyMark { end: bytes.len(), id, etb: etb.wrapping_add(copy) % 32 });
    }
    Payload { bytes, proof, copies: marks }
}

/// What the printer has not, and what its paper shows as a box.
fn remarks(report: &EncodeReport) -> Value {
    let mut remarks = Map::new();
    if !report.left_out.is_empty() {
        remarks.insert("left_out".to_owned(), json!(report.left_out));
    }
    if !report.boxed.is_empty() {
        remarks.insert("boxed".to_owned(), json!(report.boxed));
    }
    if remarks.is_empty() { Value::Null } else { Value::Object(remarks) }
}

/// The process id of a copy (from 1) of an attempt; copy 0 belongs to no paper, and neither does id 0.
/// They repeat after some 300,000 attempts.
pub fn process_id(attempt: u64, copy: u8) -> [u8; 4] {
    const ATTEMPTS: u64 = 94 * 94 * 94 * 94 / 256;
    let number = attempt % ATTEMPTS * 256 + u64::from(copy);
    command::process_id(u32::try_from(number).unwrap_or(0))
}

/// The payload of the attempt that was begun with its job's acceptance, for the driver to send.
pub type Prepared = Arc<Mutex<Option<(u64, Payload, Value)>>>;

/// Judges jobs with an encoder of its own.
pub struct Intake {
    encoder: Mutex<Encoder>,
    /// What was judged last: the job that is begun next is mostly this one.
    judged: Mutex<Option<Judged>>,
    prepared: Prepared,
    /// The status of a printer that reports by itself and echoes process ids.
    live: Option<watch::Receiver<DeviceStatus>>,
}

impl Intake {
    /// `live`: the printer's status, where a job can be begun without asking the printer first.
    pub fn new(encoder: Encoder, prepared: Prepared, live: Option<watch::Receiver<DeviceStatus>>) -> Self {
        Self { encoder: Mutex::new(encoder), judged: Mutex::default(), prepared, live }
    }
}

/// A document and its bytes.
struct Judged {
    document: Arc<Document>,
    bytes: Vec<u8>,
    remarks: Value,
}

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let document = printable(work)?;
        let mut bytes = Vec::with_capacity(4096);
        let report = {
            let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
            encoder.encode(document, &mut bytes).map_err(refusal)?
        };
        if self.is_ready() {
            let judged = Judged { document: document.clone(), bytes, remarks: remarks(&report) };
            *self.judged.lock().unwrap_or_else(PoisonError::into_inner) = Some(judged);
        }
        Ok(())
    }

    fn baseline(&self, command: &Command, attempt: u64) -> Option<Value> {
        let document = command.work.document()?;
        if !self.is_ready() || !command.heading.is_empty() {
            return None;
        }
        let judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner).take();
        let judged = judged.filter(|judged| Arc::ptr_eq(&judged.document, document))?;
        let payload = copies(&judged.bytes, command.copies, Proof::ProcessId, attempt, 0);
        let baseline = payload.baseline();
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        *prepared = Some((attempt, payload, judged.remarks));
        Some(baseline)
    }
}

impl Intake {
    /// Whether a job can be begun without asking the printer first.
    fn is_ready(&self) -> bool {
        self.live.as_ref().is_some_and(|status| {
            let status = status.borrow();
            status.online && !status.is_hindered()
        })
    }
}

fn refusal(error: EncodeError) -> DeviceError {
    let (kind, code) = match error.kind() {
        EncodeKind::Invalid => (ErrorKind::Rejected, "invalid-request"),
        EncodeKind::TooLarge => (ErrorKind::Rejected, "too-large"),
        EncodeKind::Unsupported => (ErrorKind::Unsupported, "unsupported"),
    };
    DeviceError::new(kind, code, error.to_string())
}

fn with_heading<'a>(document: &'a Document, heading: &[String]) -> Cow<'a, Document> {
    if heading.is_empty() {
        return Cow::Borrowed(document);
    }
    let large = Style { bold: true, width: 2, height: 2, ..Style::default() };
    let line = |text: &String| {
        let text = Content::Plain(text.clone());
        Block::Text(Text { text, style: large, align: TextAlign::Center, ..Text::default() })
    };
    let mut headed = document.clone();
    headed.blocks.splice(0..0, heading.iter().map(line));
    Cow::Owned(headed)
}
