//! What a register can do, and whether a task is within that.

use schemars::JsonSchema;
use serde::Serialize;

use super::words::BarcodeType;
use super::{
    Item, Line, MeasurementUnit, Money, PaymentMethod, PaymentObject, PaymentType, Position, Problem,
    Receipt, Task, TaskKind, TaxationType, VatType,
};

/// What a register can do: its driver says it, its device document shows it.
///
/// What isn't listed is `unsupported` before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Abilities {
    /// Tasks and receipts.
    pub tasks: Vec<TaskKind>,
    /// Rates of value-added tax.
    pub vats: Vec<VatType>,
    /// With what a receipt may be paid.
    pub payments: Vec<PaymentType>,
    /// How an item may be paid.
    pub methods: Vec<PaymentMethod>,
    /// What an item may be.
    pub objects: Vec<PaymentObject>,
    /// Systems of taxation; empty where the register knows no such thing.
    pub taxations: Vec<TaxationType>,
    /// Symbologies of barcodes; empty where it prints none.
    pub barcodes: Vec<BarcodeType>,
    /// Receipts without paper.
    pub electronic: bool,
    /// The client's mail address or phone number.
    pub client_contact: bool,
    /// The client's name and taxpayer number.
    pub client_vatin: bool,
    /// Marking codes.
    pub marking: bool,
    /// Units of quantity; else only pieces.
    pub units: bool,
    /// Texts and barcodes between the positions of a receipt.
    pub lines_in_receipt: bool,
    /// Positions of a receipt at most.
    pub max_items: usize,
    /// Characters of a position's name at most.
    pub max_name: usize,
    /// Departments, counted from 1; 0 where there are none.
    pub max_department: u8,
    /// Decimals of a quantity at most, 0 to 6.
    pub quantity_decimals: u8,
    /// The largest sum of a position, a payment, a receipt or a cash movement.
    pub max_sum: Money,
}

impl Abilities {
    /// All there is: a driver takes away what its register can't do.
    pub fn all() -> Self {
        Self {
            tasks: TaskKind::ALL.to_vec(),
            vats: VatType::ALL.to_vec(),
            payments: PaymentType::ALL.to_vec(),
            methods: PaymentMethod::ALL.to_vec(),
            objects: PaymentObject::ALL.to_vec(),
            taxations: TaxationType::ALL.to_vec(),
            barcodes: BarcodeType::ALL.to_vec(),
            electronic: true,
            client_contact: true,
            client_vatin: true,
            marking: true,
            units: true,
            lines_in_receipt: true,
            max_items: super::limits::ITEMS,
            max_name: super::limits::NAME,
            max_department: super::limits::DEPARTMENT,
            quantity_decimals: 6,
            max_sum: super::limits::SUM,
        }
    }
}

/// What of a task this register can't do.
pub(super) fn problems(task: &Task, abilities: &Abilities) -> Vec<Problem> {
    let mut judge = Judge { abilities, problems: Vec::new() };
    let kind = task.kind();
    if !abilities.tasks.contains(&kind) {
        judge.can_not("type", format!("this register has no {kind}"), "send it to one that has it");
        return judge.problems;
    }
    match task {
        Task::Receipt(receipt) => judge.receipt(receipt),
        Task::CashIn { sum, .. } | Task::CashOut { sum, .. } => judge.sum("cashSum", *sum),
        Task::NonFiscal { lines } => {
            for (index, line) in lines.iter().enumerate() {
                if let Line::Barcode(barcode) = line {
                    judge.barcode(index, barcode.barcode_type);
                }
            }
        }
        Task::OpenShift { .. }
        | Task::CloseShift { .. }
        | Task::ReportX { .. }
        | Task::OpenCashDrawer
        | Task::ContinuePrint
        | Task::PrintLastReceiptCopy { .. }
        | Task::SetDateTime(_)
        | Task::GetDeviceStatus
        | Task::GetShiftStatus
        | Task::GetFnStatus
        | Task::GetFnDocument { .. }
        | Task::OfdExchangeStatus
        | Task::Marking(_) => {}
    }
    judge.problems
}

struct Judge<'a> {
    abilities: &'a Abilities,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn receipt(&mut self, receipt: &Receipt) {
        let able = self.abilities;
        if let Some(taxation) = receipt.taxation.filter(|taxation| !able.taxations.contains(taxation)) {
            let words = able.taxations.iter().map(|known| known.as_str());
            self.can_not_choose("taxationType", taxation.as_str(), words);
        }
        if receipt.electronically && !able.electronic {
            self.can_not("electronically", "this register prints every receipt", "leave it out");
        }
        if let Some(client) = &receipt.client {
            if client.email_or_phone.is_some() && !able.client_contact {
                self.can_not("clientInfo.emailOrPhone", "this register sends no receipts", "leave it out");
            }
            if (client.name.is_some() || client.vatin.is_some()) && !able.client_vatin {
                self.can_not("clientInfo", "this register names no buyer", "leave out `name` and `vatin`");
            }
        }
        let positions = receipt.positions().count();
        if positions > able.max_items {
            let wrong = format!("{positions} positions, this register takes {}", able.max_items);
            self.can_not("items", wrong, "split the order into several receipts");
        }
        for (index, item) in receipt.items.iter().enumerate() {
            match item {
                Item::Position(position) => self.position(index, position),
                Item::Text(_) | Item::Barcode(_) if !able.lines_in_receipt => {
                    let at = format!("items[{index}]");
                    self.can_not(at, "this register prints only positions on a receipt", "leave it out");
                }
                Item::Text(_) => {}
                Item::Barcode(barcode) => self.barcode(index, barcode.barcode_type),
            }
        }
        for (index, payment) in receipt.payments.iter().enumerate() {
            if !able.payments.contains(&payment.kind) {
                let words = able.payments.iter().map(|known| known.as_str());
                self.can_not_choose(format!("payments[{index}].type"), payment.kind.as_str(), words);
            }
            self.sum(format!("payments[{index}].sum"), payment.sum);
        }
        self.sum("total", receipt.total);
    }

    fn position(&mut self, index: usize, position: &Position) {
        let able = self.abilities;
        let at = |field: &str| format!("items[{index}].{field}");
        let characters = position.name.chars().count();
        if characters > able.max_name {
            let wrong = format!("{characters} characters, this register takes {}", able.max_name);
            self.can_not(at("name"), wrong, "shorten it");
        }
        if !able.vats.contains(&position.tax.kind) {
            let words = able.vats.iter().map(|known| known.as_str());
            self.can_not_choose(at("tax.type"), position.tax.kind.as_str(), words);
        }
        if !able.methods.contains(&position.method) {
            let words = able.methods.iter().map(|known| known.as_str());
            self.can_not_choose(at("paymentMethod"), position.method.as_str(), words);
        }
        if !able.objects.contains(&position.object) {
            let words = able.objects.iter().map(|known| known.as_str());
            self.can_not_choose(at("paymentObject"), position.object.as_str(), words);
        }
        if position.marking.is_some() && !able.marking {
            self.can_not(at("imcParams"), "this register takes no marking codes", "sell it on one that does");
        }
        let is_piece = |unit: &MeasurementUnit| unit.number() == super::Unit::Piece.number();
        if !able.units && position.unit.as_ref().is_some_and(|unit| !is_piece(unit)) {
            self.can_not(at("measurementUnit"), "this register counts pieces only", "leave it out");
        }
        if let Some(department) = position.department.filter(|number| *number > able.max_department) {
            let wrong = format!("department {department}, this register has {}", able.max_department);
            self.can_not(at("department"), wrong, "give one that it has, or none");
        }
        if position.quantity.decimals() > able.quantity_decimals {
            let wrong = format!("{} has more than {} decimals", position.quantity, able.quantity_decimals);
            self.can_not(at("quantity"), wrong, "round it, or give another unit");
        }
        self.sum(at("price"), position.price);
        self.sum(at("amount"), position.amount);
    }

    fn barcode(&mut self, index: usize, kind: BarcodeType) {
        if !self.abilities.barcodes.contains(&kind) {
            let words = self.abilities.barcodes.iter().map(|known| known.as_str());
            self.can_not_choose(format!("items[{index}].barcodeType"), kind.as_str(), words);
        }
    }

    fn sum(&mut self, at: impl Into<String>, sum: Money) {
        if sum > self.abilities.max_sum {
            let wrong = format!("{sum} is more than this register takes, {}", self.abilities.max_sum);
            self.can_not(at, wrong, "split it");
        }
    }

    fn can_not_choose(
        &mut self,
        at: impl Into<String>,
        given: &str,
        known: impl Iterator<Item = &'static str>,
    ) {
        let known: Vec<&str> = known.collect();
        let remedy = match known.is_empty() {
            true => "leave it out".to_owned(),
            false => format!("it has {}", known.join(", ")),
        };
        self.can_not(at, format!("this register has no {given}"), remedy);
    }

    fn can_not(&mut self, at: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::new(at, wrong, remedy));
    }
}
