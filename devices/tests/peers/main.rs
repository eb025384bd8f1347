//! The drivers against programs of others, which `./check` installs:
//! `cargo test -p outlet-devices --all-features --test peers -- --ignored`.

#![allow(clippy::unwrap_used)] // helpers of tests, too

mod codes;
mod ipp;
mod modbus;
#[cfg(feature = "pcsc")]
mod pcsc;
mod tools;
