//! From characters to bytes without hashing.

/// Lookup of one page: a flat part for U+0000 to U+07FF (Latin, Greek, Cyrillic, Hebrew, Arabic),
/// blocks of 256 behind an index for the rest of the first plane. 0 means: not on this page.
pub struct Table {
    low: [u8; LOW],
    index: [u8; 256],
    blocks: Vec<[u8; 256]>,
}

const LOW: usize = 0x800;

impl Table {
    /// Builds the inverse of `decode` over the bytes 20 to FF.
    pub(super) fn build(decode: impl Fn(u8) -> Option<char>) -> Self {
        let mut table = Self { low: [0; LOW], index: [0; 256], blocks: vec![[0; 256]] };
        // From above, so that the lower of two bytes with the same meaning stays.
        for byte in (0x20..=0xffu8).rev() {
            if let Some(c) = decode(byte) {
                table.set(c, byte);
            }
        }
        // A printer has no line to break: a space that doesn't break is a space.
        table.set('\u{a0}', b' ');
        // A soft hyphen inside a line is invisible; printers would draw it.
        table.set('\u{ad}', 0);
        table
    }

    fn set(&mut self, c: char, byte: u8) {
        let code = c as usize;
        if code < LOW {
            self.low[code] = byte;
        } else if code < 0x1_0000 {
            if self.index[code >> 8] == 0 {
                self.index[code >> 8] = self.blocks.len() as u8;
                self.blocks.push([0; 256]);
            }
            self.blocks[usize::from(self.index[code >> 8])][code & 0xff] = byte;
        }
    }

    /// The byte of a character; never a control byte.
    #[inline]
    pub fn byte(&self, c: char) -> Option<u8> {
        let code = c as usize;
        let byte = if code < LOW {
            self.low[code]
        } else if code < 0x1_0000 {
            self.blocks[usize::from(self.index[code >> 8])][code & 0xff]
        } else {
            0
        };
        (byte != 0).then_some(byte)
    }

    /// Appends `text` in this page.
    ///
    /// # Errors
    /// The byte offset in `text` of the first character that is not on the page. What came before
    /// it has been appended.
    #[inline]
    pub fn encode(&self, text: &str, out: &mut Vec<u8>) -> Result<(), usize> {
        let source = text.as_bytes();
        let start = out.len();
        out.resize(start + source.len(), 0);
        let target = &mut out[start..];
        let (mut read, mut written) = (0, 0);
        let missing = loop {
            let Some(&first) = source.get(read) else { break None };
            let (byte, length) = if first < 0xe0 {
                // One or two bytes of UTF-8: U+0000 to U+07FF.
                match source.get(read + 1) {
                    Some(&second) if first >= 0x80 => {
                        (self.low[(usize::from(first & 0x1f) << 6) | usize::from(second & 0x3f)], 2)
                    }
                    _ => (self.low[usize::from(first)], 1),
                }
            } else {
                match text.get(read..).and_then(|rest| rest.chars().next()) {
                    Some(c) => (self.byte(c).unwrap_or(0), c.len_utf8()),
                    None => (0, 1),
                }
            };
            if byte == 0 {
                break Some(read);
            }
            target[written] = byte;
            written += 1;
            read += length;
        };
        out.truncate(start + written);
        missing.map_or(Ok(()), Err)
    }
}
