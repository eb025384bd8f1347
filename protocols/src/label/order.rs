//! What a label job asks for: a label drawn element by element, or an item that a template lays out.
//!
//! ```json
//! {"item": {"name": "Салат Цезарь", "code": "12345", "price": "189.90", "shelf_life": "0:2:12",
//!           "allergens": ["яйца", "рыба"]},
//!  "template": "58x40", "language": "ru", "weigh": {"scale": "scale"}}
//! ```
//!
//! Where the item is to be weighed, its weight comes from a scale when the label is made, and its barcode is
//! made of code and weight by a pattern of the outlet: nobody types it (R5, R6). The time of packing is the
//! moment the label is made, where the order doesn't say it. [`ItemOrder::complete`] adds all three.

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::heading;
use super::item::{
    Field as Show, Item, Template, TemplateError, Unit, captions, languages, lay_out, template, templates,
};
use super::validate::limits;
use super::{Label, LabelError, Media, Printer, Shortened, read};
use crate::code::pattern::Field;
use crate::code::{Pattern, Patterns, make};
use crate::document::strict::place;
use crate::fiscal::DateTime;

/// What a label job asks for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum LabelOrder {
    /// A label given element by element.
    Drawn(DrawnOrder),
    /// The label of an item, laid out by a template.
    Item(Box<ItemOrder>),
}

/// A label given element by element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawnOrder {
    /// The label.
    pub label: Label,
}

/// The label of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemOrder {
    /// What stands on it. The time of packing is added where it is missing, and so are weight and barcode of
    /// what is weighed.
    pub item: Item,
    /// Where it stands: the name of a template, or a template of one's own. The printer's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateChoice>,
    /// Language of the captions: `en`, `ro` or `ru`. The printer's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Millimetres across the material; the template's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Millimetres along the material; the template's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
    /// How the printer finds the next label. The printer's own or the template's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// How many of it, 1 to 999.
    #[serde(default = "one")]
    pub copies: u16,
    /// Weigh the item first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weigh: Option<Weigh>,
    /// By which pattern of the outlet's codes the barcode is made: its name such as `weight-20`, the pattern
    /// itself, or `none`. When absent the first one for weights or for pieces, where there is an item code, a
    /// quantity, and no barcode of the item's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// Which template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TemplateChoice {
    /// One that is there, by its name.
    Named(String),
    /// One of one's own.
    Own(Box<Template>),
}

/// How an item is weighed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weigh {
    /// Id of the scale.
    pub scale: String,
    /// How long to wait until the load is at rest, in milliseconds; 10 s when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 60_000))]
    pub timeout_ms: Option<u32>,
    /// The least weight that is labelled, in kg. Any above zero when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Decimal>,
}

/// What a printer is set to, for orders that don't say it.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSetup {
    /// Name of the template.
    pub template: String,
    /// Language of the captions.
    pub language: String,
    /// The material it is loaded with; the template's when absent.
    pub media: Option<Media>,
}

impl Default for LabelSetup {
    fn default() -> Self {
        Self { template: "58x40".into(), language: "en".into(), media: None }
    }
}

/// The labels of an order, in the order in which they are printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Each with its copies. Words for which there is no room on the label itself stand on one of their own
    /// in front.
    pub labels: Vec<Label>,
    /// Texts of the item that end with `…`, by its fields.
    pub shortened: Vec<Shortened>,
    /// Fields the item has and the template doesn't show.
    pub left_out: Vec<&'static str>,
}

/// The word for no barcode.
const NO_PATTERN: &str = "none";
/// Decimals of a weight in kg.
const GRAMS: u32 = 3;
/// Decimals of a sum.
const CENTS: u32 = 2;

impl LabelOrder {
    /// Reads and validates the document of a label job.
    ///
    /// # Errors
    /// [`LabelError::Invalid`] with the place of what is wrong.
    pub fn from_value(value: Value) -> Result<Self, LabelError> {
        match (value.get("label").is_some(), value.get("item").is_some()) {
            (true, false) => {
                let order: DrawnOrder = read(value)?;
                order.label.validate().map_err(|error| error.below("label"))?;
                Ok(Self::Drawn(order))
            }
            (false, true) => {
                let order: ItemOrder = read(value)?;
                order.validate()?;
                Ok(Self::Item(Box::new(order)))
            }
            (true, true) => Err(LabelError::invalid("item", "there is a `label`, too: send one of them")),
            (false, false) => Err(LabelError::invalid("", "neither `label` nor `item`: send one of them")),
        }
    }
}

impl LabelOrder {
    /// Whether it is weighed what the label is for.
    pub fn weighs(&self) -> bool {
        matches!(self, Self::Item(order) if order.weigh.is_some())
    }
}

impl DrawnOrder {
    /// The labels to print, so many times as the label says and the job asks for.
    ///
    /// # Errors
    /// [`LabelError::Invalid`]: too many copies.
    pub fn prepare(&self, times: u8, words: &[String]) -> Result<Prepared, LabelError> {
        let copies = copies("label.copies", self.label.copies, times)?;
        let mut labels = Vec::new();
        if !words.is_empty() {
            labels.push(heading::alone(self.label.width, self.label.height, self.label.media, words));
        }
        labels.push(Label { copies, ..self.label.clone() });
        Ok(Prepared { labels, shortened: Vec::new(), left_out: Vec::new() })
    }
}

impl ItemOrder {
    /// The item with its weight, its sum, its time of packing and its barcode. `weighed` in kg, where it was
    /// weighed; rounded half up to the gram. `now` by the outlet's clock.
    ///
    /// # Errors
    /// [`LabelError::Invalid`] with the field: as [`Item::validate`], and where no code can be made of it.
    pub fn complete(
        &self,
        weighed: Option<Decimal>,
        now: DateTime,
        patterns: &Patterns,
    ) -> Result<Item, LabelError> {
        let mut item = self.item.clone();
        item.packed.get_or_insert(now);
        if let Some(kg) = weighed {
            item.quantity = Some(half_up(kg, GRAMS));
        }
        item.validate().map_err(|error| error.below("item"))?;
        item.total = item.cost().map(|sum| half_up(sum, CENTS));
        if let Some(pattern) = self.pattern_for(&item, patterns)? {
            item.barcode = Some(code_of(&item, pattern)?);
        }
        Ok(item)
    }

    /// The labels to print of a complete item, so many times as the order says and the job asks for.
    ///
    /// # Errors
    /// As [`lay_out`]; [`LabelError::Invalid`] for too many copies, and for a template or language that isn't
    /// there.
    pub fn prepare(
        &self,
        item: &Item,
        setup: &LabelSetup,
        printer: &Printer,
        times: u8,
        words: &[String],
    ) -> Result<Prepared, LabelError> {
        let copies = copies("copies", self.copies, times)?;
        let template = self.template(setup)?;
        let language = self.language.as_deref().unwrap_or(&setup.language);
        let captions = captions(language).ok_or_else(|| no_language(language))?;
        let within = |error: LabelError| match error.fault().at.as_str() {
            "" => error,
            _ => error.below("item"),
        };
        let (laid, front) = match heading::above(&template, item, captions, printer, words) {
            Some(laid) => (laid, None),
            None => {
                let laid = lay_out(item, &template, captions, printer).map_err(within)?;
                let own = || heading::alone(template.width, template.height, template.media, words);
                (laid, (!words.is_empty()).then(own))
            }
        };
        let label = Label { copies, ..laid.label };
        // The time of packing is missed only by who has given it.
        let missed = |field: &&str| *field != Show::Packed.name() || self.item.packed.is_some();
        Ok(Prepared {
            labels: front.into_iter().chain([label]).collect(),
            shortened: laid.shortened,
            left_out: laid.left_out.into_iter().filter(missed).collect(),
        })
    }

    /// A weight to try the layout with, before the item lies on the scale; `None` where nothing is weighed.
    pub fn trial_weight(&self) -> Option<Decimal> {
        self.weigh.as_ref().map(|_| Decimal::new(1_234, GRAMS))
    }

    fn validate(&self) -> Result<(), LabelError> {
        let wrong = |at: &str, problem: &str| Err(LabelError::invalid(at, problem));
        let item = &self.item;
        if item.unit == Unit::Kg && item.barcode.is_some() {
            return wrong(
                "item.barcode",
                "the barcode of what is sold by weight is made of code and weight: leave it out, and give `code`",
            );
        }
        let makes_code = self.pattern.as_deref().is_some_and(|pattern| pattern != NO_PATTERN);
        if makes_code && item.barcode.is_some() {
            return wrong("pattern", "the item has a barcode of its own: leave one of them out");
        }
        if makes_code && item.code.is_none() {
            return wrong("item.code", "missing: the barcode is made of it");
        }
        if makes_code && item.quantity.is_none() && self.weigh.is_none() {
            return wrong(
                "pattern",
                "there is no quantity for a code: weigh the item, or give item.quantity",
            );
        }
        if let Some(weigh) = &self.weigh {
            self.validate_weighing(weigh)?;
        }
        if !limits::COPIES.contains(&self.copies) {
            return wrong("copies", &format!("{}; allowed are 1 to {}", self.copies, limits::COPIES.end()));
        }
        if let Some(language) = &self.language
            && captions(language).is_none()
        {
            return Err(no_language(language));
        }
        self.template(&LabelSetup::default())?;
        // The rest of the item, as far as it is known.
        let packed = item.packed.or_else(|| "2026-01-01T00:00:00".parse().ok());
        Item { packed, ..item.clone() }.validate().map_err(|error| error.below("item"))
    }

    fn validate_weighing(&self, weigh: &Weigh) -> Result<(), LabelError> {
        let wrong = |at: &str, problem: &str| Err(LabelError::invalid(at, problem));
        let item = &self.item;
        let id_ok = (1..=64).contains(&weigh.scale.len())
            && weigh.scale.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !id_ok {
            return wrong("weigh.scale", "must be the id of a scale: 1 to 64 of a-z, 0-9 and -");
        }
        if weigh.timeout_ms.is_some_and(|timeout| !(100..=60_000).contains(&timeout)) {
            return wrong("weigh.timeout_ms", "must be 100 to 60000");
        }
        if weigh.minimum.is_some_and(|minimum| minimum < Decimal::ZERO) {
            return wrong("weigh.minimum", "less than nothing");
        }
        if item.unit == Unit::Piece {
            return wrong("item.unit", "what is sold by piece is not weighed: leave `weigh` out, or say kg");
        }
        if item.quantity.is_some() {
            return wrong("item.quantity", "given, though the item is to be weighed: leave one of them out");
        }
        if item.total.is_some() {
            return wrong("item.total", "given, though it follows from price and weight: leave it out");
        }
        if item.code.is_none() && self.pattern.as_deref() != Some(NO_PATTERN) {
            return wrong(
                "item.code",
                "missing: the barcode is made of it; say pattern \"none\" for a label without barcode",
            );
        }
        Ok(())
    }

    /// The template in the size and on the material of the order.
    fn template(&self, setup: &LabelSetup) -> Result<Template, LabelError> {
        let named = |name: &str| {
            template(name).cloned().ok_or_else(|| {
                let known: Vec<&str> = templates().iter().map(|own| own.id.as_str()).collect();
                let problem = format!("there is no template {name:?}; there are {}", known.join(", "));
                LabelError::invalid("template", problem)
            })
        };
        let chosen = match &self.template {
            Some(TemplateChoice::Own(own)) => Template::clone(own),
            Some(TemplateChoice::Named(name)) => named(name)?,
            None => named(&setup.template)?,
        };
        let own_media = matches!(self.template, Some(TemplateChoice::Own(_))).then_some(chosen.media);
        let sized = Template {
            width: self.width.unwrap_or(chosen.width),
            height: self.height.unwrap_or(chosen.height),
            media: self.media.or(own_media).or(setup.media).unwrap_or(chosen.media),
            ..chosen
        };
        if let Media::Gap { mm } | Media::BlackMark { mm } = sized.media
            && !(1.0..=25.0).contains(&mm)
        {
            return Err(LabelError::invalid("media.mm", format!("{mm} mm; allowed are 1 to 25")));
        }
        match sized.check() {
            Ok(()) => Ok(sized),
            Err(TemplateError::Value { at, problem, .. }) => {
                let own_size =
                    (at == "width" && self.width.is_some()) || (at == "height" && self.height.is_some());
                let at = if own_size { at } else { format!("template.{at}") };
                Err(LabelError::invalid(at, problem))
            }
            Err(TemplateError::Syntax(problem)) => Err(LabelError::invalid("template", problem)),
        }
    }

    fn pattern_for<'p>(
        &self,
        item: &Item,
        patterns: &'p Patterns,
    ) -> Result<Option<&'p Pattern>, LabelError> {
        let known = || patterns.iter().map(Pattern::name).collect::<Vec<_>>().join(", ");
        match self.pattern.as_deref() {
            Some(NO_PATTERN) => Ok(None),
            Some(name) => {
                let written = || patterns.iter().find(|pattern| pattern.config().pattern == name);
                let found = patterns.find(name).or_else(written);
                let problem = || format!("the outlet has no code {name:?}; it has {}", known());
                found.map(Some).ok_or_else(|| LabelError::invalid("pattern", problem()))
            }
            None if item.barcode.is_some() || item.code.is_none() || item.quantity.is_none() => Ok(None),
            None => {
                let (first, what) = match item.unit {
                    Unit::Kg => {
                        (patterns.first_of(Field::Weight).or(patterns.first_of(Field::Price)), "weights")
                    }
                    Unit::Piece => (patterns.first_of(Field::Pieces), "pieces"),
                };
                let problem = || {
                    format!("the outlet has no code for {what}: set one in [codes], or say pattern \"none\"")
                };
                first.map(Some).ok_or_else(|| LabelError::invalid("pattern", problem()))
            }
        }
    }
}

/// The barcode of an item by a pattern.
fn code_of(item: &Item, pattern: &Pattern) -> Result<String, LabelError> {
    let at_pattern = |problem: String| LabelError::invalid("pattern", problem);
    let name = pattern.name();
    let quantity = item.quantity.unwrap_or_default();
    let held = match (pattern.field(), item.unit) {
        (Field::Weight, Unit::Kg) => match pattern.unit() {
            "kg" => Some(quantity),
            "g" => quantity.checked_mul(Decimal::ONE_THOUSAND),
            unit => return Err(at_pattern(format!("{name} holds {unit}: labels are made in kg and g"))),
        },
        (Field::Weight, Unit::Piece) => {
            return Err(at_pattern(format!("{name} holds a weight, and the item is sold by piece")));
        }
        (Field::Pieces, Unit::Kg) => {
            return Err(at_pattern(format!("{name} holds pieces, and the item is sold by weight")));
        }
        (Field::Pieces, Unit::Piece) => Some(quantity),
        (Field::Price, _) => match item.total {
            Some(total) => Some(total),
            None => return Err(LabelError::invalid("item.price", format!("missing: {name} holds the sum"))),
        },
    };
    let held = held.ok_or_else(|| LabelError::invalid("item.quantity", "more than can be counted"))?;
    let code = item.code.as_deref().unwrap_or_default();
    make(pattern, code, held).map_err(|error| {
        let at = match error {
            crate::code::pattern::MakeError::ItemCode { .. }
            | crate::code::pattern::MakeError::ItemCodeTooLong { .. } => "item.code",
            _ => "item.quantity",
        };
        LabelError::invalid(at, format!("{error} (code {name})"))
    })
}

fn copies(at: &str, of_order: u16, times: u8) -> Result<u16, LabelError> {
    let all = of_order.checked_mul(times.max(1).into()).filter(|all| limits::COPIES.contains(all));
    let most = limits::COPIES.end();
    all.ok_or_else(|| {
        LabelError::invalid(
            at,
            format!("{of_order} labels {times} times are more than {most}: send several jobs"),
        )
    })
}

fn half_up(number: Decimal, decimals: u32) -> Decimal {
    number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

fn no_language(language: &str) -> LabelError {
    let known: Vec<&str> = languages().iter().map(|own| own.language.as_str()).collect();
    LabelError::invalid("language", format!("no captions in {language:?}; there are {}", known.join(", ")))
}

impl<'de> Deserialize<'de> for TemplateChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(name) => Ok(Self::Named(name)),
            own @ Value::Object(_) => {
                let own = serde_path_to_error::deserialize(own).map_err(|error| {
                    let path = error.path().to_string();
                    serde::de::Error::custom(place(&path, &error.into_inner().to_string()))
                })?;
                Ok(Self::Own(Box::new(own)))
            }
            _ => Err(serde::de::Error::custom("must be the name of a template, or a template")),
        }
    }
}

impl JsonSchema for TemplateChoice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TemplateChoice".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let own = generator.subschema_for::<Template>();
        schemars::json_schema!({
            "description": "The name of a template, or a template of one's own.",
            "anyOf": [{"type": "string"}, own]
        })
    }
}

fn one() -> u16 {
    1
}
