//! Dots of ZPL `^GFA`: hexadecimal, with Zebra's run lengths.
//!
//! Source: ZPL II Programming Guide, "Alternative Data Compression Scheme for ~DG and ~DB Commands".

/// Reads the text of `^GFA` into rows of `row` bytes, at most `total` bytes in all. The error says
/// what is wrong with it.
pub(super) fn read(text: &[u8], row: usize, total: usize) -> Result<Vec<u8>, String> {
    let digits_of_row = row * 2;
    let mut rows: Vec<u8> = Vec::with_capacity(total);
    // Hexadecimal digits of the row that is being read.
    let mut digits: Vec<u8> = Vec::with_capacity(digits_of_row);
    let mut count = 0usize;
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'G'..=b'Y' => count += usize::from(byte - b'G') + 1,
            b'g'..=b'z' => count += (usize::from(byte - b'g') + 1) * 20,
            b',' | b'!' => {
                digits.resize(digits_of_row, if *byte == b',' { 0x0 } else { 0xF });
                count = 0;
            }
            b':' => {
                let start = rows.len().checked_sub(row).ok_or("a repeated row without one before")?;
                rows.extend_from_within(start..);
                count = 0;
            }
            _ => {
                let digit =
                    char::from(*byte).to_digit(16).ok_or_else(|| format!("byte {byte:02X} in ^GFA"))?;
                for _ in 0..std::mem::take(&mut count).max(1) {
                    digits.push(digit as u8);
                    if digits.len() == digits_of_row {
                        pack(&mut rows, &mut digits);
                    }
                    if rows.len() > total {
                        return Err(format!("more than {total} bytes"));
                    }
                }
            }
        }
        if digits.len() == digits_of_row {
            pack(&mut rows, &mut digits);
        }
        if rows.len() > total {
            return Err(format!("more than {total} bytes"));
        }
    }
    if rows.len() == total && digits.is_empty() {
        Ok(rows)
    } else {
        Err(format!("{} bytes and {} digits instead of {total} bytes", rows.len(), digits.len()))
    }
}

fn pack(rows: &mut Vec<u8>, digits: &mut Vec<u8>) {
    rows.extend(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)));
    digits.clear();
}
