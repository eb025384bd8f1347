//! The page of the screens, embedded.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::secret::hex;

const INDEX: &[u8] = include_bytes!("../../web/screens/dist/index.html");
const SCRIPT: &[u8] = include_bytes!("../../web/screens/dist/assets/app.js");
const STYLE: &[u8] = include_bytes!("../../web/screens/dist/assets/app.css");
const STATUS_STYLE: &[u8] = include_bytes!("status.css");
const STATUS_SCRIPT: &[u8] = include_bytes!("status.js");
/// Stands in the page for the build that serves it.
const UNBUILT: &str = "<meta name=\"build\" content=\"dev\"";

/// A file as it is served.
pub(super) struct File {
    /// Its type.
    pub(super) content_type: &'static str,
    /// What is in it.
    pub(super) bytes: &'static [u8],
    /// Changes when that does.
    pub(super) etag: String,
}

/// The build of the page: 12 hexadecimal digits of SHA-256 over its files.
pub fn build_id() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for file in [INDEX, SCRIPT, STYLE] {
            hash.update(file);
        }
        hex(&hash.finalize()[..6])
    });
    &BUILD
}

/// The page itself, with its build.
pub(super) fn index() -> &'static File {
    static FILE: LazyLock<File> = LazyLock::new(|| {
        let built = format!("<meta name=\"build\" content=\"{}\"", build_id());
        let page = String::from_utf8_lossy(INDEX).replacen(UNBUILT, &built, 1);
        File::new("text/html; charset=utf-8", page.into_bytes().leak())
    });
    &FILE
}

/// The page's script.
pub(super) fn script() -> &'static File {
    static FILE: LazyLock<File> = LazyLock::new(|| File::new("text/javascript; charset=utf-8", SCRIPT));
    &FILE
}

/// The page's style.
pub(super) fn style() -> &'static File {
    static FILE: LazyLock<File> = LazyLock::new(|| File::new("text/css; charset=utf-8", STYLE));
    &FILE
}

/// The style of the status page.
pub(super) fn status_style() -> &'static File {
    static FILE: LazyLock<File> = LazyLock::new(|| File::new("text/css; charset=utf-8", STATUS_STYLE));
    &FILE
}

/// What keeps the status page fresh.
pub(super) fn status_script() -> &'static File {
    static FILE: LazyLock<File> =
        LazyLock::new(|| File::new("text/javascript; charset=utf-8", STATUS_SCRIPT));
    &FILE
}

impl File {
    fn new(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { content_type, bytes, etag: format!("\"{}\"", hex(&Sha256::digest(bytes)[..12])) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_its_build() {
        assert_eq!(build_id().len(), 12);
        let page = std::str::from_utf8(index().bytes).unwrap();
        assert!(page.contains(&format!("content=\"{}\"", build_id())), "{page}");
    }
}
