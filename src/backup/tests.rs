use std::os::unix::fs::{MetadataExt, chown, symlink};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::bus::contract::Topics;
use crate::clock;
use crate::journal::Journal;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A data folder with a journal and a file beside it, and what is nobody's business to read or write through it.
struct Bed {
    root: TempDir,
    data: PathBuf,
    outside: PathBuf,
}

impl Bed {
    async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (data, outside) = (root.path().join("data"), root.path().join("outside"));
        fs::create_dir_all(data.join("authority")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(data.join("authority/key.pem"), "a key").unwrap();
        fs::write(outside.join("shadow"), "secret").unwrap();
        let committed = mpsc::unbounded_channel().0;
        let journal =
            Journal::open(&data, Topics::new("outlet/v1/test"), clock::system(), committed).unwrap();
        let closed = journal.closed();
        drop(journal);
        closed.await;
        Self { root, data, outside }
    }

    fn back_up(&self, name: &str) -> Result<PathBuf, BackupError> {
        let to = self.root.path().join(name);
        back_up(&self.data, &to, None, "test", NOW).map(|_| to)
    }

    /// Nothing outside was read, written or given away.
    fn outside_is_untouched(&self) {
        let names: Vec<_> =
            fs::read_dir(&self.outside).unwrap().map(|name| name.unwrap().file_name()).collect();
        assert_eq!(names, ["shadow"]);
        let file = fs::metadata(self.outside.join("shadow")).unwrap();
        assert_eq!((file.uid(), file.len()), (fs::metadata(self.root.path()).unwrap().uid(), 6));
    }
}

#[tokio::test]
async fn a_backup_has_the_files_with_their_rights_and_is_put_back_whole() {
    let bed = Bed::new().await;
    fs::set_permissions(bed.data.join("authority/key.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    let backup = bed.back_up("backup").unwrap();
    fs::remove_dir_all(bed.data.join("authority")).unwrap();
    restore(&backup, &bed.data, "test", NOW).unwrap();
    take_waiting(&bed.data, NOW).unwrap();
    let key = bed.data.join("authority/key.pem");
    assert_eq!(fs::read_to_string(&key).unwrap(), "a key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn a_link_in_the_data_folder_brings_nothing_of_elsewhere_into_a_backup() {
    let bed = Bed::new().await;
    for (link, to) in [
        (bed.data.join("notes.txt"), bed.outside.join("shadow")),
        (bed.data.join("more"), bed.outside.clone()),
        (bed.data.join("authority/more.pem"), bed.outside.join("shadow")),
    ] {
        symlink(&to, &link).unwrap();
        let refused = bed.back_up("backup").unwrap_err();
        assert!(matches!(&refused, BackupError::Link(path) if *path == link), "{refused}");
        assert!(!bed.root.path().join("backup").exists(), "nothing of it is left");
        fs::remove_file(&link).unwrap();
    }
    let journal = bed.data.join(journal::FILE);
    fs::rename(&journal, bed.outside.join("shadow.db")).unwrap();
    symlink(bed.outside.join("shadow.db"), &journal).unwrap();
    assert!(matches!(bed.back_up("backup"), Err(BackupError::Link(_))));
}

#[tokio::test]
async fn a_restore_writes_through_no_link() {
    let bed = Bed::new().await;
    let backup = bed.back_up("backup").unwrap();
    for name in [PART, WAITING] {
        symlink(&bed.outside, bed.data.join(name)).unwrap();
        restore(&backup, &bed.data, "test", NOW).unwrap();
        bed.outside_is_untouched();
        assert!(fs::symlink_metadata(bed.data.join(WAITING)).unwrap().is_dir());
        fs::remove_dir_all(bed.data.join(WAITING)).unwrap();
    }
}

#[tokio::test]
async fn what_is_given_to_the_agents_user_is_no_file_of_elsewhere() {
    let bed = Bed::new().await;
    let laid = Folder::open(&bed.data).unwrap().make(PART).unwrap();
    laid.create("new").unwrap();
    let new = bed.data.join(PART).join("new");
    symlink(bed.outside.join("shadow"), bed.data.join(PART).join("swapped")).unwrap();
    // Only root can give files away; for others it all stays theirs.
    let is_root = chown(&new, Some(65_534), None).is_ok();
    if is_root {
        chown(&new, Some(0), None).unwrap();
        chown(&bed.data, Some(65_534), Some(65_534)).unwrap();
    }
    let owner = fs::metadata(&bed.data).unwrap();
    let refused = laid.give_to(&owner).unwrap_err();
    assert!(matches!(&refused, BackupError::Link(path) if path.ends_with("swapped")), "{refused}");
    bed.outside_is_untouched();
    fs::remove_file(bed.data.join(PART).join("swapped")).unwrap();
    fs::hard_link(bed.outside.join("shadow"), bed.data.join(PART).join("swapped")).unwrap();
    assert_eq!(laid.give_to(&owner).is_err(), is_root);
    bed.outside_is_untouched();
    fs::remove_file(bed.data.join(PART).join("swapped")).unwrap();
    laid.give_to(&owner).unwrap();
    assert_eq!(fs::metadata(&new).unwrap().uid(), owner.uid());
}
