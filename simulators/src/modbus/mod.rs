//! A simulated line of Modbus devices: stations with registers and coils behind one serial line or TCP port.
//!
//! [`Modbus`] is a cheap handle; clones are the same line. Its tasks end with [`Modbus::stop`] or when the last
//! handle is dropped.
//!
//! Sources: *MODBUS Application Protocol Specification* V1.1b3, sections 4.3, 6 and 7; *MODBUS over serial line
//! Specification and Implementation Guide* V1.02, sections 2.2 and 2.5.1; *MODBUS Messaging on TCP/IP
//! Implementation Guide* V1.0b, section 3.1.3; the "flash" command of relay boards from Waveshare's wiki, Modbus RTU
//! Relay, development protocol V2.
//!
//! Functions 1, 2, 3, 4, 5, 6, 15 and 16 are known, others are answered with exception 1. A station has the addresses
//! it was given; what lies outside is exception 2. Speed, parity and the silence between frames are not simulated: a
//! frame ends where its function says so, and what has a wrong checksum is dropped with all that came with it.

mod fault;
mod frame;
mod line;
mod station;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::ToSocketAddrs;

use crate::peripheral::{Handle, Machine};
pub use fault::Fault;
pub use frame::Framing;
use line::Line;
pub use station::{Station, Table};

/// A simulated line.
#[derive(Clone)]
pub struct Modbus(Handle<Line>);

impl Modbus {
    /// A line without stations.
    pub fn new(framing: Framing) -> Self {
        Self(Handle::new(Line::new(framing)))
    }

    /// Puts a station on the line, under its number, instead of the one that had it.
    #[must_use]
    pub fn with(self, unit: u8, station: Station) -> Self {
        self.0.change(|line| line.put(unit, station));
        self
    }

    /// Listens on a TCP address: one host at a time, others wait. Port 0 takes a free one. Errors are those of
    /// binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.0.serve_tcp(address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> io::Result<PathBuf> {
        self.0.serve_pty(link.as_ref())
    }

    /// Ends all tasks and closes all links.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Hands bytes to the line as if a host had sent them, and returns what comes back.
    pub fn feed(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.feed(bytes)
    }

    /// Does something to the line or a station now.
    pub fn inject(&self, fault: Fault) {
        self.0.change(|line| line.inject(fault));
    }

    /// Sets registers of a station, from this address on, as its own program would.
    pub fn set(&self, unit: u8, table: Table, address: u16, values: &[u16]) {
        self.0.change(|line| line.station(unit, |station| station.set(table, address, values)));
    }

    /// A register of a station; `None` where it has none.
    pub fn register(&self, unit: u8, table: Table, address: u16) -> Option<u16> {
        self.0.with(|line| line.station(unit, |station| station.get(table, address)).flatten())
    }

    /// Switches a coil of a station by hand.
    pub fn press(&self, unit: u8, coil: u16, on: bool) {
        self.0.change(|line| line.station(unit, |station| station.press(coil, on)));
    }

    /// Whether a coil of a station is on; `None` where it has none.
    pub fn coil(&self, unit: u8, coil: u16) -> Option<bool> {
        self.0.with(|line| line.station(unit, |station| station.coil(coil)).flatten())
    }

    /// Waits until a coil is on or off.
    pub async fn wait_coil(&self, unit: u8, coil: u16, on: bool) {
        let is = |line: &mut Line| line.station(unit, |station| station.coil(coil)).flatten() == Some(on);
        self.0.wait(|line| is(line).then_some(())).await;
    }

    /// Requests to one of the stations received whole so far, be they answered or not.
    pub fn asked(&self) -> u64 {
        self.0.with(|line| line.asked)
    }

    /// Waits until so many requests were received.
    pub async fn wait_asked(&self, times: u64) {
        self.0.wait(|line| (line.asked >= times).then_some(())).await;
    }

    /// The last 1,024 requests, oldest first: unit, function, and the bytes after it.
    pub fn requests(&self) -> Vec<(u8, u8, Vec<u8>)> {
        self.0.with(|line| line.requests.iter().cloned().collect())
    }

    /// Whether a host is connected; a pseudo terminal that is plugged in always is one.
    pub fn connected(&self) -> bool {
        self.0.with(|line| line.plug().connected)
    }

    /// Waits until a host is connected, or none is.
    pub async fn wait_connected(&self, connected: bool) {
        self.0.wait(|line| (line.plug().connected == connected).then_some(())).await;
    }

    /// What the documents don't allow and the line was told all the same, oldest first.
    pub fn violations(&self) -> Vec<String> {
        self.0.with(|line| line.violations.clone())
    }
}

impl std::fmt::Debug for Modbus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Modbus").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_application_protocol_are_answered_as_printed() {
        // MODBUS Application Protocol V1.1b3, sections 6.3 and 6.4: registers 108 to 110, and input register 9.
        let line = Modbus::new(Framing::Tcp).with(1, Station::with_registers(200));
        line.set(1, Table::Holding, 107, &[0x022B, 0x0000, 0x0064]);
        line.set(1, Table::Input, 8, &[0x000A]);
        let answer = line.feed(&[0, 7, 0, 0, 0, 6, 1, 3, 0x00, 0x6B, 0x00, 0x03]);
        assert_eq!(answer, [0, 7, 0, 0, 0, 9, 1, 3, 6, 0x02, 0x2B, 0x00, 0x00, 0x00, 0x64]);
        let answer = line.feed(&[0, 8, 0, 0, 0, 6, 1, 4, 0x00, 0x08, 0x00, 0x01]);
        assert_eq!(answer, [0, 8, 0, 0, 0, 5, 1, 4, 2, 0x00, 0x0A]);
    }

    #[test]
    fn a_relay_board_answers_the_vectors_of_its_maker() {
        // Waveshare, Modbus RTU Relay: relay 1 on; flash relay 1 on for 700 ms; read all relays.
        let line = Modbus::new(Framing::Rtu).with(1, Station::relay_board(8));
        let on = [0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A];
        assert_eq!(line.feed(&on), on);
        assert_eq!(line.coil(1, 0), Some(true));
        let read = [0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC];
        assert_eq!(line.feed(&read), [0x01, 0x01, 0x01, 0x01, 0x90, 0x48]);
        let flash = [0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0];
        assert_eq!(line.feed(&flash), flash);
    }

    #[test]
    fn what_a_station_does_not_have_is_an_exception_and_a_wrong_checksum_is_silence() {
        let line = Modbus::new(Framing::Tcp).with(1, Station::with_registers(2));
        let exception = |pdu: &[u8]| {
            let length = u8::try_from(pdu.len() + 1).unwrap();
            let answer = line.feed(&[&[0, 0, 0, 0, 0, length, 1], pdu].concat());
            answer[7..].to_vec()
        };
        assert_eq!(exception(&[3, 0, 1, 0, 2]), [0x83, 2]);
        assert_eq!(exception(&[3, 0, 0, 0, 0]), [0x83, 3]);
        assert_eq!(exception(&[0x2B, 14, 1, 0]), [0xAB, 1]);
        let rtu = Modbus::new(Framing::Rtu).with(1, Station::relay_board(8));
        assert_eq!(rtu.feed(&[0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3B]), [0u8; 0]);
        assert_eq!(rtu.coil(1, 0), Some(false));
    }
}
