//! A receipt as commands: worked out before the first of them is sent, and at intake to see that it can be.

use outlet_protocols::codepage::{Page, transliterate};
use outlet_protocols::fiscal::{
    Correction as Corrected, Item, Money, PaymentType, Position, Receipt, Tag, VatType,
};
use outlet_protocols::shtrih::command::{
    BeginCorrection, BindMarking, CheckMarking, CloseReceipt, Correction, DocumentTags, Item as ItemCommand,
    ItemTags, OldCloseReceipt, OldItem, OpenReceipt, Passwords, Payments, Request, TaxSums, in_commands,
};
use outlet_protocols::shtrih::vat::VatBytes;

use super::models::Model;
use super::options::Ffd;
use super::talk::Made;
use super::{paper, tags};

/// What of a register decides how a receipt is made.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The model.
    pub model: &'static Model,
    /// Format of fiscal documents.
    pub ffd: Ffd,
    /// The passwords.
    pub passwords: Passwords,
    /// The VAT bytes.
    pub vat: VatBytes,
    /// The drawer that is opened.
    pub drawer: u8,
}

/// What the register told of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// It runs the vendor's common cash core, which takes what belongs to an item before the item.
    pub cash_core: bool,
    /// It has a cutter.
    pub cutter: bool,
    /// Characters of a line in font 1.
    pub width: usize,
}

impl Default for Features {
    fn default() -> Self {
        Self { cash_core: false, cutter: false, width: 36 }
    }
}

/// A receipt as commands.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Marking codes to be checked before.
    pub marks: Vec<CheckMarking>,
    /// What is sent in this order.
    pub body: Vec<Made>,
    /// What makes it a fiscal document.
    pub close: Close,
}

/// The closing command.
#[derive(Debug, Clone)]
pub enum Close {
    /// `FF45`.
    Receipt(CloseReceipt),
    /// `FF4A`.
    Correction(Correction),
    /// `85`.
    Old(OldCloseReceipt),
}

impl Plan {
    /// Whether the register tells the sum of the items before it is closed.
    pub fn is_summed_up(&self) -> bool {
        !matches!(self.close, Close::Correction(_))
    }
}

impl Close {
    /// Its code.
    pub fn code(&self) -> u16 {
        match self {
            Self::Receipt(close) => close.code(),
            Self::Correction(close) => close.code(),
            Self::Old(close) => close.code(),
        }
    }
}

/// What of a receipt these registers can't hold: the field, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {why}")]
pub struct Unfit {
    /// Path of the field.
    pub at: String,
    /// What is wrong, and the remedy.
    pub why: String,
}

impl Unfit {
    /// Something wrong with a field.
    pub fn new(at: impl Into<String>, why: impl ToString) -> Self {
        Self { at: at.into(), why: why.to_string() }
    }
}

/// The commands of a receipt that bears a tag.
///
/// # Errors
/// The first field that the commands can't hold.
pub fn plan(receipt: &Receipt, tag: Tag, setup: &Setup, features: Features) -> Result<Plan, Unfit> {
    let mut maker = Maker { setup, features, body: Vec::new(), marks: Vec::new() };
    match &receipt.correction {
        Some(correction) if setup.ffd == Ffd::V105 => {
            let close = sum_correction(receipt, correction)?;
            maker.add("", &BeginCorrection)?;
            maker.document_tags(receipt, tag)?;
            Made::new(&close, setup.passwords).map_err(|error| Unfit::new("total", error))?;
            Ok(maker.closed_by(Close::Correction(close)))
        }
        correction => {
            maker.add("", &OpenReceipt { operation: receipt.operation, correction: correction.is_some() })?;
            maker.items(receipt)?;
            maker.document_tags(receipt, tag)?;
            let close = match setup.model.old_items {
                true => Close::Old(close_old(receipt)),
                false => Close::Receipt(close(receipt)),
            };
            match &close {
                Close::Receipt(close) => Made::new(close, setup.passwords),
                Close::Correction(close) => Made::new(close, setup.passwords),
                Close::Old(close) => Made::new(close, setup.passwords),
            }
            .map_err(|error| Unfit::new("payments", error))?;
            Ok(maker.closed_by(close))
        }
    }
}

struct Maker<'a> {
    setup: &'a Setup,
    features: Features,
    body: Vec<Made>,
    marks: Vec<CheckMarking>,
}

impl Maker<'_> {
    fn closed_by(self, close: Close) -> Plan {
        Plan { marks: self.marks, body: self.body, close }
    }

    fn add<R: Request>(&mut self, at: &str, request: &R) -> Result<(), Unfit> {
        let made = Made::new(request, self.setup.passwords).map_err(|error| Unfit::new(at, error))?;
        self.body.push(made);
        Ok(())
    }

    fn items(&mut self, receipt: &Receipt) -> Result<(), Unfit> {
        for (index, item) in receipt.items.iter().enumerate() {
            let at = format!("items[{index}]");
            match item {
                Item::Position(position) if self.setup.model.old_items => {
                    self.old_position(&at, position, receipt)?;
                }
                Item::Position(position) => self.position(&at, position, receipt)?,
                Item::Text(line) => {
                    let made = paper::text(line, self.features.width, self.setup.passwords);
                    self.body.extend(made.map_err(|error| Unfit::new(format!("{at}.text"), error))?);
                }
                Item::Barcode(barcode) => {
                    let made = paper::barcode(barcode, self.setup.passwords);
                    self.body.extend(made.map_err(|why| Unfit::new(format!("{at}.barcode"), why))?);
                }
            }
        }
        Ok(())
    }

    fn position(&mut self, at: &str, position: &Position, receipt: &Receipt) -> Result<(), Unfit> {
        readable(&format!("{at}.name"), &position.name)?;
        let vat = self.setup.vat.byte(position.tax.kind).ok_or_else(|| no_vat(at, position.tax.kind))?;
        let item = ItemCommand {
            operation: receipt.operation,
            quantity: position.quantity.millionths(),
            price: price(position).ok_or_else(|| no_price(at))?.minor(),
            amount: Some(position.amount.minor()),
            tax_sum: None,
            vat,
            department: position.department.unwrap_or(1),
            method: position.method.number(),
            subject: position.object.number(),
            name: position.name.clone(),
            printed: true,
        };
        // What the register is told of an item comes behind it, or before it on the cash core.
        let mut about =
            Maker { setup: self.setup, features: self.features, body: Vec::new(), marks: Vec::new() };
        let tags = tags::of_unit(at, position, self.setup.ffd)?;
        if !tags.is_empty() {
            about.add(&format!("{at}.measurementUnit"), &ItemTags(tags))?;
        }
        if let Some(code) = &position.marking {
            let at = format!("{at}.imcParams");
            about.add(&at, &BindMarking { code: code.bytes(), by_volume: false })?;
            let check = tags::check(code, Some(position));
            Made::new(&check, self.setup.passwords).map_err(|error| Unfit::new(&at, error))?;
            self.marks.push(check);
        }
        if self.features.cash_core {
            self.body.append(&mut about.body);
        }
        self.add(at, &item)?;
        self.body.append(&mut about.body);
        Ok(())
    }

    fn old_position(&mut self, at: &str, position: &Position, receipt: &Receipt) -> Result<(), Unfit> {
        readable(&format!("{at}.name"), &position.name)?;
        let group = self.setup.vat.group(position.tax.kind).ok_or_else(|| no_vat(at, position.tax.kind))?;
        let price = [Some(position.price), position.net_price()]
            .into_iter()
            .flatten()
            .find(|price| price.times(position.quantity) == position.amount)
            .ok_or_else(|| no_price(at))?;
        let item = OldItem {
            operation: receipt.operation,
            quantity: position.quantity.millionths(),
            price: price.minor(),
            department: position.department.unwrap_or(1),
            taxes: [group, 0, 0, 0],
            name: position.name.clone(),
        };
        self.add(at, &item)
    }

    fn document_tags(&mut self, receipt: &Receipt, tag: Tag) -> Result<(), Unfit> {
        if !self.setup.model.storage {
            return Ok(());
        }
        let commands = in_commands(&tags::of_document(receipt, tag, self.setup.ffd)?);
        let commands = commands.map_err(|error| Unfit::new("clientInfo", error))?;
        commands.into_iter().try_for_each(|tags| self.add("", &DocumentTags(tags)))
    }
}

fn close(receipt: &Receipt) -> CloseReceipt {
    let paid = |kind| receipt.paid(kind).minor();
    let mut electronic = [0; 12];
    electronic[0] = paid(PaymentType::Electronically);
    let payments = Payments {
        cash: paid(PaymentType::Cash),
        electronic,
        prepaid: paid(PaymentType::Prepaid),
        credit: paid(PaymentType::Credit),
        exchange: paid(PaymentType::Other),
    };
    CloseReceipt {
        payments,
        rounding: 0,
        taxes: TaxSums::default(),
        taxation: receipt.taxation,
        text: String::new(),
    }
}

fn close_old(receipt: &Receipt) -> OldCloseReceipt {
    let paid = |kind| receipt.paid(kind).minor();
    OldCloseReceipt {
        payments: [paid(PaymentType::Cash), paid(PaymentType::Electronically), 0, 0],
        discount: 0,
        taxes: [0; 4],
        text: String::new(),
    }
}

/// A correction of format 1.05: sums alone.
fn sum_correction(receipt: &Receipt, correction: &Corrected) -> Result<Correction, Unfit> {
    let mut taxes = TaxSums::default();
    for (index, position) in receipt.positions().enumerate() {
        let tax = position.tax_sum().minor();
        let (field, sum) = match position.tax.kind {
            VatType::Vat20 | VatType::Vat22 => (&mut taxes.vat20, tax),
            VatType::Vat120 | VatType::Vat122 => (&mut taxes.vat120, tax),
            VatType::Vat10 => (&mut taxes.vat10, tax),
            VatType::Vat110 => (&mut taxes.vat110, tax),
            VatType::Vat0 => (&mut taxes.vat0, position.amount.minor()),
            VatType::None => (&mut taxes.none, position.amount.minor()),
            other => {
                let why = format!("a correction of format 1.05 has no sum for {other}");
                return Err(Unfit::new(format!("items[{index}].tax.type"), why));
            }
        };
        *field += sum;
    }
    let paid = |kind| receipt.paid(kind).minor();
    Ok(Correction {
        by_order: correction.kind.number() == 1,
        operation: receipt.operation,
        total: receipt.total.minor(),
        cash: paid(PaymentType::Cash),
        electronic: paid(PaymentType::Electronically),
        prepaid: paid(PaymentType::Prepaid),
        credit: paid(PaymentType::Credit),
        exchange: paid(PaymentType::Other),
        taxes,
        taxation: receipt.taxation,
    })
}

/// A price that times the quantity is the amount, to the kopeck that the register allows.
fn price(position: &Position) -> Option<Money> {
    let quantity = i128::from(position.quantity.millionths());
    let rounded = (i128::from(position.amount.minor()) * 1_000_000 + quantity / 2).checked_div(quantity)?;
    let near = i64::try_from(rounded).ok().map(Money);
    let fits = |price: &Money| (price.times(position.quantity) - position.amount).minor().abs() <= 1;
    position.net_price().or(near).filter(fits)
}

fn no_price(at: &str) -> Unfit {
    let why = "no price of one unit comes to this amount on the register: divide it into two positions";
    Unfit::new(format!("{at}.amount"), why)
}

fn no_vat(at: &str, vat: VatType) -> Unfit {
    Unfit::new(format!("{at}.tax.type"), format!("this model has no {vat}"))
}

/// A text that stands in fiscal data has no stand-ins that say nothing.
fn readable(at: &str, text: &str) -> Result<(), Unfit> {
    let table = Page::Cp1251.table();
    match text.chars().find(|&c| table.byte(c).is_none() && transliterate(c).is_none()) {
        None => Ok(()),
        Some(c) => Err(Unfit::new(at, format!("cp1251 of the register has no {c:?}: write it otherwise"))),
    }
}
