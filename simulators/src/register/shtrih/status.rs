//! State, identity and registers: `10`, `11`, `1A`, `1B`, `F7`, `FC`.

use super::ShtrihLink;
use super::code;
use super::command::{Answer, Commands};
use super::fields::{self, Fields, number};
use super::text;

/// The register that counts the cash in the drawer.
const CASH: u8 = 0xF1;

impl Commands<'_> {
    /// The mode (protocol, appendix 1): the low half is its number, the high half of mode 8 the
    /// type of the receipt.
    pub fn mode(&self) -> u8 {
        let shift = &self.device.ledger.shift;
        if self.memory.unconfirmed.is_some() {
            6
        } else if let Some(receipt) = &self.memory.receipt {
            8 | (receipt.kind as u8) << 4
        } else if self.device.shift_is_old() {
            3
        } else if shift.open {
            2
        } else {
            4
        }
    }

    /// The submode (protocol, appendix 1).
    pub fn submode(&self) -> u8 {
        let roll = &self.device.ledger.roll;
        match (roll.ready(), roll.has_waiting()) {
            (false, false) => 1,
            (false, true) => 2,
            (true, true) => 3,
            (true, false) if self.device.is_busy() => 5,
            (true, false) => 0,
        }
    }

    /// Flags of both status answers. Bits 1, 4, 5, 7 and 9 are what a Shtrih-Mini-01F answers
    /// with paper in (B2 02).
    fn flags(&self) -> u16 {
        let roll = &self.device.ledger.roll;
        let paper = u16::from(!roll.out);
        let drawer = u16::from(self.device.drawer_open);
        0x0030 | paper << 1 | paper << 7 | 1 << 9 | u16::from(roll.cover_open) << 10 | drawer << 11
    }

    /// `10`, 16 bytes with code and error.
    pub fn short_status(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let mode = self.mode();
        let submode = self.submode();
        if submode == 5 {
            self.device.busy_answered();
        }
        let operations = self.memory.receipt.as_ref().map_or(0, |receipt| receipt.items.len()) as u16;
        let [low, high] = operations.to_le_bytes();
        let [flags, more_flags] = self.flags().to_le_bytes();
        // Battery and power supply as the Shtrih-Mini-01F has them; the errors of memory and
        // journal are 0, and so are the reserved bytes.
        Ok(vec![self.operator, flags, more_flags, mode, submode, low, 0x9F, 0xF8, 0, 0, high, 0, 0, 0])
    }

    /// `11`, 48 bytes with code and error.
    pub fn long_status(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let now = self.device.now();
        let ledger = &self.device.ledger;
        let mut out = vec![self.operator];
        // Firmware C.1, build 34378, of 13 January 2017: a Shtrih-Mini-01F.
        out.extend(*b"C1");
        fields::put(&mut out, 34_378, 2);
        out.extend([13, 1, 17, 1]);
        fields::put(&mut out, i64::from(self.memory.operations.get(&152).copied().unwrap_or_default()), 2);
        fields::put(&mut out, i64::from(self.flags()), 2);
        out.extend([self.mode(), self.submode(), 0]);
        // No fiscal memory: as devices with a storage answer.
        out.extend(*b"NA");
        out.extend([0, 0, 1, 1, 16]);
        out.extend(fields::date_bytes(now));
        out.extend(fields::time_bytes(now));
        out.push(0);
        let serial: i64 = ledger.serial.parse().unwrap_or(0xFFFF_FFFF);
        fields::put(&mut out, serial, 4);
        let closed = ledger.shift.number - u32::from(ledger.shift.open);
        fields::put(&mut out, i64::from(closed), 2);
        out.extend([0; 4]);
        fields::put(&mut out, super::document::TAXPAYER, 6);
        Ok(out)
    }

    /// `1A`: money registers.
    pub fn money_register(&mut self, fields: &mut Fields<'_>) -> Answer {
        let register = fields.byte()?;
        let receipt = self.memory.receipt.as_ref();
        let value = match register {
            CASH => self.device.ledger.cash,
            0..=0x3F => receipt.map_or(0, |receipt| {
                let mine = |department: u32| {
                    register / 4 == department.clamp(1, 16) as u8 - 1 && register % 4 == receipt.kind as u8
                };
                receipt.items.iter().filter(|item| mine(item.department)).map(|item| item.amount).sum()
            }),
            _ => self.memory.money.get(&register).copied().unwrap_or_default(),
        };
        Ok([vec![self.operator], number(value, 6)].concat())
    }

    /// `1B`: operation registers.
    pub fn operation_register(&mut self, fields: &mut Fields<'_>) -> Answer {
        let register = fields.byte()?;
        let value = self.memory.operations.get(&register).copied().unwrap_or_default();
        Ok([vec![self.operator], number(i64::from(value), 2)].concat())
    }

    /// `FC`: device type.
    pub fn device_type(&mut self, _fields: &mut Fields<'_>) -> Answer {
        // Type 0, protocol 2.0 and language 0 as in the field log of issue 236; model 22 is the
        // Retail-01F (vendor's driver, PrinterConst).
        Ok([vec![0, 0, 2, 0, 22, 0], text::encode(&self.spec.model)].concat())
    }

    /// `FE F3`: starts the device anew, after the answer (vendor's driver, `ServiceCommand`).
    pub fn service(&mut self, fields: &mut Fields<'_>) -> Answer {
        if fields.byte()? != 0xF3 {
            return Err(code::UNSUPPORTED);
        }
        let _parameter = fields.bytes(4)?;
        self.ram.reboots = true;
        Ok(Vec::new())
    }

    /// `F7 01`: model parameters (vendor's driver, `PrinterModelParameters`; order and sizes as
    /// in the field log of issue 73).
    pub fn model_parameters(&mut self, fields: &mut Fields<'_>) -> Answer {
        if fields.byte()? != 1 {
            return Err(code::PARAMETERS);
        }
        // Paper sensor, cover sensor, cutter, storage; level 2.0, FFD 1.1 and up, extended answers.
        let mut flags: i64 = 1 << 3 | 1 << 4 | 1 << 13 | 1 << 43;
        flags |= i64::from(self.spec.link == ShtrihLink::V2) << 28;
        flags |= i64::from(self.spec.ffd == super::Ffd::V12) << 47;
        flags |= i64::from(self.spec.extended_answers) << 50;
        flags |= i64::from(self.spec.cancels_at_power_off) << 53;
        let mut out = number(flags, 8);
        let width = self.device.spec.width as u8;
        out.extend([width, width / 2, 1, 12, 10, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 6]);
        // Longest command; graphics; tables of storage, operator of fiscal data and internet; the
        // field of table 10 with the version of the format.
        fields::put(&mut out, 0xFF, 2);
        out.extend([40, 64, 0, 2, 18, 19, 16, 10, 29]);
        Ok(out)
    }
}
