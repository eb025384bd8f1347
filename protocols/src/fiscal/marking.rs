//! Marking codes of goods: how they come, and what a readable one looks like.
//!
//! Structure after the rules of the Russian marking system (government decrees on each group of goods,
//! such as No. 841 of 31.05.2021 on water, point 45) and the GS1 General Specifications, 7.8: identifiers
//! `01` with 14 digits and `21` with a serial of up to 20 characters, then either `91` with 4 and `92`
//! with 44 or 88 characters, or `93` with 4. What is variable in length ends with GS (1Dh) unless it is
//! last.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{MarkedStatus, MarkingType, MeasurementUnit};
use super::{Problem, Quantity};

/// A marking code and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MarkingCode {
    /// The kind of code.
    #[serde(default = "auto")]
    pub imc_type: MarkingType,
    /// The code as scanned, GS included, in base64: tag 2000.
    #[schemars(length(min = 4, max = 344))]
    pub imc: String,
    /// What becomes of the item: tag 2003.
    #[serde(default = "unchanged")]
    pub item_estimated_status: MarkedStatus,
    /// How the code is processed: tag 2102, always 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 0))]
    pub imc_mode_processing: u8,
    /// How much of it, in a check of what is sold in parts: tag 1023.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_quantity: Option<Quantity>,
    /// In what that is counted: tag 2108.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_units: Option<MeasurementUnit>,
}

impl MarkingCode {
    /// The code's bytes as scanned; empty where [`super::Task::parse`] has not seen the code.
    pub fn bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.imc).unwrap_or_default()
    }

    /// Whether it stands for a whole piece, sold or brought back.
    pub fn is_of_a_piece(&self) -> bool {
        matches!(self.item_estimated_status, MarkedStatus::PieceSold | MarkedStatus::PieceReturn)
    }
}

/// What is wrong with a code at that place.
pub(super) fn problems(code: &MarkingCode, at: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if code.imc_mode_processing != 0 {
        let wrong = format!("{} is not a mode of processing", code.imc_mode_processing);
        problems.push(Problem::new(format!("{at}.imcModeProcessing"), wrong, "give 0, or leave it out"));
    }
    if code.item_quantity.is_some_and(|quantity| quantity <= Quantity(0)) {
        problems.push(Problem::new(
            format!("{at}.itemQuantity"),
            "not above nothing",
            "leave it out for a piece",
        ));
    }
    if let Err((wrong, remedy)) = structure(code) {
        problems.push(Problem::new(format!("{at}.imc"), wrong, remedy));
    }
    problems
}

type Wrong = (String, &'static str);

const GS: u8 = 0x1D;

const NO_GS: &str = "let the scanner pass GS (1Dh) on, and put it into the base64";

fn structure(code: &MarkingCode) -> Result<(), Wrong> {
    const MOST: usize = 256;
    let bytes = BASE64_STANDARD.decode(&code.imc).map_err(|error| {
        (format!("not base64: {error}"), "give the scanned bytes in base64, with padding")
    })?;
    if bytes.is_empty() || bytes.len() > MOST {
        return Err((format!("{} bytes, allowed are 1 to {MOST}", bytes.len()), "scan it again"));
    }
    if code.imc_type == MarkingType::Unrecognized {
        return Ok(());
    }
    if let Some(byte) = bytes.iter().find(|byte| !byte.is_ascii_graphic() && **byte != GS) {
        let remedy = "let the scanner send ASCII without prefix, suffix and line end";
        return Err((format!("the byte {byte:02X}h is in no marking code"), remedy));
    }
    if bytes.starts_with(&[GS]) || bytes.starts_with(b"]") {
        let remedy = "switch off the scanner's symbology identifier, or cut it off";
        return Err((
            "it begins with the mark of the symbology, which isn't part of the code".into(),
            remedy,
        ));
    }
    let first = bytes.split(|byte| *byte == GS).next().unwrap_or_default();
    match first.strip_prefix(b"01") {
        Some(rest) if starts_with_digits(rest, 14) && rest.get(14..16) == Some(b"21") => {
            gs1(code.imc_type, &bytes)
        }
        _ if is_older(&bytes) => Ok(()),
        _ => {
            let wrong = "it doesn't begin with 01, 14 digits and 21, as a GS1 code does";
            Err((wrong.into(), "scan it again; a code of another structure is of the type imcUnrecognized"))
        }
    }
}

/// `01`, 14 digits, `21`, the serial, and after it the groups, each ended by GS or the end.
fn gs1(kind: MarkingType, bytes: &[u8]) -> Result<(), Wrong> {
    let mut groups = bytes.split(|byte| *byte == GS);
    let serial = groups.next().and_then(|first| first.get(18..)).unwrap_or_default();
    match serial.len() {
        0 => return Err(("the serial after 21 is empty".into(), "scan it again")),
        1..=20 => {}
        more => {
            return Err((
                format!("{more} characters after 21, 20 at most: GS is missing behind the serial"),
                NO_GS,
            ));
        }
    }
    let mut checks = Checks::default();
    for group in groups {
        let (identifier, value) = group.split_at_checked(2).unwrap_or((group, &[]));
        let length = value.len();
        match identifier {
            b"91" if length == 4 => checks.key = true,
            b"91" => {
                return Err((
                    format!("{length} characters after 91, it has 4: GS is missing behind them"),
                    NO_GS,
                ));
            }
            b"92" if matches!(length, 44 | 88) => checks.code = length,
            b"92" => return Err((format!("{length} characters after 92, it has 44 or 88"), "scan it again")),
            b"93" if length == 4 => checks.short = true,
            b"93" => {
                return Err((
                    format!("{length} characters after 93, it has 4: GS is missing behind them"),
                    NO_GS,
                ));
            }
            _ if value.is_empty() => {
                return Err(("two GS with nothing between them, or one at the end".into(), NO_GS));
            }
            _ => {}
        }
    }
    checks.fit(kind)
}

/// Which check groups a code has.
#[derive(Default)]
struct Checks {
    /// `91`: which key the check code was made with.
    key: bool,
    /// `92`: characters of the check code.
    code: usize,
    /// `93`: the short check code.
    short: bool,
}

impl Checks {
    fn fit(&self, kind: MarkingType) -> Result<(), Wrong> {
        if self.key != (self.code > 0) {
            return Err(("91 and 92 come together, and one is missing".into(), NO_GS));
        }
        let none = !self.key && !self.short;
        let fits = match kind {
            MarkingType::Auto => !none,
            MarkingType::Short => none,
            MarkingType::Verify88 => self.code == 88,
            MarkingType::Plain44 | MarkingType::Verify44 => self.code == 44,
            MarkingType::Plain4 => self.short,
            MarkingType::Unrecognized => true,
        };
        match (fits, none) {
            (true, _) => Ok(()),
            (false, true) => {
                let remedy =
                    "let the scanner pass GS (1Dh) on; a code without a check group is of the type imcShort";
                Err(("no GS (1Dh) and no check group (91 and 92, or 93) behind the serial".into(), remedy))
            }
            (false, false) => Err((format!("its check group is not that of {kind}"), "give the type auto")),
        }
    }
}

/// Codes older than the GS1 form: 29 characters on tobacco that begin with 14 digits, and the stamps on
/// alcohol, 68 or 150 capitals and digits.
fn is_older(bytes: &[u8]) -> bool {
    let stamp = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    match bytes.len() {
        29 => starts_with_digits(bytes, 14) && !bytes.contains(&GS),
        68 | 150 => bytes.iter().all(stamp),
        _ => false,
    }
}

fn starts_with_digits(bytes: &[u8], count: usize) -> bool {
    bytes.get(..count).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
}

fn auto() -> MarkingType {
    MarkingType::Auto
}

fn unchanged() -> MarkedStatus {
    MarkedStatus::Unchanged
}
