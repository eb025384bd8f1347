//! ZPL II, by Zebra's *ZPL II Programming Guide*: ^PW, ^LL, ^LH, ^MN, ^PO, ^FO, ^GF and ^PQ.

use super::encode::{Band, bands};
use super::{Label, Media, Printer};
use crate::raster::Bitmap;

/// Bytes of one ^GF: its parameters b and c take 1 to 99999.
const MOST: usize = 99_999;

/// ^GF prints the bits that are 1.
pub(super) fn encode(label: &Label, picture: &Bitmap, printer: &Printer) -> Vec<u8> {
    let media = match label.media {
        Media::Gap { .. } => "Y",
        Media::BlackMark { .. } => "M",
        Media::Continuous => "N",
    };
    let orientation = if printer.turned { "I" } else { "N" };
    let mut out = format!(
        "^XA\r\n^PW{}^LL{}^LH0,0^LS0^MN{media}^PO{orientation}^PMN^LRN\r\n",
        picture.width(),
        picture.height()
    );
    for Band { x, y, stride, data, .. } in bands(picture, MOST) {
        let bytes = data.len();
        out.push_str(&format!("^FO{x},{y}^GFA,{bytes},{bytes},{stride},"));
        compress(&data, usize::from(stride), &mut out);
        out.push_str("^FS\r\n");
    }
    out.push_str(&format!("^PQ{},0,1,N\r\n^XZ\r\n", label.copies));
    out.into_bytes()
}

/// Hexadecimal digits with repeat counts: `G` to `Y` for 1 to 19, `g` to `z` for 20 to 400; `,` fills a row
/// with 0, `!` with 1, and `:` repeats the row above (*Alternative Data Compression Scheme*).
fn compress(data: &[u8], stride: usize, out: &mut String) {
    let mut above: Option<&[u8]> = None;
    for row in data.chunks(stride.max(1)) {
        if above == Some(row) {
            out.push(':');
            continue;
        }
        above = Some(row);
        let digits: Vec<u8> = row.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
        let mut runs: Vec<(u8, usize)> =
            digits.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len()))).collect();
        let filler = match runs.last() {
            Some((0, length)) if *length > 1 => Some(','),
            Some((15, length)) if *length > 1 => Some('!'),
            _ => None,
        };
        if filler.is_some() {
            runs.pop();
        }
        runs.into_iter().for_each(|(digit, length)| repeat(digit, length, out));
        out.extend(filler);
    }
}

fn repeat(digit: u8, mut length: usize, out: &mut String) {
    let letter = |first: u8, count: usize| char::from(first + (count - 1) as u8);
    let digit = char::from(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 });
    while length > 419 {
        out.push('z');
        out.push(digit);
        length -= 400;
    }
    if length >= 20 {
        out.push(letter(b'g', length / 20));
    }
    match length % 20 {
        0 => {}
        1 if length == 1 => {}
        count => out.push(letter(b'G', count)),
    }
    out.push(digit);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(digit: u8, length: usize) -> String {
        let mut out = String::new();
        repeat(digit, length, &mut out);
        out
    }

    /// Zebra, *Alternative Data Compression Scheme for ~DG and ~DB Commands*: M6 is seven times 6, hB forty
    /// times B, vMB 327 times B.
    #[test]
    fn digits_are_repeated_as_the_guide_shows() {
        assert_eq!(repeated(6, 7), "M6");
        assert_eq!(repeated(11, 40), "hB");
        assert_eq!(repeated(11, 327), "vMB");
        assert_eq!(repeated(1, 1), "1");
        assert_eq!(repeated(1, 2), "H1");
    }

    /// Zebra, *ZPL II Advanced Techniques*, figure 4.2: rows end with one comma for all zeros.
    #[test]
    fn rows_are_filled_and_repeated() {
        let mut out = String::new();
        compress(&[0xF0, 0, 0, 0xF0, 0, 0, 0xFF, 0xFF, 0xFF, 0x12, 0x34, 0x50, 0, 0, 0], 3, &mut out);
        assert_eq!(out, "F,:!123450,");
    }
}
