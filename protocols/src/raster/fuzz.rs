//! What holds for any picture file: the body of the fuzz target, and of the test over its corpus.

use super::picture::{self, MAX_HEIGHT};
use crate::document::Dither;

/// Any bytes as a picture file for a paper of 384 dots; the first chooses the width, the second how it is dithered.
///
/// # Errors
/// The rule that was broken: a picture wider than the paper, higher than allowed, without dots, or with dots beyond
/// its edge.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let [width, how, file @ ..] = input else { return Ok(()) };
    let most = 384;
    let width = (*width > 0).then(|| u16::from(*width) * 2);
    let how = if how % 2 == 0 { Dither::FloydSteinberg } else { Dither::Threshold };
    let Ok(bitmap) = picture::picture(file, width, most, (203, 203), how) else { return Ok(()) };
    let (across, along) = (bitmap.width(), bitmap.height());
    if across == 0 || across > most || along == 0 || u32::from(along) > MAX_HEIGHT {
        return Err(format!("{across} x {along} dots"));
    }
    if width.is_some_and(|width| width != across) {
        return Err(format!("{across} dots wide, asked for {width:?}"));
    }
    if bitmap.data().len() != bitmap.stride() * usize::from(along) {
        return Err(format!("{} bytes for {across} x {along} dots", bitmap.data().len()));
    }
    Ok(())
}
