//! What a refusal of the register means.

use outlet_protocols::datecs::errors::Class;
use outlet_protocols::datecs::{AnswerError, Condition, Dialect, Refusal as Said, Status};
use serde_json::json;

use crate::register::{Line, Refusal, Refused, Trouble};

/// An answer's value, or what its error means for the task.
pub fn heard<T>(dialect: &Dialect, line: &Line<'_>, read: Result<T, AnswerError>) -> Result<T, Trouble> {
    read.map_err(|error| match error {
        AnswerError::Refused { number, refusal, status } => {
            Trouble::Refused(refused(dialect, line, number, refusal, &status))
        }
        AnswerError::Unreadable { .. } => line.lost(error),
    })
}

fn refused(dialect: &Dialect, line: &Line<'_>, number: u16, said: Said, status: &Status) -> Refused {
    let class = class_of(dialect, said, status);
    let code = match said {
        Said::Code(code) => json!(code.0),
        Said::Status(condition) => json!(condition.to_string()),
        Said::Letter(letter) => json!(letter.to_string()),
    };
    let mut words = said.to_string();
    let telling = |condition: &Condition| !condition.is_normal() && *condition != Condition::GeneralError;
    for condition in status.conditions(dialect.status).into_iter().filter(telling) {
        let more = condition.to_string();
        if !words.contains(&more) {
            words = format!("{words}; {more}");
        }
    }
    let message =
        format!("{}: the register refused {}: {words}: {}", line.link(), deed(number), remedy(class, number));
    let said =
        json!({"command": number, "code": code, "text": said.to_string(), "status": status.to_string()});
    Refused { class, message, said }
}

/// By the status bits that name a cause, else by the error code (*X manual*, "Error codes").
fn class_of(dialect: &Dialect, said: Said, status: &Status) -> Refusal {
    let has = |condition: Condition| status.has(dialect.status, condition);
    if has(Condition::PaperOut) || has(Condition::CoverOpen) {
        return Refusal::Paper;
    }
    match said {
        Said::Code(code) => match (code.0, code.class()) {
            // ERR_FP_NO_PAPER, ERR_FP_COVER_IS_OPEN, ERR_FP_WRONG_DATE_TIME, ERR_FP_INVALID_COMMAND.
            (-112_007 | -112_006, _) | (_, Class::Paper | Class::Cover) => Refusal::Paper,
            (-112_004, _) | (_, Class::Clock) => Refusal::Clock,
            (-112_000, _) => Refusal::Unsupported,
            (_, Class::Password) => Refusal::Password,
            (_, Class::ShiftExpired) => Refusal::ShiftExpired,
            (_, Class::ReceiptOpen) => Refusal::DocumentOpen,
            (_, Class::NoCash) => Refusal::NoCash,
            (_, Class::FiscalMemory | Class::Journal) => Refusal::Storage,
            (_, Class::TaxServer) => Refusal::Blocked,
            (_, Class::NotReady) => Refusal::Busy,
            (_, Class::BadCommand | Class::Amount | Class::Payment | Class::NotFound) => Refusal::Task,
            _ => Refusal::Other,
        },
        _ if has(Condition::ShiftExpired) => Refusal::ShiftExpired,
        _ if has(Condition::ClockNotSet) => Refusal::Clock,
        _ if has(Condition::MemoryFull) || has(Condition::JournalFull) => Refusal::Storage,
        Said::Status(Condition::UnknownCommand) => Refusal::Unsupported,
        Said::Status(Condition::SyntaxError | Condition::Overflow) => Refusal::Task,
        Said::Status(_) | Said::Letter(_) => Refusal::Other,
    }
}

/// A command in words.
fn deed(number: u16) -> String {
    let words = match number {
        38 => "to open a non-fiscal receipt",
        39 => "to close a non-fiscal receipt",
        42 => "to print a text",
        43 | 46 => "to open a storno receipt",
        48 => "to open a receipt",
        49 => "to sell an item",
        53 => "a payment",
        54 => "to print a text on the receipt",
        56 => "to close the receipt",
        60 => "to cancel the receipt",
        61 => "to set its clock",
        69 => "a report",
        70 => "to move cash",
        106 => "to open the drawer",
        109 => "to print a copy",
        119 | 125 => "to read its journal",
        _ => return format!("command {number}"),
    };
    format!("{words} (command {number})")
}

fn remedy(class: Refusal, number: u16) -> &'static str {
    match class {
        Refusal::Paper => "put in paper and close the cover",
        Refusal::ShiftExpired => "send closeShift",
        Refusal::DocumentOpen => "the next job cancels what is open",
        Refusal::Clock if number == 61 => "give a time after its last document",
        Refusal::Clock => "send setDateTime",
        Refusal::Storage => "the register's service has to look at its memory and journal",
        Refusal::Password => "correct options.operator (and operators)",
        Refusal::NoCash => "there is not so much cash in the drawer",
        Refusal::Blocked => "the register has to reach its tax server",
        Refusal::Unsupported => "check options and model: the command set seems to be another one",
        Refusal::Busy => "it is tried again",
        Refusal::Task => "correct the task, or the tax groups and payments in the options",
        // The narrow frame has one bit for all of this (*P manual*, command 48).
        _ if matches!(number, 43 | 46 | 48) => {
            "check the operator's password, the original of a storno receipt, and whether the shift is older \
             than 24 hours (send closeShift)"
        }
        _ if number == 70 => "check that there is so much cash in the drawer",
        _ if number == 109 => "a receipt has one copy, and only until the next document",
        _ => "look up the code in the register's manual",
    }
}
