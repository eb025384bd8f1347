//! How much space saving a damaged journal takes beside the journal itself.

use super::*;

#[test]
fn what_is_saved_of_a_large_journal_is_not_on_the_disk_twice_more() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, salvage) = (folder.path().join(FILE), folder.path().join(SALVAGE));
    let old = Connection::open(&journal).unwrap();
    schema::prepare(&old, &journal).unwrap();
    old.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let payload = format!("\"{}\"", "soup".repeat(256 << 10));
    let rows = i64::try_from(5 * PORTION / payload.len()).unwrap();
    for seq in 0..rows {
        old.execute("INSERT INTO payloads VALUES (?1, ?2)", params![seq, payload.as_bytes()]).unwrap();
    }
    drop(old);
    let new = Connection::open(&salvage).unwrap();
    schema::prepare(&new, &salvage).unwrap();
    let saved = copied(Some(&journal), &new).unwrap();
    assert_eq!(saved.unreadable, 0);
    let log = std::fs::metadata(beside(&salvage, "-wal")).unwrap().len();
    assert!(log < 2 * PORTION as u64, "the log has {log} bytes");
    new.execute_batch("COMMIT").unwrap();
    let kept: i64 = new.query_row("SELECT count(*) FROM payloads", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, rows);
}
