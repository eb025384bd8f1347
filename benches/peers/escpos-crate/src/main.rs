//! The crate `escpos`: the receipt of receipt.json, again and again; prints its figures as a line of JSON.
//! Arguments: receipt.json, logo.png, rounds, milliseconds a round.

use std::cell::RefCell;
use std::error::Error;
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use escpos::driver::Driver;
use escpos::printer::Printer;
use escpos::printer_options::PrinterOptions;
use escpos::utils::{
    BarcodeFont, BarcodeHeight, BarcodeOption, BarcodePosition, BarcodeWidth, JustifyMode, PageCode,
    Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption,
};
use serde_json::{Value, json};

const WIDTH: usize = 48;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [receipt, logo, rounds, milliseconds] = arguments.as_slice() else {
        return Err("arguments: receipt.json logo.png rounds milliseconds".into());
    };
    let receipt: Value = serde_json::from_slice(&std::fs::read(receipt)?)?;
    let blocks = receipt["blocks"].as_array().ok_or("no blocks")?;
    let logo = std::fs::read(logo)?;
    let rounds = rounds.parse()?;
    let round = Duration::from_millis(milliseconds.parse()?);

    let mut bench = Bench::new();
    let bytes = bench.receipt(blocks, None)?;
    bench.receipt(blocks, Some(&logo))?;
    // Both have worked once, so they work again.
    let receipts = best(rounds, round, || drop(black_box(bench.receipt(blocks, None))));
    let with_logo = best(rounds, round, || drop(black_box(bench.receipt(blocks, Some(&logo)))));
    let figures = json!({
        "name": "crate `escpos`",
        "version": "0.20.1",
        "receipts": receipts,
        "with_logo": with_logo,
        "dithered": null,
        "bytes": bytes,
        "differs": "no CODE128: CODE39 instead; lines padded by the caller; no dithering: a threshold, on \
                    the logo decoded anew each time",
    });
    println!("{figures}");
    Ok(())
}

#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Driver for Memory {
    fn name(&self) -> String {
        "memory".into()
    }

    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}

struct Bench {
    printer: Printer<Memory>,
    memory: Memory,
}

impl Bench {
    fn new() -> Self {
        let memory = Memory::default();
        let options = PrinterOptions::new(Some(PageCode::PC866), None, WIDTH as u8);
        Self { printer: Printer::new(memory.clone(), Protocol::default(), Some(options)), memory }
    }

    /// Encodes one receipt and says how many bytes it has.
    fn receipt(&mut self, blocks: &[Value], logo: Option<&[u8]>) -> Result<usize, Box<dyn Error>> {
        self.memory.0.borrow_mut().clear();
        self.printer.init()?.page_code(PageCode::PC866)?;
        if let Some(logo) = logo {
            self.printer.justify(JustifyMode::CENTER)?.bit_image_from_bytes(logo)?;
        }
        for block in blocks {
            self.put(block)?;
        }
        self.printer.print()?;
        Ok(self.memory.0.borrow().len())
    }

    fn put(&mut self, block: &Value) -> Result<(), Box<dyn Error>> {
        let printer = &mut self.printer;
        let text = |key: &str| block[key].as_str().ok_or("a field is missing");
        let kind = text("type")?;
        match kind {
            "text" | "pair" => {
                let style = &block["style"];
                let times = style["width"].as_u64().unwrap_or(1);
                let align = if block["align"] == "center" { JustifyMode::CENTER } else { JustifyMode::LEFT };
                printer.justify(align)?.bold(style["bold"] == true)?.size(times as u8, times as u8)?;
                if kind == "text" {
                    printer.writeln(text("text")?)?;
                } else {
                    let right = text("right")?;
                    let left = WIDTH / times as usize - right.chars().count();
                    printer.writeln(&format!("{:<left$}{right}", text("left")?))?;
                }
            }
            "rule" => {
                printer.justify(JustifyMode::LEFT)?.bold(false)?.size(1, 1)?.writeln(&"-".repeat(WIDTH))?;
            }
            "qr" => {
                let size = block["size"].as_u64().unwrap_or(6) as u8;
                let option = QRCodeOption::new(QRCodeModel::Model2, size, QRCodeCorrectionLevel::M);
                printer.justify(JustifyMode::CENTER)?.qrcode_option(text("data")?, option)?;
            }
            "barcode" => {
                let option = BarcodeOption::new(
                    BarcodeWidth::M,
                    BarcodeHeight::M,
                    BarcodeFont::A,
                    BarcodePosition::Below,
                );
                printer.code39_option(text("data")?, option)?;
            }
            "cut" => {
                printer.partial_cut()?;
            }
            other => return Err(format!("the receipt has a block that is not known here: {other}").into()),
        }
        Ok(())
    }
}

/// The most calls a second of all rounds.
fn best(rounds: usize, round: Duration, mut call: impl FnMut()) -> f64 {
    let mut best = 0f64;
    for _ in 0..rounds {
        let start = Instant::now();
        let mut calls = 0u32;
        while start.elapsed() < round {
            call();
            calls += 1;
        }
        best = best.max(f64::from(calls) / start.elapsed().as_secs_f64());
    }
    best
}
