//! How the register is.

use outlet_protocols::fiscal::{DateTime, Money, ShiftState, ShiftStatus};
use outlet_protocols::shtrih::command::{
    FindDocument, LongStatus, LongStatusAnswer, ModeKind, MoneyRegister, ShiftState as AskShift,
    ShiftStateAnswer, StorageStatus, StorageStatusAnswer, Submode,
};
use serde_json::json;

use super::family::Shtrih;
use super::talk::{Desk, obstacle};
use crate::register::{Depth, Look, Trouble};

/// A shift lasts 24 hours at most, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// How far before its receipts the opening of a shift is looked for, in documents: reports and corrections
/// of the registration may stand between.
const REACH: u32 = 64;

impl Shtrih {
    /// Looks at the register. What changes rarely is asked at [`Depth::Books`] and remembered.
    pub(super) async fn see(&mut self, desk: &mut Desk<'_, '_>, depth: Depth) -> Result<Look, Trouble> {
        let status = self.ask(desk, &LongStatus).await?;
        let books = depth == Depth::Books;
        let mode = status.mode.kind();
        if self.setup.model.storage {
            let known = self.seen.shift.map(|shift| shift.open);
            if books || known.is_none() || is_open(mode).is_some_and(|open| Some(open) != known) {
                self.seen.shift = Some(self.ask(desk, &AskShift).await?);
            }
            if books || self.seen.storage.is_none() {
                self.seen.storage = Some(self.ask(desk, &StorageStatus).await?);
            }
        }
        let shift = self.shift(desk, &status).await?;
        let storage = self.seen.storage.clone();
        let cash = match books {
            true => self.optional(desk, &MoneyRegister::CASH).await?,
            false => None,
        };
        let in_storage = storage.as_ref().is_some_and(|storage| books && storage.current_document != 0);
        let look = Look {
            obstacle: obstacle(status.submode, status.flags),
            paper_near_end: false,
            drawer_open: Some(status.flags.drawer_open()),
            printing: matches!(status.submode, Submode::Printing | Submode::PrintingReport),
            interrupted: matches!(status.submode, Submode::PaperEnded | Submode::ContinuePrint),
            document_open: matches!(mode, ModeKind::Document(_)) || in_storage,
            blocked: blocked(mode, storage.as_ref()),
            shift,
            clock: status.clock,
            storage_exhausted: storage.as_ref().is_some_and(|storage| storage.phase & 4 != 0),
            storage_near_end: storage.as_ref().is_some_and(is_near_end),
            exchange_behind: storage.as_ref().is_some_and(|storage| storage.warnings.operator_late()),
            last_document: storage.as_ref().filter(|_| books).map(|storage| storage.last_document),
            cash: cash.map(|cash| Money(cash.sum)),
            last_slip: books.then_some(u32::from(status.document)),
            said: json!({
                "mode": status.mode.0,
                "submode": format!("{:?}", status.submode),
                "flags": status.flags.0,
                "document": status.document,
                "cash": cash.map(|cash| cash.sum),
                "last_fiscal_document": storage.as_ref().map(|storage| storage.last_document),
                "storage_warnings": storage.as_ref().map(|storage| storage.warnings.0),
            }),
        };
        Ok(look)
    }

    async fn shift(
        &mut self,
        desk: &mut Desk<'_, '_>,
        status: &LongStatusAnswer,
    ) -> Result<Option<ShiftStatus>, Trouble> {
        let mode = status.mode.kind();
        let told = self.seen.shift;
        let Some(open) = is_open(mode).or(told.map(|shift| shift.open)) else { return Ok(None) };
        let closed = u32::from(status.last_closed_shift);
        let number = told.map_or(closed + u32::from(open), |shift| u32::from(shift.shift));
        if !open {
            return Ok(Some(ShiftStatus::closed(Some(number))));
        }
        let opened_at = match told {
            Some(shift) => self.opened_at(desk, shift).await?,
            None => None,
        };
        let expires = opened_at.and_then(|opened| opened.plus_seconds(DAY));
        let late = status.clock.zip(expires).is_some_and(|(now, expires)| now > expires);
        let state = match mode {
            ModeKind::ShiftExpired => ShiftState::Expired,
            ModeKind::ShiftOpen => ShiftState::Opened,
            _ if late => ShiftState::Expired,
            _ => ShiftState::Opened,
        };
        Ok(Some(ShiftStatus { state, number: Some(number), opened_at, expired_time: expires }))
    }

    /// When the open shift was opened. No command tells it, so the document of the opening is looked for:
    /// it stands before the receipts of the shift. Asked once for a shift.
    async fn opened_at(
        &mut self,
        desk: &mut Desk<'_, '_>,
        shift: ShiftStateAnswer,
    ) -> Result<Option<DateTime>, Trouble> {
        if let Some((number, opened)) = self.seen.opened
            && number == shift.shift
        {
            return Ok(opened);
        }
        let Some(storage) = self.seen.storage.clone() else { return Ok(None) };
        let mut found = None;
        let newest = storage.last_document.saturating_sub(u32::from(shift.receipt));
        for document in (newest.saturating_sub(REACH).max(1)..=newest).rev() {
            let Some(known) = self.optional(desk, &FindDocument { document }).await? else { break };
            match known.kind {
                2 if known.shift == Some(shift.shift) => {
                    found = known.time;
                    break;
                }
                2 | 5 => break,
                _ => {}
            }
        }
        self.seen.opened = Some((shift.shift, found));
        Ok(found)
    }
}

/// Whether a shift is open, where the mode says it.
fn is_open(mode: ModeKind) -> Option<bool> {
    match mode {
        ModeKind::ShiftOpen | ModeKind::ShiftExpired => Some(true),
        ModeKind::ShiftClosed => Some(false),
        _ => None,
    }
}

pub(super) fn is_near_end(storage: &StorageStatusAnswer) -> bool {
    let warnings = storage.warnings;
    warnings.replace_now() || warnings.replace_soon() || warnings.nearly_full()
}

/// Why the register takes no documents at all.
fn blocked(mode: ModeKind, storage: Option<&StorageStatusAnswer>) -> Option<String> {
    let why = match (mode, storage.map(|storage| storage.phase)) {
        (ModeKind::Blocked, _) => "the register is blocked by wrong passwords: its service has to unblock it",
        (ModeKind::ConfirmDate, _) => "its date waits to be confirmed: send setDateTime",
        (ModeKind::Reset, _) => "its memory has to be reset by service",
        (ModeKind::Dump | ModeKind::Test | ModeKind::FiscalReport | ModeKind::JournalReport, _) => {
            "it is busy with a report or a test of its own: wait for its end, or switch it off and on"
        }
        (_, Some(phase)) if phase & 4 != 0 => "the fiscal mode of its storage is closed: have it replaced",
        (_, Some(phase)) if phase & 2 == 0 => "it is not registered: its storage has no fiscal mode yet",
        _ => return None,
    };
    Some(why.to_owned())
}
