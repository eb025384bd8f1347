//! ZPL II.
//!
//! Source: Zebra, "ZPL II Programming Guide" (commands of the same names).

use super::canvas::{Canvas, Symbol, Turn};
use super::graphic;
use super::language::{Charset, Head, Language, Order, Question};
use super::tspl::broken;
use crate::printer::{BarcodeKind, Bitmap};

/// Longest command, apart from binary dots.
const LONGEST: usize = 8 << 20;

pub(super) struct Zpl {
    head: Head,
    /// `^PW` and `^LL`.
    size: (u32, u32),
    /// `^LH`.
    home: (u32, u32),
    charset: Charset,
    /// `^CF`: height and width.
    font: (u32, u32),
    /// `^BY`: module and height.
    bars: (u32, u32),
    /// Between `^XA` and `^XZ`.
    format: Option<Format>,
}

struct Format {
    canvas: Canvas,
    copies: u32,
    pause_after: bool,
    field: FieldState,
}

/// What has been said of a field before `^FS`.
#[derive(Default)]
struct FieldState {
    at: (u32, u32),
    /// `^FT`: the place is the lower edge.
    typeset: bool,
    turn: Turn,
    font: Option<(u32, u32)>,
    /// `^FB`: width and most lines.
    block: Option<(u32, u32)>,
    /// `^FH`: the character that begins a hexadecimal byte.
    hex: Option<u8>,
    code: Option<Code>,
    data: Option<Vec<u8>>,
}

/// A code that `^FD` will be the content of.
enum Code {
    Bars { kind: BarcodeKind, name: &'static str, height: Option<u32>, readable: bool, auto: bool },
    Qr { module: u32 },
    DataMatrix { module: u32 },
}

impl Zpl {
    pub fn new(head: Head) -> Self {
        Self {
            head,
            size: head.size,
            home: (0, 0),
            charset: Charset::page(850),
            font: (9, 5),
            bars: (2, 10),
            format: None,
        }
    }
}

impl Language for Zpl {
    fn step(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize {
        let Some(begin) = input.iter().position(|byte| is_prefix(*byte)) else {
            if input.iter().any(|byte| !byte.is_ascii_whitespace()) {
                orders.push(Order::Violation(format!("{} bytes outside any command", input.len())));
            }
            return input.len();
        };
        if begin > 0 {
            if input.iter().take(begin).any(|byte| !byte.is_ascii_whitespace()) {
                orders.push(Order::Violation(format!("{begin} bytes outside any command")));
            }
            return begin;
        }
        let Some(name) = input.get(..3) else { return 0 };
        match name {
            b"~HS" => orders.push(Order::Ask(Question::ZplStatus)),
            b"~HI" => orders.push(Order::Ask(Question::ZplIdentity)),
            b"~JA" => {
                self.format = None;
                orders.push(Order::CancelAll);
            }
            b"~JR" => orders.push(Order::Reset),
            b"~PP" => orders.push(Order::Pause(true)),
            b"~PS" => orders.push(Order::Pause(false)),
            b"^XA" => self.begin(orders),
            b"^XZ" => self.end(orders),
            b"^FS" => self.end_field(),
            _ => return self.with_parameters(input, orders),
        }
        3
    }

    fn is_partial(&self) -> bool {
        self.format.is_some()
    }

    fn reset(&mut self) {
        *self = Self::new(self.head);
    }
}

fn is_prefix(byte: u8) -> bool {
    byte == b'^' || byte == b'~'
}

impl Zpl {
    fn begin(&mut self, orders: &mut Vec<Order>) {
        if self.format.is_some() {
            orders.push(Order::Violation("^XA in a format".into()));
        }
        let canvas = Canvas::new(self.size.0, self.size.1);
        self.format = Some(Format { canvas, copies: 1, pause_after: false, field: FieldState::default() });
    }

    fn end(&mut self, orders: &mut Vec<Order>) {
        self.end_field();
        let Some(format) = self.format.take() else {
            return orders.push(Order::Violation("^XZ without ^XA".into()));
        };
        // A format that only sets something prints nothing.
        if format.canvas.fields.is_empty() {
            orders.extend(format.canvas.violations.into_iter().map(Order::Violation));
        } else {
            orders.push(Order::Print { canvas: format.canvas, copies: format.copies });
        }
        if format.pause_after {
            orders.push(Order::Pause(true));
        }
    }

    /// A command with what follows it, up to the next one.
    fn with_parameters(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize {
        // ^A is named by one letter, all others by two.
        let name_end = if input.get(1) == Some(&b'A') && input.first() == Some(&b'^') { 2 } else { 3 };
        let name = String::from_utf8_lossy(input.get(1..name_end).unwrap_or_default()).to_ascii_uppercase();
        let rest = input.get(name_end..).unwrap_or_default();
        if name == "GF" && rest.first().is_some_and(|format| matches!(format, b'B' | b'C')) {
            return self.binary_graphic(rest, orders).map_or(0, |taken| name_end + taken);
        }
        let Some(end) = rest.iter().position(|byte| is_prefix(*byte)) else {
            if input.len() > LONGEST {
                orders.push(Order::Violation("a command that never ends".into()));
                return input.len();
            }
            return 0;
        };
        let parameters = rest.get(..end).unwrap_or_default();
        if let Err(problem) = self.command(&name, parameters, orders) {
            let shown: String = String::from_utf8_lossy(parameters).chars().take(40).collect();
            let violation =
                format!("{}{name}{shown}: {problem}", char::from(input.first().copied().unwrap_or(b'^')));
            match &mut self.format {
                Some(format) => format.canvas.violation(violation),
                None => orders.push(Order::Violation(violation)),
            }
        }
        name_end + end
    }

    fn command(&mut self, name: &str, raw: &[u8], orders: &mut Vec<Order>) -> Result<(), String> {
        let parameters = Parameters::new(raw);
        match name {
            "PW" => self.set_size(Some(parameters.number(0)), None),
            "LL" => self.set_size(None, Some(parameters.number(0))),
            "LH" => {
                self.home = (parameters.number(0).unwrap_or(0), parameters.number(1).unwrap_or(0));
                Ok(())
            }
            "CI" => self.set_charset(parameters.number(0).unwrap_or(0)),
            "CF" => {
                let height = parameters.number(1).unwrap_or(self.font.0);
                self.font = (height, parameters.number(2).unwrap_or_else(|| narrow(height)));
                Ok(())
            }
            "BY" => {
                self.bars.0 = parameters.number(0).unwrap_or(self.bars.0);
                self.bars.1 = parameters.number(2).unwrap_or(self.bars.1);
                Ok(())
            }
            "JZ" => {
                orders.push(Order::Reprint(parameters.letter(0) != Some('N')));
                Ok(())
            }
            "PP" => self.in_format(|format| format.pause_after = true),
            "PQ" => {
                let copies = parameters.number(0).unwrap_or(1);
                self.in_format(|format| format.copies = copies.clamp(1, 99_999_999))
            }
            // Nothing is reversed: as after power on.
            "LR" if parameters.letter(0) != Some('Y') => Ok(()),
            // Media, speed, darkness, comments, and what is kept: without dots.
            "FX" | "PR" | "PO" | "MM" | "MN" | "MT" | "MD" | "LS" | "LT" | "PM" | "JM" | "JU" | "SD"
            | "TA" | "ML" | "JB" | "CW" | "JS" | "JT" | "KN" => Ok(()),
            _ => self.field(name, raw, &parameters),
        }
    }

    fn field(&mut self, name: &str, raw: &[u8], parameters: &Parameters) -> Result<(), String> {
        let (home, dpi_bars, default_font) = (self.home, self.bars, self.font);
        match name {
            "FO" | "FT" => {
                let at = (parameters.number(0).unwrap_or(0), parameters.number(1).unwrap_or(0));
                self.in_field(|field| {
                    field.at = (home.0.saturating_add(at.0), home.1.saturating_add(at.1));
                    field.typeset = name == "FT";
                })
            }
            "A" => {
                // ^A0N,h,w or ^A@N,h,w,name: font and rotation come without a comma between them.
                let turn = parameters.text(0).chars().nth(1).map_or(Some(Turn(0)), turn_of_letter);
                let height = parameters.number(1).unwrap_or(default_font.0);
                let width = parameters.number(2).filter(|width| *width > 0).unwrap_or_else(|| narrow(height));
                let turn = turn.ok_or("no such rotation")?;
                self.in_field(|field| {
                    field.font = Some((height, width));
                    field.turn = turn;
                })
            }
            "FB" => {
                let block = (parameters.number(0).unwrap_or(0), parameters.number(1).unwrap_or(1));
                self.in_field(|field| field.block = Some(block))
            }
            "FH" => {
                let indicator = parameters.text(0).bytes().next().unwrap_or(b'_');
                self.in_field(|field| field.hex = Some(indicator))
            }
            "FD" | "FV" => {
                let data: Vec<u8> =
                    raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
                self.in_field(|field| field.data = Some(data))
            }
            "BC" | "BE" | "B8" | "BU" | "B3" | "B2" | "BA" | "BK" => self.bars(name, parameters),
            "BQ" => {
                let module = parameters.number(2).unwrap_or(2);
                self.in_field(|field| field.code = Some(Code::Qr { module }))
            }
            "BX" => {
                let turn = parameters.turn(0)?;
                let module = parameters.number(1).unwrap_or(dpi_bars.0);
                self.in_field(|field| {
                    field.turn = turn;
                    field.code = Some(Code::DataMatrix { module });
                })
            }
            "GB" => self.rectangle(parameters),
            "GF" => self.ascii_graphic(raw),
            _ => Err("not simulated".into()),
        }
    }

    /// `^BC`o,h,f and its like; ^B3 has its check digit in between.
    fn bars(&mut self, name: &str, parameters: &Parameters) -> Result<(), String> {
        let (kind, name, shift) = match name {
            "BC" => (BarcodeKind::Code128, "CODE128", 0),
            "BE" => (BarcodeKind::Ean13, "EAN13", 0),
            "B8" => (BarcodeKind::Ean8, "EAN8", 0),
            "BU" => (BarcodeKind::UpcA, "UPCA", 0),
            "B2" => (BarcodeKind::Itf, "ITF", 0),
            "BA" => (BarcodeKind::Code93, "CODE93", 0),
            "BK" => (BarcodeKind::Codabar, "CODABAR", 1),
            _ => (BarcodeKind::Code39, "CODE39", 1),
        };
        let turn = parameters.turn(0)?;
        let code = Code::Bars {
            kind,
            name,
            height: parameters.number(1 + shift),
            readable: parameters.letter(2 + shift) != Some('N'),
            auto: parameters.letter(5) == Some('A'),
        };
        self.in_field(|field| {
            field.turn = turn;
            field.code = Some(code);
        })
    }

    fn rectangle(&mut self, parameters: &Parameters) -> Result<(), String> {
        let thick = parameters.number(2).unwrap_or(1).max(1);
        let width = parameters.number(0).unwrap_or(thick).max(thick);
        let height = parameters.number(1).unwrap_or(thick).max(thick);
        let white = parameters.letter(3) == Some('W');
        self.in_format(|format| {
            let at = format.field.place(height);
            if white {
                format.canvas.erase(at, (width, height));
            } else if thick >= width.min(height) {
                format.canvas.bar(at, (width, height));
            } else {
                format.canvas.frame_line(at, (width, height), thick);
            }
        })
    }

    /// `^GFA,b,c,d,data`.
    fn ascii_graphic(&mut self, raw: &[u8]) -> Result<(), String> {
        let mut parts = raw.splitn(5, |byte| *byte == b',');
        let mut number = |what: &str| -> Result<usize, String> {
            let text = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
            if what.is_empty() {
                return if text.trim() == "A" { Ok(0) } else { Err(format!("format {text:?}")) };
            }
            text.trim().parse().map_err(|_| format!("{what} {text:?}"))
        };
        number("")?;
        number("count")?;
        let (total, row) = (number("bytes")?, number("bytes of a row")?);
        let data = parts.next().unwrap_or_default();
        if data.starts_with(b":Z64:") || data.starts_with(b":B64:") {
            return Err("compressed dots aren't simulated".into());
        }
        if row == 0 || total > LONGEST {
            return Err(format!("{total} bytes in rows of {row}"));
        }
        let dots = graphic::read(data, row, total)?;
        self.dots(&dots, row)
    }

    /// `^GFB,b,c,d,` and b bytes of dots. Gives what was taken, or `None` while bytes are missing.
    fn binary_graphic(&mut self, rest: &[u8], orders: &mut Vec<Order>) -> Option<usize> {
        let (fourth, _) = rest.iter().enumerate().filter(|(_, byte)| **byte == b',').nth(3)?;
        let parameters = Parameters::new(rest.get(..fourth).unwrap_or_default());
        let (count, row) =
            (parameters.number(1).unwrap_or(0) as usize, parameters.number(3).unwrap_or(0) as usize);
        if parameters.letter(0) != Some('B') || row == 0 || count > LONGEST {
            orders.push(Order::Violation("^GF: format C, or wrong parameters".into()));
            return Some(fourth + 1);
        }
        let dots = rest.get(fourth + 1..fourth + 1 + count)?.to_vec();
        if let Err(problem) = self.dots(&dots, row) {
            orders.push(Order::Violation(problem));
        }
        Some(fourth + 1 + count)
    }

    fn dots(&mut self, dots: &[u8], row: usize) -> Result<(), String> {
        let bits = Bitmap::from_rows(row as u32 * 8, (dots.len() / row) as u32, dots);
        self.in_format(|format| {
            let at = format.field.place(bits.height());
            format.canvas.graphic(at, &bits);
        })
    }

    /// `^FS`: text or a code is drawn now.
    fn end_field(&mut self) {
        let (bars, font, cyrillic) = (self.bars, self.font, self.head.cyrillic);
        let charset = self.charset.clone();
        let Some(format) = &mut self.format else { return };
        let field = std::mem::take(&mut format.field);
        let canvas = &mut format.canvas;
        let Some(data) = &field.data else { return };
        let data = match field.hex {
            Some(indicator) => unescaped(data, indicator),
            None => data.clone(),
        };
        match &field.code {
            Some(Code::Bars { kind, name, height, readable, auto }) => {
                let height = height.unwrap_or(bars.1);
                let (data, plain) = match kind {
                    BarcodeKind::Code128 if *auto => (data, true),
                    BarcodeKind::Code128 => (code128(&data), false),
                    // The printer makes the check digit, and takes twelve digits of more.
                    BarcodeKind::Ean13 => (data.get(..12).map_or(data.clone(), <[u8]>::to_vec), false),
                    _ => (data, false),
                };
                let content = String::from_utf8_lossy(&data).into_owned();
                let symbol = Symbol { name, kind: Some(*kind), data, content, plain };
                canvas.barcode(field.place(height), symbol, (bars.0, height), *readable, field.turn);
            }
            Some(Code::Qr { module }) => match qr_data(&data) {
                Some((level, content)) => canvas.qr(field.at, content, level, *module, field.turn),
                None => canvas.violation("^BQ: the data must begin as QA, or MM,A"),
            },
            Some(Code::DataMatrix { module }) => canvas.data_matrix(field.at, &data, *module, field.turn),
            None => {
                let (height, width) = field.font.unwrap_or(font);
                let text = charset.read(&data);
                let (columns, most) = match field.block {
                    Some((block, lines)) => ((block / width.max(1)).max(1) as usize, lines.max(1) as usize),
                    None => (usize::MAX, 1),
                };
                let (left, top) = field.place(height);
                let text = if field.block.is_some() { text.replace("\\&", "\n") } else { text };
                for (row, line) in broken(&text, columns).into_iter().take(most).enumerate() {
                    let at = (left, top.saturating_add(row as u32 * height));
                    canvas.text(at, &line, (width, height), field.turn, cyrillic);
                }
            }
        }
    }

    fn set_size(&mut self, width: Option<Option<u32>>, height: Option<Option<u32>>) -> Result<(), String> {
        if let Some(width) = width {
            self.size.0 = width.ok_or("no number")?;
        }
        if let Some(height) = height {
            self.size.1 = height.ok_or("no number")?;
        }
        // Within a format it counts for that format, as long as nothing is on it.
        if let Some(format) = &mut self.format {
            if !format.canvas.fields.is_empty() {
                return Err("the size after the first field".into());
            }
            let violations = std::mem::take(&mut format.canvas.violations);
            format.canvas = Canvas { violations, ..Canvas::new(self.size.0, self.size.1) };
        }
        Ok(())
    }

    /// `^CI`: 0 to 13 are page 850 with exchanged characters, 27 to 36 are Windows' pages.
    fn set_charset(&mut self, number: u32) -> Result<(), String> {
        self.charset = match number {
            0 | 13 => Charset::page(850),
            27 => Charset::page(1252),
            28 => Charset::Utf8,
            31 => Charset::page(1250),
            33 => Charset::page(1251),
            34 => Charset::page(1253),
            35 => Charset::page(1254),
            36 => Charset::page(1255),
            _ => return Err("not simulated".into()),
        };
        Ok(())
    }

    fn in_format(&mut self, change: impl FnOnce(&mut Format)) -> Result<(), String> {
        self.format.as_mut().map(change).ok_or_else(|| "outside a format".into())
    }

    fn in_field(&mut self, change: impl FnOnce(&mut FieldState)) -> Result<(), String> {
        self.in_format(|format| change(&mut format.field))
    }
}

impl FieldState {
    /// The upper left corner of something so high.
    fn place(&self, height: u32) -> (u32, u32) {
        let (x, y) = self.at;
        (x, if self.typeset { y.saturating_sub(height) } else { y })
    }
}

struct Parameters(Vec<String>);

impl Parameters {
    fn new(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        Self(text.trim().split(',').map(|part| part.trim().to_owned()).collect())
    }

    fn text(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    fn number(&self, index: usize) -> Option<u32> {
        self.text(index).parse().ok()
    }

    fn letter(&self, index: usize) -> Option<char> {
        self.text(index).chars().next().map(|letter| letter.to_ascii_uppercase())
    }

    fn turn(&self, index: usize) -> Result<Turn, String> {
        self.letter(index).map_or(Some(Turn(0)), turn_of_letter).ok_or_else(|| "no such rotation".into())
    }
}

/// Normal, rotated, inverted, bottom up.
fn turn_of_letter(letter: char) -> Option<Turn> {
    "NRIB".find(letter.to_ascii_uppercase()).map(|turns| Turn(turns as u8))
}

/// The width of a character whose height alone is given.
fn narrow(height: u32) -> u32 {
    (height * 3 / 5).max(1)
}

fn unescaped(data: &[u8], indicator: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if *byte == indicator => {
                out.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

/// `^BC` data in the notation of receipt printers: `>:` `>;` `>9` choose set B, C or A at the start
/// (B without one), `>5` `>6` `>7` change to C, B or A, `>8` is FNC1, `>0` is `>`.
fn code128(data: &[u8]) -> Vec<u8> {
    let (mut out, mut rest, mut in_c) = match data {
        [b'>', b';', rest @ ..] => (b"{C".to_vec(), rest, true),
        [b'>', b'9', rest @ ..] => (b"{A".to_vec(), rest, false),
        [b'>', b':', rest @ ..] => (b"{B".to_vec(), rest, false),
        _ => (b"{B".to_vec(), data, false),
    };
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'>'
            && let Some((code, after)) = after.split_first()
        {
            rest = after;
            match code {
                b'5' => out.extend(b"{C"),
                b'6' => out.extend(b"{B"),
                b'7' => out.extend(b"{A"),
                b'8' => out.extend(b"{1"),
                _ => out.push(b'>'),
            }
            in_c = match code {
                b'5' => true,
                b'6' | b'7' => false,
                _ => in_c,
            };
        } else if in_c
            && byte.is_ascii_digit()
            && let Some((second, after)) = rest.split_first().filter(|(second, _)| second.is_ascii_digit())
        {
            out.push((byte - b'0') * 10 + (second - b'0'));
            rest = after;
        } else if *byte == b'{' {
            out.extend(b"{{");
        } else {
            out.push(*byte);
        }
    }
    out
}

/// `^FD` of a QR code: level, input mode, comma; by hand also the kind of characters (for bytes with
/// their count).
fn qr_data(data: &[u8]) -> Option<(u8, &[u8])> {
    let (level, rest) = data.split_first()?;
    let level = b"LMQH".iter().position(|known| known == level)? as u8;
    match rest {
        [b'A', b',', content @ ..] => Some((level, content)),
        [b'M', b',', b'N' | b'A' | b'K', content @ ..] => Some((level, content)),
        [b'M', b',', b'B', content @ ..] => Some((level, content.get(4..)?)),
        _ => None,
    }
}
