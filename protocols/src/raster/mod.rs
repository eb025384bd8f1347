//! Pictures of dots: decoded files, lines of text no code page has, and symbols.

mod bitmap;
mod dither;
pub mod fuzz;
mod glyphs;
mod picture;
mod shape;
mod symbol;
mod text;

pub use bitmap::Bitmap;
pub use dither::{Grey, dither};
pub(crate) use picture::{Budget, decode, size as picture_size};
pub use picture::{MAX_ALL_PIXELS, MAX_HEIGHT, MAX_PIXELS, MAX_WIDTH, PictureError, picture};
pub(crate) use shape::{Glyph, Shaped, shape};
pub use symbol::{barcode, qr};
pub(crate) use text::{ADVANCE, ASCENT, BOLD, HEIGHT, REGULAR};
pub use text::{MissingGlyphs, line};
