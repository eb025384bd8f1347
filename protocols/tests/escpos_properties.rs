//! What holds for every document and every picture.

#![allow(clippy::unwrap_used)]

mod escpos_support;

use base64::Engine;
use escpos_support::{Op, document, encoder, has_real_time_command, read};
use image::{GrayImage, ImageFormat, Luma};
use outlet_protocols::codepage::Page;
use proptest::collection::vec;
use proptest::prelude::*;

const MODELS: [&str; 5] = ["epson-tm-t20iii", "epson-tm-m30", "rongta-rp326", "generic-58", "epson-tm-u220"];

/// A picture of exactly these bits, as PNG in base64.
fn png(width: u32, bits: &[u8]) -> String {
    let stride = width.div_ceil(8) as usize;
    let height = (bits.len() / stride).max(1) as u32;
    let image = GrayImage::from_fn(width, height, |x, y| {
        let byte = bits.get(y as usize * stride + x as usize / 8).copied().unwrap_or(0);
        Luma([if byte & (0x80 >> (x % 8)) != 0 { 0 } else { 255 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    base64::engine::general_purpose::STANDARD.encode(file.into_inner())
}

/// Bytes among which real-time commands are likely.
fn dangerous() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0x10u8), 2 => Just(0x04), 2 => Just(0x05), 2 => Just(0x14), 1 => any::<u8>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(96), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_becomes_a_command(
        lines in vec("\\PC{0,40}|[\\x00-\\x1f\\x7f-\\x9f]{0,8}.{0,20}", 1..6),
        model in prop::sample::select(&MODELS[..]),
    ) {
        let blocks: Vec<_> = lines.iter().map(|t| serde_json::json!({"type": "text", "text": t}).to_string()).collect();
        let mut out = Vec::new();
        encoder(model, "cp866").encode(&document(&blocks.join(",")), &mut out).unwrap();
        let ops = read(&out).map_err(TestCaseError::fail)?;
        for op in ops {
            // Nothing but settings, text and drawn lines.
            let expected = matches!(
                op,
                Op::Text(_) | Op::LineFeed | Op::Initialise | Op::International(0) | Op::Page(_) | Op::Position(_)
                    | Op::Kanji(_) | Op::Raster(..) | Op::Columns(..) | Op::LineSpacing(_) | Op::Mode(0)
            );
            prop_assert!(expected, "{:?}", op);
        }
        prop_assert!(!has_real_time_command(&out));
    }

    #[test]
    fn text_of_a_page_comes_back_unchanged(words in vec("[а-яА-ЯёЁ0-9.,!-]{1,12}", 1..30)) {
        let sent = words.join(" ");
        let mut out = Vec::new();
        let block = serde_json::json!({"type": "text", "text": sent}).to_string();
        let report = encoder("epson-tm-t20iii", "cp866").encode(&document(&block), &mut out).unwrap();
        prop_assert_eq!(report.rasterised, vec![]);
        let mut printed = String::new();
        for op in read(&out).map_err(TestCaseError::fail)? {
            if let Op::Text(bytes) = op {
                printed.extend(bytes.iter().map(|&b| Page::Cp866.decode(b).unwrap()));
            }
        }
        // Lines may end at a space or after a hyphen.
        let letters = |s: &str| s.replace(' ', "");
        prop_assert_eq!(letters(&printed), letters(&sent));
    }

    #[test]
    fn no_picture_contains_a_real_time_command_and_hardly_a_dot_is_changed(
        bits in vec(dangerous(), 1..600),
        width in 8u32..200,
        model in prop::sample::select(&MODELS[..4]),
    ) {
        let block = serde_json::json!({"type": "image", "data": png(width, &bits), "dither": "threshold", "align": "left"});
        let mut out = Vec::new();
        encoder(model, "").encode(&document(&block.to_string()), &mut out).unwrap();
        prop_assert!(!has_real_time_command(&out));
        let stride = width.div_ceil(8) as usize;
        let printed: Vec<u8> = read(&out).map_err(TestCaseError::fail)?
            .into_iter()
            .filter_map(|op| match op { Op::Raster(_, _, data) => Some(data), _ => None })
            .flatten()
            .collect();
        let rows = (bits.len() / stride).max(1);
        prop_assert_eq!(printed.len(), rows * stride);
        let last = 0xffu8 << ((8 - width % 8) % 8);
        for (i, &byte) in printed.iter().enumerate() {
            let mask = if (i + 1) % stride == 0 { last } else { 0xff };
            let wanted = bits.get(i).copied().unwrap_or(0) & mask;
            prop_assert!((byte ^ wanted).count_ones() <= 1, "byte {}: {:02x} for {:02x}", i, byte, wanted);
        }
    }

    #[test]
    fn columns_are_as_safe_as_rows(bits in vec(dangerous(), 1..400)) {
        let block = serde_json::json!({"type": "image", "data": png(64, &bits), "dither": "threshold"});
        let mut out = Vec::new();
        encoder("epson-tm-u220", "").encode(&document(&block.to_string()), &mut out).unwrap();
        prop_assert!(!has_real_time_command(&out));
        prop_assert!(read(&out).is_ok());
    }

    #[test]
    fn any_barcode_is_printed_or_refused(
        symbology in prop::sample::select(&["ean13", "ean8", "code128", "code39", "itf", "pdf417"][..]),
        data in "[0-9]{1,20}|[ -~]{1,30}|[\\x00-\\x7f]{1,20}|\\PC{0,10}",
        model in prop::sample::select(&MODELS[..]),
    ) {
        let block = serde_json::json!({"type": "barcode", "symbology": symbology, "data": data}).to_string();
        let Ok(document) = serde_json::from_str(&format!("{{\"blocks\":[{block}]}}")) else { return Ok(()) };
        let mut out = Vec::new();
        if encoder(model, "").encode(&document, &mut out).is_ok() {
            prop_assert!(!has_real_time_command(&out));
            prop_assert!(read(&out).is_ok());
        }
    }
}

/// How many cases a property is tried on: a usual number, or `PROPTEST_CASES`.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}
