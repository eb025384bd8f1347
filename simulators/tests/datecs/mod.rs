//! A host that writes frames by hand, independent of the simulator's own code.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used)]

use jiff::civil::date;
use outlet_simulators::register::{Register, RegisterSpec};

pub const SYN: u8 = 0x16;
pub const NAK: u8 = 0x15;

/// Bytes written as in the vendor's documents: `01 24 20 4A`.
pub fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// Which frame a host speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wrap {
    Wide,
    Byte,
}

/// A host at a register whose clock stands at 22 November 2026, 10:00.
pub struct Host {
    pub register: Register,
    pub wrap: Wrap,
    /// Bytes written by [`Host::ask`].
    pub written: u64,
    seq: u8,
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub seq: u8,
    pub command: u16,
    /// Decoded by windows-1251, or windows-1250 for Romania.
    pub data: String,
    pub status: Vec<u8>,
}

impl Host {
    pub fn x() -> Self {
        Self::at(RegisterSpec::datecs_x(), Wrap::Wide)
    }

    pub fn ro() -> Self {
        Self::at(RegisterSpec::datecs_ro(), Wrap::Wide)
    }

    pub fn p() -> Self {
        Self::at(RegisterSpec::datecs_p(), Wrap::Byte)
    }

    pub fn c() -> Self {
        Self::at(RegisterSpec::datecs_c(), Wrap::Byte)
    }

    pub fn at(spec: RegisterSpec, wrap: Wrap) -> Self {
        let register = Register::open(spec.at(date(2026, 11, 22).at(10, 0, 0, 0))).unwrap();
        Self { register, wrap, written: 0, seq: 0x40 }
    }

    /// A command under the next number.
    pub fn frame(&mut self, command: u16, data: &str) -> Vec<u8> {
        self.seq = if self.seq < 0x7F { self.seq + 1 } else { 0x20 };
        wrap(self.wrap, self.seq, command, &self.encode(data))
    }

    /// Sends a command and takes its answer apart.
    pub fn ask(&mut self, command: u16, data: &str) -> Answer {
        let frame = self.frame(command, data);
        let sent = self.register.feed(&frame);
        self.written += frame.len() as u64;
        let answer = self.answer(&sent);
        assert_eq!((answer.seq, answer.command), (self.seq, command));
        answer
    }

    /// Rings up one item of 4.50 and pays it in cash; the receipt is still open.
    pub fn receipt_up_to_close(&mut self) {
        let commands = match (self.wrap, self.romanian()) {
            (Wrap::Wide, false) => {
                [(48, "1\t0000\t1\t\t"), (49, "Ракия\t2\t4.50\t1\t\t\t0\t"), (53, "0\t5.00\t\t")]
            }
            (Wrap::Wide, true) => {
                [(48, "1\t0001\t1\t\t\t\t"), (49, "Ţuică\t2\t4.50\t1\t\t\t0\t"), (53, "0\t5.00\t")]
            }
            (Wrap::Byte, _) => {
                let password = if self.register.ledger().serial == "DT735762" { "1" } else { "0000" };
                let open: &str = if password == "1" { "1,1,1" } else { "1,0000,1" };
                [(48, open), (49, "Ракия\tБ4.50"), (53, "\tP5.00")]
            }
        };
        for (command, data) in commands {
            let answer = self.ask(command, data);
            assert_eq!(answer.status[0], 0x80, "{command}: {answer:?}");
        }
    }

    /// The data of the answer.
    pub fn tell(&mut self, command: u16, data: &str) -> String {
        self.ask(command, data).data
    }

    /// The one answer in what was sent, SYN bytes before it left out.
    pub fn answer(&self, sent: &[u8]) -> Answer {
        let at = sent.iter().position(|byte| *byte != SYN).expect("nothing but SYN was sent");
        unwrap(self.wrap, &sent[at..], |bytes| self.decode(bytes))
    }

    fn romanian(&self) -> bool {
        self.register.ledger().serial.starts_with("DB")
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        let page = if self.romanian() { encoding_rs::WINDOWS_1250 } else { encoding_rs::WINDOWS_1251 };
        page.encode(text).0.into_owned()
    }

    fn decode(&self, bytes: &[u8]) -> String {
        let page = if self.romanian() { encoding_rs::WINDOWS_1250 } else { encoding_rs::WINDOWS_1251 };
        page.decode_without_bom_handling(bytes).0.into_owned()
    }
}

/// A command frame.
pub fn wrap(wrap: Wrap, seq: u8, command: u16, data: &[u8]) -> Vec<u8> {
    let mut body = match wrap {
        Wrap::Wide => four(0x20 + 10 + data.len() as u16),
        Wrap::Byte => vec![0x24 + data.len() as u8],
    };
    body.push(seq);
    match wrap {
        Wrap::Wide => body.extend(four(command)),
        Wrap::Byte => body.push(command as u8),
    }
    body.extend(data);
    body.push(5);
    let sum = body.iter().map(|byte| u16::from(*byte)).sum();
    [vec![1], body, four(sum), vec![3]].concat()
}

fn four(number: u16) -> Vec<u8> {
    format!("{number:04X}").chars().map(|digit| 0x30 + digit.to_digit(16).unwrap() as u8).collect()
}

fn number(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |value, byte| value << 4 | u16::from(byte - 0x30))
}

fn unwrap(wrap: Wrap, bytes: &[u8], decode: impl Fn(&[u8]) -> String) -> Answer {
    let digits = if wrap == Wrap::Wide { 4 } else { 1 };
    let status = if wrap == Wrap::Wide { 8 } else { 6 };
    let read = |bytes: &[u8]| if wrap == Wrap::Wide { number(bytes) } else { u16::from(bytes[0]) };
    assert_eq!(bytes[0], 1, "{bytes:02X?}");
    let len = usize::from(read(&bytes[1..=digits])) - 0x20;
    let body = &bytes[1..=len];
    assert_eq!(bytes.len(), len + 6, "one frame and nothing after it: {bytes:02X?}");
    assert_eq!(bytes[len + 5], 3);
    let sum: u16 = body.iter().map(|byte| u16::from(*byte)).sum();
    assert_eq!(number(&bytes[len + 1..len + 5]), sum);
    let command = read(&body[digits + 1..2 * digits + 1]);
    let rest = &body[2 * digits + 1..];
    let separator = rest.len() - 2 - status;
    assert_eq!((rest[separator], rest[rest.len() - 1]), (4, 5));
    Answer {
        seq: body[digits],
        command,
        data: decode(&rest[..separator]),
        status: rest[separator + 1..rest.len() - 1].to_vec(),
    }
}
