//! Labels: drawn and encoded as for the printer, and shown as a simulated printer of its language prints them.

use std::path::Path;

use outlet_protocols::code::Patterns;
use outlet_protocols::label::model::{self, LabelModel};
use outlet_protocols::label::{Label, LabelError, LabelOrder, LabelSetup, Language, Prepared, encode};
use outlet_simulators::label_printer::{Label as Paper, LabelPrinter, PrinterLanguage, PrinterSpec};

use super::super::failure::Failure;

/// What a label is shown with.
pub(super) struct Sample<'a> {
    /// What an item that is weighed weighs, in kg.
    pub(super) weight: Option<&'a str>,
    /// Language of the captions, where the job names none.
    pub(super) language: Option<&'a str>,
    /// The template, where the job names none.
    pub(super) template: Option<&'a str>,
}

/// Labels that came out of a printer.
pub(super) struct Printed {
    /// Each label once.
    pub(super) pictures: Vec<Vec<u8>>,
    /// What the picture alone doesn't show.
    pub(super) remarks: Vec<String>,
    /// What the printer's language does not allow.
    pub(super) violations: Vec<String>,
}

/// A label printer's model.
pub(super) fn find(id: &str) -> Result<&'static LabelModel, Failure> {
    let known = || model::all().iter().map(|model| model.id.as_str()).collect::<Vec<_>>().join(", ");
    model::find(id).ok_or_else(|| {
        Failure::usage(format!(
            "{id} is no model of a label printer, which this job needs: there is {}",
            known()
        ))
    })
}

/// Prints the labels of an order on a new printer of a model.
pub(super) fn print(order: &LabelOrder, model: &LabelModel, sample: &Sample<'_>) -> Result<Printed, Failure> {
    let wrong = |error: LabelError| Failure::bad(format!("{}: document: {error}", model.id));
    let Prepared { labels, shortened, left_out } = prepare(order, model, sample)?;
    let printer = LabelPrinter::new(spec(model));
    let mut remarks: Vec<String> =
        shortened.iter().map(|short| format!("{} ends early, lost is: {}", short.at, short.lost)).collect();
    remarks.extend(left_out.iter().map(|field| format!("not on this template: {field}")));
    let mut pictures = Vec::new();
    for label in &labels {
        let encoded = encode(&Label { copies: 1, ..label.clone() }, &model.printer()).map_err(wrong)?;
        printer.feed(&encoded.bytes);
        let drawn = encoded.drawn;
        remarks.extend(
            drawn.shortened.iter().map(|short| format!("{} ends early, lost is: {}", short.at, short.lost)),
        );
        remarks.extend(
            drawn.boxed.iter().map(|c| format!("in no font, drawn as its code: U+{:04X}", u32::from(*c))),
        );
        if label.copies > 1 {
            remarks.push(format!("printed {} times", label.copies));
        }
    }
    for paper in printer.labels() {
        pictures.push(png(&paper)?);
    }
    Ok(Printed { pictures, remarks, violations: printer.violations() })
}

fn prepare(order: &LabelOrder, model: &LabelModel, sample: &Sample<'_>) -> Result<Prepared, Failure> {
    let wrong = |error: LabelError| Failure::bad(format!("{}: document: {error}", model.id));
    let order = match order {
        LabelOrder::Drawn(order) => return order.prepare(1, &[]).map_err(wrong),
        LabelOrder::Item(order) => order,
    };
    let weight = match (&order.weigh, sample.weight) {
        (Some(_), None) => {
            return Err(Failure::usage(
                "the item is weighed: say what it weighs with --weight, such as 0.350",
            ));
        }
        (None, Some(_)) => return Err(Failure::usage("the item is not weighed: leave --weight out")),
        (_, None) => None,
        (_, Some(text)) => {
            let weight = text.parse();
            Some(
                weight
                    .map_err(|_| Failure::usage(format!("{text:?} is no weight: write kg, such as 0.350")))?,
            )
        }
    };
    let now = jiff::Zoned::now().datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let now =
        now.parse().map_err(|_| Failure::bad(format!("the clock of this machine says {now}: set it")))?;
    let item = order.complete(weight, now, &Patterns::default()).map_err(wrong)?;
    let mut setup = LabelSetup::default();
    if let Some(language) = sample.language {
        setup.language = language.to_owned();
    }
    if let Some(template) = sample.template {
        setup.template = template.to_owned();
    }
    order.prepare(&item, &setup, &model.printer(), 1, &[]).map_err(wrong)
}

fn spec(model: &LabelModel) -> PrinterSpec {
    let base = match model.language {
        Language::Tspl => PrinterSpec::tspl(),
        Language::Zpl => PrinterSpec::zpl(),
        Language::Epl => PrinterSpec::epl(),
    };
    let language = match model.language {
        Language::Tspl => PrinterLanguage::Tspl,
        Language::Zpl => PrinterLanguage::Zpl,
        Language::Epl => PrinterLanguage::Epl,
    };
    PrinterSpec { language, model: model.name.clone(), dpi: u32::from(model.dpi), ..base }
}

fn png(paper: &Paper) -> Result<Vec<u8>, Failure> {
    paper.png().map_err(|error| Failure::bad(format!("no picture: {error}")))
}

/// Writes the pictures: the second and further ones get -2, -3, ... before the ending.
pub(super) fn write(path: &Path, pictures: &[Vec<u8>]) -> Result<(), Failure> {
    for (number, picture) in pictures.iter().enumerate() {
        let path = super::numbered(path, number + 1);
        std::fs::write(&path, picture)
            .map_err(|error| Failure::bad(format!("{} can't be written: {error}", path.display())))?;
    }
    Ok(())
}
