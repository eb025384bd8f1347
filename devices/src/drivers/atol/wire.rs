//! Tasks over either link level, each done once.
//!
//! A task that only asks may be asked again. One with an effect is sent once: with version 3 what became
//! of it is asked for under its id, and it is never added again; with version 2 nothing can be asked for,
//! and a command that was sent and not answered is lost.

use std::time::Duration;

use outlet_protocols::atol::buffer::{Command, State, TaskId};
use outlet_protocols::atol::task::Task;
use outlet_protocols::atol::wire2;
use outlet_protocols::atol::wire3::{self, CrcOver};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::options::Options;
use super::refusal;
use super::session::{Ended, Handshake, Quiet};
use crate::register::{Line, Refusal, Refused, Trouble};

/// Pause between two questions for a task that goes on.
pub(super) const AGAIN: Duration = Duration::from_millis(250);
/// How often a question that changes nothing is asked.
pub(super) const TRIES: u8 = 3;

/// For so long nothing comes from a register that has stopped offering an answer; it offers it every 500 ms
/// (T6 of protocol 2).
const QUIET: Duration = Duration::from_millis(800);

/// The link level.
pub(super) struct Wire {
    password: u16,
    pub(super) answer: Duration,
    pub(super) work: Duration,
    pub(super) level: Level,
    pub(super) repeats: u64,
}

pub(super) enum Level {
    Three(Buffer),
    Two(Handshakes),
}

pub(super) struct Handshakes {
    host: wire2::Host,
    /// An exchange broke off: the register may still offer the answer to an older command.
    unsettled: bool,
}

pub(super) struct Buffer {
    crc: CrcOver,
    pub(super) host: wire3::Host,
    /// The id of the next task.
    next: TaskId,
    /// Tasks whose end was not heard, or not acknowledged.
    pub(super) left: Vec<TaskId>,
    /// Ends that came by themselves.
    pub(super) ended: Vec<State>,
}

/// The id of a task that is to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    /// This one, or the next where somebody has left a task of this id.
    Any(TaskId),
    /// This one and no other: it is on disk.
    This(TaskId),
}

/// What the register knows of a task of an earlier time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recalled {
    /// Its answer.
    Answer(Vec<u8>),
    /// It was never begun, because one before it failed.
    Stopped,
    /// Nothing: it did not arrive, or was lost with the power; or the link level keeps nothing.
    Nothing,
}

impl Wire {
    pub(super) fn new(options: &Options) -> Self {
        let crc = CrcOver::from(options.crc);
        let level = match options.protocol {
            2 => Level::Two(Handshakes { host: wire2::Host::default(), unsettled: true }),
            _ => Level::Three(Buffer {
                crc,
                host: wire3::Host::new(0, crc),
                next: TaskId::FIRST,
                left: Vec::new(),
                ended: Vec::new(),
            }),
        };
        let (answer, work) = (options.answer(), options.work());
        Self { password: options.password, answer, work, level, repeats: 0 }
    }

    /// The line is new. What the register still does or holds is left alone.
    pub(super) fn renew(&mut self) {
        self.repeats = 0;
        match &mut self.level {
            Level::Three(buffer) => {
                buffer.host = wire3::Host::new(buffer.host.next_id(), buffer.crc);
                buffer.ended.clear();
            }
            Level::Two(handshakes) => handshakes.unsettled = true,
        }
    }

    /// What the link has been like.
    pub(super) fn quality(&self) -> Value {
        json!({"repeats": self.repeats})
    }

    /// Asks; again where the answer is lost.
    pub(super) async fn ask(&mut self, line: &mut Line<'_>, task: &Task) -> Result<Vec<u8>, Trouble> {
        let bytes = self.encode(line, task)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let asked = match &self.level {
                Level::Three(_) => {
                    let id = self.next_id();
                    self.add(line, Id::Any(id), &bytes).await
                }
                Level::Two(_) => self.shake_hands(line, &bytes, task.answer_within()).await,
            };
            match asked {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) | Err(Unheard::Silent(_)) if tries < TRIES => self.repeats += 1,
                Ok(None) => return Err(line.lost("the register has not kept a question")),
                Err(Unheard::Silent(why)) => return Err(line.lost(why)),
                Err(Unheard::Trouble(trouble)) => return Err(trouble),
            }
        }
    }

    /// Does something once.
    ///
    /// # Errors
    /// [`Trouble::Lost`] where it may have been done.
    pub(super) async fn act(&mut self, line: &mut Line<'_>, task: &Task) -> Result<Vec<u8>, Trouble> {
        let id = Id::Any(self.next_id());
        self.once(line, task, id).await
    }

    /// The same under an id from [`reserve`](Self::reserve), which is on disk.
    pub(super) async fn act_as(
        &mut self,
        line: &mut Line<'_>,
        task: &Task,
        id: Option<TaskId>,
    ) -> Result<Vec<u8>, Trouble> {
        match id {
            Some(id) => self.once(line, task, Id::This(id)).await,
            None => self.act(line, task).await,
        }
    }

    /// An id that no task in the register has, so that what is asked for under it later is the task that
    /// will be given it. `None` where the link level has no ids.
    pub(super) async fn reserve(&mut self, line: &mut Line<'_>) -> Result<Option<TaskId>, Trouble> {
        if matches!(self.level, Level::Two(_)) {
            return Ok(None);
        }
        for _ in 0..=TaskId::LAST.get() {
            let id = self.next_id();
            match self.command(line, &Command::Req(id)).await? {
                State::NotFound => return Ok(Some(id)),
                State::Pending | State::Running | State::Waiting => {}
                _ => drop(self.command(line, &Command::Ack(id)).await?),
            }
        }
        Err(line.lost("the register's buffer is full of tasks"))
    }

    async fn once(&mut self, line: &mut Line<'_>, task: &Task, id: Id) -> Result<Vec<u8>, Trouble> {
        let bytes = self.encode(line, task)?;
        let done = match &self.level {
            Level::Three(_) => self.add(line, id, &bytes).await,
            Level::Two(_) => self.shake_hands(line, &bytes, task.answer_within()).await,
        };
        let command = task.command();
        match done {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(line.lost(format_args!(
                "command {command:02X}: the register does not know it: it did not arrive, or the power failed"
            ))),
            Err(Unheard::Silent(why)) => Err(line.lost(format_args!("command {command:02X}: {why}"))),
            Err(Unheard::Trouble(trouble)) => Err(trouble),
        }
    }

    /// Asks for the end of a task that was added before the line was lost, and waits for it.
    pub(super) async fn recall(&mut self, line: &mut Line<'_>, id: TaskId) -> Result<Recalled, Trouble> {
        if matches!(self.level, Level::Two(_)) {
            return Ok(Recalled::Nothing);
        }
        let until = Instant::now() + self.work;
        loop {
            match self.command(line, &Command::Req(id)).await? {
                State::Done(answer) | State::Failed(answer) => return Ok(Recalled::Answer(answer)),
                State::Stopped => return Ok(Recalled::Stopped),
                state if state.goes_on() && Instant::now() < until => sleep(AGAIN).await,
                state if state.goes_on() => return Err(busy(line)),
                _ => return Ok(Recalled::Nothing),
            }
        }
    }

    /// Lets the register forget a task.
    pub(super) async fn forget(&mut self, line: &mut Line<'_>, id: TaskId) -> Result<(), Trouble> {
        if let Level::Three(buffer) = &mut self.level {
            buffer.left.retain(|left| *left != id);
            self.command(line, &Command::Ack(id)).await?;
        }
        Ok(())
    }

    /// Lets the register forget the tasks whose end was not heard: what became of them is settled.
    pub(super) async fn forget_left(&mut self, line: &mut Line<'_>) -> Result<(), Trouble> {
        let left = match &mut self.level {
            Level::Three(buffer) => std::mem::take(&mut buffer.left),
            Level::Two(_) => Vec::new(),
        };
        for id in left {
            self.command(line, &Command::Ack(id)).await?;
        }
        Ok(())
    }

    fn encode(&self, line: &Line<'_>, task: &Task) -> Result<Vec<u8>, Trouble> {
        task.encode(self.password).map_err(|error| refusal::task(line, error))
    }

    pub(super) fn next_id(&mut self) -> TaskId {
        match &mut self.level {
            Level::Three(buffer) => {
                let id = buffer.next;
                buffer.next = id.next();
                id
            }
            Level::Two(_) => TaskId::FIRST,
        }
    }

    /// One command over version 2. One that was not taken is offered again while the register says that it
    /// has no time.
    async fn shake_hands(
        &mut self,
        line: &mut Line<'_>,
        task: &[u8],
        within: Duration,
    ) -> Result<Option<Vec<u8>>, Unheard> {
        let until = Instant::now() + self.work;
        let within = within.min(self.work);
        loop {
            let Level::Two(shaking) = &mut self.level else {
                return Err(Unheard::Silent("this link level has no handshake".to_owned()));
            };
            if shaking.unsettled {
                line.run(&mut Quiet::new(QUIET, self.work)).await?;
            }
            // An answer doesn't say what it answers: one that is left must not be taken for the next.
            shaking.unsettled = true;
            let begun = shaking.host.send(task, within);
            let begun = begun.map_err(|error| Unheard::Trouble(refusal::task(line, error)))?;
            let Ended { answer, refusals } = line.run(&mut Handshake::new(&mut shaking.host, begun)).await?;
            shaking.unsettled = answer.as_ref().is_err_and(|failure| failure.may_have_effect());
            self.repeats += u64::from(refusals);
            match answer {
                Ok(answer) => return Ok(Some(answer)),
                Err(failure) if failure.may_have_effect() => {
                    return Err(Unheard::Silent(failure.to_string()));
                }
                Err(_) if refusals > 0 && Instant::now() < until => {}
                Err(failure) => return Err(line.lost(failure).into()),
            }
        }
    }
}

/// Why the end of a task is not known.
pub(super) enum Unheard {
    /// Nothing was heard of it.
    Silent(String),
    /// Anything else.
    Trouble(Trouble),
}

impl From<Trouble> for Unheard {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

pub(super) fn busy(line: &Line<'_>) -> Trouble {
    let message = format!("{}: the register is busy with other tasks", line.link());
    Trouble::Refused(Refused { class: Refusal::Busy, message, said: Value::Null })
}
