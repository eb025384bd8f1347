//! Shtrih-M registers (Shtrih-FR, Shtrih-M-01F, Retail-01F and relatives): a **test tool**.
//!
//! Sources, by their names in the comments here:
//! - *protocol*: SHTRIH-M, "Fiscal printer communication protocol", v. 1.10 (link level 1, commands,
//!   modes and submodes of appendix 1, error codes);
//! - *vendor's driver*: the comments that quote the protocol in the vendor's own driver,
//!   github.com/shtrih-m/javapos_shtrih (`fiscalprinter/command/*`, `PrinterProtocol_2`,
//!   `messages_ru.txt`, `Doc/VatTable.txt`): link level 2.0, the commands FFxx, their error codes;
//! - *field log*: traces of real devices and the vendor's answers in
//!   github.com/shtrih-m/fr_drv_ng, issues 72, 73, 141, 157, 213, 236 and 287;
//! - *sheet*: the project's own fact sheet on this family.
//!
//! What a real device does and no document says is decided here as follows. A receipt that is open
//! at a power failure stays open, unless [`ShtrihSpec::cancels_at_power_off`]; the receipt is
//! printed as a whole when it is closed; a document whose paper ended is printed again from its
//! beginning after command `B0` (field log, issue 213), under the line that issue 157 shows; where
//! nobody knows which code an old command gets from the storage, it is the storage's own.
//!
//! A new storage holds its registration as document 1. The shift's opening and closing are
//! documents, too; X reports, copies and cash without a receipt are not.

mod clock;
mod code;
mod command;
mod document;
mod fields;
mod layout;
mod level1;
mod level2;
mod marking;
mod memory;
mod paper;
mod receipt;
mod shift;
mod status;
mod storage;
mod tables;
mod text;
mod vat;

use std::collections::VecDeque;
use std::time::Duration;

use super::device::{Action, Device, Machine};
use command::Commands;
use level1::Level1;
use level2::Level2;
use memory::{Memory, Ram};

/// What the device understands on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShtrihLink {
    /// Level 1 only: ENQ, ACK, NAK and frames with a check byte.
    #[default]
    V1,
    /// Level 1 and level 2.0 (numbered frames). The first byte after power-on chooses; it can't
    /// be changed before the next power-on.
    V2,
}

/// Format of fiscal documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ffd {
    /// 1.05.
    #[default]
    V105,
    /// 1.2: marking codes are checked before they are sold.
    V12,
}

/// What is particular to a Shtrih-M register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShtrihSpec {
    /// Link level.
    pub link: ShtrihLink,
    /// Format of fiscal documents.
    pub ffd: Ffd,
    /// An old model: items and closing only with commands `80` to `83` and `85`; the commands
    /// `FF45`, `FF46`, `FF4A` and `FF4D` are unknown. Without it, both sets work.
    pub old_commands: bool,
    /// The first receipt of a closed shift opens a new one, as most models do; without it the
    /// receipt is refused with 3D.
    pub opens_shift: bool,
    /// The answer to `FF45` ends with date and time (model parameter, bit 50).
    pub extended_answers: bool,
    /// A receipt that is open when power fails is cancelled at power-on (model parameter, bit 53,
    /// speaks of models that do so at the end of a session).
    pub cancels_at_power_off: bool,
    /// The operator of fiscal data takes every document at once; without it they wait in the
    /// storage and `FF39` counts them.
    pub ofd: bool,
    /// VAT bytes of `FF46`.
    pub vat: VatBytes,
    /// Device name of `FC`, in characters of windows-1251.
    pub model: String,
    /// The answer to `E0` is the operator without an error byte, as the protocol's text has it,
    /// instead of what the vendor's driver reads.
    pub plain_shift_answer: bool,
    /// On level 1 a byte FF follows the host's acknowledgement of an answer, as on RNDIS links
    /// (sheet; the vendor's driver skips it).
    pub stray_byte: bool,
}

/// Which bytes mean the VAT rates that came after 2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VatBytes {
    /// 7/107 is 90, 22% CB, 22/122 CC (vendor's driver, `VatTable.txt`: rates 11 and on are
    /// C0 plus their number).
    #[default]
    Current,
    /// 7/107 is 88, 22% 90, 22/122 A0: a model that the sheet names.
    Other,
}

impl Default for ShtrihSpec {
    fn default() -> Self {
        Self {
            link: ShtrihLink::V1,
            ffd: Ffd::V105,
            old_commands: false,
            opens_shift: true,
            extended_answers: false,
            cancels_at_power_off: false,
            ofd: true,
            vat: VatBytes::Current,
            model: "РИТЕЙЛ-01Ф".into(),
            plain_shift_answer: false,
            stray_byte: false,
        }
    }
}

/// The machine: link levels and commands.
pub(super) struct Shtrih {
    spec: ShtrihSpec,
    memory: Memory,
    ram: Ram,
    level: Level,
    steps: VecDeque<Action>,
    /// A command that waits for its execution.
    command: Option<Vec<u8>>,
}

/// The link level in use.
enum Level {
    /// No byte has come since power-on.
    Open,
    One(Level1),
    Two(Level2),
}

impl Shtrih {
    pub fn new(spec: ShtrihSpec) -> Self {
        Self {
            spec,
            memory: Memory::default(),
            ram: Ram::default(),
            level: Level::Open,
            steps: VecDeque::new(),
            command: None,
        }
    }

    fn commands<'a>(&'a mut self, device: &'a mut Device) -> Commands<'a> {
        Commands::new(&self.spec, &mut self.memory, &mut self.ram, device)
    }

    fn choose_level(&mut self, first: u8) {
        if matches!(self.level, Level::Open) {
            self.level = match self.spec.link {
                ShtrihLink::V2 if first == level2::START => Level::Two(Level2::default()),
                _ => Level::One(Level1::new(self.spec.stray_byte)),
            };
        }
    }
}

/// What the link level makes of a byte.
enum Heard {
    /// A control byte or a frame that asks for no execution, with what is sent for it.
    Link(&'static str, Vec<Action>),
    /// A command, and what is sent before it is executed.
    Command(Vec<u8>, Vec<Action>),
}

impl Machine for Shtrih {
    fn connected(&mut self) {
        match &mut self.level {
            Level::Open => {}
            Level::One(level) => level.drop_partial(),
            Level::Two(level) => level.drop_partial(),
        }
    }

    fn receive(&mut self, byte: u8, gap: Duration, device: &mut Device) -> Option<String> {
        self.choose_level(byte);
        let late = gap > device.spec.byte_timeout;
        let heard = match &mut self.level {
            Level::Open => None,
            Level::One(level) => level.receive(byte, late, device),
            Level::Two(level) => level.receive(byte, late, device),
        };
        match heard? {
            Heard::Link(name, actions) => {
                self.steps.extend(actions);
                Some(name.to_owned())
            }
            Heard::Command(command, actions) => {
                self.steps.extend(actions);
                self.steps.push_back(Action::Execute);
                let name = command::name(&command);
                self.command = Some(command);
                Some(name)
            }
        }
    }

    fn next(&mut self, device: &mut Device) -> Option<Action> {
        if let Some(step) = self.steps.pop_front() {
            return Some(step);
        }
        let command = self.command.take()?;
        let answer = self.commands(device).run(&command);
        let memory = self.memory.to_json();
        if device.ledger.own != memory {
            device.ledger.own = memory;
        }
        let name = command::name(&command);
        let frame = match &mut self.level {
            Level::Open => return None,
            Level::One(level) => level.answer(answer),
            Level::Two(level) => level.answer(answer),
        };
        self.steps.push_back(Action::answer(name.clone(), frame));
        if self.ram.reboots {
            self.level = Level::Open;
            self.ram = Ram::default();
        }
        Some(Action::Executed(name))
    }

    fn meanwhile(&mut self, byte: u8) -> Option<(String, Action)> {
        match &self.level {
            Level::One(level) => level.meanwhile(byte),
            Level::Open | Level::Two(_) => None,
        }
    }

    fn power_off(&mut self, _device: &mut Device) {
        self.level = Level::Open;
        self.ram = Ram::default();
        self.steps.clear();
        self.command = None;
    }

    fn power_on(&mut self, device: &mut Device) {
        self.memory = Memory::from_json(device);
        self.commands(device).start();
        device.ledger.own = self.memory.to_json();
    }
}
