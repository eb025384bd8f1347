//! What holds for any bytes: the body of the fuzz target, and of the test over its corpus.

use super::{Meaning, Patterns, Quantity, aim, digits, gs1, identify, make, marking, meaning, pattern};

/// Reads the bytes as a code and as a pattern.
///
/// # Errors
/// What did not come back, in words.
pub fn any_bytes(data: &[u8]) -> Result<(), &'static str> {
    let patterns = Patterns::default();
    let _ = identify(data);
    let (mark, rest) = aim::split(data);
    let again = [mark.map(|mark| mark.as_text()).unwrap_or_default().as_bytes(), rest].concat();
    if again != data {
        return Err("the mark of the symbology and the data are not what came");
    }
    for symbology in
        [None, Some(aim::Symbology::Ean13), Some(aim::Symbology::Gs1128), Some(aim::Symbology::DataMatrix)]
    {
        item(&meaning(data, symbology, &patterns), &patterns)?;
        let _ = marking::recognise(data, symbology);
    }
    elements(data)?;
    written(data)
}

/// An item with a quantity can be made again.
fn item(meaning: &Meaning, patterns: &Patterns) -> Result<(), &'static str> {
    let Meaning::Item(item) = meaning else { return Ok(()) };
    if !digits::is_checked(&item.barcode) || !digits::is_checked(&item.key) {
        return Err("an item with a wrong check digit");
    }
    let Some(Quantity::Weight { value, .. } | Quantity::Pieces { value } | Quantity::Price { value, .. }) =
        item.quantity
    else {
        return Ok(());
    };
    let pattern = patterns.find(&item.pattern).ok_or("an item of no pattern")?;
    let again = make(pattern, &item.code, value).map_err(|_| "the code of an item can't be made")?;
    if again == item.barcode { Ok(()) } else { Err("the code of an item doesn't come back") }
}

/// Elements put together again, each with its separator, are the same elements.
fn elements(data: &[u8]) -> Result<(), &'static str> {
    let Ok(read) = gs1::parse(data) else { return Ok(()) };
    let joined: Vec<String> =
        read.elements.iter().map(|element| format!("{}{}", element.ai, element.value)).collect();
    match gs1::parse(joined.join("\u{1d}").as_bytes()) {
        Ok(again) if again == read => Ok(()),
        _ => Err("elements don't come back"),
    }
}

/// The bytes as a pattern: what is taken reads what it makes.
fn written(data: &[u8]) -> Result<(), &'static str> {
    let text = String::from_utf8_lossy(data).into_owned();
    let config = pattern::PatternConfig {
        name: "any".into(),
        pattern: text,
        decimals: None,
        unit: None,
        priority: 0,
        upc_ean: pattern::UpcEan::Always,
    };
    let Ok(pattern) = pattern::Pattern::try_from(config) else { return Ok(()) };
    let made = make(&pattern, "7", pattern.most()).map_err(|_| "a pattern can't hold its most")?;
    match pattern.read(&made) {
        Some(Ok(item)) if item.barcode == made && item.quantity.is_some() => Ok(()),
        _ => Err("a pattern doesn't read what it makes"),
    }
}
