//! Datecs fiscal registers of Bulgaria and Romania, over TCP or a serial line.
//!
//! # How a task is done
//! Each command goes out under a sequence number. Over TCP a frame whose answer doesn't come is sent again, byte
//! for byte under the same number, which the register doesn't carry out a second time (*X manual*, "Wrapped
//! messages"): the connection is still there, so it was not switched off. On a serial line that can't be told;
//! there a command with an effect is sent again only after a NAK, and otherwise counts as lost
//! ([`options::Options::resend`]).
//!
//! After a new connection two questions go first, each under a fresh number. What was lost is asked for with
//! 76, 70 and the journal (`find`); an old number is never used again.
//!
//! A receipt bears the mark of its attempt as a line of text, which the electronic journal keeps
//! (`receipt`). What a storno receipt takes back is said by a text item (`plan`).
//!
//! # What these registers don't have
//! No command opens a shift: the first receipt after a Z report does. Romanian firmware of 2017 has no storno
//! receipt. P tells neither the number of the shift nor when it was opened.

use std::sync::Arc;

use outlet_protocols::fiscal::Abilities;
use serde_json::json;

use crate::driver::{Built, Description, DriverFactory, Report, Settings, SettingsError};
use crate::link::{Link, LinkError};
use crate::register::Register;
use check::Intake;
use family::Datecs;
use models::Model;
use options::Config;

mod check;
mod family;
mod find;
mod journal;
mod layout;
pub mod models;
pub mod options;
mod plan;
mod receipt;
mod said;
mod session;
mod tasks;

/// The word of the configuration.
const NAME: &str = "datecs";

/// Makes drivers of Datecs registers.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        if !matches!(link, Link::Tcp { .. } | Link::Serial { .. }) {
            let message = "registers of this family are reached by tcp:// or serial://".to_owned();
            return Err(wrong("link", message));
        }
        let id = settings.model.as_deref().unwrap_or(models::DEFAULT);
        let Some(model) = models::find(id) else {
            let known: Vec<&str> = models::MODELS.iter().map(|model| model.id).collect();
            return Err(wrong("model", format!("{id:?} is not known: there are {}", known.join(", "))));
        };
        let (options, common) = options::read(&settings.options)?;
        let config = Arc::new(Config::new(model, &options, &link)?);
        let abilities = check::abilities(&config);
        let description = describe(model, &link, &abilities);
        let check = Intake { config: config.clone(), abilities, policy: common.policy() };
        Ok(Register::new(Datecs::new(config), link, common, report.status).built(check, description))
    }
}

fn describe(model: &Model, link: &Link, abilities: &Abilities) -> Description {
    let tasks = abilities.tasks.iter().map(|task| task.as_str());
    Description {
        kind: "register".to_owned(),
        driver: NAME.to_owned(),
        model: Some(model.id.to_owned()),
        name: model.name.to_owned(),
        link: link.to_string(),
        capabilities: ["fiscal", "drawer"].into_iter().chain(tasks).map(str::to_owned).collect(),
        limits: json!(abilities),
    }
}
