//! `outletd preview`: what a document looks like on a model's paper.
//!
//! The document is encoded as for the printer itself and the bytes are given to the simulated printer, so
//! what is shown is what the bytes say.

pub(crate) mod simulated;

use std::path::{Path, PathBuf};

use outlet_devices::driver::Work;
use outlet_devices::models;
use outlet_protocols::codepage::Page;
use outlet_protocols::document::Document;
use outlet_protocols::encode::{EncodeReport, EncoderOptions};
use outlet_protocols::model::{Cutter, Model};
use outletd::bus::contract::Submission;
use outletd::intake::work_of;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::printable::{self, Printable};
use super::screen::{Screen, Tone, clean};
use super::table::{Table, cell, plain};
use simulated::Printed;

/// What `preview` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A job or document in JSON, an XML template, or text with --text; - reads standard input
    #[arg(required_unless_present = "models")]
    file: Option<PathBuf>,
    /// The printer's model
    #[arg(long, value_name = "ID", required_unless_present = "models")]
    model: Option<String>,
    /// List the models
    #[arg(long, exclusive = true)]
    models: bool,
    /// Write the picture of the paper, dot by dot; further pieces get -2, -3, ... before the ending
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// The code page to try first, instead of the model's
    #[arg(long, value_name = "NAME", value_parser = page)]
    codepage: Option<Page>,
    /// Take the file as plain text
    #[arg(long)]
    text: bool,
}

/// Shows a document.
pub(crate) fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let (Some(file), Some(model)) = (&args.file, &args.model) else {
        return list_models(screen);
    };
    let model = models::find(model).map_err(|error| Failure::usage(error.to_string()))?;
    let document = document(printable::read(file, args.text)?)?;
    let printed = encode_and_print(&document, model, args.codepage)?;
    for paper in &printed.papers {
        screen.print(&paper.text)?;
    }
    for line in remarks(&printed, screen) {
        screen.line(line)?;
    }
    if let Some(path) = &args.png {
        for (number, paper) in printed.papers.iter().enumerate() {
            let path = numbered(path, number + 1);
            let png = paper.png().map_err(|error| Failure::bad(format!("no picture: {error}")))?;
            std::fs::write(&path, png)
                .map_err(|error| Failure::bad(format!("{} can't be written: {error}", path.display())))?;
        }
    }
    if printed.violations.is_empty() {
        return Ok(());
    }
    Err(Failure::bad(format!(
        "the bytes break the rules of the printer's language: {}. The printed paper will differ; please report it",
        printed.violations.join("; ")
    )))
}

fn encode_and_print(document: &Document, model: &Model, codepage: Option<Page>) -> Result<Printed, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::bad(format!("{}: {error}", model.id));
    let options = EncoderOptions { codepage, ..EncoderOptions::default() };
    let mut encoder = model.encoder(options).map_err(|error| wrong(&error))?;
    let mut bytes = Vec::new();
    let report = encoder.encode(document, &mut bytes).map_err(|error| wrong(&error))?;
    Ok(simulated::print(model, &bytes, report))
}

/// The document that the agent would print.
fn document(printable: Printable) -> Result<Document, Failure> {
    match printable {
        Printable::Document(value) => {
            Document::from_value(value).map_err(|error| Failure::bad(format!("document: {error}")))
        }
        Printable::Job(job) => job_document(job),
    }
}

fn job_document(mut job: Map<String, Value>) -> Result<Document, Failure> {
    job.entry("id").or_insert_with(|| Value::from("preview"));
    let submission: Submission =
        serde_json::from_value(Value::Object(job)).map_err(|error| Failure::bad(format!("job: {error}")))?;
    match work_of(submission.kind, submission.document) {
        Ok(Work::Print(document)) => Ok(Document::clone(&document)),
        Ok(Work::Fiscal(_)) => Err(Failure::bad(
            "a register makes out its documents itself: only print documents have a preview".to_owned(),
        )),
        Ok(Work::Display(_)) => {
            Err(Failure::bad("a display has no paper: only print documents have a preview"))
        }
        Ok(Work::Label(_)) => Err(Failure::bad("labels have no preview yet")),
        Ok(Work::Items(_)) => Err(Failure::bad("a list of items is not printed: it has no preview")),
        Err(error) => Err(Failure::bad(format!("{}: {}", error.code, error.message))),
    }
}

/// What the paper alone doesn't show.
fn remarks(printed: &Printed, screen: &Screen) -> Vec<String> {
    let EncodeReport { rasterised, transliterated, boxed, left_out, .. } = &printed.report;
    let mut lines = printed.actions.clone();
    for line in rasterised {
        let because = line.because_of.map_or("it has no fonts".to_owned(), |c| format!("no page has {c:?}"));
        lines.push(format!("drawn as a picture, {because}: {}", line.text.trim()));
    }
    if !transliterated.is_empty() {
        let pairs: Vec<String> = transliterated.iter().map(|t| format!("{} as {:?}", t.from, t.to)).collect();
        lines.push(format!("printed plainly: {}", pairs.join(", ")));
    }
    if !boxed.is_empty() {
        let list: Vec<String> = boxed.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
        lines.push(format!("in no font, printed as their codes: {}", list.join(", ")));
    }
    lines.extend(left_out.iter().map(|what| format!("left out, this model has no {what}")));
    lines.iter().map(|line| screen.paint().tone(Tone::Faint, &format!("({})", clean(line)))).collect()
}

fn list_models(screen: &mut Screen) -> Result<(), Failure> {
    let mut table = Table::new(&["model", "name", "dots", "dpi", "columns", "cutter", "page"]);
    for model in models::all() {
        let columns = |width: u16| model.dots.checked_div(width).unwrap_or_default();
        table.row([
            cell(Tone::Strong, &model.id),
            plain(format!("{} {}", model.vendor, model.name)),
            plain(model.dots.to_string()),
            plain(model.dpi.to_string()),
            plain(format!("{}/{}", columns(model.font_a.width), columns(model.font_b.width))),
            plain(match model.cutter {
                Cutter::None => "none",
                Cutter::Partial => "partial",
                Cutter::Full => "full",
                Cutter::Both => "both",
            }),
            plain(model.default_page.name()),
        ]);
    }
    screen.print(table.render(screen.paint(), 0))
}

/// `paper.png`, `paper-2.png`, `paper-3.png`, ...
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{ending}"))
}

fn page(name: &str) -> Result<Page, String> {
    Page::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Page::ALL.iter().map(|page| page.name()).collect();
        format!("no such code page; known are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests;
