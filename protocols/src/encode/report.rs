//! What an encoder did to a document so that it could be printed.

use crate::layout;

/// Deviations from plain text on a code page. Empty for most documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EncodeReport {
    /// What the layout had to change.
    pub layout: layout::Report,
    /// Lines sent as pictures because the printer lacks their characters or their style.
    pub rasterised: Vec<Rasterised>,
    /// Typography replaced by plain characters, once per character.
    pub transliterated: Vec<Transliterated>,
    /// Characters the built-in font lacks too; they are printed as a box with their code.
    pub boxed: Vec<char>,
    /// What the printer has not, and was left out: the buzzer, a cutter.
    pub left_out: Vec<&'static str>,
}

/// A line sent as a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rasterised {
    /// Its text, runs separated by a space.
    pub text: String,
    /// The first character that no page has; `None` when the printer has not this size or style.
    pub because_of: Option<char>,
}

/// A character printed as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transliterated {
    /// As written.
    pub from: char,
    /// As printed.
    pub to: &'static str,
}
