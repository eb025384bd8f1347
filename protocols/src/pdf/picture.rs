//! Pictures of a page: samples of grey or colour, as they came.

use std::sync::Arc;

use image::{DynamicImage, imageops};
use krilla::image::{BitsPerComponent, CustomImage, ImageColorspace};

use crate::raster::{self, Bitmap, PictureError};

/// Samples for each dot of the page, at most: what is finer can't be seen.
const FINENESS: u32 = 3;

/// Rows of samples, 8 bits each, without transparency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Picture {
    columns: u32,
    rows: u32,
    /// Three samples a pixel, or one.
    colour: bool,
    samples: Arc<[u8]>,
}

impl Picture {
    /// Black and white, a sample a dot.
    pub fn of_bitmap(bitmap: &Bitmap) -> Self {
        let (columns, rows) = (bitmap.width(), bitmap.height());
        let dots = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
        let samples = dots.map(|(x, y)| if bitmap.get(x, y) { 0 } else { 255 }).collect();
        Self { columns: columns.into(), rows: rows.into(), colour: false, samples }
    }

    /// A file and its size on the page in dots: `width` of them or, when absent, its own columns, both sides no
    /// longer than `most`.
    pub fn of_file(
        file: &[u8],
        width: Option<u16>,
        most: (u16, u16),
    ) -> Result<(Self, u16, u16), PictureError> {
        let (columns, rows) = raster::picture_size(file)?;
        let wanted = match width {
            Some(0) => return Err(PictureError::NoWidth),
            Some(width) if width > most.0 => {
                return Err(PictureError::TooWide { width, max_width: most.0 });
            }
            Some(width) => width,
            None => u16::try_from(columns).unwrap_or(u16::MAX).min(most.0),
        };
        let scaled = |length: u32, part: u32, of: u32| {
            (u64::from(length) * u64::from(part) / u64::from(of.max(1))).clamp(1, u16::MAX.into()) as u16
        };
        let high = scaled(rows, wanted.into(), columns);
        let (width, height) = match high > most.1 {
            true => (scaled(columns, most.1.into(), rows).min(most.0), most.1),
            false => (wanted, high),
        };
        let picture = raster::decode(file)?;
        let finest = (u32::from(width) * FINENESS, u32::from(height) * FINENESS);
        let picture = match columns > finest.0 || rows > finest.1 {
            true => picture.resize_exact(
                columns.min(finest.0),
                rows.min(finest.1),
                imageops::FilterType::Triangle,
            ),
            false => picture,
        };
        Ok((Self::on_white(&picture), width, height))
    }

    fn on_white(picture: &DynamicImage) -> Self {
        let colour = picture.color().has_color();
        let (columns, rows) = (picture.width(), picture.height());
        let over = |sample: u8, alpha: u8| {
            let (sample, alpha) = (u32::from(sample), u32::from(alpha));
            ((sample * alpha + 255 * (255 - alpha)) / 255) as u8
        };
        let samples = match colour {
            true => {
                let pixels = picture.to_rgba8();
                pixels
                    .pixels()
                    .flat_map(|pixel| {
                        let [red, green, blue, alpha] = pixel.0;
                        [over(red, alpha), over(green, alpha), over(blue, alpha)]
                    })
                    .collect()
            }
            false => {
                let pixels = picture.to_luma_alpha8();
                pixels.pixels().map(|pixel| over(pixel.0[0], pixel.0[1])).collect()
            }
        };
        Self { columns, rows, colour, samples }
    }
}

impl CustomImage for Picture {
    fn color_channel(&self) -> &[u8] {
        &self.samples
    }

    fn alpha_channel(&self) -> Option<&[u8]> {
        None
    }

    fn bits_per_component(&self) -> BitsPerComponent {
        BitsPerComponent::Eight
    }

    fn size(&self) -> (u32, u32) {
        (self.columns, self.rows)
    }

    fn icc_profile(&self) -> Option<&[u8]> {
        None
    }

    fn color_space(&self) -> ImageColorspace {
        if self.colour { ImageColorspace::Rgb } else { ImageColorspace::Luma }
    }
}
