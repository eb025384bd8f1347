//! What can be done to a register, and what it tells of its life.

use std::time::Duration;

/// Something done to the register from outside, as a script or a bad day would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next answer is lost on the wire. What was asked for is done; a device whose protocol
    /// holds answers until they are acknowledged still holds it.
    LoseAnswer,
    /// Only the first half of the next answer goes out.
    HalfFrame,
    /// One bit of the next answer is flipped on the wire, beyond its first byte.
    GarbleAnswer,
    /// The link is cut now. What was received whole is done all the same.
    CutLink,
    /// The link is cut once so many more bytes have been received; later ones are lost.
    CutLinkMidFrame {
        /// Bytes received from now on.
        bytes: u64,
    },
    /// Power fails: what is only in memory is gone, and so is the connection.
    PowerOff {
        /// Power comes back by itself after this time; without it, with [`Fault::PowerOn`].
        back_after: Option<Duration>,
    },
    /// Power is back.
    PowerOn,
    /// The next so many frames are refused as garbled, in the way of the family's link level.
    Nak {
        /// How many.
        times: u32,
    },
    /// Commands with an effect are answered as by a device that is still printing, so many times.
    Busy {
        /// How many answers.
        answers: u32,
    },
    /// The same for a time.
    BusyFor(Duration),
    /// The roll is at its end now.
    PaperOut,
    /// The roll ends after so many more lines. A document that is being printed then is closed in
    /// the storage already; its other lines wait for paper.
    PaperOutAtLine {
        /// Lines that still come onto the roll.
        lines: u32,
    },
    /// A new roll.
    NewPaper,
    /// The cover is opened.
    CoverOpen,
    /// The cover is closed.
    CoverClose,
    /// The cash drawer, opened before, is pushed in.
    DrawerClose,
    /// The clock falls back to 1 January 2000, as after a dead battery.
    ClockBeyondLimits,
    /// The clock is moved by so many seconds.
    ClockShift {
        /// Seconds; negative is back.
        seconds: i64,
    },
    /// The open shift was opened 25 hours ago.
    ShiftOld,
    /// The fiscal storage takes only so many more documents.
    StorageRoom {
        /// How many.
        documents: u32,
    },
    /// The fiscal storage takes no more documents.
    StorageFull,
    /// The fiscal storage has room again.
    StorageEmptied,
    /// Connections are refused, and the one that is open is closed.
    RefuseConnections,
    /// Connections are accepted again.
    AcceptConnections,
    /// Everything is received and done, nothing is answered.
    Silence,
    /// Answers come again.
    Speak,
    /// The cable is pulled. Pty: the path is removed and readers get an error. TCP: refused.
    Unplug,
    /// The cable is plugged in again.
    Replug,
}

/// When a planned fault strikes; each strikes once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// At the moment with this number: see [`Event::index`].
    Frame {
        /// Number, from 1.
        n: u64,
    },
    /// Right after so many bytes were received since the register was made.
    Byte {
        /// How many.
        received: u64,
    },
    /// Right after so many bytes were sent since the register was made.
    SentByte {
        /// How many.
        sent: u64,
    },
    /// The next time that a frame of this name comes to this point.
    Of {
        /// As in [`Event::frame`].
        frame: String,
        /// Which point.
        what: What,
    },
}

/// A boundary between two steps of the exchange. At each the register stops, calls its observers,
/// lets planned faults strike, and goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Counted from 1 over the life of the register, power failures included.
    pub index: u64,
    /// What has just happened.
    pub what: What,
    /// Which frame: the command's code as the vendor writes it (`FF45`), or the name of a control
    /// byte (`ENQ`, `ACK`, `NAK`, `SYN`).
    pub frame: String,
}

/// The points of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The host's frame or control byte is received whole; nothing is done yet.
    Received,
    /// The command is done and on disk; its answer has not left.
    Executed,
    /// The device's frame or control byte has been sent. One that a fault swallowed counts too:
    /// the device doesn't know.
    Sent,
}
