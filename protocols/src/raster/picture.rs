//! Picture files: PNG, JPEG and BMP to grey at the width of the paper.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageError, ImageReader, Limits, imageops};
use thiserror::Error;

use super::{Bitmap, Grey, dither};
use crate::document::Dither;

/// The widest file accepted, in pixels.
pub const MAX_WIDTH: u32 = 4096;
/// The highest file accepted, in pixels.
pub const MAX_HEIGHT: u32 = 16384;
/// The most pixels of a file accepted.
pub const MAX_PIXELS: u64 = 16 << 20;
/// Pixels of all pictures of a document together: so many are scaled and dithered before anybody notices.
pub const MAX_ALL_PIXELS: u64 = 32 << 20;

/// What the pictures of one document have taken of [`MAX_ALL_PIXELS`]; the same picture counts each time.
#[derive(Debug, Default)]
pub(crate) struct Budget(u64);

impl Budget {
    /// Takes so many pixels.
    ///
    /// # Errors
    /// [`PictureError::TooMany`]
    pub(crate) fn take(&mut self, pixels: u64) -> Result<(), PictureError> {
        self.0 = self.0.saturating_add(pixels);
        if self.0 > MAX_ALL_PIXELS { Err(PictureError::TooMany) } else { Ok(()) }
    }

    /// Takes the pixels of a file, judged by its header.
    pub(crate) fn take_file(&mut self, file: &[u8]) -> Result<u64, PictureError> {
        let (columns, rows) = size(file)?;
        let pixels = u64::from(columns) * u64::from(rows);
        self.take(pixels)?;
        Ok(pixels)
    }
}

/// Decodes a file, puts it on white, scales it to `width` dots and dithers it.
///
/// Without `width`, its own, but at most `max_width`. The proportions are kept on paper that has
/// `dpi` (across, along) dots an inch; both sides are at least one dot.
///
/// # Errors
/// [`PictureError`]. Size is judged by the file's header, before memory is taken for the pixels.
pub fn picture(
    file: &[u8],
    width: Option<u16>,
    max_width: u16,
    dpi: (u16, u16),
    how: Dither,
) -> Result<Bitmap, PictureError> {
    let (columns, rows) = size(file)?;
    let target = match width {
        Some(0) => return Err(PictureError::NoWidth),
        Some(width) if width > max_width => return Err(PictureError::TooWide { width, max_width }),
        Some(width) => width,
        None => u16::try_from(columns).unwrap_or(u16::MAX).min(max_width),
    };
    let across = u64::from(columns) * u64::from(dpi.0.max(1));
    let height = (u64::from(rows) * u64::from(target) * u64::from(dpi.1) + across / 2) / across;
    let height = match u16::try_from(height.max(1)) {
        Ok(height) if u32::from(height) <= MAX_HEIGHT => height,
        _ => return Err(PictureError::TooLarge { columns, rows }),
    };
    let grey = on_white(&decode(file)?);
    let grey = if grey.dimensions() == (u32::from(target), u32::from(height)) {
        grey
    } else {
        imageops::resize(&grey, u32::from(target), u32::from(height), imageops::FilterType::Triangle)
    };
    Ok(dither(&Grey { width: target, height, pixels: grey.into_raw() }, how))
}

/// The columns and rows of a file, judged by its header.
pub(crate) fn size(file: &[u8]) -> Result<(u32, u32), PictureError> {
    let (columns, rows) = reader(file)?.into_dimensions().map_err(unreadable)?;
    let pixels = u64::from(columns) * u64::from(rows);
    if columns > MAX_WIDTH || rows > MAX_HEIGHT || pixels > MAX_PIXELS {
        return Err(PictureError::TooLarge { columns, rows });
    }
    if pixels == 0 {
        return Err(PictureError::Unreadable("it has no pixels".into()));
    }
    Ok((columns, rows))
}

/// The pixels of a file whose [`size`] was judged.
pub(crate) fn decode(file: &[u8]) -> Result<DynamicImage, PictureError> {
    let mut reader = reader(file)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_WIDTH);
    limits.max_image_height = Some(MAX_HEIGHT);
    limits.max_alloc = Some(MAX_PIXELS * 16);
    reader.limits(limits);
    reader.decode().map_err(unreadable)
}

fn reader(file: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, PictureError> {
    ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| PictureError::Unreadable(error.to_string()))
}

fn unreadable(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(error) => PictureError::OverLimits(error.to_string()),
        error => PictureError::Unreadable(error.to_string()),
    }
}

/// Why a file can't be printed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PictureError {
    /// Not base64.
    #[error("the picture is not valid base64: {0}")]
    Base64(String),
    /// Not a PNG, JPEG or BMP file, or a damaged one.
    #[error("the picture can't be read: {0}")]
    Unreadable(String),
    /// Over the limits.
    #[error(
        "the picture is {columns} x {rows} pixels; at most {MAX_WIDTH} x {MAX_HEIGHT} and 16 megapixels \
         are accepted: scale it down"
    )]
    TooLarge {
        /// Pixels from left to right.
        columns: u32,
        /// Pixels from top to bottom.
        rows: u32,
    },
    /// Over the limits of its format's decoder.
    #[error("the picture is too large: {0}: scale it down")]
    OverLimits(String),
    /// All pictures of the document together are too large.
    #[error(
        "the pictures of the document have more than 32 megapixels together: scale them down, or print fewer"
    )]
    TooMany,
    /// Wider on paper than the paper.
    #[error("the picture is to be {width} dots wide; this printer has {max_width}")]
    TooWide {
        /// The width asked for in dots.
        width: u16,
        /// The width there is in dots.
        max_width: u16,
    },
    /// A width of nothing.
    #[error("a picture can't be 0 dots wide")]
    NoWidth,
}

/// Grey by luma (ITU-R BT.601 weights in 1/256), transparent pixels on white.
fn on_white(image: &DynamicImage) -> GrayImage {
    if !image.color().has_alpha() && !image.color().has_color() {
        return image.to_luma8();
    }
    let rgba = image.to_rgba8();
    GrayImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0.map(u32::from);
        let luma = (77 * r + 150 * g + 29 * b) >> 8;
        image::Luma([((luma * a + 255 * (255 - a)) / 255) as u8])
    })
}
