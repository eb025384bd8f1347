//! What can be done to a printer, and what it reports of its life.

use std::time::Instant;

use super::realtime::RealTime;

/// Something done to the printer from outside, as a script or a clumsy waiter would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The near-end sensor sees little paper.
    PaperNearEnd,
    /// The roll is at its end now.
    PaperOut,
    /// The roll ends after so many more lines; each feed of paper counts as one.
    PaperOutAfterLines(u32),
    /// The roll ends in the middle of the line that follows so many more lines: its upper half is
    /// on the old roll, and the whole line is printed again on the new one.
    PaperOutMidLine(u32),
    /// A new roll: printing goes on from the buffer by itself.
    NewRoll,
    /// The cover is opened; printing stops.
    CoverOpen,
    /// The cover is closed; printing goes on.
    CoverClose,
    /// The next cut jams: a recoverable error that stays after [`Fault::CutterClear`] until
    /// `DLE ENQ 1` or `DLE ENQ 2` (Star: until the jam is cleared).
    CutterJam,
    /// The jam's cause is removed.
    CutterClear,
    /// An error that only power off and on clears.
    UnrecoverableError,
    /// The drawer's sensor (connector pin 3) goes high.
    DrawerOpen,
    /// The drawer's sensor goes low.
    DrawerClosed,
    /// The feed button is pressed once.
    FeedButton,
    /// Data is taken from the buffer at so many bytes per second.
    SlowDrain(u32),
    /// Data is taken as fast as possible.
    FastDrain,
    /// Everything is accepted and printed, nothing is answered.
    Silence,
    /// Answers come again.
    Speak,
    /// Connections are refused, and the one that is open is closed.
    RefuseConnections,
    /// Connections are accepted again.
    AcceptConnections,
    /// The link is cut now. What was received stays in the buffer and is printed.
    CutLink,
    /// The link is cut once so many more bytes have been received; later ones are lost.
    CutLinkAfter(u64),
    /// The next so many job replies are swallowed: process ids, `GS r`, Star's ETB status.
    LoseReplies(u32),
    /// All job replies are swallowed.
    LoseAllReplies,
    /// Job replies come again.
    KeepReplies,
    /// The next so many answers to `DLE EOT` are bytes that no status can be.
    GarbleStatus(u32),
    /// Power fails: buffers, settings and the connection are gone.
    PowerOff,
    /// Power fails once so many more bytes have been received.
    PowerOffAfter(u64),
    /// Power is back; `3B 31 00` goes to the first host that connects.
    PowerOn,
    /// The cable is pulled. Pty: the path is removed and readers get an error. TCP: refused.
    Unplug,
    /// The cable is plugged in again: the path is there again, with a new device behind it.
    Replug,
}

/// Something that happened to the printer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A host connected.
    Connected {
        /// When.
        at: Instant,
    },
    /// The host went, or was cut off.
    Disconnected {
        /// When.
        at: Instant,
    },
    /// A document put its first content on a blank piece of paper.
    FirstByte {
        /// When the document's first byte arrived (see [`Paper::first_byte`](super::Paper)).
        at: Instant,
    },
    /// Everything before this process id is on paper.
    ProcessId {
        /// The id of `GS ( H`.
        id: [u8; 4],
        /// When.
        at: Instant,
    },
    /// Star's ETB counter reached this value.
    EtbCounter(u8),
    /// A piece of paper is finished: its number, from 1.
    Paper(usize),
    /// The cutter worked.
    Cut {
        /// Full, not partial.
        full: bool,
    },
    /// The drawer was kicked.
    DrawerPulse {
        /// Connector pin, 2 or 5.
        pin: u8,
        /// On time in milliseconds.
        on_ms: u32,
        /// Off time in milliseconds.
        off_ms: u32,
        /// By a real-time command.
        real_time: bool,
    },
    /// The buzzer sounded.
    Beep {
        /// How often.
        times: u8,
        /// For how long each, in milliseconds.
        ms: u32,
    },
    /// A real-time command was executed.
    RealTime(RealTime),
    /// It went online or offline.
    Online(bool),
    /// Power came or went.
    Power(bool),
    /// Buffers were dropped by a command, with so many bytes not yet interpreted.
    Cleared {
        /// Bytes that will never be printed.
        bytes: usize,
    },
    /// The language was violated.
    Violation(String),
}
