//! The drivers of scanners, card readers and RFID readers against simulated ones, over TCP and pseudo terminals.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "reader/bed.rs"]
mod bed;
#[path = "reader/cards.rs"]
mod cards;
#[path = "reader/codes.rs"]
mod codes;
#[path = "reader/faults.rs"]
mod faults;
#[path = "reader/links.rs"]
mod links;
#[path = "reader/secret.rs"]
mod secret;
#[path = "reader/settings.rs"]
mod settings;
#[path = "reader/tags.rs"]
mod tags;
