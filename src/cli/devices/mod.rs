//! `outletd devices`: what the outlet has, and what is plugged in but not configured.

mod text;

use std::collections::BTreeMap;

use outletd::bus::contract::{AgentRequest, DeviceDocument, DeviceStateDocument, Topics};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::agent_client::{AgentClient, Message};
use super::connection::Connection;
use super::failure::Failure;
use super::jobs::{granted, understood};
use super::screen::Screen;

/// What `devices` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write what is known as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Lists devices.
///
/// What is configured is read from the retained documents, so it is shown even when the agent is gone; what
/// is plugged in only the agent can say.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let client = AgentClient::connect(&args.connection).await?;
    let filters = [client.topics().device("+"), client.topics().device_state("+")];
    let devices = gathered(client.topics(), &client.retained(&filters).await?);
    if !args.json {
        screen.print(text::table(&devices, screen.paint()))?;
    }
    let diagnosis =
        client.request(&client.topics().request(), &AgentRequest::Diagnose {}, client.patience()).await?;
    let result = granted(diagnosis)?;
    if args.json {
        screen.json(&json!({"devices": devices, "found": result.get("found").unwrap_or(&Value::Null)}))?;
    } else {
        let diagnosis: Diagnosis = understood(result)?;
        screen.print(text::found(&diagnosis.found, screen.paint()))?;
    }
    client.close().await;
    Ok(())
}

/// What is known of a device.
#[derive(Debug, Default, Serialize)]
struct Known {
    #[serde(flatten)]
    document: Option<DeviceDocument>,
    state: Option<DeviceStateDocument>,
}

#[derive(Debug, Deserialize)]
struct Diagnosis {
    #[serde(default)]
    found: Vec<Found>,
}

/// Something that is plugged in.
#[derive(Debug, Deserialize)]
struct Found {
    link: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    configured: bool,
    /// Why it can't be used as it is.
    #[serde(default)]
    problem: Option<String>,
    /// What to do about it.
    #[serde(default)]
    remedy: Option<String>,
    /// TOML to add to the configuration.
    #[serde(default)]
    suggestion: Option<String>,
}

/// Retained documents by device; an empty payload is a document that was removed, and one that can't be read
/// is of another version of the contract.
fn gathered(topics: &Topics, messages: &[Message]) -> BTreeMap<String, Known> {
    let mut devices: BTreeMap<String, Known> = BTreeMap::new();
    let root = topics.device("");
    for message in messages {
        let Some(rest) = message.topic.strip_prefix(&root) else { continue };
        match rest.split_once('/') {
            None => {
                if let Ok(document) = serde_json::from_slice(&message.payload) {
                    devices.entry(rest.to_owned()).or_default().document = Some(document);
                }
            }
            Some((device, "state")) => {
                if let Ok(state) = serde_json::from_slice(&message.payload) {
                    devices.entry(device.to_owned()).or_default().state = Some(state);
                }
            }
            Some(_) => {}
        }
    }
    devices
}

#[cfg(test)]
mod tests;
