//! The drivers against programs of others, which `./check` installs:
//! `cargo test -p outlet-devices --all-features --test peers -- --ignored`.

mod tools;
