//! Programs that `./check` installs.

use std::path::{Path, PathBuf};

/// A system program, also where an ordinary user's PATH does not look.
#[allow(dead_code, reason = "not every peer is a system program")]
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: run ./check"))
}

/// The Python with the packages of `tests/blackbox/python/requirements.txt`.
#[allow(dead_code, reason = "not every peer is a Python package")]
pub fn python() -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/python/bin/python3");
    assert!(file.exists(), "{} is not there: run ./check", file.display());
    file
}
