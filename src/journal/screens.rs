//! The screens that were admitted, as the journal keeps them.

use rusqlite::params;

use super::store::Transaction;
use super::{Journal, JournalError};

impl Journal {
    /// The records of all screens, JSON, in the order of their ids.
    pub fn screens(&self) -> Result<Vec<String>, JournalError> {
        let connection = self.reader();
        let mut statement = connection.prepare_cached("SELECT record FROM screens ORDER BY screen")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
