//! The picture of a label as a file.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::raster::Bitmap;

/// A PNG file of a picture, a grey pixel a dot: what [`draw`](super::draw) returned is what is printed.
pub fn png(picture: &Bitmap) -> Vec<u8> {
    let (width, height) = (picture.width(), picture.height());
    let pixels: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| if picture.get(x, y) { 0 } else { 255 })).collect();
    let mut file = Vec::new();
    // Writing to memory fails only where sizes disagree, and they don't.
    let _ =
        PngEncoder::new(&mut file).write_image(&pixels, width.into(), height.into(), ExtendedColorType::L8);
    file
}
