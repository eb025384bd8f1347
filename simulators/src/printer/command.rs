//! What a printer can be told, whatever the language it was told in.

use super::symbols::BarcodeKind;

/// The result of looking at the start of the received data.
#[derive(Debug)]
pub(crate) enum Parsed<'a> {
    /// At least this many bytes, from the start, are needed to go on.
    #[allow(dead_code, reason = "how many helps when a test fails")]
    Need(usize),
    /// A command of so many bytes.
    Done(usize, Command<'a>),
}

/// One command. Distances are in dots unless said otherwise.
#[derive(Debug)]
pub(crate) enum Command<'a> {
    Nothing,
    Violation(String),
    Text(&'a [u8]),
    DoubleByte(u8, u8),
    LineFeed,
    FeedDots(u32),
    FeedLines(u32),
    Tab,
    SetTabs(&'a [u8]),
    Initialize,
    /// Star CAN: what waits to be printed is dropped, settings return to their defaults.
    CancelAll,
    Style(StyleChange),
    Align(Align),
    LineSpacing(Option<u32>),
    CharSpacing(u32),
    Position(u32),
    Move(i32),
    LeftMargin(u32),
    AreaWidth(u32),
    CodePage(u8),
    International(u8),
    Kanji(bool),
    Select(bool),
    Raster(Raster<'a>),
    Columns(Columns<'a>),
    StoreGraphics(Raster<'a>),
    PrintGraphics,
    /// Star raster mode on or off.
    RasterMode(bool),
    /// One dot row of Star raster mode; `false` stays on the row.
    RasterRow(&'a [u8], bool),
    /// Blank dot rows of Star raster mode.
    RasterSkip(u32),
    /// What raster mode does at the end of a document: `ESC * r E`.
    RasterEnding(u8),
    /// Do it now: `ESC FF EOT`.
    RasterEnd,
    BarcodeHeight(u32),
    BarcodeModule(u32),
    /// 0 none, 1 above, 2 below, 3 both.
    Hri(u8),
    HriFont(bool),
    Barcode(BarcodeOrder<'a>),
    Qr(SymbolOrder<'a>),
    Pdf417(SymbolOrder<'a>),
    Cut {
        full: bool,
        feed: Option<u32>,
    },
    Drawer {
        pin: u8,
        on_ms: u32,
        off_ms: u32,
    },
    /// Star ESC BEL: the pulse that BEL gives from now on.
    DrawerTiming {
        on_ms: u32,
        off_ms: u32,
    },
    /// Star BEL.
    DrawerDefault {
        pin: u8,
    },
    Beep {
        times: u8,
        ms: u32,
    },
    Asb(u8),
    Status(u8),
    Info(u8),
    ProcessId([u8; 4]),
    PulseAllowed(bool),
    TestPrint(u8),
    StarAsb(bool),
    Etb,
    ResetEtb,
}

/// A change of how characters look.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StyleChange {
    /// `ESC !`: font, bold, double height, double width and underline at once.
    Mode(u8),
    FontB(bool),
    Bold(bool),
    DoubleStrike(bool),
    /// Thickness, 0 to 2 dots.
    Underline(u8),
    Inverse(bool),
    UpsideDown(bool),
    Rotated(bool),
    Width(u8),
    Height(u8),
    Size(u8, u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Align {
    #[default]
    Left,
    Center,
    Right,
}

/// Rows of dots, eight to a byte, the highest bit leftmost.
#[derive(Debug)]
pub(crate) struct Raster<'a> {
    pub name: &'static str,
    pub width: u32,
    pub height: u32,
    pub scale_x: u32,
    pub scale_y: u32,
    pub data: &'a [u8],
}

/// Columns of dots, `bytes` per column, the highest bit on top.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    pub columns: u32,
    pub bytes: u32,
    pub scale_x: u32,
    pub scale_y: u32,
    pub data: &'a [u8],
}

#[derive(Debug)]
pub(crate) struct BarcodeOrder<'a> {
    pub kind: BarcodeKind,
    pub data: &'a [u8],
    /// Star gives these with the code; ESC/POS beforehand.
    pub height: Option<u32>,
    pub module: Option<u32>,
    pub hri: Option<bool>,
    /// Start a new line after it.
    pub feed: bool,
    /// CODE128 data is in Star's plain form, not in Epson's with `{A`, `{B`, `{C`.
    pub plain128: bool,
}

/// Orders to a symbol generator (QR code, PDF417).
#[derive(Debug)]
pub(crate) enum SymbolOrder<'a> {
    Model(u8),
    /// Dots per module.
    Module(u32),
    /// Row height in modules, PDF417.
    RowHeight(u32),
    /// QR: 0 L to 3 H. PDF417: level 0 to 8.
    Correction(u8),
    /// PDF417: data columns, 0 automatic.
    Columns(u8),
    /// PDF417: rows, 0 automatic.
    Rows(u8),
    Store(&'a [u8]),
    Print,
    /// The size question of `GS ( k` function 82.
    Size,
}

/// Little-endian number of two bytes.
pub(crate) fn word(low: u8, high: u8) -> u32 {
    u32::from(low) + 256 * u32::from(high)
}

/// Two-digit hexadecimal, spaced: how bytes are written in violations.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for (i, b) in bytes.iter().take(16).enumerate() {
        let _ = write!(out, "{}{b:02X}", if i == 0 { "" } else { " " });
    }
    if bytes.len() > 16 {
        out.push('…');
    }
    out
}
