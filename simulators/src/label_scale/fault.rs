//! What can be done to a label-printing scale, and what it reports of its life.

use super::item::ScaleItem;

/// Something done to the scale or on the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next so many commands never arrive.
    LoseCommands(u32),
    /// The next so many commands arrive twice, as datagrams may: each is executed and answered twice.
    DoubleCommands(u32),
    /// The next so many commands are executed, and their answers never arrive.
    LoseAnswers(u32),
    /// The next so many answers arrive twice.
    DoubleAnswers(u32),
    /// The next so many commands find the scale busy. Shtrih-Print: held by another host, which the
    /// message BUSY tells. Mertech: error 199, the request before isn't finished.
    Busy(u32),
    /// The next so many commands that need a password are refused with this code, whatever they are.
    Refuse {
        /// Error code of the answer.
        code: u8,
        /// How many commands.
        times: u32,
    },
    /// Nothing is answered; commands are not executed.
    Silence,
    /// Commands are taken again.
    Speak,
    /// Power fails now. The items stay; attempts at the password and synchronisation are forgotten.
    PowerOff,
    /// Power fails once so many more commands have been executed and answered: with the restart that
    /// follows, a reboot in the middle of a list.
    PowerOffAfter(u32),
    /// Power is back.
    PowerOn,
    /// The TCP connection is cut now.
    CutLink,
    /// TCP connections are refused, and the one that is open is closed.
    RefuseConnections,
    /// TCP connections are accepted again.
    AcceptConnections,
}

/// Something that happened to the scale.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An item came into the memory, or replaced one of the same number.
    Stored(ScaleItem),
    /// The item of this number was removed.
    Removed(u16),
    /// All items and messages were removed.
    Cleared,
    /// A command was executed, with this error code (0 for none).
    Executed {
        /// Code of the command.
        command: u8,
        /// Error code of its answer.
        error: u8,
    },
    /// Power went or came.
    Power(bool),
}
