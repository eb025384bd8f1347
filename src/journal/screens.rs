//! The screens that were admitted, as the journal keeps them.

use rusqlite::params;
use serde::de::DeserializeOwned;

use super::store::Transaction;
use super::understood::Records;
use super::{Journal, JournalError};

const SCREENS: Records =
    Records { name: "screens", key: "screen", record: "record", remedy: "let these screens in anew" };

impl Journal {
    /// The records of all screens that can be understood, in the order of their ids.
    pub async fn screens<T: DeserializeOwned>(&self) -> Result<Vec<T>, JournalError> {
        self.understood(&SCREENS, None).await
    }
}

impl Transaction<'_> {
    /// Keeps a screen's record, JSON, in place of an older one.
    pub fn keep_screen(&mut self, screen: &str, record: &str) -> Result<(), JournalError> {
        self.run("INSERT OR REPLACE INTO screens (screen, record) VALUES (?1, ?2)", params![screen, record])
    }

    /// Forgets a screen.
    pub fn forget_screen(&mut self, screen: &str) -> Result<(), JournalError> {
        self.run("DELETE FROM screens WHERE screen = ?1", [screen])
    }
}
