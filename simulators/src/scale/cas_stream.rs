//! CAS frames of 22 bytes that the scale sends by itself.
//!
//! Sources: CAS CI-600D manual, section 10-1 (layout, lamp byte, leading zeros); CAS NT-200
//! manual, section 14 (the number of the device as one byte from 31h on). What the host sends is
//! ignored: the command mode of these indicators is not simulated.

use super::desk::{Answer, Desk};
use super::simulation::Dialect;

/// Where the number of the device stands.
const ID: usize = 6;

pub(super) struct CasStream {
    blanks: bool,
}

impl CasStream {
    pub fn new(blanks: bool) -> Self {
        Self { blanks }
    }
}

impl Dialect for CasStream {
    fn receive(&mut self, _byte: u8, _desk: &mut Desk) {}

    fn repeats(&self) -> bool {
        true
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        let reading = desk.pan.reading();
        let status = match (reading.overload, reading.stable && !reading.fault) {
            (true, _) => "OL",
            (false, true) => "ST",
            (false, false) => "US",
        };
        let kind = if reading.is_net() { "NT" } else { "GS" };
        // Always 1, stable, 0, hold, printer, gross, tare, zero.
        let lamps = 0x80
            | u8::from(reading.stable) << 6
            | u8::from(!reading.is_net()) << 2
            | u8::from(reading.is_net()) << 1
            | u8::from(reading.zero);
        let sign = if reading.value < 0 { "-" } else { "" };
        let weight = if self.blanks {
            format!("{:>8}", format!("{sign}{}", reading.digits()))
        } else {
            format!("{sign}{:0>width$}", reading.digits(), width = 8 - sign.len())
        };
        let mut frame = format!("{status},{kind},").into_bytes();
        frame.extend([desk.spec.id, lamps]);
        frame.extend(format!(",{weight} {:>2}\r\n", reading.unit.text()).into_bytes());
        let mut foreign = frame.clone();
        if let Some(id) = foreign.get_mut(ID) {
            *id = id.wrapping_add(1);
        }
        Answer::new(frame).or_foreign(foreign)
    }

    fn reset(&mut self) {}
}
