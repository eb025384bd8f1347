//! Bytes as a technician reads them: sixteen a line, in hexadecimal and ASCII.

use std::fmt::Write;

/// Lines of `offset  16 bytes  |ASCII|`, each preceded by `indent` spaces.
pub(crate) fn hexdump(bytes: &[u8], indent: usize) -> String {
    let mut out = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        let _ = write!(out, "{:indent$}{:06x} ", "", line * 16);
        for at in 0..16 {
            let gap = if at == 8 { "  " } else { " " };
            let _ = match chunk.get(at) {
                Some(byte) => write!(out, "{gap}{byte:02x}"),
                None => write!(out, "{gap}  "),
            };
        }
        let ascii: String = chunk.iter().map(|byte| shown(*byte)).collect();
        let _ = writeln!(out, "  |{ascii}|");
    }
    out
}

/// Bytes of hexadecimal digits; `None` where the text isn't pairs of them.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn shown(byte: u8) -> char {
    if (0x20..0x7f).contains(&byte) { char::from(byte) } else { '.' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_line_and_the_rest_keep_their_columns() {
        let bytes: Vec<u8> = b"\x1b@Table 12, Anna\n".iter().chain(b"\x1dV\x00").copied().collect();
        assert_eq!(
            hexdump(&bytes, 2),
            "  000000  1b 40 54 61 62 6c 65 20  31 32 2c 20 41 6e 6e 61  |.@Table 12, Anna|\n  \
               000010  0a 1d 56 00                                       |..V.|\n"
        );
    }

    #[test]
    fn nothing_is_no_line() {
        assert_eq!(hexdump(&[], 4), "");
    }

    #[test]
    fn digits_become_bytes_and_anything_else_nothing() {
        assert_eq!(unhex("1b40FF"), Some(vec![0x1b, 0x40, 0xff]));
        assert_eq!(unhex(""), Some(vec![]));
        for wrong in ["1", "1g", "+1", "жж"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
