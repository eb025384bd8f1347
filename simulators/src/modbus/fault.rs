//! What can be done to a line and its stations.

/// Something done from outside. "The next answer" is that of any station, exceptions among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The cable is pulled: pty and path are gone, TCP is refused.
    Unplug,
    /// Plugged in again.
    Replug,
    /// The link is cut now.
    CutLink,
    /// The next request is carried out, and the link is cut instead of an answer.
    CutAtAnswer,
    /// A station hears nothing and says nothing, as without power; its coils stay as they are.
    Silence {
        /// Which one.
        unit: u8,
    },
    /// It hears and speaks again.
    Speak {
        /// Which one.
        unit: u8,
    },
    /// The next so many requests are carried out and answered with this exception: nothing else is done.
    Exception {
        /// Its code.
        code: u8,
        /// How many.
        times: u32,
    },
    /// The next so many answers never come.
    LoseAnswers {
        /// How many.
        times: u32,
    },
    /// The next answer comes late: right before the answer to the request after it.
    LateAnswer,
    /// The next answer has another unit's number.
    OtherUnit,
    /// The next answer has another transaction's number. Of Modbus TCP only.
    OtherTransaction,
    /// The next answer is that of another function, with a right checksum.
    OtherFunction,
    /// The next answer to a read has one value more than was asked for, with a right checksum.
    OneMore,
    /// Only the first half of the next answer comes.
    HalfAnswer,
    /// The next answer has a wrong checksum. On a line of frames with one.
    WrongChecksum,
    /// So many meaningless bytes come right before the next answer.
    Noise {
        /// How many.
        bytes: usize,
        /// Which ones follows from this number alone.
        seed: u64,
    },
    /// Everything that is received comes back before its answer.
    Echo,
    /// No more echo.
    NoEcho,
}
