//! A simulated customer display of two lines.
//!
//! [`Display`] is a cheap handle; clones are the same display. Its tasks end with [`Display::stop`] or
//! when the last handle is dropped. A display never answers.
//!
//! Sources: CD5220 command lists (CD5220 customer display manual, section 6; POS-X XP8200 user manual,
//! 4.1.8, with the remark on string mode); Epson DM-D110 specification and the Epson command mode of
//! the XP8200 manual, 4.1.2.

mod command;
mod escape;
mod screen;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::ToSocketAddrs;

use crate::peripheral::{Handle, Machine, Plug};
use crate::printer::Bitmap;
use command::Interpreter;
use screen::Screen;

/// Columns of a line.
pub const COLUMNS: usize = 20;

/// What kind of display it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplaySpec {
    /// The commands it takes.
    pub commands: DisplayCommands,
    /// Code pages by the number of `ESC t`, as named in the model's manual ("CP866").
    pub pages: Vec<(u8, String)>,
    /// Code pages by the letter of CD5220's `ESC c`.
    pub fonts: Vec<(u8, String)>,
    /// The page after power on.
    pub page: String,
    /// `CAN` leaves string mode as well, as some models' manuals say. Others: only `CLR`.
    pub can_leaves_string_mode: bool,
}

/// The commands a display takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayCommands {
    /// CD5220 standard mode.
    Cd5220,
    /// ESC/POS for line displays, Epson's.
    EscPos,
}

impl DisplaySpec {
    /// A CD5220 display: page 437, with `ESC c R` for Russian in page 866.
    pub fn cd5220() -> Self {
        Self {
            commands: DisplayCommands::Cd5220,
            pages: Vec::new(),
            fonts: named(&[(b'A', "CP437"), (b'J', "KATAKANA"), (b'L', "CP852"), (b'R', "CP866")]),
            page: "CP437".into(),
            can_leaves_string_mode: false,
        }
    }

    /// A display of the ESC/POS kind with pages 0 to 5 of its table, and Russian as page 6 (numbers
    /// above 5 are each model's own).
    pub fn esc_pos() -> Self {
        let pages = [
            (0, "CP437"),
            (1, "KATAKANA"),
            (2, "CP850"),
            (3, "CP860"),
            (4, "CP863"),
            (5, "CP865"),
            (6, "CP866"),
        ];
        Self { commands: DisplayCommands::EscPos, pages: named(&pages), fonts: Vec::new(), ..Self::cd5220() }
    }

    /// Epson DM-D110: pages 0 to 5 and 16 to 19; 17 is Russian.
    pub fn epson_dm() -> Self {
        let mut spec = Self::esc_pos();
        spec.pages.retain(|(number, _)| *number <= 5);
        spec.pages.extend(named(&[(16, "CP1252"), (17, "CP866"), (18, "CP852"), (19, "CP858")]));
        spec
    }

    /// With one more page of `ESC t`, or another one in its place.
    pub fn with_page(mut self, number: u8, page: &str) -> Self {
        self.pages.retain(|(known, _)| *known != number);
        self.pages.push((number, page.into()));
        self
    }
}

fn named(pages: &[(u8, &str)]) -> Vec<(u8, String)> {
    pages.iter().map(|(number, page)| (*number, (*page).to_owned())).collect()
}

/// Something done to the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The cable is pulled, and with it goes the power: pty and path are gone, TCP is refused.
    Unplug,
    /// Plugged in again, blank, with everything as after power on.
    Replug,
    /// Power fails, the cable stays: what comes is lost.
    PowerOff,
    /// Power is back; blank, with everything as after power on.
    PowerOn,
    /// The link is cut now; the display keeps what it shows.
    CutLink,
    /// TCP connections are refused, and the one that is open is closed.
    RefuseConnections,
    /// TCP connections are accepted again.
    AcceptConnections,
}

/// What the display looks like from outside at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayState {
    /// The two lines, 20 characters each, what is scrolling from its beginning.
    pub lines: [String; 2],
    /// Where the next character goes, column and line, both from 1.
    pub cursor: (u8, u8),
    /// Whether the cursor is shown.
    pub cursor_shown: bool,
    /// 1 (dark) to 4.
    pub brightness: u8,
    /// Half periods of 50 ms; 0 doesn't blink, 255 is off.
    pub blink: u8,
    /// The code page that is chosen.
    pub page: String,
    /// The text that scrolls through the upper line, the whole of it.
    pub scrolling: Option<String>,
    /// String mode, in which CD5220 takes nothing but strings and `CLR`.
    pub string_mode: bool,
    /// A host is connected; a pseudo terminal always counts as one.
    pub connected: bool,
    /// Power is on.
    pub power: bool,
    /// Bytes received since the display was made.
    pub received: u64,
}

/// A simulated customer display.
#[derive(Clone)]
pub struct Display {
    handle: Handle<Device>,
}

impl Display {
    /// A display that is switched on and blank, connected to nothing.
    pub fn new(spec: DisplaySpec) -> Self {
        Self { handle: Handle::new(Device::new(spec)) }
    }

    /// Listens on a TCP address, one host at a time. Port 0 takes a free one; the address is the
    /// answer. Errors are those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.handle.serve_tcp(address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`, replacing an
    /// old link. [`Fault::Unplug`] and [`Fault::Replug`] remove and recreate both.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> io::Result<PathBuf> {
        self.handle.serve_pty(link.as_ref())
    }

    /// Ends all tasks and closes all links.
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// Hands bytes to the display as if they had come over a link.
    pub fn feed(&self, bytes: &[u8]) {
        self.handle.feed(bytes);
    }

    /// Does something to the display.
    pub fn inject(&self, fault: Fault) {
        self.handle.change(|device| device.inject(fault));
    }

    /// The two lines, 20 characters each.
    pub fn screen(&self) -> [String; 2] {
        self.state().lines
    }

    /// The display's state now.
    pub fn state(&self) -> DisplayState {
        self.handle.with(|device| device.state())
    }

    /// Waits until the display's state satisfies a condition.
    pub async fn wait_state(&self, condition: impl Fn(&DisplayState) -> bool) {
        self.handle.wait(|device| condition(&device.state()).then_some(())).await;
    }

    /// Waits until the lines, without blanks at their ends, are these.
    pub async fn wait_screen(&self, upper: &str, lower: &str) {
        self.wait_state(|state| state.lines.iter().map(|line| line.trim_end()).eq([upper, lower])).await;
    }

    /// A picture of what is shown, bright on dark.
    pub fn picture(&self) -> Bitmap {
        screen::picture(&self.screen())
    }

    /// That picture as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        self.picture().png()
    }

    /// What the commands don't allow and the display was told all the same, oldest first; the first
    /// thousand.
    pub fn violations(&self) -> Vec<String> {
        self.handle.with(|device| device.screen.violations.clone())
    }
}

impl std::fmt::Debug for Display {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Display").field("state", &self.state()).finish_non_exhaustive()
    }
}

struct Device {
    spec: DisplaySpec,
    plug: Plug,
    screen: Screen,
    interpreter: Interpreter,
    received: u64,
}

impl Device {
    fn new(spec: DisplaySpec) -> Self {
        let screen = Screen::new(&spec.page);
        Self { spec, plug: Plug::new(), screen, interpreter: Interpreter::default(), received: 0 }
    }

    fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::Unplug => {
                self.plug.unplug();
                self.forget();
            }
            Fault::Replug => self.plug.unplugged = false,
            Fault::PowerOff => {
                self.plug.power_off();
                self.forget();
            }
            Fault::PowerOn => self.plug.power = true,
            Fault::CutLink => self.plug.cut = true,
            Fault::RefuseConnections => {
                self.plug.refuse = true;
                self.plug.cut = self.plug.network;
            }
            Fault::AcceptConnections => self.plug.refuse = false,
        }
    }

    /// Everything as after power on; what the test knows of stays.
    fn forget(&mut self) {
        let violations = std::mem::take(&mut self.screen.violations);
        self.screen = Screen::new(&self.spec.page);
        self.screen.violations = violations;
        self.interpreter = Interpreter::default();
    }

    fn state(&self) -> DisplayState {
        DisplayState {
            lines: self.screen.lines(),
            cursor: self.screen.cursor(),
            cursor_shown: self.screen.cursor_shown,
            brightness: self.screen.brightness,
            blink: self.screen.blink,
            page: self.screen.page_name().to_owned(),
            scrolling: self.screen.scrolling.clone(),
            string_mode: self.interpreter.string_mode(),
            connected: self.plug.connected,
            power: self.plug.power && !self.plug.unplugged,
            received: self.received,
        }
    }
}

impl Machine for Device {
    fn plug(&mut self) -> &mut Plug {
        &mut self.plug
    }

    fn receive(&mut self, bytes: &[u8]) {
        if self.plug.unplugged {
            return;
        }
        self.received += bytes.len() as u64;
        for byte in bytes {
            self.interpreter.take(*byte, &self.spec, &mut self.screen);
        }
    }
}
