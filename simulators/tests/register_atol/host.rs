//! A host of low level 3, for these tests.

use jiff::civil::{DateTime, date};
use outlet_simulators::register::atol::AtolSpec;
use outlet_simulators::register::{DocumentKind, Family, Register, RegisterSpec};

/// A position of a sale: price 100.00, 2 pieces, cost 200.00, 20 %, object 1, method 4, `Чай`.
pub const TEA: &str = "EB 00 00000000010000 0000002000 00000000020000 01 00000000000000 01 01 04 00 00000000000000 0000 97 A0 A9";

/// When all tests take place.
pub fn clock() -> DateTime {
    date(2026, 11, 22).at(10, 0, 0, 0)
}

pub fn register() -> Register {
    Register::open(RegisterSpec::atol_v3().at(clock())).expect("no state file, no error")
}

pub struct Host {
    pub register: Register,
    pub password: Vec<u8>,
    id: u8,
    tid: u8,
}

impl Host {
    pub fn new() -> Self {
        Self { register: register(), password: vec![0, 0], id: 0, tid: 0 }
    }

    pub fn of(family: AtolSpec) -> Self {
        let spec = RegisterSpec { family: Family::Atol(family), ..RegisterSpec::atol_v3() };
        Self::at(spec.at(clock()))
    }

    pub fn at(spec: RegisterSpec) -> Self {
        Self { register: Register::open(spec).expect("a state file that can be read"), ..Self::new() }
    }

    /// In mode 1, with an open shift.
    pub fn selling() -> Self {
        let mut host = Self::new();
        host.ok("56 01 00000030");
        host.ok("9A 00");
        host
    }

    /// A receipt of one position, 200.00 in cash.
    pub fn sell(&mut self) {
        self.ok("92 00 01");
        self.ok("EA 00 01 00");
        self.ok(TEA);
        self.ok("4A 00 01 0000000000");
    }

    /// Sales in the storage.
    pub fn sales(&self) -> usize {
        self.register.documents().iter().filter(|document| document.kind == DocumentKind::Sale).count()
    }

    /// The data of an Add: the result is wanted, a failure stops nothing.
    pub fn add(&self, tid: u8, task: &str) -> Vec<u8> {
        [vec![0xC1, 3, tid], self.password.clone(), hex(task)].concat()
    }

    /// Does a task, acknowledges it, and gives its answer.
    pub fn task(&mut self, task: &str) -> Vec<u8> {
        self.try_task(task).unwrap_or_else(|| panic!("{task} has no answer"))
    }

    /// The same; `None` when no answer came.
    pub fn try_task(&mut self, task: &str) -> Option<Vec<u8>> {
        self.id = (self.id + 1) % 0xE0;
        self.tid = (self.tid + 1) % 0xE0;
        let sent = self.register.feed(&frame(self.id, &self.add(self.tid, task)));
        let answer = frames(&sent).into_iter().find_map(|(id, data)| match data.split_first()? {
            (0xA3 | 0xA4, rest) if id == self.id => Some(rest.to_vec()),
            (0xA6 | 0xA7, [tid, rest @ ..]) if id == 0xF0 && *tid == self.tid => Some(rest.to_vec()),
            _ => None,
        })?;
        self.register.feed(&frame(self.id, &[0xC2, self.tid]));
        Some(answer)
    }

    /// Does a task that has to succeed.
    pub fn ok(&mut self, task: &str) {
        assert_eq!(self.task(task), hex("55 00 00"), "{task}");
    }
}

/// Bytes written as digits, with or without blanks between them.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(|digits| pair(digits).expect("two hexadecimal digits")).collect()
}

/// A frame around data.
pub fn frame(id: u8, data: &[u8]) -> Vec<u8> {
    let mut crc = 0xFFu8;
    for byte in [id].iter().chain(data) {
        crc ^= byte;
        for _ in 0..8 {
            crc = if crc >= 0x80 { crc << 1 ^ 0x31 } else { crc << 1 };
        }
    }
    let mut out = vec![0xFE, (data.len() % 128) as u8, (data.len() / 128) as u8, id];
    for byte in data.iter().chain([&crc]) {
        match byte {
            0xFE => out.extend([0xFD, 0xEE]),
            0xFD => out.extend([0xFD, 0xED]),
            byte => out.push(*byte),
        }
    }
    out
}

/// Ids and data of whole frames one after the other.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut out = Vec::new();
    while let [0xFE, low, high, id, rest @ ..] = bytes {
        let length = usize::from(*low) + usize::from(*high) * 128;
        let (mut body, mut used) = (Vec::new(), 0);
        while body.len() <= length {
            let Some(byte) = rest.get(used) else { return out };
            used += 1;
            body.push(match byte {
                0xFD => {
                    used += 1;
                    rest[used - 1] + 0x10
                }
                byte => *byte,
            });
        }
        body.pop();
        assert_eq!(frame(*id, &body), bytes[..4 + used]);
        out.push((*id, body));
        bytes = &rest[used..];
    }
    out
}

/// Attributes one after the other.
pub fn attributes(mut bytes: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut out = Vec::new();
    while let [a, b, c, d, rest @ ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        out.push((u16::from_le_bytes([*a, *b]), rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    out
}
