//! An open line to a register, as its family uses it.

use crate::driver::JobContext;
use crate::exchange::{Broken, Exchange, Session};
use crate::link::Link;

use super::Trouble;

/// An open line.
pub struct Line<'a> {
    exchange: &'a mut Exchange,
    link: &'a Link,
    cx: Option<&'a dyn JobContext>,
}

impl<'a> Line<'a> {
    /// A line for one job, or without a job.
    pub fn new(exchange: &'a mut Exchange, link: &'a Link, cx: Option<&'a dyn JobContext>) -> Self {
        Self { exchange, link, cx }
    }

    /// Where it leads.
    pub fn link(&self) -> &Link {
        self.link
    }

    /// Runs one conversation to its end.
    ///
    /// # Errors
    /// [`Trouble::Lost`] when the link breaks, [`Trouble::Aborted`].
    pub async fn run<S: Session>(&mut self, session: &mut S) -> Result<S::End, Trouble> {
        self.exchange.run(session, self.cx).await.map_err(|broken| match broken {
            Broken::Aborted => Trouble::Aborted,
            broken => self.lost(broken.to_string()),
        })
    }

    /// That the link broke, with its name.
    pub fn lost(&self, why: impl std::fmt::Display) -> Trouble {
        Trouble::Lost(format!("{}: {why}", self.link))
    }
}
