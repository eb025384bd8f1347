//! Why a document can't be printed on a model.

use thiserror::Error;

use crate::barcode::BarcodeError;
use crate::raster::PictureError;

/// What is wrong with a document, for one model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The configured page is not one of the model's.
    #[error("{model} has no code page {page}; it has {known}")]
    NoSuchPage {
        /// The model's id.
        model: String,
        /// The page asked for.
        page: &'static str,
        /// The pages there are.
        known: String,
    },
    /// Data a symbology has no code for.
    #[error(transparent)]
    Barcode(#[from] BarcodeError),
    /// A barcode wider than the paper even with its narrowest bars.
    #[error("the {symbology} barcode needs {dots} dots; this printer has {available}: shorten the data")]
    BarcodeTooWide {
        /// Symbology.
        symbology: &'static str,
        /// Dots it needs.
        dots: u32,
        /// Dots there are.
        available: u16,
    },
    /// More data than a symbol holds.
    #[error("{bytes} bytes are too many for a {symbology} of this printer, which holds {limit}")]
    SymbolFull {
        /// Symbology.
        symbology: &'static str,
        /// Bytes there are.
        bytes: usize,
        /// Bytes it holds.
        limit: usize,
    },
    /// A QR code wider than the paper even with modules of one dot.
    #[error("the QR code needs {dots} dots; this printer has {available}: shorten the data")]
    QrTooWide {
        /// Dots it needs.
        dots: u32,
        /// Dots there are.
        available: u16,
    },
    /// A QR code or barcode without data.
    #[error("a {0} needs data")]
    Empty(&'static str),
    /// A picture that can't be printed.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// Raw bytes that are not base64.
    #[error("the raw block is not valid base64: {0}")]
    Raw(String),
    /// More pages than one document may have.
    #[error("the document is longer than {limit} pages: split it")]
    TooManyPages {
        /// Pages a document may have.
        limit: usize,
    },
    /// The file for the printer can't be made.
    #[error("the document can't be made into a PDF: {0}")]
    Pdf(String),
    /// Something this model has not.
    #[error("{model} has no {what}")]
    Unsupported {
        /// The model's id.
        model: String,
        /// What is missing.
        what: &'static str,
    },
}

/// The kinds of [`EncodeError`] a caller can decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The document is wrong for every printer.
    Invalid,
    /// It is over a limit; a smaller one would do.
    TooLarge,
    /// This model can't, another could.
    Unsupported,
}

impl EncodeError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchPage { .. } | Self::Unsupported { .. } | Self::Pdf(_) => ErrorKind::Unsupported,
            Self::BarcodeTooWide { .. }
            | Self::SymbolFull { .. }
            | Self::QrTooWide { .. }
            | Self::TooManyPages { .. } => ErrorKind::TooLarge,
            Self::Picture(
                PictureError::TooLarge { .. }
                | PictureError::OverLimits(_)
                | PictureError::TooMany
                | PictureError::TooWide { .. },
            ) => ErrorKind::TooLarge,
            Self::Barcode(_) | Self::Empty(_) | Self::Picture(_) | Self::Raw(_) => ErrorKind::Invalid,
        }
    }
}
