//! Passwords as they are configured, and how one that is shown is looked at.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use mqtt5::broker::auth::PasswordAuthProvider;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio_rustls::rustls::crypto::ring;

/// A password as written in the configuration: plain, or a hash in the PHC format
/// (`$argon2id$v=19$...`, as `argon2 -e` prints it).
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes the text as it stands in the configuration.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.0.is_empty() {
            return Some("the password is empty: set one");
        }
        let torn = self.is_hash() && self.0.split('$').count() != 6;
        torn.then_some("the password hash is not whole: $argon2id$v=19$m=..,t=..,p=..$salt$hash")
    }

    pub(super) fn is_hash(&self) -> bool {
        self.0.starts_with("$argon2")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Looks at passwords that are shown.
///
/// Argon2 takes some 20 MB and a good part of a second each time: one is calculated after the other, and what was
/// right once is known again without it. Of that a digest is kept, under a key that is made at each start.
pub(crate) struct Verifier {
    turns: Semaphore,
    /// `None` where the system has no random numbers: then nothing is kept.
    key: Option<[u8; 32]>,
    /// By hash, the digest of its password.
    right: Mutex<BTreeMap<String, [u8; 32]>>,
}

impl Verifier {
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        let random = ring::default_provider().secure_random.fill(&mut key);
        Self { turns: Semaphore::new(1), key: random.ok().map(|()| key), right: Mutex::default() }
    }

    /// Whether the password that is shown is this one.
    pub(crate) async fn verify(&self, password: &Password, given: &[u8]) -> bool {
        if !password.is_hash() {
            return same(password.0.as_bytes(), given);
        }
        let digest = self.digest(&password.0, given);
        if digest.is_some_and(|digest| self.is_known(&password.0, &digest)) {
            return true;
        }
        let right = self.calculate(&password.0, given).await;
        if let Some(digest) = digest.filter(|_| right) {
            let mut known = self.right.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(password.0.clone(), digest);
        }
        right
    }

    /// The same for a user who may not be there, or have no password. What is wrong takes as long as it does for a
    /// user with the password `like`, where that is a hash: the time tells nothing of who is there.
    pub(super) async fn verify_user(
        &self,
        expected: Option<&Password>,
        given: &[u8],
        like: Option<&Password>,
    ) -> bool {
        if let Some(expected) = expected {
            let right = self.verify(expected, given).await;
            if right || expected.is_hash() {
                return right;
            }
        }
        if let Some(like) = like.filter(|like| like.is_hash()) {
            self.calculate(&like.0, given).await;
        }
        false
    }

    fn digest(&self, hash: &str, given: &[u8]) -> Option<[u8; 32]> {
        let key = self.key.as_ref()?;
        Some(
            Sha256::new()
                .chain_update(key)
                .chain_update(hash)
                .chain_update([0])
                .chain_update(given)
                .finalize()
                .into(),
        )
    }

    fn is_known(&self, hash: &str, digest: &[u8]) -> bool {
        let known = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).is_some_and(|right| same(right, digest))
    }

    async fn calculate(&self, hash: &str, given: &[u8]) -> bool {
        let Ok(_turn) = self.turns.acquire().await else { return false };
        let (hash, given) = (hash.to_owned(), given.to_vec());
        tokio::task::spawn_blocking(move || {
            // What is no text is no password, and takes as long.
            let text = String::from_utf8_lossy(&given);
            PasswordAuthProvider::verify_password(&text, &hash) && text.as_bytes() == given
        })
        .await
        .unwrap_or(false)
    }
}

/// Compares in a time that doesn't tell how much is right.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn hashed(password: &str) -> Password {
        Password::new(PasswordAuthProvider::hash_password(password).unwrap())
    }

    #[tokio::test]
    async fn a_hash_is_calculated_once_for_what_is_right_and_each_time_for_what_is_wrong() {
        let (verifier, password) = (Verifier::new(), hashed("right"));
        assert!(verifier.verify(&password, b"right").await);
        let turn = verifier.turns.acquire().await.unwrap();
        assert_eq!(verifier.verify(&password, b"right").now_or_never(), Some(true), "it is known");
        let mut wrong = std::pin::pin!(verifier.verify(&password, b"wrong"));
        assert!(wrong.as_mut().now_or_never().is_none(), "it is calculated");
        let other = hashed("right");
        assert!(
            verifier.verify(&other, b"right").now_or_never().is_none(),
            "of another user nothing is known"
        );
        drop(turn);
        assert!(!wrong.await);
    }

    #[tokio::test]
    async fn who_is_not_there_is_answered_after_a_calculation_where_a_hash_is_configured() {
        let (verifier, like, plain) = (Verifier::new(), hashed("right"), Password::new("plain"));
        let turn = verifier.turns.acquire().await.unwrap();
        let at_once =
            |expected, given: &'static [u8], like| verifier.verify_user(expected, given, like).now_or_never();
        for expected in [None, Some(&plain), Some(&like)] {
            assert_eq!(at_once(expected, b"right?", Some(&like)), None, "{expected:?} is calculated");
        }
        assert_eq!(
            at_once(Some(&plain), b"plain", Some(&like)),
            Some(true),
            "what is right tells that anyway"
        );
        for like in [None, Some(&plain)] {
            assert_eq!(at_once(None, b"guess", like), Some(false), "where all are compared, so is this");
        }
        drop(turn);
        for expected in [None, Some(&plain), Some(&like)] {
            let right = verifier.verify_user(expected, b"right", Some(&like)).await;
            assert_eq!(right, expected.is_some_and(Password::is_hash), "what it is like lets nobody in");
        }
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_no_password() {
        let replaced = hashed("a\u{fffd}");
        let verifier = Verifier::new();
        assert!(!verifier.verify(&replaced, b"a\xff").await);
        assert!(verifier.verify(&replaced, "a\u{fffd}".as_bytes()).await);
    }
}
