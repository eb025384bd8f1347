//! Barcode scanners on a serial line.

use super::line::Line;

/// A barcode scanner on a serial line or its USB CDC form.
///
/// A cheap handle; clones are the same scanner.
#[derive(Debug, Clone)]
pub struct BarcodeScanner {
    format: ScannerFormat,
    line: Line,
}

/// How a scanner wraps what it has read. What is configured in real scanners with programming
/// codes: a suffix, the AIM identifier in front, and STX and ETX around all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScannerFormat {
    /// What ends a code.
    pub suffix: Suffix,
    /// The AIM symbology identifier (ISO/IEC 15424, `]` and two characters) comes first.
    pub aim: bool,
    /// `02` before and `03` after all, the suffix included.
    pub framed: bool,
}

/// What a scanner sends after a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// `0D`.
    Cr,
    /// `0A`.
    Lf,
    /// `0D 0A`.
    CrLf,
    /// Nothing: only time tells where a code ends.
    None,
}

impl Suffix {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Cr => b"\r",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::None => b"",
        }
    }
}

impl Default for ScannerFormat {
    /// CR and LF after the code, nothing else.
    fn default() -> Self {
        Self { suffix: Suffix::CrLf, aim: false, framed: false }
    }
}

impl ScannerFormat {
    /// The bytes of one code. `aim` is left out unless the format has it.
    pub fn wrap(&self, aim: &str, code: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.framed {
            out.push(0x02);
        }
        if self.aim {
            out.extend(aim.bytes());
        }
        out.extend(code);
        out.extend(self.suffix.bytes());
        if self.framed {
            out.push(0x03);
        }
        out
    }
}

impl BarcodeScanner {
    /// A scanner connected to nothing.
    pub fn new(format: ScannerFormat) -> Self {
        Self { format, line: Line::new() }
    }

    /// Its line, to serve it and to do something to it.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Reads a code without an AIM identifier, whatever the format says of it: `]X0` would be
    /// untrue for most codes.
    pub fn scan(&self, code: impl AsRef<[u8]>) {
        self.scan_as("", code);
    }

    /// Reads a code of a symbology, named by its AIM identifier such as `]E0` (EAN-13).
    pub fn scan_as(&self, aim: &str, code: impl AsRef<[u8]>) {
        self.line.say(self.format.wrap(aim, code.as_ref()));
    }

    /// Reads many codes at a rate; see [`Line::flood`].
    pub fn flood<C: AsRef<[u8]>>(&self, codes: impl IntoIterator<Item = C>, per_second: u32) {
        let format = self.format;
        self.line.flood(codes.into_iter().map(|code| format.wrap("", code.as_ref())), per_second);
    }
}
