//! A receipt as the register's commands.

use outlet_protocols::atol::task::{Item, PaymentKind, ReceiptKind, Task};
use outlet_protocols::atol::tlv::{self, Tlv, TlvError, tag};
use outlet_protocols::fiscal::{
    self, Alignment, MeasurementUnit, Money, PaymentObject, PaymentType, Position, Receipt, Tag, TaskKind,
    TextLine, Unit, VatType, Wrap,
};
use thiserror::Error;

use super::model;
use super::options::{Ffd, Options};

/// What makes a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// All commands up to the closing one.
    pub(super) steps: Vec<Step>,
    /// The command that makes it a document.
    pub(super) close: Step,
}

/// A command, and the field it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The command.
    pub(super) task: Task,
    /// Where in the task: `items[2]`.
    pub(super) at: String,
}

/// A receipt that this family can't take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{at}: {wrong}")]
pub(super) struct Unfit {
    pub(super) at: String,
    pub(super) wrong: String,
}

/// The commands of a receipt. `columns` is the width of the paper.
pub(super) fn receipt(
    receipt: &Receipt,
    mark: &Tag,
    options: &Options,
    columns: usize,
) -> Result<Plan, Unfit> {
    let kind = kind(receipt, options.ffd)?;
    let mut steps = vec![step("type", Task::OpenReceipt { kind, print: !receipt.electronically })];
    heads(receipt, mark, &mut steps)?;
    for (index, item) in receipt.items.iter().enumerate() {
        let at = format!("items[{index}]");
        match item {
            fiscal::Item::Position(position) => self::position(position, &at, options, &mut steps)?,
            fiscal::Item::Text(text) => steps.extend(lines(text, &at, columns)),
            fiscal::Item::Barcode(_) => {
                return Err(unfit(at, "this register prints a barcode on a nonFiscal document only"));
            }
        }
    }
    let mut payments = payments(receipt);
    let (last, sum) = payments.pop().unwrap_or((PaymentKind::Cash, 0));
    steps.extend(payments.into_iter().map(|(kind, sum)| step("payments", Task::Payment(kind, sum))));
    Ok(Plan { steps, close: step("payments", Task::CloseReceipt(last, sum)) })
}

/// The attributes that name who works the register.
pub(super) fn operator(operator: Option<&fiscal::Operator>) -> Result<Vec<Step>, Unfit> {
    let mut steps = Vec::new();
    if let Some(operator) = operator {
        steps.push(text("operator.name", tag::CASHIER, &operator.name)?);
        if let Some(vatin) = &operator.vatin {
            steps.push(text("operator.vatin", tag::CASHIER_INN, vatin)?);
        }
    }
    Ok(steps)
}

/// A text as lines of the paper.
pub(super) fn lines(text: &TextLine, at: &str, columns: usize) -> Vec<Step> {
    let columns = columns.max(1);
    let mut out = Vec::new();
    for line in text.text.split('\n') {
        for piece in broken(line.trim_end(), text.wrap, columns) {
            let gap = columns.saturating_sub(piece.chars().count());
            let indent = match text.alignment {
                Alignment::Left => 0,
                Alignment::Center => gap / 2,
                Alignment::Right => gap,
            };
            out.push(step(at, Task::Text(format!("{}{piece}", " ".repeat(indent)))));
        }
    }
    out
}

fn kind(receipt: &Receipt, ffd: Ffd) -> Result<ReceiptKind, Unfit> {
    let old = ffd == Ffd::V105;
    if receipt.correction.is_some() && old && receipt.positions().count() > 1 {
        return Err(unfit(
            "items",
            "a correction by format 1.05 has one position: give the sum of them as one, or one correction each",
        ));
    }
    Ok(match receipt.kind() {
        TaskKind::SellReturn => ReceiptKind::SellReturn,
        TaskKind::Buy => ReceiptKind::Buy,
        TaskKind::BuyReturn => ReceiptKind::BuyReturn,
        TaskKind::SellCorrection => ReceiptKind::SellCorrection,
        TaskKind::BuyCorrection => ReceiptKind::BuyCorrection,
        TaskKind::SellReturnCorrection => ReceiptKind::SellReturnCorrection,
        TaskKind::BuyReturnCorrection => ReceiptKind::BuyReturnCorrection,
        _ => ReceiptKind::Sell,
    })
}

/// Attributes of the receipt as a whole; they stand before its first position.
fn heads(receipt: &Receipt, mark: &Tag, steps: &mut Vec<Step>) -> Result<(), Unfit> {
    steps.push(text("", tag::OWN, mark.as_str())?);
    steps.extend(operator(receipt.operator.as_ref())?);
    if let Some(client) = &receipt.client {
        let told = [
            ("clientInfo.emailOrPhone", tag::BUYER_CONTACT, &client.email_or_phone),
            ("clientInfo.name", tag::BUYER, &client.name),
            ("clientInfo.vatin", tag::BUYER_INN, &client.vatin),
        ];
        for (at, tag, value) in told {
            if let Some(value) = value {
                steps.push(text(at, tag, value)?);
            }
        }
    }
    if let Some(taxation) = receipt.taxation {
        steps.push(attribute("taxationType", Tlv::byte(tag::TAXATION, taxation.bit())));
    }
    if let Some(correction) = &receipt.correction {
        let kind = Tlv::byte(tag::CORRECTION_KIND, correction.kind.number());
        steps.push(attribute("correctionType", kind));
        let number = correction.base_number.as_deref().unwrap_or_default();
        let basis = tlv::correction_basis(correction.base_date, number);
        let basis = basis.map_err(|error| unfit("correctionBaseNumber", error.to_string()))?;
        steps.push(attribute("correctionBaseDate", basis));
    }
    Ok(())
}

fn position(position: &Position, at: &str, options: &Options, steps: &mut Vec<Step>) -> Result<(), Unfit> {
    steps.push(step(at, Task::BeginItem));
    if let Some(code) = &position.marking {
        let at = format!("{at}.imcParams.imc");
        let (gtin, serial) = parts(&code.bytes())
            .ok_or_else(|| unfit(at.clone(), "by format 1.05 a code begins with 01, 14 digits and 21"))?;
        let product = tlv::product_code(DATA_MATRIX, gtin, &serial);
        let product = product.map_err(|error| unfit(at.clone(), error.to_string()))?;
        steps.push(attribute(&at, product));
    }
    let unit_at = format!("{at}.measurementUnit");
    match (options.ffd, &position.unit) {
        (Ffd::V12, unit) => {
            let number = unit.as_ref().map_or(Unit::Piece.number(), MeasurementUnit::number);
            steps.push(attribute(&unit_at, Tlv::byte(tag::UNIT, number)));
        }
        (Ffd::V105, Some(unit)) => steps.push(text(&unit_at, UNIT_TEXT, unit_text(unit))?),
        (Ffd::V105, None) => {}
    }
    let vat = vat(position.tax.kind, options)
        .ok_or_else(|| unfit(format!("{at}.tax.type"), "this register has no such rate"))?;
    let item = Item {
        name: position.name.clone(),
        price: position.price.minor(),
        quantity: position.quantity.millionths(),
        cost: position.amount.minor(),
        vat,
        vat_sum: position.tax.sum.map_or(0, Money::minor),
        department: position.department.unwrap_or(0),
        subject: subject(position.object, options.ffd),
        method: position.method.number(),
        discount: printed_discount(position),
    };
    steps.push(step(at, Task::EndItem(item)));
    Ok(())
}

/// The discount in the cost already, to be shown on paper.
fn printed_discount(position: &Position) -> i64 {
    position.discount.unwrap_or(Money::ZERO).minor()
}

/// The number of a rate in the register's table of taxes.
pub(super) fn vat(kind: VatType, options: &Options) -> Option<u8> {
    options.vats.get(&kind).copied().or_else(|| model::vat(kind))
}

/// Payments of a kind together; cash, from which change is given, last.
fn payments(receipt: &Receipt) -> Vec<(PaymentKind, i64)> {
    const ORDER: [(PaymentType, PaymentKind); 5] = [
        (PaymentType::Prepaid, PaymentKind::Prepaid),
        (PaymentType::Credit, PaymentKind::Credit),
        (PaymentType::Other, PaymentKind::Other),
        (PaymentType::Electronically, PaymentKind::Electronic),
        (PaymentType::Cash, PaymentKind::Cash),
    ];
    ORDER
        .map(|(kind, code)| (code, receipt.paid(kind).minor()))
        .into_iter()
        .filter(|(_, sum)| *sum > 0)
        .collect()
}

/// Tag 1212. Format 1.05 has no kinds for marked goods: there the code in tag 1162 says it.
fn subject(object: PaymentObject, ffd: Ffd) -> u8 {
    match (ffd, object) {
        (Ffd::V105, PaymentObject::ExciseWithoutMarking | PaymentObject::ExciseWithMarking) => {
            PaymentObject::Excise.number()
        }
        (Ffd::V105, PaymentObject::CommodityWithoutMarking | PaymentObject::CommodityWithMarking) => {
            PaymentObject::Commodity.number()
        }
        (_, object) => object.number(),
    }
}

/// The kind of a product code in tag 1162 that a Data Matrix of the marking system has.
const DATA_MATRIX: [u8; 2] = [0x44, 0x4d];

/// Product number and serial number of a GS1 code.
fn parts(code: &[u8]) -> Option<(u64, Vec<u8>)> {
    let rest = code.strip_prefix(b"01")?;
    let (gtin, rest) = rest.split_at_checked(14)?;
    let serial = rest.strip_prefix(b"21")?.split(|byte| *byte == 0x1d).next()?;
    let gtin = std::str::from_utf8(gtin).ok()?.parse().ok()?;
    Some((gtin, serial.to_vec()))
}

/// Tag 1197, the unit of an item as text: format 1.05.
const UNIT_TEXT: u16 = 1197;

/// A unit as people write it.
fn unit_text(unit: &MeasurementUnit) -> &str {
    let unit = match unit {
        MeasurementUnit::Known(unit) => *unit,
        MeasurementUnit::Text(text) => return text,
    };
    match unit {
        Unit::Piece => "шт",
        Unit::Gram => "г",
        Unit::Kilogram => "кг",
        Unit::Ton => "т",
        Unit::Centimeter => "см",
        Unit::Decimeter => "дм",
        Unit::Meter => "м",
        Unit::SquareCentimeter => "кв. см",
        Unit::SquareDecimeter => "кв. дм",
        Unit::SquareMeter => "кв. м",
        Unit::Milliliter => "мл",
        Unit::Liter => "л",
        Unit::CubicMeter => "куб. м",
        Unit::KilowattHour => "кВт ч",
        Unit::Gkal => "Гкал",
        Unit::Day => "сутки",
        Unit::Hour => "час",
        Unit::Minute => "мин",
        Unit::Second => "с",
        Unit::Kilobyte => "Кбайт",
        Unit::Megabyte => "Мбайт",
        Unit::Gigabyte => "Гбайт",
        Unit::Terabyte => "Тбайт",
        Unit::OtherUnits => "ед",
    }
}

fn broken(line: &str, wrap: Wrap, columns: usize) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    match wrap {
        Wrap::None => vec![characters.iter().take(columns).collect()],
        _ if characters.len() <= columns => vec![line.to_owned()],
        Wrap::Chars => characters.chunks(columns).map(|piece| piece.iter().collect()).collect(),
        Wrap::Words => {
            let mut out = vec![String::new()];
            for word in line.split(' ') {
                let used = out.last().map_or(0, |last| last.chars().count());
                let fits = used == 0 || used + 1 + word.chars().count() <= columns;
                if !fits {
                    out.push(String::new());
                } else if used > 0
                    && let Some(last) = out.last_mut()
                {
                    last.push(' ');
                }
                for (at, c) in word.chars().enumerate() {
                    if at > 0 && out.last().is_some_and(|last| last.chars().count() >= columns) {
                        out.push(String::new());
                    }
                    if let Some(last) = out.last_mut() {
                        last.push(c);
                    }
                }
            }
            out
        }
    }
}

fn text(at: &str, tag: u16, value: &str) -> Result<Step, Unfit> {
    let attribute = Tlv::text(tag, value).map_err(|error: TlvError| unfit(at, error.to_string()))?;
    Ok(self::attribute(at, attribute))
}

fn attribute(at: &str, attribute: Tlv) -> Step {
    step(at, Task::SetAttribute { print: false, attribute })
}

fn step(at: &str, task: Task) -> Step {
    Step { task, at: at.to_owned() }
}

fn unfit(at: impl Into<String>, wrong: impl Into<String>) -> Unfit {
    Unfit { at: at.into(), wrong: wrong.into() }
}
