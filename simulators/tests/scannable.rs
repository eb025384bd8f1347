//! The drawn codes are read by a scanner library that shares nothing with the drawing.

mod common;

use common::{epson, gs_paren_k};
use outlet_simulators::printer::Bitmap;
use rxing::BarcodeFormat;

/// Prints one code alone and reads it.
fn scan(document: &[u8], format: BarcodeFormat) -> String {
    let printer = epson();
    printer.feed(b"\x1bd\x03\x1ba\x01\x1dh\x60");
    printer.feed(document);
    printer.feed(b"\x1bd\x03\x1dV\x00");
    assert_eq!(printer.violations(), [] as [String; 0]);
    read(&printer.papers()[0].bitmap(), format)
}

fn read(bitmap: &Bitmap, format: BarcodeFormat) -> String {
    let (width, height) = (bitmap.width(), bitmap.height());
    let luma: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| if bitmap.get(x, y) { 0 } else { 255 })
        .collect();
    let result = rxing::helpers::detect_in_luma(luma, width, height, Some(format)).expect("a readable code");
    result.getText().to_owned()
}

fn gs_k(m: u8, data: &[u8]) -> Vec<u8> {
    [&[0x1D, b'k', m, data.len() as u8][..], data].concat()
}

#[test]
fn qr_codes_at_all_levels() {
    for level in 48..=51 {
        let order = [
            gs_paren_k(&[49, 67, 5]),
            gs_paren_k(&[49, 69, level]),
            gs_paren_k(b"1P0t=20261122T0650&s=123.45&fn=9999"),
            gs_paren_k(b"1Q0"),
        ];
        assert_eq!(scan(&order.concat(), BarcodeFormat::QR_CODE), "t=20261122T0650&s=123.45&fn=9999");
    }
}

#[test]
fn ean_and_upc() {
    assert_eq!(scan(&gs_k(67, b"201234501550"), BarcodeFormat::EAN_13), "2012345015500");
    assert_eq!(scan(&gs_k(67, b"2100042000032"), BarcodeFormat::EAN_13), "2100042000032");
    assert_eq!(scan(&gs_k(68, b"9638507"), BarcodeFormat::EAN_8), "96385074");
    assert_eq!(scan(&gs_k(65, b"03600029145"), BarcodeFormat::UPC_A), "036000291452");
    assert_eq!(scan(&gs_k(66, b"04252614"), BarcodeFormat::UPC_E), "04252614");
    assert_eq!(scan(&gs_k(66, b"04210000526"), BarcodeFormat::UPC_E), "04252614");
}

#[test]
fn ean_13_of_every_first_digit() {
    for first in 0..10 {
        let data = format!("{first}12345678901");
        let read = scan(&gs_k(67, data.as_bytes()), BarcodeFormat::EAN_13);
        assert_eq!(read[..12], data);
    }
}

#[test]
fn every_character_of_code39() {
    for part in ["0123456789", "ABCDEFGHIJ", "KLMNOPQRST", "UVWXYZ-. $", "/+%"] {
        let document = [b"\x1dw\x02".to_vec(), gs_k(69, part.as_bytes())].concat();
        assert_eq!(scan(&document, BarcodeFormat::CODE_39), part);
    }
}

#[test]
fn every_character_of_code93() {
    let ascii: Vec<u8> = (0..128).collect();
    for part in ascii.chunks(8) {
        let document = [b"\x1dw\x02".to_vec(), gs_k(72, part)].concat();
        assert_eq!(scan(&document, BarcodeFormat::CODE_93).as_bytes(), part);
    }
}

#[test]
fn every_character_of_code128_in_sets_a_and_b_and_digits_in_c() {
    for (set, range) in [(b'A', 0..96u8), (b'B', 32..128u8)] {
        let all: Vec<u8> = range.filter(|b| *b != b'{').collect();
        for part in all.chunks(12) {
            let document = [b"\x1dw\x02".to_vec(), gs_k(73, &[&[b'{', set], part].concat())].concat();
            assert_eq!(scan(&document, BarcodeFormat::CODE_128).as_bytes(), part);
        }
    }
    let pairs: Vec<u8> = (0..100).collect();
    for part in pairs.chunks(10) {
        let expected: String = part.iter().map(|n| format!("{n:02}")).collect();
        let document = [b"\x1dw\x02".to_vec(), gs_k(73, &[b"{C", part].concat())].concat();
        assert_eq!(scan(&document, BarcodeFormat::CODE_128), expected);
    }
}

#[test]
fn code128_changes_sets_shifts_and_escapes_the_brace() {
    let document = gs_k(73, b"{BNo.{C\x0c\x22{Bx{{y{S\x09z");
    assert_eq!(scan(&document, BarcodeFormat::CODE_128), "No.1234x{y\tz");
}

#[test]
fn itf_and_codabar() {
    assert_eq!(scan(&gs_k(70, b"0123456789"), BarcodeFormat::ITF), "0123456789");
    let document = [b"\x1dw\x02".to_vec(), gs_k(71, b"A0123456789-$:/.+B")].concat();
    assert_eq!(scan(&document, BarcodeFormat::CODABAR), "0123456789-$:/.+");
}
