//! Receipt printers that speak ESC/POS or Star Line Mode; the model says which.
//!
//! # What proves a print
//! In this order, as far as the model has it: the echo of a process id (`GS ( H`) or of Star's ETB
//! counter, the answer to `GS r`, nothing. With a proof the confidence is `printed`, without it `sent`.
//!
//! # Printers that answer nothing
//! A model without any status feature, or the option `proof = "none"`, is written to without waiting for
//! answers. A model that is known to report by itself or by process id (`asb`, `process_id`) and is silent
//! counts as offline: the silence is a fault. One that only answers questions (`dle_eot`, `gs_r`: clones)
//! and is silent on a network or USB link is taken for a printer behind a one-way print server; on a
//! serial line it is offline, since there the cable or the baud rate is the likelier cause.

use std::sync::Arc;

use outlet_protocols::codepage::Page;
use outlet_protocols::encode::{Encoder, EncoderOptions};
use outlet_protocols::model::{Buzzer, Cutter, DrawerPort, Language, Model};
use outlet_protocols::paper::Font;
use serde_json::{Value, json};

use crate::driver::{Built, Description, DriverFactory, Report, Settings, SettingsError};
use crate::link::{Link, LinkError};
use crate::models;
use device::EscPos;
use job::Proof;
use options::{Options, ProofOption};

mod device;
mod diagnose;
mod identify;
mod job;
mod listen;
pub mod options;
mod payload;
mod print;
mod printer;
mod recovery;
mod resolve;
mod test_page;
mod until;
mod verdict;

/// Makes drivers of receipt printers.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "escpos"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        if matches!(link, Link::Hid { .. } | Link::Evdev { .. } | Link::Pcsc { .. } | Link::Ipp { .. }) {
            let message = "a receipt printer is reached by tcp://, serial://, usb:// or usblp://";
            return Err(wrong("link", message.to_owned()));
        }
        let id = settings.model.as_deref().unwrap_or(DEFAULT_MODEL);
        let mut model = models::find(id).map_err(|e| wrong("model", e.to_string()))?.clone();
        let options = read_options(&settings.options)?;
        if let Some(chinese) = options.chinese {
            model.kanji.on_by_default = chinese;
        }
        let codepage = match &options.codepage {
            None => None,
            Some(name) => Some(page(name, &model).map_err(|e| wrong("options.codepage", e))?),
        };
        let encoder_options = EncoderOptions { codepage, status: true };
        let encoder =
            || Encoder::new(&model, encoder_options).map_err(|e| wrong("options.codepage", e.to_string()));
        let proof = proof(options.proof, &model).map_err(|e| wrong("options.proof", e))?;
        let live = (model.status.asb && proof == Proof::ProcessId).then(|| report.status.subscribe());
        let prepared = payload::Prepared::default();
        let intake = payload::Intake::new(encoder()?, prepared.clone(), live);
        let encoder = encoder()?;
        let description = describe(&model, &link, proof);
        let driver = EscPos::new(link, model, options, encoder, prepared, codepage, proof, report.status);
        Ok(Built { driver: Box::new(driver), check: Arc::new(intake), description })
    }
}

/// The model of a device that names none.
const DEFAULT_MODEL: &str = "generic-80";

fn read_options(value: &Value) -> Result<Options, SettingsError> {
    let wrong = |key: String, message: String| SettingsError { key, message };
    let options: Options = match value {
        Value::Null => Options::default(),
        given => serde_json::from_value(given.clone()).map_err(|e| wrong("options".into(), e.to_string()))?,
    };
    match options.fault() {
        Some((key, remedy)) => Err(wrong(format!("options.{key}"), remedy.to_owned())),
        None => Ok(options),
    }
}

fn page(name: &str, model: &Model) -> Result<Page, String> {
    let known = || model.pages.keys().map(|page| page.name()).collect::<Vec<_>>().join(", ");
    Page::from_name(name)
        .filter(|page| model.pages.contains_key(page))
        .ok_or_else(|| format!("{} has no code page {name:?}; it has {}", model.id, known()))
}

fn proof(option: ProofOption, model: &Model) -> Result<Proof, String> {
    let status = model.status;
    let star = model.language == Language::StarLine;
    match option {
        ProofOption::Auto if status.process_id && star => Ok(Proof::Etb),
        ProofOption::Auto if status.process_id => Ok(Proof::ProcessId),
        ProofOption::Auto if status.gs_r && !star => Ok(Proof::GsR),
        ProofOption::Auto | ProofOption::None => Ok(Proof::None),
        ProofOption::Etb if star => Ok(Proof::Etb),
        ProofOption::ProcessId if !star => Ok(Proof::ProcessId),
        ProofOption::GsR if !star => Ok(Proof::GsR),
        ProofOption::Etb => {
            Err(format!("{} does not speak Star Line Mode: write process-id or gs-r", model.id))
        }
        _ => Err(format!("{} speaks Star Line Mode: write etb", model.id)),
    }
}

fn describe(model: &Model, link: &Link, proof: Proof) -> Description {
    let abilities = [
        (true, "print"),
        (true, "raw"),
        (model.cutter != Cutter::None, "cut"),
        (model.drawer != DrawerPort::None, "drawer"),
        (model.buzzer != Buzzer::None, "beep"),
        (true, "qr"),
        (true, "barcode"),
        (true, "image"),
        (model.status.asb || model.status.dle_eot, "status"),
    ];
    let pages: Vec<_> = model.pages.keys().map(|page| page.name()).collect();
    Description {
        kind: "printer".to_owned(),
        driver: Factory.name().to_owned(),
        model: Some(model.id.clone()),
        name: format!("{} {}", model.vendor, model.name),
        link: link.to_string(),
        capabilities: abilities.iter().filter(|(has, _)| *has).map(|(_, name)| (*name).to_owned()).collect(),
        limits: json!({
            "dots": model.dots,
            "dpi": model.dpi,
            "columns": model.metrics().columns(Font::A),
            "columns_small": model.metrics().columns(Font::B),
            "codepages": pages,
            "proof": proof.name(),
        }),
    }
}
