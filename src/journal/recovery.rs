//! A journal that is damaged, or was put back from a backup: what can be read is kept, what may have happened
//! meanwhile is left to a person.
//!
//! A damaged file is never written to. What can be read of it goes into a new file, the damaged one is renamed,
//! and the new one takes its place; a cut in between is finished by the next start. Such a journal does not know
//! all that was done. So jobs that are not known to have been begun are held, those that were are asked after, and
//! numbers go on far behind the last one known, so that none is given twice.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params, params_from_iter};
use serde_json::{Value, json};

use super::machine::{Event, Job};
use super::store::{self, Transaction};
use super::{JournalError, schema};
use crate::bus::contract::{AttentionNotice, ErrorBody, Kind};
use crate::clock::Timestamp;

/// Name of the journal in its folder.
pub const FILE: &str = "journal.db";
/// Where what can be read of a damaged journal is gathered.
const SALVAGE: &str = "journal.db.salvage";
/// Added to the journal's name: it is damaged somewhere.
const SUSPECT: &str = ".suspect";
/// Code of the notice that a journal was damaged.
pub const DAMAGED: &str = "journal-damaged";
/// Code of the notice that a journal was put back from a backup.
pub const RESTORED: &str = "journal-restored";
/// Numbers that are left out behind the last one known: what a lost record had may be among them.
const GAP: i64 = 100_000;
/// Numbers that are tried one by one between the rows that could be read from both ends of a table.
const PROBES: i64 = 200_000;
/// Bytes that are saved with one commit: its log is no third copy of a large journal.
const PORTION: usize = 8 << 20;
/// Ids of lost jobs that a notice names.
pub(super) const NAMED: usize = 100;

/// A table, its key, and the columns whose text has to be JSON.
struct Table {
    name: &'static str,
    key: &'static str,
    json: &'static [&'static str],
}

/// In an order that references can follow.
const TABLES: [Table; 12] = [
    Table { name: "jobs", key: "seq", json: &["record"] },
    Table { name: "payloads", key: "seq", json: &["payload"] },
    Table { name: "attempts", key: "number", json: &["baseline", "outcome"] },
    Table { name: "memories", key: "device", json: &["memory"] },
    Table { name: "outbox", key: "seq", json: &[] },
    Table { name: "feed", key: "seq", json: &["body"] },
    Table { name: "counters", key: "name", json: &[] },
    Table { name: "kitchen_orders", key: "\"order\"", json: &["record"] },
    Table { name: "kitchen_commands", key: "cmd", json: &["record"] },
    Table { name: "kitchen", key: "name", json: &["value"] },
    Table { name: "screens", key: "screen", json: &["record"] },
    Table { name: "notices", key: "notice", json: &["evidence"] },
];

/// Opens the journal of a folder for writing, or makes it. A damaged one is set aside, and what could be read of
/// it takes its place.
pub(super) fn open(folder: &Path, now: Timestamp) -> Result<Connection, JournalError> {
    let path = folder.join(FILE);
    finish_interrupted(folder).map_err(|error| open_failed(&path, &error))?;
    if let Some(reason) = emptied(&path).map_err(|error| open_failed(&path, &error))? {
        tracing::error!(path = %path.display(), reason, "the journal is lost; what is left of it is kept");
        set_aside(folder, Left::Nothing, reason, now)?;
    }
    match open_sound(&path) {
        Err(JournalError::Unreadable { reason, .. }) => {
            tracing::error!(path = %path.display(), reason, "the journal is damaged; saving what can be read");
            set_aside(folder, Left::Rows, &reason, now)?;
            open_sound(&path)
        }
        opened => opened,
    }
}

/// Why a journal that was there has no content any more. SQLite would take it for a new one, and delete its log.
fn emptied(path: &Path) -> io::Result<Option<&'static str>> {
    let length = |path: &Path| match std::fs::metadata(path) {
        Ok(file) => Ok(Some(file.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let log = length(&beside(path, "-wal"))?.unwrap_or(0);
    Ok(match length(path)? {
        Some(0) => Some("the file is empty"),
        None if log > 0 => Some("the file is gone, its log is there"),
        _ => None,
    })
}

/// What there is to be read of a journal that is set aside.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    /// Perhaps some rows.
    Rows,
    /// Not even pages: it is not opened.
    Nothing,
}

/// Opens a journal and looks whether it is sound. It is left as it is when it is not.
fn open_sound(path: &Path) -> Result<Connection, JournalError> {
    // Folded in at each clean end: there is one after a crash or a power cut only.
    let log = beside(path, "-wal");
    let cut = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    if cut {
        write_again(&log).map_err(|error| open_failed(&log, &error))?;
    }
    let suspect = beside(path, SUSPECT);
    let cut = cut || suspect.exists();
    let connection = Connection::open(path).map_err(|error| open_failed(path, &error))?;
    fold_at_close(&connection, false)?;
    schema::prepare(&connection, path)?;
    let sound = look_through(&connection, cut);
    sound.map_err(|error| match error {
        JournalError::Damaged(reason) | JournalError::Corrupt(reason) => {
            JournalError::Unreadable { path: path.to_owned(), reason }
        }
        other => other,
    })?;
    fold_at_close(&connection, true)?;
    if cut {
        // What is read back may not be synced yet: nothing is told of it before it is.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    remove_if_there(&suspect).map_err(|error| open_failed(&suspect, &error))?;
    Ok(connection)
}

/// Writes a log that was left as it is. What a sync that failed should have brought to the disk is given up by the
/// system, and can still be read: a later sync does not bring it there, but to write it does. Else a power cut could
/// take it back after it was told.
fn write_again(log: &Path) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(log)?;
    let mut part = vec![0; 1 << 16];
    let mut at = 0;
    loop {
        let count = match file.read_at(&mut part, at) {
            Ok(0) => return file.sync_all(),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all_at(part.get(..count).unwrap_or_default(), at)?;
        at += count as u64;
    }
}

/// Has the next start look at every page of a journal.
pub(super) fn suspect(path: &Path) {
    let marker = beside(path, SUSPECT);
    if let Err(error) = File::create(&marker) {
        tracing::warn!(path = %marker.display(), %error, "the next start is not told that the journal is damaged");
    }
}

/// All that a start reads; after a cut every page.
fn look_through(connection: &Connection, thoroughly: bool) -> Result<(), JournalError> {
    if thoroughly {
        check(connection)?;
    }
    store::last_attempt(connection)?;
    store::last_job(connection)?;
    store::unfinished(connection)?;
    store::attention(connection)?;
    Ok(())
}

/// Looks at every page and row.
pub(super) fn check(connection: &Connection) -> Result<(), JournalError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(JournalError::Damaged(found)) }
}

/// Whether an error says that what is on disk can't be read, and not that the disk is full or the like.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let reading =
        |code: i32| code == rusqlite::ffi::SQLITE_IOERR_READ || code == rusqlite::ffi::SQLITE_IOERR_CORRUPTFS;
    match error.sqlite_error() {
        Some(error) => {
            matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || reading(error.extended_code)
        }
        None => false,
    }
}

/// Without this a close would write to a damaged file.
fn fold_at_close(connection: &Connection, fold: bool) -> Result<(), JournalError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !fold)?;
    Ok(())
}

fn open_failed(path: &Path, error: &dyn std::fmt::Display) -> JournalError {
    JournalError::Open { path: path.to_owned(), reason: error.to_string() }
}

/// The file of a journal with something added to its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What was cut off while a new file took the place of a damaged one.
fn finish_interrupted(folder: &Path) -> io::Result<()> {
    let (journal, salvage) = (folder.join(FILE), folder.join(SALVAGE));
    if !salvage.try_exists()? {
        return Ok(());
    }
    if journal.try_exists()? {
        // It may not be whole: begun again where it is needed.
        return std::fs::remove_file(&salvage);
    }
    take_the_place(folder, &salvage, &journal)
}

/// The last step: from here on the new file is the journal.
fn take_the_place(folder: &Path, new: &Path, journal: &Path) -> io::Result<()> {
    for log in ["-wal", "-shm"] {
        remove_if_there(&beside(journal, log))?;
    }
    std::fs::rename(new, journal)?;
    sync_folder(folder)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Puts what can be read into the journal's place, and keeps the damaged one under another name.
fn set_aside(folder: &Path, left: Left, reason: &str, now: Timestamp) -> Result<(), JournalError> {
    let (journal, salvage) = (folder.join(FILE), folder.join(SALVAGE));
    let failed = |error: io::Error| open_failed(&journal, &error);
    let kept = folder.join(name_of_damaged(now));
    remove_if_there(&salvage).map_err(failed)?;
    let readable = (left == Left::Rows).then_some(journal.as_path());
    let saved = salvaged(readable, &salvage, &kept, reason, now)?;
    rename_away(folder, &kept).map_err(failed)?;
    take_the_place(folder, &salvage, &journal).map_err(failed)?;
    tracing::error!(kept = %kept.display(), %saved, "the damaged journal is set aside, a new one has what could be read");
    Ok(())
}

pub(super) fn name_of_damaged(now: Timestamp) -> String {
    format!("journal-damaged-{}.db", now.to_string().replace([':', '.'], "-"))
}

/// Gives the journal and its log another name. From the first step on, what was saved is what the next start takes.
fn rename_away(folder: &Path, kept: &Path) -> io::Result<()> {
    let journal = folder.join(FILE);
    for log in ["", "-wal"] {
        match std::fs::rename(beside(&journal, log), beside(kept, log)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(folder)
}

/// Writes what can be read of `journal` to the new file `salvage`, with the notice of it.
fn salvaged(
    journal: Option<&Path>,
    salvage: &Path,
    kept: &Path,
    reason: &str,
    now: Timestamp,
) -> Result<Saved, JournalError> {
    let new = Connection::open(salvage).map_err(|error| open_failed(salvage, &error))?;
    schema::prepare(&new, salvage)?;
    let saved = copied(journal, &new)?;
    new.execute("DELETE FROM payloads WHERE seq NOT IN (SELECT seq FROM jobs)", [])?;
    skip_numbers(&new, saved.last_event, now)?;
    let evidence = json!({
        "found": reason,
        "kept": kept.file_name().map(|name| name.to_string_lossy()),
        "records": saved.rows,
        "unreadable": saved.unreadable,
        "lost_jobs": saved.lost_jobs,
    });
    let message = format!(
        "the journal was damaged and is set aside as {}: {saved}; jobs of before may be missing or unknown, look at \
         those that are held before you release them",
        kept.display()
    );
    note(&new, now, DAMAGED, &message, &evidence, false)?;
    new.execute_batch("COMMIT; PRAGMA foreign_keys = ON; PRAGMA wal_checkpoint(TRUNCATE)")?;
    new.close().map_err(|(_, error)| JournalError::from(error))?;
    File::open(salvage).and_then(|file| file.sync_all()).map_err(|error| open_failed(salvage, &error))?;
    Ok(saved)
}

/// Copies what can be read of `journal`. The last transaction is left open.
fn copied(journal: Option<&Path>, new: &Connection) -> Result<Saved, JournalError> {
    new.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    let mut saved = Saved::default();
    // A file without a readable head has nothing to be saved.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    if let Some(journal) = journal
        && let Ok(old) = Connection::open_with_flags(journal, flags)
        && fold_at_close(&old, false).is_ok()
        && old.execute_batch("PRAGMA query_only = ON").is_ok()
    {
        for table in &TABLES {
            Copy { old: &old, new, table }.rows(&mut saved)?;
        }
        saved.lost_jobs = lost_jobs(&old, new).unwrap_or_default();
        saved.last_event = last_event(&old);
    }
    Ok(saved)
}

/// How much was saved.
#[derive(Debug, Default)]
struct Saved {
    rows: u64,
    /// Rows and stretches of rows that could not be read.
    unreadable: u64,
    /// Ids of jobs that an index still names.
    lost_jobs: Vec<String>,
    last_event: Option<i64>,
    /// Bytes that are not committed yet.
    gathered: usize,
}

impl std::fmt::Display for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records could be read, {} places could not", self.rows, self.unreadable)
    }
}

/// Copies what can be read of a table.
struct Copy<'a> {
    old: &'a Connection,
    new: &'a Connection,
    table: &'a Table,
}

impl Copy<'_> {
    /// From the front as far as it goes, then from the back, then one by one between.
    fn rows(&self, saved: &mut Saved) -> Result<(), JournalError> {
        let Some(columns) = self.columns()? else {
            return Ok(());
        };
        let Table { name, key, .. } = self.table;
        let select = format!("SELECT {key}, {} FROM {name}", columns.join(", "));
        let mut last = Sql::Null;
        let forward = self.stretch(&format!("{select} ORDER BY {key}"), &[], &columns, &mut last, saved)?;
        if forward {
            return Ok(());
        }
        saved.unreadable += 1;
        let mut first = Sql::Null;
        let (behind, from): (String, &[Sql]) = match &last {
            Sql::Null => (format!("{select} ORDER BY {key} DESC"), &[]),
            last => (format!("{select} WHERE {key} > ?1 ORDER BY {key} DESC"), std::slice::from_ref(last)),
        };
        self.stretch(&behind, from, &columns, &mut first, saved)?;
        let low = if let Sql::Integer(last) = last { last } else { 0 };
        let high = match first {
            Sql::Integer(first) => first,
            Sql::Null => low.saturating_add(PROBES),
            _ => return Ok(()),
        };
        let one = format!("{select} WHERE {key} = ?1");
        for number in (low + 1..high).take(usize::try_from(PROBES).unwrap_or(0)) {
            self.stretch(&one, &[Sql::Integer(number)], &columns, &mut Sql::Null, saved)?;
        }
        Ok(())
    }

    /// The columns that the table has in both files.
    fn columns(&self) -> Result<Option<Vec<String>>, JournalError> {
        let of = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare(&format!("PRAGMA table_info({})", self.table.name))?;
            let names = statement.query_map([], |row| row.get(1))?;
            names.collect()
        };
        let known = of(self.new)?;
        let Ok(found) = of(self.old) else { return Ok(None) };
        let shared: Vec<String> =
            known.into_iter().filter(|name| found.contains(name)).map(|name| format!("\"{name}\"")).collect();
        Ok((!shared.is_empty()).then_some(shared))
    }

    /// Copies rows until they end (`true`) or one can't be read. `last` becomes the key of the last one read.
    fn stretch(
        &self,
        select: &str,
        values: &[Sql],
        columns: &[String],
        last: &mut Sql,
        saved: &mut Saved,
    ) -> Result<bool, JournalError> {
        let Ok(mut statement) = self.old.prepare_cached(select) else { return Ok(false) };
        let Ok(mut rows) = statement.query(params_from_iter(values)) else { return Ok(false) };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(true),
                Err(_) => return Ok(false),
            };
            let read =
                (0..=columns.len()).map(|index| row.get::<_, Sql>(index)).collect::<Result<Vec<_>, _>>();
            let Ok(mut read) = read else { return Ok(false) };
            *last = read.remove(0);
            if self.makes_sense(columns, &read) && self.insert(columns, &read)? {
                saved.rows += 1;
                self.keep(&read, saved)?;
            } else {
                saved.unreadable += 1;
            }
        }
    }

    /// Commits once enough has gathered. A cut leaves a copy that is begun anew.
    fn keep(&self, row: &[Sql], saved: &mut Saved) -> Result<(), JournalError> {
        let size = |value: &Sql| match value {
            Sql::Text(text) => text.len(),
            Sql::Blob(bytes) => bytes.len(),
            _ => 8,
        };
        saved.gathered += row.iter().map(size).sum::<usize>();
        if saved.gathered > PORTION {
            self.new.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE")?;
            saved.gathered = 0;
        }
        Ok(())
    }

    fn makes_sense(&self, columns: &[String], row: &[Sql]) -> bool {
        let value = |name: &str| {
            columns.iter().position(|column| column.trim_matches('"') == name).map(|at| &row[at])
        };
        let text = |value: &Sql| match value {
            Sql::Text(text) => serde_json::from_str::<Value>(text).is_ok(),
            Sql::Blob(bytes) => serde_json::from_slice::<Value>(bytes).is_ok(),
            Sql::Null => true,
            _ => false,
        };
        let whole = self.table.json.iter().all(|name| value(name).is_none_or(text));
        let same_job = || match (value("job"), value("record")) {
            (Some(Sql::Text(id)), Some(Sql::Text(record))) => {
                serde_json::from_str::<Job>(record).is_ok_and(|job| job.job == *id)
            }
            _ => false,
        };
        whole && (self.table.name != "jobs" || same_job())
    }

    /// `false`: it is there already, or does not keep to the table's rules.
    fn insert(&self, columns: &[String], row: &[Sql]) -> Result<bool, JournalError> {
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO UPDATE SET {key} = excluded.{key}",
            self.table.name,
            columns.join(", "),
            places.join(", "),
            key = self.table.key,
        );
        let inserted = self.new.prepare_cached(&sql)?.execute(params_from_iter(row));
        match inserted {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Ids that the damaged journal's index has and its table has not given.
fn lost_jobs(old: &Connection, new: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut ids = old.prepare("SELECT job FROM jobs INDEXED BY sqlite_autoindex_jobs_1")?;
    let mut known = new.prepare("SELECT 1 FROM jobs WHERE job = ?1")?;
    let mut lost = Vec::new();
    let mut rows = ids.query([])?;
    while let Ok(Some(row)) = rows.next() {
        let Ok(id) = row.get::<_, String>(0) else { continue };
        if !known.exists([&id])? && lost.len() < NAMED {
            lost.push(id);
        }
    }
    Ok(lost)
}

/// The newest number of the feed, of which no row may be left.
fn last_event(old: &Connection) -> Option<i64> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'feed'";
    old.query_row(sql, [], |row| row.get(0)).optional().ok().flatten()
}

/// Lets numbers go on far behind the last one known. Where none is known, the seconds since 1970 lie far behind
/// all that were given.
fn skip_numbers(new: &Connection, last_event: Option<i64>, now: Timestamp) -> Result<(), JournalError> {
    let unknown = now.0 / 1000;
    let beyond = |last: i64| if last > 0 { last.saturating_add(GAP) } else { unknown };
    let event: i64 = new.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |row| row.get(0))?;
    let event = beyond(event.max(last_event.unwrap_or(0)));
    new.execute("DELETE FROM sqlite_sequence WHERE name = 'feed'", [])?;
    new.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('feed', ?1)", [event])?;
    for (name, table, column) in [("attempt", "attempts", "number"), ("seq", "jobs", "seq")] {
        let kept: i64 =
            new.query_row(&format!("SELECT coalesce(max({column}), 0) FROM {table}"), [], |row| row.get(0))?;
        let removed: Option<i64> = new
            .query_row("SELECT value FROM counters WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        let value = beyond(kept.max(removed.unwrap_or(0)));
        new.execute("INSERT OR REPLACE INTO counters (name, value) VALUES (?1, ?2)", params![name, value])?;
    }
    Ok(())
}

/// Writes a notice for a person. One that is not settled has jobs to be held with the next start.
fn note(
    connection: &Connection,
    now: Timestamp,
    code: &str,
    message: &str,
    evidence: &Value,
    settled: bool,
) -> Result<(), JournalError> {
    connection.execute(
        "INSERT INTO notices (at, code, message, evidence, settled) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![now.0, code, message, evidence.to_string(), settled],
    )?;
    Ok(())
}

/// Copies a journal as it is at this moment, also while it is written to. Returns its format and how many jobs it
/// has.
pub fn snapshot(journal: &Path, to: &Path) -> Result<(i64, u64), JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let source = Connection::open_with_flags(journal, flags).map_err(|error| open_failed(journal, &error))?;
    source.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    let copy = inspect(to)?;
    let format = schema::format_of(&copy)?;
    let jobs: i64 = copy.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))?;
    Ok((format, jobs.unsigned_abs()))
}

/// Opens a journal that nobody writes to, and looks at every page.
pub fn inspect(journal: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection =
        Connection::open_with_flags(journal, flags).map_err(|error| open_failed(journal, &error))?;
    let found = schema::format_of(&connection)?;
    if !(1..=schema::FORMAT).contains(&found) {
        return Err(JournalError::Newer { path: journal.to_owned(), found, known: schema::FORMAT });
    }
    check(&connection)?;
    Ok(connection)
}

/// Marks a copy of a journal as one that does not know what was done since.
pub fn mark_restored(copy: &Path, taken_at: Timestamp, now: Timestamp) -> Result<(), JournalError> {
    let path = copy;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let copy = Connection::open_with_flags(path, flags).map_err(|error| open_failed(path, &error))?;
    schema::prepare(&copy, path)?;
    copy.execute_batch("BEGIN IMMEDIATE")?;
    skip_numbers(&copy, last_event(&copy), now)?;
    let message = format!(
        "the journal was put back from a backup of {taken_at}: what was done since is not known to it, look at the \
         jobs that are held before you release them"
    );
    note(&copy, now, RESTORED, &message, &json!({"taken_at": taken_at}), false)?;
    // Folded in and closed: a file that can be moved alone.
    copy.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    copy.close().map_err(|(_, error)| JournalError::from(error))
}

/// The notices that no person has dismissed yet, oldest first.
pub(super) fn notices(connection: &Connection) -> Result<Vec<AttentionNotice>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT notice, at, code, message, evidence FROM notices ORDER BY notice")?;
    let mut rows = statement.query([])?;
    let mut notices = Vec::new();
    while let Some(row) = rows.next()? {
        let evidence: String = row.get(4)?;
        notices.push(AttentionNotice {
            notice: row.get::<_, i64>(0)?.unsigned_abs(),
            at: Timestamp(row.get(1)?),
            code: row.get(2)?,
            message: row.get(3)?,
            evidence: Some(serde_json::from_str(&evidence).unwrap_or(Value::Null))
                .filter(|value| !value.is_null()),
        });
    }
    Ok(notices)
}

impl Transaction<'_> {
    /// Holds what a journal of before may not know the whole truth of, once for each such notice.
    pub(super) fn settle(&mut self) -> Result<(), JournalError> {
        let why: Option<String> = self
            .connection()
            .query_row("SELECT code FROM notices WHERE settled = 0 ORDER BY notice DESC", [], |row| {
                row.get(0)
            })
            .optional()?;
        let Some(why) = why else { return Ok(()) };
        let why = match why.as_str() {
            RESTORED => "the journal was put back from a backup taken before: look whether it was done since",
            _ => "the journal was damaged: look whether it was done",
        };
        for job in store::unfinished(self.connection())? {
            self.hold(job, why)?;
        }
        // What was done since may have changed a register's books.
        self.run("DELETE FROM memories", [])?;
        let epoch =
            "UPDATE kitchen SET value = CAST(CAST(value AS INTEGER) + 1000 AS TEXT) WHERE name = 'epoch'";
        self.run(epoch, [])?;
        self.run("UPDATE notices SET settled = 1", [])
    }

    fn hold(&mut self, mut job: Job, why: &str) -> Result<(), JournalError> {
        // Versions that were told and lost are not told again with something else.
        job.version = job.version.saturating_add(1000);
        let connection = self.connection();
        let attempt = match job.begun {
            Some(number) => connection
                .query_row("SELECT 1 FROM attempts WHERE number = ?1", [store::to_sql(number)], |_| Ok(()))
                .optional()?
                .is_some(),
            None => false,
        };
        let asked = connection
            .query_row("SELECT 1 FROM payloads WHERE seq = ?1", [store::to_sql(job.seq)], |_| Ok(()))
            .optional()?
            .is_some();
        let event = if job.is_begun() && !attempt {
            let error = ErrorBody::new("in-doubt", format!("{why}; nothing is left of its last attempt"));
            Some(Event::Doubt { error, evidence: Value::Null })
        } else if !job.is_begun() && !asked {
            let error = ErrorBody::new(
                "payload-lost",
                "what it asked for was lost with the damaged journal: look whether it was done, then submit it anew",
            );
            Some(Event::Fail { error, evidence: Value::Null })
        } else if job.is_open() && job.kind != Kind::Ticket {
            // A ticket that a screen shows once more does no harm; one that is not shown does.
            Some(Event::Hold { why: why.to_owned() })
        } else {
            None
        };
        // Where nothing is to change it still is: a jump of its version alone.
        if let Some(event) = event
            && let Err(refused) = job.apply(event, self.now())
        {
            tracing::warn!(job = job.job, %refused, "a job of the old journal stays as it was");
        }
        self.update(&job)
    }

    /// Adds a notice for a person, unless one of its code waits already.
    pub(super) fn notify(
        &mut self,
        code: &str,
        message: &str,
        evidence: &Value,
    ) -> Result<bool, JournalError> {
        let known = "SELECT 1 FROM notices WHERE code = ?1";
        if self.connection().query_row(known, [code], |_| Ok(())).optional()?.is_some() {
            return Ok(false);
        }
        self.notice(code, message, evidence)?;
        Ok(true)
    }

    /// Adds a notice for a person.
    pub(super) fn notice(&mut self, code: &str, message: &str, evidence: &Value) -> Result<(), JournalError> {
        note(self.connection(), self.now(), code, message, evidence, true)
    }

    /// Takes a notice off the list.
    pub(super) fn dismiss(&mut self, notice: u64) -> Result<bool, JournalError> {
        let removed =
            self.connection().execute("DELETE FROM notices WHERE notice = ?1", [store::to_sql(notice)])?;
        Ok(removed > 0)
    }
}

#[cfg(test)]
mod space;
