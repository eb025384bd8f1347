//! The electronic journal: what documents there are, and which of them is ours.

use outlet_protocols::datecs::command::Search;
use outlet_protocols::datecs::dialect::Name;
use outlet_protocols::datecs::{Framing, Moment, Reply};
use outlet_protocols::fiscal::{Date, DateTime, Money, Tag};
use serde::Serialize;

use super::family::Datecs;
use super::said::heard;
use crate::register::{Line, Trouble};

/// A document of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its global number.
    pub slip: u32,
    /// What it is.
    pub class: Class,
    /// When it was printed.
    pub at: Option<DateTime>,
    /// The number of its Z report. P doesn't tell.
    pub z: Option<u32>,
    /// Its text, where it was read.
    #[serde(skip)]
    pub lines: Vec<String>,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A sale.
    Sale,
    /// A storno receipt.
    Storno,
    /// A receipt that was cancelled.
    Cancelled,
    /// A Z report.
    Z,
    /// Cash put in or taken out.
    Cash,
    /// Neither receipt nor Z report: free text, an X report, on P also cash.
    Other,
}

impl Class {
    /// A receipt that counts.
    pub fn is_receipt(self) -> bool {
        matches!(self, Class::Sale | Class::Storno)
    }

    /// By the number in the answer to 125 (*X manual* and *C manual*, command 125). On C a cancelled receipt
    /// has the number of a sale.
    fn of(dialect: Name, kind: Option<u32>) -> Self {
        match (dialect, kind) {
            (Name::C, Some(1 | 7)) => Class::Sale,
            (Name::C, Some(8 | 9)) => Class::Storno,
            (Name::C, Some(3 | 4)) => Class::Cash,
            (Name::C, Some(2)) => Class::Z,
            (Name::C, _) => Class::Other,
            (_, Some(1 | 3)) => Class::Sale,
            (_, Some(6 | 7)) => Class::Storno,
            (_, Some(8)) => Class::Cancelled,
            (_, Some(5)) => Class::Cash,
            (_, Some(2)) => Class::Z,
            _ => Class::Other,
        }
    }
}

impl Entry {
    /// Whether it bears a mark.
    pub fn has(&self, tag: Tag) -> bool {
        self.lines.iter().any(|line| tag.is_in(line))
    }

    /// Whether a sum stands below the mark. A receipt that was cancelled before its payment has no sum there.
    pub fn shows_below(&self, tag: Tag, sum: Money) -> bool {
        let (sum, with_comma) = (sum.to_string(), sum.to_string().replace('.', ","));
        let below = self.lines.iter().skip_while(|line| !tag.is_in(line)).skip(1);
        below.map(|line| line.replace(' ', "")).any(|line| line.contains(&sum) || line.contains(&with_comma))
    }

    /// Lets the text decide what the register doesn't tell: on P and C its end says that a receipt was
    /// cancelled, and P says by its text alone that it was a storno receipt.
    fn judge_text(&mut self, dialect: Name) {
        if !matches!(dialect, Name::P | Name::C) {
            return;
        }
        let says = |lines: &[String], words: &[&str]| {
            lines.iter().any(|line| words.iter().any(|word| line.to_uppercase().contains(word)))
        };
        let end = self.lines.get(self.lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
        let cancelled = says(end, CANCELLED);
        let receipt = self.class.is_receipt() || (dialect == Name::P && says(end, FISCAL));
        self.class = match self.class {
            Class::Z => Class::Z,
            _ if receipt && cancelled => Class::Cancelled,
            Class::Other if receipt && says(&self.lines, STORNO) => Class::Storno,
            class => class,
        };
    }

    /// The last time in its text, as `22-11-2026 10:00:00`.
    fn time_in_text(&self) -> Option<DateTime> {
        self.lines.iter().rev().find_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            words.windows(2).find_map(|pair| match pair {
                [date, time] => read_time(date, time),
                _ => None,
            })
        })
    }
}

/// Lines at the end of a receipt that say what became of it.
const LAST_LINES: usize = 8;
const CANCELLED: &[&str] = &["АНУЛИР", "ANULAT"];
const STORNO: &[&str] = &["СТОРНО", "STORNO"];
const FISCAL: &[&str] = &["ФИСКАЛЕН БОН", "BON FISCAL"];

impl Datecs {
    /// A document without its text; `None` where the journal has none of this number.
    pub(super) async fn head(&mut self, line: &mut Line<'_>, slip: u32) -> Result<Option<Entry>, Trouble> {
        if self.dialect().name == Name::P {
            // P tells the kind only by finding, or not finding, a document among those of a kind.
            for (search, class) in [(Search::Fiscal, Class::Sale), (Search::Z, Class::Z)] {
                if let Some((entry, _)) = self.choose(line, slip, search).await? {
                    return Ok(Some(Entry { class, ..entry }));
                }
            }
        }
        Ok(self.choose(line, slip, Search::All).await?.map(|(entry, _)| entry))
    }

    /// A document with its text; `None` where the journal has none of this number.
    pub(super) async fn entry(&mut self, line: &mut Line<'_>, slip: u32) -> Result<Option<Entry>, Trouble> {
        let Some(mut entry) = self.head(line, slip).await? else { return Ok(None) };
        if self.dialect().name == Name::P {
            let Some((_, first)) = self.choose(line, slip, Search::All).await? else { return Ok(None) };
            entry.lines.extend(first);
        }
        let next = self.dialect().next_line();
        loop {
            let reply = self.ask(line, &next).await?;
            if self.is_nothing(&reply) {
                break;
            }
            match heard(self.dialect(), line, self.dialect().line(&reply))? {
                Some(text) => entry.lines.push(text),
                None => break,
            }
        }
        entry.judge_text(self.dialect().name);
        entry.at = entry.at.or_else(|| entry.time_in_text());
        Ok(Some(entry))
    }

    /// Chooses a document for reading, and its first line where that comes at once.
    async fn choose(
        &mut self,
        line: &mut Line<'_>,
        slip: u32,
        search: Search,
    ) -> Result<Option<(Entry, Option<String>)>, Trouble> {
        // A number that no journal can have.
        let Ok(command) = self.dialect().choose_document(slip, search) else { return Ok(None) };
        let reply = self.ask(line, &command).await?;
        if self.is_nothing(&reply) {
            return Ok(None);
        }
        let Some(chosen) = heard(self.dialect(), line, self.dialect().chosen(&reply))? else {
            return Ok(None);
        };
        if let Some(other) = chosen.document.filter(|other| *other != slip) {
            return Err(line.lost(format!("asked for document {slip}, the register gave {other}")));
        }
        let class = Class::of(self.dialect().name, chosen.kind);
        let at = chosen.at.and_then(date_time);
        Ok(Some((Entry { slip, class, at, z: chosen.z, lines: Vec::new() }, chosen.line)))
    }

    /// Whether the journal has nothing (more). The narrow frame says so by `F` alone, with or without the bit of a
    /// command that is not permitted.
    fn is_nothing(&self, reply: &Reply) -> bool {
        self.dialect().framing == Framing::Narrow && reply.data == b"F"
    }

    /// The number of the last document that is finished. `newest` is the number that 76 told, where it
    /// tells one, and `open` whether that document is still open.
    pub(super) async fn last_finished(
        &mut self,
        line: &mut Line<'_>,
        newest: Option<u32>,
        open: bool,
    ) -> Result<u32, Trouble> {
        let Some(newest) = newest else {
            let command = self.dialect().last_document();
            let reply = self.ask(line, &command).await?;
            let last = heard(self.dialect(), line, self.dialect().last_document_answer(&reply))?;
            return last.document.ok_or_else(|| line.lost("the register doesn't tell its last document"));
        };
        if open {
            return Ok(newest.saturating_sub(1));
        }
        // Whether 76 counts documents other than receipts is in no manual: those after it are looked for.
        let mut last = newest.max(self.days.last);
        while let Some(next) = last.checked_add(1)
            && self.choose(line, next, Search::All).await?.is_some()
        {
            last = next;
        }
        Ok(last)
    }

    /// Learns which shift the last document belongs to, when that was opened, and which fiscal document was
    /// the last. P can't tell.
    pub(super) async fn learn_days(&mut self, line: &mut Line<'_>, last: u32) -> Result<(), Trouble> {
        let known = self.days;
        if self.dialect().name == Name::P || known.learned == Some(last) {
            self.days.last = last;
            return Ok(());
        }
        let mut days = Days { last, learned: Some(last), ..Days::default() };
        if let Some(newest) = self.head(line, last).await? {
            days.z = newest.z;
            days.last_fiscal = self.last_fiscal(line, newest.clone(), known).await?;
            days.shift = match newest.z {
                _ if newest.class == Class::Z => Shift::Closed,
                Some(z) if known.z == Some(z) && matches!(known.shift, Shift::Open { .. }) => known.shift,
                Some(z) => self.opening(line, z, last).await?,
                None => Shift::Unknown,
            };
        } else {
            days.shift = if last == 0 { Shift::Closed } else { Shift::Unknown };
        }
        self.days = days;
        Ok(())
    }

    /// The last receipt or Z report. On C it isn't looked for: there cancelled receipts look like sales.
    async fn last_fiscal(
        &mut self,
        line: &mut Line<'_>,
        newest: Entry,
        known: Days,
    ) -> Result<Option<u32>, Trouble> {
        if self.dialect().name == Name::C {
            return Ok(None);
        }
        let mut entry = newest;
        while !(entry.class.is_receipt() || entry.class == Class::Z) {
            let before = entry.slip.saturating_sub(1);
            if known.learned.is_some_and(|learned| before <= learned) {
                return Ok(known.last_fiscal);
            }
            match self.head(line, before).await? {
                Some(earlier) => entry = earlier,
                None => return Ok(None),
            }
        }
        Ok(Some(entry.slip))
    }

    /// When shift `z` was opened: with its first receipt. Documents stand in the order of their Z reports, so
    /// the first one of the shift is found by halving.
    async fn opening(&mut self, line: &mut Line<'_>, z: u32, last: u32) -> Result<Shift, Trouble> {
        let (mut before, mut within) = (0, last);
        while within - before > 1 {
            let middle = before + (within - before) / 2;
            let entry = self.head(line, middle).await?;
            if entry.is_some_and(|entry| entry.z == Some(z)) { within = middle } else { before = middle }
        }
        for slip in within..=last {
            let Some(entry) = self.head(line, slip).await? else { continue };
            let entry = match entry.class {
                class if !class.is_receipt() => continue,
                _ if self.dialect().name == Name::C => self.entry(line, slip).await?.unwrap_or(entry),
                _ => entry,
            };
            if let (true, Some(at)) = (entry.class.is_receipt(), entry.at) {
                return Ok(Shift::Open { at });
            }
        }
        Ok(Shift::Closed)
    }

    /// Sorts the documents after a baseline. The number of one that the journal lacks is the error within.
    pub(super) async fn search(
        &mut self,
        line: &mut Line<'_>,
        after: u32,
        last: u32,
        tag: Option<Tag>,
    ) -> Result<Result<Searched, u32>, Trouble> {
        let mut searched = Searched::default();
        for slip in after.saturating_add(1)..=last {
            let Some(entry) = self.entry(line, slip).await? else { return Ok(Err(slip)) };
            let ours = tag.is_some_and(|tag| entry.has(tag));
            match entry.class {
                Class::Sale | Class::Storno if ours => searched.ours = Some(entry),
                Class::Sale | Class::Storno => searched.strange.push(entry),
                Class::Z => searched.reports.push(entry),
                Class::Cash => searched.cash.push(entry),
                Class::Cancelled => searched.cancelled.push(entry),
                Class::Other => searched.other.push(entry),
            }
        }
        Ok(Ok(searched))
    }
}

/// What stands in the journal after a baseline.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Searched {
    /// The receipt with our mark.
    pub ours: Option<Entry>,
    /// Receipts without it.
    pub strange: Vec<Entry>,
    /// Cancelled receipts, ours among them.
    pub cancelled: Vec<Entry>,
    /// Z reports.
    pub reports: Vec<Entry>,
    /// Cash in and out.
    pub cash: Vec<Entry>,
    /// All else.
    pub other: Vec<Entry>,
}

/// What the journal told of the current day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Days {
    /// The last finished document that was seen.
    pub last: u32,
    /// Up to which document the rest holds.
    learned: Option<u32>,
    /// The number of its Z report.
    pub z: Option<u32>,
    /// The last receipt or Z report.
    pub last_fiscal: Option<u32>,
    /// The shift.
    pub shift: Shift,
}

/// Whether something was sold since the last Z report.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Shift {
    /// The register doesn't tell.
    #[default]
    Unknown,
    /// Nothing was.
    Closed,
    /// The first receipt was at this time.
    Open {
        /// By the register's clock.
        at: DateTime,
    },
}

/// A time of the register.
pub fn date_time(moment: Moment) -> Option<DateTime> {
    let date = Date::new(moment.year, moment.month, moment.day)?;
    DateTime::new(date, moment.hour, moment.minute, moment.second)
}

/// A time for the register. Summer time is not said: the clock counts as it is set.
pub fn moment(at: DateTime) -> Moment {
    let date = at.date();
    Moment {
        year: date.year(),
        month: date.month(),
        day: date.day(),
        hour: at.hour(),
        minute: at.minute(),
        second: at.second(),
        summer: false,
    }
}

fn read_time(date: &str, time: &str) -> Option<DateTime> {
    let mut parts = date.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let year = if year.len() == 2 { format!("20{year}") } else { year.to_owned() };
    format!("{year}-{month}-{day}T{time}").parse().ok()
}
