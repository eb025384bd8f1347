//! An item of an order, with its modifiers.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is to be cooked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its id in the order, `[A-Za-z0-9-]{1,64}`.
    pub id: String,
    /// Its name.
    #[schemars(length(min = 1, max = 500))]
    pub name: String,
    /// What the kitchen calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub kitchen_name: Option<String>,
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// How many, or how much of `unit`; more than 0.
    #[serde(default, skip_serializing_if = "Quantity::is_one")]
    pub quantity: Quantity,
    /// Of what is weighed or measured: `kg`, `l`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub unit: Option<String>,
    /// Its production place type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub place: Option<String>,
    /// The stations that cook it; by its place when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub stations: Vec<String>,
    /// Its course: those above the first that the order has are held until fired.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(max = 99))]
    pub course: u8,
    /// When it is fired, RFC 3339; by its course when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fire_at: Option<String>,
    /// Held until fired by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
    /// Cooking time in seconds; the station's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 86_400))]
    pub cooking_s: Option<u32>,
    /// What is cooked with it, or refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub modifiers: Vec<Modifier>,
    /// Its parts, two to four: a pizza of two halves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    pub halves: Vec<Half>,
    /// Items with the same word are one mix: every station that cooks one of them shows all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub mix: Option<String>,
    /// Allergens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub allergens: Vec<String>,
    /// What the cook should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
    /// The guest at the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 999))]
    pub seat: Option<u16>,
}

/// A size, as on the menu and as the kitchen calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Its name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// What the kitchen calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub kitchen_name: Option<String>,
}

/// What changes a dish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Modifier {
    /// Its name.
    #[schemars(length(min = 1, max = 500))]
    pub name: String,
    /// What the kitchen calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub kitchen_name: Option<String>,
    /// How many; 0 where the guest refused it.
    #[serde(default, skip_serializing_if = "Quantity::is_one")]
    pub quantity: Quantity,
    /// How many the recipe has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Quantity>,
    /// Not shown while the quantity is the recipe's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hide_at_default: bool,
    /// Cooked for itself: a line of its own that does not name the dish, and absent from the dish.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub separate: bool,
    /// Of a separate modifier: its id in the order; the item's with its place in the list when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of a separate modifier: its production place type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub place: Option<String>,
    /// Of a separate modifier: the stations that cook it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub stations: Vec<String>,
    /// Of a separate modifier: its cooking time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 86_400))]
    pub cooking_s: Option<u32>,
}

/// A part of a dish, such as half a pizza.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Half {
    /// Its name.
    #[schemars(length(min = 1, max = 500))]
    pub name: String,
    /// What the kitchen calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub kitchen_name: Option<String>,
    /// What changes this half alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub modifiers: Vec<Modifier>,
}

impl Item {
    /// What the kitchen reads.
    pub fn shown_name(&self) -> String {
        shown(&self.name, self.kitchen_name.as_deref())
    }

    /// Modifiers that are items of their own, each with its id in the order.
    pub fn separate_items(&self) -> impl Iterator<Item = Item> {
        self.modifiers
            .iter()
            .enumerate()
            .filter(|(_, modifier)| modifier.separate && !modifier.quantity.is_zero())
            .map(|(index, modifier)| Item {
                id: modifier.id.clone().unwrap_or_else(|| format!("{}-{}", self.id, index + 1)),
                name: modifier.name.clone(),
                kitchen_name: modifier.kitchen_name.clone(),
                size: None,
                quantity: modifier.quantity,
                unit: None,
                place: modifier.place.clone(),
                stations: modifier.stations.clone(),
                course: self.course,
                fire_at: self.fire_at.clone(),
                hold: self.hold,
                cooking_s: modifier.cooking_s,
                modifiers: Vec::new(),
                halves: Vec::new(),
                mix: None,
                allergens: Vec::new(),
                note: None,
                seat: self.seat,
            })
    }
}

impl Half {
    /// What the kitchen reads.
    pub fn shown_name(&self) -> String {
        shown(&self.name, self.kitchen_name.as_deref())
    }
}

impl Size {
    /// What the kitchen reads.
    pub fn shown_name(&self) -> String {
        shown(&self.name, self.kitchen_name.as_deref())
    }
}

impl Modifier {
    /// What the kitchen reads.
    pub fn shown_name(&self) -> String {
        shown(&self.name, self.kitchen_name.as_deref())
    }

    /// Whether the dish's own line shows it.
    pub fn is_shown(&self) -> bool {
        !(self.separate || self.hide_at_default && self.default == Some(self.quantity))
    }
}

/// The kitchen name, or else the name; in capitals, to be read from afar.
fn shown(name: &str, kitchen_name: Option<&str>) -> String {
    kitchen_name.unwrap_or(name).to_uppercase()
}

fn is_zero(course: &u8) -> bool {
    *course == 0
}

/// A quantity: a decimal in a string, from 0 to 99999.999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Decimal);

impl Quantity {
    /// One.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Whether it is one.
    pub fn is_one(&self) -> bool {
        self.0 == Decimal::ONE
    }

    /// Whether it is none.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// What is left without `other`; `None` where that is nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Option<Self> {
        Some(self.0 - other.0).filter(|left| *left > Decimal::ZERO).map(Self)
    }
}

impl Default for Quantity {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.normalize())
    }
}

impl FromStr for Quantity {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "write a decimal from \"0\" to \"99999.999\"";
        let shape = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value: Decimal = text.parse().ok().filter(|_| shape).ok_or(RULE)?;
        if value > Decimal::new(99_999_999, 3) || value.normalize().scale() > 3 {
            return Err(RULE);
        }
        Ok(Self(value))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{1,5}(\\.[0-9]{1,3})?$",
            "description": "A decimal from 0 to 99999.999.",
        })
    }
}
