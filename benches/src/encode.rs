//! How fast a document becomes bytes, here and in others of this kind.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlet_devices::models;
use outlet_protocols::document::{Dither, Document};
use outlet_protocols::encode::EncoderOptions;
use outlet_protocols::raster::{Grey, dither};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Result;
use crate::report::{Report, Row, Table, per_second};

/// The printer that is encoded for: 80 mm, and it draws QR codes and CODE128 itself.
const MODEL: &str = "epson-tm-t20iii";
/// How often each figure is taken; the best counts, since other work on the machine only slows.
const ROUNDS: usize = 5;
/// How long one of them takes.
const ROUND: Duration = Duration::from_millis(800);
/// Size of the picture that is dithered.
const PICTURE: (u16, u16) = (576, 800);

const TARGET_TEXT: f64 = 120_000.0;
const TARGET_LOGO: f64 = 80_000.0;
const TARGET_DITHER: f64 = 450.0;

/// Measures the encoder, then every peer that [`Peers`] names.
pub fn measure(peers: &Peers, report: &mut Report) -> Result<()> {
    let ours = ours()?;
    report.row(Row::at_least("Receipts encoded per second, one core", TARGET_TEXT, ours.receipts, ""));
    report.row(Row::at_least("The same with a logo already seen", TARGET_LOGO, ours.with_logo, ""));
    report.row(Row::at_least("Pictures of 576x800 dithered per second", TARGET_DITHER, ours.dithered, ""));

    let mut table = Table::new(
        "Encoders: the same receipt, one core",
        &["encoder", "version", "receipts/s", "with the logo", "576x800 dithered", "bytes", "what differs"],
    );
    for figures in [Ok(ours), image_crate()].into_iter().chain(peers.commands().into_iter().map(run)) {
        let figures = figures?;
        table.line([
            figures.name,
            figures.version,
            per_second(figures.receipts),
            per_second(figures.with_logo),
            per_second(figures.dithered),
            figures.bytes.map_or("-".into(), |bytes| bytes.to_string()),
            figures.differs,
        ]);
    }
    report.table(table);
    report.note(format!(
        "The receipt is `benches/receipt.json`: 40 lines of Cyrillic, a QR code and a CODE128; the logo is \
         `benches/logo.png`, 384x160 with greys. Each figure is the best of {ROUNDS} rounds on one thread, from \
         the parsed document (for the others: from the parsed receipt) to the finished bytes. Pictures are \
         dithered by Floyd and Steinberg from grey already decoded."
    ));
    Ok(())
}

/// Where the peers were installed.
pub struct Peers {
    /// Folder of `python_escpos.py`, `thermal.mjs`.
    pub scripts: PathBuf,
    /// The Python that has python-escpos.
    pub python: PathBuf,
    /// The program made of `peers/escpos-crate`.
    pub escpos: PathBuf,
}

impl Peers {
    fn commands(&self) -> [Command; 3] {
        let mut python = Command::new(&self.python);
        python.arg(self.scripts.join("python_escpos.py"));
        let mut node = Command::new("node");
        node.arg(self.scripts.join("thermal.mjs"));
        let mut commands = [Command::new(&self.escpos), python, node];
        for command in &mut commands {
            command.args([folder().join("receipt.json"), folder().join("logo.png")]);
            command.args([ROUNDS.to_string(), ROUND.as_millis().to_string()]);
        }
        commands
    }
}

/// What an encoder did. A peer prints it as one line of JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    name: String,
    version: String,
    /// Receipts a second.
    receipts: Option<f64>,
    /// Receipts with the logo a second.
    with_logo: Option<f64>,
    /// Pictures a second.
    dithered: Option<f64>,
    /// Bytes of a receipt without the logo.
    bytes: Option<usize>,
    /// What it prints otherwise, or can't.
    differs: String,
}

fn ours() -> Result<Figures> {
    let receipt: Value = serde_json::from_slice(&read("receipt.json")?)?;
    let logo = STANDARD.encode(read("logo.png")?);
    let mut with_logo = receipt.clone();
    if let Some(blocks) = with_logo["blocks"].as_array_mut() {
        blocks.insert(0, json!({"type": "image", "data": logo}));
    }
    let (text, bytes) = encode(receipt)?;
    let (with_logo, _) = encode(with_logo)?;
    let grey = grey();
    Ok(Figures {
        name: "outletd".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        receipts: Some(text),
        with_logo: Some(with_logo),
        dithered: Some(best(|| {
            black_box(dither(black_box(&grey), Dither::FloydSteinberg));
        })),
        bytes: Some(bytes),
        differs: "a picture is dithered once and then kept".into(),
    })
}

/// Documents a second, and the bytes of one.
fn encode(document: Value) -> Result<(f64, usize)> {
    let document = Document::from_value(document)?;
    let mut encoder = models::find(MODEL)?.encoder(EncoderOptions::default())?;
    let mut out = Vec::new();
    let report = encoder.encode(&document, &mut out)?;
    if !report.rasterised.is_empty() || !report.transliterated.is_empty() {
        return Err(format!("the receipt was not printed as it is written: {report:?}").into());
    }
    let bytes = out.len();
    let rate = best(|| {
        out.clear();
        // It was encoded before.
        drop(black_box(encoder.encode(black_box(&document), &mut out)));
        black_box(&out);
    });
    Ok((rate, bytes))
}

/// The dithering of the crate `image`, for comparison.
fn image_crate() -> Result<Figures> {
    let grey = grey();
    let picture = image::GrayImage::from_raw(grey.width.into(), grey.height.into(), grey.pixels)
        .ok_or("the picture has too few pixels")?;
    let dithered = best(|| {
        let mut work = picture.clone();
        image::imageops::dither(&mut work, &image::imageops::BiLevel);
        black_box(work);
    });
    Ok(Figures {
        name: "crate `image`".into(),
        version: "0.25".into(),
        receipts: None,
        with_logo: None,
        dithered: Some(dithered),
        bytes: None,
        differs: "no encoder; dithers only".into(),
    })
}

/// A picture of all greys, without help from a generator of random numbers: the peers make the same.
fn grey() -> Grey {
    let (width, height) = PICTURE;
    let pixel = |x: u32, y: u32| ((x * 7 + y * 3) ^ ((x * y) >> 6)) as u8;
    let pixels = (0..u32::from(height)).flat_map(|y| (0..u32::from(width)).map(move |x| pixel(x, y)));
    Grey { width, height, pixels: pixels.collect() }
}

/// The most calls a second of all rounds.
fn best(mut call: impl FnMut()) -> f64 {
    let mut best = 0f64;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut calls = 0u32;
        while start.elapsed() < ROUND {
            call();
            calls += 1;
        }
        best = best.max(f64::from(calls) / start.elapsed().as_secs_f64());
    }
    best
}

fn run(mut command: Command) -> Result<Figures> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} can't be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed, {}:\n{said}", output.status).into());
    }
    let figures = serde_json::from_slice(&output.stdout);
    Ok(figures.map_err(|error| format!("{name} printed no figures: {error}"))?)
}

fn read(name: &str) -> Result<Vec<u8>> {
    let path = folder().join(name);
    Ok(std::fs::read(&path).map_err(|error| format!("{} can't be read: {error}", path.display()))?)
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
