//! Backup and restore of the data folder.
//!
//! A backup is a folder: the journal as it was at one moment, whatever is written meanwhile, the other files of the
//! data folder, and `backup.json`, which says what it is. A backup that is put back waits in the data folder until
//! the agent starts: the agent has it take the place of what is there, and keeps that beside it.
//!
//! Root does this in a folder that is the agent's user's, who may change it meanwhile. So no link is followed: files
//! are opened in the folder that is open, by their own name, and given away by what is open.

mod folder;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use folder::{Entry, Folder};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::journal::{self, JournalError};

/// Says what a backup is; the last file that is written.
const ABOUT: &str = "backup.json";
/// In the data folder: a backup that is whole and waits for the next start.
const WAITING: &str = "restore";
/// The same while it is being copied.
const PART: &str = "restore.part";
/// What belongs to a running agent, and what an earlier restore or a damaged journal left.
const LEFT_OUT: [&str; 3] = ["lock", WAITING, PART];
/// Names that begin so are left out, too: the journal is copied by SQLite itself.
const LEFT_OUT_PREFIXES: [&str; 3] = ["journal.db", "journal-damaged-", "replaced-"];

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The outlet.
    pub outlet: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Version of the outletd that took it.
    pub version: String,
    /// Format of its journal.
    pub format: i64,
    /// Jobs in its journal.
    pub jobs: u64,
}

/// Why a backup could not be made or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something in the way.
    #[error("{0} is there already and is not empty: name a folder that does not exist yet")]
    Exists(PathBuf),
    /// A file or folder is a link, and nobody follows it: it may point anywhere, and root reads and writes here.
    #[error("{0} is a link: put the file or folder itself there")]
    Link(PathBuf),
    /// It would be copied into itself, and into each backup after it.
    #[error("{0} is inside the data folder: name a folder outside, best on another disk")]
    Inside(PathBuf),
    /// The data folder has no journal.
    #[error("{0} has no journal: is it the data folder of an agent that has run?")]
    NoJournal(PathBuf),
    /// The folder is no backup, or not a whole one.
    #[error("{folder} is no whole backup: {reason}; choose another")]
    NoBackup {
        /// The folder.
        folder: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// It is of another outlet.
    #[error("this is a backup of the outlet {found}, the configuration is of {wanted}: choose another")]
    OtherOutlet {
        /// The backup's.
        found: String,
        /// The configuration's.
        wanted: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {error}; check rights and space, and run this as root or as the agent's user")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The journal can't be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Makes a backup of a data folder, also of one in use. What was committed before the call is in it. `left_out` is not:
/// what the embedded broker keeps is of the sessions of a moment, and changes while it is copied.
///
/// # Errors
/// `to` exists and is not empty, it is inside `data`, or something can't be read or written; what was begun is removed then.
pub fn back_up(
    data: &Path,
    to: &Path,
    left_out: Option<&Path>,
    outlet: &str,
    now: Timestamp,
) -> Result<About, BackupError> {
    if is_inside(to, data)? {
        return Err(BackupError::Inside(to.to_owned()));
    }
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::Exists(to.to_owned()));
    }
    match fs::symlink_metadata(data.join(journal::FILE)) {
        Ok(file) if file.is_symlink() => return Err(BackupError::Link(data.join(journal::FILE))),
        Ok(file) if file.is_file() => {}
        _ => return Err(BackupError::NoJournal(data.to_owned())),
    }
    make_folder(to)?;
    let made = fill(data, to, left_out, outlet, now);
    if made.is_err() {
        drop(fs::remove_dir_all(to));
    }
    made
}

/// Whether a folder that may not exist yet would lie in another.
fn is_inside(to: &Path, data: &Path) -> Result<bool, BackupError> {
    let (to, data) = (std::path::absolute(to).map_err(at(to))?, fs::canonicalize(data).map_err(at(data))?);
    let there = to.ancestors().find_map(|folder| fs::canonicalize(folder).ok());
    Ok(there.is_some_and(|folder| folder.starts_with(&data)))
}

fn fill(
    data: &Path,
    to: &Path,
    left_out: Option<&Path>,
    outlet: &str,
    now: Timestamp,
) -> Result<About, BackupError> {
    let left_out = left_out.and_then(|path| fs::canonicalize(path).ok());
    let target = Folder::open(to)?;
    copy_all(&Folder::open(data)?, &target, &|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let at_the_top = path.parent() == Some(data);
        at_the_top
            && (LEFT_OUT.contains(&name) || LEFT_OUT_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            || left_out.is_some() && fs::canonicalize(path).ok() == left_out
    })?;
    let (format, jobs) = journal::snapshot(&data.join(journal::FILE), &to.join(journal::FILE))?;
    sync(&to.join(journal::FILE))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let about = About { outlet: outlet.to_owned(), taken_at: now, version, format, jobs };
    let file = to.join(ABOUT);
    let text = serde_json::to_vec_pretty(&about).unwrap_or_default();
    fs::write(&file, text).map_err(at(&file))?;
    sync(&file)?;
    target.sync()?;
    Ok(about)
}

/// Looks at a backup and lays it ready in the data folder, where the next start of the agent takes it. The agent
/// may run meanwhile.
///
/// # Errors
/// It is not whole, is damaged, of another outlet or of a newer version; nothing is changed then.
pub fn restore(from: &Path, data: &Path, outlet: &str, now: Timestamp) -> Result<About, BackupError> {
    let about = look_at(from, outlet)?;
    make_folder(data)?;
    let data = fs::canonicalize(data).map_err(at(data))?;
    let folder = Folder::open(&data)?;
    let (part, waiting) = (data.join(PART), data.join(WAITING));
    remove_all(&part)?;
    // Of root's own, until all is in it: nobody else changes it meanwhile.
    let laid = folder.make(PART).and_then(|laid| {
        copy_all(&Folder::open(from)?, &laid, &|_| false)?;
        journal::mark_restored(&part.join(journal::FILE), about.taken_at, now)?;
        laid.give_to(&folder.owner()?)
    });
    if let Err(error) = laid {
        drop(remove_all(&part));
        return Err(error);
    }
    remove_all(&waiting)?;
    fs::rename(&part, &waiting).map_err(at(&waiting))?;
    folder.sync()?;
    Ok(about)
}

fn look_at(from: &Path, outlet: &str) -> Result<About, BackupError> {
    let no_backup = |reason: String| BackupError::NoBackup { folder: from.to_owned(), reason };
    let text = fs::read(from.join(ABOUT)).map_err(|error| no_backup(format!("{ABOUT}: {error}")))?;
    let about: About =
        serde_json::from_slice(&text).map_err(|error| no_backup(format!("{ABOUT}: {error}")))?;
    if about.outlet != outlet {
        return Err(BackupError::OtherOutlet { found: about.outlet, wanted: outlet.to_owned() });
    }
    journal::inspect(&from.join(journal::FILE)).map_err(|error| match error {
        newer @ JournalError::Newer { .. } => newer.into(),
        other => no_backup(other.to_string()),
    })?;
    Ok(about)
}

/// Has a backup that waits take the place of what is there. The folder is the agent's alone meanwhile. A cut in
/// between is finished by the next call.
///
/// # Errors
/// A file can't be moved.
pub fn take_waiting(data: &Path, now: Timestamp) -> Result<(), BackupError> {
    let waiting = data.join(WAITING);
    if !fs::symlink_metadata(&waiting).is_ok_and(|waiting| waiting.is_dir()) {
        return Ok(());
    }
    let replaced = data.join(format!("replaced-{}", now.to_string().replace([':', '.'], "-")));
    make_folder(&replaced)?;
    for name in names_in(&waiting)? {
        let new = waiting.join(&name);
        if name == ABOUT {
            continue;
        }
        let mut old = vec![name.clone()];
        if name == journal::FILE {
            old.extend(["-wal", "-shm"].map(|log| format!("{name}{log}")));
        }
        for name in old {
            let from = data.join(&name);
            if from.exists() {
                fs::rename(&from, replaced.join(&name)).map_err(at(&from))?;
            }
        }
        fs::rename(&new, data.join(&name)).map_err(at(&new))?;
    }
    sync(data)?;
    remove_all(&waiting)?;
    tracing::warn!(replaced = %replaced.display(), "a backup was put back; what was there before is kept beside it");
    Ok(())
}

/// Copies files and folders but those that are to be skipped, and what goes away meanwhile.
fn copy_all(from: &Folder, to: &Folder, skip: &dyn Fn(&Path) -> bool) -> Result<(), BackupError> {
    for name in names_in(from.path())? {
        let source = from.path().join(&name);
        if skip(&source) {
            continue;
        }
        let copied = copy_one(from, to, &name, skip);
        let gone = |error: &BackupError| {
            matches!(error, BackupError::File { path, error }
                if path.starts_with(&source) && error.kind() == io::ErrorKind::NotFound)
        };
        match copied {
            Err(error) if gone(&error) => {}
            copied => copied?,
        }
    }
    to.sync()
}

fn copy_one(from: &Folder, to: &Folder, name: &str, skip: &dyn Fn(&Path) -> bool) -> Result<(), BackupError> {
    match from.entry(name)? {
        Entry::Folder(source) => copy_all(&source, &to.make(name)?, skip),
        Entry::File(mut source) => {
            let mut target = to.create(name)?;
            let path = from.path().join(name);
            let mode = source.metadata().map_err(at(&path))?.permissions().mode() & 0o777;
            io::copy(&mut source, &mut target).map_err(at(&path))?;
            let kept = target.set_permissions(fs::Permissions::from_mode(mode));
            kept.and_then(|()| target.sync_all()).map_err(at(&to.path().join(name)))
        }
        // A socket or a pipe keeps nothing.
        Entry::Other => Ok(()),
    }
}

/// Names that are no text can't be ours.
fn names_in(folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map_err(at(folder))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// For the owner alone: a journal knows what was ordered and paid, an authority has its key here.
fn make_folder(path: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    // One that was there and is empty keeps nobody out.
    let mode = fs::metadata(path).map_err(at(path))?.permissions().mode();
    if mode & 0o007 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o770)).map_err(at(path))?;
    }
    Ok(())
}

fn remove_all(path: &Path) -> Result<(), BackupError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at(path))
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    |error| BackupError::File { path: path.to_owned(), error }
}
