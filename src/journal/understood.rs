//! Records of the kitchen and of screens that can't be understood: they are set aside, and the agent starts without.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Journal, JournalError, recovery};

/// A table with records of another part of the agent.
pub(super) struct Records {
    pub name: &'static str,
    pub key: &'static str,
    pub record: &'static str,
    /// What a person should do where one is lost.
    pub remedy: &'static str,
}

/// A record that can't be understood.
struct Lost {
    key: Sql,
    text: String,
    error: String,
}

impl Journal {
    /// The records of a table, or the one of a key. Those that can't be understood are taken out of the table: their
    /// text goes into a file beside the journal, and a person is told.
    pub(super) async fn understood<T: DeserializeOwned>(
        &self,
        records: &'static Records,
        only: Option<&str>,
    ) -> Result<Vec<T>, JournalError> {
        let Records { name, key, record, .. } = records;
        let (mut found, mut lost) = (Vec::new(), Vec::new());
        {
            let connection = self.reader();
            let mut statement = connection.prepare(&format!(
                "SELECT {key}, {record} FROM {name} WHERE {key} = coalesce(?1, {key}) ORDER BY {key}"
            ))?;
            let mut rows = statement.query([only])?;
            while let Some(row) = rows.next()? {
                let key = row.get(0)?;
                let value = row.get_ref(1)?;
                let bytes = match value {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
                    _ => b"",
                };
                match serde_json::from_slice(bytes) {
                    Ok(record) => found.push(record),
                    Err(error) => {
                        let text = String::from_utf8_lossy(bytes).into_owned();
                        lost.push(Lost { key, text, error: error.to_string() });
                    }
                }
            }
        }
        if !lost.is_empty() {
            let count = lost.len();
            tracing::error!(table = name, count, "records can't be understood and are set aside");
            if let Err(error) = self.put_aside(records, lost).await {
                tracing::error!(table = name, %error, "they stay where they are until the next start");
            }
        }
        Ok(found)
    }

    async fn put_aside(&self, records: &'static Records, lost: Vec<Lost>) -> Result<(), JournalError> {
        let Records { name, key, remedy, .. } = records;
        let now = (self.clock)();
        let file = format!("{}-{name}.jsonl", recovery::name_of_damaged(now).trim_end_matches(".db"));
        let path = self.path.with_file_name(&file);
        let written = (|| {
            let mut kept = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
            for Lost { key, text, error } in &lost {
                writeln!(kept, "{}", json!({"key": shown(key), "error": error, "record": text}))?;
            }
            kept.sync_all()
        })();
        written.map_err(|error| JournalError::Storage(format!("{}: {error}", path.display())))?;
        let message = format!(
            "{} of the journal's table {name} could not be understood, set aside in {}: {remedy}",
            if lost.len() == 1 { "a record".to_owned() } else { format!("{} records", lost.len()) },
            path.display()
        );
        let keys: Vec<Value> = lost.iter().take(recovery::NAMED).map(|lost| shown(&lost.key)).collect();
        let found = lost.first().map(|lost| lost.error.clone());
        let evidence = json!({"found": found, "kept": file, "unreadable": lost.len(), "records": keys});
        self.write(move |tx| {
            for Lost { key: of, .. } in &lost {
                tx.run(&format!("DELETE FROM {name} WHERE {key} = ?1"), params![of])?;
            }
            tx.notice(recovery::DAMAGED, &message, &evidence)
        })
        .await
    }

    /// The same of one value. `instead` where it can't be understood, `None` where there is none.
    pub(super) async fn understood_or<T: DeserializeOwned>(
        &self,
        records: &'static Records,
        key: &str,
        instead: T,
    ) -> Result<Option<T>, JournalError> {
        let there = {
            let sql = format!("SELECT 1 FROM {} WHERE {} = ?1", records.name, records.key);
            self.reader().query_row(&sql, [key], |_| Ok(())).optional()?.is_some()
        };
        let found = self.understood(records, Some(key)).await?.pop();
        Ok(found.or_else(|| there.then_some(instead)))
    }
}

fn shown(key: &Sql) -> Value {
    match key {
        Sql::Text(text) => json!(text),
        Sql::Integer(number) => json!(number),
        _ => Value::Null,
    }
}
