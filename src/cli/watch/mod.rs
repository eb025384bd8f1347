//! `outletd watch`: what a scale, a reader or a sensor tells, as it comes.

mod text;

use std::time::Duration;

use outlet_devices::driver::{Description, Request};
use outletd::bus::contract::{DeviceDocument, is_name};
use serde_json::Value;
use tokio::time::{Instant, interval, sleep_until};

use super::agent_client::{AgentClient, Notice, Watch, parse};
use super::connection::Connection;
use super::failure::Failure;
use super::screen::Screen;

/// How long a scale is asked to tell every reading; asked again before that is over.
const LIVE_S: u16 = 30;
const AGAIN: Duration = Duration::from_secs(20);

/// What `watch` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The device's id
    device: String,
    /// Write each reading as a line of JSON
    #[arg(long)]
    json: bool,
    /// Only readings that the device tells by itself: of a scale, each new weight at rest
    #[arg(long)]
    changes: bool,
    /// End after so many seconds; without it, when you press Ctrl-C
    #[arg(long, value_name = "SECONDS")]
    r#for: Option<u32>,
    #[command(flatten)]
    connection: Connection,
}

/// Shows readings until it is told to end, or the connection is lost.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let device = &args.device;
    if !is_name(device) {
        return Err(Failure::usage(format!("{device:?} is no device: an id is 1 to 64 of a-z, 0-9 and -")));
    }
    let client = AgentClient::connect(&args.connection).await?;
    let description = describe(&client, device).await?;
    let mut readings = client.watch(&client.topics().device_reading(device)).await?;
    let live = !args.changes && description.capabilities.iter().any(|can| can == "live");
    if !args.json {
        let name = &description.name;
        eprintln!("watching {device} ({name}, {}); end with Ctrl-C", description.link);
    }
    let until = args.r#for.map(|seconds| Instant::now() + Duration::from_secs(u64::from(seconds)));
    let ended = follow(&client, device, live, &mut readings, until, args.json, screen).await;
    if live && ended.is_ok() {
        // What the agent would end by itself some seconds later.
        let request = Request::Live { for_s: 0 };
        drop(client.request(&client.topics().device_request(device), &request, client.patience()).await);
    }
    client.close().await;
    ended
}

async fn describe(client: &AgentClient, device: &str) -> Result<Description, Failure> {
    let topic = client.topics().device(device);
    let told = client.retained(std::slice::from_ref(&topic)).await?;
    match told.first().filter(|message| !message.payload.is_empty()) {
        Some(message) => Ok(parse::<DeviceDocument>(&topic, &message.payload)?.description),
        None => Err(Failure::bad(format!("there is no device {device}: `outletd devices` lists them"))),
    }
}

async fn follow(
    client: &AgentClient,
    device: &str,
    live: bool,
    readings: &mut Watch,
    until: Option<Instant>,
    as_json: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let topic = client.topics().device_request(device);
    let mut again = interval(AGAIN);
    loop {
        let over = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => return Ok(()),
            _ = again.tick(), if live => {
                let request = Request::Live { for_s: LIVE_S };
                let reply = client.request(&topic, &request, client.patience()).await?;
                if let Some(error) = reply.error {
                    return Err(Failure::bad(format!("{device}: {}: {}", error.code, error.message)));
                }
            }
            notice = readings.next() => match notice {
                Notice::Message(message) => {
                    let reading: Value = parse(&message.topic, &message.payload)?;
                    match as_json {
                        true => screen.line(&reading)?,
                        false => screen.line(text::reading(&reading, screen.paint()))?,
                    }
                }
                Notice::Refused(reason) => {
                    return Err(Failure::bad(format!("the broker refuses: {reason}")));
                }
                Notice::Lost(cause) => eprintln!("outletd: the connection is lost: {cause}; trying again"),
                Notice::Restored => eprintln!("outletd: the connection is back"),
            },
        }
    }
}

#[cfg(test)]
mod tests;
