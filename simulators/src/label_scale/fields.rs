//! Reads the fields of a command; what is missing reads as zero.

pub(super) struct Fields<'a> {
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, left) = self.left.split_at(count.min(self.left.len()));
        self.left = left;
        taken
    }

    pub fn u8(&mut self) -> u8 {
        self.number(1) as u8
    }

    pub fn u16(&mut self) -> u16 {
        self.number(2) as u16
    }

    pub fn u32(&mut self) -> u32 {
        self.number(4)
    }

    /// Little-endian, at most four bytes.
    fn number(&mut self, count: usize) -> u32 {
        self.bytes(count).iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }
}
