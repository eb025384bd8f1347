//! A host of the Shtrih-M family, written for the tests alone.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used)] // helpers of tests, too

use jiff::civil::date;
use outlet_simulators::register::shtrih::ShtrihSpec;
use outlet_simulators::register::{DocumentKind, Family, Register, RegisterSpec};

/// Password of cashier 1, as on the wire.
pub const CASHIER: [u8; 4] = [1, 0, 0, 0];
/// Password of the system administrator.
pub const ADMIN: [u8; 4] = [30, 0, 0, 0];

/// A host of a register on link level 1, at half past ten on 22 November 2026.
pub fn v1() -> Host {
    with(ShtrihSpec::default())
}

/// The same with something particular.
pub fn with(family: ShtrihSpec) -> Host {
    Host::new(spec(family))
}

/// A register on link level 2.0, at the same time.
pub fn v2() -> Register {
    Register::open(RegisterSpec::shtrih_v2().at(date(2026, 11, 22).at(10, 30, 0, 0))).unwrap()
}

pub fn spec(family: ShtrihSpec) -> RegisterSpec {
    let spec = RegisterSpec::shtrih_v1().at(date(2026, 11, 22).at(10, 30, 0, 0));
    RegisterSpec { family: Family::Shtrih(family), ..spec }
}

/// What is in the storage, oldest first.
pub fn kinds(register: &Register) -> Vec<DocumentKind> {
    register.documents().iter().map(|document| document.kind).collect()
}

/// A host on link level 1.
pub struct Host {
    pub register: Register,
}

impl Host {
    pub fn new(spec: RegisterSpec) -> Self {
        Self { register: Register::open(spec).unwrap() }
    }

    /// One exchange: enquiry, command, acknowledgement. Gives the answer without its frame.
    pub fn ask(&self, command: &[u8]) -> Vec<u8> {
        assert_eq!(self.register.feed(&[0x05]), [0x15], "the register is idle");
        let answer = self.register.feed(&frame_v1(command));
        self.register.feed(&[0x06]);
        assert_eq!(answer[..2], [0x06, 0x02], "acknowledged and answered");
        answer[3..answer.len() - 1].to_vec()
    }

    /// The fields of an answer without an error.
    pub fn ok(&self, command: &[u8]) -> Vec<u8> {
        let answer = self.ask(command);
        let code = if command[0] == 0xFF { 2 } else { 1 };
        assert_eq!(answer[..code], command[..code]);
        assert_eq!(answer[code], 0, "error {:02X} to {:02X?}", answer[code], &command[..code]);
        answer[code + 1..].to_vec()
    }

    pub fn mode(&self) -> u8 {
        self.ok(&[&[0x10], &ADMIN[..]].concat())[3]
    }

    pub fn submode(&self) -> u8 {
        self.ok(&[&[0x10], &ADMIN[..]].concat())[4]
    }
}

/// A host on link level 2.0.
pub struct HostV2 {
    pub register: Register,
    /// Number of the last frame.
    pub number: u16,
}

impl HostV2 {
    pub fn new(register: Register) -> Self {
        Self { register, number: 0 }
    }

    pub fn ask(&mut self, command: &[u8]) -> Vec<u8> {
        let (number, answer) = self.send(command);
        assert_eq!(number, self.number);
        answer
    }

    /// Sends a command under the next number; gives number and data of the answer.
    pub fn send(&mut self, command: &[u8]) -> (u16, Vec<u8>) {
        self.number += 1;
        let mut plain = ((command.len() + 2) as u16).to_le_bytes().to_vec();
        plain.extend(self.number.to_le_bytes());
        plain.extend(command);
        let crc = plain.iter().fold(0xFFFF_u16, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            })
        });
        plain.extend(crc.to_le_bytes());
        let mut wire = vec![0x8F];
        for byte in plain {
            match byte {
                0x8F => wire.extend([0x9F, 0x81]),
                0x9F => wire.extend([0x9F, 0x83]),
                _ => wire.push(byte),
            }
        }
        let answer = self.register.feed(&wire);
        let mut bytes = answer[1..].iter();
        let mut plain = Vec::new();
        while let Some(byte) = bytes.next() {
            plain.push(match byte {
                0x9F if bytes.next() == Some(&0x81) => 0x8F,
                byte => *byte,
            });
        }
        (u16::from_le_bytes([plain[2], plain[3]]), plain[4..plain.len() - 2].to_vec())
    }
}

/// A frame of link level 1.
pub fn frame_v1(data: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02, data.len() as u8];
    frame.extend(data);
    frame.push(frame[1..].iter().fold(0, |sum, byte| sum ^ byte));
    frame
}

/// `8D`, by cashier 1.
pub fn open(kind: u8) -> Vec<u8> {
    [&[0x8D], &CASHIER[..], &[kind]].concat()
}

/// `FF46` with the amount left to the register, full payment, goods.
pub fn item(operation: u8, name: &str, quantity_micro: i64, price: i64, tax: u8) -> Vec<u8> {
    item_with(operation, name, quantity_micro, price, 0xFF_FFFF_FFFF, tax)
}

/// `FF46` with an amount.
pub fn item_with(operation: u8, name: &str, quantity: i64, price: i64, amount: i64, tax: u8) -> Vec<u8> {
    let mut out = vec![0xFF, 0x46];
    out.extend(CASHIER);
    out.push(operation);
    out.extend(short(quantity, 6));
    out.extend(short(price, 5));
    out.extend(short(amount, 5));
    out.extend([0xFF; 5]);
    out.extend([tax, 1, 4, 1]);
    out.extend(text(name, name.chars().count()));
    out
}

/// `FF46` over 100.00 with a payment object.
pub fn item_of_subject(operation: u8, name: &str, subject: u8) -> Vec<u8> {
    let mut out = item(operation, name, 1_000_000, 10_000, 1);
    out[31] = subject;
    out
}

/// `FF45` with the given sums by payment type, from 1.
pub fn close(paid: &[(usize, i64)]) -> Vec<u8> {
    let mut out = vec![0xFF, 0x45];
    out.extend(CASHIER);
    for number in 1..=16 {
        out.extend(money(paid.iter().find(|(known, _)| *known == number).map_or(0, |(_, sum)| *sum)));
    }
    out.push(0);
    out.extend([0; 30]);
    out.push(1);
    out
}

/// Five bytes.
pub fn money(sum: i64) -> Vec<u8> {
    short(sum, 5)
}

/// A number in so many bytes, the lowest first.
pub fn short(number: i64, bytes: usize) -> Vec<u8> {
    number.to_le_bytes()[..bytes].to_vec()
}

/// windows-1251 text of a fixed length, filled with zeros.
pub fn text(text: &str, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text
        .chars()
        .map(|c| match c {
            'А'..='я' => (u32::from(c) - u32::from('А') + 0xC0) as u8,
            _ => u8::try_from(c).unwrap(),
        })
        .collect();
    bytes.resize(length, 0);
    bytes
}
