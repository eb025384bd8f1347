//! A receipt: what was sold or bought, how it was paid.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::words::names;
use super::{
    BarcodeLine, Date, MarkingCode, MeasurementUnit, Money, PaymentMethod, PaymentObject, PaymentType,
    Quantity, TextLine, strict,
};

/// A receipt, or the correction of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which way money and goods go.
    pub operation: Operation,
    /// What is corrected, and why; `None` for an ordinary receipt.
    pub correction: Option<Correction>,
    /// System of taxation; the register's own when absent.
    pub taxation: Option<TaxationType>,
    /// Nothing is printed: the client gets it by mail or message.
    pub electronically: bool,
    /// Who makes it out; whom the register knows when absent.
    pub operator: Option<Operator>,
    /// Who gets it.
    pub client: Option<ClientInfo>,
    /// Positions, and texts and barcodes between them.
    pub items: Vec<Item>,
    /// How it is paid.
    pub payments: Vec<Payment>,
    /// What is to be paid: the sum of the positions.
    pub total: Money,
}

/// Which way money and goods go: tag 1054.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Goods out, money in.
    Sell,
    /// A sale taken back: money out.
    SellReturn,
    /// Goods in, money out.
    Buy,
    /// A purchase taken back: money in.
    BuyReturn,
}

/// What makes a receipt the correction of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Who asked for it: tag 1173.
    pub kind: CorrectionType,
    /// The day of what is corrected: tag 1178.
    pub base_date: Date,
    /// The number of the tax office's instruction: tag 1179. Always there for
    /// [`CorrectionType::Instruction`].
    pub base_number: Option<String>,
}

/// Who asked for a correction: tag 1173.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CorrectionType {
    /// Nobody: 0.
    #[serde(rename = "self")]
    Own,
    /// The tax office: 1.
    Instruction,
}

names! {
    /// System of taxation: tag 1055.
    TaxationType {
        /// General: bit 0.
        Osn = "osn",
        /// Simplified, of income: bit 1.
        UsnIncome = "usnIncome",
        /// Simplified, of income less expenses: bit 2.
        UsnIncomeOutcome = "usnIncomeOutcome",
        /// Agricultural: bit 4.
        Esn = "esn",
        /// Patent: bit 5.
        Patent = "patent",
    }
}

/// Who makes a document out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Name, 1 to 64 characters: tag 1021.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Taxpayer number, 10 or 12 digits: tag 1203.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^([0-9]{10}|[0-9]{12})$"))]
    pub vatin: Option<String>,
}

/// Who gets a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientInfo {
    /// Mail address, or phone number with `+` and the code of the country: tag 1008.
    #[serde(default, rename = "emailOrPhone", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub email_or_phone: Option<String>,
    /// Name of the buyer: tag 1227.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 239))]
    pub name: Option<String>,
    /// Taxpayer number of the buyer, 2 to 14 letters and digits: tag 1228, in Romania the CIF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z0-9]{2,14}$"))]
    pub vatin: Option<String>,
}

/// One thing on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Item {
    /// Something sold or bought.
    Position(Position),
    /// A line of text.
    Text(TextLine),
    /// A barcode.
    Barcode(BarcodeLine),
}

/// Something sold or bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Position {
    /// Name, 1 to 128 characters: tag 1030.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Price of one unit.
    pub price: Money,
    /// How much.
    pub quantity: Quantity,
    /// What is to be paid for all of it, the discount taken off: tag 1043.
    pub amount: Money,
    /// The discount, or below zero a surcharge, of the whole position. For the record where
    /// `amount` is price times quantity already, taken off otherwise.
    #[serde(default, rename = "infoDiscountAmount", skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// Department, 1 to 99.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 99))]
    pub department: Option<u8>,
    /// In what the quantity is counted.
    #[serde(default, rename = "measurementUnit", skip_serializing_if = "Option::is_none")]
    pub unit: Option<MeasurementUnit>,
    /// How it is paid: tag 1214.
    #[serde(default = "full_payment", rename = "paymentMethod")]
    pub method: PaymentMethod,
    /// What it is: tag 1212.
    #[serde(default = "commodity", rename = "paymentObject")]
    pub object: PaymentObject,
    /// Value-added tax.
    pub tax: Tax,
    /// Its marking code.
    #[serde(default, rename = "imcParams", skip_serializing_if = "Option::is_none")]
    pub marking: Option<MarkingCode>,
}

/// Value-added tax of a position: it is part of the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// The rate.
    #[serde(rename = "type")]
    pub kind: VatType,
    /// The tax in the amount; computed when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<Money>,
}

names! {
    /// Rates of value-added tax.
    ///
    /// Those up to `vat122` are tag 1199's. The last five are the rates of other countries whose registers
    /// are driven: Moldova 8 %, Bulgaria 9 %, Romania 9, 19, and since August 2025 11 and 21 %; with them and
    /// `vat5`, `vat10` and `vat20` each can be named.
    VatType {
        /// Not taxed: 6.
        None = "none",
        /// 0 %: 5.
        Vat0 = "vat0",
        /// 5 %: 7.
        Vat5 = "vat5",
        /// 7 %: 8.
        Vat7 = "vat7",
        /// 10 %: 2.
        Vat10 = "vat10",
        /// 20 %: 1.
        Vat20 = "vat20",
        /// 22 %: 11.
        Vat22 = "vat22",
        /// 5/105: 9.
        Vat105 = "vat105",
        /// 7/107: 10.
        Vat107 = "vat107",
        /// 10/110: 4.
        Vat110 = "vat110",
        /// 20/120: 3.
        Vat120 = "vat120",
        /// 22/122: 12.
        Vat122 = "vat122",
        /// 8 %.
        Vat8 = "vat8",
        /// 9 %.
        Vat9 = "vat9",
        /// 11 %.
        Vat11 = "vat11",
        /// 19 %.
        Vat19 = "vat19",
        /// 21 %.
        Vat21 = "vat21",
    }
}

/// A part of what is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// With what.
    #[serde(rename = "type")]
    pub kind: PaymentType,
    /// How much: in cash what the guest hands over, change included.
    pub sum: Money,
}

impl Receipt {
    /// The positions, without texts and barcodes.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.items.iter().filter_map(|item| match item {
            Item::Position(position) => Some(position),
            Item::Text(_) | Item::Barcode(_) => None,
        })
    }

    /// What is paid with this, all payments of the type together; in cash before the change.
    pub fn paid(&self, kind: PaymentType) -> Money {
        self.payments.iter().filter(|payment| payment.kind == kind).map(|payment| payment.sum).sum()
    }

    /// What is handed back.
    pub fn change(&self) -> Money {
        let paid: Money = self.payments.iter().map(|payment| payment.sum).sum();
        paid - self.total
    }

    /// Whether money may be handed back: only where the guest or supplier pays, and never when a
    /// receipt is corrected.
    pub fn gives_change(&self) -> bool {
        matches!(self.operation, Operation::Sell | Operation::BuyReturn) && self.correction.is_none()
    }
}

impl Position {
    /// Price of one unit with the discount taken off, for registers that compute the amount
    /// themselves: the price that times the quantity gives `amount` to less than a minor unit.
    /// `None` where no price does; such a position has to be given with its amount, or in two parts.
    pub fn net_price(&self) -> Option<Money> {
        if self.is_worth(self.price) {
            return Some(self.price);
        }
        let quantity = i128::from(self.quantity.0);
        let price = (i128::from(self.amount.0) * 1_000_000).checked_div(quantity)?;
        let price = Money(i64::try_from(price).ok()?);
        [price, price + Money(1)].into_iter().find(|price| self.is_worth(*price))
    }

    /// The tax in the amount, as given or as computed.
    pub fn tax_sum(&self) -> Money {
        self.tax.sum.unwrap_or_else(|| self.tax.kind.included_in(self.amount))
    }

    /// Whether price times quantity is the amount to less than a minor unit.
    fn is_worth(&self, price: Money) -> bool {
        let exact = price.exactly_times(self.quantity);
        (exact - i128::from(self.amount.0) * 1_000_000).abs() < 1_000_000
    }
}

impl VatType {
    /// Per cent added to the price before tax; 0 for none.
    pub fn percent(self) -> u8 {
        match self {
            Self::None | Self::Vat0 => 0,
            Self::Vat5 | Self::Vat105 => 5,
            Self::Vat7 | Self::Vat107 => 7,
            Self::Vat8 => 8,
            Self::Vat9 => 9,
            Self::Vat10 | Self::Vat110 => 10,
            Self::Vat11 => 11,
            Self::Vat19 => 19,
            Self::Vat20 | Self::Vat120 => 20,
            Self::Vat21 => 21,
            Self::Vat22 | Self::Vat122 => 22,
        }
    }

    /// The tax in a sum: sum * percent / (100 + percent), half a minor unit rounded up.
    pub fn included_in(self, sum: Money) -> Money {
        let percent = i128::from(self.percent());
        let (part, whole) = (i128::from(sum.0) * percent, 100 + percent);
        let half = if part < 0 { -whole / 2 } else { whole / 2 };
        Money(i64::try_from((part + half) / whole).unwrap_or(0))
    }

    /// The number of tag 1199; `None` for a rate of another country. 11 and 12 are inferred: no
    /// published table has them yet.
    pub fn tag_1199(self) -> Option<u8> {
        Some(match self {
            Self::Vat20 => 1,
            Self::Vat10 => 2,
            Self::Vat120 => 3,
            Self::Vat110 => 4,
            Self::Vat0 => 5,
            Self::None => 6,
            Self::Vat5 => 7,
            Self::Vat7 => 8,
            Self::Vat105 => 9,
            Self::Vat107 => 10,
            Self::Vat22 => 11,
            Self::Vat122 => 12,
            Self::Vat8 | Self::Vat9 | Self::Vat11 | Self::Vat19 | Self::Vat21 => return None,
        })
    }
}

impl TaxationType {
    /// Its bit in tag 1055, as a byte with only that one set.
    pub fn bit(self) -> u8 {
        match self {
            Self::Osn => 1,
            Self::UsnIncome => 2,
            Self::UsnIncomeOutcome => 4,
            Self::Esn => 16,
            Self::Patent => 32,
        }
    }
}

impl Operation {
    /// The number of tag 1054.
    pub fn number(self) -> u8 {
        match self {
            Self::Sell => 1,
            Self::SellReturn => 2,
            Self::Buy => 3,
            Self::BuyReturn => 4,
        }
    }
}

impl CorrectionType {
    /// The number of tag 1173.
    pub fn number(self) -> u8 {
        match self {
            Self::Own => 0,
            Self::Instruction => 1,
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Map::<String, Value>::deserialize(deserializer)?;
        Ok(match strict::type_of(&body, "position")? {
            "position" => Self::Position(strict::fields(&body)?),
            "text" => Self::Text(strict::fields(&body)?),
            "barcode" => Self::Barcode(strict::fields(&body)?),
            other => return Err(strict::unknown_type("item", other, "position, text and barcode")),
        })
    }
}

fn full_payment() -> PaymentMethod {
    PaymentMethod::FullPayment
}

fn commodity() -> PaymentObject {
    PaymentObject::Commodity
}
