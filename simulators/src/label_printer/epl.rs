//! EPL2.
//!
//! Sources: Zebra, "EPL2 Programmer's Manual" (commands of the same names); Zebra support, "Details
//! related to the GW EPL Command" (separator before the dots; 0 is black).

use super::canvas::{Canvas, Symbol, Turn};
use super::language::{Argument, Charset, Head, Language, Order, Question, arguments, numbers};
use crate::printer::{BarcodeKind, Bitmap};

/// Longest line, apart from dots.
const LONGEST_LINE: usize = 4096;
/// Most dots of a graphic, in bytes.
const LARGEST_GRAPHIC: usize = 8 << 20;

pub(super) struct Epl {
    head: Head,
    /// `q` and `Q`.
    size: (u32, u32),
    /// `R`.
    reference: (u32, u32),
    charset: Charset,
    canvas: Canvas,
}

impl Epl {
    pub fn new(head: Head) -> Self {
        Self {
            head,
            size: head.size,
            reference: (0, 0),
            charset: Charset::page(437),
            canvas: Canvas::new(head.size.0, head.size.1),
        }
    }
}

impl Language for Epl {
    fn step(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize {
        if let [b'\r' | b'\n', ..] = input {
            return 1;
        }
        if input.starts_with(b"GW") {
            return self.graphic(input, orders);
        }
        let Some(end) = input.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            if input.len() > LONGEST_LINE {
                orders.push(Order::Violation("a line that never ends".into()));
                return input.len();
            }
            return 0;
        };
        let line = input.get(..end).unwrap_or_default();
        if let Err(problem) = self.line(line, orders) {
            orders.push(Order::Violation(format!("{}: {problem}", String::from_utf8_lossy(line))));
        }
        end + 1
    }

    fn reset(&mut self) {
        *self = Self::new(self.head);
    }
}

type Outcome = Result<(), String>;

impl Epl {
    fn line(&mut self, line: &[u8], orders: &mut Vec<Order>) -> Outcome {
        match line {
            b"^ee" => orders.push(Order::Ask(Question::EplStatus)),
            b"^@" => orders.push(Order::Reset),
            b"N" => self.canvas = Canvas::new(self.size.0, self.size.1),
            b"ZT" | b"ZB" | b"US" | b"UN" | b"JF" | b"JB" | b"FR" => {}
            [b'L', b'O' | b'E' | b'W', rest @ ..] => self.draw(line.get(1).copied().unwrap_or(b'O'), rest)?,
            [b'P', rest @ ..] => {
                let list = arguments(rest);
                let [sets] = numbers(&list).ok_or_else(wrong)?;
                let copies = list.get(1).map_or(Some(1), Argument::number).ok_or_else(wrong)?;
                orders
                    .push(Order::Print { canvas: self.canvas.clone(), copies: sets.saturating_mul(copies) });
                self.canvas.violations.clear();
            }
            [b'q', rest @ ..] => {
                let [width] = numbers(&arguments(rest)).ok_or_else(wrong)?;
                self.resize((width, self.size.1));
            }
            [b'Q', rest @ ..] => {
                let [height, _] = numbers(&arguments(rest)).ok_or_else(wrong)?;
                self.resize((self.size.0, height));
            }
            [b'R', rest @ ..] => {
                let [x, y] = numbers(&arguments(rest)).ok_or_else(wrong)?;
                self.reference = (x, y);
            }
            [b'I', rest @ ..] => self.set_charset(&arguments(rest))?,
            [b'A', rest @ ..] => self.text(&arguments(rest))?,
            [b'B', rest @ ..] => self.barcode(&arguments(rest))?,
            [b'b', rest @ ..] => self.two_dimensional(&arguments(rest))?,
            [b'X', rest @ ..] => {
                let [x, y, thick, right, bottom] = numbers(&arguments(rest)).ok_or_else(wrong)?;
                let (width, height) = (right.saturating_sub(x), bottom.saturating_sub(y));
                let at = self.place(x, y);
                self.canvas.frame_line(at, (width, height), thick);
            }
            [b'S' | b'D' | b'O' | b'j' | b'r' | b';', ..] => {}
            _ => return Err("unknown command".into()),
        }
        Ok(())
    }

    /// `LO` black, `LW` white, `LE` exclusive: x, y, width, height.
    fn draw(&mut self, how: u8, rest: &[u8]) -> Outcome {
        let [x, y, width, height] = numbers(&arguments(rest)).ok_or_else(wrong)?;
        let at = self.place(x, y);
        match how {
            b'W' => self.canvas.erase(at, (width, height)),
            b'E' => self.canvas.invert(at, (width, height)),
            _ => self.canvas.bar(at, (width, height)),
        }
        Ok(())
    }

    /// A new size clears the image.
    fn resize(&mut self, size: (u32, u32)) {
        self.size = size;
        self.canvas = Canvas::new(size.0, size.1);
    }

    /// `I8,p,country`: eight bits, and a page by its letter.
    fn set_charset(&mut self, list: &[Argument<'_>]) -> Outcome {
        let bits = list.first().map(Argument::text).unwrap_or_default();
        let page = list.get(1).map(Argument::text).unwrap_or_default();
        if bits != "8" {
            return Err("seven bits aren't simulated".into());
        }
        let number = match page.as_str() {
            "0" => 437,
            "1" => 850,
            "2" => 852,
            "3" => 860,
            "4" => 863,
            "5" => 865,
            "6" => 857,
            "7" => 861,
            "8" => 862,
            "9" => 855,
            "10" => 866,
            "11" => 737,
            "A" => 1252,
            "B" => 1250,
            "C" => 1251,
            "D" => 1253,
            "E" => 1254,
            "F" => 1255,
            _ => return Err("no such page".into()),
        };
        self.charset = Charset::page(number);
        Ok(())
    }

    /// `Ax,y,rotation,font,wide,high,N|R,"text"`.
    fn text(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y, turns] = numbers(list).ok_or_else(wrong)?;
        let (width, height) = match list.get(3).map(Argument::text).unwrap_or_default().as_str() {
            "1" => (8, 12),
            "2" => (10, 16),
            "3" => (12, 20),
            "4" => (14, 24),
            "5" => (32, 48),
            _ => return Err("no such font".into()),
        };
        let [wide, high] = numbers(list.get(4..).unwrap_or_default()).ok_or_else(wrong)?;
        let reverse = match list.get(6).map(Argument::text).unwrap_or_default().as_str() {
            "N" => false,
            "R" => true,
            _ => return Err("neither N nor R".into()),
        };
        if turns > 3 || !(1..=9).contains(&wide) || !(1..=9).contains(&high) {
            return Err(wrong());
        }
        let text = self.charset.read(&content(list)?);
        let at = self.place(x, y);
        let cell = (width * wide, height * high);
        self.canvas.text(at, &text, cell, Turn(turns as u8), self.head.cyrillic);
        if reverse && turns == 0 {
            self.canvas.invert(at, (cell.0 * text.chars().count() as u32, cell.1));
        }
        Ok(())
    }

    /// `Bx,y,rotation,type,narrow,wide,height,B|N,"content"`.
    fn barcode(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y, turns] = numbers(list).ok_or_else(wrong)?;
        let name = list.get(3).map(Argument::text).unwrap_or_default();
        let [narrow, _, height] = numbers(list.get(4..).unwrap_or_default()).ok_or_else(wrong)?;
        let readable = list.get(7).is_some_and(|argument| argument.bytes == b"B");
        let kind = match name.as_str() {
            "1" | "1A" | "1B" | "1C" => Some(BarcodeKind::Code128),
            "E30" => Some(BarcodeKind::Ean13),
            "E80" => Some(BarcodeKind::Ean8),
            "UA0" => Some(BarcodeKind::UpcA),
            "UE0" => Some(BarcodeKind::UpcE),
            "3" | "3C" => Some(BarcodeKind::Code39),
            "9" => Some(BarcodeKind::Code93),
            "2" => Some(BarcodeKind::Itf),
            "K" => Some(BarcodeKind::Codabar),
            "0" | "1E" | "1D" | "2C" | "2D" | "2G" | "2M" | "2U" | "L" | "M" | "P" | "E32" | "E35"
            | "E82" | "E85" | "UA2" | "UA5" | "UE2" | "UE5" => None,
            _ => return Err("no such symbology".into()),
        };
        if turns > 3 {
            return Err(wrong());
        }
        let data = content(list)?;
        let content = String::from_utf8_lossy(&data).into_owned();
        let at = self.place(x, y);
        let symbol = Symbol { name: &name, kind, data, content, plain: true };
        self.canvas.barcode(at, symbol, (narrow, height), readable, Turn(turns as u8));
        Ok(())
    }

    /// `bx,y,Q,[m…,s…,e…,i…,]"content"` and `bx,y,D,[c…,r…,h…,v,]"content"`.
    fn two_dimensional(&mut self, list: &[Argument<'_>]) -> Outcome {
        let [x, y] = numbers(list).ok_or_else(wrong)?;
        let kind = list.get(2).map(Argument::text).unwrap_or_default();
        let options: Vec<String> =
            list.iter().skip(3).filter(|argument| !argument.quoted).map(Argument::text).collect();
        let number =
            |letter: char| options.iter().find_map(|option| option.strip_prefix(letter)?.parse().ok());
        let data = content(list)?;
        let at = self.place(x, y);
        match kind.as_str() {
            "Q" => {
                let level = options.iter().find_map(|option| option.strip_prefix('e')).unwrap_or("M");
                let level = "LMQH".find(level).ok_or("no such level")? as u8;
                self.canvas.qr(at, &data, level, number('s').unwrap_or(3), Turn(0));
            }
            "D" => self.canvas.data_matrix(at, &data, number('h').unwrap_or(5), Turn(0)),
            _ => return Err("not simulated".into()),
        }
        Ok(())
    }

    /// `GWx,y,width in bytes,height`, a comma or the end of the line, and the dots: 0 is black.
    fn graphic(&mut self, input: &[u8], orders: &mut Vec<Order>) -> usize {
        let head: Vec<usize> = input
            .iter()
            .enumerate()
            .filter(|(_, byte)| matches!(byte, b',' | b'\n'))
            .take(4)
            .map(|(at, _)| at)
            .collect();
        let [_, _, _, end] = head.as_slice() else {
            let endless = input.len() > LONGEST_LINE;
            if endless {
                orders.push(Order::Violation("GW without its parameters".into()));
            }
            return if endless { input.len() } else { 0 };
        };
        let Some([x, y, width, height]) = numbers(&arguments(input.get(2..*end).unwrap_or_default())) else {
            orders.push(Order::Violation("GW: wrong parameters".into()));
            return end + 1;
        };
        let size = (width as usize).saturating_mul(height as usize);
        if size > LARGEST_GRAPHIC {
            orders.push(Order::Violation(format!("GW of {width} x {height} bytes")));
            return end + 1;
        }
        let Some(dots) = input.get(end + 1..end + 1 + size) else { return 0 };
        let black: Vec<u8> = dots.iter().map(|byte| !byte).collect();
        let at = self.place(x, y);
        self.canvas.graphic(at, &Bitmap::from_rows(width * 8, height, &black));
        end + 1 + size
    }

    fn place(&self, x: u32, y: u32) -> (u32, u32) {
        (self.reference.0.saturating_add(x), self.reference.1.saturating_add(y))
    }
}

/// The text in quotes at the end; `\"` is a quote and `\\` a backslash.
fn content(list: &[Argument<'_>]) -> Result<Vec<u8>, String> {
    let content = list.last().filter(|argument| argument.quoted).ok_or("no content in quotes")?;
    let mut out = Vec::new();
    let mut bytes = content.bytes.iter();
    while let Some(byte) = bytes.next() {
        out.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    Ok(out)
}

fn wrong() -> String {
    "wrong parameters".into()
}
