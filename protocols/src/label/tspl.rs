//! TSPL, by TSC's *TSPL/TSPL2 Programming Language*: SIZE, GAP, BLINE, DIRECTION, REFERENCE, CLS, BITMAP
//! and PRINT.

use super::encode::{Band, bands};
use super::{Label, Media, Printer};
use crate::raster::Bitmap;

/// Bytes of one BITMAP: printers of the smallest memory keep a command of this size.
const MOST: usize = 32 * 1024;

/// BITMAP prints the bits that are 0, and its mode 0 overwrites. DIRECTION 1 is the way round of ZPL's ^PON
/// and EPL's ZT.
pub(super) fn encode(label: &Label, picture: &Bitmap, printer: &Printer) -> Vec<u8> {
    // The empty line ends what a job that was cut off may have left behind.
    let mut out = b"\r\n".to_vec();
    let media = match label.media {
        Media::Gap { mm } => format!("GAP {} mm,0 mm", Number(mm)),
        Media::BlackMark { mm } => format!("BLINE {} mm,0 mm", Number(mm)),
        Media::Continuous => "GAP 0 mm,0 mm".to_owned(),
    };
    let direction = u8::from(!printer.turned);
    let (width, height) = (Number(label.width), Number(label.height));
    out.extend(format!("SIZE {width} mm,{height} mm\r\n{media}\r\n").bytes());
    out.extend(format!("DIRECTION {direction}\r\nREFERENCE 0,0\r\nCLS\r\n").bytes());
    let mut parts = Vec::new();
    bands(picture, MOST).into_iter().for_each(|band| part(band, &mut parts));
    for Band { x, y, stride, rows, data } in parts {
        out.extend(format!("BITMAP {x},{y},{stride},{rows},0,").bytes());
        out.extend(data.iter().map(|byte| !byte));
        out.extend(b"\r\n");
    }
    out.extend(format!("PRINT 1,{}\r\n", label.copies).bytes());
    out
}

/// Splits a band until no two bytes of its data, as they are sent, are `ESC !`: printers look for it at any
/// time, and `ESC ! R` resets them (TSC, Status Polling and Immediate Commands).
fn part(band: Band, parts: &mut Vec<Band>) {
    const IMMEDIATE: [u8; 2] = [!0x1B, !b'!'];
    let stride = usize::from(band.stride);
    let Some(at) = band.data.windows(2).position(|pair| pair == IMMEDIATE) else {
        parts.push(band);
        return;
    };
    let Band { x, y, rows, data, .. } = band;
    let (row, column) = ((at + 1) / stride, (at + 1) % stride);
    let halves = if column == 0 {
        let (above, below) = data.split_at(row * stride);
        let down = row as u16;
        [
            Band { x, y, stride: band.stride, rows: down, data: above.to_vec() },
            Band { x, y: y + down, stride: band.stride, rows: rows - down, data: below.to_vec() },
        ]
    } else {
        let left = data.chunks(stride).flat_map(|row| row.iter().take(column)).copied().collect();
        let right = data.chunks(stride).flat_map(|row| row.iter().skip(column)).copied().collect();
        let across = column as u16;
        [
            Band { x, y, stride: across, rows, data: left },
            Band { x: x + 8 * across, y, stride: band.stride - across, rows, data: right },
        ]
    };
    halves.into_iter().for_each(|half| part(half, parts));
}

/// Millimetres with at most two decimals.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{:.2}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}
