//! What can be wrong with a task.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

/// Why a task isn't given to a register, with every problem that was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TaskError {
    /// No register would take it: the sender has to correct it.
    #[error("{0}")]
    Rejected(Problems),
    /// Right in itself, but not what this register can do.
    #[error("{0}")]
    Unsupported(Problems),
}

/// What an intake decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskErrorKind {
    /// The sender has to correct it.
    Rejected,
    /// The sender has to do without it, or send it to another register.
    Unsupported,
}

/// One problem at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Path of the field such as `items[2].tax.type`; empty for the task itself.
    pub at: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do about it; empty where `wrong` says it.
    pub remedy: String,
}

impl TaskError {
    /// What to decide on.
    pub fn kind(&self) -> TaskErrorKind {
        match self {
            Self::Rejected(_) => TaskErrorKind::Rejected,
            Self::Unsupported(_) => TaskErrorKind::Unsupported,
        }
    }

    /// Every problem that was found, in the order of the task's fields.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Rejected(problems) | Self::Unsupported(problems) => &problems.0,
        }
    }

    /// For a driver that knows more than its abilities say.
    pub fn unsupported(at: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Unsupported(Problems(vec![Problem::new(at, wrong, remedy)]))
    }

    pub(super) fn rejected(problem: Problem) -> Self {
        Self::Rejected(Problems(vec![problem]))
    }

    /// From a message of [`super::strict`], which may start with a path.
    pub(super) fn from_message(message: &str) -> Self {
        Self::rejected(match message.strip_prefix('.').and_then(|rest| rest.split_once(": ")) {
            Some((at, wrong)) => Problem::new(at, wrong, ""),
            None => Problem::new("", message, ""),
        })
    }
}

impl Problem {
    pub(super) fn new(at: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at: at.into(), wrong: wrong.into(), remedy: remedy.into() }
    }
}

impl Problems {
    /// `None` where there are none.
    pub(super) fn of(problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self(problems))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(&self.wrong)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problems {
    /// The first three, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        for (index, problem) in self.0.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{problem}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " | and {more} more"),
        }
    }
}
