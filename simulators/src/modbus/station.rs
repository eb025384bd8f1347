//! One station: its coils and registers, and what a request does to them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// The most coils and registers of one request (*MODBUS Application Protocol* V1.1b3, sections 6.1, 6.3, 6.11, 6.12).
const MOST_COILS: u16 = 2000;
const MOST_REGISTERS: u16 = 125;
const MOST_COILS_WRITTEN: u16 = 0x07B0;
const MOST_REGISTERS_WRITTEN: u16 = 0x007B;
/// Coils from here on are switched on for as many tenths of a second as the value says (Waveshare).
const FLASH_ON: u16 = 0x0200;
const FLASH_UNIT: Duration = Duration::from_millis(100);

/// A table of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Read by function 3, written by 6 and 16.
    Holding,
    /// Read by function 4.
    Input,
}

/// A device on the line.
#[derive(Debug, Clone, Default)]
pub struct Station {
    coils: Vec<bool>,
    registers: BTreeMap<(Table, u16), u16>,
    /// Takes Waveshare's flash command.
    flashes: bool,
    /// When a coil goes off by itself.
    off_at: BTreeMap<u16, Instant>,
    /// Coils that take any command and stay as they are: no supply for the relays.
    dead_coils: bool,
    pub(super) silent: bool,
}

impl Station {
    /// So many coils from address 0, which also know how to flash.
    pub fn relay_board(coils: usize) -> Self {
        Self { coils: vec![false; coils], flashes: true, ..Self::default() }
    }

    /// So many coils from address 0, and nothing else.
    pub fn plain_coils(coils: usize) -> Self {
        Self { coils: vec![false; coils], ..Self::default() }
    }

    /// Coils that confirm every command and switch nothing.
    pub fn without_supply(coils: usize) -> Self {
        Self { dead_coils: true, ..Self::plain_coils(coils) }
    }

    /// So many registers of both tables from address 0, all 0.
    pub fn with_registers(count: u16) -> Self {
        let both = |address| [((Table::Holding, address), 0), ((Table::Input, address), 0)];
        Self { registers: (0..count).flat_map(both).collect(), ..Self::default() }
    }

    pub(super) fn set(&mut self, table: Table, address: u16, values: &[u16]) {
        for (address, value) in (address..).zip(values) {
            self.registers.insert((table, address), *value);
        }
    }

    pub(super) fn get(&self, table: Table, address: u16) -> Option<u16> {
        self.registers.get(&(table, address)).copied()
    }

    pub(super) fn coil(&self, coil: u16) -> Option<bool> {
        self.coils.get(usize::from(coil)).copied()
    }

    pub(super) fn press(&mut self, coil: u16, on: bool) {
        if let Some(state) = self.coils.get_mut(usize::from(coil)) {
            *state = on;
            self.off_at.remove(&coil);
        }
    }

    /// Lets coils go off; gives the time of the next one.
    pub(super) fn run(&mut self, now: Instant) -> Option<Instant> {
        let over: Vec<u16> =
            self.off_at.iter().filter(|(_, at)| **at <= now).map(|(coil, _)| *coil).collect();
        over.into_iter().for_each(|coil| self.press(coil, false));
        self.off_at.values().min().copied()
    }

    /// Does what a request says. The answer from its function on, or the code of an exception.
    pub(super) fn answer(&mut self, function: u8, data: &[u8], now: Instant) -> Result<Vec<u8>, u8> {
        let word = |at: usize| match data.get(at..at + 2) {
            Some([high, low]) => Ok(u16::from_be_bytes([*high, *low])),
            _ => Err(ILLEGAL_VALUE),
        };
        let same = || [&[function], data].concat();
        match function {
            1 | 2 => {
                let (address, count) = (word(0)?, counted(word(2)?, MOST_COILS)?);
                let end = usize::from(address) + usize::from(count);
                let coils = self.coils.get(address.into()..end).ok_or(ILLEGAL_ADDRESS)?;
                let pack = |chunk: &[bool]| {
                    chunk.iter().enumerate().fold(0, |byte, (bit, on)| byte | u8::from(*on) << bit)
                };
                let bytes: Vec<u8> = coils.chunks(8).map(pack).collect();
                Ok([&[function, u8::try_from(bytes.len()).unwrap_or(0)][..], &bytes].concat())
            }
            3 | 4 => {
                let table = if function == 3 { Table::Holding } else { Table::Input };
                let (address, count) = (word(0)?, counted(word(2)?, MOST_REGISTERS)?);
                let mut answer = vec![function, u8::try_from(2 * count).unwrap_or(0)];
                for offset in 0..count {
                    let address = address.checked_add(offset).ok_or(ILLEGAL_ADDRESS)?;
                    answer.extend(self.get(table, address).ok_or(ILLEGAL_ADDRESS)?.to_be_bytes());
                }
                Ok(answer)
            }
            5 => {
                let (address, value) = (word(0)?, word(2)?);
                self.write_coil(address, value, now)?;
                Ok(same())
            }
            6 => {
                self.write(word(0)?, &[word(2)?])?;
                Ok(same())
            }
            15 => {
                let (address, count) = (word(0)?, counted(word(2)?, MOST_COILS_WRITTEN)?);
                let bits = data.get(5..).unwrap_or_default();
                if bits.len() != usize::from(count).div_ceil(8) {
                    return Err(ILLEGAL_VALUE);
                }
                for offset in 0..count {
                    let byte = bits.get(usize::from(offset / 8)).copied().unwrap_or(0);
                    let value = if byte >> (offset % 8) & 1 == 1 { 0xFF00 } else { 0 };
                    self.write_coil(address.checked_add(offset).ok_or(ILLEGAL_ADDRESS)?, value, now)?;
                }
                Ok([&[function], data.get(..4).unwrap_or_default()].concat())
            }
            16 => {
                let (address, count) = (word(0)?, counted(word(2)?, MOST_REGISTERS_WRITTEN)?);
                let values: Result<Vec<u16>, u8> =
                    (0..usize::from(count)).map(|index| word(5 + 2 * index)).collect();
                if data.len() != 5 + 2 * usize::from(count) {
                    return Err(ILLEGAL_VALUE);
                }
                self.write(address, &values?)?;
                Ok([&[function], data.get(..4).unwrap_or_default()].concat())
            }
            _ => Err(ILLEGAL_FUNCTION),
        }
    }

    fn write_coil(&mut self, address: u16, value: u16, now: Instant) -> Result<(), u8> {
        if self.dead_coils && self.coil(address).is_some() {
            return Ok(());
        }
        let flash = address.checked_sub(FLASH_ON).filter(|coil| self.flashes && self.coil(*coil).is_some());
        match (flash, value) {
            (Some(coil), tenths) => {
                self.press(coil, true);
                self.off_at.insert(coil, now + FLASH_UNIT * u32::from(tenths));
                Ok(())
            }
            (None, _) if self.coil(address).is_none() => Err(ILLEGAL_ADDRESS),
            (None, 0xFF00 | 0) => {
                self.press(address, value != 0);
                Ok(())
            }
            (None, _) => Err(ILLEGAL_VALUE),
        }
    }

    fn write(&mut self, address: u16, values: &[u16]) -> Result<(), u8> {
        let addresses = (0..).zip(values).map(|(offset, _)| address.checked_add(offset));
        if !addresses.into_iter().all(|at| at.is_some_and(|at| self.get(Table::Holding, at).is_some())) {
            return Err(ILLEGAL_ADDRESS);
        }
        self.set(Table::Holding, address, values);
        Ok(())
    }
}

/// *MODBUS Application Protocol* V1.1b3, section 7.
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;

fn counted(count: u16, most: u16) -> Result<u16, u8> {
    if (1..=most).contains(&count) { Ok(count) } else { Err(ILLEGAL_VALUE) }
}
