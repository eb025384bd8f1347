//! The disk below the agent's data folder: its faults, told to `disk.c` in the agent's process.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::power::{self, Lost};

/// Words of the control file; the same as in `disk.c`.
#[derive(Clone, Copy)]
pub enum Word {
    /// 1: nothing can grow; 2: nothing can be written.
    Full = 0,
    /// So many syncs fail.
    FailSyncs = 1,
    /// Each sync takes so many microseconds.
    SyncDelayUs = 2,
    /// The wall clock is wrong by so many milliseconds.
    ClockShiftMs = 3,
    /// 1: a sync is answered and not done.
    ForgetSyncs = 4,
    /// The process dies at the nth write from now.
    DieAtWrite = 5,
    /// It dies at the nth sync, which is not done any more.
    DieAtSync = 6,
    /// It dies after the nth sync.
    DieAfterSync = 7,
    /// Writes so far.
    Writes = 16,
    /// Syncs so far.
    Syncs = 17,
    /// Writes that a full disk refused.
    FullGiven = 18,
    /// Writes that a full disk did in half.
    ShortGiven = 19,
    /// Syncs that failed.
    FailedSyncs = 20,
    /// Syncs that were slow.
    DelayedSyncs = 21,
    /// Looks at a clock that was wrong.
    ShiftedClocks = 22,
}

const WORDS: usize = 32;

/// One disk.
pub struct Disk {
    control: File,
    folder: PathBuf,
    data: PathBuf,
}

impl Disk {
    /// A faultless disk below `folder/data`.
    pub fn new(folder: &Path) -> Self {
        let data = folder.join("data");
        fs::create_dir_all(&data).unwrap();
        fs::create_dir_all(folder.join("undo")).unwrap();
        let control = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(folder.join("control"))
            .unwrap();
        control.set_len(8 * WORDS as u64).unwrap();
        Self { control, folder: folder.to_owned(), data }
    }

    /// The folder whose writes it has.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What a process needs to have its files on this disk.
    pub fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("LD_PRELOAD", library().to_owned()),
            ("FAULTY_DISK_FOLDER", self.data.clone()),
            ("FAULTY_DISK_UNDO", self.folder.join("undo")),
            ("FAULTY_DISK_CONTROL", self.folder.join("control")),
        ]
    }

    pub fn set(&self, word: Word, value: i64) {
        self.control.write_all_at(&value.to_ne_bytes(), 8 * word as u64).unwrap();
    }

    pub fn get(&self, word: Word) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, 8 * word as u64).unwrap();
        i64::from_ne_bytes(bytes)
    }

    /// Ends all faults that go on by themselves.
    pub fn heal(&self) {
        use Word::{ClockShiftMs, DieAfterSync, DieAtSync, DieAtWrite, FailSyncs, Full, SyncDelayUs};
        for word in [Full, FailSyncs, SyncDelayUs, ClockShiftMs, DieAtWrite, DieAtSync, DieAfterSync] {
            self.set(word, 0);
        }
    }

    /// Plays a power cut, once the process is dead: of what was not synced something is lost.
    pub fn cut_power(&self, chance: &mut fastrand::Rng) -> Lost {
        power::cut(&self.data, &self.folder.join("undo"), chance)
    }
}

/// `disk.c`, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faulty-disk.so");
        let fresh = target.with_extension(format!("{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&fresh)
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .status()
            .unwrap();
        assert!(built.success(), "cc can't build disk.c");
        fs::rename(&fresh, &target).unwrap();
        target
    })
}
