//! What a refusal of the register means for the task.

use outlet_protocols::shtrih::command::ParameterError;
use outlet_protocols::shtrih::refusal::{Class, Refusal as Said};
use serde_json::{Value, json};

use crate::register::{Line, Refusal, Refused, Trouble};

/// A refusal by the register.
pub fn by_register(line: &Line<'_>, said: Said) -> Trouble {
    let class = class(said);
    let remedy = remedy(class, said.class);
    let message = format!("{}: {said}{remedy}", line.link());
    let code = |value: u32, width: usize| format!("{value:0width$X}");
    let command = code(said.command.into(), if said.command > 0xff { 4 } else { 2 });
    let said = json!({"command": command, "code": code(said.code.into(), 2), "text": said.text});
    Trouble::Refused(Refused { class, message, said })
}

/// A parameter that its command can't hold: nothing was sent.
pub fn by_codec(line: &Line<'_>, error: &ParameterError) -> Trouble {
    here(line, Refusal::Task, &error.to_string())
}

/// A refusal by the driver.
pub fn here(line: &Line<'_>, class: Refusal, why: &str) -> Trouble {
    let message = format!("{}: {why}", line.link());
    Trouble::Refused(Refused { class, message, said: Value::Null })
}

fn class(said: Said) -> Refusal {
    match said.class {
        Class::Printing => Refusal::Busy,
        Class::ContinuePrint | Class::Paper => Refusal::Paper,
        Class::Printer | Class::Device => Refusal::Blocked,
        Class::ShiftExpired => Refusal::ShiftExpired,
        Class::ShiftClosed => Refusal::ShiftClosed,
        Class::ShiftOpen => Refusal::ShiftOpen,
        Class::DocumentOpen => Refusal::DocumentOpen,
        Class::Clock => Refusal::Clock,
        Class::Password => Refusal::Password,
        Class::Unsupported => Refusal::Unsupported,
        // 2E and 46: not enough cash in the drawer.
        Class::Sums if matches!(said.code, 0x2e | 0x46) => Refusal::NoCash,
        Class::Parameters | Class::Sums | Class::Marking | Class::NoData => Refusal::Task,
        Class::Storage | Class::Operator => Refusal::Storage,
        _ => Refusal::Other,
    }
}

/// What to do about it, where the register's own text doesn't say it.
fn remedy(class: Refusal, said: Class) -> &'static str {
    match class {
        Refusal::Paper => "; put in paper and close the cover",
        Refusal::ShiftExpired => "; send closeShift, then openShift",
        Refusal::ShiftClosed => "; send openShift",
        Refusal::ShiftOpen => "; send closeShift first",
        Refusal::DocumentOpen => "; the next job cancels it",
        Refusal::Clock => "; close the shift and send setDateTime",
        Refusal::Password => "; set `password` and `administrator_password` to those of its table 2",
        Refusal::NoCash => "; put cash in first, with cashIn",
        Refusal::Unsupported => "; choose the `model` and the `ffd` that this register has",
        Refusal::Blocked => "; the register's service has to look at it",
        _ if said == Class::Overflow => "; send closeShift",
        _ if said == Class::Parameters => "; compare the task with the register's registration and `ffd`",
        _ => "",
    }
}
