//! What holds for any print document: the body of the fuzz target, and of the test over its corpus.

use super::{Document, xml};
use crate::encode::EncoderOptions;
use crate::model::Model;
use crate::pdf;

/// Bytes for a printer that a byte of a document makes at most: one letter in the largest size, drawn, is a strip of
/// the paper; a picture is at most 16384 rows, and its tag has more bytes than 32.
const FOR_A_BYTE: usize = 64 * 1024;

/// Any bytes as a document in JSON, or as XML tags where they begin with `<`, printed on each of these models.
///
/// # Errors
/// The rule that was broken: a document that is taken and another one, or none, once written and read again; more
/// bytes for a printer than the document can ask for; the same document as other bytes.
pub fn any_bytes(input: &[u8], models: &[Model]) -> Result<(), String> {
    let document = if input.starts_with(b"<") {
        let Ok(text) = std::str::from_utf8(input) else { return Ok(()) };
        let Ok(document) = xml::parse(text) else { return Ok(()) };
        if document.validate().is_err() {
            return Ok(());
        }
        document
    } else {
        let Ok(document) = Document::parse(input) else { return Ok(()) };
        document
    };
    let written = serde_json::to_value(&document).map_err(|error| error.to_string())?;
    match Document::from_value(written) {
        Ok(read) if read == document => {}
        other => return Err(format!("written and read again: {other:?}, before: {document:?}")),
    }
    let most = FOR_A_BYTE * (input.len() + 1);
    for model in models {
        let mut encoder = model.encoder(EncoderOptions::default()).map_err(|error| error.to_string())?;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let Ok(report) = encoder.encode(&document, &mut first) else { continue };
        if first.len() > most {
            return Err(format!("{}: {} bytes of {}", model.id, first.len(), input.len()));
        }
        // The second time pictures come out of the cache.
        if encoder.encode(&document, &mut second) != Ok(report) || first != second {
            return Err(format!("{}: printed again it is something else", model.id));
        }
    }
    // A PDF costs more than all the others, so that not each document is made one.
    if input.len().is_multiple_of(8)
        && let Ok(made) = pdf::pdf(&document, pdf::Setting::default())
        && !(made.bytes.starts_with(b"%PDF-") && (1..=pdf::MAX_PAGES).contains(&usize::from(made.pages)))
    {
        return Err(format!("a PDF of {} pages", made.pages));
    }
    Ok(())
}
