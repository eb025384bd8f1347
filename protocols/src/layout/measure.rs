//! How many cells a text takes, and what must be cleaned out of it first.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a text consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each character stands alone and takes one cell.
    Simple,
    /// Wide or combining characters: clusters have to be found.
    Complex,
    /// Holds characters that must not reach a printer, see [`clean`]; its width means nothing.
    Dirty,
}

/// A text and its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measure {
    pub kind: Kind,
    /// Cells, were it on one line.
    pub cells: u32,
}

/// Measures text; a line break is no cell.
pub(super) fn measure(text: &str) -> Measure {
    match simple(text) {
        Some(Simple { cells, .. }) => Measure { kind: Kind::Simple, cells },
        None => by_character(text),
    }
}

/// A text of [`Kind::Simple`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Simple {
    /// Cells, line breaks not counted.
    pub cells: u32,
    /// Whether there are line breaks.
    pub breaks: bool,
}

/// Measures a text that is simple; `None` for any other.
///
/// ASCII, Latin (U+00C0-02FF) and Cyrillic (U+0400-047F, U+04C0-053F) are counted without branches, so
/// that it is compiled to vectors; the first bytes of all others are looked at one by one.
pub(super) fn simple(text: &str) -> Option<Simple> {
    let mut found = Simple { cells: 0, breaks: false };
    let (blocks, tail) = text.as_bytes().as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        let (starts, odd) = count(block);
        found.cells += starts;
        if odd {
            look_at(text, index * BLOCK, block, &mut found)?;
        }
    }
    if !tail.is_empty() {
        let mut block = [b' '; BLOCK];
        block.iter_mut().zip(tail).for_each(|(to, byte)| *to = *byte);
        let (starts, odd) = count(&block);
        found.cells += starts - (BLOCK - tail.len()) as u32;
        if odd {
            look_at(text, blocks.len() * BLOCK, tail, &mut found)?;
        }
    }
    Some(found)
}

/// Bytes looked at together.
const BLOCK: usize = 16;

/// How many characters start in a block, and whether there are odd bytes in it.
#[inline(always)]
fn count(block: &[u8; BLOCK]) -> (u32, bool) {
    let mut starts = 0u8;
    let mut odd = 0u8;
    for &byte in block {
        odd |= u8::from(is_odd(byte));
        starts += u8::from(!is_continuation(byte));
    }
    (u32::from(starts), odd != 0)
}

/// Looks at the characters that start with odd bytes.
fn look_at(text: &str, offset: usize, bytes: &[u8], found: &mut Simple) -> Option<()> {
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| is_odd(**byte)) {
        match text.get(offset + at..)?.chars().next()? {
            '\n' => {
                found.breaks = true;
                found.cells -= 1;
            }
            character if is_simple(character) => {}
            _ => return None,
        }
    }
    Some(())
}

fn is_odd(byte: u8) -> bool {
    let ascii = byte.wrapping_sub(0x20) < 0x5F;
    let latin = byte.wrapping_sub(0xC3) < 0x09;
    let cyrillic = (byte.wrapping_sub(0xD0) < 0x02) | (byte.wrapping_sub(0xD3) < 0x02);
    !(ascii | is_continuation(byte) | latin | cyrillic)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

fn by_character(text: &str) -> Measure {
    if text.chars().any(is_dirty) {
        return Measure { kind: Kind::Dirty, cells: 0 };
    }
    let cells = text.split('\n').flat_map(|line| line.graphemes(true)).map(cluster_cells).sum();
    Measure { kind: Kind::Complex, cells }
}

/// Cells of a cluster of characters that is never split.
pub(super) fn cluster_cells(cluster: &str) -> u32 {
    u32::try_from(cluster.width()).unwrap_or(u32::MAX)
}

/// Cells of a character on its own.
pub(super) fn character_cells(character: char) -> u32 {
    character.width().map_or(0, |cells| cells as u32)
}

/// One cell, and part of no cluster unless what follows isn't simple.
fn is_simple(character: char) -> bool {
    matches!(character,
        ' '..='~' | '\u{A0}'..='\u{AC}' | '\u{AE}'..='\u{2FF}'
        | '\u{370}'..='\u{377}' | '\u{37A}'..='\u{37F}' | '\u{384}'..='\u{3FF}'
        | '\u{400}'..='\u{482}' | '\u{48A}'..='\u{556}'
        | '\u{10A0}'..='\u{10FF}'
        | '\u{2010}'..='\u{2027}' | '\u{202F}' | '\u{2030}'..='\u{203B}'
        | '\u{20A0}'..='\u{20C0}' | '\u{2116}' | '\u{2122}' | '\u{2500}'..='\u{257F}')
}

fn is_dirty(character: char) -> bool {
    (character.is_control() && character != '\n')
        || is_omitted(character)
        || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Invisible: what reorders text, and what only marks places in it.
fn is_omitted(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// How many characters cleaning has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cleaned {
    pub shown: u32,
    pub omitted: u32,
}

/// Makes a text that holds nothing but printable characters and, unless `one_line`, line breaks.
///
/// A tab becomes a space, every kind of line end a line break. C0 controls and DEL become their
/// pictures (Unicode block "Control Pictures"), C1 controls U+FFFD.
pub(super) fn clean(text: &str, one_line: bool, count: &mut Cleaned) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\r' if characters.peek() == Some(&'\n') => continue,
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if one_line {
                    ' '
                } else {
                    '\n'
                }
            }
            '\t' => ' ',
            _ if is_omitted(character) => {
                count.omitted += 1;
                continue;
            }
            _ if character.is_control() => {
                count.shown += 1;
                picture(character)
            }
            _ => character,
        });
    }
    out
}

fn picture(control: char) -> char {
    match u32::from(control) {
        c0 @ 0..=0x1F => char::from_u32(0x2400 + c0).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7F => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}
