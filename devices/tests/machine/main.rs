//! The drivers of HID devices and of devices that type, on a real kernel: `machine/test`, which `./check` runs.

#![allow(clippy::unwrap_used)] // helpers of tests, too

mod bed;
mod cards;
mod forbidden;
mod listed;
mod nodes;
mod scales;
mod scanners;
mod usb;
mod wedges;
