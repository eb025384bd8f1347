//! One unit on a line, as a driver asks it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::modbus::relay::{Function, RelayWrite};
use outlet_protocols::modbus::{Area, Span};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_modbus::{Request, Response};

use super::bus::{self, Bus, Framing};
use super::fault::Fault;
use crate::driver::{Place, SettingsError};
use crate::link::{Link, LinkError};

/// How long an answer may take when the options don't say (*MODBUS over serial line* 1.02, section 2.4.1: from 1 s).
const TIMEOUT_MS: u32 = 1000;
/// The port of Modbus TCP.
const PORT: u16 = 502;

/// Where a device is on its line: the options that all Modbus devices have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::drivers) struct UnitOptions {
    /// The number of the unit; the profile's when absent.
    pub unit_id: Option<u8>,
    /// How frames look; by the link when absent.
    pub framing: Option<Framing>,
    /// How long an answer may take, in milliseconds, 50 to 10000.
    pub timeout_ms: Option<u32>,
}

impl UnitOptions {
    /// The keys.
    pub const KEYS: [&str; 3] = ["unit_id", "framing", "timeout_ms"];

    /// Takes them out of a table, and leaves the others.
    ///
    /// # Errors
    /// A value of the wrong type, or out of its range.
    pub fn take(table: &mut Map<String, Value>) -> Result<Self, SettingsError> {
        let mut own = Map::new();
        for key in Self::KEYS {
            own.extend(table.remove(key).map(|value| (key.to_owned(), value)));
        }
        for (key, value) in &own {
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            serde_json::from_value::<Self>(Value::Object(alone))
                .map_err(|error| wrong(&format!("options.{key}"), error.to_string()))?;
        }
        let own: Self = serde_json::from_value(Value::Object(own))
            .map_err(|error| wrong("options", error.to_string()))?;
        if own.timeout_ms.is_some_and(|time| !(50..=10_000).contains(&time)) {
            return Err(wrong("options.timeout_ms", "write 50 to 10000".to_owned()));
        }
        Ok(own)
    }
}

/// A unit on a line.
#[derive(Debug, Clone)]
pub(in crate::drivers) struct Unit {
    bus: Arc<Bus>,
    link: Link,
    framing: Framing,
    number: u8,
    patience: Duration,
}

impl Unit {
    /// The unit of a link; `number` is the profile's, which the options may overrule.
    ///
    /// # Errors
    /// A link that is none, or not one that Modbus goes over; a number that no unit can have.
    pub fn new(link: &str, options: &UnitOptions, number: u8) -> Result<Self, SettingsError> {
        let mut parsed: Link = link.parse().map_err(|error: LinkError| wrong("link", error.to_string()))?;
        let framing = match (&mut parsed, options.framing) {
            (Link::Serial { .. }, Some(Framing::Tcp)) => {
                let message = "frames of Modbus TCP don't go over a serial line: leave it out";
                return Err(wrong("options.framing", message.to_owned()));
            }
            (Link::Serial { .. }, _) => Framing::Rtu,
            (Link::Tcp { port, .. }, framing) => {
                let framing = framing.unwrap_or(Framing::Tcp);
                match (names_port(link), framing) {
                    (true, _) => {}
                    (false, Framing::Tcp) => *port = PORT,
                    (false, Framing::Rtu) => {
                        let message = "name the port of the converter, as in tcp://10.0.0.20:4001";
                        return Err(wrong("link", message.to_owned()));
                    }
                }
                framing
            }
            _ => {
                let message = "Modbus devices are reached by serial:// or tcp://".to_owned();
                return Err(wrong("link", message));
            }
        };
        let number = options.unit_id.unwrap_or(number);
        if framing == Framing::Rtu && number == 0 {
            let message = "0 is all units of a line, which do not answer: write the unit's own number";
            return Err(wrong("options.unit_id", message.to_owned()));
        }
        let patience = Duration::from_millis(options.timeout_ms.unwrap_or(TIMEOUT_MS).into());
        Ok(Self { bus: Bus::join(&parsed, framing), link: parsed, framing, number, patience })
    }

    pub fn link(&self) -> &Link {
        &self.link
    }

    pub fn number(&self) -> u8 {
        self.number
    }

    /// The name of the framing.
    pub fn protocol(&self) -> &'static str {
        match self.framing {
            Framing::Rtu => "Modbus RTU",
            Framing::Tcp => "Modbus TCP",
        }
    }

    /// What may share the link, and by what the device is told from others there.
    pub fn place(&self) -> Place {
        Place { line: bus::key(&self.link, self.framing), unit: self.number }
    }

    /// For messages: where it is.
    pub fn name(&self) -> String {
        format!("{}, unit {}", self.link, self.number)
    }

    /// Reads registers.
    pub async fn read(&self, span: Span) -> Result<Vec<u16>, Fault> {
        let request = match span.area {
            Area::Holding => Request::ReadHoldingRegisters(span.address, span.count),
            Area::Input => Request::ReadInputRegisters(span.address, span.count),
        };
        match self.ask(request).await? {
            Response::ReadHoldingRegisters(registers) | Response::ReadInputRegisters(registers) => {
                Ok(registers)
            }
            _ => Err(self.other()),
        }
    }

    /// Reads coils.
    pub async fn read_coils(&self, address: u16, count: u16) -> Result<Vec<bool>, Fault> {
        match self.ask(Request::ReadCoils(address, count)).await? {
            Response::ReadCoils(mut coils) => {
                coils.truncate(count.into());
                Ok(coils)
            }
            _ => Err(self.other()),
        }
    }

    /// Writes registers: one by function 6, more by function 16.
    pub async fn write(&self, address: u16, registers: &[u16]) -> Result<(), Fault> {
        let request = match registers {
            [value] => Request::WriteSingleRegister(address, *value),
            _ => Request::WriteMultipleRegisters(address, Cow::Owned(registers.to_vec())),
        };
        self.ask(request).await.map(drop)
    }

    /// Switches a relay.
    pub async fn switch(&self, write: RelayWrite) -> Result<(), Fault> {
        match write.function {
            Function::Coil => self.ask(bus::write_coil(write.address, write.value)).await.map(drop),
            Function::Register => self.write(write.address, &[write.value]).await,
        }
    }

    async fn ask(&self, request: Request<'static>) -> Result<Response, Fault> {
        self.bus.ask(self.number, request, self.patience).await
    }

    fn other(&self) -> Fault {
        Fault::OtherAnswer { unit: self.number, what: "of another kind".to_owned() }
    }
}

/// How the questions of a driver ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// With an answer, exceptions among them.
    pub answered: u64,
    /// With an exception.
    pub exceptions: u64,
    /// With nothing.
    pub silent: u64,
    /// With bytes that were no answer.
    pub garbled: u64,
    /// With the answer of another unit.
    pub other_device: u64,
    /// With a link that could not be opened or broke.
    pub no_link: u64,
}

impl Tally {
    pub fn note<T>(&mut self, answer: &Result<T, Fault>) {
        match answer {
            Ok(_) => self.answered += 1,
            Err(Fault::Exception { .. }) => {
                self.answered += 1;
                self.exceptions += 1;
            }
            Err(Fault::Silent { .. }) => self.silent += 1,
            Err(Fault::Garbled { .. } | Fault::OtherAnswer { .. }) => self.garbled += 1,
            Err(Fault::OtherUnit { .. }) => self.other_device += 1,
            Err(Fault::Unreachable(_) | Fault::Lost(_)) => self.no_link += 1,
        }
    }

    /// What came since another moment.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            answered: self.answered.saturating_sub(before.answered),
            exceptions: self.exceptions.saturating_sub(before.exceptions),
            silent: self.silent.saturating_sub(before.silent),
            garbled: self.garbled.saturating_sub(before.garbled),
            other_device: self.other_device.saturating_sub(before.other_device),
            no_link: self.no_link.saturating_sub(before.no_link),
        }
    }
}

/// Whether the text of a TCP link names a port.
pub(in crate::drivers) fn names_port(text: &str) -> bool {
    let host = text.rsplit(']').next().unwrap_or(text);
    host.split_once("://").map_or(host, |(_, host)| host).contains(':')
}

fn wrong(key: &str, message: String) -> SettingsError {
    SettingsError { key: key.to_owned(), message }
}
