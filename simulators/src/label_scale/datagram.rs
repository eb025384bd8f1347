//! Shtrih-Print over UDP: datagrams, and synchronisation with a host.
//!
//! Source: "Протокол обмена весов Штрих-Принт" 1.3, section on Ethernet: no LRC; STX 02, or STE 03 for
//! a command that is to be synchronised; messages of the one byte ENQ, ACK or NAK; BUSY when another
//! host holds the scale. After an answer to STE the scale waits a second for ACK or NAK, then for ENQ,
//! on which it repeats the answer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{STRANGER, Scale, count_down};
use crate::peripheral::Access;

const STX: u8 = 0x02;
const STE: u8 = 0x03;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const BUSY: u8 = 0x0B;
const NAK: u8 = 0x15;

/// How long an acknowledgement is waited for.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(1);
/// Error code: not supported over this interface.
const NOT_HERE: u8 = 167;
/// Largest datagram.
const LARGEST: usize = 64 << 10;

/// Where the scale is with the host that synchronises.
#[derive(Debug, Clone)]
pub(super) enum Sync {
    /// A command may come from anywhere.
    Ready,
    /// Answered, and not acknowledged yet; from this time on the answer can be asked for again.
    Answered { host: SocketAddr, answer: Vec<u8>, repeat_from: Instant },
}

/// Answers datagrams until the scale stops.
pub(super) async fn serve(scale: Access<Scale>, stop: CancellationToken, socket: UdpSocket) {
    let mut buffer = vec![0; LARGEST];
    loop {
        let received = tokio::select! {
            () = stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error belongs to a datagram that was sent before.
        let Ok((length, host)) = received else { continue };
        let answers = scale
            .change(|scale| scale.datagram(buffer.get(..length).unwrap_or_default(), host, Instant::now()));
        for answer in answers {
            let _ = socket.send_to(&answer, host).await;
        }
    }
}

impl Scale {
    /// Takes a datagram, and gives the ones that answer it.
    pub(super) fn datagram(&mut self, datagram: &[u8], host: SocketAddr, now: Instant) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        for _ in 0..self.arrivals() {
            let (answer, executed) = self.one_datagram(datagram, host, now);
            for _ in 0..self.departures() {
                answers.extend(answer.clone());
            }
            if executed {
                self.answered();
            }
        }
        answers
    }

    fn one_datagram(&mut self, datagram: &[u8], host: SocketAddr, now: Instant) -> (Option<Vec<u8>>, bool) {
        if count_down(&mut self.busy) {
            return (Some(busy(STRANGER)), false);
        }
        if let Sync::Answered { host: holder, .. } = self.synchronised
            && holder != host
        {
            return (Some(busy(holder)), false);
        }
        match datagram {
            [ENQ] => (Some(self.enquiry(now)), false),
            [ACK] => {
                self.synchronised = Sync::Ready;
                (None, false)
            }
            [NAK] => {
                if let Sync::Answered { repeat_from, .. } = &mut self.synchronised {
                    *repeat_from = now;
                }
                (None, false)
            }
            [start @ (STX | STE), declared, command @ ..]
                if !command.is_empty()
                    && usize::from(*declared) == command.len().min(0xFF)
                    && matches!(self.synchronised, Sync::Ready) =>
            {
                (Some(self.message(*start, command, host, now)), true)
            }
            _ => {
                self.violation(format!("a datagram of {} bytes that can't be one now", datagram.len()));
                (Some(vec![NAK]), false)
            }
        }
    }

    fn message(&mut self, start: u8, command: &[u8], host: SocketAddr, now: Instant) -> Vec<u8> {
        let synchronised = start == STE;
        let allowed = self.synchronises_all || matches!(command, [0x18, ..]);
        let body = if synchronised && !allowed {
            self.violation(format!("command {:02X}h in synchronisation mode", command.first().unwrap_or(&0)));
            vec![command.first().copied().unwrap_or_default(), NOT_HERE]
        } else {
            self.execute(command)
        };
        let mut answer = vec![start, body.len().min(0xFF) as u8];
        answer.extend(body);
        if synchronised {
            self.synchronised =
                Sync::Answered { host, answer: answer.clone(), repeat_from: now + ACKNOWLEDGEMENT };
        }
        answer
    }

    /// Ready; not yet, for a second after an answer; or the answer once more.
    fn enquiry(&mut self, now: Instant) -> Vec<u8> {
        match &mut self.synchronised {
            Sync::Ready => vec![ACK],
            Sync::Answered { repeat_from, .. } if now < *repeat_from => vec![NAK],
            Sync::Answered { answer, repeat_from, .. } => {
                *repeat_from = now + ACKNOWLEDGEMENT;
                answer.clone()
            }
        }
    }
}

/// BUSY: the address of the host that holds the scale, in the document's order of bytes, and its port.
fn busy(holder: SocketAddr) -> Vec<u8> {
    let [first, second, third, fourth] = match holder.ip() {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => [0; 4],
    };
    let [low, high] = holder.port().to_le_bytes();
    vec![BUSY, second, first, fourth, third, low, high]
}
