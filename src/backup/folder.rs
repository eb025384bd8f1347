//! A folder that is open: what is in it is reached by its own name, and no link is followed.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};

use super::{BackupError, at, names_in};

/// An open folder.
pub(super) struct Folder {
    folder: File,
    path: PathBuf,
}

/// What is under a name.
pub(super) enum Entry {
    Folder(Folder),
    File(File),
    Other,
}

impl Folder {
    /// Opens a folder. The path to it is the caller's; links in it are followed.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags((OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).bits());
        Ok(Self { folder: options.open(path).map_err(at(path))?, path: path.to_owned() })
    }

    /// Where it was when it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what is under a name.
    pub(super) fn entry(&self, name: &str) -> Result<Entry, BackupError> {
        // A pipe must not keep us waiting.
        let file = self.at(name, OFlag::O_RDONLY | OFlag::O_NONBLOCK, Mode::empty());
        let file = match file {
            // What can't be opened at all is a socket.
            Err(BackupError::File { error, .. }) if error.raw_os_error() == Some(nix::libc::ENXIO) => {
                return Ok(Entry::Other);
            }
            file => file?,
        };
        let path = self.path.join(name);
        let kind = file.metadata().map_err(at(&path))?;
        Ok(if kind.is_dir() {
            Entry::Folder(Self { folder: file, path })
        } else if kind.is_file() {
            Entry::File(file)
        } else {
            Entry::Other
        })
    }

    /// Makes a folder for its owner alone.
    pub(super) fn make(&self, name: &str) -> Result<Self, BackupError> {
        let path = self.path.join(name);
        mkdirat(&self.folder, name, Mode::S_IRWXU).map_err(|error| at(&path)(error.into()))?;
        let folder = self.at(name, OFlag::O_RDONLY | OFlag::O_DIRECTORY, Mode::empty())?;
        Ok(Self { folder, path })
    }

    /// Makes a file for its owner alone; none may be there.
    pub(super) fn create(&self, name: &str) -> Result<File, BackupError> {
        let new = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
        self.at(name, new, Mode::S_IRUSR | Mode::S_IWUSR)
    }

    fn at(&self, name: &str, flags: OFlag, mode: Mode) -> Result<File, BackupError> {
        let path = self.path.join(name);
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(&self.folder, name, flags, mode) {
            Ok(file) => Ok(file.into()),
            Err(nix::errno::Errno::ELOOP) => Err(BackupError::Link(path)),
            Err(error) => Err(at(&path)(error.into())),
        }
    }

    /// Whose it is.
    pub(super) fn owner(&self) -> Result<Metadata, BackupError> {
        self.folder.metadata().map_err(at(&self.path))
    }

    /// What root lays down has to be the agent's: all that is in it, and last itself.
    pub(super) fn give_to(&self, owner: &Metadata) -> Result<(), BackupError> {
        for name in names_in(&self.path)? {
            match self.entry(&name)? {
                Entry::Folder(folder) => folder.give_to(owner)?,
                Entry::File(file) => give(&file, owner).map_err(at(&self.path.join(name)))?,
                Entry::Other => {}
            }
        }
        give(&self.folder, owner).map_err(at(&self.path))
    }

    pub(super) fn sync(&self) -> Result<(), BackupError> {
        self.folder.sync_all().map_err(at(&self.path))
    }
}

/// A file that has another name elsewhere is not ours to give.
fn give(file: &File, owner: &Metadata) -> io::Result<()> {
    let mine = file.metadata()?;
    if (owner.uid(), owner.gid()) == (mine.uid(), mine.gid()) {
        return Ok(());
    }
    if mine.is_file() && mine.nlink() != 1 {
        return Err(io::Error::other("has another name elsewhere: remove it, and try again"));
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}
