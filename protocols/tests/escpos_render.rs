//! Another's eyes: `escpost-render` draws what we send, and the pictures are kept.
//!
//! It wants ASCII digits in set C of CODE128, where the vendors have bytes 0 to 99 (their example is a
//! test in `escpos.rs`), so barcodes here have no pairs of digits.
//!
//! `BLESS=1 cargo test --test escpos_render` draws them anew; look at them before keeping them.

#![allow(clippy::unwrap_used)]

mod escpos_support;

use std::path::PathBuf;

use base64::Engine;
use escpos_support::{document, encoder};
use escpost_profiles::resolver;
use image::{GrayImage, ImageFormat, Luma};

/// Compares the rendered paper of a document with the kept picture of that name.
fn compare(name: &str, page: &str, blocks: &str) {
    let mut bytes = Vec::new();
    let report = encoder("epson-tm-t88v", page).encode(&document(blocks), &mut bytes).unwrap();
    let profile = resolver::resolve("TM-T88V").unwrap();
    let rendered =
        escpost_render::render(&bytes, profile).unwrap_or_else(|e| panic!("{name}: {e}; {report:?}"));
    assert_eq!(rendered.sheets.len(), 1);
    let got = image::load_from_memory(&rendered.sheets[0].png).unwrap().to_luma8();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/references/{name}.png"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &rendered.sheets[0].png).unwrap();
    }
    let kept = image::load_from_memory(&std::fs::read(&path).unwrap()).unwrap().to_luma8();
    assert_eq!(got.dimensions(), kept.dimensions(), "{name}");
    let differing = got.pixels().zip(kept.pixels()).filter(|(a, b)| a != b).count();
    assert_eq!(differing, 0, "{name}: dots differ from tests/references/{name}.png");
}

fn logo() -> String {
    let image = GrayImage::from_fn(160, 64, |x, y| {
        let (dx, dy) = (x as i32 - 80, (y as i32 - 32) * 2);
        let distance = ((dx * dx + dy * dy) as f32).sqrt();
        Luma([if distance > 62.0 { 255 } else { (distance * 4.0) as u8 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    base64::engine::general_purpose::STANDARD.encode(file.into_inner())
}

#[test]
fn a_receipt_looks_like_a_receipt() {
    let blocks = format!(
        r#"{{"type":"image","data":"{}"}},
        {{"type":"text","text":"Ресторан «Ёлка»","align":"center","style":{{"bold":true,"width":2,"height":2}}}},
        {{"type":"text","text":"Стол 5 — официант Олег","align":"center","style":{{"font":"b"}}}},
        {{"type":"rule"}},
        {{"type":"pair","left":"Борщ украинский 2 x 350","right":"700,00"}},
        {{"type":"pair","left":"Цезарь с курицей","right":"1 250,00","style":{{"underline":true}}}},
        {{"type":"pair","left":"Ciorbă ţărănească","right":"45,50"}},
        {{"type":"text","text":"გამარჯობა, Բարեւ, Қазақстан"}},
        {{"type":"pair","left":"ИТОГО","right":"1 995,50","style":{{"bold":true,"height":2}}}},
        {{"type":"text","text":" ОПЛАЧЕНО ","align":"right","style":{{"invert":true}}}},
        {{"type":"qr","data":"t=20261122T0650&s=1995.50","size":4}},
        {{"type":"feed"}},
        {{"type":"barcode","symbology":"code128","data":"Order-A1","height":50}},
        {{"type":"barcode","symbology":"ean13","data":"4006381333931","height":50}}"#,
        logo()
    );
    compare("receipt", "cp866", &blocks);
}

#[test]
fn the_tickets_and_bills_of_the_examples_look_as_kept() {
    let examples = [
        ("service-ticket", include_str!("../../examples/service-ticket.json")),
        ("guest-bill", include_str!("../../examples/guest-bill.json")),
    ];
    for (name, job) in examples {
        let job: serde_json::Value = serde_json::from_str(job).unwrap();
        let blocks = job["document"]["blocks"].to_string();
        compare(name, "cp866", &blocks[1..blocks.len() - 1]);
    }
}

#[test]
fn bars_drawn_by_us_are_the_bars_drawn_by_the_printer() {
    for (symbology, data) in
        [("ean13", "4006381333931"), ("ean8", "96385074"), ("code128", "No.1a2b/{x}"), ("itf", "12345678")]
    {
        let block = serde_json::json!({
            "type": "barcode", "symbology": symbology, "data": data, "width": 2, "height": 20,
            "text": "none", "align": "left"
        })
        .to_string();
        let row = |drawn: bool| {
            let mut model = escpos_support::model("epson-tm-t88v");
            if drawn {
                model.native.barcodes.clear();
            }
            let mut bytes = Vec::new();
            let mut encoder = model.encoder(Default::default()).unwrap();
            encoder.encode(&document(&block), &mut bytes).unwrap();
            let rendered = escpost_render::render(&bytes, resolver::resolve("TM-T88V").unwrap()).unwrap();
            let paper = image::load_from_memory(&rendered.sheets[0].png).unwrap().to_luma8();
            let row: String = (0..paper.width())
                .map(|x| if paper.get_pixel(x, 5).0[0] < 128 { '1' } else { '0' })
                .collect();
            row.trim_matches('0').to_owned()
        };
        let (ours, printers) = (row(true), row(false));
        if symbology == "itf" {
            // Wide bars are three modules for us, two and a half for the printer.
            let widths = |row: &str| {
                let mut widths = vec![1u32];
                for pair in row.as_bytes().windows(2) {
                    if pair[0] == pair[1] { *widths.last_mut().unwrap() += 1 } else { widths.push(1) }
                }
                widths.into_iter().map(|w| w > 3).collect::<Vec<_>>()
            };
            assert_eq!(widths(&ours), widths(&printers), "{symbology}");
        } else {
            assert_eq!(ours, printers, "{symbology}");
        }
    }
}
