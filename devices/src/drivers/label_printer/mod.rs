//! Label printers that speak TSPL, ZPL or EPL, over TCP, serial lines and USB.
//!
//! A printer is asked how it is before a label leaves, and followed until it has nothing left to print, as far
//! as its language tells. ZPL counts what is left, so what it says is proof. TSPL says that it prints, and EPL
//! only what is wrong: where neither counting nor printing was seen, a job ends as `sent` and not as `printed`.
//! A label that may be on paper is never printed a second time by itself, and never weighed a second time.

mod ask;
mod condition;
mod device;
mod diagnose;
mod follow;
mod made;
mod options;
mod print;

use std::sync::Arc;

use outlet_protocols::code::Patterns;
use outlet_protocols::label::model::{self, LabelModel};
use outlet_protocols::label::{LabelError, LabelOrder, LabelSetup, Prepared, Printer, encode};
use serde_json::json;

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::{Link, LinkError};
use device::LabelPrinter;
use options::Options;

/// Makes drivers of label printers.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "label-printer"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        let usable =
            matches!(link, Link::Tcp { .. } | Link::Serial { .. } | Link::Usb { .. } | Link::UsbLp { .. });
        if !usable {
            let message = "a label printer is reached by tcp://, serial://, usb:// or usblp://";
            return Err(wrong("link", message.to_owned()));
        }
        let model = model_of(settings.model.as_deref())?;
        let options = Options::read(&settings.options)?;
        let printer =
            Printer { turned: options.turned, dots: options.dots.unwrap_or(model.dots), ..model.printer() };
        let setup = options.setup();
        let description = Description {
            kind: "label-printer".to_owned(),
            driver: self.name().to_owned(),
            model: Some(model.id.clone()),
            name: format!("{} {}", model.vendor, model.name),
            link: link.to_string(),
            capabilities: vec!["label".to_owned()],
            limits: json!({
                "language": printer.language,
                "dpi": printer.dpi,
                "dots": printer.dots,
                "width_mm": f64::from(printer.dots) / printer.dots_per_mm(),
            }),
        };
        let bench = Bench { id: settings.id.clone(), printer, setup, codes: settings.codes.clone() };
        let driver = LabelPrinter::new(link, model, bench.clone(), options, report.status);
        Ok(Built { driver: Box::new(driver), check: Arc::new(bench), description })
    }
}

fn model_of(id: Option<&str>) -> Result<&'static LabelModel, SettingsError> {
    let wrong = |message: String| SettingsError { key: "model".to_owned(), message };
    let known = || model::all().iter().map(|model| model.id.as_str()).collect::<Vec<_>>().join(", ");
    let Some(id) = id else { return Err(wrong(format!("it is missing: write one of {}", known()))) };
    model::find(id).ok_or_else(|| wrong(format!("there is no label printer {id:?}: there is {}", known())))
}

/// All that labels are made with.
#[derive(Debug, Clone)]
struct Bench {
    /// The printer's own id.
    id: String,
    printer: Printer,
    setup: LabelSetup,
    codes: Arc<Patterns>,
}

impl Check for Bench {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let labels = self.laid_out(work, 1, &[])?.labels;
        labels.iter().try_for_each(|label| encode(label, &self.printer).map(drop)).map_err(refused)
    }
}

impl Bench {
    /// The labels of an order, so many times, with a weight for trial where it is weighed.
    fn laid_out(&self, work: &Work, times: u8, words: &[String]) -> Result<Prepared, DeviceError> {
        let prepared = match &**order_of(work)? {
            LabelOrder::Drawn(order) => order.prepare(times, words),
            LabelOrder::Item(order) => {
                if order.weigh.as_ref().is_some_and(|weigh| weigh.scale == self.id) {
                    let message = format!("document: weigh.scale: {} prints labels: name a scale", self.id);
                    return Err(DeviceError::new(ErrorKind::Rejected, "invalid-request", message));
                }
                let item = order.complete(order.trial_weight(), made::now()?, &self.codes);
                item.and_then(|item| order.prepare(&item, &self.setup, &self.printer, times, words))
            }
        };
        prepared.map_err(refused)
    }
}

fn order_of(work: &Work) -> Result<&Arc<LabelOrder>, DeviceError> {
    match work {
        Work::Label(order) => Ok(order),
        Work::Print(_) | Work::Fiscal(_) | Work::Display(_) | Work::Items(_) | Work::Ticket(_) => {
            let message = "a label printer prints labels alone: send a label job";
            Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", message))
        }
    }
}

/// A label that can't be printed here.
fn refused(error: LabelError) -> DeviceError {
    let (kind, code) = match error {
        LabelError::Invalid(_) | LabelError::DoesNotFit(_) => (ErrorKind::Rejected, "invalid-request"),
        LabelError::Unsupported(_) => (ErrorKind::Unsupported, "unsupported"),
    };
    DeviceError::new(kind, code, format!("document: {error}"))
}
