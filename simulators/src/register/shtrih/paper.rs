//! Printing: `12`, `17`, `2F`, `25`, `28`, `29`, `8C`, `B0`.

use super::super::paper::Line;
use super::code;
use super::command::{Answer, Commands};
use super::fields::Fields;

/// Bit of the flags byte: print on the receipt.
const RECEIPT: u8 = 0x02;

impl Commands<'_> {
    /// `17`: a line of up to 40 characters.
    pub fn print_text(&mut self, fields: &mut Fields<'_>) -> Answer {
        let flags = fields.byte()?;
        let text = text(fields, 40)?;
        self.print_line(flags, text.clone(), Line::text(text))
    }

    /// `12`: a wide line of up to 20 characters.
    pub fn print_wide(&mut self, fields: &mut Fields<'_>) -> Answer {
        let flags = fields.byte()?;
        let text = text(fields, 20)?;
        self.print_line(flags, text.clone(), Line::large(text))
    }

    /// `2F`: a line in one of the fonts 1 to 7; 2 is the large one.
    pub fn print_font(&mut self, fields: &mut Fields<'_>) -> Answer {
        let flags = fields.byte()?;
        let font = fields.byte()?;
        let text = text(fields, 40)?;
        let line = match font {
            2 => Line::large(text.clone()),
            1 | 3..=7 => Line::text(text.clone()),
            _ => return Err(code::PARAMETERS),
        };
        self.print_line(flags, text, line)
    }

    /// `C2`: an EAN-13 of five bytes, its check digit computed (protocol).
    pub fn print_ean13(&mut self, fields: &mut Fields<'_>) -> Answer {
        let digits = fields.number(5)?;
        self.print_line(RECEIPT, String::new(), Line::Ean13(format!("{digits:012}")))
    }

    /// `DD`: 64 bytes of a two-dimensional symbol, by their number (vendor's driver,
    /// `LoadBarcode3`).
    pub fn load_symbol(&mut self, fields: &mut Fields<'_>) -> Answer {
        let _kind = fields.byte()?;
        let at = usize::from(fields.byte()?) * 64;
        let data = fields.bytes(64)?;
        self.ram.symbol.resize(at + 64, 0);
        self.ram.symbol.splice(at.., data.iter().copied());
        Ok(vec![self.operator])
    }

    /// `DE`: the loaded data as a symbol; of those only QR, type 3, is printed here (vendor's driver,
    /// `PrintBarcode3`).
    pub fn print_symbol(&mut self, fields: &mut Fields<'_>) -> Answer {
        let kind = fields.byte()?;
        let length = fields.number(2)? as usize;
        let first = usize::from(fields.byte()?) * 64;
        let _parameters_and_alignment = fields.bytes(6)?;
        let data = self.ram.symbol.get(first..first + length).ok_or(code::PARAMETERS)?.to_vec();
        if kind != 3 {
            return Err(code::PARAMETERS);
        }
        self.print_line(RECEIPT, String::new(), Line::Qr(data))
    }

    /// `29`: feeds paper.
    pub fn feed(&mut self, fields: &mut Fields<'_>) -> Answer {
        let flags = fields.byte()?;
        let lines = u32::from(fields.byte()?);
        self.print_line(flags, String::new(), Line::Feed(lines))
    }

    /// `25`: cuts the paper.
    pub fn cut(&mut self, fields: &mut Fields<'_>) -> Answer {
        if fields.byte()? > 1 {
            return Err(code::PARAMETERS);
        }
        if self.memory.receipt.is_some() {
            return Err(code::MODE);
        }
        self.print(vec![Line::Cut]);
        Ok(vec![self.operator])
    }

    /// `28`: opens the drawer.
    pub fn open_drawer(&mut self, fields: &mut Fields<'_>) -> Answer {
        fields.byte()?;
        self.device.open_drawer();
        Ok(vec![self.operator])
    }

    /// `8C`: prints the last receipt again, as a copy.
    pub fn repeat_document(&mut self, _fields: &mut Fields<'_>) -> Answer {
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        if self.memory.last_receipt.is_empty() {
            return Err(code::NOTHING_TO_REPEAT);
        }
        let mut lines = vec![Line::centred("ПОВТОР ДОКУМЕНТА", self.device.spec.width)];
        lines.extend(self.memory.last_receipt.clone());
        self.print_document(lines);
        Ok(vec![self.operator])
    }

    /// `B0`: goes on after the paper had ended: the whole document again.
    pub fn continue_printing(&mut self, _fields: &mut Fields<'_>) -> Answer {
        match self.submode() {
            3 => {}
            1 | 2 => return Err(code::PAPER),
            _ => return Err(code::SUBMODE),
        }
        self.device.ledger.roll.forget();
        let mut lines = vec![Line::text("ОБРЫВ БУМАГИ, ДОК. НЕ ЗАВЕРШЕН"), Line::Cut];
        lines.append(&mut self.memory.printing);
        let document = lines.get(2..).unwrap_or_default().to_vec();
        self.device.print(lines);
        self.keep_while_printing(document);
        Ok(vec![self.operator])
    }

    /// Prints a document and cuts it off where table 1, field 8 says so.
    pub fn print_document(&mut self, mut lines: Vec<Line>) {
        match self.memory.field(1, 1, 8).first() {
            Some(0) => lines.push(Line::Feed(3)),
            _ => lines.push(Line::Cut),
        }
        self.print(lines);
    }

    fn print(&mut self, lines: Vec<Line>) {
        self.device.print(lines.clone());
        self.keep_while_printing(lines);
    }

    fn keep_while_printing(&mut self, lines: Vec<Line>) {
        let waits = self.device.ledger.roll.has_waiting();
        self.memory.printing = if waits { lines } else { Vec::new() };
    }

    /// A line now, or in its place on the open receipt.
    fn print_line(&mut self, flags: u8, text: String, line: Line) -> Answer {
        if flags & RECEIPT == 0 {
            return Ok(vec![self.operator]);
        }
        if self.memory.receipt.is_some() {
            let receipt = self.own_receipt()?;
            receipt.lines.push(line);
            if !text.is_empty() {
                receipt.texts.push(text);
            }
        } else {
            self.print(vec![line]);
        }
        Ok(vec![self.operator])
    }
}

fn text(fields: &mut Fields<'_>, most: usize) -> Result<String, code::Code> {
    if fields.left() > most {
        return Err(code::LENGTH);
    }
    fields.text(fields.left())
}
