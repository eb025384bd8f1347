//! Black and white dots, and their PNG.

/// A picture of one bit per dot; 1 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u32,
    height: u32,
    stride: usize,
    data: Vec<u8>,
}

impl Bitmap {
    /// A white picture.
    pub fn new(width: u32, height: u32) -> Self {
        let stride = width.div_ceil(8) as usize;
        Self { width, height, stride, data: vec![0; stride * height as usize] }
    }

    /// Rows as they come in raster commands: eight dots to a byte, the highest bit leftmost,
    /// each row beginning with a new byte. What is missing stays white.
    pub fn from_rows(width: u32, height: u32, rows: &[u8]) -> Self {
        let mut bitmap = Self::new(width, height);
        let len = bitmap.data.len().min(rows.len());
        if let (Some(to), Some(from)) = (bitmap.data.get_mut(..len), rows.get(..len)) {
            to.copy_from_slice(from);
        }
        bitmap
    }

    /// Width in dots.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in dots.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether a dot is black; outside the picture everything is white.
    pub fn get(&self, x: u32, y: u32) -> bool {
        x < self.width
            && y < self.height
            && self
                .data
                .get(y as usize * self.stride + x as usize / 8)
                .is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Blackens a dot; outside the picture nothing happens.
    pub fn set(&mut self, x: u32, y: u32) {
        self.put(x, y, |byte, bit| byte | bit);
    }

    /// Number of black dots.
    pub fn black(&self) -> usize {
        (0..self.height).map(|y| (0..self.width).filter(|&x| self.get(x, y)).count()).sum()
    }

    /// Blackens a rectangle.
    pub(crate) fn fill(&mut self, x: u32, y: u32, width: u32, height: u32) {
        for row in y..y.saturating_add(height) {
            for column in x..x.saturating_add(width) {
                self.set(column, row);
            }
        }
    }

    /// Swaps black and white in a rectangle.
    pub(crate) fn invert(&mut self, x: u32, y: u32, width: u32, height: u32) {
        for row in y..y.saturating_add(height) {
            for column in x..x.saturating_add(width) {
                self.put(column, row, |byte, bit| byte ^ bit);
            }
        }
    }

    /// Adds the black dots of `other`, each drawn as a block of `scale_x` by `scale_y`.
    pub(crate) fn stamp(&mut self, other: &Bitmap, x: u32, y: u32, scale_x: u32, scale_y: u32) {
        for row in 0..other.height {
            for column in 0..other.width {
                if other.get(column, row) {
                    self.fill(x + column * scale_x, y + row * scale_y, scale_x, scale_y);
                }
            }
        }
    }

    /// Turned by 180 degrees.
    pub(crate) fn upside_down(&self) -> Self {
        self.mapped(self.width, self.height, |x, y| (self.width - 1 - x, self.height - 1 - y))
    }

    /// Turned by 90 degrees clockwise.
    pub(crate) fn clockwise(&self) -> Self {
        self.mapped(self.height, self.width, |x, y| (self.height - 1 - y, x))
    }

    /// As a PNG file of one bit per dot, paper white.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let (width, height) = (self.width.max(1), self.height.max(1));
        let mut rows: Vec<u8> = self.data.iter().map(|byte| !byte).collect();
        rows.resize(width.div_ceil(8) as usize * height as usize, 0xFF);
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()?;
        Ok(out)
    }

    fn mapped(&self, width: u32, height: u32, to: impl Fn(u32, u32) -> (u32, u32)) -> Self {
        let mut out = Self::new(width, height);
        for y in 0..self.height {
            for x in 0..self.width {
                if self.get(x, y) {
                    let (x, y) = to(x, y);
                    out.set(x, y);
                }
            }
        }
        out
    }

    fn put(&mut self, x: u32, y: u32, f: impl Fn(u8, u8) -> u8) {
        if x < self.width
            && y < self.height
            && let Some(byte) = self.data.get_mut(y as usize * self.stride + x as usize / 8)
        {
            *byte = f(*byte, 0x80 >> (x % 8));
        }
    }
}
