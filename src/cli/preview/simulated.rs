//! A simulated printer of any model.

use std::sync::Arc;

use outlet_protocols::encode::EncodeReport;
use outlet_protocols::model::{Cutter, Language, Model};
use outlet_simulators::printer::{self, Event, FontCell, Paper, Printer, PrinterSpec};

/// Takes any document whole.
const BUFFER: usize = 64 << 20;

/// What came out of a printer.
pub(crate) struct Printed {
    /// The pieces of paper.
    pub(crate) papers: Vec<Arc<Paper>>,
    /// What happened besides: the drawer, the buzzer.
    pub(crate) actions: Vec<String>,
    /// What the printer's language does not allow.
    pub(crate) violations: Vec<String>,
    /// What the encoder did.
    pub(crate) report: EncodeReport,
}

/// Prints bytes on a new printer of a model.
pub(crate) fn print(model: &Model, bytes: &[u8], report: EncodeReport) -> Printed {
    let printer = Printer::new(PrinterSpec { buffer: BUFFER, ..spec(model) });
    let mut events = printer.events();
    printer.feed(bytes);
    printer.flush_paper();
    let mut actions = Vec::new();
    while let Ok(event) = events.try_recv() {
        match event {
            Event::DrawerPulse { pin, on_ms, .. } => {
                actions.push(format!("the drawer on pin {pin} opens, {on_ms} ms"));
            }
            Event::Beep { times, ms } => actions.push(format!("beeps {times} times, {ms} ms each")),
            _ => {}
        }
    }
    Printed { papers: printer.papers(), actions, violations: printer.violations(), report }
}

/// What the simulator has to know of a model: its mechanics, its fonts and its code pages.
pub(crate) fn spec(model: &Model) -> PrinterSpec {
    let cell = |cell: outlet_protocols::paper::Cell| FontCell {
        width: u32::from(cell.width),
        height: u32::from(cell.height),
    };
    let base = match model.language {
        Language::Escpos => PrinterSpec::epson_80mm(),
        Language::StarLine => PrinterSpec::star_line_80mm(),
    };
    let mut spec = PrinterSpec {
        language: match model.language {
            Language::Escpos => printer::Language::EscPos,
            Language::StarLine => printer::Language::StarLine,
        },
        width: u32::from(model.dots),
        dpi: u32::from(model.dpi),
        font_a: cell(model.font_a),
        font_b: cell(model.font_b),
        line_spacing: u32::from(model.line_spacing),
        codepages: model.pages.iter().map(|(page, number)| (*number, page.name().to_owned())).collect(),
        has_kanji: model.kanji.gbk,
        kanji_on: model.kanji.on_by_default,
        has_asb: model.status.asb,
        has_gs_r: model.status.gs_r,
        has_process_id: model.status.process_id,
        has_cutter: model.cutter != Cutter::None,
        cut_distance: u32::from(model.feed_before_cut) * u32::from(model.line_spacing),
        ..base
    };
    spec.identity.maker.clone_from(&model.vendor);
    spec.identity.model.clone_from(&model.name);
    spec
}
