//! Asking a register, and waiting while it can't.

use std::time::Duration;

use outlet_protocols::shtrih::command::{
    AnswerError, ContinuePrint, Effect, Fields, Flags, ParameterError, Passwords, Request, ShortStatus,
    ShortStatusAnswer, Submode, Truncated,
};
use outlet_protocols::shtrih::refusal::{Class, Memory, Refusal as Said};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::family::Shtrih;
use super::refused;
use super::wire::Sent;
use crate::driver::{JobContext, Waiting};
use crate::register::{Line, Trouble};

/// Pause before a register that still prints, or has no paper, is asked again.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a register may refuse a command because it prints.
const PRINTS: Duration = Duration::from_secs(180);

/// An open line, and the job that it is used for.
pub struct Desk<'a, 'l> {
    /// The line.
    pub line: &'a mut Line<'l>,
    /// Where a job is told that it waits; without it nothing waits for paper.
    pub cx: Option<&'a dyn JobContext>,
}

/// A command that is made already, so that commands of different kinds can stand in one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    code: u16,
    bytes: Vec<u8>,
    within: Duration,
    effect: Effect,
}

impl Made {
    /// A command with its parameters.
    ///
    /// # Errors
    /// The first parameter that its field can't hold.
    pub fn new<R: Request>(request: &R, passwords: Passwords) -> Result<Self, ParameterError> {
        Ok(Self {
            code: request.code(),
            bytes: request.bytes(passwords)?,
            within: request.timeout(),
            effect: request.effect(),
        })
    }
}

impl Shtrih {
    /// Does a command, and waits where the register prints or has no paper.
    pub(super) async fn ask<R: Request + Sync>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        request: &R,
    ) -> Result<R::Answer, Trouble> {
        let made =
            Made::new(request, self.setup.passwords).map_err(|error| refused::by_codec(desk.line, &error))?;
        self.ask_made(desk, &made, |bytes| request.answer(bytes)).await
    }

    /// The same with the password of the administrator in place of the operator's.
    pub(super) async fn ask_as_administrator<R: Request + Sync>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        request: &R,
    ) -> Result<R::Answer, Trouble> {
        let administrator = self.setup.passwords.administrator;
        let passwords = Passwords { operator: administrator, administrator };
        let made = Made::new(request, passwords).map_err(|error| refused::by_codec(desk.line, &error))?;
        self.ask_made(desk, &made, |bytes| request.answer(bytes)).await
    }

    /// Does a command of which only matters that it was done.
    pub(super) async fn tell(&mut self, desk: &mut Desk<'_, '_>, made: &Made) -> Result<(), Trouble> {
        self.ask_made(desk, made, |bytes| is_done(made.code, bytes)).await
    }

    /// Does the command that makes a document, or moves money. On level 2.0 its number is on disk before.
    /// Cash is not moved again after a refusal for the sake of paper: nothing would show that it went twice.
    pub(super) async fn commit<R: Request + Sync>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        request: &R,
        attempt: &dyn JobContext,
    ) -> Result<R::Answer, Trouble> {
        self.commit_noted(desk, request, attempt, None).await
    }

    /// The same where the number that it will have is on disk already, if it was foreseen rightly.
    pub(super) async fn commit_noted<R: Request + Sync>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        request: &R,
        attempt: &dyn JobContext,
        mut noted: Option<u16>,
    ) -> Result<R::Answer, Trouble> {
        let made =
            Made::new(request, self.setup.passwords).map_err(|error| refused::by_codec(desk.line, &error))?;
        let begun = Instant::now();
        loop {
            let number = self.wire.reserve(desk.line).await?;
            if number != noted {
                note_number(attempt, number, made.code).await?;
                noted = number;
            }
            let answer = self.exchange(desk, &made, number).await?;
            match request.answer(&answer) {
                Ok(answer) => return Ok(answer),
                Err(
                    error @ AnswerError::Refused(Said { class: Class::Paper | Class::ContinuePrint, .. }),
                ) if matches!(made.code, 0x50 | 0x51) => {
                    return Err(self.trouble(desk, error));
                }
                Err(error) => self.bear(desk, error, begun).await?,
            }
        }
    }

    /// The short status, without any waiting.
    pub(super) async fn status(&mut self, desk: &mut Desk<'_, '_>) -> Result<ShortStatusAnswer, Trouble> {
        self.once(desk, &ShortStatus).await
    }

    /// Does a command once, whatever the register says.
    pub(super) async fn once<R: Request + Sync>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        request: &R,
    ) -> Result<R::Answer, Trouble> {
        let made =
            Made::new(request, self.setup.passwords).map_err(|error| refused::by_codec(desk.line, &error))?;
        let answer = self.exchange(desk, &made, None).await?;
        request.answer(&answer).map_err(|error| self.trouble(desk, error))
    }

    async fn ask_made<T>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        made: &Made,
        read: impl Fn(&[u8]) -> Result<T, AnswerError> + Send,
    ) -> Result<T, Trouble> {
        let begun = Instant::now();
        loop {
            let answer = self.exchange(desk, made, None).await?;
            match read(&answer) {
                Ok(answer) => return Ok(answer),
                Err(error) => self.bear(desk, error, begun).await?,
            }
        }
    }

    async fn exchange(
        &mut self,
        desk: &mut Desk<'_, '_>,
        made: &Made,
        number: Option<u16>,
    ) -> Result<Vec<u8>, Trouble> {
        let sent = Sent { command: &made.bytes, within: made.within, effect: made.effect, number };
        self.wire.exchange(desk.line, sent).await
    }

    /// Waits until what was refused can be sent again: the register has not executed it. Any other refusal
    /// is an error.
    async fn bear(
        &mut self,
        desk: &mut Desk<'_, '_>,
        error: AnswerError,
        begun: Instant,
    ) -> Result<(), Trouble> {
        let class = match &error {
            AnswerError::Refused(said) => Some(said.class),
            _ => None,
        };
        match class {
            Some(Class::Printing) if begun.elapsed() < PRINTS => self.until_quiet(desk, begun).await,
            Some(Class::ContinuePrint) if begun.elapsed() < PRINTS => {
                self.once(desk, &ContinuePrint).await.map(drop)
            }
            Some(Class::Paper) if desk.cx.is_some() => self.until_paper(desk).await,
            _ => Err(self.trouble(desk, error)),
        }
    }

    async fn until_quiet(&mut self, desk: &mut Desk<'_, '_>, begun: Instant) -> Result<(), Trouble> {
        loop {
            pause(desk.cx, AGAIN).await?;
            let status = self.status(desk).await?;
            let prints = matches!(status.submode, Submode::Printing | Submode::PrintingReport);
            if !prints || begun.elapsed() > PRINTS {
                return Ok(());
            }
        }
    }

    async fn until_paper(&mut self, desk: &mut Desk<'_, '_>) -> Result<(), Trouble> {
        let Some(cx) = desk.cx else { return Ok(()) };
        let mut told = None;
        loop {
            let status = self.status(desk).await?;
            let obstacle = obstacle(status.submode, status.flags);
            match (status.submode, &obstacle) {
                (Submode::ContinuePrint, None) => self.once(desk, &ContinuePrint).await.map(drop)?,
                (_, None) => break,
                (_, Some(_)) => {}
            }
            if obstacle.is_some() && told != obstacle {
                cx.waiting(obstacle.clone());
                told = obstacle;
            }
            pause(desk.cx, AGAIN).await?;
        }
        if told.is_some() {
            cx.waiting(None);
        }
        Ok(())
    }

    /// What an answer without fields means.
    pub(super) fn trouble(&self, desk: &Desk<'_, '_>, error: AnswerError) -> Trouble {
        match error {
            AnswerError::Refused(said) if !self.setup.model.storage => {
                let said = Said::with_memory(said.command, said.code, Memory::Older);
                refused::by_register(desk.line, said)
            }
            AnswerError::Refused(said) => refused::by_register(desk.line, said),
            other => desk.line.lost(other),
        }
    }
}

/// Why nothing can be printed.
pub(super) fn obstacle(submode: Submode, flags: Flags) -> Option<Waiting> {
    let (code, message) = match submode {
        Submode::NoPaper | Submode::PaperEnded if flags.cover_open() => {
            ("cover-open", "the cover is open: close it")
        }
        Submode::NoPaper | Submode::PaperEnded => ("paper-out", "the paper has ended: put in a new roll"),
        _ => return None,
    };
    Some(Waiting { code: code.to_owned(), message: message.to_owned() })
}

/// Sleeps, unless the agent is told to end.
pub(super) async fn pause(cx: Option<&dyn JobContext>, time: Duration) -> Result<(), Trouble> {
    let Some(cx) = cx else {
        sleep(time).await;
        return Ok(());
    };
    tokio::select! {
        () = sleep(time) => Ok(()),
        () = cx.aborted() => Err(Trouble::Aborted),
    }
}

/// Whether a command was done, whatever else its answer says.
fn is_done(code: u16, bytes: &[u8]) -> Result<(), AnswerError> {
    Plain(code).answer(bytes)
}

/// A command of which only the code is known.
struct Plain(u16);

impl Request for Plain {
    type Answer = ();

    fn code(&self) -> u16 {
        self.0
    }

    fn effect(&self) -> Effect {
        Effect::Fiscal
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<(), Truncated> {
        Ok(())
    }
}

/// Puts on disk under which number a command with an effect goes out; on level 1 there is none.
pub(super) async fn note_number(
    attempt: &dyn JobContext,
    number: Option<u16>,
    code: u16,
) -> Result<(), Trouble> {
    let Some(number) = number else { return Ok(()) };
    let note = json!({"link": {"number": number, "command": format!("{code:02X}")}});
    attempt.note(note).await.map_err(Trouble::NotNoted)
}
