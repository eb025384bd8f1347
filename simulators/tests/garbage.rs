//! Whatever arrives, the printer goes on: no panic, and a status question is still answered.

mod common;

use common::hex;
use outlet_simulators::printer::{Printer, PrinterSpec};

/// Bytes in which command starts and small parameters are frequent. Always the same for a seed.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    const FREQUENT: [u8; 24] = *b"\x1b\x1d\x1c\x10\x1b\x1d(kLV*vbdy\x00\x01\x02\x03\x00\x0a\x300\x1e";
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len)
        .map(|_| match next() {
            choice if choice < 160 => FREQUENT[usize::from(next()) % FREQUENT.len()],
            _ => next(),
        })
        .collect()
}

fn survives(spec: &PrinterSpec, question: &[u8], answer_len: usize) {
    for seed in 1..50 {
        let printer = Printer::new(spec.clone());
        for piece in noise(seed, 3000).chunks(1 + seed as usize % 97) {
            printer.feed(piece);
        }
        printer.flush_paper();
        for paper in printer.papers().iter().take(5) {
            assert_eq!(paper.bitmap().width(), spec.width);
        }
        assert!(printer.feed(question).len() >= answer_len, "seed {seed}");
    }
}

#[test]
fn escpos_printers_survive_noise() {
    survives(&PrinterSpec::epson_80mm(), &hex("00 00 00 10 04 01"), 1);
    survives(&PrinterSpec::chinese_80mm(), &hex("00 00 00 10 04 01"), 1);
}

#[test]
fn star_printers_survive_noise() {
    survives(&PrinterSpec::star_line_80mm(), &hex("00 00 00 1B 06 01"), 9);
}
