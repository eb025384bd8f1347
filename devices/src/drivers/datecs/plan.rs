//! A receipt as commands: everything that can be wrong with it shows before one of them is sent.
//!
//! What a storno receipt takes back stands among the receipt's items, as the vocabulary has no field for it:
//! a text item with nothing but the text of the original's QR code, which is also the sign in the result of
//! the sale (`02577587*0000042*2026-11-22*10:00:00*12.50`: number of the fiscal memory, of the document,
//! date, time and sum; ordinance N-18 of the Bulgarian ministry of finance, appendix 1). A text item with
//! nothing but a unique sale number (`DT000600-0001-0001000`, *X manual*, command 48) is the number of this
//! sale; on a storno receipt, that of the original sale. Neither is printed as a text.

use outlet_protocols::datecs::command::{Discount, Item as Sold, Look, Opening, Operator, Reason, Storno};
use outlet_protocols::datecs::{Command, CommandError, Moment, Payment};
use outlet_protocols::fiscal::{
    DateTime, Item, MeasurementUnit, Money, Operation, PaymentType, Position, Receipt, Tag, Unit,
};

use super::journal::moment;
use super::layout;
use super::options::Config;
use crate::error::{DeviceError, ErrorKind};

/// The commands of a receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Opens it.
    pub opening: Command,
    /// Items and texts, in order.
    pub body: Vec<Command>,
    /// How many of them are items.
    pub items: u32,
    /// What is to be paid, in hundredths.
    pub total: i64,
    /// Payments in hundredths, cash last: change is given from cash.
    pub payments: Vec<(Command, i64)>,
}

/// What can't be planned, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    at: String,
    why: String,
    kind: ErrorKind,
}

impl From<Fault> for DeviceError {
    fn from(fault: Fault) -> Self {
        let code = if fault.kind == ErrorKind::Unsupported { "unsupported" } else { "invalid-request" };
        DeviceError::new(fault.kind, code, format!("{}: {}", fault.at, fault.why))
    }
}

impl Fault {
    fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), why: why.into(), kind: ErrorKind::Rejected }
    }

    /// From the codec, which names the parameter.
    pub fn of(at: impl Into<String>, error: CommandError) -> Self {
        let unsupported = matches!(error, CommandError::Unsupported { .. });
        let kind = if unsupported { ErrorKind::Unsupported } else { ErrorKind::Rejected };
        Self { at: at.into(), why: error.to_string(), kind }
    }
}

/// Makes the commands of a receipt.
///
/// # Errors
/// [`Fault`]: a character that the register's page lacks, a text too long, a storno receipt that doesn't say
/// what it takes back.
pub fn plan(config: &Config, operator: &Operator, receipt: &Receipt) -> Result<Plan, Fault> {
    let dialect = &config.dialect;
    let mut references = References::default();
    let mut body = Vec::new();
    let mut items = 0;
    for (index, item) in receipt.items.iter().enumerate() {
        let at = format!("items[{index}]");
        match item {
            Item::Position(position) => {
                body.push(position_of(config, position, &at)?);
                items += 1;
            }
            Item::Text(text) if references.take(text.text.trim()) => {}
            Item::Text(text) => {
                for line in layout::lines(text, config.columns) {
                    let line = dialect.fiscal_text(&line, layout::look(text));
                    body.push(line.map_err(|error| Fault::of(format!("{at}.text"), error))?);
                }
            }
            Item::Barcode(_) => {
                return Err(Fault::new(at, "this register prints no barcodes; leave it out"));
            }
        }
    }
    let opening = match receipt.operation {
        Operation::SellReturn => references.storno(config, operator)?,
        _ => {
            let client = receipt.client.as_ref();
            if client.is_some_and(|client| client.name.is_some()) {
                let why = "this register prints only the number; leave the name out";
                return Err(Fault::new("clientInfo.name", why));
            }
            let client = client.and_then(|client| client.vatin.as_deref());
            let sale = references.sale.as_deref();
            let opening = Opening { operator, sale, invoice: false, client };
            dialect.open_receipt(&opening).map_err(|error| Fault::of("clientInfo", error))?
        }
    };
    let payments = payments_of(config, receipt)?;
    Ok(Plan { opening, body, items, total: receipt.total.minor(), payments })
}

/// The line by which the document is known to be ours.
///
/// # Errors
/// None in practice: every page has its characters, and every line room for them.
pub fn tag_line(config: &Config, tag: Tag) -> Result<Command, Fault> {
    config.dialect.fiscal_text(tag.as_str(), Look::default()).map_err(|error| Fault::of("mark", error))
}

fn position_of(config: &Config, position: &Position, at: &str) -> Result<Command, Fault> {
    let dialect = &config.dialect;
    let field = |field: &str| format!("{at}.{field}");
    let Some(tax) = config.tax.get(&position.tax.kind) else {
        return Err(Fault::new(field("tax.type"), "options.tax names no group for this rate"));
    };
    if position.price.is_zero() {
        let why = "these registers sell nothing at a price of 0; leave the item out, or print it as a text";
        return Err(Fault::new(field("price"), why));
    }
    let Some(quantity) = position.quantity.scaled(3) else {
        return Err(Fault::new(field("quantity"), "this register takes three decimals; round it"));
    };
    let full = position.price.times(position.quantity);
    let unit = position.unit.as_ref().map_or("", unit_of);
    let item = Sold {
        name: &position.name,
        tax: *tax,
        price: position.price.minor(),
        quantity,
        void: false,
        discount: Some(Discount::Sum((position.amount - full).minor())),
        department: u32::from(position.department.unwrap_or(0)),
        unit: if dialect.limits.unit == 0 { "" } else { unit },
    };
    dialect.item(&item).map_err(|error| Fault::of(at, error))
}

/// As it is printed beside the quantity.
fn unit_of(unit: &MeasurementUnit) -> &str {
    match unit {
        MeasurementUnit::Text(text) => text,
        MeasurementUnit::Known(unit) => match unit {
            Unit::Gram => "g",
            Unit::Kilogram => "kg",
            Unit::Ton => "t",
            Unit::Centimeter => "cm",
            Unit::Decimeter => "dm",
            Unit::Meter => "m",
            Unit::SquareCentimeter => "cm2",
            Unit::SquareDecimeter => "dm2",
            Unit::SquareMeter => "m2",
            Unit::Milliliter => "ml",
            Unit::Liter => "l",
            Unit::CubicMeter => "m3",
            Unit::KilowattHour => "kWh",
            Unit::Gkal => "Gcal",
            Unit::Day => "d",
            Unit::Hour => "h",
            Unit::Minute => "min",
            Unit::Second => "s",
            Unit::Kilobyte => "kB",
            Unit::Megabyte => "MB",
            Unit::Gigabyte => "GB",
            Unit::Terabyte => "TB",
            Unit::Piece | Unit::OtherUnits => "",
        },
    }
}

fn payments_of(config: &Config, receipt: &Receipt) -> Result<Vec<(Command, i64)>, Fault> {
    let mut sums: Vec<(Payment, usize, Money)> = Vec::new();
    for (index, payment) in receipt.payments.iter().enumerate().filter(|(_, paid)| !paid.sum.is_zero()) {
        let Some(kind) = config.payments.get(&payment.kind) else {
            let at = format!("payments[{index}].type");
            return Err(Fault::new(at, "options.payments has no kind of payment for it"));
        };
        match sums.iter_mut().find(|(known, ..)| known == kind) {
            Some((.., sum)) => *sum = *sum + payment.sum,
            None => sums.push((*kind, index, payment.sum)),
        }
    }
    let cash = config.payments.get(&PaymentType::Cash);
    sums.sort_by_key(|(kind, ..)| Some(kind) == cash);
    let command = |(kind, index, sum): (Payment, usize, Money)| {
        let command = config.dialect.payment(kind, sum.minor());
        let command = command.map_err(|error| Fault::of(format!("payments[{index}]"), error))?;
        Ok((command, sum.minor()))
    };
    sums.into_iter().map(command).collect()
}

/// What text items say of the sale itself.
#[derive(Debug, Default)]
struct References {
    sale: Option<String>,
    original: Option<Original>,
}

/// The document that a storno receipt takes back.
#[derive(Debug)]
struct Original {
    memory: String,
    document: u32,
    at: Moment,
}

impl References {
    /// Takes a text that is a reference.
    fn take(&mut self, text: &str) -> bool {
        if let Some(original) = Original::read(text) {
            self.original = Some(original);
            return true;
        }
        let is_sale = is_sale_number(text);
        if is_sale {
            self.sale = Some(text.to_owned());
        }
        is_sale
    }

    fn storno(&self, config: &Config, operator: &Operator) -> Result<Command, Fault> {
        let Some(original) = &self.original else {
            let why = "a storno receipt says what it takes back: add a text item with the text of the \
                       original's QR code, such as 02577587*0000042*2026-11-22*10:00:00*12.50";
            return Err(Fault::new("items", why));
        };
        let storno = Storno {
            operator,
            reason: Reason::Refund,
            document: original.document,
            at: original.at,
            memory: &original.memory,
            original_sale: self.sale.as_deref(),
            sale: None,
            invoice: None,
        };
        config.dialect.open_storno(&storno).map_err(|error| match error {
            CommandError::Empty { field: "original_sale" } => {
                let why = "this register asks for the unique number of the original sale, too: add a text item \
                           with it, such as DT000600-0001-0001000";
                Fault::new("items", why)
            }
            error => Fault::of("items", error),
        })
    }
}

impl Original {
    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('*').collect();
        let [memory, document, date, time, total] = parts.as_slice() else { return None };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if memory.len() != 8 || !is_number(memory) || !is_number(document) || Money::parse(total).is_err() {
            return None;
        }
        let at: DateTime = format!("{date}T{time}").parse().ok()?;
        Some(Self { memory: (*memory).to_owned(), document: document.parse().ok()?, at: moment(at) })
    }
}

fn is_sale_number(text: &str) -> bool {
    text.len() == 21
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 => byte == b'-',
            14.. => byte.is_ascii_digit(),
            _ => byte.is_ascii_alphanumeric(),
        })
}
