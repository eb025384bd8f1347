//! Counts how deep tags are nested before a parser recurses into them.

use super::{BYTES, DEPTH, Position, XmlError};

/// Refuses what is too long or too deep. Anything else wrong is left to the parser.
pub(super) fn check(xml: &str) -> Result<(), XmlError> {
    if xml.len() > BYTES {
        return Err(XmlError::TooLong { bytes: xml.len() });
    }
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(start) = find(xml, at, "<") {
        let rest = xml.get(start..).unwrap_or_default();
        let end = if rest.starts_with("<!--") {
            find(xml, start, "-->")
        } else if rest.starts_with("<![CDATA[") {
            find(xml, start, "]]>")
        } else if rest.starts_with("<?") {
            find(xml, start, "?>")
        } else {
            let end = tag_end(xml, start);
            let tag = end.and_then(|end| xml.get(start..end)).unwrap_or(rest);
            if tag.starts_with("</") {
                depth = depth.saturating_sub(1);
            } else if !tag.ends_with('/') {
                depth += 1;
            }
            end
        };
        if depth > DEPTH {
            return Err(XmlError::TooDeep { at: position(xml, start) });
        }
        let Some(end) = end else { return Ok(()) };
        at = end + 1;
    }
    Ok(())
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    text.get(from..)?.find(what).map(|offset| from + offset)
}

/// The `>` of a tag, those in attribute values not counted.
fn tag_end(xml: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (offset, byte) in xml.as_bytes().get(start..)?.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(start + offset),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
    Position { line, column }
}
