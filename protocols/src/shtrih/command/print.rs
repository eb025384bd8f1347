//! Paper and drawer.

use super::{ByOperator, Effect, Fields, ParameterError, Request, Truncated};
use crate::shtrih::fields::{put, put_padded, put_text, within};

/// A command whose answer is the operator's number and that touches nothing but the device.
macro_rules! device_commands {
    ($($name:ident($self:ident, $out:ident) $code:expr => $parameters:expr;)*) => {$(
        impl Request for $name {
            type Answer = ByOperator;

            fn code(&self) -> u16 {
                $code
            }

            fn effect(&self) -> Effect {
                Effect::Device
            }

            fn parameters(&$self, $out: &mut Vec<u8>) -> Result<(), ParameterError> {
                $parameters
            }

            fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
                Ok(ByOperator::read(fields))
            }
        }
    )*};
}

/// `17`: prints a line in font 1; up to 40 characters in the command's short form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintLine {
    /// The text.
    pub text: String,
}

/// `12`: prints a line in font 2, twice as wide; up to 20 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintWideLine {
    /// The text.
    pub text: String,
}

/// `2F`: prints a line in a font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintFontLine {
    /// Font, from 1.
    pub font: u8,
    /// The text, up to 200 bytes in cp1251; at least 40 are sent.
    pub text: String,
}

/// `25`: cuts the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutPaper {
    /// Leaves a point uncut.
    pub partial: bool,
}

/// `28`: opens a drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenDrawer {
    /// Drawer, 0 or 1.
    pub drawer: u8,
}

/// `29`: feeds receipt paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPaper {
    /// Lines, from 1.
    pub lines: u8,
}

/// `52`: prints the heading of the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintHeading;

/// `53`: ends a document that is not fiscal, with feed and cut as the register is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndDocument {
    /// Prints the advertisement.
    pub advertisement: bool,
}

/// `E2`: opens a document that is not fiscal, for models with [`super::ModelBit::NonFiscalDocument`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenNonFiscal;

/// `E3`: closes the document that is not fiscal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseNonFiscal;

/// `C2`: prints an EAN-13.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintEan13 {
    /// The first twelve digits; the register adds the check digit.
    pub digits: u64,
}

/// `DD`: loads a block of a two-dimensional symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSymbol {
    /// Number of the block, from 0.
    pub block: u8,
    /// Up to 64 bytes.
    pub data: Vec<u8>,
}

/// `DE`: prints the loaded data as a QR code, centred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintQr {
    /// Bytes that were loaded.
    pub length: u16,
    /// Dots of a module, 3 to 8.
    pub dot: u8,
    /// Error correction, 0 to 3.
    pub correction: u8,
}

/// `8C`: prints a copy of the last receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintCopy;

/// `B0`: goes on printing after the paper ended in the middle of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContinuePrint;

/// Flag of the printing commands: on receipt paper.
const RECEIPT: u8 = 0x02;

device_commands! {
    PrintLine(self, out) 0x17 => {
        out.push(RECEIPT);
        put_padded("text", &self.text, 40, out)
    };
    PrintWideLine(self, out) 0x12 => {
        out.push(RECEIPT);
        put_padded("text", &self.text, 20, out)
    };
    PrintFontLine(self, out) 0x2f => {
        within("font", i64::from(self.font), 1, 255)?;
        out.extend_from_slice(&[RECEIPT, self.font]);
        let start = out.len();
        put_text("text", &self.text, 200, out)?;
        out.resize(out.len().max(start + 40), 0);
        Ok(())
    };
    CutPaper(self, out) 0x25 => {
        out.push(u8::from(self.partial));
        Ok(())
    };
    OpenDrawer(self, out) 0x28 => {
        within("drawer", i64::from(self.drawer), 0, 1)?;
        out.push(self.drawer);
        Ok(())
    };
    FeedPaper(self, out) 0x29 => {
        within("lines", i64::from(self.lines), 1, 255)?;
        out.extend_from_slice(&[RECEIPT, self.lines]);
        Ok(())
    };
    PrintHeading(self, _out) 0x52 => Ok(());
    EndDocument(self, out) 0x53 => {
        out.push(u8::from(self.advertisement));
        Ok(())
    };
    OpenNonFiscal(self, _out) 0xe2 => Ok(());
    CloseNonFiscal(self, _out) 0xe3 => Ok(());
    PrintEan13(self, out) 0xc2 => {
        let digits = i64::try_from(self.digits).unwrap_or(i64::MAX);
        within("barcode", digits, 0, 999_999_999_999)?;
        put(digits, 5, out);
        Ok(())
    };
    LoadSymbol(self, out) 0xdd => {
        let length = self.data.len();
        if length > 64 {
            return Err(ParameterError::TooLong { field: "block of a symbol", length, limit: 64 });
        }
        out.extend_from_slice(&[0, self.block]);
        out.extend_from_slice(&self.data);
        out.resize(out.len() + 64 - length, 0);
        Ok(())
    };
    PrintQr(self, out) 0xde => {
        within("dots of a module", i64::from(self.dot), 3, 8)?;
        within("error correction", i64::from(self.correction), 0, 3)?;
        // Symbol 3, the length, first block 0; parameter 1: the version by itself, 3: dots, 5: correction;
        // alignment 1: centred.
        out.push(3);
        put(i64::from(self.length), 2, out);
        out.extend_from_slice(&[0, 0, 0, self.dot, 0, self.correction, 1]);
        Ok(())
    };
    PrintCopy(self, _out) 0x8c => Ok(());
    ContinuePrint(self, _out) 0xb0 => Ok(());
}
