//! What kind of printer is simulated: its mechanics, language and what it can answer.

use super::codepage;

/// Which command language the printer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Epson ESC/POS and its clones.
    EscPos,
    /// Star Line Mode.
    StarLine,
}

/// What becomes of a second connection while one is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondConnection {
    /// It is connected by the system but not served until the first one has gone.
    Waits,
    /// It is refused.
    Refused,
}

/// How much of the past is kept; the oldest is dropped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Papers kept; their count goes on regardless.
    pub papers: usize,
    /// Received bytes kept.
    pub received: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { papers: 10_000, received: 16 << 20 }
    }
}

/// The cell of a built-in font, in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FontCell {
    /// Width, the advance included.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// What `GS I` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `GS I 1`: model id, one byte with bits 7 and 4 clear.
    pub model_id: u8,
    /// `GS I 65`: firmware version.
    pub firmware: String,
    /// `GS I 66`: maker.
    pub maker: String,
    /// `GS I 67`: model name.
    pub model: String,
    /// `GS I 68`: serial number.
    pub serial: String,
}

/// One kind of printer. Start from a constructor and change the fields that differ.
#[derive(Debug, Clone)]
pub struct PrinterSpec {
    /// Command language.
    pub language: Language,
    /// Printable width in dots: 576 for 80 mm paper, 384 for 58 mm, at 203 dpi.
    pub width: u32,
    /// Resolution, 203 or 180 dots per inch.
    pub dpi: u32,
    /// Font A.
    pub font_a: FontCell,
    /// Font B.
    pub font_b: FontCell,
    /// Default line spacing in dots.
    pub line_spacing: u32,
    /// What it says it is.
    pub identity: Identity,
    /// Code pages: number of `ESC t` (Star: `ESC GS t`) and the name of the encoding.
    /// See [`PrinterSpec::with_codepage`].
    pub codepages: Vec<(u8, String)>,
    /// Has a font of double-byte Chinese characters (GB 18030).
    pub has_kanji: bool,
    /// Double-byte mode is on after power-on and `ESC @`, as on firmware for the Chinese market.
    pub kanji_on: bool,
    /// Answers anything at all; `false` is a printer behind a one-way cable.
    pub answers: bool,
    /// Has automatic status (`GS a`; Star `ESC RS a`).
    pub has_asb: bool,
    /// Has `GS r`.
    pub has_gs_r: bool,
    /// Has the process id response, `GS ( H` function 48 (Star: the ETB counter).
    pub has_process_id: bool,
    /// Has an automatic cutter; without one a cut command ends the piece as torn by hand.
    pub has_cutter: bool,
    /// Dots fed between the print position and the cutter by the cut forms that feed.
    pub cut_distance: u32,
    /// Receive buffer in bytes. When it is full the printer stops reading.
    pub buffer: usize,
    /// Lines the command interpreter may be ahead of the print head.
    pub lookahead: usize,
    /// Paper speed in dots per second; `None` prints in no time.
    pub speed: Option<u32>,
    /// Sends `3B 31 00` after power-on, to the first host that connects.
    pub power_on_notice: bool,
    /// After a new roll it stays offline until the feed button or `DLE ENQ 0`.
    pub waits_after_roll: bool,
    /// Star over a network adds two length bytes (zero) after the automatic status and sets
    /// bit 7 of its second byte (Star Line Mode specification, appendix on Ethernet status).
    pub star_lan_status: bool,
    /// A second connection.
    pub second_connection: SecondConnection,
    /// Memory of the simulator itself.
    pub keep: Keep,
}

impl PrinterSpec {
    /// An 80 mm Epson TM-class printer, 203 dpi, 48 columns, with everything it can answer.
    pub fn epson_80mm() -> Self {
        Self {
            language: Language::EscPos,
            width: 576,
            dpi: 203,
            font_a: FontCell { width: 12, height: 24 },
            font_b: FontCell { width: 9, height: 17 },
            line_spacing: 30,
            identity: Identity {
                model_id: 0x20,
                firmware: "15.02 ESC/POS".into(),
                maker: "EPSON".into(),
                model: "TM-T20III".into(),
                serial: "SIM0000001".into(),
            },
            codepages: codepage::epson_table(),
            has_kanji: false,
            kanji_on: false,
            answers: true,
            has_asb: true,
            has_gs_r: true,
            has_process_id: true,
            has_cutter: true,
            cut_distance: 110,
            buffer: 4096,
            lookahead: 8,
            speed: None,
            power_on_notice: true,
            waits_after_roll: false,
            star_lan_status: true,
            second_connection: SecondConnection::Waits,
            keep: Keep::default(),
        }
    }

    /// The same with 58 mm paper: 384 dots, 32 columns.
    pub fn epson_58mm() -> Self {
        let mut spec = Self::epson_80mm();
        spec.width = 384;
        spec.identity.model = "TM-m30III".into();
        spec
    }

    /// An 80 mm Star printer in Star Line Mode.
    pub fn star_line_80mm() -> Self {
        let mut spec = Self::epson_80mm();
        spec.language = Language::StarLine;
        spec.font_b = FontCell { width: 9, height: 24 };
        spec.line_spacing = 32;
        spec.identity.maker = "Star".into();
        spec.identity.model = "TSP654II".into();
        spec.codepages = codepage::star_table();
        spec.power_on_notice = false;
        spec
    }

    /// A clone for the Chinese market: double-byte mode on, `DLE EOT` and `GS r` answered, but
    /// no automatic status and no process id.
    pub fn chinese_80mm() -> Self {
        let mut spec = Self::epson_80mm();
        spec.identity.maker = "GENERIC".into();
        spec.identity.model = "POS-80".into();
        spec.font_b = FontCell { width: 9, height: 17 };
        spec.has_kanji = true;
        spec.kanji_on = true;
        spec.has_asb = false;
        spec.has_process_id = false;
        spec.power_on_notice = false;
        spec
    }

    /// A printer that prints what comes and never says a word.
    pub fn one_way() -> Self {
        let mut spec = Self::epson_80mm();
        spec.identity.model = "ONE-WAY".into();
        spec.answers = false;
        spec.has_asb = false;
        spec.has_gs_r = false;
        spec.has_process_id = false;
        spec.power_on_notice = false;
        spec
    }

    /// Sets what code page `number` prints. Names: `CP437`, `CP866`, `CP1251`, `ISO_8859-2`,
    /// `KZ-1048`, `CP1125`, `KATAKANA` and the like. A name that is not known stays selectable,
    /// but its upper half can't be drawn and is reported as a violation when used.
    pub fn with_codepage(mut self, number: u8, encoding: &str) -> Self {
        self.codepages.retain(|(n, _)| *n != number);
        self.codepages.push((number, encoding.into()));
        self
    }

    /// Sets the paper speed in dots per second (150 mm/s at 203 dpi is about 1200).
    pub fn with_speed(mut self, dots_per_second: u32) -> Self {
        self.speed = Some(dots_per_second);
        self
    }

    /// Characters of font A on one line.
    pub fn columns(&self) -> u32 {
        self.width / self.font_a.width
    }
}
