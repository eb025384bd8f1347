//! Where the fields of an item stand: data, read from TOML.
//!
//! A template is a stack of rows. Rows marked `bottom` stand at the label's foot, the others follow each other
//! from its head; the room between is left free. A row whose fields are all empty takes no room.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::document::Align;
use crate::label::validate::limits;
use crate::label::{FontSize, Media, Overflow};

/// A label for items, of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Name in configurations: `[a-z0-9-]{1,64}`.
    pub id: String,
    /// Millimetres across the material.
    pub width: f64,
    /// Millimetres along the material.
    pub height: f64,
    /// Millimetres free at all edges.
    #[serde(default = "margin")]
    pub margin: f64,
    /// Millimetres between rows.
    #[serde(default = "spacing")]
    pub spacing: f64,
    /// How the printer finds the next label.
    #[serde(default)]
    pub media: Media,
    /// Whether it may leave allergens out: a price label, which is on no food.
    #[serde(default)]
    pub omits_allergens: bool,
    /// From top to bottom.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// A row of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// One field: a paragraph as wide as the label. Several: columns, each with its caption above.
    pub show: Vec<Field>,
    /// Size of the font; in columns of the values.
    #[serde(default = "size")]
    pub size: FontSize,
    /// Down to which size it is made smaller; 1.65 mm when absent.
    #[serde(default = "least")]
    pub min_size: FontSize,
    /// Bold; captions above columns are not.
    #[serde(default)]
    pub bold: bool,
    /// Whether the caption is printed.
    #[serde(default = "yes")]
    pub caption: bool,
    /// Where a paragraph stands.
    #[serde(default)]
    pub align: Align,
    /// The most lines of a paragraph.
    #[serde(default)]
    pub lines: Option<u16>,
    /// What becomes of a paragraph that doesn't fit.
    #[serde(default)]
    pub overflow: Overflow,
    /// Whether it stands at the label's foot.
    #[serde(default)]
    pub bottom: bool,
    /// Millimetres of bars from top to bottom.
    #[serde(default = "bars")]
    pub height: f64,
    /// Millimetres of the narrow bar; made smaller where the code would be too wide, to 0.25 at least.
    #[serde(default = "bar")]
    pub module: f64,
}

/// The smallest size of text: its `x` is 0.9 mm high, what Regulation (EU) 1169/2011, article 13 (3), asks for
/// on small packs.
pub const LEAST: FontSize = FontSize::from_mm(1.65);

/// What a row can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The outlet's name.
    Outlet,
    /// The item's name.
    Name,
    /// What it is.
    Description,
    /// Its code.
    Code,
    /// Price of a unit.
    Price,
    /// Weight or pieces.
    Quantity,
    /// What it costs.
    Total,
    /// When it was packed.
    Packed,
    /// Until when it keeps.
    Expires,
    /// What it is made of.
    Composition,
    /// Allergens.
    Allergens,
    /// How to store it.
    Storage,
    /// Nutrition of 100 g.
    Nutrition,
    /// Its barcode.
    Barcode,
    /// A line from edge to edge.
    Rule,
}

impl Field {
    /// Its name in an item.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outlet => "outlet",
            Self::Name => "name",
            Self::Description => "description",
            Self::Code => "code",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Total => "total",
            Self::Packed => "packed",
            Self::Expires => "shelf_life",
            Self::Composition => "composition",
            Self::Allergens => "allergens",
            Self::Storage => "storage",
            Self::Nutrition => "nutrition",
            Self::Barcode => "barcode",
            Self::Rule => "rule",
        }
    }

    /// All that say something of an item.
    pub(super) const ALL: [Self; 14] = [
        Self::Outlet,
        Self::Name,
        Self::Description,
        Self::Code,
        Self::Price,
        Self::Quantity,
        Self::Total,
        Self::Packed,
        Self::Expires,
        Self::Composition,
        Self::Allergens,
        Self::Storage,
        Self::Nutrition,
        Self::Barcode,
    ];
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("the template can't be read: {0}")]
    Syntax(String),
    /// A value that can't be right.
    #[error("template {template:?}: {at}: {problem}")]
    Value {
        /// The template's id, as written.
        template: String,
        /// The key, such as `row[2].size`.
        at: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl Template {
    /// Reads and checks a template from TOML text.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`] with line and column, or [`TemplateError::Value`] with the key.
    pub fn from_toml(text: &str) -> Result<Self, TemplateError> {
        let template: Self =
            toml::from_str(text).map_err(|error| TemplateError::Syntax(error.to_string()))?;
        template.check()?;
        Ok(template)
    }

    /// The fields it shows, from top to bottom.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.rows.iter().flat_map(|row| row.show.iter().copied())
    }

    /// Checks what the keys say.
    ///
    /// # Errors
    /// [`TemplateError::Value`] with the key.
    pub fn check(&self) -> Result<(), TemplateError> {
        let wrong = |at: String, problem: &str| {
            Err(TemplateError::Value { template: self.id.clone(), at, problem: problem.to_owned() })
        };
        let id_ok = (1..=64).contains(&self.id.len())
            && self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !id_ok {
            return wrong("id".into(), "must be 1 to 64 of a-z, 0-9 and -");
        }
        if !limits::WIDTH.contains(&self.width) {
            return wrong("width".into(), "must be 10 to 220 mm");
        }
        if !limits::HEIGHT.contains(&self.height) {
            return wrong("height".into(), "must be 5 to 300 mm");
        }
        if !(0.0..=self.width.min(self.height) / 4.0).contains(&self.margin) {
            return wrong("margin".into(), "must be 0 to a quarter of the label");
        }
        if !(0.0..=10.0).contains(&self.spacing) {
            return wrong("spacing".into(), "must be 0 to 10 mm");
        }
        for (index, row) in self.rows.iter().enumerate() {
            let at = |key: &str| format!("row[{index}].{key}");
            if !(1..=4).contains(&row.show.len()) {
                return wrong(at("show"), "must name 1 to 4 fields");
            }
            let alone = |field: &Field| matches!(field, Field::Barcode | Field::Rule);
            if row.show.len() > 1 && row.show.iter().any(alone) {
                return wrong(at("show"), "barcode and rule stand in a row of their own");
            }
            if !limits::FONT.contains(&row.size.mm()) || !limits::FONT.contains(&row.min_size.mm()) {
                return wrong(at("size"), "must be 1 to 60 mm");
            }
            if row.min_size > row.size {
                return wrong(at("min_size"), "is larger than `size`");
            }
            if row.lines.is_some_and(|lines| !(1..=100).contains(&lines)) {
                return wrong(at("lines"), "must be 1 to 100");
            }
            if row.overflow == Overflow::Shorten && row.show.contains(&Field::Allergens) {
                return wrong(at("overflow"), "allergens are never shortened");
            }
            if !(2.0..=100.0).contains(&row.height) || !(0.25..=2.0).contains(&row.module) {
                return wrong(at("height"), "bars must be 2 to 100 mm high and 0.25 to 2 mm wide");
            }
        }
        let shows = |field: Field| self.fields().any(|own| own == field);
        if !shows(Field::Name) {
            return wrong("row".into(), "none shows the name");
        }
        if !shows(Field::Allergens) && !self.omits_allergens {
            return wrong("row".into(), "none shows allergens; say omits_allergens = true for a price label");
        }
        Ok(())
    }
}

/// The template of this name.
pub fn template(id: &str) -> Option<&'static Template> {
    templates().iter().find(|template| template.id == id)
}

/// All templates, in the order of their names.
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let files = [
        include_str!("../templates/43x25.toml"),
        include_str!("../templates/58x40.toml"),
        include_str!("../templates/58x60.toml"),
        include_str!("../templates/price-58x40.toml"),
    ];
    files.iter().filter_map(|text| Template::from_toml(text).ok()).collect()
});

fn yes() -> bool {
    true
}
fn margin() -> f64 {
    1.5
}
fn spacing() -> f64 {
    0.5
}
fn size() -> FontSize {
    FontSize::from_mm(1.9)
}
fn least() -> FontSize {
    LEAST
}
fn bars() -> f64 {
    8.0
}
fn bar() -> f64 {
    0.375
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_template_and_they_are_in_order() {
        let ids: Vec<&str> = templates().iter().map(|template| template.id.as_str()).collect();
        assert_eq!(ids, ["43x25", "58x40", "58x60", "price-58x40"]);
    }

    #[test]
    fn a_template_that_would_lose_allergens_is_refused() {
        let head = "id = 'x'\nwidth = 58\nheight = 40\n[[row]]\nshow = ['name']\n";
        let error = Template::from_toml(head).unwrap_err().to_string();
        assert!(error.contains("omits_allergens"), "{error}");
        let short = format!("{head}[[row]]\nshow = ['allergens']\noverflow = 'shorten'\n");
        let error = Template::from_toml(&short).unwrap_err().to_string();
        assert!(error.contains("row[1].overflow"), "{error}");
    }
}
