//! What holds for whatever a broker sends to the agent: the body of the fuzz target, and of the test over its corpus.

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;

use super::contract::{CommandTopic, Topics};
use super::wire::{Happened, happened_v5, happened_v311};
use crate::broker::covers;

/// Bytes of the largest packet that is read.
const LARGEST: u32 = 1 << 20;

/// Any bytes as what a broker sends. The first says in which version of MQTT.
///
/// # Errors
/// The rule that was broken: a message that is longer than what came, one on a topic that was not subscribed to and
/// that is a command, or a reason that says nothing.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let [version, stream @ ..] = input else { return Ok(()) };
    let mut buffer = BytesMut::from(stream);
    loop {
        let before = buffer.len();
        let happened = if version & 1 == 0 {
            match v5::Packet::read(&mut buffer, Some(LARGEST)) {
                Ok(packet) => happened_v5(packet),
                Err(_) => return Ok(()),
            }
        } else {
            match v4::Packet::read(&mut buffer, LARGEST as usize) {
                Ok(packet) => Ok(happened_v311(packet)),
                Err(_) => return Ok(()),
            }
        };
        if buffer.len() >= before {
            return Err("a packet of no bytes".into());
        }
        match happened {
            Err(why) | Ok(Happened::Taken(_, Err(why)) | Happened::Subscribed(Err(why)))
                if why.is_empty() =>
            {
                return Err("a reason that says nothing".into());
            }
            Ok(Happened::Heard(message, _)) => {
                topic(&message.topic)?;
                let words = [Some(&message.payload), message.correlation.as_ref()];
                let bytes: usize = words.into_iter().flatten().map(Bytes::len).sum();
                if bytes > before {
                    return Err(format!("{bytes} bytes are made of {before}"));
                }
            }
            _ => {}
        }
    }
}

fn topic(topic: &str) -> Result<(), String> {
    let topics = Topics::new("outlet/v1/main");
    let Some(command) = topics.command(topic) else { return Ok(()) };
    let (name, again) = match command {
        CommandTopic::Job { device } => (device, topics.device_job(device)),
        CommandTopic::DeviceRequest { device } => (device, topics.device_request(device)),
        CommandTopic::Request => ("", topics.request()),
        CommandTopic::Kitchen { screen } => (screen, topics.kitchen_command(screen)),
    };
    if again != topic {
        return Err(format!("{topic:?} is a command for {name:?}, which is {again:?}"));
    }
    let agents = topics.agent_filters();
    match agents.iter().find(|filter| covers(filter, topic)) {
        Some(filter) => Err(format!("{topic:?} is a command, and the agent's own by {filter}")),
        None => Ok(()),
    }
}
