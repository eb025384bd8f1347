//! Asking a printer what it is (`GS I`).

use std::time::Duration;

use outlet_protocols::escpos::command::{self, Identity};
use outlet_protocols::model::Language;
use serde::Serialize;
use tokio::time::Instant;

use super::device::{EscPos, stopped};
use super::printer::Reply;
use super::until::{Until, Waited};
use crate::error::DeviceError;
use crate::exchange::Broken;

/// What a printer says it is; what it did not answer is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct Identification {
    /// Maker (`GS I 66`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Model name (`GS I 67`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Firmware version (`GS I 65`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Serial number (`GS I 68`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Whether it has multibyte characters (`GS I 2`, bit 0): Chinese firmware mostly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multibyte: Option<bool>,
}

/// An answer that needs no printing comes at once, or the printer does not know the question.
const PATIENCE: Duration = Duration::from_millis(500);

impl EscPos {
    /// Asks one thing after the other: answers don't say what they are to. A printer that does not know
    /// the first two questions is asked no more. Empty where the language has no such question, for a
    /// printer that answers nothing, and while it is stopped.
    pub(super) async fn identification(&mut self) -> Result<Identification, DeviceError> {
        let mut found = Identification::default();
        if self.model.language != Language::Escpos || self.one_way {
            return Ok(found);
        }
        found.model = self.info(Identity::Model).await?;
        found.firmware = self.info(Identity::Firmware).await?;
        if found.model.is_none() && found.firmware.is_none() {
            return Ok(found);
        }
        found.maker = self.info(Identity::Maker).await?;
        found.serial = self.info(Identity::Serial).await?;
        if let Some(Reply::Sensor(byte)) = self.question(Identity::TypeId).await? {
            found.multibyte = Some(byte & 0x01 != 0);
        }
        Ok(found)
    }

    async fn info(&mut self, what: Identity) -> Result<Option<String>, DeviceError> {
        Ok(match self.question(what).await? {
            Some(Reply::Info(text)) if !text.is_empty() => Some(text),
            _ => None,
        })
    }

    async fn question(&mut self, what: Identity) -> Result<Option<Reply>, DeviceError> {
        self.printer.outbox.extend_from_slice(&command::identify(what));
        let one_byte = matches!(what, Identity::ModelId | Identity::TypeId);
        let patience = self.timing.answer.min(PATIENCE);
        let Some(exchange) = &mut self.exchange else {
            return Err(DeviceError::offline(format!("{}: there is no connection", self.link)));
        };
        let mut session = Until::new(&mut self.printer, patience, Instant::now(), |reply| match reply {
            Reply::Info(_) => !one_byte,
            Reply::Sensor(_) => one_byte,
            _ => false,
        });
        match exchange.run(&mut session, None).await {
            Ok(Waited::Came(reply)) => Ok(Some(reply)),
            Ok(Waited::TimedOut | Waited::Stopped) => Ok(None),
            Err(Broken::Aborted) => Err(stopped()),
            Err(broken) => Err(self.lost(format!("{}: {broken}", self.link))),
        }
    }
}
