//! Text on the wire: windows-1251, and code page 866 in tags.

use encoding_rs::WINDOWS_1251;
use oem_cp::code_table::{DECODING_TABLE_CP_MAP, ENCODING_TABLE_CP_MAP};
use oem_cp::encode_string_lossy;

/// Decodes text, without the blanks and zeros at its end. Characters below 20 are ignored, as
/// the device does (protocol, notes to `12` and `17`).
pub(super) fn decode(bytes: &[u8]) -> String {
    let (text, _) = WINDOWS_1251.decode_without_bom_handling(bytes);
    let text: String = text.chars().filter(|c| *c >= ' ').collect();
    text.trim_end().to_owned()
}

/// Encodes text; what the page lacks is a question mark.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let (bytes, _, missing) = WINDOWS_1251.encode(c.encode_utf8(&mut buffer));
        if missing { out.push(b'?') } else { out.extend_from_slice(&bytes) }
    }
    out
}

/// Text as it stands in tags: code page 866.
pub(super) fn encode_tag(text: &str) -> Vec<u8> {
    ENCODING_TABLE_CP_MAP.get(&866).map_or_else(Vec::new, |table| encode_string_lossy(text, table))
}

/// Reads text of a tag.
pub(super) fn decode_tag(bytes: &[u8]) -> String {
    DECODING_TABLE_CP_MAP.get(&866).map_or_else(String::new, |table| table.decode_string_lossy(bytes))
}

/// Encodes text for a field of a fixed size, filled with `fill`.
pub(super) fn field(text: &str, size: usize, fill: u8) -> Vec<u8> {
    let mut bytes = encode(text);
    bytes.resize(size, fill);
    bytes
}
