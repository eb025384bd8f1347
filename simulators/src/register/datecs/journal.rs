//! The electronic journal: every finished document with its text.

use jiff::civil::DateTime;

use super::execute::Job;
use super::memory::{Entry, Kind, entries, entry};
use super::refusal::Refusal;
use super::request::{Kinds, Reply, Wanted};
use crate::register::clock;
use crate::register::paper::Line;

impl Job<'_> {
    /// The first and the last document between two times; in the wide dialects, Z reports by their
    /// own numbers (manual X 2.08, command 124).
    pub fn find(
        &self,
        from: Option<DateTime>,
        to: Option<DateTime>,
        kinds: &Kinds,
    ) -> Result<Reply, Refusal> {
        let ledger = &self.device.ledger;
        let (from, to) = (from.map(clock::iso), to.map(clock::iso));
        let found: Vec<Entry> = entries(ledger)
            .filter(|entry| kinds.contains(&entry.kind))
            .filter(|entry| from.as_ref().is_none_or(|from| entry.at >= *from))
            .filter(|entry| to.as_ref().is_none_or(|to| entry.at <= *to))
            .collect();
        let (Some(first), Some(last)) = (found.first(), found.last()) else {
            return Err(Refusal::NotFound);
        };
        let by_report = self.dialect.wide() && kinds == &[Kind::Z];
        let number = |entry: &Entry| if by_report { entry.number } else { entry.slip };
        let time = |iso: Option<String>, entry: &Entry| {
            clock::from_iso(&iso.unwrap_or_else(|| entry.at.clone())).ok_or(Refusal::NotFound)
        };
        Ok(Reply::Found {
            from: time(from, first)?,
            to: time(to, last)?,
            first: number(first),
            last: number(last),
        })
    }

    pub fn prepare(&mut self, wanted: &Wanted) -> Result<Reply, Refusal> {
        let entry = self.wanted(wanted).into_iter().next().ok_or(Refusal::NotFound)?;
        self.ram.reading = entry.lines.clone().into();
        Ok(Reply::Prepared(entry))
    }

    pub fn read(&mut self, wanted: &Wanted) -> Result<Reply, Refusal> {
        self.ram.reading = self.wanted(wanted).into_iter().flat_map(|entry| entry.lines).collect();
        self.line()
    }

    pub fn line(&mut self) -> Result<Reply, Refusal> {
        self.ram.reading.pop_front().map(Reply::Line).ok_or(Refusal::EndOfData)
    }

    pub fn print_documents(&mut self, wanted: &Wanted) -> Result<Reply, Refusal> {
        if self.memory.open.is_some() {
            return Err(Refusal::ReceiptOpen);
        }
        let found = self.wanted(wanted);
        let first = found.first().cloned().ok_or(Refusal::NotFound)?;
        let lines = found.iter().flat_map(|entry| &entry.lines).cloned().map(Line::text);
        lines.for_each(|line| self.out.print(line));
        self.out.cut();
        Ok(Reply::Printed { entry: first, count: u32::try_from(found.len()).unwrap_or(u32::MAX) })
    }

    pub fn journal_info(&self) -> Result<Reply, Refusal> {
        let mut all = entries(&self.device.ledger);
        let first = all.next().ok_or(Refusal::NotFound)?;
        let last = all.next_back().unwrap_or_else(|| first.clone());
        Ok(Reply::JournalInfo { first_z: first.z, last_z: last.z, first: first.slip, last: last.slip })
    }

    fn wanted(&self, wanted: &Wanted) -> Vec<Entry> {
        let ledger = &self.device.ledger;
        match wanted {
            Wanted::Numbers { from, to, kinds } if from == to => {
                entry(ledger, *from).filter(|entry| kinds.contains(&entry.kind)).into_iter().collect()
            }
            Wanted::Numbers { from, to, kinds } => entries(ledger)
                .filter(|entry| (*from..=*to).contains(&entry.slip) && kinds.contains(&entry.kind))
                .collect(),
            Wanted::Report { z, kinds } => {
                entries(ledger).filter(|entry| entry.z == *z && kinds.contains(&entry.kind)).collect()
            }
            Wanted::Times { from, to, kinds } => {
                let (from, to) = (clock::iso(*from), clock::iso(*to));
                entries(ledger)
                    .filter(|entry| (&from..=&to).contains(&&entry.at) && kinds.contains(&entry.kind))
                    .collect()
            }
        }
    }
}
