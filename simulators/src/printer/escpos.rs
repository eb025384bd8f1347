//! The ESC/POS command interpreter, after the Epson ESC/POS command reference. Strict: what the
//! reference doesn't allow is a violation, and nothing is printed for it.

use super::command::{
    Align, BarcodeOrder, Columns, Command, Parsed, Raster, StyleChange, SymbolOrder, hex, word,
};
use super::symbols::BarcodeKind;

/// Longest command body taken whole; a longer one is a violation.
const LIMIT: usize = 8 << 20;

/// Looks at the start of `data`; `kanji` is whether double-byte mode is on.
pub(crate) fn parse(data: &[u8], kanji: bool) -> Parsed<'_> {
    use Command as C;
    let Some(&first) = data.first() else {
        return Parsed::Need(1);
    };
    match first {
        0x00 | 0x0D => Parsed::Done(1, C::Nothing),
        0x07 => Parsed::Done(1, C::Beep { times: 1, ms: 100 }),
        0x09 => Parsed::Done(1, C::Tab),
        0x0A => Parsed::Done(1, C::LineFeed),
        0x0C => Parsed::Done(1, bad("FF: there is no page mode here")),
        0x10 => real_time(data),
        0x18 => Parsed::Done(1, bad("CAN outside page mode")),
        0x1B => esc(data),
        0x1C => fs(data),
        0x1D => gs(data),
        0x00..=0x1F | 0x7F => {
            Parsed::Done(1, C::Violation(format!("control byte {first:02X} has no meaning")))
        }
        0x81..=0xFE if kanji => match data.get(1) {
            None => Parsed::Need(2),
            Some(&trail @ (0x40..=0x7E | 0x80..=0xFE)) => Parsed::Done(2, C::DoubleByte(first, trail)),
            Some(_) => Parsed::Done(1, C::Violation(format!("byte {first:02X} alone in double-byte mode"))),
        },
        _ => {
            let stop = |b: &u8| *b < 0x20 || *b == 0x7F || (kanji && (0x81..=0xFE).contains(b));
            let len = data.iter().position(stop).unwrap_or(data.len());
            Parsed::Done(len, C::Text(&data[..len]))
        }
    }
}

/// Real-time commands were executed when they arrived; here they only pass by.
fn real_time(data: &[u8]) -> Parsed<'_> {
    let len = match (data.get(1), data.get(2)) {
        (None, _) | (Some(4 | 5 | 0x14), None) => {
            return Parsed::Need(if data.len() < 2 { 2 } else { 3 });
        }
        (Some(4), Some(1..=6)) | (Some(5), Some(0..=3)) => 3,
        (Some(4), Some(7 | 8 | 18)) => 4,
        (Some(0x14), Some(1..=3)) => 5,
        (Some(0x14), Some(7)) => 4,
        (Some(0x14), Some(8)) => 10,
        (Some(_), _) => {
            let shown = data.get(..3.min(data.len())).unwrap_or(data);
            return Parsed::Done(
                shown.len().min(2),
                Command::Violation(format!("unknown DLE sequence {}", hex(shown))),
            );
        }
    };
    if data.len() < len {
        return Parsed::Need(len);
    }
    Parsed::Done(len, Command::Nothing)
}

fn esc(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    use StyleChange as S;
    let Some(&op) = data.get(1) else {
        return Parsed::Need(2);
    };
    match op {
        b'@' => return Parsed::Done(2, C::Initialize),
        b'2' => return Parsed::Done(2, C::LineSpacing(None)),
        b'i' | b'm' => return Parsed::Done(2, C::Cut { full: false, feed: None }),
        b'D' => return tabs(data),
        b'*' => return column_image(data),
        b'L' | b'S' => return Parsed::Done(2, bad("page mode isn't simulated")),
        b'p' => {
            return fixed(data, 5, |p| match p {
                [m @ (0 | 1 | 48 | 49), on, off] => C::Drawer {
                    pin: if m % 2 == 0 { 2 } else { 5 },
                    on_ms: u32::from(*on) * 2,
                    off_ms: u32::from(*off) * 2,
                },
                _ => out_of_range("ESC p", p),
            });
        }
        b'c' => {
            return fixed(data, 4, |p| match p {
                [b'3' | b'4' | b'5', _] => C::Nothing,
                _ => out_of_range("ESC c", p),
            });
        }
        b'$' => return fixed(data, 4, |p| pair(p, C::Position)),
        b'\\' => {
            return fixed(data, 4, |p| match p {
                [low, high] => C::Move(i32::from(i16::from_le_bytes([*low, *high]))),
                _ => out_of_range("ESC \\", p),
            });
        }
        b'B' => {
            return fixed(data, 4, |p| match p {
                [n @ 1..=9, t @ 1..=9] => C::Beep { times: *n, ms: u32::from(*t) * 50 },
                _ => out_of_range("ESC B", p),
            });
        }
        _ => {}
    }
    fixed(data, 3, |p| {
        let n = p.first().copied().unwrap_or(0);
        match (op, n) {
            (b'!', n) => C::Style(S::Mode(n)),
            (b'E', n) => C::Style(S::Bold(n & 1 == 1)),
            (b'G', n) => C::Style(S::DoubleStrike(n & 1 == 1)),
            (b'-', 0..=2 | 48..=50) => C::Style(S::Underline(n % 48)),
            (b'M', 0 | 1 | 48 | 49) => C::Style(S::FontB(n % 2 == 1)),
            (b'{', n) => C::Style(S::UpsideDown(n & 1 == 1)),
            (b'V', 0 | 1 | 48 | 49) => C::Style(S::Rotated(n % 2 == 1)),
            (b'a', 0 | 48) => C::Align(Align::Left),
            (b'a', 1 | 49) => C::Align(Align::Center),
            (b'a', 2 | 50) => C::Align(Align::Right),
            (b'd', n) => C::FeedLines(u32::from(n)),
            (b'J', n) => C::FeedDots(u32::from(n)),
            (b't', n) => C::CodePage(n),
            (b'R', n) => C::International(n),
            (b'3', n) => C::LineSpacing(Some(u32::from(n))),
            (b' ', n) => C::CharSpacing(u32::from(n)),
            (b'=', n) => C::Select(n & 1 == 1),
            (b'-' | b'M' | b'V' | b'a', n) => {
                C::Violation(format!("ESC {}: {n} is out of range", char::from(op)))
            }
            _ => C::Violation(format!("unknown command 1B {op:02X}")),
        }
    })
    .shortened_if_unknown(2)
}

fn fs(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    let Some(&op) = data.get(1) else {
        return Parsed::Need(2);
    };
    match op {
        b'.' => Parsed::Done(2, C::Kanji(false)),
        b'&' => Parsed::Done(2, C::Kanji(true)),
        b'p' => fixed(data, 4, |_| bad("FS p: no image is stored in the printer")),
        b'q' => fixed(data, 3, |_| bad("FS q: stored images aren't simulated")),
        b'!' | b'-' | b'W' => fixed(data, 3, |_| C::Nothing),
        b'S' => fixed(data, 4, |_| C::Nothing),
        b'(' => counted(data, 3, |_, _| Command::Violation(format!("unknown command {}", hex(&data[..3])))),
        _ => Parsed::Done(2, C::Violation(format!("unknown command 1C {op:02X}"))),
    }
}

fn gs(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    use StyleChange as S;
    let Some(&op) = data.get(1) else {
        return Parsed::Need(2);
    };
    match op {
        b'V' => return cut(data),
        b'v' => return raster(data),
        b'k' => return barcode(data),
        b'(' => return gs_paren(data),
        b'8' => return graphics_large(data),
        b'L' => return fixed(data, 4, |p| pair(p, C::LeftMargin)),
        b'W' => return fixed(data, 4, |p| pair(p, C::AreaWidth)),
        b'$' => return fixed(data, 4, |_| bad("GS $ outside page mode")),
        b'\\' => return fixed(data, 4, |_| bad("GS \\ outside page mode")),
        b'P' => {
            return fixed(data, 4, |p| match p {
                [0, 0] => C::Nothing,
                _ => bad("GS P: only the default motion units are simulated"),
            });
        }
        _ => {}
    }
    fixed(data, 3, |p| {
        let n = p.first().copied().unwrap_or(0);
        match (op, n) {
            (b'!', n) if n & 0x88 == 0 => C::Style(S::Size((n >> 4) + 1, (n & 7) + 1)),
            (b'B', n) => C::Style(S::Inverse(n & 1 == 1)),
            (b'b', _) => C::Nothing,
            (b'h', 1..) => C::BarcodeHeight(u32::from(n)),
            (b'w', 2..=6) => C::BarcodeModule(u32::from(n)),
            (b'w', 68..=76) => C::BarcodeModule(u32::from(n) - 66),
            (b'H', 0..=3 | 48..=51) => C::Hri(n % 48),
            (b'f', 0 | 1 | 48 | 49) => C::HriFont(n % 2 == 1),
            (b'a', n) => C::Asb(n),
            (b'r', 1 | 2 | 4 | 49 | 50 | 52) => C::Status(n % 48),
            (b'I', 1..=3 | 49..=51) => C::Info(n % 48),
            (b'I', 65..=69) => C::Info(n),
            (b'!' | b'h' | b'w' | b'H' | b'f' | b'r' | b'I', n) => {
                C::Violation(format!("GS {}: {n} is out of range", char::from(op)))
            }
            _ => C::Violation(format!("unknown command 1D {op:02X}")),
        }
    })
    .shortened_if_unknown(2)
}

fn cut(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    match data.get(2) {
        None => Parsed::Need(3),
        Some(m @ (0 | 1 | 48 | 49)) => Parsed::Done(3, C::Cut { full: m % 2 == 0, feed: None }),
        Some(m @ (65 | 66 | 97 | 98 | 103 | 104)) => {
            let full = m % 2 == 1;
            fixed(data, 4, move |p| {
                let n = p.get(1).copied().unwrap_or(0);
                C::Cut { full, feed: Some(u32::from(n)) }
            })
        }
        Some(m) => Parsed::Done(3, C::Violation(format!("GS V: {m} is out of range"))),
    }
}

/// `GS v 0 m xL xH yL yH d...`
fn raster(data: &[u8]) -> Parsed<'_> {
    if data.len() < 8 {
        return Parsed::Need(8);
    }
    if data[2] != b'0' {
        return Parsed::Done(3, bad("GS v: only GS v 0 exists"));
    }
    let (m, bytes, rows) = (data[3], word(data[4], data[5]), word(data[6], data[7]));
    if !matches!(m, 0..=3 | 48..=51) || bytes == 0 || rows == 0 {
        return Parsed::Done(8, Command::Violation(format!("GS v 0: {} is out of range", hex(&data[3..8]))));
    }
    let len = 8 + (bytes * rows) as usize;
    if len > LIMIT {
        return Parsed::Done(8, Command::Violation(format!("GS v 0: {bytes} x {rows} bytes are too many")));
    }
    if data.len() < len {
        return Parsed::Need(len);
    }
    Parsed::Done(
        len,
        Command::Raster(Raster {
            name: "GS v 0",
            width: bytes * 8,
            height: rows,
            scale_x: if m & 1 == 1 { 2 } else { 1 },
            scale_y: if m & 2 == 2 { 2 } else { 1 },
            data: &data[8..len],
        }),
    )
}

/// `ESC * m nL nH d...`
fn column_image(data: &[u8]) -> Parsed<'_> {
    if data.len() < 5 {
        return Parsed::Need(5);
    }
    let columns = word(data[3], data[4]);
    let (bytes, scale_x, scale_y) = match data[2] {
        0 => (1, 2, 3),
        1 => (1, 1, 3),
        32 => (3, 2, 1),
        33 => (3, 1, 1),
        m => return Parsed::Done(5, Command::Violation(format!("ESC *: mode {m} is out of range"))),
    };
    if columns == 0 || columns > 0x9FF {
        return Parsed::Done(5, Command::Violation(format!("ESC *: {columns} columns are out of range")));
    }
    let len = 5 + (columns * bytes) as usize;
    if data.len() < len {
        return Parsed::Need(len);
    }
    let order = Columns { columns, bytes, scale_x, scale_y, data: &data[5..len] };
    Parsed::Done(len, Command::Columns(order))
}

fn tabs(data: &[u8]) -> Parsed<'_> {
    let body = &data[2..];
    match body.iter().take(33).position(|&b| b == 0) {
        Some(end) => Parsed::Done(end + 3, Command::SetTabs(&body[..end])),
        None if body.len() >= 33 => Parsed::Done(2, bad("ESC D: no NUL after 32 positions")),
        None => Parsed::Need(data.len() + 1),
    }
}

fn barcode(data: &[u8]) -> Parsed<'_> {
    let Some(&m) = data.get(2) else {
        return Parsed::Need(3);
    };
    let (body, len) = match m {
        0..=6 => match data[3..].iter().take(256).position(|&b| b == 0) {
            Some(end) => (3..3 + end, 4 + end),
            None if data.len() > 259 => {
                return Parsed::Done(3, bad("GS k: no NUL after 255 characters"));
            }
            None => return Parsed::Need(data.len() + 1),
        },
        65..=73 => match data.get(3) {
            None => return Parsed::Need(4),
            Some(&n) => (4..4 + usize::from(n), 4 + usize::from(n)),
        },
        74..=79 => match data.get(3) {
            None => return Parsed::Need(4),
            Some(&n) => {
                let len = 4 + usize::from(n);
                if data.len() < len {
                    return Parsed::Need(len);
                }
                return Parsed::Done(len, Command::Violation(format!("GS k: kind {m} isn't simulated")));
            }
        },
        _ => return Parsed::Done(3, Command::Violation(format!("GS k: {m} is out of range"))),
    };
    if data.len() < len {
        return Parsed::Need(len);
    }
    let kind = match m % 65 {
        0 => BarcodeKind::UpcA,
        1 => BarcodeKind::UpcE,
        2 => BarcodeKind::Ean13,
        3 => BarcodeKind::Ean8,
        4 => BarcodeKind::Code39,
        5 => BarcodeKind::Itf,
        6 => BarcodeKind::Codabar,
        7 => BarcodeKind::Code93,
        _ => BarcodeKind::Code128,
    };
    let order = BarcodeOrder {
        kind,
        data: &data[body],
        height: None,
        module: None,
        hri: None,
        feed: true,
        plain128: false,
    };
    Parsed::Done(len, Command::Barcode(order))
}

fn gs_paren(data: &[u8]) -> Parsed<'_> {
    use Command as C;
    counted(data, 3, |op, p| match (op, p) {
        (b'A', [0..=2 | 48..=50, m @ (1..=3 | 49..=51)]) => C::TestPrint(m % 48),
        (b'A', [97, n, t]) => C::Beep { times: (*n).max(1), ms: u32::from(*t) * 100 },
        (b'A', [97, _, n, on, _]) => C::Beep { times: *n, ms: u32::from(*on) * 100 },
        (b'D', [20, 1, b @ (0 | 1 | 48 | 49)]) => C::PulseAllowed(b % 2 == 1),
        (b'D', [20, 1, b @ (0 | 1 | 48 | 49), 2, 0 | 1 | 48 | 49]) => C::PulseAllowed(b % 2 == 1),
        (b'D', [20, 2, 0 | 1 | 48 | 49]) => C::Nothing,
        (b'E' | b'K', _) => C::Nothing,
        (b'H', [48, 48, d @ ..]) => match <[u8; 4]>::try_from(d) {
            Ok(id) if id.iter().all(|b| (0x20..=0x7E).contains(b)) => C::ProcessId(id),
            _ => C::Violation(format!("GS ( H: process id {} is out of range", hex(d))),
        },
        (b'H', [49, 48, 0..=2 | 48..=50]) => bad("GS ( H 49: the offline response isn't simulated"),
        (b'L', p) => graphics(p),
        (b'k', p) => symbol(p),
        (op, p) => C::Violation(format!("unknown or malformed GS ( {} with {}", char::from(op), hex(p))),
    })
}

/// `GS 8 L p1 p2 p3 p4 m fn ...`: the long form of `GS ( L`.
fn graphics_large(data: &[u8]) -> Parsed<'_> {
    if data.len() < 7 {
        return Parsed::Need(7);
    }
    if data[2] != b'L' {
        return Parsed::Done(3, Command::Violation(format!("unknown command {}", hex(&data[..3]))));
    }
    let count = u32::from_le_bytes([data[3], data[4], data[5], data[6]]) as usize;
    if count > LIMIT {
        return Parsed::Done(7, Command::Violation(format!("GS 8 L: {count} bytes are too many")));
    }
    if data.len() < 7 + count {
        return Parsed::Need(7 + count);
    }
    Parsed::Done(7 + count, graphics(&data[7..7 + count]))
}

/// The parameters of `GS ( L` after the count: functions 50 and 112.
fn graphics(p: &[u8]) -> Command<'_> {
    match p {
        [48, 2 | 50] => Command::PrintGraphics,
        [48, 112, 48, bx @ 1..=2, by @ 1..=2, 49..=52, xl, xh, yl, yh, data @ ..] => {
            let (width, height) = (word(*xl, *xh), word(*yl, *yh));
            let expected = width.div_ceil(8) as usize * height as usize;
            if width == 0 || height == 0 || data.len() != expected {
                return Command::Violation(format!(
                    "GS ( L 112: {width} x {height} dots need {expected} bytes, {} came",
                    data.len()
                ));
            }
            Command::StoreGraphics(Raster {
                name: "GS ( L",
                width,
                height,
                scale_x: u32::from(*bx),
                scale_y: u32::from(*by),
                data,
            })
        }
        _ => Command::Violation(format!("GS ( L: unknown or malformed function {}", hex(p))),
    }
}

/// The parameters of `GS ( k` after the count: QR code (cn 49) and PDF417 (cn 48). The lengths
/// are part of each function's definition, so a wrong count is a violation.
fn symbol(p: &[u8]) -> Command<'_> {
    use SymbolOrder as O;
    match p {
        [49, 65, n @ 49..=51, 0] => Command::Qr(O::Model(n - 48)),
        [49, 67, n @ 1..=16] => Command::Qr(O::Module(u32::from(*n))),
        [49, 69, n @ 48..=51] => Command::Qr(O::Correction(n - 48)),
        [49, 80, 48, data @ ..] if !data.is_empty() && data.len() <= 7089 => Command::Qr(O::Store(data)),
        [49, 81, 48] => Command::Qr(O::Print),
        [49, 82, 48] => Command::Qr(O::Size),
        [48, 65, n @ 0..=30] => Command::Pdf417(O::Columns(*n)),
        [48, 66, n @ (0 | 3..=90)] => Command::Pdf417(O::Rows(*n)),
        [48, 67, n @ 2..=8] => Command::Pdf417(O::Module(u32::from(*n))),
        [48, 68, n @ 2..=8] => Command::Pdf417(O::RowHeight(u32::from(*n))),
        [48, 69, 48, n @ 48..=56] => Command::Pdf417(O::Correction(n - 48)),
        // A ratio instead of a level: the printer picks the level from the amount of data.
        [48, 69, 49, 1..=40] => Command::Nothing,
        [48, 70, 0] => Command::Nothing,
        [48, 70, 1] => bad("GS ( k: truncated PDF417 isn't simulated"),
        [48, 80, 48, data @ ..] if !data.is_empty() => Command::Pdf417(O::Store(data)),
        [48, 81, 48] => Command::Pdf417(O::Print),
        [48, 82, 48] => Command::Pdf417(O::Size),
        _ => Command::Violation(format!("GS ( k: unknown or malformed function {}", hex(p))),
    }
}

/// A command of fixed length `len`; `f` sees the bytes after the two of its name.
fn fixed<'a>(data: &'a [u8], len: usize, f: impl FnOnce(&'a [u8]) -> Command<'a>) -> Parsed<'a> {
    match data.get(2..len) {
        Some(p) => Parsed::Done(len, f(p)),
        None => Parsed::Need(len),
    }
}

/// A command `xx ( op pL pH ...` with its own count.
fn counted<'a>(data: &'a [u8], at: usize, f: impl FnOnce(u8, &'a [u8]) -> Command<'a>) -> Parsed<'a> {
    let (Some(&op), Some(&low), Some(&high)) = (data.get(2), data.get(at), data.get(at + 1)) else {
        return Parsed::Need(at + 2);
    };
    let start = at + 2;
    let len = start + word(low, high) as usize;
    match data.get(start..len) {
        Some(p) => Parsed::Done(len, f(op, p)),
        None => Parsed::Need(len),
    }
}

fn pair<'a>(p: &[u8], f: impl FnOnce(u32) -> Command<'a>) -> Command<'a> {
    match p {
        [low, high] => f(word(*low, *high)),
        _ => Command::Nothing,
    }
}

fn bad<'a>(text: &str) -> Command<'a> {
    Command::Violation(text.to_owned())
}

fn out_of_range<'a>(name: &str, p: &[u8]) -> Command<'a> {
    Command::Violation(format!("{name}: {} is out of range", hex(p)))
}

impl Parsed<'_> {
    /// An unknown command is skipped by its name alone: its length isn't known.
    fn shortened_if_unknown(self, name: usize) -> Self {
        match self {
            Parsed::Done(_, Command::Violation(text)) if text.starts_with("unknown") => {
                Parsed::Done(name, Command::Violation(text))
            }
            other => other,
        }
    }
}
