//! The disk of the machine: a server of the NBD protocol with a write cache that loses power.
//!
//! What the machine has written is on the disk for good once it has asked for a flush, or wrote it through (FUA).
//! At a power cut each later write is kept, lost, or torn into its sectors, as chance has it. The image it begins with
//! is not changed. Source: the NBD protocol's description, fixed newstyle negotiation and simple replies.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

const SECTOR: u64 = 512;
const BLOCK: u64 = 4096;

/// A disk; clones are the same.
#[derive(Clone)]
pub struct Disk {
    store: Arc<Mutex<Store>>,
    /// How many writes there were.
    writes: Arc<watch::Sender<u64>>,
    size: u64,
}

struct Store {
    image: File,
    /// Blocks that are no more as in the image, as the machine sees them.
    seen: HashMap<u64, Box<[u8]>>,
    /// The same as they stay without power.
    durable: HashMap<u64, Box<[u8]>>,
    /// Writes that are not sure to be in `durable`, oldest first.
    unflushed: Vec<Write>,
    flushes: u64,
    /// No write beyond this one is taken: power fails at it.
    last_write: Option<u64>,
}

struct Write {
    offset: u64,
    data: Vec<u8>,
}

/// What a power cut did to the writes that were not flushed.
#[derive(Debug, Default, Clone, Copy)]
pub struct Cut {
    pub kept: usize,
    pub torn: usize,
    pub lost: usize,
}

impl Disk {
    /// A disk that begins with an image.
    pub fn new(image: &Path) -> io::Result<Self> {
        let image = File::open(image)?;
        let size = image.metadata()?.len();
        let store = Store {
            image,
            seen: HashMap::new(),
            durable: HashMap::new(),
            unflushed: Vec::new(),
            flushes: 0,
            last_write: None,
        };
        Ok(Self { store: Arc::new(Mutex::new(store)), writes: Arc::new(watch::channel(0).0), size })
    }

    /// Serves one machine after the other at a socket, for as long as the runtime lives.
    pub fn serve(&self, socket: &Path) -> io::Result<()> {
        let listener = UnixListener::bind(socket)?;
        let disk = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let disk = disk.clone();
                // Its end is the machine's: a broken stream is what a killed one leaves.
                tokio::spawn(async move { disk.talk(&mut stream).await });
            }
        });
        Ok(())
    }

    /// How many writes there were.
    pub fn writes(&self) -> u64 {
        *self.writes.borrow()
    }

    /// Lets power fail at a write: it comes as far as the cache, is not answered, and nothing is after it. Waits for it.
    pub async fn fail_at_write(&self, number: u64) {
        self.with(|store| store.last_write = Some(number));
        let mut writes = self.writes.subscribe();
        // The sender lives as long as this handle.
        let _ = writes.wait_for(|count| *count >= number).await;
    }

    /// Power is lost; the machine must be gone.
    pub fn cut(&self, chance: &mut fastrand::Rng) -> Cut {
        let mut cut = Cut::default();
        self.with(|store| {
            for write in std::mem::take(&mut store.unflushed) {
                let fate = chance.u8(..3);
                let sectors = write.data.chunks(SECTOR as usize);
                let mut kept = 0;
                for (sector, data) in (0u64..).zip(sectors) {
                    if fate == 0 || (fate == 1 && chance.bool()) {
                        put(&mut store.durable, &store.image, write.offset + sector * SECTOR, data);
                        kept += 1;
                    }
                }
                match kept {
                    0 => cut.lost += 1,
                    _ if kept == write.data.len().div_ceil(SECTOR as usize) => cut.kept += 1,
                    _ => cut.torn += 1,
                }
            }
            store.seen.clone_from(&store.durable);
            store.last_write = None;
        });
        cut
    }

    /// How often everything was flushed.
    pub fn flushes(&self) -> u64 {
        self.with(|store| store.flushes)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn talk(&self, stream: &mut UnixStream) -> io::Result<()> {
        if !self.negotiate(stream).await? {
            return Ok(());
        }
        let mut data = Vec::new();
        loop {
            let magic = stream.read_u32().await?;
            let (flags, kind) = (stream.read_u16().await?, stream.read_u16().await?);
            let (cookie, offset) = (stream.read_u64().await?, stream.read_u64().await?);
            let length = stream.read_u32().await?;
            assert_eq!(magic, 0x2560_9513, "the machine's disk is asked for something else than NBD");
            let end = offset.checked_add(u64::from(length));
            let inside = end.is_some_and(|end| end <= self.size) && length <= 32 << 20;
            data.clear();
            let mut error = if inside { 0 } else { 22 };
            match kind {
                0 => {
                    data.resize(if inside { length as usize } else { 0 }, 0);
                    self.with(|store| get(&store.seen, &store.image, offset, &mut data))?;
                }
                1 => {
                    data.resize(length as usize, 0);
                    stream.read_exact(&mut data).await?;
                    if inside && !self.write(offset, &data, flags & 1 != 0) {
                        return std::future::pending().await;
                    }
                    data.clear();
                }
                2 => return Ok(()),
                3 => {
                    error = 0;
                    self.with(Store::flush);
                }
                _ => error = 22,
            }
            stream.write_u32(0x6744_6698).await?;
            stream.write_u32(error).await?;
            stream.write_u64(cookie).await?;
            if error == 0 {
                stream.write_all(&data).await?;
            }
        }
    }

    /// False: there is no power any more.
    fn write(&self, offset: u64, data: &[u8], through: bool) -> bool {
        let number = self.writes() + 1;
        let (taken, answered) = self.with(|store| {
            let last = store.last_write.unwrap_or(u64::MAX);
            if number <= last {
                store.write(offset, data, through && number < last);
            }
            (number <= last, number < last)
        });
        if taken {
            self.writes.send_replace(number);
        }
        answered
    }

    /// False: the other side wants nothing.
    async fn negotiate(&self, stream: &mut UnixStream) -> io::Result<bool> {
        stream.write_all(b"NBDMAGICIHAVEOPT").await?;
        stream.write_u16(3).await?;
        let _flags = stream.read_u32().await?;
        // It has flags, knows flush and FUA.
        let abilities = 1 | 4 | 8;
        loop {
            let _magic = stream.read_u64().await?;
            let option = stream.read_u32().await?;
            let length = stream.read_u32().await?;
            let mut asked = vec![0; length as usize];
            stream.read_exact(&mut asked).await?;
            let mut export = self.size.to_be_bytes().to_vec();
            export.extend(u16::to_be_bytes(abilities));
            match option {
                1 => {
                    stream.write_all(&export).await?;
                    return Ok(true);
                }
                2 => return Ok(false),
                6 | 7 => {
                    export.splice(0..0, [0, 0]);
                    reply(stream, option, 3, &export).await?;
                    reply(stream, option, 1, &[]).await?;
                    if option == 7 {
                        return Ok(true);
                    }
                }
                _ => reply(stream, option, (1 << 31) + 1, &[]).await?,
            }
        }
    }
}

async fn reply(stream: &mut UnixStream, option: u32, kind: u32, data: &[u8]) -> io::Result<()> {
    stream.write_u64(0x0003_e889_0455_65a9).await?;
    stream.write_u32(option).await?;
    stream.write_u32(kind).await?;
    stream.write_u32(data.len() as u32).await?;
    stream.write_all(data).await
}

impl Store {
    fn write(&mut self, offset: u64, data: &[u8], through: bool) {
        put(&mut self.seen, &self.image, offset, data);
        if through {
            // Older writes to the same place must not come back over it.
            self.flush_range(offset, data.len() as u64);
            put(&mut self.durable, &self.image, offset, data);
        } else {
            self.unflushed.push(Write { offset, data: data.to_vec() });
        }
    }

    fn flush(&mut self) {
        self.flushes += 1;
        for write in std::mem::take(&mut self.unflushed) {
            put(&mut self.durable, &self.image, write.offset, &write.data);
        }
    }

    fn flush_range(&mut self, offset: u64, length: u64) {
        let (meets, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.unflushed).into_iter().partition(|write| {
                write.offset < offset + length && offset < write.offset + write.data.len() as u64
            });
        self.unflushed = others;
        for write in meets {
            put(&mut self.durable, &self.image, write.offset, &write.data);
        }
    }
}

fn put(blocks: &mut HashMap<u64, Box<[u8]>>, image: &File, mut offset: u64, mut data: &[u8]) {
    while !data.is_empty() {
        let (number, within) = (offset / BLOCK, (offset % BLOCK) as usize);
        let length = data.len().min(BLOCK as usize - within);
        let block = blocks.entry(number).or_insert_with(|| {
            let mut block = vec![0; BLOCK as usize].into_boxed_slice();
            // Behind the image's end there are zeros.
            let _ = image.read_at(&mut block, number * BLOCK);
            block
        });
        block[within..within + length].copy_from_slice(&data[..length]);
        offset += length as u64;
        data = &data[length..];
    }
}

fn get(
    blocks: &HashMap<u64, Box<[u8]>>,
    image: &File,
    mut offset: u64,
    mut data: &mut [u8],
) -> io::Result<()> {
    while !data.is_empty() {
        let (number, within) = (offset / BLOCK, (offset % BLOCK) as usize);
        let length = data.len().min(BLOCK as usize - within);
        let (now, later) = data.split_at_mut(length);
        match blocks.get(&number) {
            Some(block) => now.copy_from_slice(&block[within..within + length]),
            None => image.read_exact_at(now, offset)?,
        }
        offset += length as u64;
        data = later;
    }
    Ok(())
}
