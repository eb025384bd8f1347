//! A document as plain text, for tests and terminals.

use std::convert::Infallible;

use unicode_segmentation::UnicodeSegmentation;

use super::lay_out;
use super::measure::cluster_cells;
use crate::barcode;
use crate::document::{Align, Barcode, Beep, Cut, Document, Drawer, Image, Qr, Raw};
use crate::paper::{Font, Line, Metrics, Paper, Run};

/// The paper as text: a line of text for each line, a mark in brackets for what isn't text.
pub fn text(document: &Document, metrics: &Metrics) -> String {
    let mut paper = TextPaper::new(*metrics);
    let Ok(_) = lay_out(document, metrics, &mut paper);
    paper.into_text()
}

/// A paper of characters, as wide as the normal cells of the printer.
///
/// Wide letters are followed by spaces. Lines all in the small font are as long as they are on paper.
#[derive(Debug)]
pub struct TextPaper {
    metrics: Metrics,
    text: String,
}

impl TextPaper {
    /// An empty paper.
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, text: String::new() }
    }

    /// What has been printed, each line ended by a line feed and without spaces before it.
    pub fn into_text(self) -> String {
        self.text
    }

    fn mark(&mut self, align: Align, mark: &str) {
        let free = usize::from(self.metrics.columns(Font::A)).saturating_sub(mark.chars().count());
        let indent = match align {
            Align::Left => 0,
            Align::Center => free / 2,
            Align::Right => free,
        };
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(mark);
        self.text.push('\n');
    }
}

impl Paper for TextPaper {
    type Error = Infallible;

    fn line(&mut self, line: &Line<'_>) -> Result<(), Infallible> {
        let small = line.runs.iter().all(|run| run.style.font == Font::B);
        let font = if small { Font::B } else { Font::A };
        let cell = self.metrics.cell(font).width.max(1);
        let mut column = 0usize;
        let start = self.text.len();
        for run in line.runs {
            let x = usize::from((run.x + cell / 2) / cell);
            self.text.extend(std::iter::repeat_n(' ', x.saturating_sub(column)));
            column = column.max(x) + put(&mut self.text, run);
        }
        let kept = self.text.get(start..).map_or(0, |line| line.trim_end_matches(' ').len());
        self.text.truncate(start + kept);
        self.text.push('\n');
        Ok(())
    }

    fn qr(&mut self, qr: &Qr) -> Result<(), Infallible> {
        self.mark(qr.align, &format!("[QR {}]", qr.data));
        Ok(())
    }

    fn barcode(&mut self, code: &Barcode) -> Result<(), Infallible> {
        self.mark(code.align, &format!("[{} {}]", barcode::name(code.symbology), code.data));
        Ok(())
    }

    fn image(&mut self, image: &Image) -> Result<(), Infallible> {
        let mark =
            image.width.map_or_else(|| "[image]".to_owned(), |dots| format!("[image {dots} dots wide]"));
        self.mark(image.align, &mark);
        Ok(())
    }

    fn feed(&mut self, lines: u8) -> Result<(), Infallible> {
        self.text.extend(std::iter::repeat_n('\n', usize::from(lines)));
        Ok(())
    }

    fn cut(&mut self, cut: &Cut) -> Result<(), Infallible> {
        self.mark(Align::Center, &format!("[{:?} cut]", cut.mode).to_lowercase());
        Ok(())
    }

    fn drawer(&mut self, drawer: &Drawer) -> Result<(), Infallible> {
        self.mark(Align::Left, &format!("[drawer, pin {}]", drawer.pin));
        Ok(())
    }

    fn beep(&mut self, beep: &Beep) -> Result<(), Infallible> {
        self.mark(Align::Left, &format!("[beep x{}]", beep.times));
        Ok(())
    }

    fn raw(&mut self, raw: &Raw) -> Result<(), Infallible> {
        self.mark(Align::Left, &format!("[raw {}]", raw.data));
        Ok(())
    }
}

/// Adds a run's text and returns its columns.
fn put(text: &mut String, run: &Run<'_>) -> usize {
    let times = usize::from(run.style.width.max(1));
    let mut columns = 0;
    for cluster in run.text.graphemes(true) {
        let cells = cluster_cells(cluster) as usize;
        text.push_str(cluster);
        text.extend(std::iter::repeat_n(' ', cells * (times - 1)));
        columns += cells * times;
    }
    columns
}
