//! The commands of a label-printing scale, and what they do to its memory.
//!
//! Source: "Протокол обмена весов Штрих-Принт", version 1.3, document 1.10 (Shtrih-M, 2010); where
//! noted, version 1.6 (2017), known from a description of it. Mertech: "Весы серии M-ER 725, 727, 828.
//! Руководство программиста" 1.0.1, section on obsolete commands, which has the same messages.

use super::Memory;
use super::fault::Event;
use super::fields::Fields;
use super::item::{self, RECORD, ScaleItem};

/// Wrong passwords that are allowed in a row.
const ATTEMPTS: u8 = 5;
/// Bytes of one line of a message.
const MESSAGE_LINE: usize = 50;

const UNKNOWN_COMMAND: u8 = 120;
const WRONG_LENGTH: u8 = 121;
const WRONG_PASSWORD: u8 = 122;
const WRONG_PARAMETER: u8 = 124;
const WRONG_PLU: u8 = 128;
const WRONG_MESSAGE_LINE: u8 = 129;
const WRONG_MESSAGE: u8 = 135;
const WRONG_IMAGE: u8 = 136;
const EMPTY_PLU: u8 = 140;
const NO_ATTEMPT_LEFT: u8 = 170;

impl Memory {
    /// Executes a command, its code first, and gives the answer: code, error, data.
    pub(super) fn execute(&mut self, command: &[u8]) -> Vec<u8> {
        let (code, parameters) = command.split_first().map_or((0, command), |(code, rest)| (*code, rest));
        let mut answer = vec![code];
        let result = self.run(code, parameters);
        let error = match &result {
            Ok(_) => 0,
            Err(refusal) => refusal.error,
        };
        answer.push(error);
        answer.extend(match result {
            Ok(data) => data,
            Err(refusal) => refusal.data,
        });
        self.emit(Event::Executed { command: code, error });
        answer
    }

    fn run(&mut self, code: u8, parameters: &[u8]) -> Result<Vec<u8>, Refusal> {
        let length = match code {
            0x12 | 0x13 | 0xFC => 0,
            0x18 | 0x76 | 0xD0 | 0xD1 | 0xD2 => 4,
            0x51 | 0x54 | 0x58 => 6,
            0x77 => 6,
            0x53 => 7,
            0x52 => 7 + MESSAGE_LINE,
            0x50 => 83,
            0x57 => 4 + RECORD,
            0x55 => parameters.get(4).map_or(5, |count| 5 + usize::from(*count) * RECORD),
            _ => return Err(UNKNOWN_COMMAND.into()),
        };
        if parameters.len() != length {
            return Err(WRONG_LENGTH.into());
        }
        if length == 0 {
            return Ok(self.without_password(code));
        }
        let (password, parameters) = parameters.split_at(4);
        self.check_password(password)?;
        if let Some((error, times)) = &mut self.refuse {
            let error = *error;
            *times -= 1;
            if *times == 0 {
                self.refuse = None;
            }
            return Err(error.into());
        }
        let mut fields = Fields::new(parameters);
        match code {
            0x18 => self.clear(),
            0x50 => self.write_short(parameters)?,
            0x51 => return Ok(self.find(fields.u16())?.written_short()),
            0x52 => self.write_message(&mut fields)?,
            0x53 => return self.read_message(&mut fields),
            0x54 => self.remove(fields.u16())?,
            0x55 => return self.write_block(parameters),
            0x57 => self.write(parameters)?,
            0x58 => return Ok(self.find(fields.u16())?.written()),
            0x76 => return Ok(self.prefixes.to_vec()),
            0x77 => self.write_prefix(fields.u8(), fields.u8())?,
            0xD0 => return Ok(self.limits.items.to_le_bytes().to_vec()),
            0xD1 => return Ok(self.limits.messages.to_le_bytes().to_vec()),
            _ => return Ok(vec![self.message_lines]),
        }
        Ok(Vec::new())
    }

    /// 12h, the mode: neither busy nor in a menu. 13h, a beep. FCh, what device it is: scales, a
    /// labelling system, protocol 1.3 or 1.6, model 0, Russian, and its name.
    fn without_password(&mut self, code: u8) -> Vec<u8> {
        match code {
            0x12 => vec![0, 0, 0],
            0x13 => {
                self.beeps += 1;
                Vec::new()
            }
            _ => {
                let mut answer = vec![1, 1, 1, if self.limits.formats { 6 } else { 3 }, 0, 0];
                item::padded(&mut answer, &self.name, self.name.chars().count());
                answer
            }
        }
    }

    fn check_password(&mut self, password: &[u8]) -> Result<(), Refusal> {
        if self.wrong_passwords >= ATTEMPTS {
            return Err(NO_ATTEMPT_LEFT.into());
        }
        if password != self.password {
            self.wrong_passwords += 1;
            return Err(WRONG_PASSWORD.into());
        }
        self.wrong_passwords = 0;
        Ok(())
    }

    fn clear(&mut self) {
        self.items.clear();
        self.messages.clear();
        self.emit(Event::Cleared);
    }

    fn write(&mut self, record: &[u8]) -> Result<(), Refusal> {
        let item = ScaleItem::read(record, self.limits)?;
        self.items.insert(item.plu, item.clone());
        self.emit(Event::Stored(item));
        Ok(())
    }

    /// 50h: neither kind nor date; the byte of the kind is the picture alone.
    fn write_short(&mut self, parameters: &[u8]) -> Result<(), Refusal> {
        let image = parameters.len().checked_sub(5).and_then(|at| parameters.get(at));
        if image.is_some_and(|image| *image > 2) {
            return Err(WRONG_IMAGE.into());
        }
        self.write(&[parameters, &[0, 0, 0]].concat())
    }

    /// 55h, a block: its answer always has the number of an item, here of the last one that was
    /// looked at, which with an error is the wrong one.
    fn write_block(&mut self, parameters: &[u8]) -> Result<Vec<u8>, Refusal> {
        let most = if self.limits.formats { 6 } else { 5 };
        let (count, records) =
            parameters.split_first().map_or((0, parameters), |(count, rest)| (*count, rest));
        if !(1..=most).contains(&count) {
            return Err(Refusal { error: WRONG_PARAMETER, data: vec![0, 0] });
        }
        let mut last = Vec::new();
        for record in records.chunks(RECORD) {
            last = record.get(..2).unwrap_or_default().to_vec();
            self.write(record).map_err(|refusal| Refusal { data: last.clone(), ..refusal })?;
        }
        Ok(last)
    }

    fn find(&self, plu: u16) -> Result<&ScaleItem, Refusal> {
        self.known(plu)?;
        self.items.get(&plu).ok_or(EMPTY_PLU.into())
    }

    fn remove(&mut self, plu: u16) -> Result<(), Refusal> {
        self.known(plu)?;
        if self.items.remove(&plu).is_some() {
            self.emit(Event::Removed(plu));
        }
        Ok(())
    }

    fn known(&self, plu: u16) -> Result<(), Refusal> {
        if (1..=self.limits.items).contains(&plu) { Ok(()) } else { Err(WRONG_PLU.into()) }
    }

    fn write_message(&mut self, fields: &mut Fields<'_>) -> Result<(), Refusal> {
        let place = self.message_place(fields)?;
        self.messages.insert(place, item::text(fields.bytes(MESSAGE_LINE)));
        Ok(())
    }

    fn read_message(&self, fields: &mut Fields<'_>) -> Result<Vec<u8>, Refusal> {
        let place = self.message_place(fields)?;
        let mut out = Vec::new();
        item::padded(&mut out, self.messages.get(&place).map_or("", String::as_str), MESSAGE_LINE);
        Ok(out)
    }

    fn message_place(&self, fields: &mut Fields<'_>) -> Result<(u16, u8), Refusal> {
        let (message, line) = (fields.u16(), fields.u8());
        if !(1..=self.limits.messages).contains(&message) {
            return Err(WRONG_MESSAGE.into());
        }
        if !(1..=self.message_lines).contains(&line) {
            return Err(WRONG_MESSAGE_LINE.into());
        }
        Ok((message, line))
    }

    /// 77h: 0 goods by weight, 1 by the piece, 2 the label of a sum. No two may be the same.
    fn write_prefix(&mut self, kind: u8, value: u8) -> Result<(), Refusal> {
        let wrong_value = match kind {
            0 => 111,
            1 => 112,
            2 => 101,
            _ => return Err(WRONG_PARAMETER.into()),
        };
        let none = kind == 2 && value == 0;
        if !none && !self.prefix_range.contains(&value) {
            return Err(wrong_value.into());
        }
        let [weight, piece, total] = self.prefixes;
        let same = match kind {
            0 if value == piece => Some(100),
            0 if value == total => Some(104),
            1 if value == weight => Some(100),
            1 if value == total => Some(105),
            2 if value == weight => Some(104),
            2 if value == piece => Some(105),
            _ => None,
        };
        if let Some(error) = same {
            return Err(error.into());
        }
        if let Some(prefix) = self.prefixes.get_mut(usize::from(kind)) {
            *prefix = value;
        }
        Ok(())
    }
}

/// Why a command isn't executed, and what its answer has all the same.
#[derive(Debug)]
struct Refusal {
    error: u8,
    data: Vec<u8>,
}

impl From<u8> for Refusal {
    fn from(error: u8) -> Self {
        Self { error, data: Vec::new() }
    }
}
