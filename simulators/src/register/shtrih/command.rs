//! Which command is which, who may give it and when.

use super::super::device::Device;
use super::ShtrihSpec;
use super::code::{self, Code};
use super::fields::Fields;
use super::memory::{Memory, Ram};

/// The fields of an answer after the error byte, or the error.
pub(super) type Answer = Result<Vec<u8>, Code>;

/// Number of the system administrator.
pub(super) const ADMINISTRATOR: u8 = 30;

/// A register that executes commands.
pub(super) struct Commands<'a> {
    pub spec: &'a ShtrihSpec,
    pub memory: &'a mut Memory,
    pub ram: &'a mut Ram,
    pub device: &'a mut Device,
    /// Number of the operator whose password came with the command.
    pub operator: u8,
}

/// The code of a command or answer: two bytes after FF, else one.
fn code_of(command: &[u8]) -> Option<(u16, &[u8])> {
    match command {
        [0xFF, second, rest @ ..] => Some((0xFF00 | u16::from(*second), rest)),
        [first, rest @ ..] => Some((u16::from(*first), rest)),
        [] => None,
    }
}

/// The code of a command or answer as the vendor writes it: `10`, `FF45`.
pub(super) fn name(command: &[u8]) -> String {
    match code_of(command) {
        Some((code, _)) => format!("{code:02X}"),
        None => "empty".to_owned(),
    }
}

impl<'a> Commands<'a> {
    pub fn new(
        spec: &'a ShtrihSpec,
        memory: &'a mut Memory,
        ram: &'a mut Ram,
        device: &'a mut Device,
    ) -> Self {
        Self { spec, memory, ram, device, operator: 0 }
    }

    /// Executes a command; the answer is its code, an error byte, and without an error the fields.
    pub fn run(&mut self, command: &[u8]) -> Vec<u8> {
        let Some((code, parameters)) = code_of(command) else { return vec![0x00, code::UNSUPPORTED] };
        let mut answer = if code > 0xFF { code.to_be_bytes().to_vec() } else { vec![code as u8] };
        match self.answer(code, parameters) {
            // Without the error byte the answer is told from an error by its operator alone.
            Ok(fields) if code == 0xE0 && self.spec.plain_shift_answer => answer.extend(fields),
            Ok(fields) => {
                answer.push(0);
                answer.extend(fields);
            }
            Err(error) => answer.push(error),
        }
        answer
    }

    fn answer(&mut self, code: u16, parameters: &[u8]) -> Answer {
        let Some(known) = self.known(code) else {
            self.device.violation(format!("unknown command {code:02X}"));
            return Err(code::UNSUPPORTED);
        };
        let mut fields = Fields::new(parameters);
        if known.who != Who::Anyone {
            self.operator = self.operator_of(fields.number(4)?)?;
            let enough = match known.who {
                Who::Administrators => self.operator >= 29,
                Who::SystemAdministrator => self.operator == ADMINISTRATOR,
                Who::Anyone | Who::Operators => true,
            };
            if !enough {
                return Err(code::PASSWORD);
            }
        }
        if self.memory.unconfirmed.is_some() && !known.without_date {
            return Err(code::CONFIRM_DATE);
        }
        if known.prints {
            self.may_print()?;
        }
        let answer = (known.run)(self, &mut fields)?;
        if fields.left() > 0 {
            self.device.violation(format!("command {code:02X}: {} bytes too many", fields.left()));
        }
        Ok(answer)
    }

    /// The row of table 2 whose password this is.
    fn operator_of(&self, password: i64) -> Result<u8, Code> {
        let known = |row: &u8| {
            let stored = self.memory.field(2, u16::from(*row), 1);
            stored.iter().rev().fold(0, |number, &byte| number << 8 | i64::from(byte)) == password
        };
        (1..=ADMINISTRATOR).find(known).ok_or(code::PASSWORD)
    }

    /// Paper, cover and the document before allow printing (protocol, appendix 1, submodes).
    fn may_print(&mut self) -> Result<(), Code> {
        if self.device.is_busy() {
            self.device.busy_answered();
            return Err(code::PRINTING);
        }
        match self.submode() {
            0 => Ok(()),
            3 => Err(code::CONTINUE),
            _ => Err(code::PAPER),
        }
    }

    fn known(&self, code: u16) -> Option<Known<'a>> {
        let known = match code {
            0x10 => Known { without_date: true, ..query(Self::short_status) },
            0x11 => Known { without_date: true, ..query(Self::long_status) },
            0x12 => printing(Self::print_wide),
            0x17 => printing(Self::print_text),
            0x1A => query(Self::money_register),
            0x1B => query(Self::operation_register),
            0x1E => administrator(Self::write_table),
            0x1F => administrator(Self::read_table),
            0x21 => Known { without_date: true, ..administrator(Self::set_time) },
            0x22 => Known { without_date: true, ..administrator(Self::set_date) },
            0x23 => Known { without_date: true, ..administrator(Self::confirm_date) },
            0x25 => printing(Self::cut),
            0x28 => query(Self::open_drawer),
            0x29 => printing(Self::feed),
            0x2D => administrator(Self::table_structure),
            0x2E => administrator(Self::field_structure),
            0x2F => printing(Self::print_font),
            0x40 => Known { who: Who::Administrators, ..printing(Self::x_report) },
            0x41 => Known { who: Who::Administrators, ..printing(Self::z_report) },
            0x50 => printing(Self::cash_in),
            0x51 => printing(Self::cash_out),
            0x80 => printing(|register, fields| register.old_item(fields, 1)),
            0x81 => printing(|register, fields| register.old_item(fields, 3)),
            0x82 => printing(|register, fields| register.old_item(fields, 2)),
            0x83 => printing(|register, fields| register.old_item(fields, 4)),
            0x85 => printing(Self::old_close),
            0x86 => printing(|register, fields| register.discount(fields, -1)),
            0x87 => printing(|register, fields| register.discount(fields, 1)),
            0x88 => printing(Self::cancel_receipt),
            0x89 => query(Self::subtotal),
            0x8C => printing(Self::repeat_document),
            0x8D => printing(Self::open_receipt),
            0xB0 => query(Self::continue_printing),
            0xC2 => printing(Self::print_ean13),
            0xDD => query(Self::load_symbol),
            0xDE => printing(Self::print_symbol),
            0xE0 => printing(Self::open_shift),
            0xF7 => anyone(Self::model_parameters),
            0xFC => anyone(Self::device_type),
            0xFE => anyone(Self::service),
            0xFF01 => query(Self::storage_status),
            0xFF02 => query(Self::storage_number),
            0xFF03 => query(Self::storage_term),
            0xFF04 => query(Self::storage_version),
            0xFF08 => query(Self::cancel_storage_document),
            0xFF09 => query(Self::registration),
            0xFF0A => query(Self::find_document),
            0xFF0C => query(Self::document_tags),
            0xFF35 => query(Self::begin_correction),
            0xFF39 => query(Self::exchange_status),
            0xFF3A => query(Self::begin_reading),
            0xFF3B => query(Self::read_structure),
            0xFF3F => query(Self::unconfirmed_documents),
            0xFF40 => query(Self::shift_parameters),
            0xFF41 => query(Self::begin_shift_opening),
            0xFF42 => query(Self::begin_shift_closing),
            0xFF45 if !self.spec.old_commands => printing(Self::close_receipt),
            0xFF46 if !self.spec.old_commands => printing(Self::item),
            0xFF4A if !self.spec.old_commands => printing(Self::correction),
            0xFF4D if !self.spec.old_commands => query(Self::item_tags),
            0xFF61 if self.spec.ffd == super::Ffd::V12 => query(Self::check_mark),
            0xFF67 if !self.spec.old_commands => query(Self::bind_mark),
            0xFF69 if self.spec.ffd == super::Ffd::V12 => query(Self::accept_mark),
            _ => return None,
        };
        Some(known)
    }
}

/// What is known of a command before it runs.
struct Known<'a> {
    run: Run<'a>,
    who: Who,
    /// Needs paper, and that nothing is being printed.
    prints: bool,
    /// Works while the date waits for its confirmation.
    without_date: bool,
}

/// Whose password a command takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// None is sent.
    Anyone,
    /// Any of table 2.
    Operators,
    /// 29 and 30.
    Administrators,
    /// 30.
    SystemAdministrator,
}

type Run<'a> = fn(&mut Commands<'a>, &mut Fields<'_>) -> Answer;

fn query(run: Run<'_>) -> Known<'_> {
    Known { run, who: Who::Operators, prints: false, without_date: false }
}

fn printing(run: Run<'_>) -> Known<'_> {
    Known { prints: true, ..query(run) }
}

fn administrator(run: Run<'_>) -> Known<'_> {
    Known { who: Who::SystemAdministrator, ..query(run) }
}

fn anyone(run: Run<'_>) -> Known<'_> {
    Known { who: Who::Anyone, without_date: true, ..query(run) }
}
