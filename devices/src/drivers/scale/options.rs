//! Options of `[device.options]`, and what a link leaves to the protocol.

use std::time::Duration;

use outlet_protocols::scale::{self, LineSettings, Protocol, ProtocolInfo};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::driver::SettingsError;
use crate::drivers::modbus::unit::names_port;
use crate::link::{DataBits, Link, LinkError, Parity, SerialLine, StopBits};

/// What every scale takes beside the options of its protocol.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// How often the scale is asked while nothing else is to do, in milliseconds, 20 to 60000. A scale that
    /// streams is listened to all the time.
    pub poll_ms: u32,
    /// For how many seconds a request may have all readings told, at most 3600.
    pub live_max_s: u16,
    /// Whether a change is told by itself. Without it readings come by request and while somebody watches.
    pub publish: bool,
    /// How many answers in a row have to say the same before they are believed, 1 to 5. Default: 1 where the
    /// protocol has a checksum or tells each load once, otherwise 2.
    pub confirm: Option<u8>,
}

impl Default for Options {
    fn default() -> Self {
        Self { poll_ms: 200, live_max_s: 600, publish: true, confirm: None }
    }
}

impl Options {
    /// Time from question to question.
    pub(super) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.into())
    }
}

const OWN: [&str; 4] = ["poll_ms", "live_max_s", "publish", "confirm"];

/// Protocols of which one answer is enough: with a checksum; and Adam, which prints a load once.
const SURE: [&str; 6] = ["massa-k-100", "massa-k-1c", "shtrih-pos2", "cas", "dibal", "adam"];

/// Whether one answer of a protocol is enough to be believed.
pub(super) fn is_sure(protocol: &str) -> bool {
    SURE.contains(&protocol)
}

/// The options of a protocol, out of those that are not every scale's.
///
/// # Errors
/// An option that is unknown, of the wrong type, or out of its range.
pub(super) fn protocol(
    others: Map<String, Value>,
    info: &ProtocolInfo,
) -> Result<Box<dyn Protocol>, SettingsError> {
    (info.build)(Value::Object(others)).map_err(|error| {
        let key = if error.field == "." { "options".to_owned() } else { format!("options.{}", error.field) };
        wrong(&key, format!("{} (beside them: {})", error.problem, OWN.join(", ")))
    })
}

/// Reads the options that every scale has, and gives the others as they are.
///
/// # Errors
/// An option of the wrong type, or out of its range.
pub(super) fn read(options: &Value) -> Result<(Options, Map<String, Value>), SettingsError> {
    let all = match options {
        Value::Null => Map::new(),
        Value::Object(all) => all.clone(),
        _ => return Err(wrong("options", "options are a table".to_owned())),
    };
    let (own, others): (Map<_, _>, Map<_, _>) =
        all.into_iter().partition(|(key, _)| OWN.contains(&key.as_str()));
    // Each for itself, so that the message names its key.
    for (key, value) in &own {
        let alone = Map::from_iter([(key.clone(), value.clone())]);
        serde_json::from_value::<Options>(Value::Object(alone))
            .map_err(|error| wrong(&format!("options.{key}"), error.to_string()))?;
    }
    let own: Options =
        serde_json::from_value(Value::Object(own)).map_err(|error| wrong("options", error.to_string()))?;
    if !(20..=60_000).contains(&own.poll_ms) {
        return Err(wrong("options.poll_ms", format!("{} is not from 20 to 60000", own.poll_ms)));
    }
    if own.live_max_s > 3600 {
        return Err(wrong("options.live_max_s", format!("{} is more than 3600", own.live_max_s)));
    }
    if own.confirm.is_some_and(|count| !(1..=5).contains(&count)) {
        return Err(wrong("options.confirm", "write a number from 1 to 5".to_owned()));
    }
    Ok((own, others))
}

/// Reads a link; what it leaves out is the protocol's own.
///
/// # Errors
/// No link, one of another kind, or TCP without a port for a protocol that has none of its own.
pub(super) fn link(text: &str, info: &ProtocolInfo) -> Result<Link, SettingsError> {
    let mut link: Link = text.parse().map_err(|error: LinkError| wrong("link", error.to_string()))?;
    match &mut link {
        Link::Serial { line, .. } => {
            let given = |key: &str| {
                let query = text.split_once('?').map_or("", |(_, query)| query);
                query.split('&').any(|pair| pair.split('=').next() == Some(key))
            };
            let own = serial_line(info.line);
            if !given("baud") {
                line.baud = own.baud;
            }
            if !given("parity") {
                line.parity = own.parity;
            }
            if !given("data") {
                line.data = own.data;
            }
            if !given("stop") {
                line.stop = own.stop;
            }
        }
        Link::Tcp { port, .. } if !names_port(text) => {
            let Some(own) = info.tcp_port else {
                let message = format!("{} has no port of its own: write tcp://10.0.0.20:4001", info.name);
                return Err(wrong("link", message));
            };
            *port = own;
        }
        Link::Tcp { .. } => {}
        _ => {
            let message =
                "scales of this protocol are reached by serial:// or tcp://; a USB scale has the model hid"
                    .to_owned();
            return Err(wrong("link", message));
        }
    }
    Ok(link)
}

/// The line settings of a protocol, as a link has them. Without flow control.
pub(super) fn serial_line(line: LineSettings) -> SerialLine {
    SerialLine {
        baud: line.baud,
        parity: match line.parity {
            scale::Parity::None => Parity::None,
            scale::Parity::Even => Parity::Even,
            scale::Parity::Odd => Parity::Odd,
        },
        data: if line.data_bits == 7 { DataBits::Seven } else { DataBits::Eight },
        stop: if line.stop_bits == 2 { StopBits::Two } else { StopBits::One },
        ..SerialLine::default()
    }
}

fn wrong(key: &str, message: String) -> SettingsError {
    SettingsError { key: key.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use outlet_protocols::scale::by_name;

    use super::*;

    fn link_of(text: &str, protocol: &str) -> String {
        link(text, by_name(protocol).unwrap()).unwrap().to_string()
    }

    #[test]
    fn one_answer_is_enough_where_a_checksum_guards_it() {
        assert!(SURE.iter().all(|name| by_name(name).is_some()));
        assert!(is_sure("cas") && !is_sure("toledo-8217"));
    }

    #[test]
    fn a_serial_link_without_settings_has_those_of_the_protocol() {
        let own = link_of("serial:///dev/ttyUSB0", "toledo-8217");
        assert_eq!(own, "serial:///dev/ttyUSB0?baud=9600&parity=even&data=7&stop=1&flow=none");
        let own = link_of("serial:///dev/ttyUSB0", "massa-k-100");
        assert_eq!(own, "serial:///dev/ttyUSB0?baud=4800&parity=even&data=8&stop=1&flow=none");
    }

    #[test]
    fn a_setting_that_is_given_stays_although_it_is_the_default_of_links() {
        let own = link_of("serial:///dev/ttyUSB0?parity=none&baud=9600", "massa-k-100");
        assert_eq!(own, "serial:///dev/ttyUSB0?baud=9600&parity=none&data=8&stop=1&flow=none");
    }

    #[test]
    fn a_network_scale_without_a_port_has_that_of_the_protocol() {
        assert_eq!(link_of("tcp://scale", "massa-k-100"), "tcp://scale:5001");
        assert_eq!(link_of("tcp://[::1]", "massa-k-100"), "tcp://[::1]:5001");
        assert_eq!(link_of("tcp://scale:9100", "massa-k-100"), "tcp://scale:9100");
        assert_eq!(link_of("tcp://[::1]:7", "massa-k-100"), "tcp://[::1]:7");
        let error = link("tcp://scale", by_name("cas").unwrap()).unwrap_err();
        assert!(error.message.contains("tcp://10.0.0.20:4001"), "{error}");
    }
}
