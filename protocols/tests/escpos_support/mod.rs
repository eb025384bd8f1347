//! A small reader of ESC/POS, written from the vendor's tables and sharing nothing with the encoder.

#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;

use outlet_protocols::document::Document;
use outlet_protocols::encode::{EncodeError, EncodeReport, Encoder, EncoderOptions};
use outlet_protocols::model::Model;

/// One thing a printer would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Text(Vec<u8>),
    LineFeed,
    Initialise,
    Page(u8),
    Font(u8),
    Size(u8),
    Bold(bool),
    Underline(u8),
    Invert(bool),
    Mode(u8),
    Align(u8),
    Position(u16),
    Feed(u8),
    LineSpacing(Option<u8>),
    International(u8),
    Cut(u8),
    Drawer(u8, u8, u8),
    Kanji(bool),
    AutoStatus(u8),
    Beep(Vec<u8>),
    BarcodeSetting(u8, u8),
    Barcode(u8, Vec<u8>),
    Symbol(u8, u8, Vec<u8>),
    /// Width in dots, height, rows.
    Raster(u16, u16, Vec<u8>),
    /// Mode, columns, bytes of the columns.
    Columns(u8, u16, Vec<u8>),
}

/// What a printer would do with these bytes.
pub fn read(bytes: &[u8]) -> Result<Vec<Op>, String> {
    let mut ops = Vec::new();
    let mut at = 0;
    let mut stored: Option<(u16, u16, Vec<u8>)> = None;
    let byte = |i: usize| bytes.get(i).copied().ok_or_else(|| format!("cut off at {i}"));
    let word = |i: usize| Ok::<_, String>(u16::from_le_bytes([byte(i)?, byte(i + 1)?]));
    let many =
        |i: usize, n: usize| bytes.get(i..i + n).map(<[u8]>::to_vec).ok_or(format!("cut off at {i}+{n}"));
    while at < bytes.len() {
        let first = byte(at)?;
        let (op, length) = match (first, bytes.get(at + 1).copied().unwrap_or(0)) {
            (b'\n', _) => (Op::LineFeed, 1),
            (0x20..=0x7e | 0x80..=0xff, _) => {
                let length = bytes[at..].iter().take_while(|&&b| b >= 0x20 && b != 0x7f).count();
                (Op::Text(many(at, length)?), length)
            }
            (0x1b, b'@') => (Op::Initialise, 2),
            (0x1b, b't') => (Op::Page(byte(at + 2)?), 3),
            (0x1b, b'M') => (Op::Font(byte(at + 2)?), 3),
            (0x1d, b'!') => (Op::Size(byte(at + 2)?), 3),
            (0x1b, b'E') => (Op::Bold(byte(at + 2)? & 1 == 1), 3),
            (0x1b, b'-') => (Op::Underline(byte(at + 2)?), 3),
            (0x1d, b'B') => (Op::Invert(byte(at + 2)? & 1 == 1), 3),
            (0x1b, b'!') => (Op::Mode(byte(at + 2)?), 3),
            (0x1b, b'a') => (Op::Align(byte(at + 2)?), 3),
            (0x1b, b'$') => (Op::Position(word(at + 2)?), 4),
            (0x1b, b'd') => (Op::Feed(byte(at + 2)?), 3),
            (0x1b, b'2') => (Op::LineSpacing(None), 2),
            (0x1b, b'3') => (Op::LineSpacing(Some(byte(at + 2)?)), 3),
            (0x1b, b'R') => (Op::International(byte(at + 2)?), 3),
            (0x1d, b'V') if matches!(byte(at + 2)?, 65 | 66) => {
                byte(at + 3)?;
                (Op::Cut(byte(at + 2)?), 4)
            }
            (0x1b, b'p') => (Op::Drawer(byte(at + 2)?, byte(at + 3)?, byte(at + 4)?), 5),
            (0x1c, b'&') => (Op::Kanji(true), 2),
            (0x1c, b'.') => (Op::Kanji(false), 2),
            (0x1d, b'a') => (Op::AutoStatus(byte(at + 2)?), 3),
            (0x1b, b'B') => (Op::Beep(many(at + 2, 2)?), 4),
            (0x1b, b'(') if byte(at + 2)? == b'A' => {
                let length = usize::from(word(at + 3)?);
                (Op::Beep(many(at + 5, length)?), 5 + length)
            }
            (0x1d, name @ (b'w' | b'h' | b'H' | b'f')) => (Op::BarcodeSetting(name, byte(at + 2)?), 3),
            (0x1d, b'k') if byte(at + 2)? >= 65 => {
                let length = usize::from(byte(at + 3)?);
                (Op::Barcode(byte(at + 2)?, many(at + 4, length)?), 4 + length)
            }
            (0x1d, b'(') if byte(at + 2)? == b'k' => {
                let length = usize::from(word(at + 3)?);
                let body = many(at + 5, length)?;
                (Op::Symbol(body[0], body[1], body[2..].to_vec()), 5 + length)
            }
            (0x1d, b'v') if byte(at + 2)? == b'0' && byte(at + 3)? == 0 => {
                let (stride, rows) = (word(at + 4)?, word(at + 6)?);
                let length = usize::from(stride) * usize::from(rows);
                (Op::Raster(stride * 8, rows, many(at + 8, length)?), 8 + length)
            }
            (0x1d, b'(') if byte(at + 2)? == b'L' => {
                let length = usize::from(word(at + 3)?);
                let body = many(at + 5, length)?;
                at += 5 + length;
                match body.as_slice() {
                    [0x30, 112, 48, 1, 1, 49, rest @ ..] => {
                        let (width, rows) =
                            (u16::from_le_bytes([rest[0], rest[1]]), u16::from_le_bytes([rest[2], rest[3]]));
                        if rest.len() - 4 != usize::from(width).div_ceil(8) * usize::from(rows) {
                            return Err(format!("GS ( L: {width} x {rows} in {} bytes", rest.len() - 4));
                        }
                        stored = Some((width, rows, rest[4..].to_vec()));
                    }
                    [0x30, 50] => {
                        let (width, rows, data) = stored.take().ok_or("GS ( L: nothing stored")?;
                        ops.push(Op::Raster(width, rows, data));
                    }
                    other => return Err(format!("GS ( L {other:02x?}")),
                }
                continue;
            }
            (0x1b, b'*') => {
                let (mode, columns) = (byte(at + 2)?, word(at + 3)?);
                let length = usize::from(columns) * if mode >= 32 { 3 } else { 1 };
                (Op::Columns(mode, columns, many(at + 5, length)?), 5 + length)
            }
            (a, b) => return Err(format!("unknown command {a:02x} {b:02x} at {at}")),
        };
        ops.push(op);
        at += length;
    }
    Ok(ops)
}

/// Whether some bytes would be taken for a real-time command.
pub fn has_real_time_command(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|w| w == [0x10, 0x04] || w == [0x10, 0x05] || w == [0x10, 0x14])
}

/// A model by its file name.
pub fn model(id: &str) -> Model {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../devices/models/{id}.toml"));
    Model::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// An encoder of a model, beginning with the page of a name if there is one.
pub fn encoder(id: &str, page: &str) -> Encoder {
    let codepage = outlet_protocols::codepage::Page::from_name(page);
    model(id).encoder(EncoderOptions { codepage, status: false }).unwrap()
}

/// A document from the JSON of its blocks.
pub fn document(blocks: &str) -> Document {
    serde_json::from_str(&format!("{{\"blocks\":[{blocks}]}}")).unwrap()
}

/// The bytes of blocks in JSON, without the start that every document has.
pub fn encode(id: &str, page: &str, blocks: &str) -> Result<(Vec<u8>, EncodeReport), EncodeError> {
    let mut encoder = encoder(id, page);
    let mut start = Vec::new();
    encoder.encode(&document(""), &mut start)?;
    let mut out = Vec::new();
    let report = encoder.encode(&document(blocks), &mut out)?;
    assert!(out.starts_with(&start));
    Ok((out.split_off(start.len()), report))
}

/// What a printer would do with blocks, without the start.
pub fn ops(id: &str, page: &str, blocks: &str) -> Vec<Op> {
    read(&encode(id, page, blocks).unwrap().0).unwrap()
}
