//! Texts for a scale: its letters, wrapped into lines of a fixed width.

use crate::codepage::{Page, transliterate};

/// A text as lines of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wrapped {
    /// In Windows-1251, without blanks at their ends. The document says of its keyboard codes (appendix 1) and of
    /// the scale's name (command FCh) that they are those of this page.
    pub lines: Vec<Vec<u8>>,
    /// Characters that the page lacks, each once; another stands for them.
    pub replaced: Vec<char>,
}

impl Wrapped {
    /// Wraps at blanks and line breaks; a word that is longer than a line is parted.
    pub fn new(text: &str, width: usize) -> Self {
        let mut wrapped = Self::default();
        for paragraph in text.lines() {
            let mut line = Vec::new();
            for word in paragraph.split_whitespace() {
                let word = wrapped.letters(word);
                if !line.is_empty() && line.len() + 1 + word.len() > width {
                    wrapped.lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(b' ');
                }
                line.extend(word);
                while line.len() > width {
                    let rest = line.split_off(width);
                    wrapped.lines.push(std::mem::replace(&mut line, rest));
                }
            }
            if !line.is_empty() {
                wrapped.lines.push(line);
            }
        }
        wrapped
    }

    fn letters(&mut self, word: &str) -> Vec<u8> {
        let table = Page::Cp1251.table();
        let mut out = Vec::new();
        for c in word.chars() {
            if let Some(byte) = table.byte(c) {
                out.push(byte);
                continue;
            }
            if !self.replaced.contains(&c) {
                self.replaced.push(c);
            }
            match transliterate(c).or_else(|| bare(c)) {
                Some(instead) => out.extend(instead.chars().filter_map(|c| table.byte(c))),
                None => out.push(b'?'),
            }
        }
        out
    }
}

/// Letters of Romanian without their marks, as they are written where a device lacks them.
fn bare(c: char) -> Option<&'static str> {
    Some(match c {
        'ă' | 'â' => "a",
        'Ă' | 'Â' => "A",
        'î' => "i",
        'Î' => "I",
        'ș' | 'ş' => "s",
        'Ș' | 'Ş' => "S",
        'ț' | 'ţ' => "t",
        'Ț' | 'Ţ' => "T",
        _ => return None,
    })
}
