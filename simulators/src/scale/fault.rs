//! What can be done to a scale, and what it tells of its life.

/// Something done to the scale or its cable from outside. "The next answer" is the next frame
/// that answers a question or that the scale sends by itself; bare `ACK` and `NAK` are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The rear half of a frame comes first: at once when a host is connected, otherwise as soon
    /// as one is.
    StartMidFrame,
    /// Everything that is received comes back before its answer.
    Echo,
    /// No more echo.
    NoEcho,
    /// The first byte of the next answer has bit 7 set: 01h is received as 81h.
    ParityLeak,
    /// All bytes of the next answer carry even parity in bit 7, as a line with 7 data bits looks to
    /// a host that reads 8.
    ParityLeakAll,
    /// One bit of the next answer is flipped.
    FlipBit {
        /// Which one follows from this number alone.
        seed: u64,
    },
    /// From now on each byte that is sent has one bit flipped with a chance of one in `one_in`.
    Noise {
        /// What is hit follows from this number alone.
        seed: u64,
        /// 1 hits every byte; 0 counts as 1.
        one_in: u32,
    },
    /// The line is clean again.
    NoNoise,
    /// So many meaningless bytes come right before the next answer.
    Garbage {
        /// How many.
        bytes: usize,
        /// Which ones follows from this number alone.
        seed: u64,
    },
    /// Everything is received and done, nothing is answered.
    Silence,
    /// Answers come again.
    Speak,
    /// The next answer never comes.
    LoseAnswer,
    /// The next answer comes late: right before the answer to the question after it.
    LateAnswer,
    /// The next answer is that of another device or to another question: another id (CAS stream),
    /// or another command (Massa-K 100 and 1C, Shtrih POS2, MT-SICS), with a right checksum. Where
    /// the protocol has neither, nothing changes.
    ForeignAnswer,
    /// Only the first half of the next answer comes.
    HalfAnswer,
    /// The next answer has a wrong checksum. Where the protocol has none, nothing changes.
    WrongChecksum,
    /// The next so many questions are put off in the way of the protocol: `NAK` (CAS, Shtrih POS2,
    /// Dialog 04), an error or a weight in motion (others), nothing (Adam).
    Busy {
        /// How many.
        times: u32,
    },
    /// The link is cut in the middle of the next answer.
    CutMidFrame,
    /// The link is cut now.
    CutLink,
    /// The weight never stands still, whatever is said of it.
    NeverStable,
    /// The weight stands still again unless it moves.
    StableAgain,
    /// The scale can't measure any more.
    Broken,
    /// It can again.
    Repaired,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A host connected; over a line, the cable was plugged in.
    Connected,
    /// The host has gone, or was cut off.
    Disconnected,
    /// A request was received whole.
    Asked {
        /// Its name: the command as its vendor writes it (`DC1`, `3A`, `W`, `01`), a control byte
        /// (`ENQ`), or `tick` for a frame that the scale sends by itself.
        request: String,
    },
    /// An answer was made, whether or not a fault let it out.
    Answered {
        /// Number of the answer, from 1.
        n: u64,
    },
}
