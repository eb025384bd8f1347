//! Bytes for a display.
//!
//! CD5220: Partner Tech, *CD5220 Customer Display User Manual*, table 6-1; Bematech, *LDX1000 User Manual*.
//! After `ESC Q` a display is in string mode, where only CLR (and CAN) are taken beside other strings
//! (*P07303 Series Customer Display User Manual*, 7.2). ESC/POS and DM-D: Epson, *DM-D110 Specification*,
//! section 5.

use super::document::{DisplayError, wrong};
use super::layout::Frame;
use super::model::{CommandSet, DisplayModel};
use crate::codepage::Page;

/// Writes frames for one display.
#[derive(Debug, Clone)]
pub struct Encoder {
    commands: CommandSet,
    page: Page,
    select_page: Vec<u8>,
    rows: usize,
}

impl Encoder {
    /// For a model, in the page that the configuration names, or its default.
    ///
    /// # Errors
    /// A page that the model doesn't have.
    pub fn new(model: &DisplayModel, page: Option<Page>) -> Result<Self, DisplayError> {
        let page = page.unwrap_or(model.default_page);
        let Some(select_page) = model.pages.get(&page) else {
            let known: Vec<&str> = model.pages.keys().map(|page| page.name()).collect();
            let problem = format!("{} doesn't have {}; it has {}", model.name, page.name(), known.join(", "));
            return Err(wrong("page", problem));
        };
        let rows = usize::from(model.rows);
        Ok(Self { commands: model.commands, page, select_page: select_page.clone(), rows })
    }

    /// The page that frames have to be in.
    pub fn page(&self) -> Page {
        self.page
    }

    /// Brings a display of which nothing is known into its first state: cleared, overwriting, without a
    /// cursor, in the page. Also after it was plugged in again.
    pub fn init(&self) -> Vec<u8> {
        let mut out = self.begun();
        match self.commands {
            // CLR ends the string mode, which would swallow what follows.
            CommandSet::Cd5220 => out.extend([CLR, ESC, b'@']),
            CommandSet::EscPos | CommandSet::EpsonDm => {
                out.extend([ESC, b'@']);
                // ESC @ may select the printer again.
                out.extend(self.begun());
            }
        }
        out.extend(&self.select_page);
        match self.commands {
            CommandSet::Cd5220 => out.extend([ESC, OVERWRITE_CD5220, ESC, b'_', 0]),
            CommandSet::EscPos | CommandSet::EpsonDm => out.extend([US, OVERWRITE, US, b'C', 0]),
        }
        self.ended(out)
    }

    /// Clears the display.
    pub fn clear(&self) -> Vec<u8> {
        let mut out = self.begun();
        out.push(CLR);
        self.ended(out)
    }

    /// Shows a frame in place of what is there.
    pub fn show(&self, frame: &Frame) -> Vec<u8> {
        let mut out = self.begun();
        for (index, row) in frame.rows.iter().take(self.rows).enumerate() {
            let line = u8::try_from(index).unwrap_or(u8::MAX - 1);
            match self.commands {
                CommandSet::Cd5220 => {
                    out.extend([ESC, b'Q', b'A' + line]);
                    out.extend(row);
                    out.push(CR);
                }
                CommandSet::EscPos | CommandSet::EpsonDm => {
                    out.extend([US, b'$', 1, line + 1]);
                    out.extend(row);
                }
            }
        }
        self.ended(out)
    }

    /// Sets the brightness from 1 to 4; other values are the nearest of them. A CD5220 is cleared by it: show
    /// the frame again.
    pub fn brightness(&self, brightness: u8) -> Vec<u8> {
        let level = brightness.clamp(1, 4);
        let mut out = self.begun();
        match self.commands {
            CommandSet::Cd5220 => out.extend([CLR, ESC, b'*', level]),
            CommandSet::EscPos | CommandSet::EpsonDm => out.extend([US, b'X', level]),
        }
        self.ended(out)
    }

    /// A display behind a printer is chosen first; what follows is not printed.
    fn begun(&self) -> Vec<u8> {
        match self.commands {
            CommandSet::EpsonDm => vec![ESC, b'=', DISPLAY],
            CommandSet::Cd5220 | CommandSet::EscPos => Vec::new(),
        }
    }

    /// The printer is chosen again: whoever prints next need not know of the display.
    fn ended(&self, mut out: Vec<u8>) -> Vec<u8> {
        if self.commands == CommandSet::EpsonDm {
            out.extend([ESC, b'=', PRINTER]);
        }
        out
    }
}

const CLR: u8 = 0x0c;
const CR: u8 = 0x0d;
const ESC: u8 = 0x1b;
const US: u8 = 0x1f;
/// Characters behind the last column begin again at the first line, instead of moving all lines up.
const OVERWRITE: u8 = 1;
/// The same with CD5220: `ESC DC1`.
const OVERWRITE_CD5220: u8 = 0x11;
const PRINTER: u8 = 1;
const DISPLAY: u8 = 2;
