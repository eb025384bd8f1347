//! What a scale tells of itself.

use serde::Serialize;

use super::record::decoded;

/// The answer to FCh ("Получить тип устройства").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceType {
    /// 1: a scale; 0: a fiscal register.
    pub device: u8,
    /// 1: a labelling system.
    pub subtype: u8,
    /// Version of its protocol, such as 1.3.
    pub protocol: (u8, u8),
    /// Its model: 0 Shtrih-Print, 1 Shtrih-PAK110.
    pub model: u8,
    /// What it calls itself.
    pub name: String,
}

impl DeviceType {
    /// Reads the data behind the error code. `None` where it is too short.
    pub fn read(data: &[u8]) -> Option<Self> {
        let [device, subtype, version, subversion, model, _language, name @ ..] = data else { return None };
        Some(Self {
            device: *device,
            subtype: *subtype,
            protocol: (*version, *subversion),
            model: *model,
            name: decoded(name),
        })
    }

    /// Whether it is a label scale at all.
    pub fn is_label_scale(&self) -> bool {
        (self.device, self.subtype) == (1, 1)
    }
}

/// The answer to 12h ("Запрос текущего режима весов"): the only command that is executed while tables are cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScaleMode {
    mode: u16,
    submode: u8,
}

impl ScaleMode {
    /// Reads the data behind the error code. `None` where it has another length.
    pub fn read(data: &[u8]) -> Option<Self> {
        let [low, high, submode] = data else { return None };
        Some(Self { mode: u16::from_le_bytes([*low, *high]), submode: *submode })
    }

    /// Items and messages, or totals, are being cleared (bits 0 and 1 of the submode): nothing else is done meanwhile.
    pub fn is_clearing(self) -> bool {
        self.submode & 0b11 != 0
    }

    /// Clearing items and messages has failed (bit 3 of the submode).
    pub fn clearing_failed(self) -> bool {
        self.submode & 0b1000 != 0
    }

    /// It is being calibrated (bit 10 of the mode): items are not taken (appendix 6).
    pub fn is_calibrating(self) -> bool {
        self.mode & 1 << 10 != 0
    }

    /// What a person is doing at it, in words of the contract; empty when it weighs.
    pub fn words(self) -> Vec<&'static str> {
        const MODES: [&str; 15] = [
            "setting-a-quick-key",
            "adding-to-the-sum",
            "taking-back-from-the-sum",
            "giving-change",
            "showing-the-sum",
            "setting-the-clock",
            "setting-the-exchange-rate",
            "printing-a-copy",
            "setting-automatic-printing",
            "advertising",
            "calibrating",
            "entering-the-password",
            "in-the-menu",
            "setting-a-price",
            "fast-loading",
        ];
        let modes = MODES.iter().enumerate().filter(|(bit, _)| self.mode & 1 << bit != 0);
        modes.map(|(_, word)| *word).collect()
    }
}

/// The answer of a Shtrih-Print to 11h ("Запрос состояния весов"), as far as it is used. Mertech's has one byte more in
/// its version, and is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScaleState {
    /// Version of its software, such as `4.5`.
    pub software: String,
    /// Highest number of an item.
    pub items: u16,
    /// Highest number of a message.
    pub messages: u16,
    /// Lines of a message.
    pub message_lines: u8,
    /// Heaviest load in kg; 0: not known.
    pub max_load_kg: u8,
    /// Number of the scale, 1 to 99.
    pub number: u8,
    /// Decimal places of prices.
    pub decimals: u8,
    /// There is paper.
    pub paper: bool,
    /// The print head is open.
    pub head_open: bool,
}

impl ScaleState {
    /// Bytes behind the error code in version 1.3: 74 with the command's code and the error.
    const LENGTH: usize = 72;

    /// Reads the data behind the error code. `None` where it has another length or says what can't be: other versions
    /// of the protocol have other fields.
    pub fn read(data: &[u8]) -> Option<Self> {
        if data.len() != Self::LENGTH {
            return None;
        }
        let one = |at: usize| data.get(at).copied();
        let two = |at: usize| Some(u16::from_le_bytes([one(at)?, one(at + 1)?]));
        let software = [one(0)?, one(1)?];
        let (decimals, printer) = (one(30)?, one(36)?);
        if decimals > 2 || !software.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        Some(Self {
            software: software.map(|digit| char::from(digit).to_string()).join("."),
            items: two(7)?,
            messages: two(9)?,
            message_lines: one(11)?,
            max_load_kg: one(12)?,
            number: one(14)?,
            decimals,
            paper: printer & 1 != 0,
            head_open: printer & 1 << 3 != 0,
        })
    }
}
