//! The application identifiers: which there are, and what their values look like.

use std::sync::OnceLock;

/// An identifier or a family of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The first identifier of the family.
    first: u16,
    /// The last one.
    last: u16,
    /// How many digits the identifiers have, 2 to 4.
    digits: usize,
    /// What its value consists of.
    pub parts: Vec<Part>,
    /// The unit of a number.
    pub unit: Option<&'static str>,
    /// The data title; `None` where GS1 gives it none.
    pub title: Option<&'static str>,
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub set: Set,
    /// As many characters, or the most of them.
    pub length: usize,
    /// Whether it has exactly that length.
    pub fixed: bool,
    /// Whether it may be left out.
    pub optional: bool,
    pub kind: Kind,
}

/// Which characters a part has (GS1 General Specifications, 7.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    Digits,
    Set82,
    Set39,
    Set64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// The last digit is the check digit of the others.
    Checked,
    /// YYMMDD.
    Date,
    /// A number whose point the identifier places.
    Number,
}

impl Set {
    pub fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Set82 => byte.is_ascii_alphanumeric() || b"!\"%&'()*+,-./:;<=>?_".contains(&byte),
            Self::Set39 => byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"#-/".contains(&byte),
            Self::Set64 => byte.is_ascii_alphanumeric() || b"-_=".contains(&byte),
        }
    }
}

/// How many digits the identifiers have that begin with these two; `None` where there are none.
pub(super) fn digits_of(first_two: u8) -> Option<usize> {
    Some(match first_two {
        0..=4 | 10..=22 | 30 | 37 | 90..=99 => 2,
        23..=25 | 40..=42 | 71 => 3,
        31..=36 | 39 | 43 | 70 | 72 | 80..=82 => 4,
        _ => return None,
    })
}

/// How long an element is, identifier included, that ends without a separator. By its first two digits; GS1
/// will not change these, so they also tell the end of elements that are not known here (GS1 General
/// Specifications, 7.8.5, figure of element strings with predefined length).
pub(super) fn predefined_length(first_two: u8) -> Option<usize> {
    Some(match first_two {
        0 => 20,
        1..=3 | 41 => 16,
        4 => 18,
        11..=19 => 8,
        20 => 4,
        31..=36 => 10,
        _ => return None,
    })
}

/// What is known of an identifier.
pub(super) fn row(identifier: &str) -> Option<&'static Row> {
    let number: u16 = identifier.parse().ok()?;
    rows().iter().find(|row| row.digits == identifier.len() && (row.first..=row.last).contains(&number))
}

fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| include_str!("identifiers.tsv").lines().filter_map(parse).collect())
}

fn parse(line: &'static str) -> Option<Row> {
    if line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let identifiers = columns.next()?;
    let parts = columns.next()?.split(' ').map(part).collect::<Option<_>>()?;
    let text = |column: Option<&'static str>| column.filter(|text| !text.is_empty());
    let (first, last) = identifiers.split_once('-').unwrap_or((identifiers, identifiers));
    Some(Row {
        first: first.parse().ok()?,
        last: last.parse().ok()?,
        digits: first.len(),
        parts,
        unit: text(columns.next()),
        title: text(columns.next()),
    })
}

fn part(text: &str) -> Option<Part> {
    let (optional, text) = text.strip_prefix('?').map_or((false, text), |rest| (true, rest));
    let set = match text.chars().next()? {
        'N' => Set::Digits,
        'X' => Set::Set82,
        'Y' => Set::Set39,
        'Z' => Set::Set64,
        _ => return None,
    };
    let rest = text.get(1..)?;
    let (fixed, rest) = rest.strip_prefix("..").map_or((true, rest), |rest| (false, rest));
    let number = rest.trim_end_matches(|sign: char| !sign.is_ascii_digit());
    let kind = match rest.strip_prefix(number)? {
        "" => Kind::Plain,
        "c" => Kind::Checked,
        "d" => Kind::Date,
        "." => Kind::Number,
        _ => return None,
    };
    Some(Part { set, length: number.parse().ok()?, fixed, optional, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let lines = include_str!("identifiers.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().len(), lines);
        assert!(lines > 180, "{lines}");
    }

    #[test]
    fn every_identifier_has_as_many_digits_as_its_first_two_say() {
        for row in rows() {
            let first_two = row.first / 10_u16.pow(row.digits as u32 - 2);
            assert_eq!(digits_of(first_two as u8), Some(row.digits), "{row:?}");
        }
    }

    #[test]
    fn elements_of_predefined_length_are_as_long_as_their_parts() {
        for row in rows() {
            let first_two = row.first / 10_u16.pow(row.digits as u32 - 2);
            if let Some(length) = predefined_length(first_two as u8) {
                let parts: usize = row.parts.iter().map(|part| part.length).sum();
                assert!(row.parts.iter().all(|part| part.fixed && !part.optional), "{row:?}");
                assert_eq!(row.digits + parts, length, "{row:?}");
            }
        }
    }
}
