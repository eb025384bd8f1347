//! Version 3: tasks in the register's buffer.

use std::time::Duration;

use outlet_protocols::atol::buffer::{Command, Flags, State, TaskId};
use outlet_protocols::atol::wire3::Event;
use tokio::time::Instant;

use super::refusal;
use super::session::Listen;
use super::wire::{AGAIN, Id, Level, TRIES, Unheard, Wire, busy};
use crate::register::{Line, Trouble};

impl Wire {
    /// Adds a task once and waits for its end. `None`: the register does not know it.
    pub(super) async fn add(
        &mut self,
        line: &mut Line<'_>,
        given: Id,
        task: &[u8],
    ) -> Result<Option<Vec<u8>>, Unheard> {
        let (Id::Any(mut id) | Id::This(mut id)) = given;
        let fixed = matches!(given, Id::This(_));
        // Without "ignore error" a failure would stop all tasks after it.
        let flags = Flags { ignore_error: true, ..Flags::NEED_RESULT };
        let (mut stale, mut aborted) = (0, false);
        let answer = loop {
            self.leave(id);
            drop(self.ended(id));
            let add = Command::Add { flags, id, task: task.to_vec() };
            let (state, again) = self.packet(line, &add).await?;
            if let Some(answer) = state.as_ref().and_then(|state| state.answer_of(id)) {
                break answer.to_vec();
            }
            match state {
                Some(State::Exists) if again => {
                    let why = "it asked for the command again, and has one of its id";
                    return Err(Unheard::Silent(why.to_owned()));
                }
                // Left behind by somebody: it can't be this one, which was sent but once.
                Some(State::Exists) if stale < 8 && !fixed => {
                    stale += 1;
                    id = self.next_id();
                }
                Some(State::Exists | State::Full) => return Err(busy(line).into()),
                Some(State::Illegal(which)) => {
                    let why = format!("the register's buffer refuses parameter {which:?}");
                    return Err(line.lost(why).into());
                }
                // A failure of another host's task holds all that come after it, and nothing runs.
                Some(State::Stopped) if !aborted => {
                    aborted = true;
                    self.command(line, &Command::Abort).await?;
                }
                Some(State::Stopped) => return Err(busy(line).into()),
                Some(State::NotFound) => return Ok(None),
                // It goes on; or silence, after which it is asked for and never added again.
                _ => match self.end_of(line, id).await? {
                    Some(answer) => break answer,
                    None => return Ok(None),
                },
            }
        };
        self.forget(line, id).await?;
        Ok(Some(answer))
    }

    /// Waits for the end of a task: it comes by itself, or is asked for.
    async fn end_of(&mut self, line: &mut Line<'_>, id: TaskId) -> Result<Option<Vec<u8>>, Unheard> {
        let until = Instant::now() + self.work;
        let mut heard = true;
        loop {
            let state = match self.ended(id) {
                Some(state) => state,
                None if heard => {
                    // Listen first: what comes by itself needs no question.
                    heard = false;
                    self.listen(line, Vec::new(), AGAIN).await?;
                    continue;
                }
                None => {
                    heard = true;
                    self.command(line, &Command::Req(id)).await?
                }
            };
            if let Some(answer) = state.answer_of(id) {
                return Ok(Some(answer.to_vec()));
            }
            match state {
                state if state.goes_on() && Instant::now() < until => {}
                state if state.goes_on() => return Err(line.lost("it is still being done").into()),
                _ => return Ok(None),
            }
        }
    }

    /// A command of the buffer that may be repeated: everything but Add.
    pub(super) async fn command(&mut self, line: &mut Line<'_>, command: &Command) -> Result<State, Trouble> {
        for _ in 0..TRIES {
            match self.packet(line, command).await {
                Ok((Some(state), _)) => return Ok(state),
                Ok((None, _)) => self.repeats += 1,
                Err(Unheard::Trouble(trouble)) => return Err(trouble),
                Err(Unheard::Silent(why)) => return Err(line.lost(why)),
            }
        }
        Err(line.lost("no answer: is it on, and do protocol and baud rate fit?"))
    }

    /// Sends one packet. `None`: no answer to it came, or a broken one. And whether the register asked for
    /// it again.
    async fn packet(
        &mut self,
        line: &mut Line<'_>,
        command: &Command,
    ) -> Result<(Option<State>, bool), Unheard> {
        let Level::Three(buffer) = &mut self.level else {
            return Err(Unheard::Silent("this link level has no buffer".to_owned()));
        };
        let packet = buffer.host.send(&command.encode());
        let packet = packet.map_err(|error| Unheard::Trouble(refusal::task(line, error)))?;
        self.listen_to(line, packet, self.answer).await
    }

    async fn listen(&mut self, line: &mut Line<'_>, packet: Vec<u8>, time: Duration) -> Result<(), Unheard> {
        self.listen_to(line, packet, time).await.map(drop)
    }

    async fn listen_to(
        &mut self,
        line: &mut Line<'_>,
        packet: Vec<u8>,
        time: Duration,
    ) -> Result<(Option<State>, bool), Unheard> {
        let Level::Three(buffer) = &mut self.level else {
            return Err(Unheard::Silent("this link level has no buffer".to_owned()));
        };
        let asks = !packet.is_empty();
        let until = Instant::now() + time;
        let (mut packet, mut again) = (packet, false);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut listen = Listen::new(&mut buffer.host, std::mem::take(&mut packet), left);
            let events = line.run(&mut listen).await?;
            let asked = listen.again();
            self.repeats += u64::from(asked);
            again |= asked > 0;
            let silent = events.is_empty();
            let (mut answer, mut damaged, mut told) = (None, false, false);
            for event in events {
                match event {
                    Event::Answer(data) => answer = State::parse(&data).ok(),
                    Event::Async(data) => {
                        buffer.ended.extend(State::parse(&data).ok());
                        told = true;
                    }
                    Event::Damaged(_) => damaged = true,
                    Event::Late(_) | Event::Transmit(_) => {}
                }
            }
            if answer.is_some() || silent || damaged || (told && !asks) {
                self.repeats += u64::from(damaged);
                return Ok((answer, again));
            }
        }
    }

    /// The end of a task that came by itself.
    fn ended(&mut self, id: TaskId) -> Option<State> {
        let Level::Three(buffer) = &mut self.level else { return None };
        let mut ended = std::mem::take(&mut buffer.ended).into_iter();
        ended.find(|state| state.answer_of(id).is_some())
    }

    pub(super) fn leave(&mut self, id: TaskId) {
        if let Level::Three(buffer) = &mut self.level
            && !buffer.left.contains(&id)
        {
            buffer.left.push(id);
        }
    }
}
