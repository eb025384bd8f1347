//! Waiting for cards: PC/SC waits by blocking, so it has a thread of its own for each reader.

use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use outlet_protocols::card::rfid::Uid;
use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, State};
use tokio::sync::mpsc;

use super::name::Name;
use super::problem::Problem;
use super::service::{Asked, ask, greet, names};

/// What a thread tells, in this order: the reader, what lies on it, each change of that, and its own end.
#[derive(Debug)]
pub(super) enum Seen {
    /// The reader was found; its whole name.
    Reader(String),
    /// Nothing lies on it. Told between two cards also where they were exchanged too fast to be seen apart.
    Empty,
    /// A card was put on.
    Card(Uid),
    /// A card was put on that tells no number, and why.
    Unreadable(String),
    /// There will be no more.
    Ended(Problem),
}

/// A thread that waits. Dropped, it ends: at once where pcscd answers, else as soon as it does.
pub(super) struct Watch {
    seen: mpsc::Receiver<Seen>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    context: OnceLock<Context>,
}

/// Changes that wait to be taken; the thread waits when there are more.
const WAITING: usize = 16;

/// For how long PC/SC is asked to wait.
const WAIT: Duration = Duration::from_secs(5);

/// The same where another program has the reader for itself: pcscd wakes nobody when it lets go.
const WAIT_FOR_OTHERS: Duration = Duration::from_millis(250);

/// From one order to end the wait to the next: one that comes while the thread does not wait is lost.
const CANCEL_AGAIN: Duration = Duration::from_millis(20);

impl Watch {
    /// Begins to wait.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(wanted: Name) -> io::Result<Self> {
        let (tell, seen) = mpsc::channel(WAITING);
        let shared = Arc::new(Shared::default());
        let watching = Watching { wanted, tell, shared: shared.clone() };
        let thread = thread::Builder::new().name("pcsc-reader".to_owned()).spawn(move || watching.run())?;
        Ok(Self { seen, shared, thread: Some(thread) })
    }

    /// What comes next. Cancel-safe.
    pub async fn next(&mut self) -> Seen {
        self.seen.recv().await.unwrap_or(Seen::Ended(Problem::Silent))
    }

    /// What is there already.
    pub fn try_next(&mut self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // Without a session the thread does not wait for cards, and with one it has ended by itself at the latest
        // after `WAIT`. Cancelling is a question to pcscd like any other, which blocks where pcscd hangs.
        if let (Some(context), Some(thread)) = (self.shared.context.get().cloned(), self.thread.take()) {
            let cancel = move || {
                while !thread.is_finished() {
                    if let Err(error) = context.cancel() {
                        tracing::debug!(%error, "the wait for cards was not cancelled, and ends by itself");
                        return;
                    }
                    thread::sleep(CANCEL_AGAIN);
                }
            };
            drop(thread::Builder::new().name("pcsc-cancel".to_owned()).spawn(cancel));
        }
    }
}

/// The thread's side.
struct Watching {
    wanted: Name,
    tell: mpsc::Sender<Seen>,
    shared: Arc<Shared>,
}

/// Why a thread ends.
enum End {
    /// Nobody listens any more.
    Dropped,
    Problem(Problem),
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Watching {
    fn run(self) {
        let Err(end) = self.watch();
        if let End::Problem(problem) = end {
            // Nobody may be there to hear it.
            drop(self.tell(Seen::Ended(problem)));
        }
    }

    fn watch(&self) -> Result<Infallible, End> {
        let context = greet()?;
        // Set once: a thread has one session.
        drop(self.shared.context.set(context.clone()));
        let readers = names(&context)?;
        let reader = self.wanted.find(&readers)?;
        self.tell(Seen::Reader(reader.to_owned()))?;
        let name = CString::new(reader).map_err(|_| Problem::Other(Error::InvalidValue))?;
        let unplugged = || Problem::Unplugged(reader.to_owned());
        // The second one is told when readers come and go.
        let mut states =
            [name.as_c_str(), PNP_NOTIFICATION()].map(|name| ReaderState::new(name, State::UNAWARE));
        let mut slot = Slot::Unknown;
        loop {
            if self.shared.ended.load(Ordering::Acquire) {
                return Err(End::Dropped);
            }
            let wait = if let Slot::Taken(_) = slot { WAIT_FOR_OTHERS } else { WAIT };
            match context.get_status_change(wait, &mut states) {
                Ok(()) => {}
                Err(Error::Timeout | Error::Cancelled) => continue,
                Err(Error::UnknownReader) => return Err(unplugged().into()),
                Err(error) => return Err(Problem::of(error).into()),
            }
            let [reader, plugged] = &mut states;
            if plugged.event_state().contains(State::CHANGED)
                && !names(&context)?.iter().any(|there| there.as_bytes() == name.as_bytes())
            {
                return Err(unplugged().into());
            }
            reader.sync_current_state();
            plugged.sync_current_state();
            let state = reader.event_state();
            if state.intersects(State::UNKNOWN | State::UNAVAILABLE) {
                return Err(unplugged().into());
            }
            if state.contains(State::EMPTY) {
                self.empty(&mut slot)?;
            } else if state.contains(State::PRESENT) {
                slot = self.present(slot, reader, &context)?;
            }
        }
    }

    fn empty(&self, slot: &mut Slot) -> Result<(), End> {
        match std::mem::replace(slot, Slot::Empty) {
            Slot::Empty => Ok(()),
            _ => self.tell(Seen::Empty),
        }
    }

    /// PC/SC counts how often cards came and went: by that a card is known that took another's place unseen.
    fn present(&self, mut slot: Slot, reader: &ReaderState, context: &Context) -> Result<Slot, End> {
        let (count, state) = (reader.event_count(), reader.event_state());
        let mut waits = false;
        match slot {
            Slot::Card(known) if known == count => return Ok(slot),
            Slot::Taken(known) if known == count && state.contains(State::EXCLUSIVE) => return Ok(slot),
            Slot::Taken(known) if known == count => waits = true,
            Slot::Card(_) | Slot::Taken(_) => self.empty(&mut slot)?,
            Slot::Unknown | Slot::Empty => {}
        }
        match ask(context, reader.name()) {
            Asked::Uid(uid) => self.tell(Seen::Card(uid))?,
            Asked::Unreadable(why) => self.tell(Seen::Unreadable(why))?,
            Asked::Taken => {
                if !waits {
                    self.tell(Seen::Unreadable(TAKEN.to_owned()))?;
                }
                return Ok(Slot::Taken(count));
            }
            Asked::Ended(problem) => return Err(problem.into()),
        }
        Ok(Slot::Card(count))
    }

    fn tell(&self, seen: Seen) -> Result<(), End> {
        self.tell.blocking_send(seen).map_err(|_| End::Dropped)
    }
}

/// What lies on the reader, and PC/SC's count of that moment.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Unknown,
    Empty,
    /// A card that was told, read or not.
    Card(u32),
    /// A card that another program has for itself: it is read when that program lets go.
    Taken(u32),
}

const TAKEN: &str = "another program has the reader for itself; the card is read when it lets go";
