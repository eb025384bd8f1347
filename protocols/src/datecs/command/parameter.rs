//! How parameters are checked and written.

use super::{Command, CommandError, Discount, Effect, Look, Operator};
use crate::datecs::dialect::{Dialect, Name};
use crate::datecs::number::{Moment, money};
use crate::datecs::text;

impl Dialect {
    pub(super) fn unsupported(&self, what: &'static str) -> CommandError {
        CommandError::Unsupported { dialect: self.name, what }
    }

    /// Parameters as the frame has them: each ends in TAB, or commas stand between.
    pub(super) fn query(&self, number: u16, fields: &[&str]) -> Command {
        let data = if self.is_tabbed() {
            fields.iter().flat_map(|field| [*field, "\t"]).collect::<String>()
        } else {
            fields.join(",")
        };
        Command { number, data: data.into_bytes(), effect: Effect::Query }
    }

    pub(super) fn fiscal(&self, number: u16, fields: &[&str]) -> Command {
        Command { effect: Effect::Fiscal, ..self.query(number, fields) }
    }

    pub(super) fn operator(&self, operator: &Operator) -> Result<[String; 3], CommandError> {
        let limits = &self.limits;
        range("operator", operator.number.into(), 1, limits.operators.into())?;
        range("till", operator.till.into(), 1, 99_999)?;
        let (least, most) = limits.password;
        let length = operator.password.len();
        if !operator.password.bytes().all(|b| b.is_ascii_digit()) || !(least..=most).contains(&length) {
            let expected = if least == 4 { "4 to 8 digits" } else { "1 to 8 digits" };
            return Err(CommandError::Malformed { field: "operator password", expected });
        }
        Ok([operator.number.to_string(), operator.password.clone(), operator.till.to_string()])
    }

    /// Type and value of a discount in the wide frame.
    pub(super) fn discount(
        &self,
        discount: Option<Discount>,
    ) -> Result<(&'static str, String), CommandError> {
        Ok(match self.checked(discount)? {
            None => ("", String::new()),
            Some(Discount::Percent(value)) if value > 0 => ("1", money(value)),
            Some(Discount::Percent(value)) => ("2", money(-value)),
            Some(Discount::Sum(value)) if value > 0 => ("3", money(value)),
            Some(Discount::Sum(value)) => ("4", money(-value)),
        })
    }

    /// A discount in the narrow frame: `,` and percent or `;` and a sum, both with their sign.
    pub(super) fn signed_discount(&self, discount: Option<Discount>) -> Result<Vec<u8>, CommandError> {
        Ok(match self.checked(discount)? {
            None => Vec::new(),
            Some(Discount::Percent(value)) => format!(",{}", money(value)).into_bytes(),
            Some(Discount::Sum(value)) => format!(";{}", money(value)).into_bytes(),
        })
    }

    pub(super) fn checked(&self, discount: Option<Discount>) -> Result<Option<Discount>, CommandError> {
        let most_percent = if self.is_tabbed() { 9999 } else { 9900 };
        match discount {
            None | Some(Discount::Percent(0) | Discount::Sum(0)) => return Ok(None),
            Some(Discount::Percent(value)) => range_money("discount", value, -most_percent, most_percent)?,
            Some(Discount::Sum(value)) => {
                range_money("discount", value, -self.limits.money, self.limits.money)?;
            }
        }
        Ok(discount)
    }

    pub(super) fn text_line(&self, number: u16, line: Vec<u8>, look: Look) -> Command {
        let mut data = Vec::with_capacity(line.len() + 12);
        match self.name {
            Name::X | Name::Ro => {
                data.extend(line);
                data.push(b'\t');
                if look != Look::default() {
                    // Bold, italic, height, underline, alignment: may be left out together, as the manual's own
                    // frame does ("Wrapped messages").
                    let looks = format!("{}\t\t{}\t\t\t", mark(look.bold), mark(look.tall));
                    data.extend_from_slice(looks.as_bytes());
                }
            }
            Name::P if look == Look::default() => data.extend(line),
            Name::P => {
                let (bold, tall) = (if look.bold { "B" } else { "" }, if look.tall { "H" } else { "" });
                data.extend_from_slice(format!("\t1{bold}{tall},").as_bytes());
                data.extend(line);
            }
            Name::C => {
                data.extend_from_slice(if look.tall { b"2\t" } else { b"1\t" });
                data.extend(line);
            }
        }
        Command { number, data, effect: Effect::Fiscal }
    }

    /// The reason in words of a storno invoice: 30 characters on P, 42 on C, and no more on X.
    pub(super) fn reason_text(&self, reason: &str) -> Result<Vec<u8>, CommandError> {
        let limit = if self.name == Name::P { 30 } else { 42 };
        let bytes = text::encode(self.page, "reason", reason, limit)?;
        if !self.is_tabbed() && bytes.iter().any(|b| matches!(b, b',' | b'#')) {
            return Err(CommandError::Malformed { field: "reason", expected: "without comma and #" });
        }
        Ok(bytes)
    }
}

pub(super) fn out_of_range(field: &'static str, value: impl ToString, expected: &str) -> CommandError {
    CommandError::OutOfRange { field, value: value.to_string(), expected: expected.to_owned() }
}

pub(super) fn range(field: &'static str, value: i64, least: i64, most: i64) -> Result<(), CommandError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(out_of_range(field, value, &format!("{least} to {most}")))
}

pub(super) fn range_money(
    field: &'static str,
    value: i64,
    least: i64,
    most: i64,
) -> Result<(), CommandError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(out_of_range(field, money(value), &format!("{} to {}", money(least), money(most))))
}

pub(super) fn moment(field: &'static str, moment: &Moment) -> Result<(), CommandError> {
    if moment.is_valid() {
        return Ok(());
    }
    Err(out_of_range(field, moment, "a date and time from 2000 to 2099"))
}

/// A text of printable ASCII characters that separate nothing.
pub(super) fn plain<'a>(field: &'static str, text: &'a str, limit: usize) -> Result<&'a str, CommandError> {
    if text.is_empty() {
        return Err(CommandError::Empty { field });
    }
    if text.len() > limit {
        return Err(CommandError::TooLong { field, length: text.chars().count(), limit });
    }
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b',') {
        return Err(CommandError::Malformed {
            field,
            expected: "letters and digits without spaces and commas",
        });
    }
    Ok(text)
}

/// A unique sale number: eight letters or digits, four letters or digits, seven digits (*X manual*, command 48).
pub(super) fn sale_number<'a>(field: &'static str, sale: &'a str) -> Result<&'a str, CommandError> {
    let right = sale.len() == 21
        && sale.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 => byte == b'-',
            14.. => byte.is_ascii_digit(),
            _ => byte.is_ascii_alphanumeric(),
        });
    if right {
        return Ok(sale);
    }
    Err(CommandError::Malformed { field, expected: "a unique sale number such as DT000600-0001-0001000" })
}

fn mark(on: bool) -> &'static str {
    if on { "1" } else { "" }
}
