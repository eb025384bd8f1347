//! Commands of a label scale.

use std::fmt;

use thiserror::Error;

use super::frame::Carrier;
use super::record::Record;

/// A scale's password: four digits. `Debug` leaves it out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password([u8; 4]);

/// Not four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a scale's password is four digits")]
pub struct PasswordError;

impl Password {
    /// The password of these digits.
    ///
    /// # Errors
    /// [`PasswordError`] where they are not four digits.
    pub fn new(digits: &str) -> Result<Self, PasswordError> {
        let bytes: [u8; 4] = digits.as_bytes().try_into().map_err(|_| PasswordError)?;
        if bytes.iter().all(u8::is_ascii_digit) { Ok(Self(bytes)) } else { Err(PasswordError) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(****)")
    }
}

/// Which of a scale's prefixes (command 77h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// Of items by weight: 0.
    Weight,
    /// Of items by the piece: 1.
    Piece,
    /// Of labels with the sum of several items: 2.
    Total,
}

/// A command: its code, the password where it needs one, and its parameters. Sent twice, each does the same as sent
/// once, but [`Command::clear_all`] between items that were loaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    code: &'static [u8],
    password: Option<Password>,
    parameters: Vec<u8>,
}

impl Command {
    /// FCh: what device it is.
    pub fn device_type() -> Self {
        Self::open(&[0xFC])
    }

    /// 12h: the mode it is in.
    pub fn mode() -> Self {
        Self::open(&[0x12])
    }

    /// 11h: its whole state.
    pub fn state() -> Self {
        Self::open(&[0x11])
    }

    /// D0h: the highest number of an item, two bytes.
    pub fn most_items(password: Password) -> Self {
        Self::locked(&[0xD0], password, [])
    }

    /// D1h: the highest number of a message, two bytes.
    pub fn most_messages(password: Password) -> Self {
        Self::locked(&[0xD1], password, [])
    }

    /// D2h: lines of a message, one byte.
    pub fn message_lines(password: Password) -> Self {
        Self::locked(&[0xD2], password, [])
    }

    /// 76h: prefixes for weight, pieces and sums, a byte each.
    pub fn prefixes(password: Password) -> Self {
        Self::locked(&[0x76], password, [])
    }

    /// 77h: sets a prefix.
    pub fn set_prefix(password: Password, prefix: Prefix, value: u8) -> Self {
        let kind = match prefix {
            Prefix::Weight => 0,
            Prefix::Piece => 1,
            Prefix::Total => 2,
        };
        Self::locked(&[0x77], password, [kind, value])
    }

    /// 57h: writes an item.
    pub fn write_item(password: Password, record: &Record) -> Self {
        Self::locked(&[0x57], password, *record.bytes())
    }

    /// 58h: reads an item.
    pub fn read_item(password: Password, plu: u16) -> Self {
        Self::locked(&[0x58], password, plu.to_le_bytes())
    }

    /// 54h: clears an item's place. A Mertech scale only takes the number away from the item by it.
    pub fn clear_item(password: Password, plu: u16) -> Self {
        Self::locked(&[0x54], password, plu.to_le_bytes())
    }

    /// FF 0Fh of Mertech: deletes the item of a number, which is of two bytes (kind 1).
    pub fn delete_item(password: Password, plu: u16) -> Self {
        let [low, high] = plu.to_le_bytes();
        Self::locked(&[0xFF, 0x0F], password, [1, low, high])
    }

    /// 18h: begins to clear all items and messages. Only [`Command::mode`] is answered until that is done.
    pub fn clear_all(password: Password) -> Self {
        Self::locked(&[0x18], password, [])
    }

    /// 52h: writes a line of a message, both counted from 1.
    pub fn write_line(password: Password, message: u16, line: u8, text: &[u8; 50]) -> Self {
        let [low, high] = message.to_le_bytes();
        let mut parameters = vec![low, high, line];
        parameters.extend(text);
        Self::locked(&[0x52], password, parameters)
    }

    fn open(code: &'static [u8]) -> Self {
        Self { code, password: None, parameters: Vec::new() }
    }

    fn locked(code: &'static [u8], password: Password, parameters: impl Into<Vec<u8>>) -> Self {
        Self { code, password: Some(password), parameters: parameters.into() }
    }

    /// Its code, with which its answer begins: one byte, or two of which the first is FF.
    pub fn code(&self) -> &'static [u8] {
        self.code
    }

    /// Whether the scale executes it only with its password.
    pub fn needs_password(&self) -> bool {
        self.password.is_some()
    }

    /// The message that carries it.
    pub fn message(&self, carrier: Carrier) -> Vec<u8> {
        self.framed(carrier, self.password.map(|password| password.0))
    }

    /// The same message with `****` for the password: what may be shown.
    pub fn shown(&self, carrier: Carrier) -> Vec<u8> {
        self.framed(carrier, self.password.map(|_| *b"****"))
    }

    fn framed(&self, carrier: Carrier, password: Option<[u8; 4]>) -> Vec<u8> {
        let mut body = self.code.to_vec();
        body.extend(password.iter().flatten());
        body.extend(&self.parameters);
        carrier.message(&body)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("code", &self.code).field("parameters", &self.parameters).finish()
    }
}
