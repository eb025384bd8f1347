//! Codes of a scanner on a line: where one ends.

use std::time::Duration;

use outlet_protocols::scanner::line::{Event, Receiver};

use super::code::{Codes, without_line_ends};
use super::device::{Language, Told};
use super::options::{ScannerOptions, Suffix};

/// Codes, as lines of a scanner.
pub(super) struct Lines {
    receiver: Receiver,
    options: ScannerOptions,
    codes: Codes,
}

impl Lines {
    pub fn new(options: ScannerOptions, codes: Codes) -> Self {
        Self { receiver: Receiver::new(options.line()), options, codes }
    }

    fn event(&self, event: Event, told: &mut Told<'_>) {
        match event {
            Event::Line(line) => self.codes.text(&line.0, told),
            Event::TooLong { bytes } => {
                let message = format!(
                    "at least {bytes} bytes came without an end, and a code has at most {}: set `suffix` to what \
                     the scanner sends behind a code, check its baud rate, or raise `max_bytes`",
                    self.options.max_bytes
                );
                told.unusable("too-long", bytes, message);
            }
            Event::Cut { bytes } => {
                let message = format!(
                    "of a code only a part came, {bytes} bytes; scan it again. If it is so with every code, the \
                     scanner does not send what `prefix` and `suffix` say"
                );
                told.unusable("unreadable", bytes, message);
            }
        }
    }
}

impl Language for Lines {
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>) {
        for event in self.receiver.received(bytes) {
            self.event(event, told);
        }
    }

    fn quiet(&mut self, told: &mut Told<'_>) {
        match self.receiver.elapsed() {
            Some(Event::Line(line)) if self.options.suffix != Suffix::None => {
                let bytes = without_line_ends(&line.0).len();
                if bytes > 0 {
                    told.tally.without_end();
                    told.unusable("unreadable", bytes, no_end(bytes));
                }
            }
            Some(event) => self.event(event, told),
            None => {}
        }
    }

    fn lost(&mut self, told: &mut Told<'_>) {
        match self.receiver.elapsed() {
            Some(Event::Line(line)) if without_line_ends(&line.0).is_empty() => {}
            Some(Event::Line(line)) => {
                told.unusable("unreadable", line.0.len(), LINK_LOST);
            }
            Some(event) => self.event(event, told),
            None => {}
        }
    }

    fn is_waiting(&self) -> bool {
        self.receiver.is_waiting()
    }

    fn silence(&self) -> Duration {
        self.options.silence()
    }
}

const LINK_LOST: &str = "the link was lost in the middle of a code; scan it again";

fn no_end(bytes: usize) -> String {
    format!(
        "{bytes} bytes came and no line end behind them; scan the code again. If it is so with every code, program \
         the scanner to send CR behind it, or set suffix = \"none\""
    )
}
