//! From grey to dots.

use super::Bitmap;
use crate::document::Dither;

/// Rows of grey, 0 black to 255 white.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grey {
    /// Dots from left to right.
    pub width: u16,
    /// Dots from top to bottom.
    pub height: u16,
    /// One byte a dot, row after row.
    pub pixels: Vec<u8>,
}

/// Turns grey into dots. Pixels missing at the end count as white.
pub fn dither(grey: &Grey, how: Dither) -> Bitmap {
    let mut bitmap = Bitmap::new(grey.width, grey.height);
    if grey.width == 0 {
        return bitmap;
    }
    let rows = grey.pixels.chunks_exact(usize::from(grey.width)).take(usize::from(grey.height));
    match how {
        Dither::FloydSteinberg => {
            let mut diffusion = Diffusion::new(grey.width);
            for (y, row) in (0..).zip(rows) {
                diffusion.row(row, bitmap.row_mut(y));
            }
        }
        Dither::Ordered => {
            for (y, row) in (0..).zip(rows) {
                let thresholds = &BAYER[usize::from(y % 8)];
                pack(row, bitmap.row_mut(y), |x, grey| grey < thresholds[x % 8]);
            }
        }
        Dither::Threshold => {
            for (y, row) in (0..).zip(rows) {
                pack(row, bitmap.row_mut(y), |_, grey| grey < 128);
            }
        }
    }
    bitmap
}

fn pack(row: &[u8], target: &mut [u8], black: impl Fn(usize, u8) -> bool) {
    for (byte, eight) in target.iter_mut().zip(row.chunks(8)) {
        for (x, &grey) in eight.iter().enumerate() {
            *byte |= u8::from(black(x, grey)) << (7 - x);
        }
    }
}

/// Floyd and Steinberg: 7/16 of the error to the right, 3, 5 and 1 to the next row, in sixteenths
/// of a grey level.
struct Diffusion {
    /// What the row above left for each pixel.
    errors: Vec<i32>,
}

impl Diffusion {
    fn new(width: u16) -> Self {
        Self { errors: vec![0; usize::from(width)] }
    }

    fn row(&mut self, row: &[u8], target: &mut [u8]) {
        let mut right = 0;
        // Of the next row: what is known of the pixel to the left and of the one below.
        let (mut below_left, mut below) = (0, 0);
        let mut previous: Option<&mut i32> = None;
        for (byte, (eight, errors)) in target.iter_mut().zip(row.chunks(8).zip(self.errors.chunks_mut(8))) {
            let mut bits = 0u8;
            for (x, (&grey, slot)) in eight.iter().zip(errors).enumerate() {
                let wanted = (i32::from(grey) << 4) + *slot + right;
                let black = wanted < 128 << 4;
                let error = wanted - if black { 0 } else { 255 << 4 };
                bits |= u8::from(black) << (7 - x);
                let (sevenths, thirds, fifths) = shares(error);
                right = sevenths;
                if let Some(left) = previous {
                    *left = below_left + thirds;
                }
                below_left = below + fifths;
                below = error - sevenths - thirds - fifths;
                previous = Some(slot);
            }
            *byte = bits;
        }
        if let Some(last) = previous {
            *last = below_left;
        }
    }
}

/// 7, 3 and 5 sixteenths of an error; what is left of it is the last sixteenth, so that none is lost.
#[inline]
fn shares(error: i32) -> (i32, i32, i32) {
    ((error * 7) >> 4, (error * 3) >> 4, (error * 5) >> 4)
}

/// Bayer's 8 x 8 matrix as thresholds: from 2 to 254.
const BAYER: [[u8; 8]; 8] = {
    let mut matrix = [[0; 8]; 8];
    let mut y = 0;
    while y < 8 {
        let mut x = 0;
        while x < 8 {
            let (a, b) = (x ^ y, y);
            let rank =
                (a & 1) << 5 | (b & 1) << 4 | (a & 2) << 2 | (b & 2) << 1 | (a & 4) >> 1 | (b & 4) >> 2;
            matrix[y][x] = (rank * 4 + 2) as u8;
            x += 1;
        }
        y += 1;
    }
    matrix
};

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(width: u16, height: u16, level: u8) -> Grey {
        Grey { width, height, pixels: vec![level; usize::from(width) * usize::from(height)] }
    }

    fn black(bitmap: &Bitmap) -> u32 {
        bitmap.data().iter().map(|b| b.count_ones()).sum()
    }

    #[test]
    fn a_tint_keeps_its_share_of_black() {
        for how in [Dither::FloydSteinberg, Dither::Ordered] {
            for level in [0u8, 32, 64, 128, 200, 255] {
                let dots = black(&dither(&flat(160, 160, level), how));
                let wanted = 160 * 160 * (255 - u32::from(level)) / 255;
                assert!(dots.abs_diff(wanted) < 500, "{how:?} {level}: {dots} for {wanted}");
            }
        }
    }

    /// The algorithm as its authors wrote it: a whole picture of errors, pixel by pixel.
    #[test]
    fn diffusion_follows_the_textbook() {
        let (w, h) = (61usize, 40usize);
        let pixels: Vec<u8> = (0..w * h).map(|i| ((i % w) * 4 + (i / w) * 3 % 64) as u8).collect();
        let mut work: Vec<i32> = pixels.iter().map(|&p| i32::from(p) * 16).collect();
        let got = dither(&Grey { width: w as u16, height: h as u16, pixels }, Dither::FloydSteinberg);
        for y in 0..h {
            for x in 0..w {
                let old = work[y * w + x];
                let new = if old < 128 * 16 { 0 } else { 255 * 16 };
                assert_eq!(got.get(x as u16, y as u16), new == 0, "{x}, {y}");
                let error = old - new;
                let (seven, three, five) = ((error * 7) >> 4, (error * 3) >> 4, (error * 5) >> 4);
                let one = error - seven - three - five;
                for (dx, dy, share) in [(1i32, 0, seven), (-1, 1, three), (0, 1, five), (1, 1, one)] {
                    let (nx, ny) = (x as i32 + dx, y + dy);
                    if nx >= 0 && (nx as usize) < w && ny < h {
                        work[ny * w + nx as usize] += share;
                    }
                }
            }
        }
    }

    #[test]
    fn the_threshold_is_half_grey_and_the_bits_beyond_the_width_stay_white() {
        let bitmap = dither(&Grey { width: 3, height: 1, pixels: vec![127, 128, 0] }, Dither::Threshold);
        assert_eq!(bitmap.data(), [0b1010_0000]);
    }

    #[test]
    fn every_threshold_of_the_matrix_occurs_once() {
        let mut all: Vec<u8> = BAYER.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 64);
    }

    #[test]
    fn a_picture_without_pixels_is_white() {
        assert_eq!(
            dither(&Grey { width: 0, height: 0, pixels: vec![] }, Dither::FloydSteinberg).data().len(),
            0
        );
        assert_eq!(dither(&Grey { width: 8, height: 1, pixels: vec![] }, Dither::Threshold).data(), [0u8]);
    }
}
