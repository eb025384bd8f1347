//! What of a frame others may see: the password may not.

use std::borrow::Cow;
use std::ops::Range;

use super::{link1, link2};

/// Bytes of a password.
const PASSWORD: usize = 4;
/// Asks for the type of the device, without a password.
const DEVICE_TYPE: u8 = 0xfc;
const COVER: u8 = b'*';

/// What a host sends, with the password of a frame covered by asterisks. On either link level; anything else is
/// shown as it is.
pub fn shown(sent: &[u8]) -> Cow<'_, [u8]> {
    let begin = usize::from(sent.first() == Some(&link1::ENQ));
    let covered = match sent.get(begin) {
        Some(&link1::STX) => secret(sent.get(begin + 2..).unwrap_or_default())
            .map(|secret| begin + 2 + secret.start..begin + 2 + secret.end),
        Some(&link2::STX) => on_level2(sent),
        _ => None,
    };
    let Some(covered) = covered else { return Cow::Borrowed(sent) };
    let mut shown = sent.to_vec();
    let end = covered.end.min(shown.len());
    if let Some(secret) = shown.get_mut(covered.start.min(end)..end) {
        secret.fill(COVER);
    }
    Cow::Owned(shown)
}

/// Where in a command its password is.
fn secret(command: &[u8]) -> Option<Range<usize>> {
    let code = match command.first()? {
        &DEVICE_TYPE => return None,
        0xff => 2,
        _ => 1,
    };
    Some(code..code + PASSWORD)
}

/// The same in a frame in which some bytes are sent as two.
fn on_level2(frame: &[u8]) -> Option<Range<usize>> {
    let bytes = link2::plain_bytes(frame);
    // Length and number come first.
    let command: Vec<u8> = bytes.iter().skip(4).map(|(_, byte)| *byte).collect();
    let secret = secret(&command)?;
    let at = |index: usize| bytes.get(index + 4).map_or(frame.len(), |(at, _)| *at);
    Some(at(secret.start)..at(secret.end))
}
