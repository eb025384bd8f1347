//! The list of items of a job.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::document::strict::place;
use crate::fiscal::Date;

/// Most items of one list, and most numbers to be deleted.
pub const MOST_ITEMS: usize = 10_000;
/// Most characters of a name: two lines of 28, and what is cut of it.
const LONGEST_NAME: usize = 200;
/// Most characters of a text: eight lines of 50.
const LONGEST_TEXT: usize = 400;

/// Items to be loaded into a label scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemList {
    /// What becomes of items that are not in the list.
    pub mode: Mode,
    /// Items to be set: those of the same number are replaced. At most 10000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub items: Vec<Item>,
    /// Numbers (PLU) of items to be removed, in a list of changes. At most 10000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub delete: Vec<u16>,
    /// Prefixes of the scale's barcodes; as they are set in the scale when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefixes: Option<Prefixes>,
}

/// What becomes of items that are not in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// They are removed: the list is all that the scale sells.
    Whole,
    /// They stay.
    Changes,
}

/// An item of a label scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its number in the scale, by which it is called up; given once in a list.
    #[schemars(range(min = 1, max = 65_535))]
    pub plu: u16,
    /// Its code, which the barcode carries; given once in a list.
    #[schemars(range(min = 1, max = 999_999))]
    pub code: u32,
    /// Its name. Wrapped into two lines of 28 characters, at a line break where there is one; what does not fit is
    /// cut, and the answer says so.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Price of a kilogram or a piece, at most 9999.99.
    pub price: Decimal,
    /// What it is sold by.
    pub unit: Unit,
    /// For how many days it keeps from packing, or from `sell_by` where that is given; 0: nothing is printed.
    #[serde(default)]
    #[schemars(range(max = 9999))]
    pub shelf_life_days: u16,
    /// The day until which it may be sold: `2026-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sell_by: Option<Date>,
    /// Weight of its packaging in kg, in whole grams: `"0.015"`.
    #[serde(default)]
    pub tare: Decimal,
    /// Group code; 0: none.
    #[serde(default)]
    #[schemars(range(max = 9999))]
    pub group: u16,
    /// Number of the message that is printed with it. With `text`, where that is kept: the item's own number when
    /// absent. Without, one that is in the scale already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub message: Option<u16>,
    /// What it is made of, or any other text that is printed with it: lines of 50 characters, as many as the scale
    /// keeps for a message. Never cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub text: Option<String>,
    /// Number of the picture that is printed with it; 0: none.
    #[serde(default)]
    #[schemars(range(max = 2))]
    pub picture: u8,
    /// Code of the body that has certified it: up to four letters and digits of ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4))]
    pub certificate: Option<String>,
}

/// What an item is sold by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// The kilogram.
    Kg,
    /// The piece.
    Piece,
}

/// Prefixes of a scale's barcodes, 0 to 99. Many scales take 20 to 29 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prefixes {
    /// Of items by weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 99))]
    pub weight: Option<u8>,
    /// Of items by the piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 99))]
    pub piece: Option<u8>,
    /// Of labels with the sum of several items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 99))]
    pub total: Option<u8>,
}

/// Why a value is no list of items, or one that a scale can't keep.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{problem}", if .at.is_empty() { String::new() } else { format!("{at}: ") })]
pub struct ListError {
    /// Path of the field such as `items[3].price`; empty for the document itself.
    pub at: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl ItemList {
    /// Reads the document of an `items` job strictly, and checks it as far as no scale has to be known for it.
    ///
    /// # Errors
    /// [`ListError`] with the place of what is wrong.
    pub fn parse(value: &Value) -> Result<Self, ListError> {
        let list: Self = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            let message = place(&path, &error.into_inner().to_string());
            match message.strip_prefix('.').and_then(|rest| rest.split_once(": ")) {
                Some((at, problem)) => wrong(at, problem),
                None => wrong("", message),
            }
        })?;
        list.check()?;
        Ok(list)
    }

    fn check(&self) -> Result<(), ListError> {
        for (name, length) in [("items", self.items.len()), ("delete", self.delete.len())] {
            if length > MOST_ITEMS {
                return Err(wrong(
                    name,
                    format!("{length} are too many; send at most {MOST_ITEMS} in one job"),
                ));
            }
        }
        match self.mode {
            Mode::Whole if !self.delete.is_empty() => {
                let problem = "a whole list removes by itself what is not in it: leave this out";
                return Err(wrong("delete", problem));
            }
            Mode::Whole if self.items.is_empty() => {
                let problem =
                    "a whole list without items would empty the scale: send changes that delete them";
                return Err(wrong("items", problem));
            }
            Mode::Changes if self.items.is_empty() && self.delete.is_empty() && self.prefixes.is_none() => {
                return Err(wrong("", "nothing is to be changed: give items, delete or prefixes"));
            }
            Mode::Whole | Mode::Changes => {}
        }
        for (name, prefix) in self.prefixes.iter().flat_map(Prefixes::each) {
            if prefix > 99 {
                return Err(wrong(
                    format!("prefixes.{name}"),
                    format!("{prefix} is no prefix: write 0 to 99"),
                ));
            }
        }
        let mut seen = Seen::default();
        for (index, item) in self.items.iter().enumerate() {
            item.check().map_err(|(field, problem)| wrong(format!("items[{index}].{field}"), problem))?;
            seen.once(index, item)?;
        }
        for (index, plu) in self.delete.iter().enumerate() {
            let at = format!("delete[{index}]");
            if *plu == 0 {
                return Err(wrong(at, "numbers begin with 1"));
            }
            if let Some(item) = seen.plu.get(plu) {
                return Err(wrong(at, format!("{plu} is to be set as well, by items[{item}]")));
            }
        }
        Ok(())
    }
}

impl Prefixes {
    /// Those that are given, with their names.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'static str, u8)> + use<> {
        [("weight", self.weight), ("piece", self.piece), ("total", self.total)]
            .into_iter()
            .filter_map(|(name, prefix)| prefix.map(|prefix| (name, prefix)))
    }
}

impl Item {
    /// The number of its message: 0 where it has none.
    pub fn message_number(&self) -> u16 {
        match (self.message, &self.text) {
            (Some(number), _) => number,
            (None, Some(_)) => self.plu,
            (None, None) => 0,
        }
    }

    /// The field that is wrong, and how.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = |field: &'static str, problem: String| Err((field, problem));
        if self.plu == 0 {
            return wrong("plu", "numbers begin with 1".to_owned());
        }
        if !(1..=999_999).contains(&self.code) {
            return wrong("code", format!("{} is no code: write 1 to 999999", self.code));
        }
        for (field, text, most) in
            [("name", Some(&self.name), LONGEST_NAME), ("text", self.text.as_ref(), LONGEST_TEXT)]
        {
            let Some(text) = text else { continue };
            let length = text.chars().count();
            if text.trim().is_empty() {
                return wrong(field, "is empty".to_owned());
            }
            if length > most {
                return wrong(field, format!("{length} characters; {most} are the most"));
            }
            if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n') {
                return wrong(
                    field,
                    format!("has {control:?}; of control characters only a line break is allowed"),
                );
            }
        }
        if self.price.is_sign_negative() && !self.price.is_zero() {
            return wrong("price", format!("{} is below zero", self.price));
        }
        if self.price.normalize().scale() > 2 || self.price > Decimal::new(999_999, 0) {
            return wrong("price", format!("{} is no price: write at most two decimals", self.price));
        }
        if self.shelf_life_days > 9999 {
            return wrong("shelf_life_days", format!("{} days; 9999 are the most", self.shelf_life_days));
        }
        if self.tare_g().is_none() {
            return wrong(
                "tare",
                format!("{} kg is no tare: write whole grams, at most \"65.535\"", self.tare),
            );
        }
        if self.group > 9999 {
            return wrong("group", format!("{} is no group: write 0 to 9999", self.group));
        }
        if self.message == Some(0) {
            return wrong("message", "messages begin with 1: leave it out where there is none".to_owned());
        }
        if self.picture > 2 {
            return wrong("picture", format!("{} is no picture: write 0 to 2", self.picture));
        }
        let certified =
            |text: &String| (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if self.certificate.as_ref().is_some_and(|text| !certified(text)) {
            return wrong("certificate", "must be one to four letters and digits of ASCII".to_owned());
        }
        Ok(())
    }

    /// The tare in grams; `None` where it is none.
    pub(super) fn tare_g(&self) -> Option<u16> {
        let grams = self.tare.checked_mul(Decimal::from(1000))?;
        grams.is_integer().then(|| u16::try_from(grams).ok()).flatten()
    }
}

/// What a list has given already, and with which item.
#[derive(Default)]
struct Seen<'a> {
    plu: BTreeMap<u16, usize>,
    code: BTreeMap<u32, usize>,
    text: BTreeMap<u16, (usize, &'a str)>,
}

impl<'a> Seen<'a> {
    fn once(&mut self, index: usize, item: &'a Item) -> Result<(), ListError> {
        let twice = |field: &str, value: &dyn std::fmt::Display, first: usize| {
            wrong(format!("items[{index}].{field}"), format!("{value} is already that of items[{first}]"))
        };
        if let Some(first) = self.plu.insert(item.plu, index) {
            return Err(twice("plu", &item.plu, first));
        }
        if let Some(first) = self.code.insert(item.code, index) {
            return Err(twice("code", &item.code, first));
        }
        let Some(text) = &item.text else { return Ok(()) };
        let number = item.message_number();
        match self.text.insert(number, (index, text)) {
            Some((first, other)) if other != text => {
                let problem =
                    format!("message {number} has another text in items[{first}]: give it another number");
                Err(wrong(format!("items[{index}].text"), problem))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn wrong(at: impl Into<String>, problem: impl Into<String>) -> ListError {
    ListError { at: at.into(), problem: problem.into() }
}
