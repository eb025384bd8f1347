//! Lines of text: which code page, what stands for what, and when a line is drawn instead.

use std::fmt::Write;

use super::writer::{Core, Writer};
use super::{Dialect, Rasterised, Transliterated};
use crate::codepage::{Page, Table, transliterate};
use crate::document::Align;
use crate::model::{Language, Scaling};
use crate::paper::{Font, Line, Run, Style};
use crate::raster;

/// A page of the model.
pub(super) struct Slot {
    pub(super) page: Page,
    /// The number that selects it.
    pub(super) number: u8,
    pub(super) table: &'static Table,
}

/// What the printer is set to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts {
    /// Index of the selected page in the core's slots.
    pub(super) page: usize,
    pub(super) style: Style,
}

/// A line can't be sent as text: for a character no page has, or for a size the printer has not.
struct NotAsText(Option<char>);

impl Core {
    /// Whether the printer's own characters come in this style.
    fn has_style(&self, style: Style) -> bool {
        let largest = match (self.model.scaling, self.model.language) {
            (Scaling::Double, _) => 2,
            (Scaling::Free, Language::StarLine) => 6,
            (Scaling::Free, Language::Escpos) => 8,
        };
        let inverts = self.model.scaling == Scaling::Free;
        style.width <= largest && style.height <= largest && (inverts || !style.invert)
    }
}

impl<D: Dialect> Writer<'_, D> {
    /// Prints a line as text, or as a picture where a character has no place on any page.
    pub(super) fn put_line(&mut self, line: &Line<'_>) {
        if !self.core.model.device_fonts {
            return self.draw_line(line);
        }
        let before = (self.out.len(), self.text, self.report.transliterated.len());
        match self.put_runs(line.runs) {
            Ok(()) => D::newline(self.out),
            Err(NotAsText(because_of)) => {
                self.out.truncate(before.0);
                self.text = before.1;
                self.report.transliterated.truncate(before.2);
                let text = line.runs.iter().map(|run| run.text).collect::<Vec<_>>().join(" ");
                self.report.rasterised.push(Rasterised { text, because_of });
                self.draw_line(line);
            }
        }
    }

    fn put_runs(&mut self, runs: &[Run<'_>]) -> Result<(), NotAsText> {
        let mut x = 0;
        for (i, run) in runs.iter().enumerate() {
            if run.text.is_empty() {
                continue;
            }
            if !self.core.has_style(run.style) {
                return Err(NotAsText(None));
            }
            if x != run.x {
                self.place(&mut x, run);
            }
            self.set_style(run.style);
            let table = match self.core.slots.get(self.text.page) {
                Some(slot) => slot.table,
                None => return Err(NotAsText(None)),
            };
            if let Err(at) = table.encode(run.text, self.out) {
                let end = run.x.saturating_add(run.width);
                // A cell stays free before the next run.
                let cell = self.core.model.metrics().cell(run.style.font).width;
                let next = runs.get(i + 1).map_or(self.core.model.dots, |next| next.x.saturating_sub(cell));
                x = end.saturating_add(self.put_mixed(run, at, next.saturating_sub(end))?);
            } else {
                x = run.x.saturating_add(run.width);
            }
        }
        Ok(())
    }

    fn set_style(&mut self, style: Style) {
        if self.text.style != style {
            D::style(&self.core.model, self.text.style, style, self.out);
            self.text.style = style;
        }
    }

    /// Moves to the run's first dot: by spaces where they are shorter and land exactly. They are never
    /// taller than the run, nor underlined or black.
    fn place(&mut self, x: &mut u16, run: &Run<'_>) {
        let gap = run.x.saturating_sub(*x);
        *x = run.x;
        if gap == 0 {
            return;
        }
        let plain = !run.style.underline && !run.style.invert;
        let spaces = if plain { run.style } else { Style { font: run.style.font, ..Style::default() } };
        let cell = self.core.model.metrics().cell(spaces.font).width * u16::from(spaces.width.max(1));
        let few = gap.is_multiple_of(cell) && gap / cell <= 4;
        if self.core.model.absolute_position && !few {
            D::position(run.x, self.out);
            return;
        }
        self.set_style(spaces);
        self.out.resize(self.out.len() + usize::from(gap / cell), b' ');
    }

    /// The rest of a run from byte `at` on, whose first character the selected page lacks.
    /// `room` is how many dots are free after the run; how many of them were used is returned.
    fn put_mixed(&mut self, run: &Run<'_>, mut at: usize, room: u16) -> Result<u16, NotAsText> {
        let cell = self.core.model.metrics().cell(run.style.font).width * u16::from(run.style.width.max(1));
        let mut used = 0u16;
        while let Some((rest, c)) = run.text.get(at..).and_then(|rest| Some((rest, rest.chars().next()?))) {
            if let Some(page) = self.page_for(rest) {
                self.text.page = page;
                let slot = &self.core.slots[page];
                D::page(slot.number, self.out);
                match slot.table.encode(rest, self.out) {
                    Ok(()) => return Ok(used),
                    Err(more) => at += more,
                }
            } else if let Some(bytes) = self.put_kanji(rest, run.style) {
                at += bytes;
            } else if let Some(plain) = transliterate(c) {
                let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
                let extra = plain.len().saturating_sub(width) as u16 * cell;
                used = used.saturating_add(extra);
                if used > room {
                    return Err(NotAsText(Some(c)));
                }
                self.out.extend_from_slice(plain.as_bytes());
                self.out.resize(self.out.len() + width.saturating_sub(plain.len()), b' ');
                if !plain.is_empty()
                    && plain != " "
                    && !self.report.transliterated.iter().any(|t| t.from == c)
                {
                    self.report.transliterated.push(Transliterated { from: c, to: plain });
                }
                at += c.len_utf8();
            } else {
                return Err(NotAsText(Some(c)));
            }
            // The selected page may have what follows.
            let rest = run.text.get(at..).unwrap_or_default();
            match self.core.slots[self.text.page].table.encode(rest, self.out) {
                Ok(()) => return Ok(used),
                Err(more) => at += more,
            }
        }
        Ok(used)
    }

    /// The page that holds the longest beginning of a text; the earlier one where two are equal.
    fn page_for(&self, text: &str) -> Option<usize> {
        let mut best = (0, None);
        for (i, slot) in self.core.slots.iter().enumerate() {
            let held = text.chars().take_while(|&c| slot.table.byte(c).is_some()).count();
            if held > best.0 {
                best = (held, Some(i));
            }
        }
        best.1
    }

    /// Writes the beginning of a text that GBK has, if the printer has its characters at this size.
    fn put_kanji(&mut self, text: &str, style: Style) -> Option<usize> {
        if !self.core.model.kanji.gbk || style.font != Font::A || style.invert || style.underline {
            return None;
        }
        let wide = |c: &char| unicode_width::UnicodeWidthChar::width(*c) == Some(2);
        let length: usize = text.chars().take_while(wide).map(char::len_utf8).sum();
        let wide = text.get(..length).filter(|wide| !wide.is_empty())?;
        let mut bytes = Vec::with_capacity(wide.len());
        let mut taken = 0;
        let mut buffer = [0; 8];
        for c in wide.chars() {
            let mut utf8 = [0; 4];
            let mut encoder = encoding_rs::GBK.new_encoder();
            let (_, _, written) =
                encoder.encode_from_utf8_without_replacement(c.encode_utf8(&mut utf8), &mut buffer, true);
            match buffer.get(..written) {
                Some(pair @ [0x81..=0xfe, 0x40..=0xfe]) => bytes.extend_from_slice(pair),
                _ => break,
            }
            taken += c.len_utf8();
        }
        if taken == 0 {
            return None;
        }
        D::kanji(&bytes, self.out);
        Some(taken)
    }

    /// Sends a line as a picture.
    fn draw_line(&mut self, line: &Line<'_>) {
        let Core { model, drawn, scratch, .. } = &mut *self.core;
        scratch.clear();
        for Run { x, width, text, style } in line.runs {
            let Style { font, bold, underline, invert, width: w, height: h } = style;
            // A line break can't occur inside a run, so it ends one unmistakably.
            let _ = writeln!(scratch, "line {x} {width} {font:?} {bold} {underline} {invert} {w} {h} {text}");
        }
        if let Some((bytes, _)) = drawn.get(scratch.as_str()) {
            self.out.extend_from_slice(bytes);
            return;
        }
        let (bitmap, missing) = raster::line(line, model.metrics(), model.line_spacing);
        let start = self.out.len();
        D::picture(model, bitmap, Align::Left, self.out);
        if missing.is_empty() {
            drawn.put(scratch.as_str().into(), &self.out[start..], 0);
        }
        for c in missing {
            if !self.report.boxed.contains(&c) {
                self.report.boxed.push(c);
            }
        }
    }
}
