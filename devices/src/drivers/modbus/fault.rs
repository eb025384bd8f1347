//! Why a Modbus device gave no answer that counts.

use thiserror::Error;

use crate::error::{DeviceError, ErrorKind};

/// What came of a request instead of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(in crate::drivers) enum Fault {
    /// The link could not be opened: nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// The link failed on the way.
    #[error("the link failed: {0}; check the adapter or converter and its cable")]
    Lost(String),
    /// Nothing came.
    #[error(
        "unit {unit} is silent: check that it has power, its unit number, the baud rate and parity, and that the \
         wires A and B are not swapped"
    )]
    Silent {
        /// The unit that was asked.
        unit: u8,
    },
    /// Bytes came, and no frame among them.
    #[error(
        "what came back from unit {unit} is no whole frame ({bytes} bytes): check baud rate and parity, the ends of \
         the line and its shield, and the option `framing`"
    )]
    Garbled {
        /// The unit that was asked.
        unit: u8,
        /// How many bytes came.
        bytes: usize,
    },
    /// Another unit answered.
    #[error("unit {heard} answers where unit {unit} was asked: check the unit numbers on this line")]
    OtherUnit {
        /// The unit that was asked.
        unit: u8,
        /// The unit in the answer.
        heard: u8,
    },
    /// A whole frame that answers something else.
    #[error("unit {unit} answers another question ({what}): its answers may come later than `timeout_ms`")]
    OtherAnswer {
        /// The unit that was asked.
        unit: u8,
        /// What is wrong with it.
        what: String,
    },
    /// The device says no.
    #[error("unit {unit} answers with Modbus exception {code} ({}): {}", name(*code), remedy(*code))]
    Exception {
        /// The unit that was asked.
        unit: u8,
        /// The code of *Modbus Application Protocol* 1.1b3, section 7.
        code: u8,
    },
}

/// What an exception is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drivers) enum Meaning {
    /// The device knows no such request: the profile is not its own.
    WrongRequest,
    /// It can't at this moment.
    NotNow,
    /// It has failed.
    Failed,
    /// A gateway says that the device behind it is not there.
    NotThere,
}

impl Fault {
    /// Whether the device itself has answered.
    pub fn is_answer(&self) -> bool {
        self.meaning().is_some_and(|meaning| meaning != Meaning::NotThere)
    }

    /// Whether the device says that it has done nothing of what was asked. After exception 4 it may have failed on the
    /// way, and after 5 it is still at it (*Modbus Application Protocol* 1.1b3, section 7).
    pub fn is_refusal(&self) -> bool {
        matches!(self, Fault::Exception { code: 1 | 2 | 3 | 6, .. })
    }

    /// What the exception is about, if it is one.
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Fault::Exception { code: 5 | 6, .. } => Some(Meaning::NotNow),
            Fault::Exception { code: 4 | 8, .. } => Some(Meaning::Failed),
            Fault::Exception { code: 10 | 11, .. } => Some(Meaning::NotThere),
            Fault::Exception { .. } => Some(Meaning::WrongRequest),
            _ => None,
        }
    }

    /// The error of the contract where what was asked has no effect.
    pub fn as_error(&self, place: &str) -> DeviceError {
        let (kind, code) = match self.meaning() {
            Some(Meaning::NotNow) => (ErrorKind::Busy, "not-now"),
            Some(Meaning::Failed) => (ErrorKind::Busy, "device-failure"),
            Some(Meaning::WrongRequest) => (ErrorKind::Rejected, "refused"),
            Some(Meaning::NotThere) => (ErrorKind::NotSent, "device-offline"),
            None => match self {
                Fault::Garbled { .. } | Fault::OtherAnswer { .. } => (ErrorKind::NotSent, "garbled"),
                Fault::OtherUnit { .. } => (ErrorKind::NotSent, "other-device"),
                _ => (ErrorKind::NotSent, "device-offline"),
            },
        };
        DeviceError::new(kind, code, format!("{place}: {self}"))
    }
}

fn name(code: u8) -> &'static str {
    match code {
        1 => "illegal function",
        2 => "illegal data address",
        3 => "illegal data value",
        4 => "server device failure",
        5 => "acknowledge",
        6 => "server device busy",
        8 => "memory parity error",
        10 => "gateway path unavailable",
        11 => "gateway target device failed to respond",
        _ => "not in the standard",
    }
}

fn remedy(code: u8) -> &'static str {
    match code {
        4 | 8 => "switch it off and on; if it stays, it is broken",
        5 | 6 => "ask later",
        10 | 11 => "check the gateway, and the unit number and the line behind it",
        _ => "the profile is not that of this device",
    }
}
