//! What a register tells of itself: states, versions, sums.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::desk::{Desk, Reply};
use super::number::{bcd, cp866, external};
use super::params::Params;
use super::refusal::Refusal;
use super::storage::{self, INN, RNM, TAX_SYSTEMS};
use super::tlv::pack;
use super::{AtolWire, Ffd, receipt, shift};
use crate::register::clock::from_iso;
use crate::register::device::Device;

/// ATOL 77F in the vendor's list of models.
const MODEL: u8 = 69;
const NAME: &str = "АТОЛ 77Ф";

impl Desk {
    /// `3F` -> `44 operator1 hall1 date3 time3 flags1 serial4 model1 version2 mode1 receipt2 shift2
    /// kind1 sum5 point1 interface1`. The receipt's number is that of the next one, the shift's that
    /// of the last closed one.
    pub(super) fn status(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        params.end()?;
        let (now, shift) = (device.now(), &device.ledger.shift);
        let state = self.state();
        let mut out = vec![0x44];
        out.extend(bcd(u64::from(self.operator), 1));
        out.push(1);
        out.extend(date(now, true));
        out.extend(time(now));
        out.push(self.flags(device));
        out.extend(bcd(serial(device), 4));
        out.extend([MODEL, b'3', b'0', state]);
        out.extend(bcd(u64::from(shift.receipts) + 1, 2));
        out.extend(bcd(u64::from(shift.number.saturating_sub(u32::from(shift.open))), 2));
        let receipt = self.own.receipt.as_ref();
        out.push(receipt.map_or(0, |receipt| receipt.code));
        out.extend(bcd(receipt.map_or(0, |receipt| receipt.total().unsigned_abs()), 5));
        out.extend([2, if self.spec.wire == AtolWire::V3 { 6 } else { 1 }]);
        Ok(Reply::Raw(out))
    }

    /// `45` -> `55 mode1 flags1`: flag 1, no paper.
    pub(super) fn short_status(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        params.end()?;
        let roll = &device.ledger.roll;
        Ok(Reply::Raw(vec![0x55, self.state(), u8::from(roll.out || roll.cover_open)]))
    }

    /// `A5` -> `error1 protocol1 type1 model1 mode2 version5 name`.
    pub(super) fn device_info(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        params.end()?;
        let mut out = vec![0, 1, 1, MODEL, self.mode, 0, 0x03, 0x00, 0x00, 0x58, 0x35];
        out.extend(cp866(NAME));
        Ok(Reply::Raw(out))
    }

    /// `9D part1` -> version1, subversion1, language1, build2.
    pub(super) fn version(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        params.byte()?;
        params.end()?;
        Ok(Reply::Data(vec![0x03, 0x00, 0x00, 0x58, 0x35]))
    }

    /// `4D` -> `4D cash7`.
    pub(super) fn cash(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        params.end()?;
        Ok(Reply::Raw([vec![0x4D], money(device.ledger.cash, 7)].concat()))
    }

    /// `58` -> sales 7 and their returns 7 of the last closed shift.
    pub(super) fn last_shift(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        params.end()?;
        let last = |name: &str| device.ledger.sums.get(name).copied().unwrap_or(0);
        Ok(Reply::Data([money(last("last.in"), 7), money(last("last.out"), 7)].concat()))
    }

    /// `91 register parameter parameter`.
    ///
    /// Numbers, lengths and order of 03, 06, 0A, 11, 12, 16, 18, 28, 2C, 35, 36 and 37:
    /// `AtolFRBase.cpp` and `AtolOnlineFRBase.cpp` of AlexObukhoff/TerminalClient; 33:
    /// `AtolProtocol.h` of Zzzzipper/projects; 04, 05, 08, 09, 0C and 34: a Crystals till.
    pub(super) fn read_register(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        let (register, first, second) = (params.byte()?, params.byte()?, params.byte()?);
        params.end()?;
        let count = |name: &str| bcd(shift::number(device, name), 2);
        let data = match register {
            // Receipts of a kind; payments of a kind of receipt in one form; payments in and out.
            0x01 | 0x0C => money(shift::shift_total(device, &[first.max(1)]), 7),
            0x03 => money(shift::sum(device, &format!("pay.{first}.{second}")), 6),
            0x04 => money(shift::sum(device, "in"), 7),
            0x05 => money(shift::sum(device, "out"), 7),
            0x06 => count(&format!("count.{first}")),
            0x08 => count("in"),
            0x09 => count("out"),
            0x0A => money(device.ledger.cash, 7),
            0x11 => [date(device.now(), false), time(device.now())].concat(),
            0x12 => shift_state(device),
            0x16 => bcd(serial(device), 7),
            0x18 => bcd(device.spec.width as u64, 1),
            0x28 => money(device.ledger.sums.get(&format!("ever.{first}")).copied().unwrap_or(0), 7),
            0x2C => bcd(device.ledger.documents.len() as u64, 3),
            0x33 => last_receipt(device),
            0x34 => last_document(device),
            0x35 => {
                let shift = &device.ledger.shift;
                [bcd(u64::from(shift.receipts), 3), bcd(u64::from(shift.number), 3)].concat()
            }
            0x36 => {
                let ffd = if self.spec.ffd == Ffd::V12 { 4 } else { 2 };
                vec![ffd, ffd, 1, ffd, 0, 0]
            }
            0x37 => {
                let (command, refusal) =
                    self.failed.map_or((0, 0), |(command, refusal)| (command, refusal.extended));
                [vec![0, command], refusal.to_be_bytes().to_vec(), vec![0; 4]].concat()
            }
            _ => return Err(Refusal::REGISTER),
        };
        Ok(Reply::Data(data))
    }

    /// `E9 tag2 block1` -> blocks 1, attribute. Of the registration; the tag has its lower byte first.
    pub(super) fn read_tag(&mut self, params: &mut Params, _device: &mut Device) -> Result<Reply, Refusal> {
        let (tag, _) = (params.u16_le()?, params.byte()?);
        params.end()?;
        let value = match tag {
            1009 => external("Москва, ул. Примерная, 1"),
            1018 => format!("{INN:<12}").into_bytes(),
            1037 => format!("{RNM:<20}").into_bytes(),
            1048 => external("ООО «Пример»"),
            1057 => vec![0],
            1062 => vec![TAX_SYSTEMS],
            1117 => b"kassa@example.com".to_vec(),
            1187 => external("Ресторан"),
            _ => return Err(Refusal::FIELD),
        };
        Ok(Reply::Data([vec![1], pack(tag, &value)].concat()))
    }

    /// Mode in the lower half; in the upper 4 while payments are being taken. A report goes through
    /// 2.2, or 3.2 and 7.1, which one answer each brings on.
    fn state(&mut self) -> u8 {
        if self.report_answers > 0 {
            self.report_answers -= 1;
            let clearing = self.mode == 3 && self.report_answers < self.spec.report_answers / 2;
            return if clearing { 0x17 } else { 0x20 | self.mode };
        }
        let paying = self.own.receipt.as_ref().is_some_and(|receipt| !receipt.payments.is_empty());
        self.mode | if paying && self.mode == 1 { 0x40 } else { 0 }
    }

    /// 1 registered, 2 shift open, 4 drawer closed, 8 paper, 20 cover open, 40 storage active.
    fn flags(&self, device: &Device) -> u8 {
        let roll = &device.ledger.roll;
        0x45 | u8::from(device.ledger.shift.open) << 1
            | u8::from(!roll.out) << 3
            | u8::from(roll.cover_open) << 5
    }
}

/// `12`: 0 closed, 1 open, 2 older than 24 hours; when it ends, or when it was closed.
fn shift_state(device: &Device) -> Vec<u8> {
    use crate::register::ledger::DocumentKind::CloseShift;
    let shift = &device.ledger.shift;
    let state = u8::from(shift.open) + u8::from(device.shift_is_old());
    let at = if shift.open {
        from_iso(&shift.opened_at).map(|at| at.saturating_add(SignedDuration::from_hours(24)))
    } else {
        let closed = device.ledger.documents.iter().rev().find(|document| document.kind == CloseShift);
        closed.and_then(|document| from_iso(&document.at))
    };
    let (day, hour) = at.map_or((vec![0; 3], vec![0; 3]), |at| (date(at, false), time(at)));
    [vec![state], day, hour].concat()
}

/// `33`: document 5, kind 1, total 7, day month year hour minute 5, sign 5, reserved 3.
fn last_receipt(device: &Device) -> Vec<u8> {
    let last = device.ledger.documents.iter().rev().find(|document| receipt::code(document.kind) > 0);
    let Some(last) = last else { return vec![0; 26] };
    let mut out = bcd(u64::from(last.number), 5);
    out.push(receipt::code(last.kind));
    out.extend(money(last.total, 7));
    out.extend(minute(&last.at));
    out.extend(bcd(u64::from(storage::sign_of(last)), 5));
    out.extend([0; 3]);
    out
}

/// `34`: document 5, day month year hour minute 5, sign 5.
fn last_document(device: &Device) -> Vec<u8> {
    let Some(last) = device.ledger.documents.last() else { return vec![0; 15] };
    let mut out = bcd(u64::from(last.number), 5);
    out.extend(minute(&last.at));
    out.extend(bcd(u64::from(storage::sign_of(last)), 5));
    out
}

fn minute(iso: &str) -> Vec<u8> {
    let at = from_iso(iso).unwrap_or_default();
    let hour = time(at).into_iter().take(2);
    date(at, false).into_iter().chain(hour).collect()
}

fn money(sum: i64, bytes: usize) -> Vec<u8> {
    bcd(sum.max(0).unsigned_abs(), bytes)
}

/// Year month day, or day month year.
fn date(at: DateTime, year_first: bool) -> Vec<u8> {
    let mut out: Vec<u8> = [at.year() % 100, i16::from(at.month()), i16::from(at.day())]
        .iter()
        .flat_map(|part| bcd(part.unsigned_abs().into(), 1))
        .collect();
    if !year_first {
        out.reverse();
    }
    out
}

fn time(at: DateTime) -> Vec<u8> {
    [at.hour(), at.minute(), at.second()]
        .iter()
        .flat_map(|part| bcd(u64::from(part.unsigned_abs()), 1))
        .collect()
}

/// The last eight digits of the serial number.
fn serial(device: &Device) -> u64 {
    let digits: String = device.ledger.serial.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<u64>().unwrap_or(0) % 100_000_000
}
