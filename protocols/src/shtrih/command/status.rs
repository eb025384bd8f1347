//! Asking the register what it is and how it is.

use super::{Authority, Effect, Fields, ParameterError, Request, Truncated};
use crate::fiscal::{Date, DateTime};
use crate::shtrih::fields::{put, text, within};

/// `FC`: what device this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceType;

/// The answer to [`DeviceType`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTypeAnswer {
    /// Type, 0 for a fiscal register.
    pub kind: u8,
    /// Subtype.
    pub subtype: u8,
    /// Version and subversion of the protocol.
    pub protocol: (u8, u8),
    /// Model.
    pub model: u8,
    /// Language of the device, 0 for Russian.
    pub language: u8,
    /// Name of the device.
    pub name: String,
}

impl Request for DeviceType {
    type Answer = DeviceTypeAnswer;

    fn code(&self) -> u16 {
        0xfc
    }

    fn password(&self) -> Authority {
        Authority::None
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(DeviceTypeAnswer {
            kind: fields.byte("type")?,
            subtype: fields.byte("subtype")?,
            protocol: (fields.byte("protocol version")?, fields.byte("protocol subversion")?),
            model: fields.byte("model")?,
            language: fields.byte("language")?,
            name: text(fields.rest()),
        })
    }
}

/// `F7 01`: what the model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelParameters;

/// The answer to [`ModelParameters`]. Later registers append fields, which are left unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelParametersAnswer {
    /// The bits of the model, 0 to 63; see [`ModelParametersAnswer::has`].
    pub bits: u64,
    /// Characters of a line in font 1; 0: ask [`FontMetrics`].
    pub width_font1: u8,
    /// Characters of a line in font 2; 0: ask [`FontMetrics`].
    pub width_font2: u8,
    /// The longest command, in bytes; 0 where the register doesn't say.
    pub longest_command: u16,
}

/// Bits of [`ModelParametersAnswer`] that a driver asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ModelBit {
    /// Bit 13: a cutter.
    Cutter = 13,
    /// Bit 15: the drawer has a sensor.
    DrawerSensor = 15,
    /// Bit 22: documents that are not fiscal, `E2` and `E3`.
    NonFiscalDocument = 22,
    /// Bit 23: the register runs the vendor's common cash core.
    CashCore = 23,
    /// Bit 28: the link of level 2.0 beside level 1.
    Link2 = 28,
}

impl ModelParametersAnswer {
    /// Whether the model has something.
    pub fn has(&self, bit: ModelBit) -> bool {
        self.bits >> (bit as u8) & 1 == 1
    }
}

impl Request for ModelParameters {
    type Answer = ModelParametersAnswer;

    fn code(&self) -> u16 {
        0xf7
    }

    fn password(&self) -> Authority {
        Authority::None
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.push(1);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        let bits = fields.bytes(8, "model bits")?.iter().rev().fold(0, |bits, &b| bits << 8 | u64::from(b));
        let (width_font1, width_font2) = (fields.byte("width of font 1")?, fields.byte("width of font 2")?);
        // First line of pictures, digits of INN, RNM, long RNM and long serial, two passwords, tables of
        // Bluetooth and taxes.
        fields.bytes(15, "numbers of the model")?;
        let longest_command = fields.u16("longest command").unwrap_or(0);
        Ok(ModelParametersAnswer { bits, width_font1, width_font2, longest_command })
    }
}

/// `10`: the short status. It may be asked at any time, also while the register prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortStatus;

/// The answer to [`ShortStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortStatusAnswer {
    /// The operator whose password it was, 1 to 30.
    pub operator: u8,
    /// Flags of the device.
    pub flags: Flags,
    /// Mode.
    pub mode: Mode,
    /// Submode.
    pub submode: Submode,
    /// Operations in the receipt that is open.
    pub operations: u16,
    /// Voltage of the backup battery, in units of 5/255 V.
    pub battery: u8,
    /// Voltage of the power supply, in units of 24/216 V.
    pub power: u8,
    /// Error codes of the fiscal memory and of the electronic journal; 0 where there is none.
    pub memory_errors: (u8, u8),
    /// How the last printing ended, where the model says (bit 34 of its parameters): 0 well, 1 the
    /// paper ended, 2 a fault of the printer, 5 it still prints.
    pub last_print: Option<u8>,
}

impl Request for ShortStatus {
    type Answer = ShortStatusAnswer;

    fn code(&self) -> u16 {
        0x10
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    /// 16 bytes in all with code and error, 17 with the result of printing; registers that leave out
    /// the two error codes send 14.
    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        let operator = fields.byte("operator")?;
        let flags = Flags(fields.u16("flags")?);
        let mode = Mode(fields.byte("mode")?);
        let submode = Submode::from_byte(fields.byte("submode")?);
        let low = fields.byte("operations")?;
        let (battery, power) = (fields.byte("battery")?, fields.byte("power")?);
        let memory_errors = match fields.left() {
            0..=4 => (0, 0),
            _ => (fields.byte("fiscal memory error")?, fields.byte("journal error")?),
        };
        let high = fields.byte("operations, high")?;
        let operations = u16::from_le_bytes([low, high]);
        let last_print = match fields.left() {
            4.. => fields.rest().get(3).copied(),
            _ => None,
        };
        let status = ShortStatusAnswer {
            operator,
            flags,
            mode,
            submode,
            operations,
            battery,
            power,
            memory_errors,
            last_print,
        };
        Ok(status)
    }
}

/// `11`: the long status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongStatus;

/// The answer to [`LongStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongStatusAnswer {
    /// The operator whose password it was, 1 to 30.
    pub operator: u8,
    /// Version of the firmware, like `C.2`.
    pub version: String,
    /// Build of the firmware.
    pub build: u16,
    /// Day of the firmware.
    pub firmware_date: Option<Date>,
    /// Number of the register in the hall.
    pub number: u8,
    /// Number of the current document, running through all of them.
    pub document: u16,
    /// Flags of the device.
    pub flags: Flags,
    /// Mode.
    pub mode: Mode,
    /// Submode.
    pub submode: Submode,
    /// Where the host is connected: 0 to 127 a serial port, 128 TCP.
    pub port: u8,
    /// The register's clock; `None` where it shows no time.
    pub clock: Option<DateTime>,
    /// Flags of the fiscal memory; bit 6: a shift is open, bit 7: for more than 24 hours.
    pub memory_flags: u8,
    /// The factory number; `None` before one was entered.
    pub serial: Option<u64>,
    /// Number of the shift that was closed last.
    pub last_closed_shift: u16,
    /// INN of the owner, 10 or 12 digits; `None` before it was entered.
    pub inn: Option<String>,
}

impl Request for LongStatus {
    type Answer = LongStatusAnswer;

    fn code(&self) -> u16 {
        0x11
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, _: &mut Vec<u8>) -> Result<(), ParameterError> {
        Ok(())
    }

    /// 48 bytes in all with code and error; 50 and 52 where flags, mode and two more bytes of the
    /// factory number are appended.
    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        let operator = fields.byte("operator")?;
        let version: Vec<String> =
            fields.bytes(2, "version")?.iter().map(|&byte| text(&[byte])).filter(|c| !c.is_empty()).collect();
        let build = fields.u16("build")?;
        let firmware_date = fields.day_month_year("firmware date")?;
        let number = fields.byte("number in the hall")?;
        let document = fields.u16("document number")?;
        let flags = Flags(fields.u16("flags")?);
        let mode = Mode(fields.byte("mode")?);
        let submode = Submode::from_byte(fields.byte("submode")?);
        let port = fields.byte("port")?;
        // Version, build and day of the fiscal memory's firmware.
        fields.bytes(7, "fiscal memory firmware")?;
        let date = fields.day_month_year("date")?;
        let (hour, minute, second) = (fields.byte("hour")?, fields.byte("minute")?, fields.byte("second")?);
        let memory_flags = fields.byte("fiscal memory flags")?;
        let serial_low = fields.u32("factory number")?;
        let last_closed_shift = fields.u16("last closed shift")?;
        // Free records, registrations done and left.
        fields.bytes(4, "records of the fiscal memory")?;
        let inn = fields.bytes(6, "INN")?;
        let serial_high = match fields.left() {
            0..=3 => 0,
            _ => {
                fields.bytes(2, "fiscal memory flags and mode")?;
                fields.u16("factory number, high")?
            }
        };
        let serial_high = if serial_high == 0xffff { 0 } else { serial_high };
        Ok(LongStatusAnswer {
            operator,
            version: version.join("."),
            build,
            firmware_date,
            number,
            document,
            flags,
            mode,
            submode,
            port,
            clock: date.and_then(|date| DateTime::new(date, hour, minute, second)),
            memory_flags,
            serial: (serial_low != u32::MAX).then(|| u64::from(serial_high) << 32 | u64::from(serial_low)),
            last_closed_shift,
            inn: read_inn(inn),
        })
    }
}

fn read_inn(bytes: &[u8]) -> Option<String> {
    let number = crate::shtrih::fields::little_endian(bytes);
    let known = bytes.iter().any(|&byte| byte != 0xff) && number != 0;
    let width = if number > 9_999_999_999 { 12 } else { 10 };
    known.then(|| format!("{number:0width$}"))
}

/// Flags of the device (*Протокол работы ККТ* v2.0, command 10H).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(pub u16);

impl Flags {
    /// Bit 7: the optical sensor sees receipt paper.
    pub fn receipt_paper(self) -> bool {
        self.0 & 1 << 7 != 0
    }

    /// Bit 1: the weight sensor feels a roll of receipt paper; many models have no such sensor.
    pub fn receipt_roll(self) -> bool {
        self.0 & 1 << 1 != 0
    }

    /// Bit 10: the cover is open.
    pub fn cover_open(self) -> bool {
        self.0 & 1 << 10 != 0
    }

    /// Bit 11: the drawer is open.
    pub fn drawer_open(self) -> bool {
        self.0 & 1 << 11 != 0
    }
}

/// The mode byte: the mode in the low half, its kind in the high half (*Протокол работы ККТ* v2.0,
/// appendix 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub u8);

/// What a mode means for a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeKind {
    /// 0: the printer is in its working mode. Registers with shifts are not in it.
    Working,
    /// 1: data are being given out.
    Dump,
    /// 2: a shift is open.
    ShiftOpen,
    /// 3: a shift is open for more than 24 hours: only closing it is left.
    ShiftExpired,
    /// 4: no shift is open.
    ShiftClosed,
    /// 5: blocked by wrong passwords of the inspector.
    Blocked,
    /// 6: waits for the date to be confirmed, command `23`.
    ConfirmDate,
    /// 7: the decimal point may be moved.
    DecimalPoint,
    /// 8: a document is open.
    Document(OpenDocument),
    /// 9: the memory is to be reset by service.
    Reset,
    /// 10: test run.
    Test,
    /// 11: prints a full fiscal report.
    FiscalReport,
    /// 12: prints a report of the electronic journal.
    JournalReport,
    /// 13, 14, 15: works with a slip document.
    Slip,
}

/// The document that is open in mode 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenDocument {
    /// Sale.
    Sale,
    /// Purchase.
    Buy,
    /// Return of a sale.
    SaleReturn,
    /// Return of a purchase.
    BuyReturn,
    /// Not a fiscal document.
    NonFiscal,
    /// One that the protocol does not name.
    Other(u8),
}

impl Mode {
    /// What it means.
    pub fn kind(self) -> ModeKind {
        match self.0 & 0x0f {
            0 => ModeKind::Working,
            1 => ModeKind::Dump,
            2 => ModeKind::ShiftOpen,
            3 => ModeKind::ShiftExpired,
            4 => ModeKind::ShiftClosed,
            5 => ModeKind::Blocked,
            6 => ModeKind::ConfirmDate,
            7 => ModeKind::DecimalPoint,
            8 => ModeKind::Document(match self.0 >> 4 {
                0 => OpenDocument::Sale,
                1 => OpenDocument::Buy,
                2 => OpenDocument::SaleReturn,
                3 => OpenDocument::BuyReturn,
                4 => OpenDocument::NonFiscal,
                other => OpenDocument::Other(other),
            }),
            9 => ModeKind::Reset,
            10 => ModeKind::Test,
            11 => ModeKind::FiscalReport,
            12 => ModeKind::JournalReport,
            _ => ModeKind::Slip,
        }
    }
}

/// The submode: paper and printing (*Протокол работы ККТ* v2.0, appendix 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submode {
    /// 0: there is paper, and nothing is being printed.
    Ready,
    /// 1: no paper; nothing was being printed.
    NoPaper,
    /// 2: the paper ended in the middle of printing.
    PaperEnded,
    /// 3: paper is there again after it ended in the middle: waits for `B0`.
    ContinuePrint,
    /// 4: prints a full fiscal report.
    PrintingReport,
    /// 5: prints.
    Printing,
    /// One that the protocol does not name.
    Other(u8),
}

impl Submode {
    fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Ready,
            1 => Self::NoPaper,
            2 => Self::PaperEnded,
            3 => Self::ContinuePrint,
            4 => Self::PrintingReport,
            5 => Self::Printing,
            other => Self::Other(other),
        }
    }
}

/// `1A`: a money register. 241 is the cash in the drawer (vendor source,
/// `shtrih-m/javapos_shtrih`, `CashRegister`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyRegister {
    /// Number; above 255 only for registers with the vendor's cash core.
    pub number: u16,
}

impl MoneyRegister {
    /// The cash in the drawer.
    pub const CASH: Self = Self { number: 241 };
}

/// The answer to [`MoneyRegister`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyRegisterAnswer {
    /// The operator whose password it was.
    pub operator: u8,
    /// What the register holds, in kopecks.
    pub sum: i64,
}

impl Request for MoneyRegister {
    type Answer = MoneyRegisterAnswer;

    fn code(&self) -> u16 {
        0x1a
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let bytes = if self.number > 0xff { 2 } else { 1 };
        put(i64::from(self.number), bytes, out);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(MoneyRegisterAnswer { operator: fields.byte("operator")?, sum: fields.number(6, "sum")? })
    }
}

/// `1B`: an operation register: a counter of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationRegister {
    /// Number.
    pub number: u8,
}

/// The answer to [`OperationRegister`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationRegisterAnswer {
    /// The operator whose password it was.
    pub operator: u8,
    /// What the register holds.
    pub count: u16,
}

impl Request for OperationRegister {
    type Answer = OperationRegisterAnswer;

    fn code(&self) -> u16 {
        0x1b
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.push(self.number);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(OperationRegisterAnswer { operator: fields.byte("operator")?, count: fields.u16("count")? })
    }
}

/// `26`: the measures of a font, from which the characters of a line follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FontMetrics {
    /// Font, from 1.
    pub font: u8,
}

/// The answer to [`FontMetrics`], in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FontMetricsAnswer {
    /// Width of the print.
    pub width: u16,
    /// Width of a character with the space after it.
    pub character_width: u8,
    /// Height of a character with the space below it.
    pub character_height: u8,
    /// How many fonts the register has.
    pub fonts: u8,
}

impl FontMetricsAnswer {
    /// Characters of a line; 0 where the register gives no width.
    pub fn columns(&self) -> u16 {
        self.width.checked_div(u16::from(self.character_width)).unwrap_or(0)
    }
}

impl Request for FontMetrics {
    type Answer = FontMetricsAnswer;

    fn code(&self) -> u16 {
        0x26
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        within("font", i64::from(self.font), 1, 255)?;
        out.push(self.font);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(FontMetricsAnswer {
            width: fields.u16("print width")?,
            character_width: fields.byte("character width")?,
            character_height: fields.byte("character height")?,
            fonts: fields.byte("fonts")?,
        })
    }
}
