//! Carries out a command: what it is, what keeps it from being carried out, and the numbers that
//! documents get. A command is refused before anything has changed.
//!
//! Conditions are those that the vendors' documents (named at [`wide`](super::wide) and
//! [`commas`](super::commas)) give under each command.

use jiff::civil::DateTime;

use super::DatecsSpec;
use super::day::REPORTS;
use super::dialect::Dialect;
use super::machine::Ram;
use super::memory::{Entry, GROUPS, Kind, Memory, Open, Receipt, write_entry};
use super::money::tax_within;
use super::print::Printout;
use super::refusal::Refusal;
use super::request::{Reply, Request};
use crate::register::clock;
use crate::register::device::Device;

/// Before this year the clock has lost its time.
const FIRST_YEAR: i16 = 2017;

pub(super) fn clock_is_lost(now: DateTime) -> bool {
    now.year() < FIRST_YEAR
}

/// One command being carried out.
pub(super) struct Job<'a> {
    pub dialect: &'static Dialect,
    pub spec: &'a DatecsSpec,
    pub memory: &'a mut Memory,
    pub ram: &'a mut Ram,
    pub device: &'a mut Device,
    pub out: Printout,
}

impl<'a> Job<'a> {
    pub fn new(
        dialect: &'static Dialect,
        spec: &'a DatecsSpec,
        memory: &'a mut Memory,
        ram: &'a mut Ram,
        device: &'a mut Device,
    ) -> Self {
        let out = Printout::new(device.spec.width);
        Self { dialect, spec, memory, ram, device, out }
    }

    /// Does what is asked for, or says why not.
    pub fn run(mut self, request: Request) -> Result<Reply, Refusal> {
        if request.prints() {
            self.mechanism()?;
        }
        let reply = self.answer(request)?;
        let (lines, texts) = self.out.finish();
        self.memory.note_lines(texts);
        if !lines.is_empty() {
            self.device.print(lines);
        }
        Ok(reply)
    }

    fn answer(&mut self, request: Request) -> Result<Reply, Refusal> {
        match request {
            Request::Open(opening) => self.open(opening),
            Request::Sell(sale) => self.sell(sale),
            Request::Subtotal { print, adjust } => self.subtotal(print, adjust),
            Request::Pay { code, sum, texts } => self.pay(code, sum, &texts),
            Request::FiscalText(text) => self.fiscal_text(text),
            Request::Buyer(buyer) => self.buyer(buyer),
            Request::Close => self.close(),
            Request::Cancel => self.cancel(),
            Request::OpenPlain => self.open_plain(),
            Request::PlainText(text) => self.plain_text(text),
            Request::ClosePlain => self.close_plain(),
            Request::Feed(lines) => {
                self.out.feed(lines);
                Ok(Reply::Done)
            }
            Request::Cut => {
                self.out.cut();
                Ok(Reply::Done)
            }
            Request::Drawer => {
                self.device.open_drawer();
                Ok(Reply::Done)
            }
            Request::SetClock(at) => self.set_clock(at),
            Request::Clock => Ok(Reply::Clock(self.device.now())),
            Request::Cash(sum) => self.cash(sum),
            Request::Report { reset } => self.report(reset),
            Request::Duplicate => self.duplicate(),
            Request::Status => Ok(Reply::Status),
            Request::ReceiptStatus => Ok(Reply::ReceiptStatus {
                open: self.open_code(),
                slip: self.memory.slip,
                last: self.memory.last_receipt.clone(),
            }),
            Request::Code => Ok(Reply::Code(self.memory.last_receipt.code.clone())),
            Request::Device { commas } => Ok(Reply::Device { commas }),
            Request::Transaction { with_paid } => Ok(Reply::Transaction {
                open: self.open_code(),
                transaction: self.memory.transaction(),
                with_paid,
            }),
            Request::LastDocument => Ok(Reply::LastDocument(self.last_finished())),
            Request::LastReceipt => Ok(Reply::LastReceipt {
                last: self.memory.last_receipt.clone(),
                z: self.memory.z,
                z_at: self.memory.z_at.clone(),
            }),
            Request::Identity => Ok(Reply::Identity),
            Request::CurrentReceipt => Ok(self.current_receipt()),
            Request::Rates => Ok(Reply::Rates { z: 1 }),
            Request::TaxNumber => Ok(Reply::TaxNumber),
            Request::ReportsLeft => Ok(Reply::ReportsLeft(REPORTS.saturating_sub(self.memory.z))),
            Request::ErrorName(code) => {
                let name = Refusal::name_of(code).ok_or(Refusal::NotFound)?;
                Ok(Reply::ErrorName { code, name })
            }
            Request::Nothing => Ok(Reply::Done),
            Request::Turnover { storno, tax } => Ok(self.turnover(storno, tax)),
            Request::Daily(which) => {
                Ok(Reply::Daily { which, day: self.memory.day.clone(), receipts: self.memory.receipts })
            }
            Request::Find { from, to, kinds } => self.find(from, to, &kinds),
            Request::Prepare(wanted) => self.prepare(&wanted),
            Request::Read(wanted) => self.read(&wanted),
            Request::Line => self.line(),
            Request::PrintDocument(wanted) => self.print_documents(&wanted),
            Request::JournalInfo => self.journal_info(),
        }
    }

    // What keeps a command from being carried out

    fn mechanism(&self) -> Result<(), Refusal> {
        let roll = &self.device.ledger.roll;
        match (roll.cover_open, roll.out) {
            (true, _) => Err(Refusal::CoverOpen),
            (_, true) => Err(Refusal::NoPaper),
            _ => Ok(()),
        }
    }

    pub fn nothing_open(&self) -> Result<(), Refusal> {
        match self.memory.open {
            None => Ok(()),
            Some(Open::Plain { .. }) => Err(Refusal::PlainReceiptOpen),
            Some(Open::Fiscal(_)) => Err(Refusal::ReceiptOpen),
        }
    }

    /// The clock runs, and isn't behind the newest document.
    pub fn clock(&self) -> Result<DateTime, Refusal> {
        let now = self.device.now();
        if clock_is_lost(now) {
            return Err(Refusal::ClockNotSet);
        }
        if clock::iso(now) < self.memory.last_at { Err(Refusal::ClockBehind) } else { Ok(now) }
    }

    pub fn receipt(&self) -> Result<&Receipt, Refusal> {
        match &self.memory.open {
            Some(Open::Fiscal(receipt)) => Ok(receipt),
            Some(Open::Plain { .. }) => Err(Refusal::PlainReceiptOpen),
            None => Err(Refusal::ReceiptClosed),
        }
    }

    pub fn receipt_mut(&mut self) -> Result<&mut Receipt, Refusal> {
        self.memory.receipt_mut().ok_or(Refusal::ReceiptClosed)
    }

    // Numbers

    pub fn begin_document(&mut self) -> u32 {
        self.memory.slip += 1;
        self.memory.documents += 1;
        self.memory.slip
    }

    fn last_finished(&self) -> u32 {
        self.memory.slip - u32::from(self.memory.open.is_some())
    }

    /// A finished document goes into the journal.
    pub fn enter(&mut self, slip: u32, kind: Kind, at: &str, lines: Vec<String>) {
        let z = self.memory.current_z();
        let counter = self.memory.kinds.entry(kind).or_default();
        *counter += 1;
        let number = if kind == Kind::Z { z } else { *counter };
        let entry = Entry { slip, number, at: at.to_owned(), kind, z, lines };
        if self.memory.last_at.as_str() < at {
            self.memory.last_at = at.to_owned();
        }
        write_entry(&mut self.device.ledger, &entry);
    }

    /// 0 nothing, 1 a receipt, 2 to 4 a storno receipt by its reason, 5 a non-fiscal one (X 2.08,
    /// commands 74 and 76).
    fn open_code(&self) -> u8 {
        match &self.memory.open {
            None => 0,
            Some(Open::Plain { .. }) => 5,
            Some(Open::Fiscal(receipt)) => match &receipt.storno {
                None => 1,
                Some(storno) => 2 + u8::try_from(storno.reason).unwrap_or(0),
            },
        }
    }

    /// By tax group: the turnover, or the tax in it.
    fn turnover(&self, storno: bool, tax: bool) -> Reply {
        let day = &self.memory.day;
        let mut groups = if storno { day.returned } else { day.sold };
        if tax {
            for (sum, group) in groups.iter_mut().zip(self.dialect.groups) {
                *sum = tax_within(*sum, group.rate.unwrap_or(0));
            }
        }
        Reply::Turnover { z: self.memory.current_z(), groups }
    }

    fn current_receipt(&self) -> Reply {
        let receipt = self.memory.receipt();
        Reply::CurrentReceipt {
            groups: receipt.map_or([0; GROUPS], |receipt| receipt.groups),
            invoice: receipt.is_some_and(|receipt| receipt.invoice),
            storno: receipt.and_then(|receipt| receipt.storno.as_ref()).map_or(0, |storno| storno.reason + 1),
            may_void: receipt.is_some_and(|receipt| !receipt.items.is_empty() && !receipt.payment_started()),
        }
    }
}
