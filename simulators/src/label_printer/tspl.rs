//! TSPL.
//!
//! Sources: TSC "TSPL/TSPL2 Programming" manual (setup, label formatting and status polling commands),
//! Gprinter GP-2120T manual (the same language).

use super::canvas::{Canvas, Symbol, Turn};
use super::language::{
    Argument, Charset, Head, Language, Order, Question, arguments, numbers, turn_of_degrees,
};
use crate::printer::{BarcodeKind, Bitmap};

/// Longest line, apart from the dots of a bitmap.
const LONGEST_LINE: usize = 4096;
/// Most dots of a bitmap, in bytes.
const LARGEST_BITMAP: usize = 8 << 20;

pub(super) struct Tspl {
    head: Head,
    size: (u32, u32),
    reference: (u32, u32),
    charset: Charset,
    canvas: Canvas,
    /// `CLS` came after the last `SIZE`.
    cleared: bool,
}

impl Tspl {
    pub fn new(head: Head) -> Self {
        Self {
            head,
            size: head.size,
            reference: (0, 0),
            charset: Charset::page(437),
            canvas: Canvas::new(head.size.0, head.size.1),
            cleared: false,
        }
    }
}

impl Language for Tspl {
    fn step(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize {
        match input {
            [b'\r' | b'\n', ..] => return 1,
            [0x1B] | [0x1B, b'!'] | [b'~'] | [b'~', b'!'] => return 0,
            [0x1B, b'!', what, ..] => {
                orders.push(immediate(*what));
                return 3;
            }
            [b'~', b'!', b'T', ..] => {
                orders.push(Order::Ask(Question::TsplModel));
                return 3;
            }
            _ => {}
        }
        if input.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"BITMAP ")) {
            return self.bitmap(input, orders);
        }
        let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
            if input.len() > LONGEST_LINE {
                orders.push(Order::Violation("a line that never ends".into()));
                return input.len();
            }
            return 0;
        };
        let line = input.get(..end).unwrap_or_default().trim_ascii();
        if let Err(problem) = self.line(line, orders) {
            orders.push(Order::Violation(format!("{}: {problem}", String::from_utf8_lossy(line))));
        }
        end + 1
    }

    fn reset(&mut self) {
        *self = Self::new(self.head);
    }
}

/// `ESC !` and a letter.
fn immediate(what: u8) -> Order {
    match what {
        b'?' => Order::Ask(Question::TsplStatus),
        b'S' => Order::Ask(Question::TsplLongStatus),
        b'P' => Order::Pause(true),
        b'O' => Order::Pause(false),
        b'.' => Order::CancelAll,
        b'R' | b'C' | b'Q' => Order::Reset,
        _ => Order::Violation(format!("ESC ! {what:02X}")),
    }
}

type Outcome = Result<(), String>;

impl Tspl {
    fn line(&mut self, line: &[u8], orders: &mut Vec<Order>) -> Outcome {
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        let word = String::from_utf8_lossy(word).to_ascii_uppercase();
        let list = arguments(rest);
        match word.as_str() {
            "SIZE" => self.set_size(rest),
            "CLS" => {
                self.canvas = Canvas::new(self.size.0, self.size.1);
                self.cleared = true;
                Ok(())
            }
            "REFERENCE" => numbers(&list).map(|[x, y]| self.reference = (x, y)).ok_or_else(wrong),
            "CODEPAGE" => self.set_charset(&list),
            "PRINT" => {
                let [sets] = numbers(&list).ok_or_else(wrong)?;
                let copies = list.get(1).map_or(Some(1), Argument::number).ok_or_else(wrong)?;
                orders
                    .push(Order::Print { canvas: self.canvas.clone(), copies: sets.saturating_mul(copies) });
                self.canvas.violations.clear();
                Ok(())
            }
            "SET" => {
                if let [setting] = list.as_slice()
                    && let Some(on) = setting.text().to_ascii_uppercase().strip_prefix("REPRINT ")
                {
                    orders.push(Order::Reprint(on.trim() == "ON"));
                }
                Ok(())
            }
            "INITIALPRINTER" => {
                orders.push(Order::Reset);
                Ok(())
            }
            // What moves paper or has no dots.
            "GAP" | "GAPDETECT" | "BLINE" | "BLINEDETECT" | "OFFSET" | "SPEED" | "DENSITY" | "DIRECTION"
            | "SHIFT" | "COUNTRY" | "FEED" | "BACKFEED" | "FORMFEED" | "HOME" | "SOUND" | "CUT"
            | "LIMITFEED" | "AUTODETECT" | "DELAY" => Ok(()),
            "" => Ok(()),
            _ => self.field(&word, &list),
        }
    }

    fn field(&mut self, word: &str, list: &[Argument<'_>]) -> Outcome {
        match word {
            "TEXT" => self.text(list),
            "BLOCK" => self.block(list),
            "BARCODE" => self.barcode(list),
            "QRCODE" => self.qr(list),
            "DMATRIX" => self.data_matrix(list),
            "BAR" | "REVERSE" | "ERASE" => {
                let [x, y, width, height] = numbers(list).ok_or_else(wrong)?;
                let at = self.place(x, y);
                match word {
                    "BAR" => self.canvas.bar(at, (width, height)),
                    "REVERSE" => self.canvas.invert(at, (width, height)),
                    _ => self.canvas.erase(at, (width, height)),
                }
                Ok(())
            }
            "BOX" => {
                let [x, y, right, bottom, thick] = numbers(list).ok_or_else(wrong)?;
                let (width, height) = (right.saturating_sub(x), bottom.saturating_sub(y));
                let at = self.place(x, y);
                self.canvas.frame_line(at, (width, height), thick);
                Ok(())
            }
            _ => return Err("unknown command".into()),
        }?;
        if !self.cleared {
            self.canvas.violation(format!("{word} without CLS after SIZE"));
            self.cleared = true;
        }
        Ok(())
    }

    /// In inches without a unit, else in millimetres or dots.
    fn set_size(&mut self, rest: &[u8]) -> Outcome {
        let text = String::from_utf8_lossy(rest).to_ascii_lowercase();
        let mut sides = text.split(',').map(|side| {
            let side = side.trim();
            let (number, scale) = if let Some(number) = side.strip_suffix("mm") {
                (number, self.head.dots_per_mm())
            } else if let Some(number) = side.strip_suffix("dot") {
                (number, 1.0)
            } else {
                (side, f64::from(self.head.dpi))
            };
            number.trim().parse::<f64>().ok().map(|number| (number * scale).round() as u32)
        });
        let width = sides.next().flatten().ok_or_else(wrong)?;
        let height = sides.next().unwrap_or(Some(self.size.1)).ok_or_else(wrong)?;
        self.size = (width, height);
        self.cleared = false;
        Ok(())
    }

    fn set_charset(&mut self, list: &[Argument<'_>]) -> Outcome {
        let name = list.first().map(Argument::text).unwrap_or_default();
        let charset = match name.to_ascii_uppercase().as_str() {
            "UTF-8" => Charset::Utf8,
            number => number.parse().map(Charset::page).map_err(|_| "page not simulated".to_owned())?,
        };
        if !charset.is_known() {
            return Err("no such page".into());
        }
        self.charset = charset;
        Ok(())
    }

    /// `TEXT x,y,"font",rotation,x-multiplication,y-multiplication,[alignment,]"content"`.
    fn text(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y] = numbers(list).ok_or_else(wrong)?;
        let font = list.get(2).map(Argument::text).ok_or_else(wrong)?;
        let [degrees, wide, high] = numbers(list.get(3..).unwrap_or_default()).ok_or_else(wrong)?;
        let turn = turn_of_degrees(degrees).ok_or("no such rotation")?;
        let content = self.content(list)?;
        let cell = self.cell(&font, wide, high)?;
        let at = self.place(x, y);
        self.canvas.text(at, &content, cell, turn, self.head.cyrillic);
        Ok(())
    }

    /// `BLOCK x,y,width,height,"font",rotation,x,y,[space,alignment,]"content"`: broken at blanks.
    fn block(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y, width, height] = numbers(list).ok_or_else(wrong)?;
        let font = list.get(4).map(Argument::text).ok_or_else(wrong)?;
        let [degrees, wide, high] = numbers(list.get(5..).unwrap_or_default()).ok_or_else(wrong)?;
        if degrees != 0 {
            return Err("a rotated block isn't simulated".into());
        }
        let content = self.content(list)?;
        let cell = self.cell(&font, wide, high)?;
        let columns = (width / cell.0.max(1)).max(1) as usize;
        for (row, line) in (0..height / cell.1.max(1)).zip(broken(&content, columns)) {
            let at = self.place(x, y + row * cell.1);
            self.canvas.text(at, &line, cell, Turn(0), self.head.cyrillic);
        }
        Ok(())
    }

    /// `BARCODE x,y,"type",height,readable,rotation,narrow,wide,[alignment,]"content"`.
    fn barcode(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y] = numbers(list).ok_or_else(wrong)?;
        let name = list.get(2).map(Argument::text).ok_or_else(wrong)?.to_ascii_uppercase();
        let [height, readable, degrees, narrow] =
            numbers(list.get(3..).unwrap_or_default()).ok_or_else(wrong)?;
        let turn = turn_of_degrees(degrees).ok_or("no such rotation")?;
        let content = self.content(list)?;
        let kind = match name.as_str() {
            "128" | "128M" => Some(BarcodeKind::Code128),
            "EAN13" => Some(BarcodeKind::Ean13),
            "EAN8" => Some(BarcodeKind::Ean8),
            "UPCA" => Some(BarcodeKind::UpcA),
            "UPCE" => Some(BarcodeKind::UpcE),
            "39" | "39C" => Some(BarcodeKind::Code39),
            "93" => Some(BarcodeKind::Code93),
            "25" => Some(BarcodeKind::Itf),
            "CODA" => Some(BarcodeKind::Codabar),
            "EAN128" | "25C" | "EAN13+2" | "EAN13+5" | "EAN8+2" | "EAN8+5" | "UPCA+2" | "UPCA+5"
            | "UPCE+2" | "UPCE+5" | "MSI" | "MSIC" | "PLESSEY" | "POST" | "ITF14" | "CPOST" => None,
            _ => return Err("no such symbology".into()),
        };
        let symbol = Symbol { name: &name, kind, data: content.clone().into_bytes(), content, plain: true };
        let at = self.place(x, y);
        self.canvas.barcode(at, symbol, (narrow, height), readable != 0, turn);
        Ok(())
    }

    /// `QRCODE x,y,level,cell,mode,rotation,[model,mask,]"content"`.
    fn qr(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y] = numbers(list).ok_or_else(wrong)?;
        let level = list.get(2).map(Argument::text).ok_or_else(wrong)?;
        let level = ["L", "M", "Q", "H"].iter().position(|known| level.eq_ignore_ascii_case(known));
        let [module] = numbers(list.get(3..).unwrap_or_default()).ok_or_else(wrong)?;
        let [degrees] = numbers(list.get(5..).unwrap_or_default()).ok_or_else(wrong)?;
        let turn = turn_of_degrees(degrees).ok_or("no such rotation")?;
        let content = self.raw_content(list)?;
        let at = self.place(x, y);
        self.canvas.qr(at, &content, level.ok_or("no such level")? as u8, module, turn);
        Ok(())
    }

    /// `DMATRIX x,y,width,height,[c…,x module,…]"content"`.
    fn data_matrix(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y, _, _] = numbers(list).ok_or_else(wrong)?;
        let module = list
            .iter()
            .filter(|argument| !argument.quoted)
            .find_map(|argument| argument.text().to_ascii_lowercase().strip_prefix('x')?.parse().ok());
        let content = self.raw_content(list)?;
        let at = self.place(x, y);
        self.canvas.data_matrix(at, &content, module.unwrap_or(4), Turn(0));
        Ok(())
    }

    /// `BITMAP x,y,width in bytes,height,mode,` and the dots: 0 is black.
    fn bitmap(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize {
        let commas = input.iter().enumerate().filter(|(_, byte)| **byte == b',');
        let Some((fifth, _)) = commas.take(5).nth(4) else {
            let endless = input.len() > LONGEST_LINE;
            if endless {
                orders.push(Order::Violation("a BITMAP without its parameters".into()));
            }
            return if endless { input.len() } else { 0 };
        };
        let parameters = arguments(input.get(7..fifth).unwrap_or_default());
        let Some([x, y, width, height, mode]) = numbers(&parameters) else {
            orders.push(Order::Violation("BITMAP: wrong parameters".into()));
            return fifth + 1;
        };
        let size = (width as usize).saturating_mul(height as usize);
        if size > LARGEST_BITMAP || mode > 2 {
            orders.push(Order::Violation(format!("BITMAP of {width} x {height} bytes, mode {mode}")));
            return fifth + 1;
        }
        let Some(dots) = input.get(fifth + 1..fifth + 1 + size) else { return 0 };
        let black: Vec<u8> = dots.iter().map(|byte| !byte).collect();
        let bits = Bitmap::from_rows(width * 8, height, &black);
        let at = self.place(x, y);
        match mode {
            0 => self.canvas.erase(at, (width * 8, height)),
            2 => self.canvas.violation("BITMAP mode XOR isn't simulated"),
            _ => {}
        }
        self.canvas.graphic(at, &bits);
        if !self.cleared {
            self.canvas.violation("BITMAP without CLS after SIZE");
            self.cleared = true;
        }
        fifth + 1 + size
    }

    fn place(&self, x: u32, y: u32) -> (u32, u32) {
        (self.reference.0.saturating_add(x), self.reference.1.saturating_add(y))
    }

    /// The text in quotes at the end.
    fn raw_content(&self, list: &[Argument<'_>]) -> Result<Vec<u8>, String> {
        let content = list.last().filter(|argument| argument.quoted).ok_or("no content in quotes")?;
        let mut out = Vec::new();
        let mut rest = content.bytes;
        while let Some((byte, after)) = rest.split_first() {
            let (byte, after) = match rest {
                [b'\\', b'[', b'"', b']', after @ ..] => (b'"', after),
                [b'\\', b'[', b'R', b']', after @ ..] => (b'\r', after),
                [b'\\', b'[', b'L', b']', after @ ..] => (b'\n', after),
                _ => (*byte, after),
            };
            out.push(byte);
            rest = after;
        }
        Ok(out)
    }

    fn content(&self, list: &[Argument<'_>]) -> Result<String, String> {
        Ok(self.charset.read(&self.raw_content(list)?))
    }

    /// The cell of a character. Fonts 1 to 8 have fixed cells; others are scalable, and their
    /// multiplications are points.
    fn cell(&self, font: &str, wide: u32, high: u32) -> Result<(u32, u32), String> {
        let (width, height) = match font {
            "1" => (8, 12),
            "2" => (12, 20),
            "3" => (16, 24),
            "4" => (24, 32),
            "5" => (32, 48),
            "6" => (14, 19),
            "7" => (21, 27),
            "8" => (14, 25),
            _ => {
                let dots = |points: u32| points.saturating_mul(self.head.dpi) / 72;
                return Ok((dots(wide) * 3 / 5, dots(high)));
            }
        };
        if !(1..=10).contains(&wide) || !(1..=10).contains(&high) {
            return Err(format!("multiplications {wide} and {high}, 1 to 10 are allowed"));
        }
        Ok((width * wide, height * high))
    }
}

fn wrong() -> String {
    "wrong parameters".into()
}

/// Lines of at most so many characters, broken at blanks where there are any.
pub(super) fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let length = line.chars().count();
            if length > 0 && length + 1 + word.chars().count() > columns {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}
