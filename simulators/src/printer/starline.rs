//! The Star Line Mode command interpreter, after the Star Line Mode command specifications
//! (sections 3-3 line mode, 3-4 raster mode, 3-5 black mark, QR code and PDF417 commands). Strict
//! like its ESC/POS sibling.

use super::command::{
    Align, BarcodeOrder, Columns, Command, Parsed, Raster, StyleChange, SymbolOrder, hex, word,
};
use super::symbols::BarcodeKind;

/// Looks at the start of `data`; `kanji` is double-byte mode, `raster` is raster mode.
pub(crate) fn parse(data: &[u8], kanji: bool, raster: bool) -> Parsed<'_> {
    use Command as C;
    use StyleChange as S;
    let Some(&first) = data.first() else {
        return Parsed::Need(1);
    };
    if raster {
        return raster_mode(data, first);
    }
    match first {
        0x00 | 0x0D => Parsed::Done(1, C::Nothing),
        0x07 | 0x1C => Parsed::Done(1, C::DrawerDefault { pin: 2 }),
        0x19 | 0x1A => Parsed::Done(1, C::DrawerDefault { pin: 5 }),
        0x09 => Parsed::Done(1, C::Tab),
        0x0A => Parsed::Done(1, C::LineFeed),
        0x0E => Parsed::Done(1, C::Style(S::Width(2))),
        0x14 => Parsed::Done(1, C::Style(S::Width(1))),
        0x0F => Parsed::Done(1, C::Style(S::UpsideDown(true))),
        0x12 => Parsed::Done(1, C::Style(S::UpsideDown(false))),
        0x17 => Parsed::Done(1, C::Etb),
        0x18 => Parsed::Done(1, C::CancelAll),
        0x1B => esc(data),
        0x00..=0x1F | 0x7F => bad(1, format!("control byte {first:02X} isn't simulated")),
        0x81..=0xFE if kanji => match data.get(1) {
            None => Parsed::Need(2),
            Some(&trail) => Parsed::Done(2, C::DoubleByte(first, trail)),
        },
        _ => {
            let stop = |b: &u8| *b < 0x20 || *b == 0x7F || (kanji && (0x81..=0xFE).contains(b));
            let len = data.iter().position(stop).unwrap_or(data.len());
            Parsed::Done(len, C::Text(&data[..len]))
        }
    }
}

fn esc(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    use StyleChange as S;
    let Some(&op) = data.get(1) else {
        return Parsed::Need(2);
    };
    let simple = match op {
        b'@' => Some(C::Initialize),
        b'E' => Some(C::Style(S::Bold(true))),
        b'F' => Some(C::Style(S::Bold(false))),
        b'4' => Some(C::Style(S::Inverse(true))),
        b'5' => Some(C::Style(S::Inverse(false))),
        0x0E => Some(C::Style(S::Height(2))),
        0x14 => Some(C::Style(S::Height(1))),
        // 12-, 14-, 15- and 16-dot pitch; the spec's 12 x 24 and 9 x 24 fonts stand for them.
        b'M' => Some(C::Style(S::FontB(true))),
        b'p' | b'P' | b':' => Some(C::Style(S::FontB(false))),
        b'0' => Some(C::LineSpacing(Some(24))),
        _ => None,
    };
    if let Some(command) = simple {
        return Parsed::Done(2, command);
    }
    match op {
        0x06 => {
            return fixed(data, 3, |p| match p {
                // Answered when it arrived.
                [1] => C::Nothing,
                _ => C::Violation(format!("unknown command 1B 06 {}", hex(p))),
            });
        }
        0x07 => {
            return fixed(data, 4, |p| match p {
                [on @ 1..=127, off @ 1..=127] => {
                    C::DrawerTiming { on_ms: u32::from(*on) * 10, off_ms: u32::from(*off) * 10 }
                }
                _ => out_of_range("ESC BEL", p),
            });
        }
        0x1D => return esc_gs(data),
        0x1E => return esc_rs(data),
        b'*' => return raster_command(data),
        b'b' => return barcode(data),
        b'D' => return tabs(data),
        b'K' => return columns(data, 1, 2, 3),
        b'L' => return columns(data, 1, 1, 3),
        b'X' => return columns(data, 3, 1, 1),
        b'k' => return strip(data),
        b'i' => {
            return fixed(data, 4, |p| match p {
                [h, w] => match (digit(*h, 5), digit(*w, 5)) {
                    (Some(h), Some(w)) => C::Style(S::Size(w + 1, h + 1)),
                    _ => out_of_range("ESC i", p),
                },
                _ => out_of_range("ESC i", p),
            });
        }
        _ => {}
    }
    let Some(&n) = data.get(2) else {
        return Parsed::Need(3);
    };
    let command = match (op, n) {
        (b'-', 0 | 1 | 48 | 49) => C::Style(S::Underline((n % 48) * 2)),
        (b'_' | b'/' | b'$', 0 | 1 | 48 | 49) => C::Nothing,
        (b'W', n) if digit(n, 5).is_some() => C::Style(S::Width(n % 48 + 1)),
        (b'h', n) if digit(n, 5).is_some() => C::Style(S::Height(n % 48 + 1)),
        (b'a', 1..=127) => C::FeedLines(u32::from(n)),
        (b'J', n) => C::FeedDots(u32::from(n) * 2),
        (b'I', n) => C::FeedDots(u32::from(n)),
        (b'z', 0 | 48) => C::LineSpacing(Some(24)),
        (b'z', 1 | 49) => C::LineSpacing(Some(32)),
        (b'R', n) => C::International(n % 48),
        (b' ', n) => C::CharSpacing(u32::from(n)),
        (b'l', n) => C::LeftMargin(u32::from(n) * 12),
        (b'Q', n) => C::AreaWidth(u32::from(n) * 12),
        (b'd', n) => match digit(n, 3) {
            Some(m) => C::Cut { full: m % 2 == 0, feed: (m >= 2).then_some(0) },
            None => C::Violation(format!("ESC d: {n} is out of range")),
        },
        (b'-' | b'_' | b'/' | b'$' | b'W' | b'h' | b'a' | b'z', n) => {
            C::Violation(format!("ESC {}: {n} is out of range", char::from(op)))
        }
        _ => return bad(2, format!("unknown command 1B {op:02X}")),
    };
    Parsed::Done(3, command)
}

fn esc_gs(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    let Some(&op) = data.get(2) else {
        return Parsed::Need(3);
    };
    match op {
        b't' => at(data, 4, |p| C::CodePage(p.first().copied().unwrap_or(0))),
        b'a' => at(data, 4, |p| match p {
            [0 | 48] => C::Align(Align::Left),
            [1 | 49] => C::Align(Align::Center),
            [2 | 50] => C::Align(Align::Right),
            _ => out_of_range("ESC GS a", p),
        }),
        b'A' => at(data, 5, |p| match p {
            [low, high] => C::Position(word(*low, *high)),
            _ => out_of_range("ESC GS A", p),
        }),
        b'R' => at(data, 5, |p| match p {
            [low, high] => C::Move(i32::from(i16::from_le_bytes([*low, *high]))),
            _ => out_of_range("ESC GS R", p),
        }),
        b'S' => raster_image(data),
        b'y' => qr(data),
        b'x' => pdf417(data),
        0x19 => at(data, 7, |p| match p {
            [0x11, ..] => C::Nothing,
            [0x12, _, times, _] => C::Beep { times: (*times).max(1), ms: 200 },
            _ => out_of_range("ESC GS EM", p),
        }),
        _ => bad(3, format!("unknown command 1B 1D {op:02X}")),
    }
}

fn esc_rs(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    let Some(&op) = data.get(2) else {
        return Parsed::Need(3);
    };
    if !matches!(op, b'a' | b'E' | b'F' | b'd' | b'r' | b'A' | b'm') {
        return bad(3, format!("unknown command 1B 1E {op:02X}"));
    }
    at(data, 4, |p| match (op, p) {
        (b'a', [n @ (0..=3 | 48..=51)]) => C::StarAsb(n % 48 != 0),
        (b'E', [0 | 48]) => C::ResetEtb,
        (b'F', [n @ (0 | 1 | 48 | 49)]) => C::Style(StyleChange::FontB(n % 2 == 1)),
        (b'd' | b'r' | b'A' | b'm', _) => C::Nothing,
        _ => out_of_range("ESC RS", p),
    })
}

/// `ESC b n1 n2 n3 n4 d1 ... dk RS`
fn barcode(data: &[u8]) -> Parsed<'_> {
    let Some(head) = data.get(2..6) else {
        return Parsed::Need(6);
    };
    let Some(end) = data[6..].iter().take(256).position(|&b| b == 0x1E) else {
        if data.len() > 6 + 256 {
            return bad(6, "ESC b: no RS after 255 characters".into());
        }
        return Parsed::Need(data.len() + 1);
    };
    let len = 6 + end + 1;
    let (Some(kind), n2 @ (1..=4 | 49..=52), n3 @ (1..=9 | 49..=57), height @ 1..) =
        (digit(head[0], 8), head[1], head[2], head[3])
    else {
        return bad(len, format!("ESC b: {} is out of range", hex(head)));
    };
    let n2 = n2 % 48;
    let kind = match kind {
        0 => BarcodeKind::UpcE,
        1 => BarcodeKind::UpcA,
        2 => BarcodeKind::Ean8,
        3 => BarcodeKind::Ean13,
        4 => BarcodeKind::Code39,
        5 => BarcodeKind::Itf,
        6 => BarcodeKind::Code128,
        7 => BarcodeKind::Code93,
        _ => BarcodeKind::Codabar,
    };
    let order = BarcodeOrder {
        kind,
        data: &data[6..6 + end],
        height: Some(u32::from(height)),
        // Modes 1 to 3 are modules of 2 to 4 dots; beyond are the same with other ratios.
        module: Some(u32::from((n3 % 48 - 1) % 3 + 2)),
        hri: Some(n2 % 2 == 0),
        feed: n2 <= 2,
        plain128: true,
    };
    Parsed::Done(len, Command::Barcode(order))
}

/// `ESC GS y ...`
fn qr(data: &[u8]) -> Parsed<'_> {
    use SymbolOrder as O;
    match (data.get(3), data.get(4)) {
        (None, _) => Parsed::Need(4),
        (Some(b'P'), _) => Parsed::Done(4, Command::Qr(O::Print)),
        (Some(b'I'), _) => Parsed::Done(4, Command::Qr(O::Size)),
        (Some(b'S' | b'D'), None) => Parsed::Need(5),
        (Some(b'S'), Some(which)) => {
            let which = *which;
            at(data, 6, move |p| match (which, p) {
                (b'0', [_, _, n @ 1..=2]) => Command::Qr(O::Model(*n)),
                (b'1', [_, _, n @ 0..=3]) => Command::Qr(O::Correction(*n)),
                (b'2', [_, _, n @ 1..=8]) => Command::Qr(O::Module(u32::from(*n))),
                _ => out_of_range("ESC GS y S", p),
            })
        }
        (Some(b'D'), Some(b'1')) => {
            let (Some(&m), Some(&low), Some(&high)) = (data.get(5), data.get(6), data.get(7)) else {
                return Parsed::Need(8);
            };
            let len = 8 + word(low, high) as usize;
            match data.get(8..len) {
                None => Parsed::Need(len),
                Some(body) if m == 0 && (1..=7089).contains(&body.len()) => {
                    Parsed::Done(len, Command::Qr(O::Store(body)))
                }
                Some(_) => bad(len, "ESC GS y D 1 is out of range".into()),
            }
        }
        _ => bad(4, format!("unknown command {}", hex(data.get(..5).unwrap_or(data)))),
    }
}

/// `ESC GS x ...`
fn pdf417(data: &[u8]) -> Parsed<'_> {
    use SymbolOrder as O;
    match (data.get(3), data.get(4)) {
        (None, _) => Parsed::Need(4),
        (Some(b'P'), _) => Parsed::Done(4, Command::Pdf417(O::Print)),
        (Some(b'I'), _) => Parsed::Done(4, Command::Pdf417(O::Size)),
        (Some(b'S' | b'D'), None) => Parsed::Need(5),
        (Some(b'S'), Some(b'0')) => at(data, 8, |p| match p {
            // Lines and columns given as such; as a ratio the printer decides.
            [_, _, 1, 0, columns @ 1..=30] => Command::Pdf417(O::Columns(*columns)),
            [_, _, 0 | 1, _, _] => Command::Nothing,
            _ => out_of_range("ESC GS x S 0", p),
        }),
        (Some(b'S'), Some(which)) => {
            let which = *which;
            at(data, 6, move |p| match (which, p) {
                (b'1', [_, _, n @ 0..=8]) => Command::Pdf417(O::Correction(*n)),
                (b'2', [_, _, n @ 1..=10]) => Command::Pdf417(O::Module(u32::from(*n))),
                (b'3', [_, _, n @ 1..=10]) => Command::Pdf417(O::RowHeight(u32::from(*n))),
                _ => out_of_range("ESC GS x S", p),
            })
        }
        (Some(b'D'), Some(_)) => {
            let (Some(&low), Some(&high)) = (data.get(4), data.get(5)) else {
                return Parsed::Need(6);
            };
            let len = 6 + word(low, high) as usize;
            match data.get(6..len) {
                None => Parsed::Need(len),
                Some(body) if (1..=1024).contains(&body.len()) => {
                    Parsed::Done(len, Command::Pdf417(O::Store(body)))
                }
                Some(_) => bad(len, "ESC GS x D is out of range".into()),
            }
        }
        _ => bad(4, format!("unknown command {}", hex(data.get(..5).unwrap_or(data)))),
    }
}

/// `ESC K`, `ESC L` (8 dots high) and `ESC X` (24 dots high) `n1 n2 d...`
fn columns(data: &[u8], bytes: u32, scale_x: u32, scale_y: u32) -> Parsed<'_> {
    let (Some(&low), Some(&high)) = (data.get(2), data.get(3)) else {
        return Parsed::Need(4);
    };
    let columns = word(low, high);
    let len = 4 + (columns * bytes) as usize;
    match data.get(4..len) {
        None => Parsed::Need(len),
        Some(_) if columns == 0 => bad(4, "bit image of no columns".into()),
        Some(dots) => {
            Parsed::Done(len, Command::Columns(Columns { columns, bytes, scale_x, scale_y, data: dots }))
        }
    }
}

/// `ESC k n1 n2 d...`: n1 bytes wide, 24 rows.
fn strip(data: &[u8]) -> Parsed<'_> {
    let (Some(&bytes), Some(_)) = (data.get(2), data.get(3)) else {
        return Parsed::Need(4);
    };
    let len = 4 + usize::from(bytes) * 24;
    match data.get(4..len) {
        None => Parsed::Need(len),
        Some(_) if bytes == 0 => bad(4, "ESC k: no width".into()),
        Some(rows) => Parsed::Done(len, picture("ESC k", u32::from(bytes), 24, rows)),
    }
}

/// `ESC GS S m xL xH yL yH n d...`
fn raster_image(data: &[u8]) -> Parsed<'_> {
    let Some(head) = data.get(3..9) else {
        return Parsed::Need(9);
    };
    let (bytes, rows) = (word(head[1], head[2]), word(head[3], head[4]));
    let len = 9 + (bytes * rows) as usize;
    if head[0] != 1 || head[5] != 0 || !(1..=128).contains(&bytes) || rows == 0 {
        return bad(9, format!("ESC GS S: {} is out of range", hex(head)));
    }
    match data.get(9..len) {
        None => Parsed::Need(len),
        Some(dots) => Parsed::Done(len, picture("ESC GS S", bytes, rows, dots)),
    }
}

fn picture<'a>(name: &'static str, bytes: u32, height: u32, data: &'a [u8]) -> Command<'a> {
    Command::Raster(Raster { name, width: bytes * 8, height, scale_x: 1, scale_y: 1, data })
}

fn raster_mode(data: &[u8], first: u8) -> Parsed<'_> {
    match first {
        b'b' | b'k' => {
            let (Some(&low), Some(&high)) = (data.get(1), data.get(2)) else {
                return Parsed::Need(3);
            };
            let len = 3 + word(low, high) as usize;
            match data.get(3..len) {
                None => Parsed::Need(len),
                Some([]) => bad(3, "raster row of no bytes".into()),
                Some(row) => Parsed::Done(len, Command::RasterRow(row, first == b'b')),
            }
        }
        0x00 => Parsed::Done(1, Command::Nothing),
        0x1B => match (data.get(1), data.get(2)) {
            (None, _) | (Some(0x0C), None) => Parsed::Need(data.len() + 1),
            (Some(b'*'), _) => raster_command(data),
            (Some(0x06), _) => esc(data),
            (Some(0x0C), Some(0 | 4)) => Parsed::Done(3, Command::RasterEnd),
            (Some(op), _) => bad(2, format!("command 1B {op:02X} in raster mode")),
        },
        _ => bad(1, format!("byte {first:02X} in raster mode")),
    }
}

/// `ESC * r A|B|C|R` and `ESC * r X n NUL` with n in decimal digits.
fn raster_command(data: &[u8]) -> Parsed<'_> {
    match (data.get(2), data.get(3)) {
        (None, _) | (_, None) => return Parsed::Need(4),
        (Some(b'r'), _) => {}
        _ => return bad(3, format!("unknown command {}", hex(&data[..3]))),
    }
    match data[3] {
        b'A' => return Parsed::Done(4, Command::RasterMode(true)),
        b'B' => return Parsed::Done(4, Command::RasterMode(false)),
        b'C' | b'R' => return Parsed::Done(4, Command::Nothing),
        b'D' | b'E' | b'F' | b'K' | b'N' | b'P' | b'Q' | b'T' | b'Y' | b'm' => {}
        op => return bad(4, format!("unknown raster command {op:02X}")),
    }
    let Some(end) = data[4..].iter().take(16).position(|&b| b == 0) else {
        if data.len() >= 20 {
            return bad(4, "raster command without its NUL".into());
        }
        return Parsed::Need(data.len() + 1);
    };
    let body = &data[4..4 + end];
    let digits = body.strip_prefix(b"l").or(body.strip_prefix(b"r")).unwrap_or(body);
    let number = std::str::from_utf8(digits).ok().and_then(|s| s.parse::<u32>().ok());
    let command = match (data[3], number) {
        (_, None) => Command::Violation(format!("raster command {}", hex(&data[..4 + end]))),
        (b'E', Some(n)) => Command::RasterEnding(n as u8),
        (b'Y', Some(n)) => Command::RasterSkip(n),
        (b'D', Some(1)) => Command::DrawerDefault { pin: 2 },
        (b'D', Some(2)) => Command::DrawerDefault { pin: 5 },
        _ => Command::Nothing,
    };
    Parsed::Done(4 + end + 1, command)
}

fn tabs(data: &[u8]) -> Parsed<'_> {
    let body = &data[2..];
    match body.iter().take(33).position(|&b| b == 0) {
        Some(end) => Parsed::Done(end + 3, Command::SetTabs(&body[..end])),
        None if body.len() >= 33 => bad(2, "ESC D: no NUL after 32 positions".into()),
        None => Parsed::Need(data.len() + 1),
    }
}

/// A digit 0 to `max`, as a number or as a character.
fn digit(b: u8, max: u8) -> Option<u8> {
    let n = if b >= b'0' { b - b'0' } else { b };
    (n <= max).then_some(n)
}

fn fixed<'a>(data: &'a [u8], len: usize, f: impl FnOnce(&'a [u8]) -> Command<'a>) -> Parsed<'a> {
    match data.get(2..len) {
        Some(p) => Parsed::Done(len, f(p)),
        None => Parsed::Need(len),
    }
}

/// The same for commands with a name of three bytes.
fn at<'a>(data: &'a [u8], len: usize, f: impl FnOnce(&'a [u8]) -> Command<'a>) -> Parsed<'a> {
    match data.get(3..len) {
        Some(p) => Parsed::Done(len, f(p)),
        None => Parsed::Need(len),
    }
}

fn bad<'a>(len: usize, text: String) -> Parsed<'a> {
    Parsed::Done(len, Command::Violation(text))
}

fn out_of_range<'a>(name: &str, p: &[u8]) -> Command<'a> {
    Command::Violation(format!("{name}: {} is out of range", hex(p)))
}
