//! What is looked after as time goes by: old records go, and the journal is looked through.

use std::time::Duration;

use crate::board::Board;
use crate::clock::{self, Clock, Leaps};
use crate::config::JournalConfig;
use crate::journal::Journal;

/// How often old records are removed.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// How long nothing is removed after the clock was set far ahead: if that was wrong, it is put right by then, or a
/// person has seen it.
const PUT_OFF: Duration = Duration::from_secs(3600);
/// How often the journal is looked through.
const LOOK_THROUGH: Duration = Duration::from_secs(24 * 3600);

/// Removes old records. A clock that leaps days ahead has none forgotten at once: ids that are forgotten too early have
/// repeats printed twice.
pub async fn housekeep(journal: Journal, config: JournalConfig, clock: Clock) {
    let ms = |days: u32| i64::from(days) * 24 * 3600 * 1000;
    let seen = match journal.last_recorded().await {
        Ok(last) => last.unwrap_or_else(|| clock()),
        Err(error) => {
            tracing::warn!(%error, "when the last record was made can't be read");
            clock()
        }
    };
    let mut leaps = Leaps::since(clock.clone(), seen);
    loop {
        while leaps.far_ahead() {
            tracing::warn!(
                "the clock is days ahead of what it showed: no old records are removed for an hour"
            );
            tokio::time::sleep(PUT_OFF).await;
        }
        match journal.housekeep(ms(config.keep_days), ms(config.keep_feed_days)).await {
            Ok((0, 0)) => {}
            Ok((jobs, events)) => tracing::info!(jobs, events, "old records removed"),
            Err(error) => tracing::error!(%error, "old records could not be removed"),
        }
        clock::gone_by(&clock, HOUSEKEEPING).await;
    }
}

/// Looks at every page of the journal once a day, so that a disk that forgets is known before it matters.
pub async fn look_after(journal: Journal, board: Board, clock: Clock) {
    loop {
        clock::gone_by(&clock, LOOK_THROUGH).await;
        match journal.look_through().await {
            Ok(false) => {}
            Ok(true) => {
                tracing::error!("the journal has damaged pages: see attention");
                board.attention_changed();
            }
            Err(error) => tracing::warn!(%error, "the journal could not be looked through"),
        }
    }
}
