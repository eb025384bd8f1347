//! From a document to the bytes of one printer model.
//!
//! [`Encoder`] is all a driver needs: it lays the document out for the model, chooses code pages run
//! by run, draws what no page has, and writes the model's command language. It is pure: what it
//! accepts can be checked before a job is accepted.

mod cache;
mod dialect;
mod error;
mod report;
mod size;
mod text;
mod writer;

pub(crate) use dialect::{Dialect, Placed, realtime_pair};
pub use error::{EncodeError, ErrorKind};
pub use report::{EncodeReport, Rasterised, Transliterated};
pub(crate) use writer::{digits, level};

use crate::codepage::Page;
use crate::document::Document;
use crate::escpos::EscPos;
use crate::layout::Layout;
use crate::model::{Language, Model};
use crate::paper::Metrics;
use crate::star::StarLine;
use writer::{Core, Writer};

/// Turns documents into bytes for one printer. Keeps pictures it has seen, up to 8 MiB.
pub struct Encoder {
    core: Core,
    layout: Layout,
    options: EncoderOptions,
}

/// What a device's configuration may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncoderOptions {
    /// The page tried first, instead of the model's.
    pub codepage: Option<Page>,
    /// Whether automatic status is switched on again after the printer's reset at the start of each
    /// document: `GS a FF`, Star `ESC RS a 1`.
    pub status: bool,
}

impl Encoder {
    /// An encoder for a model.
    ///
    /// # Errors
    /// [`EncodeError::NoSuchPage`]: the model can't select the page asked for.
    pub fn new(model: &Model, options: EncoderOptions) -> Result<Self, EncodeError> {
        let core = Core::new(model, options.codepage)?;
        Ok(Self { core, layout: Layout::new(model.metrics()), options })
    }

    /// The model encoded for.
    pub fn model(&self) -> &Model {
        self.core.model()
    }

    /// What a layout must know of the model.
    pub fn metrics(&self) -> Metrics {
        self.core.model().metrics()
    }

    /// Appends the bytes of a document: reset, settings, contents. What is appended after an error
    /// is undefined.
    ///
    /// # Errors
    /// [`EncodeError`], with what kind it is; nothing of such a document should be sent.
    pub fn encode(&mut self, document: &Document, out: &mut Vec<u8>) -> Result<EncodeReport, EncodeError> {
        match self.core.model().language {
            Language::Escpos => self.put::<EscPos>(document, out),
            Language::StarLine => self.put::<StarLine>(document, out),
        }
    }

    fn put<D: Dialect>(
        &mut self,
        document: &Document,
        out: &mut Vec<u8>,
    ) -> Result<EncodeReport, EncodeError> {
        let mut paper = Writer::<D>::start(&mut self.core, self.options.status, out);
        let layout = self.layout.run(document, &mut paper)?;
        Ok(EncodeReport { layout, ..paper.report })
    }
}

impl Model {
    /// An encoder for this model, whatever its language.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn encoder(&self, options: EncoderOptions) -> Result<Encoder, EncodeError> {
        Encoder::new(self, options)
    }
}
