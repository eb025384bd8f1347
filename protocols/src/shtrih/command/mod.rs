//! Commands and their answers.
//!
//! A command is a value of its own type; [`Request::bytes`] makes what goes into a frame of
//! [`super::link1`] or [`super::link2`], [`Request::answer`] reads what came back. Codes, fields and
//! lengths are those of Shtrih-M's *Протокол работы ККТ* v2.0 (codes of one byte) and *Протокол ФР
//! (команды работы с ФН)* (codes FFxx), where a command's documentation names no other source.

mod marking;
mod old;
mod print;
mod receipt;
mod shift;
mod status;
mod storage;
mod table;

use core::time::Duration;

use thiserror::Error;

use super::fields::within;
pub use super::fields::{Fields, ParameterError, Truncated};
use super::refusal::Refusal;

pub use marking::*;
pub use old::*;
pub use print::*;
pub use receipt::*;
pub use shift::*;
pub use status::*;
pub use storage::*;
pub use table::*;

/// A command of the register.
pub trait Request {
    /// What the register answers when it has executed the command.
    type Answer;

    /// The code: one byte, or two beginning with FF.
    fn code(&self) -> u16;

    /// Whose password the command takes.
    fn password(&self) -> Authority {
        Authority::Operator
    }

    /// What is changed by executing it, and so by executing it twice.
    fn effect(&self) -> Effect;

    /// Appends the parameters after the password.
    ///
    /// # Errors
    /// The first parameter that its field can't hold.
    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError>;

    /// Reads the fields after the error code. Fields that a newer register has added are left unread.
    ///
    /// # Errors
    /// The first field that is missing.
    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated>;

    /// Code, password and parameters: the data of a frame.
    ///
    /// # Errors
    /// The first parameter that its field can't hold.
    fn bytes(&self, passwords: Passwords) -> Result<Vec<u8>, ParameterError> {
        let mut out = Vec::with_capacity(16);
        match self.code().to_be_bytes() {
            [0, code] => out.push(code),
            code => out.extend_from_slice(&code),
        }
        let password = match self.password() {
            Authority::None => None,
            Authority::Operator => Some(passwords.operator),
            Authority::Administrator => Some(passwords.administrator),
        };
        if let Some(password) = password {
            within("password", i64::from(password), 0, 99_999_999)?;
            out.extend_from_slice(&password.to_le_bytes());
        }
        self.parameters(&mut out)?;
        Ok(out)
    }

    /// Reads an answer: the data of a frame.
    ///
    /// # Errors
    /// A refusal by the register, the answer to another command, or one that is cut short.
    fn answer(&self, bytes: &[u8]) -> Result<Self::Answer, AnswerError> {
        let mut fields = Fields::new(executed(self.code(), bytes)?);
        self.read(&mut fields).map_err(|Truncated { field }| AnswerError::Truncated {
            command: self.code(),
            field,
            bytes: bytes.to_vec(),
        })
    }

    /// How long a register may take to answer, as the vendor's own driver waits
    /// (`shtrih-m/javapos_shtrih`, `PrinterCommand.getDefaultTimeout`).
    fn timeout(&self) -> Duration {
        Duration::from_secs(match self.code() {
            0x10 | 0x11 => 3,
            0x26 => 5,
            0x41 => 65,
            0xe0 => 120,
            0xff61 | 0xff67 => 40,
            _ => 30,
        })
    }
}

/// Whose password a command begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Nobody's: the command has no password.
    None,
    /// That of the operator who works at the register.
    Operator,
    /// That of the system administrator.
    Administrator,
}

/// What executing a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: it may be asked again.
    None,
    /// The device: paper, drawer, clock, settings.
    Device,
    /// The fiscal data or the document being made. Never to be sent again while its outcome is unknown.
    Fiscal,
}

/// The passwords, 0 to 99999999.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Passwords {
    /// Of the operator whose name stands on the receipts; 1 when the register is new.
    pub operator: u32,
    /// Of the system administrator; 30 when the register is new.
    pub administrator: u32,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { operator: 1, administrator: 30 }
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

/// Why an answer has no fields to read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The register has not executed the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The answer belongs to another command: somebody else talks to the register, or an answer came
    /// late.
    #[error("{} came as the answer to command {sent:02X}: synchronise the link and ask for its state", hex(.bytes))]
    OtherCommand {
        /// The code of the command.
        sent: u16,
        /// The answer.
        bytes: Vec<u8>,
    },
    /// The command was executed, but the answer lacks a field.
    #[error("the answer {} to command {command:02X} ends before its field {field}", hex(.bytes))]
    Truncated {
        /// The code of the command.
        command: u16,
        /// The first field that is missing.
        field: &'static str,
        /// The answer.
        bytes: Vec<u8>,
    },
}

/// The answer that says nothing but that the command was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

/// The answer with nothing but the number of the operator whose password it was, 1 to 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByOperator {
    /// The operator; `None` where the model leaves it out.
    pub operator: Option<u8>,
}

impl ByOperator {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { operator: fields.byte("operator").ok() }
    }
}

/// Whether the data of a frame are the answer to the data of another, by their codes. A register that
/// doesn't know the second byte of a command FFxx answers with FF and the error alone.
pub fn is_answer(command: &[u8], answer: &[u8]) -> bool {
    match (command, answer) {
        ([0xff, ..], [0xff, _]) => true,
        ([0xff, command, ..], [0xff, answer, ..]) => command == answer,
        ([command, ..], [answer, ..]) => command == answer && *command != 0xff,
        _ => false,
    }
}

/// The fields of the answer to an executed command.
fn executed(command: u16, bytes: &[u8]) -> Result<&[u8], AnswerError> {
    let code = command.to_be_bytes();
    if !is_answer(if command > 0xff { &code } else { &code[1..] }, bytes) {
        return Err(AnswerError::OtherCommand { sent: command, bytes: bytes.to_vec() });
    }
    let (error, fields) = match (command > 0xff, bytes) {
        (false, [_, error, fields @ ..]) => (*error, fields),
        (true, [_, _, error, fields @ ..]) => (*error, fields),
        // FF and the error alone: the vendor's driver reads it so (PrinterCommand.decodeData).
        (true, [_, error]) if u16::from(*error) != command & 0xff => (*error, [].as_slice()),
        _ => {
            return Err(AnswerError::Truncated { command, field: "error code", bytes: bytes.to_vec() });
        }
    };
    match error {
        0 => Ok(fields),
        code => Err(Refusal::new(command, code).into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}
