//! What holds for any text on a customer display: the body of the fuzz target, and of the test over its corpus.

use serde_json::Value;

use super::{DisplayDocument, DisplayModel, Encoder, Layout};

/// Any bytes as the document of a display job, on every model.
///
/// # Errors
/// The rule that was broken: a frame that is not of the display's size, or has a byte that is a command.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return Ok(()) };
    let Ok(document) = DisplayDocument::parse(&value) else { return Ok(()) };
    for model in DisplayModel::all() {
        let encoder = Encoder::new(model, None).map_err(|error| error.to_string())?;
        let Ok((layout, _)) = Layout::new(&document, model, encoder.page()) else { continue };
        let frame_bytes = encoder.show(&layout.frame_at(0)).len();
        for step in [0, 1, 39, 517, u64::MAX] {
            let frame = layout.frame_at(step);
            let fits = |row: &Vec<u8>| row.len() == usize::from(model.columns);
            if frame.rows.len() != usize::from(model.rows) || !frame.rows.iter().all(fits) {
                return Err(format!("{}: a frame of another size: {frame:?}", model.id));
            }
            if frame.rows.iter().flatten().any(|byte| *byte < b' ' || *byte == 0x7f) {
                return Err(format!("{}: a command in the text: {frame:?}", model.id));
            }
            if encoder.show(&frame).len() != frame_bytes {
                return Err(format!("{}: step {step} has another length", model.id));
            }
        }
    }
    Ok(())
}
