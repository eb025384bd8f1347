//! The fiscal storage: its state, its documents, and what the operator of fiscal data has.

use super::super::clock::from_iso;
use super::super::ledger::DocumentKind;
use super::code;
use super::command::{Answer, Commands};
use super::document::{REGISTRATION_NUMBER, TAXPAYER, receipt_kind, type_of};
use super::fields::{Fields, number, storage_time};
use super::memory::Begun;
use super::text;

impl Commands<'_> {
    /// `FF01`: state of the storage.
    pub fn storage_status(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let ledger = &self.device.ledger;
        let (current, data) = match (&self.memory.receipt, &self.ram.begun) {
            (Some(receipt), _) => (0x04, !receipt.items.is_empty()),
            (None, Some((Begun::ShiftOpening, tags))) => (0x02, !tags.is_empty()),
            (None, Some((Begun::ShiftClosing, tags))) => (0x08, !tags.is_empty()),
            (None, Some((Begun::Correction, tags))) => (0x14, !tags.is_empty()),
            (None, None) => (0, false),
        };
        let full = ledger.storage_room.is_some_and(|room| room < 10);
        // Set up, fiscal mode open.
        let mut out = vec![0x03, current, u8::from(data), u8::from(ledger.shift.open), u8::from(full) << 2];
        out.extend(self.time_of_last());
        out.extend(text::field(&ledger.storage_number, 16, b' '));
        out.extend(number(i64::from(ledger.last_number()), 4));
        Ok(out)
    }

    /// `FF02`: number of the storage.
    pub fn storage_number(&mut self, _fields: &mut Fields<'_>) -> Answer {
        Ok(text::field(&self.device.ledger.storage_number, 16, b' '))
    }

    /// `FF03`: how long the storage may be used, and how many registrations it has left and had.
    pub fn storage_term(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let year = (self.device.now().year() + 1) % 100;
        Ok(vec![year as u8, 12, 31, 29, 1])
    }

    /// `FF04`: version of the storage's program, and that it is a serial one.
    pub fn storage_version(&mut self, _fields: &mut Fields<'_>) -> Answer {
        Ok([text::field("fn_v_1_2", 16, b' '), vec![1]].concat())
    }

    /// `FF08`: cancels the document that is being made.
    pub fn cancel_storage_document(&mut self, _fields: &mut Fields<'_>) -> Answer {
        if self.memory.receipt.is_some() {
            self.own_receipt()?;
            self.cancelled();
            return Ok(Vec::new());
        }
        self.ram.begun.take().ok_or(code::FN_STATE)?;
        Ok(Vec::new())
    }

    /// `FF09`: how the register is registered.
    pub fn registration(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let document = self.device.ledger.document(1).cloned().ok_or(code::FN_NO_DATA)?;
        let at = from_iso(&document.at).unwrap_or_else(|| self.device.now());
        let mut out = storage_time(at).to_vec();
        out.extend(text::field(&TAXPAYER.to_string(), 12, b' '));
        out.extend(text::field(REGISTRATION_NUMBER, 20, b' '));
        out.extend([0x37, 0]);
        out.extend(Self::number_and_sign(&document));
        Ok(out)
    }

    /// `FF0A`: a document by its number.
    pub fn find_document(&mut self, fields: &mut Fields<'_>) -> Answer {
        let wanted = fields.number(4)?;
        let document = u32::try_from(wanted).ok().and_then(|wanted| self.device.ledger.document(wanted));
        let document = document.ok_or(code::FN_NO_DATA)?;
        let at = from_iso(&document.at).unwrap_or_else(|| self.device.now());
        let mut out = vec![type_of(document.kind), u8::from(self.spec.ofd)];
        out.extend(storage_time(at));
        out.extend(Self::number_and_sign(document));
        match (document.kind, receipt_kind(document.kind)) {
            (_, Some((_, kind))) => {
                out.push(kind.operation());
                out.extend(number(document.total, 5));
            }
            (DocumentKind::OpenShift | DocumentKind::CloseShift, None) => {
                out.extend(number(i64::from(document.shift), 2));
            }
            (DocumentKind::Registration, None) => {
                out.extend(text::field(&TAXPAYER.to_string(), 12, b' '));
                out.extend(text::field(REGISTRATION_NUMBER, 20, b' '));
                out.extend([0x37, 0]);
            }
            _ => {}
        }
        Ok(out)
    }

    /// `FF39`: exchange with the operator of fiscal data.
    pub fn exchange_status(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let waiting = self.waiting_documents();
        let first = self.device.ledger.documents.iter().find(|_| waiting > 0);
        let mut out = vec![u8::from(waiting > 0) << 1, 0];
        out.extend(number(waiting as i64, 2));
        out.extend(number(first.map_or(0, |document| i64::from(document.number)), 4));
        match first.and_then(|document| from_iso(&document.at)) {
            Some(at) => out.extend(storage_time(at)),
            None => out.extend([0; 5]),
        }
        Ok(out)
    }

    /// `FF3F`: how many documents the operator of fiscal data hasn't confirmed.
    pub fn unconfirmed_documents(&mut self, _fields: &mut Fields<'_>) -> Answer {
        Ok(number(self.waiting_documents() as i64, 2))
    }

    /// `FF3A`: begins to read a document; type and length follow, then `FF3B` gives it.
    pub fn begin_reading(&mut self, fields: &mut Fields<'_>) -> Answer {
        let wanted = fields.number(4)?;
        let document = u32::try_from(wanted).ok().and_then(|wanted| self.device.ledger.document(wanted));
        let document = document.ok_or(code::FN_NO_DATA)?.clone();
        let structures = self.structures(&document);
        let length: usize = structures.iter().map(Vec::len).sum();
        self.ram.reading = structures;
        Ok([number(i64::from(type_of(document.kind)), 2), number(length as i64, 2)].concat())
    }

    /// `FF3B`: the next structure of the document, one with each command (field log of issue
    /// 141); after the last, the error for no data.
    pub fn read_structure(&mut self, _fields: &mut Fields<'_>) -> Answer {
        if self.ram.reading.is_empty() {
            return Err(code::FN_NO_DATA);
        }
        Ok(self.ram.reading.remove(0))
    }

    fn waiting_documents(&self) -> usize {
        if self.spec.ofd { 0 } else { self.device.ledger.documents.len() }
    }

    fn time_of_last(&self) -> [u8; 5] {
        let last = self.device.ledger.documents.last().and_then(|document| from_iso(&document.at));
        last.map_or([0; 5], storage_time)
    }
}
