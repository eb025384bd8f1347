//! What a field of an item reads on paper. A number and its unit are never parted (U+00A0).

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Captions, Field, Item, Unit};
use crate::fiscal::DateTime;

/// A caption and what stands under or after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// Empty where the value speaks for itself.
    pub caption: String,
    pub text: String,
}

/// What a field says; `None` where the item has none. Codes and rules are no text.
pub(super) fn value(item: &Item, field: Field, words: &Captions) -> Option<Value> {
    let plain = |text: &Option<String>| text.as_ref().filter(|text| !text.trim().is_empty()).cloned();
    let (caption, text) = match field {
        Field::Outlet => ("", plain(&item.outlet)?),
        Field::Name => ("", item.name.clone()),
        Field::Description => ("", plain(&item.description)?),
        Field::Code => (words.code.as_str(), plain(&item.code)?),
        Field::Price => (price_caption(item, words), sum(item.price?, item, words)),
        Field::Quantity => quantity(item, words)?,
        Field::Total => (words.total.as_str(), sum(item.cost()?, item, words)),
        Field::Packed => (words.packed.as_str(), time(item.packed?)),
        Field::Expires => (words.expires.as_str(), time(item.expires()?)),
        Field::Composition => (words.composition.as_str(), plain(&item.composition)?),
        Field::Allergens if item.allergens.is_empty() => return None,
        Field::Allergens => (words.allergens.as_str(), item.allergens.join(", ")),
        Field::Storage => (words.storage.as_str(), plain(&item.storage)?),
        Field::Nutrition => (words.nutrition.as_str(), nutrition(item, words)?),
        Field::Barcode | Field::Rule => return None,
    };
    Some(Value { caption: caption.to_owned(), text })
}

fn price_caption<'w>(item: &Item, words: &'w Captions) -> &'w str {
    match item.unit {
        Unit::Kg => &words.price_kg,
        Unit::Piece => &words.price_piece,
    }
}

fn quantity<'w>(item: &Item, words: &'w Captions) -> Option<(&'w str, String)> {
    let quantity = item.quantity?;
    Some(match item.unit {
        Unit::Kg => (&words.weight, format!("{}\u{A0}{}", decimals(quantity, 3, words), words.kg)),
        Unit::Piece => (&words.pieces, format!("{}\u{A0}{}", decimals(quantity, 0, words), words.piece)),
    })
}

fn sum(sum: Decimal, item: &Item, words: &Captions) -> String {
    let mut text = decimals(sum, 2, words);
    if let Some(currency) = &item.currency {
        text.push('\u{A0}');
        text.push_str(currency);
    }
    text
}

/// Rounded half up to so many decimals.
fn decimals(number: Decimal, places: u32, words: &Captions) -> String {
    let number = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    format!("{number:.*}", places as usize).replace('.', &words.decimal)
}

fn nutrition(item: &Item, words: &Captions) -> Option<String> {
    let own = item.nutrition?;
    let number = |number: Decimal| number.normalize().to_string().replace('.', &words.decimal);
    let grams = |name: &str, grams: Decimal| format!("{name}\u{A0}{}\u{A0}{}", number(grams), words.gram);
    Some(format!(
        "{}; {}; {}; {}\u{A0}{}",
        grams(&words.proteins, own.proteins),
        grams(&words.fats, own.fats),
        grams(&words.carbohydrates, own.carbohydrates),
        number(own.kcal),
        words.kcal
    ))
}

fn time(time: DateTime) -> String {
    let date = time.date();
    let (day, month, year) = (date.day(), date.month(), date.year());
    format!("{day:02}.{month:02}.{year} {:02}:{:02}", time.hour(), time.minute())
}
