//! `outletd preview`: what a document looks like on a model's paper.
//!
//! The document is encoded as for the printer itself and the bytes are given to the simulated printer, so
//! what is shown is what the bytes say. Of a label there is nothing but its picture.

mod labels;
pub(crate) mod simulated;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use outlet_devices::driver::Work;
use outlet_devices::models;
use outlet_protocols::codepage::Page;
use outlet_protocols::document::Document;
use outlet_protocols::encode::{EncodeReport, EncoderOptions};
use outlet_protocols::label::{LabelOrder, Language, model};
use outlet_protocols::model::{Cutter, Model};
use outlet_protocols::pdf;
use outletd::bus::contract::Submission;
use outletd::clock;
use outletd::intake::work_of;
use outletd::kitchen;
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
    #[arg(long, value_name = "ID", required_unless_present_any = ["models", "pdf"])]
    model: Option<String>,
    /// List the models
    #[arg(long, exclusive = true)]
    models: bool,
    /// Write the picture of the paper, dot by dot; further pieces get -2, -3, ... before the ending
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Write the A4 pages that an office printer gets, instead of a model's paper
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "png", "codepage"])]
    pdf: Option<PathBuf>,
    /// What an item weighs that is to be weighed for its label, in kg
    #[arg(long, value_name = "KG")]
    weight: Option<String>,
    /// Language of the captions of a label that names none: en, ro, ru
    #[arg(long, value_name = "NAME")]
    language: Option<String>,
    /// Template of a label that names none
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// The code page to try first, instead of the model's
    #[arg(long, value_name = "NAME", value_parser = page)]
    codepage: Option<Page>,
    /// Take the file as plain text
    #[arg(long)]
    text: bool,
}

/// Shows a document.
pub(crate) fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let Some(file) = &args.file else { return list_models(screen) };
    if let Some(path) = &args.pdf {
        return pages(shown(printable::read(file, args.text)?)?, path, screen);
    }
    let Some(model) = &args.model else { return list_models(screen) };
    let document = match shown(printable::read(file, args.text)?)? {
        Shown::Document(document) => document,
        Shown::Label(order) => return label(&order, model, &args, screen),
    };
    let model = models::find(model).map_err(|error| Failure::usage(error.to_string()))?;
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
    judged(&printed.violations)
}

/// Shows the labels of an order.
fn label(order: &LabelOrder, model: &str, args: &Args, screen: &mut Screen) -> Result<(), Failure> {
    let sample = labels::Sample {
        weight: args.weight.as_deref(),
        language: args.language.as_deref(),
        template: args.template.as_deref(),
    };
    let printed = labels::print(order, labels::find(model)?, &sample)?;
    for line in &printed.remarks {
        screen.line(screen.paint().tone(Tone::Faint, &format!("({})", clean(line))))?;
    }
    match &args.png {
        Some(path) => labels::write(path, &printed.pictures)?,
        None => screen.line("a label is a picture: say --png FILE to see it".to_owned())?,
    }
    judged(&printed.violations)
}

/// Shows a document on A4.
fn pages(shown: Shown, path: &Path, screen: &mut Screen) -> Result<(), Failure> {
    let Shown::Document(document) = shown else {
        return Err(Failure::usage(
            "a label is printed by a label printer: say --model ID and --png FILE".to_owned(),
        ));
    };
    let made = pdf::pdf(&document, pdf::Setting::default())
        .map_err(|error| Failure::bad(format!("document: {error}")))?;
    std::fs::write(path, &made.bytes)
        .map_err(|error| Failure::bad(format!("{} can't be written: {error}", path.display())))?;
    let pages = if made.pages == 1 { "page" } else { "pages" };
    screen.line(format!("{} {pages}: {}", made.pages, path.display()))?;
    for line in report_lines(&made.report, "it") {
        screen.line(screen.paint().tone(Tone::Faint, &format!("({})", clean(&line))))?;
    }
    Ok(())
}

fn judged(violations: &[String]) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::bad(format!(
        "the bytes break the rules of the printer's language: {}. The printed paper will differ; please report it",
        violations.join("; ")
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

/// What the agent would print.
#[derive(Debug)]
enum Shown {
    Document(Document),
    Label(Arc<LabelOrder>),
}

fn shown(printable: Printable) -> Result<Shown, Failure> {
    match printable {
        Printable::Document(value) => Document::from_value(value)
            .map(Shown::Document)
            .map_err(|error| Failure::bad(format!("document: {error}"))),
        Printable::Job(job) => shown_job(job),
    }
}

fn shown_job(mut job: Map<String, Value>) -> Result<Shown, Failure> {
    job.entry("id").or_insert_with(|| Value::from("preview"));
    let submission: Submission =
        serde_json::from_value(Value::Object(job)).map_err(|error| Failure::bad(format!("job: {error}")))?;
    match work_of(submission.kind, submission.document) {
        Ok(Work::Print(document)) => Ok(Shown::Document(Document::clone(&document))),
        Ok(Work::Label(order)) => Ok(Shown::Label(order)),
        Ok(Work::Fiscal(_)) => Err(Failure::bad(
            "a register makes out its documents itself: print documents and labels have a preview".to_owned(),
        )),
        Ok(Work::Display(_)) => {
            Err(Failure::bad("a display has no paper: print documents and labels have a preview"))
        }
        Ok(Work::Items(_)) => Err(Failure::bad("a list of items is not printed: it has no preview")),
        Ok(Work::Ticket(order)) => Document::from_value(kitchen::paper::of_all(&order, (clock::system())()))
            .map(Shown::Document)
            .map_err(|error| Failure::bad(format!("document: {error}"))),
        Err(error) => Err(Failure::bad(format!("{}: {}", error.code, error.message))),
    }
}

/// What the paper alone doesn't show.
fn remarks(printed: &Printed, screen: &Screen) -> Vec<String> {
    let mut lines = printed.actions.clone();
    lines.extend(report_lines(&printed.report, "this model"));
    lines.iter().map(|line| screen.paint().tone(Tone::Faint, &format!("({})", clean(line)))).collect()
}

fn report_lines(report: &EncodeReport, printer: &str) -> Vec<String> {
    let EncodeReport { rasterised, transliterated, boxed, left_out, .. } = report;
    let mut lines = Vec::new();
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
    lines.extend(left_out.iter().map(|what| format!("left out, {printer} has no {what}")));
    lines
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
    screen.print(table.render(screen.paint(), 0))?;
    screen.line(String::new())?;
    let mut table = Table::new(&["label printer", "name", "language", "dots", "dpi"]);
    for model in model::all() {
        table.row([
            cell(Tone::Strong, &model.id),
            plain(format!("{} {}", model.vendor, model.name)),
            plain(match model.language {
                Language::Tspl => "TSPL",
                Language::Zpl => "ZPL",
                Language::Epl => "EPL",
            }),
            plain(model.dots.to_string()),
            plain(model.dpi.to_string()),
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
