//! Parameters of a command, checked one by one.

use jiff::civil::DateTime;

use super::dialect::Dialect;
use super::memory::Kind;
use super::money::decimal;
use super::refusal::Refusal;
use crate::register::clock;

/// The parameters, counted from 1; those that are missing are empty.
pub(super) struct Params<'a> {
    fields: Vec<&'a str>,
}

impl<'a> Params<'a> {
    /// Parameters of a wide frame: each ends with TAB.
    pub fn tabs(data: &'a str, least: usize, most: usize) -> Result<Self, Refusal> {
        let fields: Vec<&str> = match data.strip_suffix('\t') {
            Some(data) => data.split('\t').collect(),
            None if data.is_empty() => Vec::new(),
            None => return Err(Refusal::Syntax(place(data.split('\t').count()))),
        };
        Self::counted(fields, least, most)
    }

    /// Parameters of a one-byte frame, with commas between them.
    pub fn commas(data: &'a str, least: usize, most: usize) -> Result<Self, Refusal> {
        let fields: Vec<&str> = if data.is_empty() { Vec::new() } else { data.split(',').collect() };
        Self::counted(fields, least, most)
    }

    fn counted(fields: Vec<&'a str>, least: usize, most: usize) -> Result<Self, Refusal> {
        match fields.len() {
            few if few < least => Err(Refusal::Syntax(place(few + 1))),
            many if many > most => Err(Refusal::Syntax(place(many))),
            _ => Ok(Self { fields }),
        }
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn text(&self, at: u8) -> &'a str {
        self.fields.get(usize::from(at).wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// A text of at most so many characters.
    pub fn text_up_to(&self, at: u8, most: usize) -> Result<String, Refusal> {
        let text = self.text(at);
        if text.chars().count() > most { Err(Refusal::Value(at)) } else { Ok(text.to_owned()) }
    }

    /// A number of digits only, in a range.
    pub fn number(&self, at: u8, least: u32, most: u32) -> Result<u32, Refusal> {
        let text = self.text(at);
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::Syntax(at));
        }
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(Refusal::Value(at)),
        }
    }

    /// The same, where nothing means `default`.
    pub fn number_or(&self, at: u8, default: u32, least: u32, most: u32) -> Result<u32, Refusal> {
        if self.text(at).is_empty() { Ok(default) } else { self.number(at, least, most) }
    }

    /// A sum or another decimal; nothing is none.
    pub fn decimal(&self, at: u8, decimals: usize) -> Result<Option<i64>, Refusal> {
        match self.text(at) {
            "" => Ok(None),
            text => decimal(text, decimals).map(Some).ok_or(Refusal::Syntax(at)),
        }
    }

    /// A flag: `1`, `0` or nothing.
    pub fn flag(&self, at: u8) -> Result<bool, Refusal> {
        match self.text(at) {
            "" | "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(Refusal::Value(at)),
        }
    }

    /// The letter `I`, or nothing.
    pub fn invoice(&self, at: u8) -> Result<bool, Refusal> {
        match self.text(at) {
            "" => Ok(false),
            "I" => Ok(true),
            _ => Err(Refusal::Value(at)),
        }
    }

    pub fn password(&self, at: u8, dialect: &Dialect) -> Result<String, Refusal> {
        let text = self.text(at);
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && dialect.passwords.contains(&text.len()) {
            Ok(text.to_owned())
        } else {
            Err(Refusal::Syntax(at))
        }
    }

    /// A unique sale number, `DT123456-0001-0000001`, or nothing.
    pub fn sale_number(&self, at: u8) -> Result<String, Refusal> {
        let text = self.text(at);
        if text.is_empty() || is_sale_number(text) { Ok(text.to_owned()) } else { Err(Refusal::Value(at)) }
    }

    /// Digits, so many of them, or nothing.
    pub fn digits(&self, at: u8, least: usize, most: usize) -> Result<String, Refusal> {
        let text = self.text(at);
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.is_empty() || digits && (least..=most).contains(&text.len()) {
            Ok(text.to_owned())
        } else {
            Err(Refusal::Syntax(at))
        }
    }
}

pub(super) fn is_sale_number(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    matches!(parts.as_slice(), [device, operator, number]
        if device.len() == 8 && operator.len() == 4 && number.len() == 7
            && alphanumeric(device) && alphanumeric(operator)
            && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `DD-MM-YY hh:mm:ss`, with or without ` DST` after it; seconds may be missing.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    let text = text.strip_suffix(" DST").unwrap_or(text);
    let long = DateTime::strptime("%d-%m-%y %H:%M:%S", text);
    long.or_else(|_| DateTime::strptime("%d-%m-%y %H:%M", text)).ok()
}

/// `DDMMYY` or `DDMMYYhhmmss`; the time is that of the day's begin or end where it is missing.
pub(super) fn compact_date_time(text: &str, end: bool) -> Option<DateTime> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = match (text.len(), end) {
        (6, false) => format!("{text}000000"),
        (6, true) => format!("{text}235959"),
        (10, _) => format!("{text}00"),
        (12, _) => text.to_owned(),
        _ => return None,
    };
    DateTime::strptime("%d%m%y%H%M%S", whole).ok()
}

pub(super) fn short(at: DateTime) -> String {
    at.strftime("%d-%m-%y %H:%M:%S").to_string()
}

pub(super) fn long(at: DateTime) -> String {
    at.strftime("%d-%m-%Y %H:%M:%S").to_string()
}

/// A time of the ledger in the long form. *FP-800 ...* 1.00BG, command 74: where there is no
/// document yet, dates are 01-01-2000 00:00:00.
pub(super) fn long_or_none(iso: &str) -> String {
    clock::from_iso(iso).map_or_else(|| "01-01-2000 00:00:00".to_owned(), long)
}

/// All kinds of documents.
pub(super) const ALL: &[Kind] = &[
    Kind::Receipt,
    Kind::Invoice,
    Kind::Storno,
    Kind::InvoiceStorno,
    Kind::Cancelled,
    Kind::Plain,
    Kind::CashIn,
    Kind::CashOut,
    Kind::Z,
    Kind::X,
];

/// Fiscal receipts of all sorts.
pub(super) const FISCAL: &[Kind] = &[Kind::Receipt, Kind::Invoice, Kind::Storno, Kind::InvoiceStorno];

pub(super) fn place(count: usize) -> u8 {
    u8::try_from(count.clamp(1, 16)).unwrap_or(16)
}
