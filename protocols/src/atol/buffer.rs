//! The task buffer: what packets of version 3 carry.
//!
//! A task is put into the buffer under an id of the host's choice, runs, and its result stays there
//! until it is acknowledged. After a lost link the same id is asked for: that is how nothing is done
//! twice. Codes: kurbatov/atol4j (`Command`, `Status`), AlexObukhoff/TerminalClient
//! (`Atol3FRConstants`, `Atol3FRBaseConstants`).
//!
//! [`Command::Abort`] kills what runs and forgets what has not been fetched.

use thiserror::Error;

/// The id of a task: 00 to DF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(u8);

impl TaskId {
    /// The first id.
    pub const FIRST: Self = Self(0);
    /// The last id.
    pub const LAST: Self = Self(0xdf);

    /// An id; `None` above DF.
    pub fn new(id: u8) -> Option<Self> {
        (id <= Self::LAST.0).then_some(Self(id))
    }

    /// The id after this one; 00 after DF.
    pub fn next(self) -> Self {
        if self == Self::LAST { Self::FIRST } else { Self(self.0 + 1) }
    }

    /// The byte.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// How a task is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Bit 0: keep the result until it is acknowledged. Without it nobody can ask for it later.
    pub need_result: bool,
    /// Bit 1: go on although an earlier task failed.
    pub ignore_error: bool,
    /// Bit 2: wait for data of an external device.
    pub wait_async: bool,
}

impl Flags {
    /// What a task with an effect is sent with.
    pub const NEED_RESULT: Self = Self { need_result: true, ignore_error: false, wait_async: false };

    fn byte(self) -> u8 {
        u8::from(self.need_result) | u8::from(self.ignore_error) << 1 | u8::from(self.wait_async) << 2
    }
}

/// What the host says to the buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// C1: put a task into the buffer.
    Add {
        /// How it runs.
        flags: Flags,
        /// Its id; [`State::Exists`] when it is taken.
        id: TaskId,
        /// Password and command, as [`super::task::Task::encode`] makes them.
        task: Vec<u8>,
    },
    /// C2: the result has been read and can go.
    Ack(TaskId),
    /// C3: what became of this task?
    Req(TaskId),
    /// C4: end everything and empty the buffer.
    Abort,
}

impl Command {
    /// The data of the packet.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Add { flags, id, task } => [&[0xc1, flags.byte(), id.0], task.as_slice()].concat(),
            Self::Ack(id) => vec![0xc2, id.0],
            Self::Req(id) => vec![0xc3, id.0],
            Self::Abort => vec![0xc4],
        }
    }
}

/// What the buffer says of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A1: in the buffer, its turn has not come.
    Pending,
    /// A2: being done.
    Running,
    /// A3: done; its answer. After Ack and Abort there is none.
    Done(Vec<u8>),
    /// A4: failed; its answer.
    Failed(Vec<u8>),
    /// A5: not done, because one before it failed.
    Stopped,
    /// A6: the task of this id is done; its answer.
    AsyncDone(TaskId, Vec<u8>),
    /// A7: the task of this id failed; its answer.
    AsyncFailed(TaskId, Vec<u8>),
    /// A8: waits for data of an external device.
    Waiting,
    /// B1: no room in the buffer: the task was not taken.
    Full,
    /// B2: a task of this id is in the buffer. After a doubt it is one's own.
    Exists,
    /// B3: no task of this id: not accepted, acknowledged, or lost with the power.
    NotFound,
    /// B4: a parameter that can't be; 0 is the flags, 1 the id.
    Illegal(Option<u8>),
}

/// Bytes that are no state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StateError {
    /// Nothing at all.
    #[error("the register's packet is empty")]
    Empty,
    /// A code that is no state.
    #[error("{0:02x} is no state of a task")]
    Unknown(u8),
    /// An asynchronous state that doesn't say of which task.
    #[error("state {0:02x} names no task")]
    NoTask(u8),
}

impl State {
    /// Reads a packet's data.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn parse(data: &[u8]) -> Result<Self, StateError> {
        let (&code, rest) = data.split_first().ok_or(StateError::Empty)?;
        let asynchronous = || match rest.split_first() {
            Some((&id, answer)) if id <= TaskId::LAST.0 => Ok((TaskId(id), answer.to_vec())),
            _ => Err(StateError::NoTask(code)),
        };
        Ok(match code {
            0xa1 => Self::Pending,
            0xa2 => Self::Running,
            0xa3 => Self::Done(rest.to_vec()),
            0xa4 => Self::Failed(rest.to_vec()),
            0xa5 => Self::Stopped,
            0xa6 => asynchronous().map(|(id, answer)| Self::AsyncDone(id, answer))?,
            0xa7 => asynchronous().map(|(id, answer)| Self::AsyncFailed(id, answer))?,
            0xa8 => Self::Waiting,
            0xb1 => Self::Full,
            0xb2 => Self::Exists,
            0xb3 => Self::NotFound,
            0xb4 => Self::Illegal(rest.first().copied()),
            _ => return Err(StateError::Unknown(code)),
        })
    }

    /// The answer of this task, once it has ended: its own state, or an asynchronous one of its id.
    pub fn answer_of(&self, task: TaskId) -> Option<&[u8]> {
        match self {
            Self::Done(answer) | Self::Failed(answer) => Some(answer),
            Self::AsyncDone(id, answer) | Self::AsyncFailed(id, answer) if *id == task => Some(answer),
            _ => None,
        }
    }

    /// Whether the task goes on: wait, and ask again.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Waiting)
    }
}
