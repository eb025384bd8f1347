//! What a person reads: lines on standard output, coloured on a terminal only.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Effects, Style};

use super::failure::Failure;

/// Where a command writes.
pub(crate) struct Screen {
    out: Box<dyn Write>,
    paint: Paint,
}

impl Screen {
    /// Standard output, in colour if it is a terminal and `NO_COLOR` is not set.
    pub(crate) fn stdout() -> Self {
        let out = io::stdout();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let paint = Paint { on: wanted && out.is_terminal() };
        Self { out: Box::new(out), paint }
    }

    /// A screen without colours that keeps what is written.
    #[cfg(test)]
    pub(crate) fn captured() -> (Self, Written) {
        let written = Written::default();
        (Self { out: Box::new(written.clone()), paint: Paint::OFF }, written)
    }

    /// How to colour what is written here.
    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    /// Writes a text that ends its own lines.
    pub(crate) fn print(&mut self, text: impl Display) -> Result<(), Failure> {
        write!(self.out, "{text}")?;
        Ok(self.out.flush()?)
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        self.print(format_args!("{text}\n"))
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes)?;
        Ok(self.out.flush()?)
    }

    /// Writes a value as indented JSON.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::bad(format!("the answer can't be written as JSON: {error}")))?;
        self.line(text)
    }
}

/// Colours, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

/// What a colour is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing in particular.
    Plain,
    /// A title or a name.
    Strong,
    /// Of minor interest.
    Faint,
    /// As it should be.
    Good,
    /// It wants attention.
    Warning,
    /// It went wrong.
    Bad,
}

impl Paint {
    /// No colours.
    #[cfg(test)]
    pub(crate) const OFF: Self = Self { on: false };
    /// Colours, terminal or not.
    #[cfg(test)]
    pub(crate) const ON: Self = Self { on: true };

    /// A text in a tone.
    pub(crate) fn tone(self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => Style::new().effects(Effects::BOLD),
            Tone::Faint => Style::new().effects(Effects::DIMMED),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warning => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
        };
        if self.on && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Text of a device or a client, safe on a terminal: control characters are shown as their pictures.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// What was written on a screen.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

#[cfg(test)]
impl Written {
    /// As text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
