//! What can be done to a reader's line, and what it reports of its life.

use std::time::Duration;

/// Something done to the line of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next message leaves in two writes: so many bytes, then nothing for a while, the rest.
    Torn {
        /// Bytes in the first write.
        at: usize,
        /// Time between the writes.
        pause: Duration,
    },
    /// The next so many messages are held back until the last of them, and leave in one write.
    Joined(usize),
    /// The next message ends after so many bytes; the rest never comes.
    SilentAfter(usize),
    /// These bytes come in front of the next message, in the same write.
    Noise(Vec<u8>),
    /// The link is cut now. A pseudo terminal comes back at once, with a new device behind it.
    CutLink,
    /// The cable is pulled: the path of the pseudo terminal is gone, TCP is refused.
    Unplug,
    /// The cable is plugged in again: the same path is there, with a new device behind it.
    Replug,
    /// TCP connections are refused, and the one that is open is closed.
    RefuseConnections,
    /// TCP connections are accepted again.
    AcceptConnections,
}

/// Something that happened on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A host connected. A pseudo terminal counts as connected as long as it is there.
    Connected,
    /// The host went, or the cable.
    Disconnected,
    /// Bytes have been handed to the system.
    Written,
    /// This message was read while nobody was connected, and is lost.
    Lost(Vec<u8>),
}
