//! Lines and barcodes on paper.

use outlet_protocols::fiscal::{Alignment, BarcodeLine, BarcodeType, Line as FiscalLine, TextLine, Wrap};
use outlet_protocols::shtrih::command::{
    CutPaper, FeedPaper, LoadSymbol, ParameterError, Passwords, PrintEan13, PrintFontLine, PrintLine,
    PrintQr, PrintWideLine,
};

use super::plan::{Features, Setup, Unfit};
use super::talk::Made;

/// Characters of a line that the short commands take.
const SHORT: usize = 40;
/// The same for wide letters.
const WIDE: usize = 20;
/// Bytes of a block of a two-dimensional symbol.
const BLOCK: usize = 64;
/// Lines between the last line and the knife.
const TO_KNIFE: u8 = 5;

/// A document that is not fiscal.
///
/// # Errors
/// The first line that the commands can't hold.
pub fn document(lines: &[FiscalLine], setup: &Setup, features: Features) -> Result<Vec<Made>, Unfit> {
    let mut all = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let at = format!("items[{index}]");
        all.extend(match line {
            FiscalLine::Text(line) => text(line, features.width, setup.passwords)
                .map_err(|error| Unfit::new(format!("{at}.text"), error))?,
            FiscalLine::Barcode(line) => {
                barcode(line, setup.passwords).map_err(|why| Unfit::new(format!("{at}.barcode"), why))?
            }
        });
    }
    let unfit = |error: ParameterError| Unfit::new("", error);
    all.push(Made::new(&FeedPaper { lines: TO_KNIFE }, setup.passwords).map_err(unfit)?);
    if features.cutter {
        all.push(Made::new(&CutPaper { partial: true }, setup.passwords).map_err(unfit)?);
    }
    Ok(all)
}

/// Text in lines of a width.
///
/// # Errors
/// What the commands can't hold.
pub fn text(line: &TextLine, width: usize, passwords: Passwords) -> Result<Vec<Made>, ParameterError> {
    let width = if line.double_width { (width / 2).min(WIDE) } else { width.min(SHORT) }.max(1);
    let lines = line.text.split('\n').flat_map(|text| broken(text, line.wrap, width));
    lines
        .map(|text| {
            let text = aligned(&text, line.alignment, width);
            match line.font {
                _ if line.double_width => Made::new(&PrintWideLine { text }, passwords),
                Some(font) => Made::new(&PrintFontLine { font, text }, passwords),
                None => Made::new(&PrintLine { text }, passwords),
            }
        })
        .collect()
}

/// A barcode.
///
/// # Errors
/// Why the register can't print it.
pub fn barcode(line: &BarcodeLine, passwords: Passwords) -> Result<Vec<Made>, String> {
    let made = |made: Result<Made, ParameterError>| made.map_err(|error| error.to_string());
    match line.barcode_type {
        BarcodeType::Ean13 => {
            let digits: String = line.barcode.chars().take(12).collect();
            let digits = digits.parse().map_err(|_| "an EAN13 has 12 digits and a check digit")?;
            Ok(vec![made(Made::new(&PrintEan13 { digits }, passwords))?])
        }
        BarcodeType::Qr => {
            let data = line.barcode.as_bytes();
            let length = u16::try_from(data.len()).map_err(|_| "too long for a QR code")?;
            let mut all = Vec::new();
            for (block, data) in data.chunks(BLOCK).enumerate() {
                let block = u8::try_from(block).map_err(|_| "too long for a QR code")?;
                all.push(made(Made::new(&LoadSymbol { block, data: data.to_vec() }, passwords))?);
            }
            let dot = line.scale.unwrap_or(5).clamp(3, 8);
            all.push(made(Made::new(&PrintQr { length, dot, correction: 1 }, passwords))?);
            Ok(all)
        }
        other => Err(format!("this register prints no {other}")),
    }
}

/// A line in pieces of at most `width` characters.
fn broken(text: &str, wrap: Wrap, width: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return vec![String::new()];
    }
    if wrap == Wrap::None {
        return vec![characters.into_iter().take(width).collect()];
    }
    let mut lines = Vec::new();
    let mut rest = characters.as_slice();
    while rest.len() > width {
        // A space right behind the width ends a line, too.
        let space = rest.iter().take(width + 1).rposition(|c| *c == ' ').filter(|at| *at > 0);
        let at = space.filter(|_| wrap == Wrap::Words).unwrap_or(width);
        let (line, behind) = rest.split_at(at);
        lines.push(line.iter().collect::<String>().trim_end().to_owned());
        let spaces = behind.iter().take_while(|c| **c == ' ').count();
        rest = behind.get(spaces..).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push(rest.iter().collect());
    }
    lines
}

fn aligned(text: &str, alignment: Alignment, width: usize) -> String {
    match alignment {
        Alignment::Left => text.to_owned(),
        Alignment::Center => {
            let before = width.saturating_sub(text.chars().count()) / 2;
            format!("{:before$}{text}", "")
        }
        Alignment::Right => format!("{text:>width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words_and_a_long_word_where_it_ends() {
        assert_eq!(broken("два слова здесь", Wrap::Words, 9), ["два слова", "здесь"]);
        assert_eq!(broken("неразрывное", Wrap::Words, 5), ["нераз", "рывно", "е"]);
        assert_eq!(broken("два слова", Wrap::Chars, 5), ["два с", "лова"]);
        assert_eq!(broken("два слова", Wrap::None, 5), ["два с"]);
        assert_eq!(broken("", Wrap::Words, 5), [""]);
    }

    #[test]
    fn a_line_stands_where_it_is_told_to() {
        assert_eq!(aligned("ab", Alignment::Center, 6), "  ab");
        assert_eq!(aligned("ab", Alignment::Right, 6), "    ab");
        assert_eq!(aligned("abcdefgh", Alignment::Right, 6), "abcdefgh");
    }
}
