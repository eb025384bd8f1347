//! Pictures: limits, proportions, and lines of text as dots.

#![allow(clippy::unwrap_used)]

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgba, RgbaImage};
use outlet_protocols::document::{Correction, Dither};
use outlet_protocols::paper::{Cell, Line, Metrics, Run, Style};
use outlet_protocols::raster::{self, Bitmap, PictureError};

const PAPER: Metrics =
    Metrics { dots: 576, font_a: Cell { width: 12, height: 24 }, font_b: Cell { width: 9, height: 17 } };
const SQUARE: (u16, u16) = (203, 203);

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn black(bitmap: &Bitmap) -> u32 {
    bitmap.data().iter().map(|b| b.count_ones()).sum()
}

#[test]
fn png_jpeg_and_bmp_are_read() {
    let image = GrayImage::from_fn(40, 20, |x, _| Luma([if x < 20 { 0 } else { 255 }]));
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp] {
        let bitmap =
            raster::picture(&file(image.clone(), format), None, 576, SQUARE, Dither::Threshold).unwrap();
        assert_eq!((bitmap.width(), bitmap.height()), (40, 20), "{format:?}");
        assert!(bitmap.get(5, 10) && !bitmap.get(35, 10), "{format:?}");
    }
}

#[test]
fn one_pixel_is_a_picture() {
    let dot = file(GrayImage::from_pixel(1, 1, Luma([0])), ImageFormat::Png);
    let bitmap = raster::picture(&dot, None, 576, SQUARE, Dither::FloydSteinberg).unwrap();
    assert_eq!((bitmap.width(), bitmap.height(), black(&bitmap)), (1, 1, 1));
}

#[test]
fn a_wide_picture_is_scaled_to_the_paper_in_proportion() {
    let wide = file(GrayImage::new(1152, 300), ImageFormat::Png);
    let size = |width, dpi| {
        let bitmap = raster::picture(&wide, width, 576, dpi, Dither::Threshold).unwrap();
        (bitmap.width(), bitmap.height())
    };
    assert_eq!(size(None, SQUARE), (576, 150));
    assert_eq!(size(Some(288), SQUARE), (288, 75));
    assert_eq!(size(Some(288), (160, 80)), (288, 38), "pins twice as far apart as columns");
    let error = raster::picture(&wide, Some(577), 576, SQUARE, Dither::Threshold).unwrap_err();
    assert_eq!(error, PictureError::TooWide { width: 577, max_width: 576 });
}

#[test]
fn what_is_transparent_is_paper() {
    let clear = file(RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])), ImageFormat::Png);
    assert_eq!(black(&raster::picture(&clear, None, 576, SQUARE, Dither::Threshold).unwrap()), 0);
    let solid = file(RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 255])), ImageFormat::Png);
    assert_eq!(black(&raster::picture(&solid, None, 576, SQUARE, Dither::Threshold).unwrap()), 64);
}

/// A PNG that claims a size in its header and has nothing else.
fn claimed(columns: u32, rows: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(columns.to_be_bytes());
    header.extend(rows.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    let mut crc = 0xffff_ffffu32;
    for &byte in &header {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0d".as_slice(),
        &header,
        &(!crc).to_be_bytes(),
        b"\0\0\0\0IDAT\x35\xaf\x06\x1e",
    ]
    .concat()
}

#[test]
fn a_picture_over_the_limits_is_refused_by_its_header() {
    for (columns, rows) in [(20_000, 20_000), (4097, 10), (10, 16_385), (4096, 4097)] {
        let error =
            raster::picture(&claimed(columns, rows), None, 576, SQUARE, Dither::Threshold).unwrap_err();
        assert_eq!(error, PictureError::TooLarge { columns, rows });
    }
    let absurd =
        raster::picture(&claimed(u32::MAX >> 1, 1), None, 576, SQUARE, Dither::Threshold).unwrap_err();
    assert!(matches!(absurd, PictureError::OverLimits(_)), "{absurd}");
    let fits = raster::picture(&claimed(4096, 4096), None, 576, SQUARE, Dither::Threshold).unwrap_err();
    assert!(matches!(fits, PictureError::Unreadable(_)), "within the limits, but without pixels: {fits}");
}

#[test]
fn what_is_no_picture_is_refused() {
    for junk in [b"".as_slice(), b"GIF89a", b"\x89PNG\r\n\x1a\n", b"BM", b"<svg/>", &[0xff; 100]] {
        let error = raster::picture(junk, None, 576, SQUARE, Dither::Threshold).unwrap_err();
        assert!(matches!(error, PictureError::Unreadable(_)), "{error}");
    }
    assert_eq!(
        raster::picture(
            &file(GrayImage::new(2, 2), ImageFormat::Png),
            Some(0),
            576,
            SQUARE,
            Dither::Threshold
        ),
        Err(PictureError::NoWidth)
    );
}

fn drawn(text: &str, width: u16, style: Style) -> (Bitmap, Vec<char>) {
    raster::line(&Line { runs: &[Run { x: 24, width, text, style }] }, PAPER, 30)
}

/// First and last black column.
fn extent(bitmap: &Bitmap) -> (u16, u16) {
    let inked = |x: &u16| (0..bitmap.height()).any(|y| bitmap.get(*x, y));
    ((0..bitmap.width()).find(inked).unwrap_or(u16::MAX), (0..bitmap.width()).rev().find(inked).unwrap_or(0))
}

#[test]
fn letters_stand_in_the_cells_of_the_printer() {
    let (bitmap, missing) = drawn("აბგ", 36, Style::default());
    assert_eq!((bitmap.width(), bitmap.height()), (576, 30));
    assert!(missing.is_empty());
    let (first, last) = extent(&bitmap);
    assert!((24..30).contains(&first) && (48..60).contains(&last), "{first} to {last}");
}

#[test]
fn armenian_kazakh_greek_and_arabic_have_glyphs() {
    for text in ["Բարեւ", "Қазақстан ұңғі", "Ωμέγα", "مرحبا", "Đặng"] {
        let (bitmap, missing) = drawn(text, 240, Style::default());
        assert!(missing.is_empty() && black(&bitmap) > 100, "{text}: {missing:?}");
    }
}

#[test]
fn bold_is_blacker_double_is_twice_as_large_and_inverse_is_white_on_black() {
    let plain = drawn("Щ", 12, Style::default()).0;
    let bold = drawn("Щ", 12, Style { bold: true, ..Style::default() }).0;
    assert!(black(&bold) > black(&plain));
    let double = drawn("Щ", 24, Style { width: 2, height: 2, ..Style::default() }).0;
    assert_eq!((double.height(), black(&double)), (48, 4 * black(&plain)));
    let inverse = drawn("Щ", 12, Style { invert: true, ..Style::default() }).0;
    assert_eq!(black(&inverse), 12 * 24 - black(&plain));
    let underlined = drawn("Щ", 12, Style { underline: true, ..Style::default() }).0;
    assert!((24..36).all(|x| underlined.get(x, 23)));
}

#[test]
fn a_character_without_a_glyph_becomes_a_box_with_its_code() {
    let (bitmap, missing) = drawn("a😀b", 48, Style::default());
    assert_eq!(missing, ['😀']);
    // The frame of the box: cells two and three, from dot 36 to 59.
    assert!((36..60).all(|x| (0..24).any(|y| bitmap.get(x, y))));
    assert!((0..12).any(|y| bitmap.get(36, y)) && (12..24).any(|y| bitmap.get(59, y)));
    let (other, _) = drawn("a😁b", 48, Style::default());
    assert_ne!(bitmap, other, "another code, another box");
}

#[test]
fn what_does_not_fit_a_run_is_cut_off_there_and_never_beside_the_paper() {
    let runs = [Run {
        x: 560, width: 400, text: "გამარჯობა გამარჯობა", style: Style::default()
    }];
    let (bitmap, _) = raster::line(&Line { runs: &runs }, PAPER, 30);
    assert_eq!(bitmap.width(), 576);
    let (nothing, _) = raster::line(&Line { runs: &[] }, PAPER, 30);
    assert_eq!((nothing.height(), black(&nothing)), (30, 0));
}

// ISO/IEC 18004: a version 1 code has 21 modules; its finders are 7 modules wide.
#[test]
fn a_qr_code_has_its_finders_in_three_corners() {
    let bitmap = raster::qr("HELLO", Correction::M, (3, 3)).unwrap();
    assert_eq!((bitmap.width(), bitmap.height()), (63, 63));
    for (x, y) in [(0, 0), (42, 0), (0, 42)] {
        assert!((0..21).all(|i| bitmap.get(x + i, y) && bitmap.get(x, y + i)), "{x}, {y}");
        assert!(!bitmap.get(x + 4, y + 4) && bitmap.get(x + 10, y + 10));
    }
    assert!(raster::qr(&"z".repeat(3000), Correction::L, (1, 1)).is_none());
}
