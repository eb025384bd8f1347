//! Sensors, and the status bytes made of them.

use super::machine::Machine;
use super::spec::Language;

/// What stops a printer until somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error {
    /// Autocutter: recoverable.
    Cutter,
    /// Needs power off and on.
    Unrecoverable,
}

/// What the printer knows of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sensors {
    pub near_end: bool,
    pub paper_out: bool,
    pub cover_open: bool,
    /// Something is in the cutter's way.
    pub jammed: bool,
    pub error: Option<Error>,
    /// Waits for the feed button or `DLE ENQ 0` to go online.
    pub waiting: bool,
    /// Drawer kick connector pin 3.
    pub drawer_high: bool,
}

impl Sensors {
    pub fn online(&self) -> bool {
        !self.paper_out && !self.cover_open && !self.waiting && self.error.is_none()
    }

    /// What power off and on clears.
    pub fn power_cycled(&mut self) {
        self.waiting = false;
        self.error = None;
    }

    /// Epson ESC/POS command reference, `DLE EOT n`: bits 1 and 4 are always set.
    pub fn real_time(&self, n: u8) -> u8 {
        let bits = match n {
            1 => flags(&[(self.drawer_high, 0x04), (!self.online(), 0x08), (self.waiting, 0x20)]),
            2 => flags(&[(self.cover_open, 0x04), (self.paper_out, 0x20), (self.error.is_some(), 0x40)]),
            3 => self.errors(),
            _ => flags(&[(self.near_end, 0x0C), (self.paper_out, 0x60)]),
        };
        0x12 | bits
    }

    /// Reference, `GS a`: the four bytes of the automatic status.
    pub fn asb(&self) -> [u8; 4] {
        [
            0x10 | flags(&[(self.drawer_high, 0x04), (!self.online(), 0x08), (self.cover_open, 0x20)]),
            flags(&[(self.waiting, 0x01)]) | self.errors(),
            flags(&[(self.near_end, 0x03), (self.paper_out, 0x0C)]),
            0x00,
        ]
    }

    /// Whether the change from `before` is one of those that `GS a n` asked for.
    pub fn concerns(&self, n: u8, before: [u8; 4]) -> bool {
        let now = self.asb();
        let changed = |index: usize, mask: u8| (now[index] ^ before[index]) & mask != 0;
        (n & 0x01 != 0 && changed(0, 0x04))
            || (n & 0x02 != 0 && (changed(0, 0x28) || changed(1, 0x01)))
            || (n & 0x04 != 0 && changed(1, 0x6C))
            || (n & 0x08 != 0 && changed(2, 0x0F))
            || (n & 0x40 != 0 && (changed(0, 0x40) || changed(1, 0x02)))
    }

    fn errors(&self) -> u8 {
        match self.error {
            None => 0,
            Some(Error::Cutter) => 0x08,
            Some(Error::Unrecoverable) => 0x20,
        }
    }
}

impl Machine {
    /// `GS a n`: the status is sent at once, and then at each change.
    pub(super) fn enable_asb(&mut self, n: u8) {
        if !self.spec.has_asb {
            if n != 0 && self.spec.answers {
                self.complain("GS a: this printer has no automatic status".into());
            }
            return;
        }
        self.asb = n;
        if n != 0 {
            let bytes = self.sensors.asb();
            self.send(&bytes);
        }
    }

    /// `GS r n`. In buffer order, and the interpreter rests while offline: paper end is never told.
    pub(super) fn transmit_status(&mut self, n: u8) {
        if !self.spec.has_gs_r {
            if self.spec.answers {
                self.complain("GS r: this printer doesn't have it".into());
            }
            return;
        }
        if self.swallow() {
            return;
        }
        let byte = match n {
            1 => flags(&[(self.sensors.near_end, 0x03)]),
            2 => flags(&[(self.sensors.drawer_high, 0x01)]),
            _ => 0,
        };
        self.send(&[byte]);
    }

    /// `GS I n`: a byte for 1 to 3, a block `5F ... 00` for 65 to 69.
    pub(super) fn transmit_info(&mut self, n: u8) {
        let id = self.spec.identity.clone();
        let text = match n {
            1 => return self.send(&[id.model_id]),
            2 => {
                let kind = flags(&[(self.spec.has_kanji, 0x01), (self.spec.has_cutter, 0x02)]);
                return self.send(&[kind]);
            }
            3 => return self.send(&[0x01]),
            65 => id.firmware,
            66 => id.maker,
            67 => id.model,
            68 => id.serial,
            _ if self.spec.has_kanji => "CHINESE".to_owned(),
            _ => String::new(),
        };
        let mut block = vec![0x5F];
        block.extend(text.bytes().filter(|b| *b >= 0x20));
        block.push(0);
        self.send(&block);
    }

    /// Star `ESC RS a n`.
    pub(super) fn enable_star_asb(&mut self, on: bool) {
        self.star_asb = on && self.spec.has_asb;
        if self.star_asb {
            self.send_star_status();
        }
    }

    /// Star Line Mode specifications, appendix on the automatic status: nine bytes.
    pub(super) fn send_star_status(&mut self) {
        if self.spec.language != Language::StarLine {
            return;
        }
        let s = self.sensors;
        let counter = self.etb_counter;
        let mut bytes = vec![
            // Length 9, in bits 5 and 3 to 1, with the fixed bit 0.
            0x23,
            0x06,
            flags(&[
                (std::mem::take(&mut self.etb_flag), 0x02),
                (s.drawer_high, 0x04),
                (!s.online(), 0x08),
                (s.cover_open, 0x20),
            ]),
            flags(&[(s.error == Some(Error::Cutter), 0x08), (s.error == Some(Error::Unrecoverable), 0x20)]),
            0x00,
            flags(&[(s.near_end, 0x04), (s.paper_out, 0x08)]),
            0x00,
            (counter & 0x18) << 2 | (counter & 0x07) << 1,
            0x00,
        ];
        if self.network && self.spec.star_lan_status {
            bytes[1] |= 0x80;
            bytes.extend([0x00, 0x00]);
        }
        self.send(&bytes);
    }
}

fn flags(list: &[(bool, u8)]) -> u8 {
    list.iter().filter(|(on, _)| *on).fold(0, |all, (_, bit)| all | bit)
}
