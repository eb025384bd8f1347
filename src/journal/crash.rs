//! Dies at a chosen commit, so that tests can see what is left on disk. Not in release builds.

/// Where the process is to die.
pub enum Moment {
    /// Before a commit reaches the disk.
    Before,
    /// After it has, before anybody is told.
    After,
}

/// Ends the process where `OUTLETD_TEST_CRASH` says so: `before:3` or `after:3`, counting commits.
#[cfg(debug_assertions)]
pub fn at(moment: &Moment) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static POINT: OnceLock<Option<(bool, u32)>> = OnceLock::new();
    static COMMITS: AtomicU32 = AtomicU32::new(0);
    let point = POINT.get_or_init(|| {
        let text = std::env::var("OUTLETD_TEST_CRASH").ok()?;
        let (moment, number) = text.split_once(':')?;
        Some((moment == "before", number.parse().ok()?))
    });
    let Some(point) = *point else { return };
    let here = match moment {
        Moment::Before => (true, COMMITS.load(Ordering::Relaxed) + 1),
        Moment::After => (false, COMMITS.fetch_add(1, Ordering::Relaxed) + 1),
    };
    if here == point {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn at(_: &Moment) {}
