//! What holds for any report descriptor: the body of the fuzz target, and of the test over its corpus.

use super::Descriptor;

/// Reads the bytes as the report descriptor of a device. The first two name a page and a usage that is looked for.
///
/// # Errors
/// The rule that was broken: a field in no report, reports without their ids, or a damaged descriptor of which less
/// is understood than of its whole part.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let [page, usage, bytes @ ..] = input else { return Ok(()) };
    let found = Descriptor::read(bytes);
    let (page, usage) = (u16::from(*page), u16::from(*usage));
    if let Some(id) = found.input_with(page, usage) {
        if found.input_bytes(id).is_none() {
            return Err(format!("usage {page:x}.{usage:x} is in report {id}, which is none"));
        }
        if id != 0 && !found.is_numbered() {
            return Err(format!("report {id} of a device that does not number them"));
        }
    }
    for id in 0..=u8::MAX {
        let id_alone = usize::from(found.is_numbered());
        if found.input_bytes(id).is_some_and(|bytes| bytes < id_alone) {
            return Err(format!("report {id} has no room for its id"));
        }
    }
    // What was understood before the damage stays.
    let whole: Vec<Descriptor> =
        (0..=bytes.len()).step_by(1 + bytes.len() / 16).map(|end| Descriptor::read(&bytes[..end])).collect();
    for pair in whole.windows(2) {
        let [shorter, longer] = pair else { continue };
        let lost = (0..=u8::MAX).find(|id| {
            shorter.has_feature(*id) && !longer.has_feature(*id)
                || shorter.input_bytes(*id) > longer.input_bytes(*id)
        });
        if let Some(id) = lost {
            return Err(format!("more bytes say less of report {id}: {shorter:?}, {longer:?}"));
        }
    }
    Ok(())
}
