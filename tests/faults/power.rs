//! A power cut: of what was written and not synced, something is taken back.
//!
//! Sector by sector (512 bytes): each has one of the contents that it had since it was last synced, as a
//! disk that writes in any order leaves it. A page of the journal may so be torn, and a file longer than
//! what is in it. What a folder was told comes back newest first, as file systems do it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const SECTOR: usize = 512;
const HEAD: usize = 40;

/// What a power cut took back.
#[derive(Debug, Default, Clone, Copy)]
pub struct Lost {
    /// Operations that were not synced.
    pub unsynced: usize,
    /// Sectors with an earlier content.
    pub sectors: usize,
    /// Sizes, names and whole files.
    pub others: usize,
    /// Writes of which a part was lost and a part stayed.
    pub torn: usize,
}

struct Record {
    /// Where it stands in the log.
    at: i64,
    kind: char,
    file: u64,
    a: i64,
    b: i64,
    c: i64,
    payload: Vec<u8>,
}

/// Takes back what a cut of power loses, and forgets the log: what is left is on disk.
pub fn cut(data: &Path, undo: &Path, chance: &mut fastrand::Rng) -> Lost {
    let log = records(&fs::read(undo.join("log")).unwrap_or_default());
    let mut lost = Lost::default();
    // A disk that had written nothing yet, nearly all, or anything.
    let share = [1.0, 1.0, 0.5, 0.5, 0.1][chance.usize(..5)];
    let durable = Durable::of(&log);
    let mut files: HashMap<u64, Vec<u8>> = HashMap::new();
    let mut paths: HashMap<u64, PathBuf> = names(data);
    let mut stands: HashSet<(u64, usize)> = HashSet::new();
    let mut sized: HashSet<u64> = HashSet::new();
    let mut named = false;
    for record in log.iter().rev().filter(|record| !matches!(record.kind, 'S' | 'F' | 'D')) {
        let is_durable = durable.has(record);
        lost.unsynced += usize::from(!is_durable);
        if matches!(record.kind, 'C' | 'U' | 'R') {
            named |= is_durable || chance.f64() >= share;
            if !named {
                lost.others += 1;
                take_back_name(record, data, undo, &mut paths, &mut files);
            }
            continue;
        }
        let Some(path) = paths.get(&record.file) else { continue };
        let bytes = files.entry(record.file).or_insert_with(|| fs::read(path).unwrap());
        let old_size = usize::try_from(record.b).unwrap();
        let start = usize::try_from(record.a).unwrap();
        let end = start + usize::try_from(record.c).unwrap();
        let resized = record.kind == 'T' || end > old_size;
        if record.kind == 'W' {
            let taken = take_back_sectors(record, bytes, is_durable, share, &mut stands, chance);
            lost.sectors += taken.0;
            lost.torn += usize::from(taken.0 > 0 && taken.1 > 0);
        }
        if record.kind == 'W' && is_durable && end == old_size {
            // What is written up to the end of a file brings its size along.
            sized.insert(record.file);
        }
        if resized && !sized.contains(&record.file) {
            if is_durable || chance.f64() >= share {
                sized.insert(record.file);
            } else {
                lost.others += 1;
                let known = bytes.len().min(start);
                bytes.resize(old_size, 0);
                if record.kind == 'T' && start < old_size && known == start {
                    let end = (start + record.payload.len()).min(old_size);
                    bytes[start..end].copy_from_slice(&record.payload[..end - start]);
                }
            }
        }
    }
    for (file, bytes) in files {
        if let Some(path) = paths.get(&file) {
            fs::write(path, bytes).unwrap();
        }
    }
    remove_scratch(data, chance);
    fs::remove_dir_all(undo).unwrap();
    fs::create_dir(undo).unwrap();
    lost
}

/// How many sectors of a write got their earlier content, and how many did not.
fn take_back_sectors(
    record: &Record,
    bytes: &mut [u8],
    is_durable: bool,
    share: f64,
    stands: &mut HashSet<(u64, usize)>,
    chance: &mut fastrand::Rng,
) -> (usize, usize) {
    let start = usize::try_from(record.a).unwrap();
    let end = start + usize::try_from(record.c).unwrap();
    let (mut taken, mut left) = (0, 0);
    for sector in start / SECTOR..end.div_ceil(SECTOR) {
        let key = (record.file, sector);
        if stands.contains(&key) {
            continue;
        }
        if is_durable || chance.f64() >= share {
            stands.insert(key);
            left += 1;
            continue;
        }
        taken += 1;
        for at in (sector * SECTOR).max(start)..((sector + 1) * SECTOR).min(end).min(bytes.len()) {
            bytes[at] = record.payload.get(at - start).copied().unwrap_or(0);
        }
    }
    (taken, left)
}

fn take_back_name(
    record: &Record,
    data: &Path,
    undo: &Path,
    paths: &mut HashMap<u64, PathBuf>,
    files: &mut HashMap<u64, Vec<u8>>,
) {
    let text = String::from_utf8_lossy(&record.payload).into_owned();
    let kept = |file: u64| undo.join(file.to_string());
    match record.kind {
        'C' => {
            if let Some(path) = paths.remove(&record.file) {
                fs::remove_file(path).unwrap();
                files.remove(&record.file);
            }
        }
        'U' => {
            let path = data.join(text);
            if !path.exists() {
                fs::hard_link(kept(record.file), &path).unwrap();
                paths.insert(record.file, path);
            }
        }
        _ => {
            let (from, to) = text.split_once('\n').unwrap();
            let (from, to) = (data.join(from), data.join(to));
            if paths.get(&record.file) != Some(&to) {
                return;
            }
            fs::rename(&to, &from).unwrap();
            paths.insert(record.file, from);
            if let Ok(other) = u64::try_from(record.a)
                && other != 0
            {
                fs::hard_link(kept(other), &to).unwrap();
                paths.insert(other, to);
            }
        }
    }
}

/// The shared memory of SQLite: gone, as if it had never been written, or left with anything in it.
fn remove_scratch(data: &Path, chance: &mut fastrand::Rng) {
    for path in names(data).into_values() {
        if path.to_string_lossy().ends_with("-shm") {
            if chance.bool() {
                fs::remove_file(path).unwrap();
            } else {
                let rubbish: Vec<u8> = (0..32768).map(|_| chance.u8(..)).collect();
                fs::write(path, rubbish).unwrap();
            }
        }
    }
}

/// Files below a folder by their numbers.
fn names(folder: &Path) -> HashMap<u64, PathBuf> {
    let mut found = HashMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let told = entry.metadata().unwrap();
            if told.is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(told.ino(), entry.path());
            }
        }
    }
    found
}

/// What was synced up to where.
struct Durable {
    /// Of each file, its syncs: where in the log they began, and whether they were done.
    syncs: HashMap<u64, Vec<(i64, bool)>>,
    folder: i64,
}

impl Durable {
    fn of(log: &[Record]) -> Self {
        let mut syncs: HashMap<u64, Vec<(i64, bool)>> = HashMap::new();
        let mut folder = -1;
        for record in log {
            match record.kind {
                'S' | 'F' => syncs.entry(record.file).or_default().push((record.a, record.kind == 'S')),
                'D' => folder = folder.max(record.a),
                _ => {}
            }
        }
        Self { syncs, folder }
    }

    /// Whether an operation was synced. What a failed sync should have written is given up by the system: a
    /// later one does not bring it to the disk.
    fn has(&self, record: &Record) -> bool {
        let syncs = self.syncs.get(&record.file).map(Vec::as_slice).unwrap_or_default();
        let mut later = syncs.iter().filter(|sync| record.at < sync.0);
        match record.kind {
            // A new file's name comes to the disk with its content.
            'C' => record.at < self.folder || later.any(|sync| sync.1),
            'U' | 'R' => record.at < self.folder,
            _ => later.next().is_some_and(|sync| sync.1),
        }
    }
}

fn records(log: &[u8]) -> Vec<Record> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(head) = log.get(at..at + HEAD) {
        let word = |from: usize| u32::from_ne_bytes(head[from..from + 4].try_into().unwrap());
        let long = |from: usize| i64::from_ne_bytes(head[from..from + 8].try_into().unwrap());
        let length = word(4) as usize;
        let Some(payload) = log.get(at + HEAD..at + HEAD + length) else { break };
        found.push(Record {
            at: i64::try_from(at).unwrap(),
            kind: char::from_u32(word(0)).unwrap(),
            file: long(8).cast_unsigned(),
            a: long(16),
            b: long(24),
            c: long(32),
            payload: payload.to_vec(),
        });
        at += HEAD + length;
    }
    found
}
