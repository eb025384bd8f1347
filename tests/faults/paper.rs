//! What is on paper, on labels and in the register's storage.

use std::collections::BTreeMap;

use outlet_simulators::label_printer::{Label, LabelPrinter};
use outlet_simulators::printer::Printer;
use outlet_simulators::register::FiscalDocument;
use rusqlite::{Connection, OpenFlags};
use rxing::BarcodeFormat;
use serde_json::Value;

use crate::bed::Bed;
use crate::schedule::{label_code, token};

/// Word above a ticket that may have been printed before.
const COPY: &str = "COPY";

/// What is on the paper of one job.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnPaper {
    /// First lines without a mark.
    pub first: u32,
    /// First lines below the word for a copy.
    pub copies: u32,
    /// Last lines.
    pub last: u32,
}

/// Everything that came out, by job.
pub struct Papers {
    /// By token.
    pub receipts: BTreeMap<String, OnPaper>,
    /// Whole labels, by their barcode.
    pub labels: Vec<String>,
    pub documents: Vec<FiscalDocument>,
}

impl Papers {
    pub fn of(bed: &Bed) -> Self {
        let mut receipts = BTreeMap::new();
        for printer in [&bed.kitchen, &bed.bar] {
            read(&text_of(printer), &mut receipts);
        }
        Self { receipts, labels: labels_of(&bed.labels), documents: bed.till.receipts() }
    }

    /// What is on the paper of a job.
    pub fn of_job(&self, number: u32) -> OnPaper {
        self.receipts.get(&token(number)).copied().unwrap_or_default()
    }

    /// Whole labels of a job.
    pub fn labels_of_job(&self, number: u32) -> usize {
        let code = label_code(number);
        let is_ours = |barcode: &&String| barcode[2..7] == code || barcode[7..12] == code;
        self.labels.iter().filter(is_ours).count()
    }

    /// Receipts of a job.
    pub fn documents_of_job(&self, number: u32) -> Vec<&FiscalDocument> {
        let token = token(number);
        let is_ours =
            |document: &&FiscalDocument| document.items.iter().any(|item| item.name.contains(&token));
        self.documents.iter().filter(is_ours).collect()
    }

    /// What a person says who looks: whether all of a job is there.
    pub fn is_done(&self, number: u32, document: &Value) -> bool {
        match document["kind"].as_str() {
            Some("fiscal") => !self.documents_of_job(number).is_empty(),
            Some("label") => self.labels_of_job(number) > 0,
            // The paper of a ticket has no last line of its own.
            _ if document["job"].as_str().is_some_and(|id| id.starts_with("paper-")) => {
                let paper = self.of_job(number);
                paper.first + paper.copies > 0
            }
            _ => {
                // What the agent itself saw of it, or what it knew before it was stopped.
                let device = &document["evidence"]["device"];
                let copies = device["copies"].as_u64().or(device["baseline"]["copies"].as_u64()).unwrap_or(1);
                u64::from(self.of_job(number).last) >= copies
            }
        }
    }
}

/// The number of a job, by its id; of the paper of a ticket by what is on it.
pub fn number_of(journal: &Connection, id: &str) -> Option<u32> {
    if let Some(number) = id.strip_prefix("JOB-") {
        return number.parse().ok();
    }
    let payload: Vec<u8> = journal
        .query_row(
            "SELECT payload FROM payloads JOIN jobs USING (seq) WHERE job = ?1 AND job LIKE 'paper-%'",
            [id],
            |row| row.get(0),
        )
        .ok()?;
    let text = String::from_utf8_lossy(&payload);
    let at = next_token(&text)?;
    text[at + 1..at + 4].parse().ok()
}

/// The journal, to be looked into.
pub fn journal(bed: &Bed) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(bed.disk.data().join("journal.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// All that a printer has printed, in order.
fn text_of(printer: &Printer) -> String {
    let mut text: String = printer.papers().iter().map(|paper| format!("{}\n", paper.text)).collect();
    text.push_str(&printer.unfinished());
    text
}

/// Counts tokens. A mark stands between the token before and the one that it is for.
fn read(text: &str, found: &mut BTreeMap<String, OnPaper>) {
    let mut rest = text;
    while let Some(at) = next_token(rest) {
        let (before, token) = (&rest[..at], &rest[at..at + 5]);
        let entry = found.entry(token.to_owned()).or_default();
        if before.trim_end().ends_with("END") {
            entry.last += 1;
        } else if before.contains(COPY) {
            entry.copies += 1;
        } else {
            entry.first += 1;
        }
        rest = &rest[at + 5..];
    }
}

fn next_token(text: &str) -> Option<usize> {
    let is_token =
        |five: &[u8]| five[0] == b'Q' && five[4] == b'Z' && five[1..4].iter().all(u8::is_ascii_digit);
    text.as_bytes().windows(5).position(is_token)
}

fn labels_of(printer: &LabelPrinter) -> Vec<String> {
    let whole = printer.labels().into_iter().filter(|label| label.complete);
    whole.map(|label| scan(&label).unwrap_or_else(|| "unreadable000".to_owned())).collect()
}

/// What a scanner reads on a printed label.
fn scan(label: &Label) -> Option<String> {
    let (border, width, height) = (24, label.raster.width() + 48, label.raster.height() + 48);
    let dot = |at: u32| at.checked_sub(border);
    let black = |x, y| dot(x).zip(dot(y)).is_some_and(|(x, y)| label.raster.get(x, y));
    let luma = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let luma = luma.map(|(x, y)| if black(x, y) { 0 } else { 255 }).collect();
    let read = rxing::helpers::detect_in_luma(luma, width, height, Some(BarcodeFormat::EAN_13)).ok()?;
    Some(read.getText().to_owned())
}

#[test]
fn first_lines_last_lines_and_copies_are_told_apart() {
    let mut found = BTreeMap::new();
    read("BEGIN Q001Z\nline\nEND Q001Z\nCOPY\nBEGIN Q001Z\nEND Q001Z\nBEGIN Q002Z\nCOPY Q003Z", &mut found);
    let of = |token: &str| found[token];
    assert_eq!(of("Q001Z"), OnPaper { first: 1, copies: 1, last: 2 });
    assert_eq!(of("Q002Z"), OnPaper { first: 1, copies: 0, last: 0 });
    assert_eq!(of("Q003Z"), OnPaper { first: 0, copies: 1, last: 0 });
}
