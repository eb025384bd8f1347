//! What is most likely wrong with a printer, by what was really observed.

use outlet_protocols::escpos::status::{PaperState, Status};
use outlet_protocols::model::Model;
use serde::Serialize;

use super::identify::Identification;
use crate::link::{Link, SerialLine};
use crate::transport::{Fault, PortStatus};

/// Everything a test observed.
#[derive(Debug)]
pub struct Findings<'a> {
    /// Where the printer should be.
    pub link: &'a Link,
    /// What it should be.
    pub model: &'a Model,
    /// The link could not be opened: why, in whole words.
    pub obstacle: Option<(Fault, String)>,
    /// Bytes that made none.
    pub noise: u64,
    /// Automatic status back came.
    pub asb: bool,
    /// The configuration says that nothing is answered.
    pub one_way: bool,
    /// The line settings at which it answered instead.
    pub answers_at: Option<SerialLine>,
    /// Its state; absent when it did not answer though it should.
    pub status: Option<Status>,
    /// What the USB port says.
    pub port: Option<PortStatus>,
    /// What it says it is.
    pub identity: Identification,
    /// It has shown that it does not echo process ids.
    pub ignores_ids: bool,
    /// How printing the page ended.
    pub page: Page,
}

/// How the test page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Confirmed, or (one-way) sent.
    Printed,
    /// Not tried: the printer could not be reached or was not ready.
    NotTried,
    /// Tried, and not confirmed: why.
    Unconfirmed(String),
}

/// One suspect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspicion {
    /// What may be wrong.
    pub suspect: Suspect,
    /// How likely.
    pub likelihood: Likelihood,
    /// What was observed.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suspect {
    /// The system does not let the agent use the device.
    Permission,
    /// Another program holds the device.
    OtherProgram,
    /// The address, port, path or serial number of the link.
    Address,
    /// Baud rate or parity of a serial line.
    BaudRate,
    /// Cable or network.
    Cable,
    /// The printer is off.
    Power,
    /// Paper.
    Paper,
    /// The cover is open.
    Cover,
    /// The cutter is jammed.
    Cutter,
    /// The printer itself is broken or too hot.
    Fault,
    /// It is not the configured model, or its firmware differs.
    Firmware,
    /// Characters come out wrong.
    CodePage,
}

/// How likely a suspicion is, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// The device or the system says so.
    Certain,
    /// It explains what was observed.
    Likely,
    /// It can't be excluded.
    Possible,
}

use Likelihood::{Certain, Likely, Possible};

/// Ranks the suspects, the most likely first.
pub fn verdict(findings: &Findings<'_>) -> Vec<Suspicion> {
    let mut list = List(Vec::new());
    match &findings.obstacle {
        Some((fault, detail)) => unreachable_device(findings, fault, detail, &mut list),
        None if findings.status.is_none() => unanswered(findings, &mut list),
        None => {
            stopped(findings, &mut list);
            mistaken(findings, &mut list);
        }
    }
    if let Page::Unconfirmed(reason) = &findings.page {
        list.add(Suspect::Fault, Possible, reason, "look at the page; if it is whole, the printer prints but confirms late or never: raise proof_ms, or set proof = \"none\"");
    }
    list.0.sort_by_key(|s| s.likelihood);
    list.0
}

struct List(Vec<Suspicion>);

impl List {
    fn add(&mut self, suspect: Suspect, likelihood: Likelihood, why: &str, remedy: &str) {
        self.0.push(Suspicion { suspect, likelihood, why: why.to_owned(), remedy: remedy.to_owned() });
    }
}

/// The link could not be opened.
fn unreachable_device(findings: &Findings<'_>, fault: &Fault, detail: &str, list: &mut List) {
    let remedy = match fault {
        Fault::Refused => {
            "check the port (9100 on most printers) and that no other program holds the printer".to_owned()
        }
        Fault::Unreachable | Fault::Silent => {
            "check the address: most printers print theirs when FEED is held while switching them on"
                .to_owned()
        }
        other => other.remedy(),
    };
    let network = matches!(findings.link, Link::Tcp { .. });
    match fault {
        Fault::Refused => {
            list.add(Suspect::Address, Likely, "the host answers, but nothing listens on this port", &remedy);
            list.add(
                Suspect::OtherProgram,
                Possible,
                "a printer that serves one host at a time refuses the second",
                "close the other program, or let it print through this agent",
            );
        }
        Fault::Unreachable => {
            list.add(
                Suspect::Cable,
                Likely,
                "nobody on the network has this address",
                "look at the lamps beside the printer's network socket, and at the switch",
            );
            list.add(
                Suspect::Power,
                Likely,
                "nobody on the network has this address",
                "switch the printer on",
            );
            list.add(Suspect::Address, Possible, "the printer may have been given another address", &remedy);
        }
        Fault::Silent => {
            list.add(
                Suspect::Address,
                Likely,
                "nobody answers at this address, not even with a refusal",
                &remedy,
            );
            list.add(Suspect::Power, Likely, "nobody answers at this address", "switch the printer on");
            list.add(
                Suspect::Cable,
                Possible,
                "nobody answers at this address",
                "look at the lamps beside the printer's network socket, and at the switch",
            );
        }
        Fault::UnknownHost => list.add(Suspect::Address, Certain, detail, &remedy),
        Fault::Missing => {
            list.add(
                Suspect::Cable,
                Likely,
                detail,
                "plug the printer in; try another cable and another socket",
            );
            list.add(
                Suspect::Power,
                Likely,
                detail,
                "switch the printer on: most are not seen while they are off",
            );
            list.add(
                Suspect::Address,
                Possible,
                detail,
                "`outletd devices` lists what is plugged in, with the link to write",
            );
        }
        Fault::Ambiguous => list.add(Suspect::Address, Certain, detail, &remedy),
        Fault::Permission(_) => list.add(Suspect::Permission, Certain, detail, &remedy),
        Fault::Busy | Fault::KeyHeld => list.add(Suspect::OtherProgram, Certain, detail, &remedy),
        Fault::WrongKind => list.add(Suspect::Address, Certain, detail, &remedy),
        Fault::Other => {
            list.add(Suspect::Cable, Likely, detail, &remedy);
            let power = if network { "switch the printer on" } else { "switch the printer off and on" };
            list.add(Suspect::Power, Possible, detail, power);
        }
    }
}

/// It is open, and nothing that makes sense came back.
fn unanswered(findings: &Findings<'_>, list: &mut List) {
    let serial = match findings.link {
        Link::Serial { line, .. } => Some(line),
        _ => None,
    };
    if let Some(line) = findings.answers_at {
        let why = format!("it answers at {line}");
        list.add(Suspect::BaudRate, Certain, &why, &format!("write serial://...?{line} as the link"));
        return;
    }
    if findings.noise > 0 && serial.is_some() {
        let why = format!("{} bytes came that make no sense", findings.noise);
        list.add(Suspect::BaudRate, Likely, &why, "print the printer's self test (hold FEED while switching it on) and write its baud rate and parity into the link");
        list.add(Suspect::Cable, Possible, &why, "use a shorter, shielded cable");
        return;
    }
    if findings.noise > 0 {
        list.add(
            Suspect::Address,
            Likely,
            "something answers there that is no receipt printer",
            "check the address and the port",
        );
        list.add(
            Suspect::Firmware,
            Possible,
            "the printer may be set to another command language",
            "set it to ESC/POS or Star Line Mode, as the model says",
        );
        return;
    }
    if let Some(port) = findings.port {
        port_suspects(port, list);
    }
    if serial.is_some() {
        list.add(Suspect::Power, Likely, "nothing comes back on the line", "switch the printer on");
        list.add(
            Suspect::Cable,
            Likely,
            "nothing comes back on the line",
            "check the cable: some need TXD and RXD crossed, some must not have them crossed",
        );
        list.add(
            Suspect::BaudRate,
            Possible,
            "none of the usual baud rates was answered either",
            "print the printer's self test (hold FEED while switching it on): it names the baud rate",
        );
        return;
    }
    list.add(
        Suspect::Power,
        Likely,
        "the link is open but nothing answers",
        "switch the printer off and on; a network adapter may run while its printer is off",
    );
    list.add(
        Suspect::Firmware,
        Possible,
        "this model should answer questions",
        "check the model; for a printer behind a one-way print server set proof = \"none\" in its options",
    );
    list.add(Suspect::Address, Possible, "something else may listen there", "check the address and the port");
}

fn port_suspects(port: PortStatus, list: &mut List) {
    if port.paper_empty {
        list.add(Suspect::Paper, Certain, "the USB port reports that the paper is out", "put in a new roll");
    }
    if port.error || !port.selected {
        list.add(
            Suspect::Fault,
            Likely,
            "the USB port reports an error or that it is offline",
            "look at the printer's lamps, open and close its cover",
        );
    }
}

/// It answers, and says why it does not print.
fn stopped(findings: &Findings<'_>, list: &mut List) {
    if let Some(port) = findings.port {
        port_suspects(port, list);
    }
    let Some(status) = findings.status else { return };
    let says = "the printer says so";
    let known = list.0.iter().any(|s| s.suspect == Suspect::Paper);
    if status.paper == PaperState::Out && !known {
        list.add(
            Suspect::Paper,
            Certain,
            says,
            "put in a new roll, thermal side to the head, and close the cover",
        );
    }
    if status.paper == PaperState::NearEnd {
        list.add(
            Suspect::Paper,
            Possible,
            "the printer says that the roll is near its end",
            "have a new roll ready",
        );
    }
    if status.cover_open {
        list.add(Suspect::Cover, Certain, says, "close the cover until it clicks");
    }
    if status.cutter_error {
        list.add(
            Suspect::Cutter,
            Certain,
            says,
            "open the cover, remove the paper at the knife, close the cover",
        );
    }
    if status.unrecoverable {
        list.add(Suspect::Fault, Certain, says, "switch it off and on; if it comes back, call service");
    }
    if status.auto_recoverable {
        list.add(
            Suspect::Fault,
            Certain,
            "the printer says that it is too hot",
            "wait until it has cooled down",
        );
    }
    let named =
        status.paper == PaperState::Out || status.cover_open || status.cutter_error || status.unrecoverable;
    if status.offline && !named {
        list.add(
            Suspect::Fault,
            Likely,
            "the printer says that it is offline and not why",
            "press FEED; switch it off and on",
        );
    }
}

/// It answers, but differently from what the model says.
fn mistaken(findings: &Findings<'_>, list: &mut List) {
    let model = findings.model;
    let bare = |text: &str| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    if let Some(says) = &findings.identity.model {
        let (theirs, ours) = (bare(says), bare(&model.name));
        let generic = model.vendor == "generic";
        if !generic && !theirs.is_empty() && !ours.contains(&theirs) && !theirs.contains(&ours) {
            let why = format!("it says that it is {says:?}, the configuration says {:?}", model.name);
            list.add(
                Suspect::Firmware,
                Likely,
                &why,
                "set the model that it is: widths, code pages and abilities differ",
            );
        }
    }
    if findings.ignores_ids {
        list.add(Suspect::Firmware, Likely, "it does not confirm by process id, which this model does", "its firmware differs: the weaker confirmation by GS r is used; set proof = \"gs-r\" to make that plain");
    }
    if model.status.asb && !findings.asb && !findings.one_way {
        list.add(
            Suspect::Firmware,
            Possible,
            "it does not report its status by itself, which this model does",
            "check the model; it is asked instead, so nothing is lost",
        );
    }
    if findings.identity.multibyte == Some(true) && !model.kanji.on_by_default {
        list.add(
            Suspect::CodePage,
            Possible,
            "its firmware has Chinese characters",
            "if letters come out as Chinese characters, set chinese = true in its options",
        );
    }
}

#[cfg(test)]
mod tests;
