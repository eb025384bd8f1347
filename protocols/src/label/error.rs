//! What can be wrong with a label.

use thiserror::Error;

use crate::document::Fault;

/// Why a label can't be printed, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LabelError {
    /// No printer would print it: the sender has to correct it.
    #[error("{0}")]
    Invalid(Fault),
    /// Right in itself, but there is no room for it.
    #[error("{0}")]
    DoesNotFit(Fault),
    /// Right in itself, but not what this printer can do.
    #[error("{0}")]
    Unsupported(Fault),
}

impl LabelError {
    /// Where, and what.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Invalid(fault) | Self::DoesNotFit(fault) | Self::Unsupported(fault) => fault,
        }
    }

    pub(super) fn invalid(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(Fault { at: at.into(), problem: problem.into() })
    }

    pub(super) fn does_not_fit(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::DoesNotFit(Fault { at: at.into(), problem: problem.into() })
    }

    pub(super) fn unsupported(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Unsupported(Fault { at: at.into(), problem: problem.into() })
    }

    /// The same error of something that stands below this place.
    pub(super) fn below(self, parent: &str) -> Self {
        let lower = |fault: Fault| {
            let dot = if fault.at.is_empty() || fault.at.starts_with('[') { "" } else { "." };
            Fault { at: format!("{parent}{dot}{}", fault.at), ..fault }
        };
        match self {
            Self::Invalid(fault) => Self::Invalid(lower(fault)),
            Self::DoesNotFit(fault) => Self::DoesNotFit(lower(fault)),
            Self::Unsupported(fault) => Self::Unsupported(lower(fault)),
        }
    }

    /// From a message of [`crate::document::strict`], which may start with a path.
    pub(super) fn from_message(message: &str) -> Self {
        let (at, problem) = match message.strip_prefix('.').and_then(|rest| rest.split_once(": ")) {
            Some((at, problem)) => (at, problem),
            None => ("", message),
        };
        Self::invalid(at, problem)
    }
}
