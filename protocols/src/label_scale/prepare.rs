//! A list made into the records of one scale.

use rust_decimal::Decimal;

use super::list::{Item, ItemList, ListError, wrong};
use super::record::{NAME, Record};
use super::text::Wrapped;

/// Highest price in the smallest unit (command 57h).
const MOST_PRICE: u32 = 999_999;
/// Characters of a line of a message (command 52h).
const MESSAGE_LINE: usize = 50;

/// What one scale can keep. `None`: it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Highest number of an item.
    pub items: Option<u16>,
    /// Highest number of a message.
    pub messages: Option<u16>,
    /// Lines of a message: 0, 4 or 8.
    pub message_lines: Option<u8>,
    /// Heaviest tare in grams: a tenth of the heaviest load.
    pub tare_g: Option<u16>,
    /// Decimal places of prices, 0 to 2: how the scale's smallest unit of money is set.
    pub decimals: u8,
}

/// An item as one scale keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Its record.
    pub record: Record,
    /// Its message, if it brings one.
    pub message: Option<Message>,
    /// What was not loaded as it was given.
    pub remarks: Remarks,
}

/// A message as one scale keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub number: u16,
    /// All lines that the scale keeps for it, the empty ones too: an older text may stand there.
    pub lines: Vec<[u8; MESSAGE_LINE]>,
}

/// What was not loaded as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks {
    /// The end of the name does not fit.
    pub cut: bool,
    /// Characters that the scale lacks, each once.
    pub replaced: Vec<char>,
}

impl ItemList {
    /// Judges the whole list by what a scale keeps, and makes its records, in the list's order.
    ///
    /// # Errors
    /// [`ListError`] with the place of the first item that the scale can't keep.
    pub fn prepare(&self, limits: &Limits) -> Result<Vec<Prepared>, ListError> {
        if let Some(most) = limits.items
            && let Some((index, plu)) = self.delete.iter().enumerate().find(|(_, plu)| **plu > most)
        {
            return Err(wrong(
                format!("delete[{index}]"),
                format!("{plu}; this scale keeps numbers up to {most}"),
            ));
        }
        let prepared = self.items.iter().enumerate().map(|(index, item)| {
            prepare(item, limits)
                .map_err(|(field, problem)| wrong(format!("items[{index}].{field}"), problem))
        });
        prepared.collect()
    }
}

fn prepare(item: &Item, limits: &Limits) -> Result<Prepared, (&'static str, String)> {
    let above = |number: u16, most: Option<u16>| most.filter(|most| number > *most);
    if let Some(most) = above(item.plu, limits.items) {
        return Err(("plu", format!("{}; this scale keeps numbers up to {most}", item.plu)));
    }
    let number = item.message_number();
    if let Some(most) = above(number, limits.messages) {
        let problem =
            format!("{number}; this scale keeps messages up to {most}: give the text a number of its own");
        return Err(("message", problem));
    }
    let tare = item.tare_g().unwrap_or(0);
    if let Some(most) = above(tare, limits.tare_g) {
        return Err(("tare", format!("{tare} g; this scale takes up to {most} g")));
    }
    let price = units(item.price, limits.decimals).ok_or_else(|| {
        let most = Decimal::new(MOST_PRICE.into(), limits.decimals.into());
        let problem = format!(
            "{}; this scale takes at most {most}, with {} decimals",
            item.price.normalize(),
            limits.decimals
        );
        ("price", problem)
    })?;
    let name = Wrapped::new(&item.name, NAME);
    let mut remarks = Remarks { cut: name.lines.len() > 2, replaced: name.replaced };
    let message = match &item.text {
        None => None,
        Some(text) => {
            let (message, replaced) = message(number, text, limits.message_lines)?;
            for c in replaced {
                if !remarks.replaced.contains(&c) {
                    remarks.replaced.push(c);
                }
            }
            Some(message)
        }
    };
    let line = |index: usize| name.lines.get(index).map(Vec::as_slice).unwrap_or_default();
    let record = Record::new(item, [line(0), line(1)], price, tare);
    Ok(Prepared { record, message, remarks })
}

fn message(
    number: u16,
    text: &str,
    lines: Option<u8>,
) -> Result<(Message, Vec<char>), (&'static str, String)> {
    // What the scale does not say is what most have.
    let room = usize::from(lines.unwrap_or(8));
    let wrapped = Wrapped::new(text, MESSAGE_LINE);
    let needed = wrapped.lines.len();
    if needed > room {
        let problem = match room {
            0 => {
                "this scale keeps no messages: leave it out, or set lines of messages in its menu".to_owned()
            }
            _ => format!("needs {needed} lines of {MESSAGE_LINE} characters; this scale keeps {room}"),
        };
        return Err(("text", problem));
    }
    let mut padded = vec![[b' '; MESSAGE_LINE]; room];
    for (target, line) in padded.iter_mut().zip(&wrapped.lines) {
        target.iter_mut().zip(line).for_each(|(to, from)| *to = *from);
    }
    Ok((Message { number, lines: padded }, wrapped.replaced))
}

/// A price in the smallest unit; `None` where it has more decimals or is too high.
fn units(price: Decimal, decimals: u8) -> Option<u32> {
    let mut factor = Decimal::ONE;
    for _ in 0..decimals {
        factor *= Decimal::TEN;
    }
    let units = price.checked_mul(factor)?;
    let units = if units.is_integer() { u32::try_from(units.trunc()).ok()? } else { return None };
    (units <= MOST_PRICE).then_some(units)
}
