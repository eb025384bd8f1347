//! Finds out what a scale speaks: tries protocols and line settings with harmless questions.

use std::fmt::Write;
use std::time::Duration;

use outlet_protocols::scale::{
    Answer, Ask, Failure, LineSettings, Protocol, ProtocolInfo, Reading, protocols,
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use super::conversation::{Heard, Question};
use super::options::serial_line;
use crate::exchange::{Exchange, Session, Step};
use crate::link::Link;
use crate::transport::{self, TransportError};

/// No more tries after so long.
const LONGEST: Duration = Duration::from_secs(120);
/// How much longer than its first answer a protocol may take to be known.
const MARGIN: Duration = Duration::from_millis(400);
/// After bytes that end a line, what comes belongs to them.
const AFTER_LINE: Duration = Duration::from_millis(60);

/// A scale that answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The protocol's name: the `model` of the configuration.
    pub protocol: &'static str,
    /// Who speaks it.
    pub vendor: &'static str,
    /// Scales that speak it.
    pub models: &'static str,
    /// The link to write into the configuration, with the line settings that worked.
    pub link: String,
    /// What the scale says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// What it refuses, and the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Finding {
    /// A `[[device]]` table to copy into the configuration.
    pub fn to_toml(&self, id: &str) -> String {
        let mut table = String::new();
        for line in self.problem.iter().flat_map(|problem| problem.lines()) {
            // Writing to a string can't fail.
            let _ = writeln!(table, "# {line}");
        }
        let _ = write!(
            table,
            "[[device]]\nid = \"{id}\"\ndriver = \"scale\"\nmodel = \"{}\"\nlink = \"{}\"\n",
            self.protocol, self.link
        );
        table
    }
}

/// Asks what is at the other end of a serial port or a TCP port by every protocol, those first that can't be
/// mistaken; on a serial port each first with its own line settings, then with others in use. Line settings of the
/// link are not heeded. The first protocol in which the scale tells its weight is the answer. Where there is none
/// within 2 minutes, the answer is all protocols in which it refused, with what it said; those alone in which it
/// said its name, if there are any.
///
/// Nothing is set on the scale. A scale that is silent until there is a new weight (Adam) is found only
/// with something put on it meanwhile.
///
/// # Errors
/// The link can't be opened at all.
pub async fn detect_scale(link: &Link) -> Result<Vec<Finding>, TransportError> {
    let until = Instant::now() + LONGEST;
    let mut found: Vec<Finding> = Vec::new();
    let tries = tries(link);
    // The first opening says whether there is such a port; later ones may fail as the scale frees it late.
    drop(transport::open(link).await?);
    for (info, link) in tries {
        let tried = timeout_at(until, attempt(info, &link)).await;
        match tried {
            Ok(Some(finding)) if finding.problem.is_none() => {
                return Ok(vec![finding]);
            }
            Ok(Some(finding)) if found.iter().all(|other| other.protocol != finding.protocol) => {
                found.push(finding);
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    // A bare refusal is the same byte in several protocols; a name is not.
    if found.iter().any(|finding| finding.said.is_some()) {
        found.retain(|finding| finding.said.is_some());
    }
    Ok(found)
}

/// Every protocol with the links to try it on.
fn tries(link: &Link) -> Vec<(&'static ProtocolInfo, Link)> {
    let Link::Serial { path, .. } = link else {
        return protocols().iter().map(|info| (*info, link.clone())).collect();
    };
    let with = |line: LineSettings| Link::Serial { path: path.clone(), line: serial_line(line) };
    let own = protocols().iter().map(|info| (*info, with(info.line)));
    let others =
        protocols().iter().flat_map(|info| info.other_lines.iter().map(move |line| (*info, with(*line))));
    own.chain(others).collect()
}

/// Asks by one protocol on a link of its own.
async fn attempt(info: &'static ProtocolInfo, link: &Link) -> Option<Finding> {
    let mut protocol = (info.build)(Value::Null).ok()?;
    let mut exchange = Exchange::new(transport::open(link).await.ok()?);
    if let Some(unsent) = line_end(info) {
        // What the protocols before have sent may stand in the scale as the beginning of a line.
        exchange.run(&mut LineEnd { unsent, until: None }, None).await.ok()?;
    }
    let said = match ask(&mut exchange, &mut *protocol, &Ask::Identify, info).await?.answer {
        Ok(Answer::Identity(said)) => Some(said),
        Ok(_) => None,
        Err(failure) if failure.is_from_scale() => None,
        Err(_) => return None,
    };
    // Some answer to the name in one protocol and tell their weight in another.
    let heard = ask(&mut exchange, &mut *protocol, &Ask::Weight, info).await?;
    let (reading, problem) = match heard.answer {
        Ok(_) => (heard.readings.into_iter().next_back(), None),
        Err(Failure::NothingNew) => (None, None),
        Err(failure) if failure.is_from_scale() => (None, Some(failure.to_string())),
        Err(_) => return None,
    };
    Some(Finding {
        protocol: info.name,
        vendor: info.vendor,
        models: info.models,
        link: link.to_string(),
        said,
        reading,
        problem,
    })
}

/// Asks, and waits for the first answer only.
async fn ask(
    exchange: &mut Exchange,
    protocol: &mut dyn Protocol,
    ask: &Ask,
    info: &ProtocolInfo,
) -> Option<Heard> {
    let timing = info.timing;
    let patience = Duration::from_millis(u64::from(timing.answer_ms) + u64::from(timing.quiet_ms)) + MARGIN;
    let mut question = Question::new(protocol, ask, Duration::ZERO);
    match timeout(patience, exchange.run(&mut question, None)).await {
        Ok(Ok(heard)) => Some(heard),
        Ok(Err(_)) | Err(_) => None,
    }
}

/// What ends a line, in protocols whose questions are lines.
fn line_end(info: &ProtocolInfo) -> Option<&'static [u8]> {
    match info.name {
        "nci" => Some(b"\r"),
        "dibal" | "mt-sics" | "adam" => Some(b"\r\n"),
        _ => None,
    }
}

/// Ends a line, and drops what is said to it.
struct LineEnd {
    unsent: &'static [u8],
    until: Option<Instant>,
}

impl Session for LineEnd {
    type End = ();

    fn tick(&mut self, now: Instant) {
        self.until.get_or_insert(now + AFTER_LINE);
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn step(&mut self) -> Step<'_, ()> {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return Step::End(());
        }
        if self.unsent.is_empty() { Step::Wait } else { Step::Write(self.unsent) }
    }

    fn received(&mut self, _: &[u8], _: Instant) {}

    fn written(&mut self, count: usize, _: Instant) {
        self.unsent = self.unsent.get(count..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_is_tried_with_its_own_line_before_any_other_line() {
        let link: Link = "serial:///dev/ttyUSB0?baud=300".parse().unwrap();
        let tries = tries(&link);
        let own: Vec<&str> = tries.iter().take(protocols().len()).map(|(info, _)| info.name).collect();
        assert_eq!(own, protocols().iter().map(|info| info.name).collect::<Vec<_>>());
        let lines = |name: &str| -> Vec<String> {
            tries.iter().filter(|(info, _)| info.name == name).map(|(_, link)| link.to_string()).collect()
        };
        assert_eq!(lines("dialog-04").len(), 3);
        assert_eq!(
            lines("dialog-04")[0],
            "serial:///dev/ttyUSB0?baud=4800&parity=odd&data=7&stop=1&flow=none"
        );
    }

    #[test]
    fn a_network_scale_is_asked_once_by_every_protocol() {
        let link: Link = "tcp://10.0.0.9:4001".parse().unwrap();
        assert_eq!(tries(&link).len(), protocols().len());
    }
}
