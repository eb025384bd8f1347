//! The lower protocol, version 3: packets with an id, over TCP 5555, USB and serial lines.
//!
//! `FE | length & 7F | length >> 7 | id | data | CRC8`. The length counts the data before stuffing.
//! Data and CRC are stuffed: FE becomes FD EE, FD becomes FD ED. The CRC has the polynomial 31 and
//! begins with FF; it runs over id and data. A packet without data asks for the packet of that id
//! again (kurbatov/atol4j `TransportProtocolV3`).
//!
//! Two programs that speak it run the CRC over the data before stuffing (AlexObukhoff/TerminalClient
//! `Atol3FR`, kurbatov/atol4j); [`CrcOver`] has the other reading, should a register want it.

use thiserror::Error;

/// The id of messages that the register sends by itself.
pub const ASYNC: u8 = 0xf0;
/// The last id of packets from the host; the one after it is 0.
pub const LAST_ID: u8 = 0xdf;
/// The most data of a packet: two groups of seven bits.
pub const MAX_DATA: usize = 0x3fff;
/// How often a packet is repeated when the register asks for it.
pub const REPEATS: u8 = 3;

const START: u8 = 0xfe;
const ESCAPE: u8 = 0xfd;

/// What the CRC runs over, beside the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrcOver {
    /// The data before stuffing.
    #[default]
    Data,
    /// The data as they stand on the wire.
    Stuffed,
}

/// Why there is no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PacketError {
    /// More than a packet holds.
    #[error("{0} bytes are more than the 16383 of a packet")]
    TooLong(usize),
    /// An id that no packet has.
    #[error("{0:02x} is no packet id: ids go from 00 to DF, and F0 is the register's")]
    Id(u8),
}

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// 00 to DF: the id of the request that it answers; F0: the register speaks by itself.
    pub id: u8,
    /// The data.
    pub data: Vec<u8>,
}

impl Packet {
    /// The packet as it goes over the wire.
    ///
    /// # Errors
    /// [`PacketError`] for an id or a length that can't be told.
    pub fn encode(&self, crc: CrcOver) -> Result<Vec<u8>, PacketError> {
        if self.data.len() > MAX_DATA {
            return Err(PacketError::TooLong(self.data.len()));
        }
        if !is_id(self.id) {
            return Err(PacketError::Id(self.id));
        }
        let length = self.data.len();
        let mut out = vec![START, (length & 0x7f) as u8, (length >> 7) as u8, self.id];
        self.data.iter().for_each(|&byte| stuff(byte, &mut out));
        let sum = match crc {
            CrcOver::Data => crc8(&self.data, crc8(&[self.id], 0xff)),
            CrcOver::Stuffed => crc8(out.get(3..).unwrap_or_default(), 0xff),
        };
        stuff(sum, &mut out);
        Ok(out)
    }
}

/// The host's side of a connection: one request at a time.
///
/// It has no clock: a caller that waits too long sends again, or asks the task buffer.
#[derive(Debug, Clone)]
pub struct Host {
    next: u8,
    crc: CrcOver,
    waiting: Option<Waiting>,
    receiver: Receiver,
}

#[derive(Debug, Clone)]
struct Waiting {
    id: u8,
    bytes: Vec<u8>,
    sent_again: u8,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer to the last request.
    Answer(Vec<u8>),
    /// A message of the register's own: a state with the task's id.
    Async(Vec<u8>),
    /// An answer to an older request, or a second one. Its task is not that of the last request.
    Late(Packet),
    /// These bytes must be sent now: the register has not understood the last request and asks for it
    /// again.
    Transmit(Vec<u8>),
    /// A packet came broken: its answer must be asked for through the task buffer. Or the register
    /// asked too often for ours.
    Damaged(Damage),
}

/// What was wrong with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Damage {
    /// The CRC differs.
    #[error("a packet's CRC is wrong")]
    Crc,
    /// It ended before its length, or began anew.
    #[error("a packet broke off")]
    BrokenOff,
    /// Its length, id or stuffing can't be.
    #[error("a packet's head or stuffing is wrong")]
    Malformed,
    /// The register asked more than [`REPEATS`] times for the same packet.
    #[error("the register keeps asking for a packet")]
    Unheard,
}

impl Host {
    /// A new connection. A `first` id that differs from the last one before a reconnect keeps
    /// old answers from being taken for new ones.
    pub fn new(first: u8, crc: CrcOver) -> Self {
        let next = if first <= LAST_ID { first } else { 0 };
        Self { next, crc, waiting: None, receiver: Receiver::new(crc) }
    }

    /// The next request: the bytes to send. An answer still waited for will come as late.
    ///
    /// # Errors
    /// [`PacketError::TooLong`].
    pub fn send(&mut self, data: &[u8]) -> Result<Vec<u8>, PacketError> {
        let id = self.next;
        let bytes = Packet { id, data: data.to_vec() }.encode(self.crc)?;
        self.next = if id >= LAST_ID { 0 } else { id + 1 };
        self.waiting = Some(Waiting { id, bytes: bytes.clone(), sent_again: 0 });
        Ok(bytes)
    }

    /// The id that the next request will have.
    pub fn next_id(&self) -> u8 {
        self.next
    }

    /// The id of the request whose answer hasn't come.
    pub fn waiting(&self) -> Option<u8> {
        self.waiting.as_ref().map(|waiting| waiting.id)
    }

    /// Takes bytes as they came.
    pub fn received(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in self.receiver.received(bytes) {
            match piece {
                Ok(packet) if packet.id == ASYNC => events.push(Event::Async(packet.data)),
                Ok(packet) => self.packet(packet, &mut events),
                Err(damage) => events.push(Event::Damaged(damage)),
            }
        }
        events
    }

    fn packet(&mut self, packet: Packet, events: &mut Vec<Event>) {
        match &mut self.waiting {
            Some(waiting) if waiting.id == packet.id => {
                if !packet.data.is_empty() {
                    self.waiting = None;
                    events.push(Event::Answer(packet.data));
                } else if waiting.sent_again < REPEATS {
                    waiting.sent_again += 1;
                    events.push(Event::Transmit(waiting.bytes.clone()));
                } else {
                    events.push(Event::Damaged(Damage::Unheard));
                }
            }
            _ => events.push(Event::Late(packet)),
        }
    }
}

/// Cuts a byte stream into packets. Bytes between packets are skipped.
#[derive(Debug, Clone)]
pub struct Receiver {
    crc: CrcOver,
    place: Place,
    escaped: bool,
    length: usize,
    packet: Packet,
    sum: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Between,
    Low,
    High,
    Id,
    Data,
    Crc,
}

impl Receiver {
    /// Waits for the start of a packet.
    pub fn new(crc: CrcOver) -> Self {
        let packet = Packet { id: 0, data: Vec::new() };
        Self { crc, place: Place::Between, escaped: false, length: 0, packet, sum: 0 }
    }

    /// Takes bytes as they came: the packets completed by them, and those that are broken.
    pub fn received(&mut self, bytes: &[u8]) -> Vec<Result<Packet, Damage>> {
        bytes.iter().filter_map(|&byte| self.byte(byte)).collect()
    }

    fn byte(&mut self, byte: u8) -> Option<Result<Packet, Damage>> {
        if byte == START {
            let broken = self.place != Place::Between;
            *self = Self { place: Place::Low, ..Self::new(self.crc) };
            return broken.then_some(Err(Damage::BrokenOff));
        }
        match self.place {
            Place::Between => None,
            Place::Low | Place::High if byte > 0x7f => self.give_up(),
            Place::Low => self.head(usize::from(byte), Place::High),
            Place::High => self.head(self.length | usize::from(byte) << 7, Place::Id),
            Place::Id if !is_id(byte) => self.give_up(),
            Place::Id => {
                self.packet.id = byte;
                self.sum = crc8(&[byte], 0xff);
                self.place = if self.length == 0 { Place::Crc } else { Place::Data };
                None
            }
            Place::Data | Place::Crc => self.body(byte),
        }
    }

    fn head(&mut self, length: usize, next: Place) -> Option<Result<Packet, Damage>> {
        self.length = length;
        self.place = next;
        None
    }

    fn body(&mut self, wire: u8) -> Option<Result<Packet, Damage>> {
        let in_data = self.place == Place::Data;
        if in_data && self.crc == CrcOver::Stuffed {
            self.sum = crc8(&[wire], self.sum);
        }
        let byte = match (self.escaped, wire) {
            (false, ESCAPE) => {
                self.escaped = true;
                return None;
            }
            (false, _) => wire,
            (true, 0xee) => START,
            (true, 0xed) => ESCAPE,
            (true, _) => return self.give_up(),
        };
        self.escaped = false;
        if !in_data {
            self.place = Place::Between;
            let packet = std::mem::replace(&mut self.packet, Packet { id: 0, data: Vec::new() });
            return Some(if byte == self.sum { Ok(packet) } else { Err(Damage::Crc) });
        }
        if self.crc == CrcOver::Data {
            self.sum = crc8(&[byte], self.sum);
        }
        self.packet.data.push(byte);
        if self.packet.data.len() == self.length {
            self.place = Place::Crc;
        }
        None
    }

    fn give_up(&mut self) -> Option<Result<Packet, Damage>> {
        *self = Self::new(self.crc);
        Some(Err(Damage::Malformed))
    }
}

fn is_id(byte: u8) -> bool {
    byte <= LAST_ID || byte == ASYNC
}

fn stuff(byte: u8, out: &mut Vec<u8>) {
    match byte {
        START => out.extend_from_slice(&[ESCAPE, 0xee]),
        ESCAPE => out.extend_from_slice(&[ESCAPE, 0xed]),
        _ => out.push(byte),
    }
}

fn crc8(bytes: &[u8], start: u8) -> u8 {
    bytes.iter().fold(start, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 != 0 { crc << 1 ^ 0x31 } else { crc << 1 })
    })
}
