//! Free text, codes, cutting, copies, and going on after the paper ended.

use super::desk::{Desk, Reply};
use super::number::text;
use super::params::Params;
use super::refusal::Refusal;
use super::{form, settings, shift};
use crate::register::device::Device;
use crate::register::paper::Line;

/// The longest line that 4C takes, in characters (the widest model of the family).
const LONGEST_LINE: usize = 57;

impl Desk {
    /// Puts a document on paper. It counts as printed only when all of it is.
    pub(super) fn print(&mut self, device: &mut Device, lines: Vec<Line>) -> Result<Reply, Refusal> {
        self.own.last.clone_from(&lines);
        device.print(lines);
        if device.ledger.roll.has_waiting() { Err(Refusal::PAPER) } else { Ok(Reply::Done) }
    }

    /// `4C text`. In a receipt it comes out with the receipt.
    pub(super) fn print_text(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let text = text(params.rest());
        let length = text.chars().count();
        if length > LONGEST_LINE {
            return Err(Refusal::LENGTH);
        }
        if length > device.spec.width {
            device.violation(format!("a text of {length} characters is cut to the width of the paper"));
        }
        let text: String = text.chars().take(device.spec.width).collect();
        self.free_line(Line::text(text.clone()), text, device)
    }

    /// `87 flags1 printer1 font1 size1 gap1 brightness1 mode1 mode1 format1 reserved2 text`.
    pub(super) fn print_field(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let [_, _, _, size, ..] = params.take(11)? else { return Err(Refusal::LENGTH) };
        let text = text(params.rest());
        let line = Line::Text { text: text.clone(), bold: false, wide: false, tall: *size == 1 };
        self.free_line(line, text, device)
    }

    fn free_line(&mut self, line: Line, text: String, device: &mut Device) -> Result<Reply, Refusal> {
        if let Some(receipt) = &mut self.own.receipt {
            receipt.texts.push((receipt.items.len(), text));
            return Ok(Reply::Done);
        }
        free(device, [line])
    }

    /// `C1 type1 alignment1 scale1 version2 options2 correction1 rows1 columns1 proportion2 pixel2
    /// data`: QR and EAN-13.
    pub(super) fn print_barcode(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        let [kind, ..] = params.take(14)? else { return Err(Refusal::LENGTH) };
        let data = params.rest();
        let line = match kind & 0x0F {
            0 => Line::Qr(data.to_vec()),
            1 => Line::Ean13(String::from_utf8_lossy(data).chars().take(12).collect()),
            _ => return Err(Refusal::UNSUPPORTED),
        };
        free(device, [line])
    }

    /// `6C`: the heading.
    pub(super) fn print_heading(&mut self, device: &mut Device) -> Result<Reply, Refusal> {
        let lines = form::heading(device);
        free(device, lines)
    }

    /// `73`: the footing.
    pub(super) fn print_footing(&mut self, device: &mut Device) -> Result<Reply, Refusal> {
        let line = Line::centred(&settings::heading(device, 1), device.spec.width);
        free(device, [line, Line::Cut])
    }

    /// `75 type1`.
    pub(super) fn cut(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        params.byte()?;
        params.end()?;
        free(device, [Line::Cut])
    }

    /// `80` and `85 on2 off2 times1`.
    pub(super) fn open_drawer(&mut self, device: &mut Device) -> Result<Reply, Refusal> {
        device.open_drawer();
        Ok(Reply::Done)
    }

    /// `95`: the last document again, if it came out whole.
    pub(super) fn print_again(&mut self, device: &mut Device) -> Result<Reply, Refusal> {
        if self.own.last.is_empty() || device.ledger.roll.has_waiting() {
            return Err(Refusal::NO_REPORT);
        }
        shift::paper(device)?;
        let copy = [Line::centred("КОПИЯ ДОКУМЕНТА", device.spec.width)];
        free(device, copy.into_iter().chain(self.own.last.clone()))
    }

    /// `97`: forgets the last document.
    pub(super) fn forget_last(&mut self) -> Result<Reply, Refusal> {
        self.own.last.clear();
        Ok(Reply::Done)
    }

    /// `AB number5`: a document of the storage.
    pub(super) fn print_document(
        &mut self,
        params: &mut Params,
        device: &mut Device,
    ) -> Result<Reply, Refusal> {
        let number = u32::try_from(params.bcd(5)?).map_err(|_| Refusal::NO_DATA)?;
        params.end()?;
        self.need_mode(6)?;
        let document = device.ledger.document(number).cloned().ok_or(Refusal::NO_DATA)?;
        shift::paper(device)?;
        let lines = form::from_storage(device, &document);
        free(device, lines)
    }

    /// `55` (`RetryReportCommand` of kurbatov/atol4j) and `EE`: what is left of a document that the paper was
    /// too short for, or the power.
    pub(super) fn print_rest(&mut self, device: &mut Device) -> Result<Reply, Refusal> {
        if !device.ledger.roll.has_waiting() {
            return Err(Refusal::NO_REPORT);
        }
        shift::paper(device)?;
        Ok(Reply::Done)
    }
}

/// Prints what is no document.
fn free(device: &mut Device, lines: impl IntoIterator<Item = Line>) -> Result<Reply, Refusal> {
    shift::paper(device)?;
    device.print(lines);
    if device.ledger.roll.has_waiting() { Err(Refusal::PAPER) } else { Ok(Reply::Done) }
}
