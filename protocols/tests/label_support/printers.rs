//! Label printers as the vendors' documents describe them: every command that is not understood is an error,
//! every dot outside the label too.
//!
//! Sources: TSC, *TSPL/TSPL2 Programming Language*; Zebra, *ZPL II Programming Guide* and *EPL Programming
//! Guide* 14245L-003.

use std::collections::BTreeMap;

use outlet_protocols::label::Language;
use outlet_protocols::raster::Bitmap;

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub picture: Bitmap,
    pub copies: u32,
    /// Every other setting, by its command.
    pub settings: BTreeMap<String, String>,
}

/// Prints bytes; `size` is the size of the label in dots where the language gives mm.
pub fn print(language: Language, bytes: &[u8], size: (u16, u16)) -> Result<Printed, String> {
    match language {
        Language::Tspl => tspl(bytes, size),
        Language::Zpl => zpl(bytes),
        Language::Epl => epl(bytes),
    }
}

struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    fn until(&mut self, end: u8) -> Result<&'b str, String> {
        let at = self.rest.iter().position(|&byte| byte == end).ok_or("no end")?;
        let (own, rest) = self.rest.split_at(at);
        self.rest = &rest[1..];
        std::str::from_utf8(own).map_err(|error| error.to_string())
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let (own, rest) = self.rest.split_at_checked(count).ok_or("data end too early")?;
        self.rest = rest;
        Ok(own)
    }

    fn number(&mut self, end: u8) -> Result<usize, String> {
        let text = self.until(end)?;
        text.parse().map_err(|_| format!("{text:?} is no number"))
    }
}

fn put(
    picture: &mut Bitmap,
    x: usize,
    y: usize,
    stride: usize,
    data: &[u8],
    black: bool,
) -> Result<(), String> {
    for (row, bytes) in data.chunks(stride).enumerate() {
        for column in 0..stride * 8 {
            let bit = bytes[column / 8] >> (7 - column % 8) & 1 == 1;
            let (left, top) = ((x + column) as u16, (y + row) as u16);
            if bit != black {
                continue;
            }
            if left >= picture.width() || top >= picture.height() {
                return Err(format!("a dot at {left}, {top} is outside the label"));
            }
            picture.set(left, top, true);
        }
    }
    Ok(())
}

/// Lines end with CR LF; BITMAP holds its data by count, a bit of 0 is printed.
fn tspl(bytes: &[u8], size: (u16, u16)) -> Result<Printed, String> {
    let mut cursor = Cursor { rest: bytes };
    let mut settings = BTreeMap::new();
    let mut picture: Option<Bitmap> = None;
    while !cursor.rest.is_empty() {
        if let Some(rest) = cursor.rest.strip_prefix(b"BITMAP ") {
            cursor.rest = rest;
            let (x, y) = (cursor.number(b',')?, cursor.number(b',')?);
            let (stride, rows) = (cursor.number(b',')?, cursor.number(b',')?);
            let mode = cursor.until(b',')?;
            assert_eq!(mode, "0");
            let data = cursor.take(stride * rows)?;
            put(picture.as_mut().ok_or("BITMAP before CLS")?, x, y, stride, data, false)?;
            if cursor.take(2)? != b"\r\n" {
                return Err("no line end after BITMAP".into());
            }
            continue;
        }
        let line = cursor.until(b'\n')?.strip_suffix('\r').ok_or("a line without CR")?;
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        match name {
            "" => {}
            "SIZE" | "GAP" | "BLINE" | "DIRECTION" | "REFERENCE" => {
                settings.insert(name.to_owned(), rest.to_owned());
            }
            "CLS" => picture = Some(Bitmap::new(size.0, size.1)),
            "PRINT" => {
                let copies = rest.strip_prefix("1,").ok_or("sets")?.parse().map_err(|_| "copies")?;
                if !cursor.rest.is_empty() {
                    return Err("something after PRINT".into());
                }
                return Ok(Printed { picture: picture.ok_or("PRINT before CLS")?, copies, settings });
            }
            _ => return Err(format!("no command {line:?}")),
        }
    }
    Err("no PRINT".into())
}

/// Commands begin with ^; control characters between them are ignored.
fn zpl(bytes: &[u8]) -> Result<Printed, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    if text.contains('~') {
        return Err("a control command".into());
    }
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut settings = BTreeMap::new();
    let (mut begun, mut origin) = (false, (0, 0));
    let mut fields: Vec<(usize, usize, usize, Vec<u8>)> = Vec::new();
    for command in text.split('^').skip(1) {
        let (name, rest) = command.split_at_checked(2).ok_or("a short command")?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{text:?} is no number"));
        match name {
            "XA" if !begun => begun = true,
            "PW" | "LL" | "LH" | "LS" | "MN" | "PO" | "PM" | "LR" | "PQ" => {
                settings.insert(name.to_owned(), rest.to_owned());
            }
            "FO" => {
                let (x, y) = rest.split_once(',').ok_or("FO")?;
                origin = (number(x)?, number(y)?);
            }
            "GF" => {
                let parts: Vec<&str> = rest.splitn(5, ',').collect();
                let [kind, sent, bytes, stride, data] = parts[..] else { return Err("GF".into()) };
                assert_eq!((kind, sent), ("A", bytes));
                let stride = number(stride)?;
                let data = unpack(data, stride)?;
                if data.len() != number(bytes)? || data.len() > 99_999 {
                    return Err(format!("{} bytes of {bytes}", data.len()));
                }
                fields.push((origin.0, origin.1, stride, data));
            }
            "FS" if rest.is_empty() => {}
            "XZ" => {
                let side =
                    |name: &str| settings.get(name).and_then(|text: &String| text.parse().ok()).ok_or("size");
                let mut picture = Bitmap::new(side("PW")?, side("LL")?);
                for (x, y, stride, data) in &fields {
                    put(&mut picture, *x, *y, *stride, data, true)?;
                }
                let copies =
                    settings.get("PQ").and_then(|text| text.split(',').next()?.parse().ok()).ok_or("PQ")?;
                return Ok(Printed { picture, copies, settings });
            }
            _ => return Err(format!("no command ^{command}")),
        }
    }
    Err("no ^XZ".into())
}

/// Zebra, *Alternative Data Compression Scheme*.
fn unpack(text: &str, stride: usize) -> Result<Vec<u8>, String> {
    let mut digits: Vec<u8> = Vec::new();
    let row = stride * 2;
    let mut count = 0;
    for c in text.chars() {
        let here = digits.len() % row;
        match c {
            'G'..='Y' => count += c as usize - 'G' as usize + 1,
            'g'..='z' => count += (c as usize - 'g' as usize + 1) * 20,
            ',' => digits.resize(digits.len() + row - here, 0),
            '!' => digits.resize(digits.len() + row - here, 15),
            ':' if here == 0 && digits.len() >= row => digits.extend_from_within(digits.len() - row..),
            _ => {
                let digit = c.to_digit(16).ok_or(format!("{c:?} is no digit"))? as u8;
                digits.resize(digits.len() + count.max(1), digit);
                count = 0;
            }
        }
    }
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Lines end with LF; q and Q clear the image buffer; GW holds its data by count, a bit of 0 is printed.
fn epl(bytes: &[u8]) -> Result<Printed, String> {
    let mut cursor = Cursor { rest: bytes };
    let mut settings = BTreeMap::new();
    let mut picture: Option<Bitmap> = None;
    let (mut width, mut height) = (0, 0);
    while !cursor.rest.is_empty() {
        if let Some(rest) = cursor.rest.strip_prefix(b"GW") {
            cursor.rest = rest;
            let (x, y) = (cursor.number(b',')?, cursor.number(b',')?);
            let (stride, rows) = (cursor.number(b',')?, cursor.number(b',')?);
            let data = cursor.take(stride * rows)?;
            put(picture.as_mut().ok_or("GW before N")?, x, y, stride, data, false)?;
            if cursor.take(1)? != b"\n" {
                return Err("no line end after GW".into());
            }
            continue;
        }
        let line = cursor.until(b'\n')?;
        let rest = line.get(1..).unwrap_or_default();
        match line.get(..1).unwrap_or_default() {
            "" => {}
            "N" if rest.is_empty() => picture = Some(Bitmap::new(width, height)),
            "q" => {
                width = rest.parse().map_err(|_| "q")?;
                picture = None;
            }
            "Q" => {
                let (length, gap) = rest.split_once(',').ok_or("Q")?;
                height = length.parse().map_err(|_| "Q")?;
                settings.insert("Q".to_owned(), gap.to_owned());
                picture = None;
            }
            "R" | "Z" => {
                settings.insert(line[..1].to_owned(), rest.to_owned());
            }
            "P" => {
                let copies = rest.parse().map_err(|_| "copies")?;
                if !cursor.rest.is_empty() {
                    return Err("something after P".into());
                }
                return Ok(Printed { picture: picture.ok_or("P before N")?, copies, settings });
            }
            _ => return Err(format!("no command {line:?}")),
        }
    }
    Err("no P".into())
}
