//! How a command ends other than well.

use std::io;
use std::process::ExitCode;

/// The exit codes of the program; 69 and 78 are `EX_UNAVAILABLE` and `EX_CONFIG` of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Ok = 0,
    /// The job or request ended badly, or its outcome is uncertain.
    Bad = 1,
    /// Wrong usage.
    Usage = 2,
    /// The broker or the agent can't be reached.
    Unreachable = 69,
    /// The configuration is wrong.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not end well. Its message says what happened, where, and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    message: Option<String>,
}

impl Failure {
    /// The job or request ended badly.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(Exit::Bad, message)
    }

    /// The arguments make no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The broker or the agent can't be reached.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, message)
    }

    /// The configuration is wrong.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, message)
    }

    /// All that is to be said was already printed.
    pub(crate) fn said(exit: Exit) -> Self {
        Self { exit, message: None }
    }

    /// With which code the program ends.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What is to be printed, if anything.
    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(message.into()) }
    }
}

/// Output that can't be written. A reader that went away, as `head` does, is no failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::said(Exit::Ok),
            _ => Self::bad(format!("the output can't be written: {error}")),
        }
    }
}
