//! Helpers shared by the test files.
#![allow(dead_code, reason = "each test file uses its own part")]

use outlet_simulators::printer::{Printer, PrinterSpec};

/// An 80 mm Epson printer, connected to nothing.
pub fn epson() -> Printer {
    Printer::new(PrinterSpec::epson_80mm())
}

/// Bytes written as in the vendor's documents: `1D 61 FF`.
pub fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|b| u8::from_str_radix(b, 16).expect("two hexadecimal digits")).collect()
}

/// `GS ( k` with its count.
pub fn gs_paren_k(parameters: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1D, b'(', b'k', (parameters.len() % 256) as u8, (parameters.len() / 256) as u8];
    out.extend(parameters);
    out
}

/// Feeds the script whole, and cut in two at every byte; the answers, the papers and the
/// violations must be the same. Gives the answers.
pub fn however_split(spec: &PrinterSpec, script: &[u8]) -> Vec<u8> {
    let run = |parts: &[&[u8]]| {
        let printer = Printer::new(spec.clone());
        let answers: Vec<u8> = parts.iter().flat_map(|part| printer.feed(part)).collect();
        let papers: Vec<String> = printer.papers().iter().map(|p| p.text.clone()).collect();
        (answers, papers, printer.unfinished(), printer.violations())
    };
    let whole = run(&[script]);
    for cut in 1..script.len() {
        let (head, tail) = script.split_at(cut);
        assert_eq!(run(&[head, tail]), whole, "cut at byte {cut}");
    }
    let bytes: Vec<&[u8]> = script.chunks(1).collect();
    assert_eq!(run(&bytes), whole, "byte by byte");
    whole.0
}
