//! What the register's refusals mean for a task.

use outlet_protocols::atol::answer::AnswerError;
use outlet_protocols::atol::errors::{Class, Code, extended_text};
use serde_json::json;

use crate::register::{Line, Refusal, Refused, Trouble};

/// A refusal, or an answer that makes no sense. `reason` is that of register 37, where it was asked.
pub(super) fn trouble(line: &Line<'_>, command: u8, error: &AnswerError, reason: Option<u16>) -> Trouble {
    match error.code() {
        Some(code) => Trouble::Refused(refused(line, command, code, reason)),
        None => line.lost(format_args!("command {command:02X}: {error}")),
    }
}

/// A refusal in words.
pub(super) fn refused(line: &Line<'_>, command: u8, code: Code, reason: Option<u16>) -> Refused {
    let class = class(code);
    let text = match reason {
        Some(reason) => format!("{code} ({reason:04X}: {})", extended_text(reason)),
        None => code.to_string(),
    };
    let message = format!("{}: command {command:02X}: {text}; {}", line.link(), remedy(class));
    let said = json!({
        "command": format!("{command:02X}"),
        "code": format!("{:02X}", code.0),
        "reason": reason.map(|reason| format!("{reason:04X}")),
        "text": text,
    });
    Refused { class, message, said }
}

/// A task that can't be told to the register.
pub(super) fn task(line: &Line<'_>, wrong: impl std::fmt::Display) -> Trouble {
    let message = format!("{}: {wrong}", line.link());
    Trouble::Refused(Refused { class: Refusal::Task, said: json!({"text": message}), message })
}

fn class(code: Code) -> Refusal {
    match code.class() {
        Class::Paper => Refusal::Paper,
        Class::Printer => Refusal::Busy,
        Class::ShiftExpired => Refusal::ShiftExpired,
        Class::ShiftOpen => Refusal::ShiftOpen,
        Class::ShiftClosed => Refusal::ShiftClosed,
        Class::ReceiptOpen => Refusal::DocumentOpen,
        Class::NoCash => Refusal::NoCash,
        Class::Sums | Class::Invalid | Class::NoData | Class::AskMore => Refusal::Task,
        Class::Password => Refusal::Password,
        Class::Clock => Refusal::Clock,
        Class::Storage | Class::StorageEnd | Class::Exchange => Refusal::Storage,
        Class::Unsupported => Refusal::Unsupported,
        Class::WrongMode | Class::ReceiptClosed | Class::Other => Refusal::Other,
    }
}

fn remedy(class: Refusal) -> &'static str {
    match class {
        Refusal::Paper => "put in paper and close the cover",
        Refusal::Busy => "look at the printer: cover, cutter, power",
        Refusal::ShiftExpired => "send closeShift, then openShift",
        Refusal::ShiftOpen => "send closeShift first",
        Refusal::ShiftClosed => "send openShift first",
        Refusal::DocumentOpen => "the next task cancels it",
        Refusal::NoCash => "put cash in with cashIn first",
        Refusal::Password => "set options.password, options.cashier and options.administrator",
        Refusal::Clock => "check the register's clock, and set it with setDateTime while the shift is closed",
        Refusal::Storage => "ask for getFnStatus and ofdExchangeStatus, and call the service",
        Refusal::Unsupported => "this model or its settings don't allow it",
        Refusal::Task => "correct the task",
        _ => "ask for getDeviceStatus",
    }
}
