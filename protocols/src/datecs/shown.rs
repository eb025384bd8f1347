//! What of a frame others may see: the password may not.

use std::borrow::Cow;

use super::frame::{Parts, Scan};
use super::{narrow, wide};

/// Commands whose data begin with the operator's number and password: a receipt, and the two forms of a storno.
const SIGNED: [u16; 3] = [48, 43, 46];
const COVER: u8 = b'*';

/// What a host sends, with the password of a frame covered by asterisks; anything else is shown as it is.
pub fn shown(sent: &[u8]) -> Cow<'_, [u8]> {
    let scans = [(wide::scan(sent), 10), (narrow::scan(sent), 4)];
    let signed = scans.into_iter().find_map(|(scan, head)| match scan {
        Scan::Whole { parts: Parts { number, body, .. }, .. } if SIGNED.contains(&number) => {
            Some((body, head))
        }
        _ => None,
    });
    let Some((body, head)) = signed else { return Cow::Borrowed(sent) };
    let is_separator = |byte: &u8| matches!(byte, b'\t' | b',');
    let Some(number) = body.iter().position(is_separator) else { return Cow::Borrowed(sent) };
    let begin = head + number + 1;
    let mut shown = sent.to_vec();
    let secret = shown.iter_mut().skip(begin).take(body.len() - number - 1);
    secret.take_while(|byte| !is_separator(byte)).for_each(|byte| *byte = COVER);
    Cow::Owned(shown)
}
