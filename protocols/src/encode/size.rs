//! How large a symbol becomes, before a printer has drawn it.

use super::EncodeError;
use super::writer::level;
use crate::barcode::{bars, code128, name};
use crate::document::{Barcode, Qr, Symbology};
use crate::model::{Language, Model};

/// Size of a QR code on paper.
pub(super) struct QrSize {
    /// Dots a module.
    pub(super) module: u8,
    /// Whether the printer's own command can draw it.
    pub(super) native: bool,
}

/// The largest module up to the wanted one (6) with which the code fits.
pub(super) fn qr(model: &Model, qr: &Qr) -> Result<QrSize, EncodeError> {
    if qr.data.is_empty() {
        return Err(EncodeError::Empty("QR code"));
    }
    let modules = qr_modules(&qr.data, level(qr.correction)).ok_or(EncodeError::SymbolFull {
        symbology: "QR code",
        bytes: qr.data.len(),
        limit: QR_BYTES[usize::from(level(qr.correction))],
    })?;
    let module = u16::from(qr.size.unwrap_or(6).clamp(1, 16)).min(model.dots / modules);
    if module == 0 {
        return Err(EncodeError::QrTooWide { dots: modules.into(), available: model.dots });
    }
    let max = usize::from(model.native.max_qr);
    let native = model.native.qr && (max == 0 || qr.data.len() <= max);
    Ok(QrSize { module: module as u8, native })
}

/// The widest narrow bar up to the wanted one (3) with which the barcode fits; at least 2 dots, as
/// scanners need.
pub(super) fn barcode(model: &Model, barcode: &Barcode, data: &str) -> Result<u8, EncodeError> {
    let wanted = barcode.width.unwrap_or(3).clamp(2, 6);
    if barcode.symbology == Symbology::Pdf417 {
        // ISO/IEC 15438: 925 codewords of data, six bytes in five.
        const LIMIT: usize = 1108;
        if data.len() > LIMIT {
            return Err(EncodeError::SymbolFull { symbology: "PDF417", bytes: data.len(), limit: LIMIT });
        }
        return Ok(wanted);
    }
    let width = if model.draws(barcode.symbology) && model.language == Language::Escpos {
        Width::of_printer(barcode.symbology, data)
    } else {
        let modules = bars(barcode.symbology, data).unwrap_or_default().iter().map(|&w| u32::from(w)).sum();
        Width { narrow: modules, wide: 0 }
    };
    (2..=wanted).rev().find(|&module| width.dots(module) <= u32::from(model.dots)).ok_or_else(|| {
        EncodeError::BarcodeTooWide {
            symbology: name(barcode.symbology),
            dots: width.dots(2),
            available: model.dots,
        }
    })
}

/// How many narrow and wide elements stand side by side in a barcode.
struct Width {
    narrow: u32,
    wide: u32,
}

impl Width {
    fn of_printer(symbology: Symbology, data: &str) -> Self {
        let length = data.len() as u32;
        let (narrow, wide) = match symbology {
            Symbology::Ean13 => (95, 0),
            Symbology::Ean8 => (67, 0),
            // Start, data and check characters, and the stop.
            Symbology::Code128 => (11 * (code128(data, true).len() as u32 + 1) + 13, 0),
            // Nine elements and a gap; three are wide.
            Symbology::Code39 => (7 * (length + 2), 3 * (length + 2)),
            // Five elements a digit, two of them wide; start and stop.
            Symbology::Itf => (3 * length + 6, 2 * length + 1),
            Symbology::Pdf417 => (0, 0),
        };
        Self { narrow, wide }
    }

    /// Epson, *ESC/POS Command Reference*, `GS w`: a wide bar is about two and a half narrow ones.
    fn dots(&self, module: u8) -> u32 {
        let wide = [0, 3, 5, 8, 10, 13, 15].get(usize::from(module)).copied().unwrap_or(15);
        self.narrow * u32::from(module) + self.wide * wide
    }
}

/// Bytes a QR code holds at most, by level (ISO/IEC 18004, table 7).
pub(super) const QR_BYTES: [usize; 4] = [2953, 2331, 1663, 1273];

/// Modules a side; `None` when no version holds the data.
fn qr_modules(data: &str, level: u8) -> Option<u16> {
    const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let length = data.len();
    let (short, long, bits) = if data.bytes().all(|b| b.is_ascii_digit()) {
        (10, 14, length / 3 * 10 + [0, 4, 7][length % 3])
    } else if data.bytes().all(|b| ALPHANUMERIC.contains(&b)) {
        (9, 13, length / 2 * 11 + length % 2 * 6)
    } else {
        (8, 16, length * 8)
    };
    // Printers may stay in byte mode: the size is that of bytes as long as they fit.
    version(level, 8, 16, length * 8).or_else(|| version(level, short, long, bits)).map(|v| 17 + 4 * v)
}

fn version(level: u8, short: usize, long: usize, bits: usize) -> Option<u16> {
    let codewords = QR_CODEWORDS.get(usize::from(level))?;
    let fits = |(i, &capacity): (usize, &u16)| {
        let header = 4 + if i < 9 { short } else { long };
        header + bits <= usize::from(capacity) * 8
    };
    codewords.iter().enumerate().position(fits).map(|i| i as u16 + 1)
}

/// Data codewords of versions 1 to 40 by level L, M, Q, H (ISO/IEC 18004, table 7).
const QR_CODEWORDS: [[u16; 40]; 4] = [
    [
        19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721, 795, 861, 932,
        1006, 1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702,
        2812, 2956,
    ],
    [
        16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669, 714,
        782, 860, 914, 1000, 1062, 1128, 1193, 1267, 1373, 1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102,
        2216, 2334,
    ],
    [
        13, 22, 34, 48, 62, 76, 88, 110, 132, 154, 180, 206, 244, 261, 295, 325, 367, 397, 445, 485, 512,
        568, 614, 664, 718, 754, 808, 871, 911, 985, 1033, 1115, 1171, 1231, 1286, 1354, 1426, 1502, 1582,
        1666,
    ],
    [
        9, 16, 26, 36, 46, 60, 66, 86, 100, 122, 140, 158, 180, 197, 223, 253, 283, 313, 341, 385, 406, 442,
        464, 514, 538, 596, 628, 661, 701, 745, 793, 845, 901, 961, 986, 1054, 1096, 1142, 1222, 1276,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use qrcode::{EcLevel, QrCode};

    /// The `qrcode` crate as a second opinion on the table.
    #[test]
    fn byte_data_needs_the_version_another_encoder_chooses() {
        for (level, ec) in [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H].into_iter().enumerate() {
            for length in [1, 9, 17, 18, 50, 77, 78, 134, 230, 500, 858, 859, 1273] {
                let data = "ж".repeat(length / 2) + if length % 2 == 1 { "z" } else { "" };
                let other = QrCode::with_error_correction_level(&data, ec).expect("fits").width();
                assert_eq!(
                    qr_modules(&data, level as u8),
                    Some(other as u16),
                    "{length} bytes, level {level}"
                );
            }
        }
    }

    #[test]
    fn a_byte_over_the_largest_version_does_not_fit() {
        for (level, &limit) in QR_BYTES.iter().enumerate() {
            let data = "z".repeat(limit);
            assert_eq!(qr_modules(&data, level as u8), Some(177));
            assert_eq!(qr_modules(&(data + "z"), level as u8), None);
        }
    }
}
