//! Registers of Shtrih-M and Retail, on link level 1 and 2.0, over serial lines and TCP.
//!
//! # A receipt
//! `8D` opens it, each position is `FF46`, `FF0C` gives it its tags, among them our mark as the additional
//! requisite of the receipt (1192), and `FF45` makes it a fiscal document. A correction of format 1.05 is one
//! sum: `FF35`, `FF0C`, `FF4A`. The operator's name goes into the register's table 2, from where it takes the
//! cashier of every document; the INN goes with the receipt as tag 1203.
//!
//! # When an answer is lost
//! - On level 1 the register holds it until it is acknowledged; it is taken with the next connection.
//! - On level 2.0 the number of the command is on disk before it is sent. The register is asked for the last
//!   number and its answer; a lost command is never sent under another number.
//! - Power off forgets both. What is in the fiscal storage decides in any case: see `find`.
//! - A document that is still open is cancelled: nothing of it is fiscalised.
//!
//! # While the register can't
//! A command that is refused because the register prints, or waits for `B0`, or has no paper, was not
//! executed. It is sent again when the register's status says that it can.
//!
//! # Models
//! Models without a storage keep no tags: there a lost closing command is told as uncertain, unless the
//! count of documents has not moved or the register still held the answer.

use std::time::Duration;

use outlet_protocols::fiscal::{Abilities, Policy, Tag, Task, TaskErrorKind};
use serde_json::{Value, json};

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::{Link, LinkError};
use crate::register::Register;
use family::Shtrih;
use models::{MODELS, Model};
use options::Options;
use plan::{Features, Setup, Unfit};

mod document;
mod family;
mod find;
mod look;
mod marking;
pub mod models;
pub mod options;
mod paper;
mod plan;
mod queries;
mod refused;
mod session;
mod tags;
mod talk;
mod wire;
mod work;

const NAME: &str = "shtrih";

/// Makes drivers of registers of Shtrih-M.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        if !matches!(link, Link::Tcp { .. } | Link::Serial { .. }) {
            let remedy = "a register is spoken to over tcp:// or serial://; by USB it is a serial port";
            return Err(wrong("link", remedy.to_owned()));
        }
        let model = Model::find(settings.model.as_deref()).ok_or_else(|| {
            let known: Vec<_> = MODELS.iter().map(|model| model.id).collect();
            let given = settings.model.as_deref().unwrap_or_default();
            wrong("model", format!("there is no model {given:?}; there are {}", known.join(", ")))
        })?;
        let (options, common) = Options::read(&settings.options)?;
        let setup = Setup {
            model,
            ffd: options.ffd,
            passwords: options.passwords(),
            vat: model.vat(&options.vat),
            drawer: options.drawer,
        };
        let abilities = model.abilities(options.ffd, &setup.vat);
        let description = describe(model, &options, &link, &abilities);
        let intake = Intake { abilities, policy: common.policy(), setup: setup.clone() };
        let family = Shtrih::new(setup, options.level, Duration::from_millis(options.answer_ms));
        Ok(Register::new(family, link, common, report.status).built(intake, description))
    }
}

fn describe(model: &Model, options: &Options, link: &Link, abilities: &Abilities) -> Description {
    let tasks = abilities.tasks.iter().map(|task| task.as_str().to_owned());
    let mut limits = json!(abilities);
    limits["ffd"] = json!(options.ffd);
    limits["level"] = json!(options.level);
    Description {
        kind: "register".to_owned(),
        driver: NAME.to_owned(),
        model: Some(model.id.to_owned()),
        name: model.name.to_owned(),
        link: link.to_string(),
        capabilities: ["fiscal", "drawer"].map(str::to_owned).into_iter().chain(tasks).collect(),
        limits,
    }
}

/// Judges tasks at intake: what the model can't do, and what its commands can't hold.
struct Intake {
    abilities: Abilities,
    policy: Policy,
    setup: Setup,
}

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let task = match work {
            Work::Fiscal(task) => task,
            Work::Print(document) if is_drawer(document) => return Ok(()),
            Work::Print(_) | Work::Display(_) | Work::Label(_) | Work::Items(_) | Work::Ticket(_) => {
                return Err(unsupported("a register prints no documents: send a nonFiscal task".to_owned()));
            }
        };
        task.check(&self.abilities, &self.policy).map_err(|error| match error.kind() {
            TaskErrorKind::Rejected => {
                DeviceError::new(ErrorKind::Rejected, "invalid-request", error.to_string())
                    .with_evidence(json!(error.problems()))
            }
            TaskErrorKind::Unsupported => {
                unsupported(error.to_string()).with_evidence(json!(error.problems()))
            }
        })?;
        self.fits(task).map_err(|unfit| {
            let problem: Value = json!([{"at": unfit.at, "wrong": unfit.why, "remedy": ""}]);
            unsupported(unfit.to_string()).with_evidence(problem)
        })
    }
}

impl Intake {
    fn fits(&self, task: &Task) -> Result<(), Unfit> {
        let tag = Tag::new("intake", 0);
        match task {
            Task::Receipt(receipt) => plan::plan(receipt, tag, &self.setup, Features::default()).map(drop),
            Task::NonFiscal { lines } => paper::document(lines, &self.setup, Features::default()).map(drop),
            _ => Ok(()),
        }
    }
}

fn is_drawer(document: &outlet_protocols::document::Document) -> bool {
    matches!(document.blocks.as_slice(), [outlet_protocols::document::Block::Drawer(_)])
}

fn unsupported(message: String) -> DeviceError {
    DeviceError::new(ErrorKind::Unsupported, "unsupported", message)
}
