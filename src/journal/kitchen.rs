//! The kitchen's orders, the commands of its screens, and what is switched there, as the journal keeps them.

use rusqlite::{OptionalExtension, params};
use serde::de::DeserializeOwned;

use super::store::Transaction;
use super::understood::Records;
use super::{Journal, JournalError};
use crate::clock::Timestamp;

const ORDERS: Records = Records {
    name: "kitchen_orders",
    key: "\"order\"",
    record: "record",
    remedy: "no screen shows these orders any more, look whether their dishes are still to be made",
};
const COMMANDS: Records = Records {
    name: "kitchen_commands",
    key: "cmd",
    record: "record",
    remedy: "these commands can't be undone any more",
};
const VALUES: Records = Records {
    name: "kitchen",
    key: "name",
    record: "value",
    remedy: "look at what is switched at the stations",
};

impl Journal {
    /// The records of all orders that can be understood.
    pub async fn kitchen_orders<T: DeserializeOwned>(&self) -> Result<Vec<T>, JournalError> {
        self.understood(&ORDERS, None).await
    }

    /// The records of the commands that were answered, those that can be understood.
    pub async fn kitchen_commands<T: DeserializeOwned>(&self) -> Result<Vec<T>, JournalError> {
        self.understood(&COMMANDS, None).await
    }

    /// A value of the kitchen as an earlier run left it; `instead` where it can't be understood.
    pub async fn kitchen_left<T: DeserializeOwned>(
        &self,
        name: &str,
        instead: T,
    ) -> Result<Option<T>, JournalError> {
        self.understood_or(&VALUES, name, instead).await
    }

    /// A value of the kitchen, JSON.
    pub fn kitchen_value(&self, name: &str) -> Result<Option<String>, JournalError> {
        let connection = self.reader();
        let mut statement = connection.prepare_cached("SELECT value FROM kitchen WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }
}

impl Transaction<'_> {
    /// Keeps an order's record, JSON, in place of an older one.
    pub fn keep_order(
        &mut self,
        order: &str,
        closed_at: Option<Timestamp>,
        record: &str,
    ) -> Result<(), JournalError> {
        self.run(
            "INSERT OR REPLACE INTO kitchen_orders (\"order\", closed_at, record) VALUES (?1, ?2, ?3)",
            params![order, closed_at.map(|at| at.0), record],
        )
    }

    /// Forgets an order.
    pub fn forget_order(&mut self, order: &str) -> Result<(), JournalError> {
        self.run("DELETE FROM kitchen_orders WHERE \"order\" = ?1", [order])
    }

    /// Keeps what came of a command, JSON.
    pub fn keep_command(&mut self, cmd: &str, at: Timestamp, record: &str) -> Result<(), JournalError> {
        self.run(
            "INSERT OR REPLACE INTO kitchen_commands (cmd, at, record) VALUES (?1, ?2, ?3)",
            params![cmd, at.0, record],
        )
    }

    /// Forgets commands that were answered before a moment.
    pub fn forget_commands(&mut self, before: Timestamp) -> Result<(), JournalError> {
        self.run("DELETE FROM kitchen_commands WHERE at < ?1", [before.0])
    }

    /// Keeps a value of the kitchen, JSON.
    pub fn keep_kitchen_value(&mut self, name: &str, value: &str) -> Result<(), JournalError> {
        self.run("INSERT OR REPLACE INTO kitchen (name, value) VALUES (?1, ?2)", [name, value])
    }
}
