//! Why a device did not do what it was asked.

use serde::Serialize;
use serde_json::Value;

/// A failed exchange with a device. `kind` is what the queue decides on; `code` is what the client sees.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct DeviceError {
    /// What may be done next.
    pub kind: ErrorKind,
    /// Code of the topic contract, in kebab case: `device-offline`, `paper-out`, ...
    pub code: &'static str,
    /// What happened, where, and the remedy.
    pub message: String,
    /// What the device said, for a person or the core to judge by.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
}

/// What is known of the effect when an exchange fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// No byte with an effect has left: it may be tried again.
    NotSent,
    /// Bytes with an effect have left and the outcome is not known: never try again by itself.
    OutcomeUnknown,
    /// The device or the driver refuses this job; the same job will be refused again.
    Rejected,
    /// The device can't now and said so before any effect: try later.
    Busy,
    /// The device has no such function.
    Unsupported,
    /// The journal or the agent stopped the job before its first byte (cancelled, expired, draining).
    Stopped,
}

impl DeviceError {
    /// An error without evidence.
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), evidence: Value::Null }
    }

    /// The same error with what the device said.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Value) -> Self {
        self.evidence = evidence;
        self
    }

    /// The device can't be reached and nothing was sent.
    pub fn offline(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotSent, "device-offline", message)
    }

    /// Bytes have left and nobody knows what became of them.
    pub fn in_doubt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::OutcomeUnknown, "in-doubt", message)
    }
}
