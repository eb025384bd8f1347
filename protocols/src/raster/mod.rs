//! Pictures of dots: decoded files, lines of text no code page has, and symbols.

mod bitmap;
mod dither;
mod glyphs;
mod picture;
mod symbol;
mod text;

pub use bitmap::Bitmap;
pub use dither::{Grey, dither};
pub use picture::{MAX_HEIGHT, MAX_PIXELS, MAX_WIDTH, PictureError, picture};
pub use symbol::{barcode, qr};
pub use text::{MissingGlyphs, line};
