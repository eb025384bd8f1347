//! Where tasks are understood: passwords, modes, and which command does what.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::number::from_bcd;
use super::params::Params;
use super::receipt::Receipt;
use super::refusal::Refusal;
use super::{AtolSpec, settings};
use crate::register::device::Device;
use crate::register::paper::Line;

/// What a power failure leaves, beside the ledger's common parts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Own {
    pub receipt: Option<Receipt>,
    /// Attributes written while no receipt is open: for the next document.
    pub next_tags: Vec<(u16, Vec<u8>)>,
    /// The last document on paper.
    pub last: Vec<Line>,
}

/// Names of the ledger's parts.
const STATE: &str = "state";
const ITEMS: &str = "items";

/// The answer to a task that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// `55 00 00`: code, error, extended error.
    Done,
    /// `55 00`.
    Short,
    /// `55 00` and data.
    Data(Vec<u8>),
    /// An answer of its own form.
    Raw(Vec<u8>),
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub failed: bool,
    pub bytes: Vec<u8>,
}

/// The register behind the link.
#[derive(Debug)]
pub(super) struct Desk {
    pub spec: AtolSpec,
    pub own: Own,
    /// 0 none, 1 registration, 2 reports, 3 reports that clear, 4 settings, 6 fiscal storage.
    pub mode: u8,
    /// Number of whoever entered the mode.
    pub operator: u8,
    /// Pieces of an attribute that comes in several.
    pub blocks: Vec<u8>,
    /// The document being read with A4 46.
    pub reading: VecDeque<Vec<u8>>,
    /// Command and reason of the last task that failed.
    pub failed: Option<(u8, Refusal)>,
    /// So many more answers say that a report is being printed.
    pub report_answers: u32,
    /// A date ahead of the clock that is to be given again.
    pub date_asked: Option<Vec<u8>>,
}

impl Desk {
    pub fn new(spec: AtolSpec) -> Self {
        Self {
            spec,
            own: Own::default(),
            mode: 0,
            operator: 0,
            blocks: Vec::new(),
            reading: VecDeque::new(),
            failed: None,
            report_answers: 0,
            date_asked: None,
        }
    }

    /// Power is on: what was kept is there again, what was in memory is not.
    pub fn start(&mut self, device: &Device) {
        let kept = |part: &str| device.ledger.own.get(part).cloned().unwrap_or_default();
        let mut own: Own = serde_json::from_value(kept(STATE)).unwrap_or_default();
        if let Some(receipt) = &mut own.receipt {
            receipt.items = serde_json::from_value(kept(ITEMS)).unwrap_or_default();
        }
        *self = Self { own, ..Self::new(self.spec.clone()) };
    }

    /// Puts into the ledger what a power failure leaves. Positions are many and only ever added,
    /// so that each is written once.
    fn keep(&self, device: &mut Device) {
        let ledger = &mut device.ledger.own;
        let mut kept = match ledger.get_mut(ITEMS).map(serde_json::Value::take) {
            Some(serde_json::Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let items = self.own.receipt.as_ref().map_or(&[][..], |receipt| &receipt.items);
        kept.truncate(items.len());
        kept.extend(items.iter().skip(kept.len()).filter_map(|item| serde_json::to_value(item).ok()));
        let state = serde_json::to_value(&self.own).unwrap_or_default();
        *ledger = serde_json::json!({ STATE: state });
        if let Some(ledger) = ledger.as_object_mut() {
            ledger.insert(ITEMS.to_owned(), kept.into());
        }
    }

    /// Does a task: `password2 command parameters`.
    pub fn execute(&mut self, task: &[u8], device: &mut Device) -> Outcome {
        let result = self.run(task, device);
        if !only_asks(task) {
            self.keep(device);
        }
        match result {
            Ok(reply) => Outcome { failed: false, bytes: reply.bytes() },
            Err(refusal) => {
                self.failed = Some((command(task).unwrap_or(0), refusal));
                Outcome { failed: true, bytes: vec![0x55, refusal.code, 0] }
            }
        }
    }

    fn run(&mut self, task: &[u8], device: &mut Device) -> Result<Reply, Refusal> {
        let mut params = Params::new(task);
        let password = from_bcd(params.take(2)?).ok_or(Refusal::PASSWORD)?;
        let wanted = settings::access_password(device).unwrap_or(self.spec.access_password.into());
        if password != wanted {
            return Err(Refusal::PASSWORD);
        }
        let code = params.byte()?;
        if self.report_answers > 0 && !only_asks(task) {
            return Err(Refusal::MODE);
        }
        let params = &mut params;
        match code {
            0x3F => self.status(params, device),
            0x45 => self.short_status(params, device),
            0x46 => self.read_table(params, device),
            0x47 | 0x88 => Ok(Reply::Done),
            0x48 => self.leave_mode(params),
            0x49 => self.cash_in(params, device),
            0x4A => self.close_receipt(params, device),
            0x4B => self.set_time(params, device),
            0x4C => self.print_text(params, device),
            0x4D => self.cash(params, device),
            0x4F => self.cash_out(params, device),
            0x50 => self.write_table(params, device),
            0x56 => self.enter_mode(params),
            0x58 => self.last_shift(params, device),
            0x59 => self.cancel_receipt(params, device),
            0x5A => self.close_shift(params, device),
            0x64 => self.set_date(params, device),
            0x67 => self.report(params, device),
            0x6C => self.print_heading(device),
            0x73 => self.print_footing(device),
            0x75 => self.cut(params, device),
            0x80 | 0x85 => self.open_drawer(device),
            0x87 => self.print_field(params, device),
            0x91 => self.read_register(params, device),
            0x92 => self.open_receipt(params, device),
            0x95 => self.print_again(device),
            0x97 => self.forget_last(),
            0x99 => self.pay(params),
            0x9A => self.open_shift(params, device),
            0x9D => self.version(params),
            0xA4 => self.storage(params, device),
            0xA5 => self.device_info(params),
            0xAB => self.print_document(params, device),
            0xB3 => self.last_error(),
            0xC1 => self.print_barcode(params, device),
            0xE8 => self.write_tag(params),
            0xE9 => self.read_tag(params, device),
            0xEA => self.begin_item(params),
            0xEB => self.end_item(params, device),
            0xED => self.set_clock(params, device),
            0x55 | 0xEE => self.print_rest(device),
            other => {
                device.violation(format!("command {other:02X} is not one that this register knows"));
                Err(Refusal::UNSUPPORTED)
            }
        }
    }

    /// `56 mode password4`. By default the password of a cashier or administrator is his number.
    fn enter_mode(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        let (mode, password) = (params.byte()?, params.bcd(4)?);
        params.end()?;
        if self.mode != 0 {
            return Err(Refusal::MODE);
        }
        let operator = (1..=30u8).find(|number| u64::from(*number) == password).ok_or(Refusal::PASSWORD)?;
        let allowed = match mode {
            1 => true,
            2 | 3 => operator >= 29,
            4 | 6 => operator == 30,
            _ => return Err(Refusal::MODE),
        };
        if !allowed {
            return Err(Refusal::PASSWORD);
        }
        if mode != 1 && self.own.receipt.is_some() {
            return Err(Refusal::RECEIPT_OPEN);
        }
        self.mode = mode;
        self.operator = operator;
        Ok(Reply::Done)
    }

    /// `48`.
    fn leave_mode(&mut self, params: &mut Params) -> Result<Reply, Refusal> {
        params.end()?;
        if self.own.receipt.is_some() && self.mode != 0 {
            return Err(Refusal::RECEIPT_OPEN);
        }
        self.mode = 0;
        Ok(Reply::Done)
    }

    /// `B3` -> the code of the last task that failed.
    fn last_error(&self) -> Result<Reply, Refusal> {
        Ok(Reply::Data(vec![self.failed.map_or(0, |(_, refusal)| refusal.code)]))
    }

    pub(super) fn need_mode(&self, mode: u8) -> Result<(), Refusal> {
        if self.mode == mode { Ok(()) } else { Err(Refusal::MODE) }
    }
}

impl Reply {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Done => vec![0x55, 0, 0],
            Self::Short => vec![0x55, 0],
            Self::Data(data) => [vec![0x55, 0], data].concat(),
            Self::Raw(bytes) => bytes,
        }
    }
}

/// A task's command.
fn command(task: &[u8]) -> Option<u8> {
    task.get(2).copied()
}

/// The name of a task's command, as moments have it: `EB`, `A445`.
pub(super) fn name(task: &[u8]) -> String {
    match (command(task), task.get(3)) {
        (Some(code @ 0xA4), Some(sub)) => format!("{code:02X}{sub:02X}"),
        (Some(code), _) => format!("{code:02X}"),
        (None, _) => "none".to_owned(),
    }
}

/// Whether a task only asks: it changes nothing and is answered at once.
pub(super) fn only_asks(task: &[u8]) -> bool {
    const ASKS: [u8; 12] = [0x3F, 0x45, 0x46, 0x4D, 0x58, 0x91, 0x9D, 0xA4, 0xA5, 0xB3, 0xE9, 0x47];
    command(task).is_some_and(|code| ASKS.contains(&code))
}
