//! What holds for any bytes of a label printer and any label job: the bodies of two fuzz targets, and of the tests
//! over their corpora.

use serde_json::Value;

use super::status::{Answer, Question, Reader};
use super::{Label, LabelOrder, LabelSetup, Language, Printer, encode};
use crate::code::Patterns;

/// Of an answer no more is kept: three lines of ZPL.
const LONGEST: usize = 1024;

/// Any bytes as the answer to each question; the first says of what size the pieces are.
///
/// # Errors
/// The rule that was broken: pieces that change what is read, more answers than bytes, or an answer of more bytes
/// than are kept.
pub fn any_answer(input: &[u8]) -> Result<(), String> {
    let [size, bytes @ ..] = input else { return Ok(()) };
    let size = usize::from(*size).max(1);
    for question in [Question::TsplByte, Question::TsplDetails, Question::ZplHostStatus, Question::EplErrors]
    {
        let whole = Reader::new(question).push(bytes);
        let mut reader = Reader::new(question);
        let pieces: Vec<Answer> = bytes.chunks(size).flat_map(|piece| reader.push(piece)).collect();
        if whole != pieces {
            return Err(format!("{question:?}, in pieces of {size}: {pieces:?}, at once: {whole:?}"));
        }
        if whole.len() > bytes.len() {
            return Err(format!("{question:?}: {} answers of {} bytes", whole.len(), bytes.len()));
        }
        for answer in &whole {
            if let Answer::Unreadable(bytes) = answer
                && bytes.len() > LONGEST
            {
                return Err(format!("{question:?}: {} bytes are kept", bytes.len()));
            }
        }
    }
    Ok(())
}

/// Any bytes as the document of a label job.
///
/// # Errors
/// The rule that was broken: a label that is taken and refused once written and read again, or bytes for a printer
/// that are wider than its head or more than its label holds.
pub fn any_order(input: &[u8]) -> Result<(), String> {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return Ok(()) };
    let Ok(order) = LabelOrder::from_value(value) else { return Ok(()) };
    let labels = match &order {
        LabelOrder::Drawn(order) => order.prepare(1, &[]).map(|prepared| prepared.labels),
        LabelOrder::Item(order) => {
            let Ok(now) = "2026-01-31T23:59:59".parse() else {
                return Err("the time of this test is none".into());
            };
            let printer = printer(Language::Tspl);
            let patterns = Patterns::default();
            order.complete(order.trial_weight(), now, &patterns).and_then(|item| {
                let prepared = order.prepare(&item, &LabelSetup::default(), &printer, 1, &[])?;
                Ok(prepared.labels)
            })
        }
    };
    labels.unwrap_or_default().iter().try_for_each(label)
}

fn label(label: &Label) -> Result<(), String> {
    label.validate().map_err(|error| format!("a label that was made is refused: {error}"))?;
    let written = serde_json::to_value(label).map_err(|error| error.to_string())?;
    match Label::from_value(written) {
        Ok(read) if read == *label => {}
        other => return Err(format!("written and read again: {other:?}")),
    }
    for language in [Language::Tspl, Language::Zpl, Language::Epl] {
        let printer = printer(language);
        let Ok(encoded) = encode(label, &printer) else { continue };
        let picture = &encoded.drawn.picture;
        if picture.width() > printer.dots {
            return Err(format!("{language:?}: {} dots on a head of {}", picture.width(), printer.dots));
        }
        // ZPL writes a byte of the picture as two characters at most.
        let most = 2 * picture.stride() * usize::from(picture.height()) + 4096;
        if encoded.bytes.len() > most {
            return Err(format!("{language:?}: {} bytes, at most {most}", encoded.bytes.len()));
        }
    }
    Ok(())
}

fn printer(language: Language) -> Printer {
    Printer { language, dpi: 203, dots: 832, turned: false }
}
