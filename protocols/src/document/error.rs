//! What can be wrong with a document.

use std::fmt;

use thiserror::Error;

/// Why a document can't be accepted, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// Not a document, or a field that says nothing a printer can do.
    #[error("{0}")]
    Invalid(Fault),
    /// More than the limits allow.
    #[error("{0}")]
    TooLarge(Fault),
    /// Understood, but nothing that can be printed.
    #[error("{0}")]
    Unsupported(Fault),
}

/// What an intake decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentErrorKind {
    /// The sender has to correct it.
    Invalid,
    /// The sender has to make it smaller.
    TooLarge,
    /// The sender has to do without it.
    Unsupported,
}

/// A place in a document and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field such as `blocks[3].columns[1].width`; empty for the document itself.
    pub at: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl DocumentError {
    /// What to decide on.
    pub fn kind(&self) -> DocumentErrorKind {
        match self {
            Self::Invalid(_) => DocumentErrorKind::Invalid,
            Self::TooLarge(_) => DocumentErrorKind::TooLarge,
            Self::Unsupported(_) => DocumentErrorKind::Unsupported,
        }
    }

    /// Where, and what.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Invalid(fault) | Self::TooLarge(fault) | Self::Unsupported(fault) => fault,
        }
    }

    pub(super) fn invalid(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(Fault { at: at.into(), problem: problem.into() })
    }

    pub(super) fn too_large(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::TooLarge(Fault { at: at.into(), problem: problem.into() })
    }

    /// From a message of [`super::strict`], which may start with a path.
    pub(super) fn from_message(message: &str) -> Self {
        match message.strip_prefix('.').and_then(|rest| rest.split_once(": ")) {
            Some((at, problem)) => Self::invalid(at, problem),
            None => Self::invalid("", message),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.at, self.problem)
        }
    }
}
