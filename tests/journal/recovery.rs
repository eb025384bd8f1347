//! A journal that is damaged, and one that is put back from a backup.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use outlet_devices::Confidence;
use outletd::backup::{self, BackupError};
use outletd::bus::contract::{Answer, EventBody, State};
use outletd::clock::Timestamp;
use outletd::journal::machine::{Event, MAY_BE_DONE, Mark, Refused};
use outletd::journal::{DAMAGED, Intake, Journal, JournalError, RESTORED};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::support::{Shelf, settled, submission, succeed, topics};

const PAGE: usize = 4096;
const SOUP: &str = "\"soup\"";

#[tokio::test]
async fn a_file_that_is_no_journal_is_set_aside_and_a_person_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = "this is not a database, it is a shopping list".repeat(100);
    std::fs::write(folder.path().join("journal.db"), &text).unwrap();
    let journal = open(folder.path());
    assert!(matches!(journal.accept(submission("01JA", SOUP)).await, Ok(Intake::New(_))));
    let notices = journal.notices().await.unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].code, DAMAGED);
    let kept = notices[0].evidence.as_ref().unwrap()["kept"].as_str().unwrap();
    assert!(notices[0].message.contains(kept), "{}", notices[0].message);
    assert_eq!(std::fs::read_to_string(folder.path().join(kept)).unwrap(), text);
}

#[tokio::test]
async fn of_a_journal_with_a_damaged_page_all_other_records_are_kept_and_lost_jobs_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let ids = many_jobs(folder.path()).await;
    damage(folder.path(), "\"job\":\"J-0200\",\"seq\"");
    let journal = open(folder.path());
    let kept = ids_of(&journal).await;
    assert!(kept.len() >= 380, "one page has some ten records: {}", kept.len());
    assert!(!kept.contains("J-0200"));
    let notice = journal.notices().await.unwrap().remove(0);
    let lost: BTreeSet<String> =
        serde_json::from_value(notice.evidence.unwrap()["lost_jobs"].clone()).unwrap();
    assert_eq!(kept.union(&lost).cloned().collect::<BTreeSet<_>>(), ids, "each job is there or named");
    assert!(kept.is_disjoint(&lost));
    assert!(journal.payload("J-0001").await.unwrap().is_some());
    assert!(journal.payload("J-0399").await.unwrap().is_some(), "read from the other end");
}

#[tokio::test]
async fn what_can_not_be_read_of_the_file_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    let damaged = damage(folder.path(), "\"job\":\"J-0200\",\"seq\"");
    open(folder.path());
    let kept = kept_file(folder.path());
    assert!(std::fs::read(folder.path().join(kept)).unwrap() == damaged);
}

#[tokio::test]
async fn jobs_of_a_damaged_journal_that_may_have_been_done_wait_for_a_person() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    damage(folder.path(), "\"job\":\"J-0200\",\"seq\"");
    let journal = open(folder.path());
    let attention = journal.attention().await.unwrap();
    let waiting = attention.iter().find(|job| job.job == "J-0399").unwrap();
    assert_eq!((waiting.state, waiting.reason.code.as_str()), (State::Waiting, MAY_BE_DONE));
    assert_eq!(waiting.exits, ["release", "cancel"]);
    let begun = journal.begin("J-0399", "kitchen", journal.next_attempt(), Value::Null).await;
    assert!(matches!(begun, Err(JournalError::Refused(Refused::Held))), "{begun:?}");
    let released = journal.apply("J-0399", Event::Release { by: Some("ann".into()) }).await.unwrap().job;
    assert_eq!((released.state, released.marks), (State::Accepted, vec![Mark::Copy]));
    assert!(released.version > 1000, "no version is told twice with something else");
}

#[tokio::test]
async fn a_job_that_was_begun_is_still_asked_after_once_its_journal_was_damaged() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    damage(folder.path(), "\"job\":\"J-0200\",\"seq\"");
    let journal = open(folder.path());
    let begun = journal.unfinished().unwrap().into_iter().find(|job| job.job == "J-0003").unwrap();
    assert_eq!(begun.state, State::Running);
    let attempt = journal.open_attempt(begun.begun.unwrap()).await.unwrap().unwrap();
    assert_eq!(attempt.baseline, json!({"printed": 41}));
}

#[tokio::test]
async fn a_job_whose_attempt_is_lost_is_uncertain() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    damage(folder.path(), "{\"printed\":41}");
    let journal = open(folder.path());
    let (job, attempts) = journal.job("J-0003").await.unwrap().unwrap();
    assert_eq!((job.state, attempts.len()), (State::Uncertain, 0));
    let resolved = Event::Resolve { answer: Answer::Printed, by: None };
    assert_eq!(journal.apply("J-0003", resolved).await.unwrap().job.state, State::Succeeded);
}

#[tokio::test]
async fn numbers_go_on_far_behind_those_that_a_damaged_journal_had() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    let (before, attempts) = {
        let connection = Connection::open(folder.path().join("journal.db")).unwrap();
        let last =
            |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs();
        (last("SELECT max(seq) FROM feed"), last("SELECT max(number) FROM attempts"))
    };
    damage(folder.path(), "\"job\":\"J-0200\",\"seq\"");
    let journal = open(folder.path());
    assert!(journal.next_attempt() > attempts + 50_000);
    let event = journal.record(EventBody::Housekeeping { jobs: 0, events: 0 }).await.unwrap();
    assert!(event > before + 50_000);
}

#[tokio::test]
async fn a_record_that_makes_no_sense_does_not_keep_the_agent_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    let connection = Connection::open(folder.path().join("journal.db")).unwrap();
    connection.execute("UPDATE jobs SET record = '{\"job\":' WHERE job = 'J-0100'", []).unwrap();
    drop(connection);
    let journal = open(folder.path());
    let notice = journal.notices().await.unwrap().remove(0);
    assert_eq!(notice.evidence.unwrap()["lost_jobs"], json!(["J-0100"]));
    assert_eq!(ids_of(&journal).await.len(), 399);
}

#[tokio::test]
async fn a_journal_that_was_emptied_is_told_of_and_its_log_is_kept() {
    for there in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("journal.db"), folder.path().join("journal.db-wal"));
        if there {
            std::fs::write(&file, "").unwrap();
        }
        std::fs::write(&log, "all that was written since").unwrap();
        let journal = open(folder.path());
        let notice = journal.notices().await.unwrap().remove(0);
        assert_eq!(notice.code, DAMAGED);
        let kept = notice.evidence.unwrap()["kept"].as_str().unwrap().to_owned();
        let kept_log = std::fs::read_to_string(folder.path().join(format!("{kept}-wal"))).unwrap();
        assert_eq!(kept_log, "all that was written since");
        assert_eq!(folder.path().join(&kept).exists(), there);
        assert!(journal.next_attempt() > 1000, "numbers that were given are not given again");
        close(journal).await;
        assert_eq!(open(folder.path()).notices().await.unwrap().len(), 1, "told once");
    }
}

#[tokio::test]
async fn an_empty_file_where_the_journal_was_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    std::fs::write(folder.path().join("journal.db"), "").unwrap();
    let journal = open(folder.path());
    assert_eq!(journal.notices().await.unwrap()[0].code, DAMAGED);
    assert!(matches!(journal.accept(submission("new", SOUP)).await, Ok(Intake::New(_))));
}

#[tokio::test]
async fn a_format_that_is_none_is_damage_and_all_records_are_kept() {
    for garbled in [-4, 0, 1, 70_000] {
        let folder = tempfile::tempdir().unwrap();
        let ids = many_jobs(folder.path()).await;
        let connection = Connection::open(folder.path().join("journal.db")).unwrap();
        connection.execute_batch(&format!("PRAGMA user_version = {garbled}")).unwrap();
        drop(connection);
        let journal = open(folder.path());
        assert_eq!(journal.notices().await.unwrap()[0].code, DAMAGED, "said to be {garbled}");
        assert_eq!(ids_of(&journal).await, ids, "said to be {garbled}");
    }
}

#[tokio::test]
async fn after_a_cut_a_page_that_no_start_reads_is_found_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    // A log that was not folded in is what a cut leaves.
    let connection = Connection::open(folder.path().join("journal.db")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; UPDATE counters SET value = value + 1").unwrap();
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    damage(copy.path(), "\"event\":\"job\",\"job\":{\"job\":\"J-0150\"");
    let journal = open(copy.path());
    assert_eq!(journal.notices().await.unwrap()[0].code, DAMAGED);
    assert_eq!(ids_of(&journal).await.len(), 400);
}

#[tokio::test]
async fn damage_that_a_write_meets_ends_the_journal_and_the_next_start_saves_it() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    damage_root(folder.path(), "outbox");
    let journal = open(folder.path());
    assert!(journal.notices().await.unwrap().is_empty(), "a clean end, and a page that no start reads");
    let refused = journal.accept(submission("new", SOUP)).await;
    if refused.is_ok() {
        // Its acceptance is told with the commit after its own.
        drop(journal.record(EventBody::Housekeeping { jobs: 0, events: 0 }).await);
    }
    journal.broken().await;
    close(journal).await;
    let journal = open(folder.path());
    assert_eq!(journal.notices().await.unwrap()[0].code, DAMAGED);
    assert!(ids_of(&journal).await.len() >= 400);
}

#[tokio::test]
async fn damage_that_a_read_meets_ends_the_journal_and_the_next_start_saves_it() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    damage_root(folder.path(), "payloads");
    let journal = open(folder.path());
    assert!(journal.notices().await.unwrap().is_empty(), "a clean end, and a page that no start reads");
    let refused = journal.payload("J-0007").await;
    assert!(matches!(refused, Err(JournalError::Corrupt(_))), "{refused:?}");
    journal.broken().await;
    close(journal).await;
    let journal = open(folder.path());
    assert_eq!(journal.notices().await.unwrap()[0].code, DAMAGED);
}

#[tokio::test]
async fn a_look_through_tells_of_damage_that_nothing_has_met_yet_once() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    let journal = open(folder.path());
    assert!(!journal.look_through().await.unwrap());
    damage(folder.path(), "\"event\":\"job\",\"job\":{\"job\":\"J-0150\"");
    assert!(journal.look_through().await.unwrap());
    assert!(!journal.look_through().await.unwrap(), "a person is told once");
    let notice = journal.notices().await.unwrap().remove(0);
    assert_eq!(notice.code, DAMAGED);
    assert!(journal.dismiss(notice.notice).await.unwrap());
    assert!(!journal.dismiss(notice.notice).await.unwrap());
    assert!(journal.notices().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cut_while_a_damaged_journal_is_replaced_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    many_jobs(folder.path()).await;
    damage(folder.path(), "\"job\":\"J-0200\",\"seq\"");
    let journal = open(folder.path());
    let kept = ids_of(&journal).await;
    close(journal).await;
    // As it is after the damaged one was renamed, before the new one has its name.
    let cut = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("journal.db"), cut.path().join("journal.db.salvage")).unwrap();
    std::fs::write(cut.path().join("journal.db-wal"), "of the damaged one").unwrap();
    assert_eq!(ids_of(&open(cut.path())).await, kept);
    assert!(!cut.path().join("journal.db.salvage").exists());
    // As it is while the new one is written: it may not be whole, and the old one is there.
    let (whole, begun) = (tempfile::tempdir().unwrap(), "half of a page");
    many_jobs(whole.path()).await;
    std::fs::write(whole.path().join("journal.db.salvage"), begun).unwrap();
    assert_eq!(ids_of(&open(whole.path())).await.len(), 400);
}

#[tokio::test]
async fn a_backup_of_a_journal_in_use_has_all_that_was_accepted_before_and_is_whole() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    for number in 0..50 {
        journal.accept(submission(&format!("before-{number}"), SOUP)).await.unwrap();
    }
    let (going_on, stop) = (journal.clone(), Arc::new(tokio::sync::Notify::new()));
    let stopped = stop.clone();
    let writing = tokio::spawn(async move {
        for number in 0.. {
            tokio::select! {
                () = stopped.notified() => return,
                taken = going_on.accept(submission(&format!("during-{number}"), SOUP)) => drop(taken.unwrap()),
            }
        }
    });
    let to = tempfile::tempdir().unwrap();
    let (data, target) = (shelf.path().parent().unwrap().to_owned(), to.path().join("backup"));
    let made = target.clone();
    let about =
        tokio::task::spawn_blocking(move || backup::back_up(&data, &made, None, "test", Timestamp(5_000)))
            .await
            .unwrap()
            .unwrap();
    stop.notify_one();
    writing.await.unwrap();
    assert!(about.jobs >= 50);
    let copy = Connection::open(target.join("journal.db")).unwrap();
    let sound: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let before: i64 =
        copy.query_row("SELECT count(*) FROM jobs WHERE job LIKE 'before-%'", [], |row| row.get(0)).unwrap();
    assert_eq!(before, 50);
}

#[tokio::test]
async fn a_backup_that_is_put_back_holds_what_had_not_ended_and_keeps_what_was_there() {
    let Saved { shelf, backup } = saved().await;
    let data = shelf.path().parent().unwrap().to_owned();
    let running = shelf.open();
    running.accept(submission("since", SOUP)).await.unwrap();
    settled(&running).await;
    let about = backup::restore(backup.path(), &data, "test", shelf.now()).unwrap();
    assert_eq!(about.jobs, 2);
    assert!(
        running.job("since").await.unwrap().is_some(),
        "a running agent goes on until it is started anew"
    );
    close(running).await;
    let journal = start(&shelf, &data);
    let notice = journal.notices().await.unwrap().remove(0);
    assert_eq!(notice.code, RESTORED);
    assert!(notice.message.contains("1970-01-01T00:16:40.000Z"), "{}", notice.message);
    assert!(journal.job("since").await.unwrap().is_none());
    assert_eq!(journal.job("done").await.unwrap().unwrap().0.state, State::Succeeded);
    let open = journal.job("open").await.unwrap().unwrap().0;
    assert_eq!(open.reason.unwrap().code, MAY_BE_DONE);
    assert_eq!(std::fs::read_to_string(data.join("authority/key.pem")).unwrap(), "of the backup");
    let replaced = entry(&data, "replaced-");
    assert_eq!(std::fs::read_to_string(replaced.join("authority/key.pem")).unwrap(), "of later");
    let old = Connection::open(replaced.join("journal.db")).unwrap();
    let since: i64 =
        old.query_row("SELECT count(*) FROM jobs WHERE job = 'since'", [], |row| row.get(0)).unwrap();
    assert_eq!(since, 1, "what was there before is kept, with its log");
}

#[tokio::test]
async fn a_cut_at_any_step_of_putting_a_backup_back_is_finished_by_the_next_start() {
    for steps in 0..4 {
        let Saved { shelf, backup } = saved().await;
        let data = shelf.path().parent().unwrap().to_owned();
        backup::restore(backup.path(), &data, "test", shelf.now()).unwrap();
        let replaced = data.join("replaced-before");
        std::fs::create_dir(&replaced).unwrap();
        let moves = [
            (data.join("authority"), replaced.join("authority")),
            (data.join("restore/authority"), data.join("authority")),
            (data.join("journal.db"), replaced.join("journal.db")),
        ];
        for (from, to) in moves.iter().take(steps) {
            std::fs::rename(from, to).unwrap();
        }
        let journal = start(&shelf, &data);
        assert_eq!(journal.notices().await.unwrap()[0].code, RESTORED, "after {steps} steps");
        assert_eq!(std::fs::read_to_string(data.join("authority/key.pem")).unwrap(), "of the backup");
        assert!(!data.join("restore").exists());
    }
}

#[tokio::test]
async fn a_backup_that_is_damaged_or_of_another_outlet_or_not_whole_changes_nothing() {
    let Saved { shelf, backup } = saved().await;
    let data = shelf.path().parent().unwrap().to_owned();
    let refused =
        |folder: &Path, outlet: &str| backup::restore(folder, &data, outlet, Timestamp(0)).unwrap_err();
    let error = refused(backup.path(), "other");
    assert!(matches!(&error, BackupError::OtherOutlet { found, .. } if found == "test"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(refused(empty.path(), "test"), BackupError::NoBackup { .. }));
    let file = backup.path().join("journal.db");
    let whole = std::fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged.iter_mut().skip(PAGE).for_each(|byte| *byte = 0xA5);
    std::fs::write(&file, damaged).unwrap();
    assert!(matches!(refused(backup.path(), "test"), BackupError::NoBackup { .. }));
    std::fs::write(&file, whole).unwrap();
    let newer = Connection::open(&file).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    let error = refused(backup.path(), "test");
    assert!(error.to_string().contains("install the newer version"), "{error}");
    assert!(!data.join("restore").exists() && !data.join("restore.part").exists());
}

#[tokio::test]
async fn a_backup_never_overwrites_a_folder_that_has_something() {
    let Saved { shelf, backup } = saved().await;
    let data = shelf.path().parent().unwrap().to_owned();
    let error = backup::back_up(&data, backup.path(), None, "test", Timestamp(0)).unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    let (elsewhere, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let error =
        backup::back_up(elsewhere.path(), &to.path().join("b"), None, "test", Timestamp(0)).unwrap_err();
    assert!(matches!(error, BackupError::NoJournal(_)), "{error}");
}

#[tokio::test]
async fn a_backup_never_lies_in_the_data_folder() {
    let Saved { shelf, .. } = saved().await;
    let data = shelf.path().parent().unwrap().to_owned();
    for to in ["backup", "authority/a/b", "authority/../backup"] {
        let error = backup::back_up(&data, &data.join(to), None, "test", Timestamp(0)).unwrap_err();
        assert!(matches!(error, BackupError::Inside(_)), "{to}: {error}");
    }
    assert!(!data.join("backup").exists() && !data.join("authority/a").exists());
}

#[tokio::test]
async fn what_comes_and_goes_in_the_data_folder_does_not_spoil_a_backup() {
    let Saved { shelf, .. } = saved().await;
    let (data, to) = (shelf.path().parent().unwrap().to_owned(), tempfile::tempdir().unwrap());
    let (busy, store) = (data.join("busy"), data.join("mqtt"));
    std::fs::create_dir(&busy).unwrap();
    std::fs::create_dir(&store).unwrap();
    std::fs::write(store.join("session"), "of a moment").unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let restless = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            for number in 0..200 {
                std::fs::write(busy.join(format!("{number}")), "here").unwrap();
            }
            for number in 0..200 {
                std::fs::remove_file(busy.join(format!("{number}"))).unwrap();
            }
        }
    });
    for number in 0..20 {
        let to = to.path().join(format!("{number}"));
        backup::back_up(&data, &to, Some(&store), "test", shelf.now()).unwrap();
        assert!(to.join("authority/key.pem").exists() && !to.join("mqtt").exists());
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    restless.join().unwrap();
}

struct Saved {
    shelf: Shelf,
    backup: TempDir,
}

/// A journal with one job that is done and one that is not, and its backup.
async fn saved() -> Saved {
    let (shelf, backup) = (Shelf::new(), tempfile::tempdir().unwrap());
    let data = shelf.path().parent().unwrap().to_owned();
    std::fs::create_dir(data.join("authority")).unwrap();
    std::fs::write(data.join("authority/key.pem"), "of the backup").unwrap();
    let journal = shelf.open();
    journal.accept(submission("done", SOUP)).await.unwrap();
    let number = journal.next_attempt();
    journal.begin("done", "kitchen", number, Value::Null).await.unwrap();
    journal.end_attempt("done", number, succeed(Confidence::Printed), vec![]).await.unwrap();
    journal.accept(submission("open", SOUP)).await.unwrap();
    backup::back_up(&data, backup.path(), None, "test", shelf.now()).unwrap();
    std::fs::write(data.join("authority/key.pem"), "of later").unwrap();
    Saved { shelf, backup }
}

/// As a start of the agent does it.
fn start(shelf: &Shelf, data: &Path) -> Journal {
    backup::take_waiting(data, shelf.now()).unwrap();
    shelf.open()
}

/// Jobs J-0000 to J-0399: the first three done, the fourth begun, the others waiting. The file is closed.
async fn many_jobs(folder: &Path) -> BTreeSet<String> {
    let journal = open(folder);
    let ids: BTreeSet<String> = (0..400).map(|number| format!("J-{number:04}")).collect();
    for id in &ids {
        journal.accept(submission(id, SOUP)).await.unwrap();
    }
    for (index, id) in ids.iter().take(4).enumerate() {
        let number = journal.next_attempt();
        journal.begin(id, "kitchen", number, json!({"printed": 41})).await.unwrap();
        if index < 3 {
            journal.end_attempt(id, number, succeed(Confidence::Printed), vec![]).await.unwrap();
        }
    }
    settled(&journal).await;
    close(journal).await;
    ids
}

/// Closes it, so that the one file has all.
async fn close(journal: Journal) {
    let closed = journal.closed();
    drop(journal);
    closed.await;
}

fn open(folder: &Path) -> Journal {
    let (outbox, _) = mpsc::unbounded_channel();
    Journal::open(folder, topics(), Arc::new(|| Timestamp(1_000_000)), outbox).unwrap()
}

/// Overwrites the page that has `text`. Returns the file as it is then.
fn damage(folder: &Path, text: &str) -> Vec<u8> {
    let path = folder.join("journal.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    overwrite_page(&mut bytes, at / PAGE);
    std::fs::write(&path, &bytes).unwrap();
    bytes
}

/// Overwrites the first page of a table.
fn damage_root(folder: &Path, table: &str) {
    let path = folder.join("journal.db");
    let connection = Connection::open(&path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let root: i64 = connection.query_row(sql, [table], |row| row.get(0)).unwrap();
    drop(connection);
    let mut bytes = std::fs::read(&path).unwrap();
    overwrite_page(&mut bytes, usize::try_from(root).unwrap() - 1);
    std::fs::write(&path, bytes).unwrap();
}

fn overwrite_page(bytes: &mut [u8], page: usize) {
    bytes[page * PAGE..(page + 1) * PAGE].fill(0xA5);
}

async fn ids_of(journal: &Journal) -> BTreeSet<String> {
    let (mut ids, mut before) = (BTreeSet::new(), None);
    loop {
        let (jobs, next) = journal.list(None, vec![], 500, before).await.unwrap();
        ids.extend(jobs.into_iter().map(|job| job.job));
        before = next;
        if before.is_none() {
            return ids;
        }
    }
}

fn kept_file(folder: &Path) -> String {
    let kept = entry(folder, "journal-damaged-").file_name().unwrap().to_str().unwrap().to_owned();
    kept.trim_end_matches("-wal").to_owned()
}

fn entry(folder: &Path, prefix: &str) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).unwrap()
}
