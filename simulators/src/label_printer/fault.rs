//! What can be done to a label printer, and what it reports of its life.

use super::language::Question;

/// Something done to the printer from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The sensor sees no label now.
    LabelsOut,
    /// So many more labels are whole; the next one ends in its middle.
    LabelsOutAfter(u32),
    /// A new roll. Whether the printer goes on by itself is in its spec.
    NewLabels,
    /// The ribbon is at its end now.
    RibbonOut,
    /// So many more labels are whole; the next one ends in its middle.
    RibbonOutAfter(u32),
    /// A new ribbon.
    NewRibbon,
    /// The head is opened.
    HeadOpen,
    /// The head is closed.
    HeadClosed,
    /// The pause key: printing stops after the label in print.
    Pause,
    /// The pause key once more: printing goes on.
    Resume,
    /// Everything is accepted and printed, nothing is answered.
    Silence,
    /// Answers come again.
    Speak,
    /// Power fails: settings, what was received and what waits are gone.
    PowerOff,
    /// So many more labels are whole; power fails in the middle of the next one.
    PowerOffAfter(u32),
    /// Power is back.
    PowerOn,
    /// The link is cut now; what was received is printed.
    CutLink,
    /// The link is cut once so many more bytes have been received; later ones are lost.
    CutLinkAfter(u64),
    /// Connections are refused, and the one that is open is closed.
    RefuseConnections,
    /// Connections are accepted again.
    AcceptConnections,
    /// The cable is pulled. Pty: the path is removed and readers get an error. TCP: refused.
    Unplug,
    /// The cable is plugged in again: the same path is there, with a new device behind it.
    Replug,
}

/// Something that happened to the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A label came out: its number, from 1. It may be half a label.
    Label(usize),
    /// The host asked.
    Asked(Question),
    /// Printing stopped, or could go on; see [`LabelPrinter::state`](super::LabelPrinter::state).
    Blocked(bool),
    /// A host connected.
    Connected,
    /// The host went, or was cut off.
    Disconnected,
    /// Power went or came.
    Power(bool),
}
