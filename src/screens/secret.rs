//! What nobody may guess.

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::crypto::ring;

/// The system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers: nothing secret can be made; see the kernel's log")]
pub struct NoRandom;

/// Random bytes, fit for secrets.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0u8; N];
    ring::default_provider().secure_random.fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// As many random bytes in hexadecimal.
pub fn random_hex<const N: usize>() -> Result<String, NoRandom> {
    Ok(hex(&random::<N>()?))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a secret, in hexadecimal: what is kept of it.
pub fn hashed(secret: &[u8]) -> String {
    hex(&Sha256::digest(secret))
}

/// Compares in a time that does not tell how much is right.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash_alone() {
        // FIPS 180-4: the hash of "abc".
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hashed(b"abc"), known);
        assert!(same(hashed(b"abc").as_bytes(), known.as_bytes()));
        assert!(!same(hashed(b"abd").as_bytes(), known.as_bytes()));
        assert!(!same(b"ab", b"abc"));
    }

    #[test]
    fn no_two_secrets_are_alike() {
        assert_ne!(random_hex::<32>().unwrap(), random_hex::<32>().unwrap());
        assert_eq!(random_hex::<32>().unwrap().len(), 64);
    }
}
