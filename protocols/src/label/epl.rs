//! EPL2, by Zebra's *EPL Programming Guide* (14245L-003): N, q, Q, R, Z, GW and P.

use super::encode::{Band, bands};
use super::{Label, Media, Printer};
use crate::raster::Bitmap;

/// Bytes of one GW. The guide names no limit; memory for graphics is small in the oldest models.
const MOST: usize = 16 * 1024;

/// GW prints the bits that are 0 (Postek, *PPLE Command Manual*, GW, the same language; the guide leaves it
/// out). Its data end by their count, after a comma.
///
/// N stands first and again after q and Q, which reformat the image buffer.
pub(super) fn encode(label: &Label, picture: &Bitmap, printer: &Printer) -> Vec<u8> {
    let thickness = |mm: f64| {
        let least = if printer.dpi == 203 { 16 } else { 18 };
        printer.dots_of(mm).clamp(least, 240)
    };
    let media = match label.media {
        Media::Gap { mm } => format!("{}", thickness(mm)),
        Media::BlackMark { mm } => format!("B{}+0", thickness(mm)),
        Media::Continuous => "0".to_owned(),
    };
    let direction = if printer.turned { 'B' } else { 'T' };
    let (width, height) = (picture.width(), picture.height());
    let mut out = format!("\nN\nq{width}\nQ{height},{media}\nR0,0\nZ{direction}\nN\n").into_bytes();
    for Band { x, y, stride, rows, data } in bands(picture, MOST) {
        out.extend(format!("GW{x},{y},{stride},{rows},").bytes());
        out.extend(data.iter().map(|byte| !byte));
        out.extend(b"\n");
    }
    out.extend(format!("P{}\n", label.copies).bytes());
    out
}
