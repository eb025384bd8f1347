//! Whatever a host sends to the simulated Shtrih-M register, it goes on, and its books agree.

mod common;
mod shtrih;

use common::hex;
use outlet_simulators::register::shtrih::{Ffd, ShtrihSpec};
use outlet_simulators::register::{DocumentKind, Fault, Register};
use shtrih::{Host, close, frame_v1, item, open, spec};

/// Numbers that are always the same for a seed.
struct Noise(u64);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as usize % most
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

/// The drawer holds what receipts and movements say, and the storage counts without a gap.
fn books_agree(register: &Register, seed: u64) {
    let ledger = register.ledger();
    let cash = ledger.documents.iter().map(|document| {
        let paid: i64 = document.payments.iter().filter(|(name, _)| name == "cash").map(|(_, sum)| sum).sum();
        match document.kind {
            DocumentKind::SaleReturn | DocumentKind::SaleReturnCorrection => -paid,
            DocumentKind::Buy | DocumentKind::BuyCorrection => -paid,
            _ => paid,
        }
    });
    let moved: i64 = ledger.movements.iter().map(|movement| movement.sum).sum();
    assert_eq!(cash.sum::<i64>() + moved, ledger.cash, "seed {seed}");
    for (index, document) in ledger.documents.iter().enumerate() {
        assert_eq!(document.number as usize, index + 1, "seed {seed}");
        let paid: i64 = document.payments.iter().map(|(_, sum)| sum).sum();
        assert_eq!(paid, document.total, "seed {seed}, document {}", document.number);
    }
}

const CODES: &str = "10 11 12 17 1A 1B 1F 21 22 23 25 28 29 2D 2E 2F 40 41 50 51 80 81 82 83 85 86 87 88 89 \
                     8C 8D B0 E0 F7 FC 66";
const STORAGE_CODES: &str = "01 02 03 04 08 09 0A 0C 35 39 3A 3B 3F 40 41 42 45 46 4A 4D 61 67 69 99";

#[test]
fn any_commands_leave_books_that_agree() {
    let mut receipts = 0;
    for seed in 1..16 {
        let mut noise = Noise::new(seed);
        let ffd = if seed % 2 == 0 { Ffd::V105 } else { Ffd::V12 };
        let host = Host::new(spec(ShtrihSpec { ffd, ..ShtrihSpec::default() }));
        for _ in 0..150 {
            let codes = if noise.below(2) == 0 { hex(CODES) } else { hex(STORAGE_CODES) };
            let mut command = if codes.len() > 30 { Vec::new() } else { vec![0xFF] };
            command.push(codes[noise.below(codes.len())]);
            let command = match noise.below(5) {
                0 => open(noise.below(5) as u8),
                1 => item(
                    1 + noise.below(4) as u8,
                    "Tea",
                    noise.below(9_000_000) as i64,
                    noise.below(50_000) as i64,
                    [1, 2, 4, 8][noise.below(4)],
                ),
                2 => close(&[
                    (1, noise.below(900_000) as i64),
                    (2 + noise.below(15), noise.below(9_000) as i64),
                ]),
                _ => {
                    let length = noise.below(60);
                    let password = [if noise.below(2) == 0 { 30 } else { 1 }, 0, 0, 0];
                    [command, password.to_vec(), noise.bytes(length)].concat()
                }
            };
            host.ask(&command);
            match noise.below(40) {
                0 => host.register.inject(Fault::PaperOutAtLine { lines: noise.below(30) as u32 }),
                1 => host.register.inject(Fault::NewPaper),
                2 => host.register.power_off(),
                _ => {}
            }
            host.register.power_on();
        }
        books_agree(&host.register, seed);
        receipts += host.register.documents().iter().filter(|document| document.receipt > 0).count();
        for paper in host.register.papers().iter().take(3) {
            assert!(paper.png().is_ok());
        }
    }
    assert!(receipts > 20, "{receipts} receipts came about");
}

#[test]
fn noise_on_the_line_executes_nothing() {
    for seed in 1..100 {
        let mut noise = Noise::new(seed);
        let register = Register::open(spec(ShtrihSpec::default())).expect("in memory");
        for _ in 0..20 {
            let length = noise.below(400);
            let mut bytes = noise.bytes(length);
            bytes.iter_mut().step_by(3).for_each(|byte| *byte %= 0x20);
            register.feed(&bytes);
        }
        assert!(register.ledger().movements.is_empty(), "seed {seed}");
        // A new connection drops what is half received; an answer may be held.
        register.inject(Fault::CutLink);
        let said = register.feed(&hex("05"));
        assert!(said.first().is_some_and(|byte| [0x06, 0x15].contains(byte)), "seed {seed}");
        register.feed(&hex("06"));
        assert_eq!(register.feed(&frame_v1(&[0xFC]))[..2], hex("06 02"), "seed {seed}");
    }
}
