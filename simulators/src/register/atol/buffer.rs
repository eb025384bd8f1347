//! The buffer of tasks of the low level, version 3.
//!
//! A host puts tasks in; the device does them one after the other and keeps their results until
//! the host acknowledges them. The buffer outlives the link, not the power. Codes and states:
//! `AtolProtocol.h` of Zzzzipper/projects, `Atol3FRConstants.h` and `Atol3FRBaseConstants.h` of
//! AlexObukhoff/TerminalClient, `v3/Command` and `v3/Status` of kurbatov/atol4j.

use std::collections::VecDeque;

/// Bytes of tasks and results that fit in.
const ROOM: usize = 8192;
/// The highest id of a task.
const LAST_TID: u8 = 0xDF;

/// The result is kept and sent.
pub(super) const NEED_RESULT: u8 = 0x01;
/// When it fails, the tasks after it are done all the same.
const IGNORE_ERROR: u8 = 0x02;
/// It may wait for an outside device.
const WAIT_ASYNC: u8 = 0x04;

/// A code that answers a buffer command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A1: waits for its turn.
    Pending,
    /// A2: is being done.
    Running,
    /// A3: done, with its answer when that was asked for.
    Result(Vec<u8>),
    /// A4: failed, with its answer.
    Error(Vec<u8>),
    /// A5: never begun, because one before it failed.
    Stopped(u8),
    /// B1: no room.
    Full,
    /// B2: there is one with this id.
    Exists,
    /// B3: there is none with this id.
    NotFound,
    /// B4: the value with this index is not allowed: 0 flags, 1 id.
    Illegal(u8),
}

impl Answer {
    /// As on the wire.
    pub fn bytes(self) -> Vec<u8> {
        let with = |code: u8, data: Vec<u8>| [vec![code], data].concat();
        match self {
            Self::Pending => vec![0xA1],
            Self::Running => vec![0xA2],
            Self::Result(data) => with(0xA3, data),
            Self::Error(data) => with(0xA4, data),
            Self::Stopped(tid) => vec![0xA5, tid],
            Self::Full => vec![0xB1],
            Self::Exists => vec![0xB2],
            Self::NotFound => vec![0xB3],
            Self::Illegal(index) => vec![0xB4, index],
        }
    }
}

#[derive(Debug)]
struct Task {
    tid: u8,
    flags: u8,
    bytes: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Pending,
    Running,
    Done,
    Failed,
    Stopped,
}

/// What the host is told unasked when a task has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// It failed.
    pub failed: bool,
    /// Whether the host wants to hear of it: it asked for the result, or it failed.
    pub told: bool,
}

/// Tasks in the order they came.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    tasks: VecDeque<Task>,
    /// The task that failed and stopped those after it, until it is acknowledged.
    stopped_by: Option<u8>,
}

impl Buffer {
    /// Puts a task in. What can't be put in is the answer.
    pub fn add(&mut self, flags: u8, tid: u8, bytes: &[u8]) -> Result<(), Answer> {
        if flags & !(NEED_RESULT | IGNORE_ERROR | WAIT_ASYNC) != 0 {
            return Err(Answer::Illegal(0));
        }
        if tid > LAST_TID {
            return Err(Answer::Illegal(1));
        }
        if self.find(tid).is_some() {
            return Err(Answer::Exists);
        }
        if self.tasks.iter().map(|task| task.bytes.len()).sum::<usize>() + bytes.len() > ROOM {
            return Err(Answer::Full);
        }
        let state = if self.stopped_by.is_some() { State::Stopped } else { State::Pending };
        self.tasks.push_back(Task { tid, flags, bytes: bytes.to_vec(), state });
        Ok(())
    }

    /// The task that is being done, or else the next to do, which is being done from now on.
    pub fn turn(&mut self) -> Option<(u8, &[u8])> {
        let at = self
            .tasks
            .iter()
            .position(|task| task.state == State::Running)
            .or_else(|| self.tasks.iter().position(|task| task.state == State::Pending))?;
        let task = self.tasks.get_mut(at)?;
        task.state = State::Running;
        Some((task.tid, &task.bytes))
    }

    /// The task has ended with this answer. One that succeeded and whose result nobody wants is
    /// forgotten.
    pub fn end(&mut self, tid: u8, failed: bool, answer: &[u8]) -> Ended {
        let Some(task) = self.tasks.iter_mut().find(|task| task.tid == tid) else {
            return Ended { failed, told: false };
        };
        let wanted = task.flags & NEED_RESULT != 0;
        task.bytes = if wanted || failed { answer.to_vec() } else { Vec::new() };
        task.state = if failed { State::Failed } else { State::Done };
        if failed && task.flags & IGNORE_ERROR == 0 {
            self.stopped_by = Some(tid);
            for task in &mut self.tasks {
                if task.state == State::Pending {
                    task.state = State::Stopped;
                }
            }
        }
        if !wanted && !failed {
            self.tasks.retain(|task| task.tid != tid);
        }
        Ended { failed, told: wanted || failed }
    }

    /// How a task stands.
    pub fn request(&self, tid: u8) -> Answer {
        let Some(task) = self.find(tid) else { return Answer::NotFound };
        match task.state {
            State::Pending => Answer::Pending,
            State::Running => Answer::Running,
            State::Done => Answer::Result(task.bytes.clone()),
            State::Failed => Answer::Error(task.bytes.clone()),
            State::Stopped => Answer::Stopped(tid),
        }
    }

    /// The host has the result: the task is forgotten. One that hasn't ended stays.
    pub fn acknowledge(&mut self, tid: u8) -> Answer {
        match self.request(tid) {
            answer @ (Answer::Pending | Answer::Running | Answer::NotFound) => answer,
            _ => {
                self.tasks.retain(|task| task.tid != tid);
                self.stopped_by.take_if(|failed| *failed == tid);
                Answer::Result(Vec::new())
            }
        }
    }

    /// Forgets everything, the task being done included.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn find(&self, tid: u8) -> Option<&Task> {
        self.tasks.iter().find(|task| task.tid == tid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_kept_until_it_is_acknowledged() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.add(NEED_RESULT, 2, &[0, 0, 0xA5]), Ok(()));
        assert_eq!(buffer.request(2), Answer::Pending);
        assert_eq!(buffer.turn(), Some((2, [0, 0, 0xA5].as_slice())));
        assert_eq!(buffer.request(2), Answer::Running);
        assert_eq!(buffer.acknowledge(2), Answer::Running);
        assert_eq!(buffer.end(2, false, &[0x55, 0]), Ended { failed: false, told: true });
        assert_eq!(buffer.request(2), Answer::Result(vec![0x55, 0]));
        assert_eq!(buffer.add(NEED_RESULT, 2, &[0]), Err(Answer::Exists));
        assert_eq!(buffer.acknowledge(2), Answer::Result(Vec::new()));
        assert_eq!(buffer.request(2), Answer::NotFound);
    }

    #[test]
    fn a_failure_stops_what_comes_after_it_unless_it_is_to_be_ignored() {
        let mut buffer = Buffer::default();
        for tid in 1..=3 {
            buffer.add(NEED_RESULT, tid, &[tid]).unwrap();
        }
        assert_eq!(buffer.turn().map(|(tid, _)| tid), Some(1));
        buffer.end(1, true, &[0x55, 0x66, 0]);
        assert_eq!(buffer.turn(), None);
        assert_eq!(buffer.request(2), Answer::Stopped(2));
        buffer.acknowledge(1);
        buffer.add(NEED_RESULT, 4, &[4]).unwrap();
        assert_eq!(buffer.turn().map(|(tid, _)| tid), Some(4), "2 and 3 stay stopped");

        let mut buffer = Buffer::default();
        buffer.add(NEED_RESULT | IGNORE_ERROR, 1, &[1]).unwrap();
        buffer.add(NEED_RESULT, 2, &[2]).unwrap();
        buffer.turn();
        buffer.end(1, true, &[]);
        assert_eq!(buffer.turn().map(|(tid, _)| tid), Some(2));
    }

    #[test]
    fn values_that_are_not_allowed_and_too_much_are_refused() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.add(0x08, 1, &[]), Err(Answer::Illegal(0)));
        assert_eq!(buffer.add(0, 0xE0, &[]), Err(Answer::Illegal(1)));
        assert_eq!(buffer.add(0, 1, &vec![0; ROOM]), Ok(()));
        assert_eq!(buffer.add(0, 2, &[0]), Err(Answer::Full));
    }

    #[test]
    fn a_success_that_nobody_asked_for_is_forgotten_and_a_failure_is_not() {
        let mut buffer = Buffer::default();
        buffer.add(IGNORE_ERROR, 1, &[1]).unwrap();
        buffer.turn();
        assert_eq!(buffer.end(1, false, &[0x55]), Ended { failed: false, told: false });
        assert_eq!(buffer.request(1), Answer::NotFound);
        buffer.add(IGNORE_ERROR, 1, &[1]).unwrap();
        buffer.turn();
        assert_eq!(buffer.end(1, true, &[0x55, 0x67, 0]), Ended { failed: true, told: true });
        assert_eq!(buffer.request(1), Answer::Error(vec![0x55, 0x67, 0]));
    }
}
