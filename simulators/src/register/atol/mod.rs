//! ATOL registers.
//!
//! Low levels 2 and 3 around the same commands ("tasks"), for the platform of models 11F to 92F
//! (protocol of operation 3.0 and 3.1). The vendor's manual is not public as a whole; what is
//! here rests on the facts sheet of this project and on public implementations that cite the
//! manual: AlexObukhoff/TerminalClient (C++), kurbatov/atol4j (Java), Zzzzipper/projects (C++), the
//! ATOL plug-in of a Crystals till (Java), a serial tool for protocol 3.0 (C) and the unit
//! `dant_AtolFRDevice` (Pascal). Each part names its own.
//!
//! Decided here, because no source says it: see the items marked *assumed* in
//! [`AtolSpec`] and below.
//!
//! - *Assumed:* a receipt survives a power failure with its positions and payments; the mode
//!   doesn't, so a host enters mode 1 again and finds the receipt by command 3F.
//! - *Assumed:* what a receipt still lacks on paper waits through a power failure too, and comes
//!   out with 55 or EE, or before the next document.
//! - *Assumed:* `C5 tid flags tid task` acknowledges one task and adds another.
//! - Not simulated: marking codes of format 1.2 beyond attributes 1162, 1163 and 2000 to 2110
//!   (nothing on the commands is public), discounts on a receipt (43), pictures, updates.

mod buffer;
mod desk;
mod form;
mod frame;
mod link2;
mod number;
mod params;
mod print;
mod query;
mod receipt;
mod refusal;
mod settings;
mod shift;
mod storage;
mod tlv;
mod wire2;
mod wire3;

use std::time::Duration;

use tokio::time::Instant;

use super::device::{Action, Device, Machine};
use desk::Desk;

/// Low levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtolWire {
    /// Version 3: a buffer of tasks.
    #[default]
    V3,
    /// Version 2: a handshake for each task.
    V2,
}

/// Formats of fiscal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ffd {
    /// 1.05: a correction has one position.
    #[default]
    V105,
    /// 1.2.
    V12,
}

/// Orders of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// The highest byte first.
    #[default]
    HighFirst,
    /// The lowest byte first.
    LowFirst,
}

/// What is particular to an ATOL register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtolSpec {
    /// Low level.
    pub wire: AtolWire,
    /// Format of fiscal data.
    pub ffd: Ffd,
    /// The number that each task begins with, 0 to 9999.
    pub access_password: u16,
    /// The first receipt, payment in or payment out opens a closed shift, as on most models; there
    /// is no error code for a shift that is closed. Otherwise they are refused with 66 (*assumed*).
    pub opens_shift: bool,
    /// How the numbers of A4 40 and A4 45 stand: Zzzzipper/projects has the highest byte first,
    /// AlexObukhoff/TerminalClient the lowest.
    pub storage_numbers: ByteOrder,
    /// On low level 3: a task that only asks is answered at once (A3), as the tests of
    /// Zzzzipper/projects have it. Otherwise, as any other, with A2 and then by itself (F0), the only
    /// way that kurbatov/atol4j and a Crystals till know.
    pub prompt: bool,
    /// How many answers to 3F and 45 say that a report is still being printed (2.2, 3.2) or its sums
    /// cleared (7.1); until then the register takes nothing else but questions.
    pub report_answers: u32,
    /// On low level 2: how long a control byte of the host is awaited before it is called again.
    pub turn: Duration,
}

impl Default for AtolSpec {
    fn default() -> Self {
        Self {
            wire: AtolWire::default(),
            ffd: Ffd::default(),
            access_password: 0,
            opens_shift: true,
            storage_numbers: ByteOrder::default(),
            prompt: false,
            report_answers: 0,
            turn: Duration::from_millis(500),
        }
    }
}

pub(super) struct Atol {
    desk: Desk,
    wire: Wire,
}

enum Wire {
    V3(wire3::Wire3),
    V2(wire2::Wire2),
}

impl Atol {
    pub fn new(spec: AtolSpec) -> Self {
        let wire = match spec.wire {
            AtolWire::V3 => Wire::V3(wire3::Wire3::new(spec.prompt)),
            AtolWire::V2 => Wire::V2(wire2::Wire2::new(spec.turn)),
        };
        Self { desk: Desk::new(spec), wire }
    }
}

impl Machine for Atol {
    fn connected(&mut self) {
        match &mut self.wire {
            Wire::V3(wire) => wire.connected(),
            Wire::V2(_) => {}
        }
    }

    fn receive(&mut self, byte: u8, gap: Duration, device: &mut Device) -> Option<String> {
        let late = gap > device.spec.byte_timeout;
        match &mut self.wire {
            Wire::V3(wire) => wire.receive(byte, late, device),
            Wire::V2(wire) => wire.receive(byte, late, device),
        }
    }

    fn next(&mut self, device: &mut Device) -> Option<Action> {
        match &mut self.wire {
            Wire::V3(wire) => wire.next(&mut self.desk, device),
            Wire::V2(wire) => wire.next(&mut self.desk, device),
        }
    }

    fn wake(&self, device: &Device) -> Option<Instant> {
        match &self.wire {
            Wire::V3(wire) => wire.wake(device),
            Wire::V2(wire) => wire.wake(),
        }
    }

    fn power_off(&mut self, device: &mut Device) {
        *self = Self::new(self.desk.spec.clone());
        // What was on its way to the paper is kept and waits for 55.
        let roll = &mut device.ledger.roll;
        roll.interrupted |= roll.has_waiting();
    }

    fn power_on(&mut self, device: &mut Device) {
        self.desk.start(device);
    }
}
