//! Label scales: self-service and counter scales that keep a list of items, loaded by `items` jobs.
//!
//! `model` names the protocol: `shtrih-print` over `udp://`, `mertech` over `tcp://`; both have port 1111 where the link
//! names none.
//!
//! # How a list is loaded
//! Item after item, each with its message first, so that no label is printed with an older text. Items that the scale
//! refuses are told and the rest goes on. Nothing is removed before the new items are there: what a whole list does
//! not have is taken away afterwards, number by number, and the scale sells all the time. Where a scale keeps items by
//! their codes (Mertech), one whose number was given to another item may stay to be found by its code; option
//! `whole = "clear"` empties the scale first.
//!
//! A list may be loaded twice with the same result. So a job whose link was lost goes on with the item it had come to,
//! once the last one is read back as it was written; otherwise it begins anew.
//!
//! # What a lost or late datagram does
//! Each command of Shtrih-Print has a port of its own, so an answer is never taken for that of another item, however
//! late or often it comes. Unanswered commands are sent again. Over TCP nothing is sent twice: silence, or more than was
//! asked for, ends the connection.

use std::sync::Arc;

use outlet_protocols::label_scale::{ItemList, Limits, MOST_ITEMS};
use serde_json::json;

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use device::LabelScale;
use options::{Model, Options};

mod answers;
mod conversation;
mod device;
mod diagnose;
mod load;
pub mod options;

/// The word of the configuration.
const NAME: &str = "label-scale";

/// Makes drivers of label scales.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let model = Model::of(settings.model.as_deref())?;
        let link = model.link(&settings.link)?;
        let options = Options::read(&settings.options)?;
        options.judge_decimals(model)?;
        let password = options.password(model)?;
        let description = Description {
            kind: NAME.to_owned(),
            driver: NAME.to_owned(),
            model: Some(model.name().to_owned()),
            name: model.title().to_owned(),
            link: link.to_string(),
            capabilities: vec!["items".to_owned()],
            limits: json!({
                "items": MOST_ITEMS,
                "highest": options.highest,
                "name": {"lines": 2, "columns": 28},
                "text": {"columns": 50},
            }),
        };
        let check = Intake { options: options.clone() };
        let scale = LabelScale::new(model, link, options, password, settings.codes.clone(), report);
        Ok(Built { driver: Box::new(scale), check: Arc::new(check), description })
    }
}

/// Judges lists by what the configuration says of the scale.
struct Intake {
    options: Options,
}

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let list = list_of(work)?;
        let judged = |decimals: u8| {
            let limits = Limits {
                items: self.options.highest,
                messages: None,
                message_lines: None,
                tare_g: None,
                decimals,
            };
            list.prepare(&limits).map(drop).map_err(|error| unfit(&error))
        };
        match self.options.decimals {
            Some(decimals) => judged(decimals),
            // The scale will say which: what fits none is refused.
            None => judged(2).or_else(|error| judged(0).map_err(|_| error)),
        }
    }
}

fn unfit(error: &outlet_protocols::label_scale::ListError) -> DeviceError {
    DeviceError::new(ErrorKind::Rejected, "invalid-request", format!("document: {error}"))
}

fn list_of(work: &Work) -> Result<&Arc<ItemList>, DeviceError> {
    match work {
        Work::Items(list) => Ok(list),
        _ => {
            let message = "a label scale is loaded with items and does nothing else: send an items job";
            Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", message))
        }
    }
}
