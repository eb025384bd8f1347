//! The journal's tables, their format number, and how older formats become this one.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::JournalError;
use super::recovery::is_damage;

/// Number of the format in `PRAGMA user_version`.
pub const FORMAT: i64 = 4;
/// No version will ever count so far: a larger number is not of a newer one but damaged.
const UNHEARD_OF: i64 = 10_000;

const TABLES: &str = "
CREATE TABLE jobs (
    seq       INTEGER PRIMARY KEY,        -- order of acceptance
    job       TEXT NOT NULL UNIQUE,       -- the client's id
    route     TEXT NOT NULL,              -- the device whose queue it is in
    state     TEXT NOT NULL,
    ended_at  INTEGER,                    -- ms since 1970, of final states
    fiscal    INTEGER NOT NULL,           -- such jobs are never removed
    untold    INTEGER NOT NULL DEFAULT 0, -- 1: its acceptance is not in the outbox and the feed yet
    hash      BLOB NOT NULL,              -- SHA-256 of device and payload
    record    TEXT NOT NULL               -- machine::Job, JSON
);
CREATE TABLE payloads (                   -- beside the jobs: a transition need not write them again
    seq       INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    payload   BLOB NOT NULL               -- the submission, JSON
);
CREATE INDEX jobs_unfinished ON jobs (seq) WHERE ended_at IS NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE attempts (
    number    INTEGER PRIMARY KEY,
    job       TEXT NOT NULL,
    device    TEXT NOT NULL,
    begun_at  INTEGER NOT NULL,
    baseline  TEXT NOT NULL,              -- the device's own counters before the first byte, JSON
    ended_at  INTEGER,
    outcome   TEXT,                       -- what came of it, JSON
    trace     BLOB                        -- bytes sent and received, JSON lines
);
CREATE INDEX attempts_of_job ON attempts (job);
CREATE TABLE memories (                   -- what drivers want to be told again
    device    TEXT PRIMARY KEY,
    memory    TEXT NOT NULL               -- JSON
) WITHOUT ROWID;
CREATE TABLE outbox (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic     TEXT NOT NULL,
    payload   BLOB NOT NULL
);
CREATE TABLE feed (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    body      TEXT NOT NULL               -- contract::FeedEvent, JSON
);
CREATE INDEX feed_at ON feed (at);
CREATE TABLE counters (                   -- the largest numbers of rows that were removed
    name      TEXT PRIMARY KEY,
    value     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE kitchen_orders (
    \"order\"   TEXT PRIMARY KEY,           -- the order's id
    closed_at INTEGER,                    -- ms since 1970, of orders with nothing left to do
    record    TEXT NOT NULL               -- kitchen::order::Order, JSON
) WITHOUT ROWID;
CREATE TABLE kitchen_commands (           -- what screens have asked for, known for a day
    cmd       TEXT PRIMARY KEY,
    at        INTEGER NOT NULL,
    record    TEXT NOT NULL               -- kitchen::commands::Done, JSON
) WITHOUT ROWID;
CREATE INDEX kitchen_commands_at ON kitchen_commands (at);
CREATE TABLE kitchen (                    -- epoch, and what is switched at stations
    name      TEXT PRIMARY KEY,
    value     TEXT NOT NULL               -- JSON
) WITHOUT ROWID;
CREATE TABLE screens (
    screen    TEXT PRIMARY KEY,
    record    TEXT NOT NULL               -- screens::Screen, JSON
) WITHOUT ROWID;
CREATE TABLE notices (                    -- what a person should know of the journal itself
    notice    INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    code      TEXT NOT NULL,
    message   TEXT NOT NULL,
    evidence  TEXT NOT NULL,              -- JSON
    settled   INTEGER NOT NULL            -- 0: jobs of before are to be held
);
INSERT INTO counters VALUES ('attempt', 0), ('seq', 0);
";

/// From each older format to the one after it.
const MIGRATIONS: &[&str] = &["
ALTER TABLE jobs ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
CREATE TABLE memories (device TEXT PRIMARY KEY, memory TEXT NOT NULL) WITHOUT ROWID;
", "
CREATE TABLE kitchen_orders (\"order\" TEXT PRIMARY KEY, closed_at INTEGER, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kitchen_commands (cmd TEXT PRIMARY KEY, at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX kitchen_commands_at ON kitchen_commands (at);
CREATE TABLE kitchen (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE screens (screen TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
", "
CREATE TABLE notices (notice INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, code TEXT NOT NULL,
    message TEXT NOT NULL, evidence TEXT NOT NULL, settled INTEGER NOT NULL);
"];

/// Sets a connection up for writing and makes the tables where there are none; older ones are changed.
pub fn prepare(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let unreadable = |error: rusqlite::Error| {
        let (path, reason) = (path.to_owned(), error.to_string());
        if is_damage(&error) {
            JournalError::Unreadable { path, reason }
        } else {
            JournalError::Open { path, reason }
        }
    };
    let found = format_of(connection).map_err(unreadable)?;
    let tables = "SELECT EXISTS (SELECT 1 FROM sqlite_schema)";
    let has_tables: bool = connection.query_row(tables, [], |row| row.get(0)).map_err(unreadable)?;
    if !(0..UNHEARD_OF).contains(&found) || (found == 0 && has_tables) {
        let reason = format!("its format is said to be {found}");
        return Err(JournalError::Unreadable { path: path.to_owned(), reason });
    }
    if !(0..=FORMAT).contains(&found) {
        return Err(JournalError::Newer { path: path.to_owned(), found, known: FORMAT });
    }
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -4096;
             PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(unreadable)?;
    let steps = match usize::try_from(found - 1) {
        Ok(done) => MIGRATIONS.get(done..).unwrap_or_default(),
        Err(_) => &[TABLES],
    };
    if !steps.is_empty() {
        let steps = steps.concat();
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {steps} PRAGMA user_version = {FORMAT}; COMMIT;"))
            .map_err(|error| match error.sqlite_error_code() {
                // Its tables are not those of the format that it says it has.
                Some(ErrorCode::Unknown) => {
                    let reason = format!("its format is said to be {found}, but {error}");
                    JournalError::Unreadable { path: path.to_owned(), reason }
                }
                _ => unreadable(error),
            })?;
        // The package of an older version reads the format in the file itself, without SQLite, and refuses.
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").map_err(unreadable)?;
    }
    Ok(())
}

/// The number of a journal's format; 0 where it has no tables yet.
pub fn format_of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
