//! What happens at once, whatever the printer is doing: real-time commands, and power.

use super::Machine;
use crate::printer::fault::Event;
use crate::printer::realtime::RealTime;
use crate::printer::status::Error;

impl Machine {
    // Real-time commands

    pub(super) fn real_time(&mut self, command: RealTime) {
        self.emit(Event::RealTime(command));
        match command {
            RealTime::Status(n) => {
                let byte = self.sensors.real_time(n);
                self.send_status_byte(byte);
            }
            RealTime::ExtendedStatus(..) => self.send_status_byte(0x12),
            RealTime::Request(0) => {
                if std::mem::take(&mut self.sensors.waiting) {
                    self.status_changed();
                }
            }
            RealTime::Request(n) => self.recover(n == 2),
            RealTime::Pulse { pin, ms } => {
                if self.pulse_allowed && self.sensors.error.is_none() {
                    self.emit(Event::DrawerPulse { pin, on_ms: ms, off_ms: ms, real_time: true });
                }
            }
            RealTime::Clear => {
                self.clear_buffers();
                if self.sensors.error == Some(Error::Cutter) && !self.sensors.jammed {
                    self.sensors.error = None;
                    self.status_changed();
                }
                if self.spec.answers && !self.silent {
                    self.pending_clear = true;
                    self.send_pending();
                }
            }
            RealTime::StarStatus => self.send_star_status(),
        }
    }

    fn send_status_byte(&mut self, byte: u8) {
        if self.garble > 0 {
            self.garble -= 1;
            return self.send(&[byte ^ 0xFF]);
        }
        self.send(&[byte]);
    }

    /// `DLE ENQ 1` and `DLE ENQ 2`: only for a recoverable error, once its cause is gone.
    fn recover(&mut self, drop_data: bool) {
        if self.sensors.error != Some(Error::Cutter) || self.sensors.jammed {
            return;
        }
        if drop_data {
            self.clear_buffers();
        }
        self.sensors.error = None;
        self.status_changed();
    }

    pub(super) fn clear_buffers(&mut self) {
        let bytes = self.waiting();
        self.emit(Event::Cleared { bytes });
        self.interpreted_total += bytes as u64;
        self.input.clear();
        self.start = 0;
        self.drawn = 0;
        self.marks.clear();
        self.queue.clear();
        self.busy_until = None;
        self.raster_mode = false;
        self.fresh = self.piece.is_blank();
        self.form.clear_line();
    }

    // Power

    pub fn power_off(&mut self) {
        self.off_after = None;
        self.clear_buffers();
        self.fresh = true;
        self.scanner.reset();
        self.form.reset();
        self.selected = true;
        self.asb = 0;
        self.star_asb = false;
        (self.etb_counter, self.etb_flag) = (0, false);
        self.pulse_allowed = true;
        self.tx.clear();
        self.pending_id = None;
        self.pending_clear = false;
        self.pending_notice = false;
        self.sensors.power_cycled();
        self.reported = self.sensors.asb();
        self.power = false;
        // A serial line stays up when the printer at its end goes dark.
        self.cut_link = self.network;
        self.emit(Event::Power(false));
    }

    pub fn power_on(&mut self) {
        if std::mem::replace(&mut self.power, true) {
            return;
        }
        self.emit(Event::Power(true));
        if self.spec.power_on_notice {
            if self.connected {
                self.send(&[0x3B, 0x31, 0x00]);
            } else {
                self.pending_notice = true;
            }
        }
        self.status_changed();
    }
}
