//! A rectangle of black and white dots.

/// Rows of dots from top to bottom; in a row, the leftmost dot is the highest bit of its first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u16,
    height: u16,
    data: Vec<u8>,
}

impl Bitmap {
    /// A white rectangle.
    pub fn new(width: u16, height: u16) -> Self {
        Self { width, height, data: vec![0; usize::from(width).div_ceil(8) * usize::from(height)] }
    }

    /// Dots from left to right.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Dots from top to bottom.
    pub fn height(&self) -> u16 {
        self.height
    }

    /// Bytes of a row. The bits right of the width are white.
    pub fn stride(&self) -> usize {
        usize::from(self.width).div_ceil(8)
    }

    /// All rows, one after the other.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether a dot is black; outside there is white.
    #[inline]
    pub fn get(&self, x: u16, y: u16) -> bool {
        x < self.width && y < self.height && self.data[self.at(x, y)] & (0x80 >> (x % 8)) != 0
    }

    /// Makes a dot black or white; outside, nothing.
    #[inline]
    pub fn set(&mut self, x: u16, y: u16, black: bool) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = self.at(x, y);
        let bit = 0x80 >> (x % 8);
        if black { self.data[at] |= bit } else { self.data[at] &= !bit }
    }

    /// Makes a rectangle black; what lies outside is left out.
    pub fn fill(&mut self, x: u16, y: u16, width: u16, height: u16) {
        for row in y..y.saturating_add(height).min(self.height) {
            for column in x..x.saturating_add(width).min(self.width) {
                self.set(column, row, true);
            }
        }
    }

    /// Turns black into white and white into black inside a rectangle.
    pub fn invert(&mut self, x: u16, y: u16, width: u16, height: u16) {
        for row in y..y.saturating_add(height).min(self.height) {
            for column in x..x.saturating_add(width).min(self.width) {
                let black = self.get(column, row);
                self.set(column, row, !black);
            }
        }
    }

    /// Draws the black dots of another picture, each as a rectangle of `scale` dots.
    pub fn draw(&mut self, other: &Bitmap, x: u16, y: u16, scale: (u16, u16)) {
        for row in 0..other.height {
            for column in (0..other.width).filter(|&c| other.get(c, row)) {
                let left = x.saturating_add(column.saturating_mul(scale.0));
                let top = y.saturating_add(row.saturating_mul(scale.1));
                self.fill(left, top, scale.0, scale.1);
            }
        }
    }

    /// The bytes of row `y`; empty outside.
    pub fn row(&self, y: u16) -> &[u8] {
        let stride = self.stride();
        self.data.get(usize::from(y) * stride..(usize::from(y) + 1) * stride).unwrap_or_default()
    }

    /// The bytes of row `y`, to be changed; empty outside.
    pub(super) fn row_mut(&mut self, y: u16) -> &mut [u8] {
        let stride = self.stride();
        self.data.get_mut(usize::from(y) * stride..(usize::from(y) + 1) * stride).unwrap_or_default()
    }

    fn at(&self, x: u16, y: u16) -> usize {
        usize::from(y) * self.stride() + usize::from(x / 8)
    }
}
