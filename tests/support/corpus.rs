//! A fuzz target's body over its corpus, for the ordinary tests of any crate.

use std::fs;
use std::path::Path;

/// Each file of a corpus, named from the workspace's folder, and each beginning of it.
pub fn holds(corpus: &str, body: impl Fn(&[u8]) -> Result<(), String>) {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join(corpus));
    let folder = folders.find(|folder| folder.is_dir()).unwrap();
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let input = fs::read(&path).unwrap();
        for end in 0..=input.len() {
            assert_eq!(body(&input[..end]), Ok(()), "{}, {end} bytes of it", path.display());
        }
        files += 1;
    }
    assert!(files >= 4, "{files} files in {corpus}");
}
