//! The settings of a serial line, as the query of a `serial://` link.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::LinkError;

/// How bytes travel on a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SerialLine {
    /// Bits a second, 300 to 921600.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
    /// Data bits.
    pub data: DataBits,
    /// Stop bits.
    pub stop: StopBits,
    /// Who may hold the other up, and how.
    pub flow: FlowControl,
}

/// Parity bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Even parity.
    Even,
    /// Odd parity.
    Odd,
}

/// Data bits of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DataBits {
    /// Seven: ASCII only.
    Seven,
    /// Eight.
    #[default]
    Eight,
}

/// Stop bits of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StopBits {
    /// One.
    #[default]
    One,
    /// Two.
    Two,
}

/// Flow control of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FlowControl {
    /// None: a full printer loses data.
    #[default]
    None,
    /// RTS/CTS (a printer's DTR/DSR is wired to them).
    Hardware,
    /// XON/XOFF.
    Software,
}

impl Default for SerialLine {
    fn default() -> Self {
        Self {
            baud: 9600,
            parity: Parity::default(),
            data: DataBits::default(),
            stop: StopBits::default(),
            flow: FlowControl::default(),
        }
    }
}

impl SerialLine {
    /// How long one byte takes on the wire, with its start, parity and stop bits.
    pub fn byte_time(&self) -> Duration {
        let data = if self.data == DataBits::Seven { 7 } else { 8 };
        let parity = u32::from(self.parity != Parity::None);
        let stop = if self.stop == StopBits::Two { 2 } else { 1 };
        Duration::from_secs(1) * (1 + data + parity + stop) / self.baud.max(1)
    }
}

/// The query of a link: `baud=9600&parity=even`; what is left out has its default.
impl FromStr for SerialLine {
    type Err = LinkError;

    fn from_str(query: &str) -> Result<Self, LinkError> {
        let mut line = SerialLine::default();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let wrong = |remedy| LinkError::Setting { key: key.to_owned(), value: value.to_owned(), remedy };
            if seen.contains(&key) {
                return Err(wrong("it stands there twice"));
            }
            seen.push(key);
            match (key, value) {
                ("baud", _) => {
                    let baud = value.parse().ok().filter(|baud| (300..=921_600).contains(baud));
                    line.baud = baud.ok_or_else(|| wrong("baud is a number from 300 to 921600"))?;
                }
                ("parity", "none") => line.parity = Parity::None,
                ("parity", "even") => line.parity = Parity::Even,
                ("parity", "odd") => line.parity = Parity::Odd,
                ("parity", _) => return Err(wrong("parity is none, even or odd")),
                ("data", "7") => line.data = DataBits::Seven,
                ("data", "8") => line.data = DataBits::Eight,
                ("data", _) => return Err(wrong("data is 7 or 8")),
                ("stop", "1") => line.stop = StopBits::One,
                ("stop", "2") => line.stop = StopBits::Two,
                ("stop", _) => return Err(wrong("stop is 1 or 2")),
                ("flow", "none") => line.flow = FlowControl::None,
                ("flow", "hardware") => line.flow = FlowControl::Hardware,
                ("flow", "software") => line.flow = FlowControl::Software,
                ("flow", _) => return Err(wrong("flow is none, hardware or software")),
                _ => return Err(wrong("the settings are baud, parity, data, stop and flow")),
            }
        }
        Ok(line)
    }
}

impl fmt::Display for SerialLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => "none",
            Parity::Even => "even",
            Parity::Odd => "odd",
        };
        let data = if self.data == DataBits::Seven { 7 } else { 8 };
        let stop = if self.stop == StopBits::Two { 2 } else { 1 };
        let flow = match self.flow {
            FlowControl::None => "none",
            FlowControl::Hardware => "hardware",
            FlowControl::Software => "software",
        };
        write!(f, "baud={}&parity={parity}&data={data}&stop={stop}&flow={flow}", self.baud)
    }
}
