//! Scales: their protocols without I/O, and the one model of a reading.
//!
//! [`protocols`] lists what is spoken over serial lines and TCP; each is a [`Protocol`] that one driver runs. USB
//! scales of the HID class send reports that [`hid`] reads. Indicators on Modbus have no map in common:
//! [`indicator`] reads their registers by a profile.
//!
//! All of them give a [`Reading`]. What the documents of scales say, and who said it, stands in the module of each
//! protocol.

pub mod adam;
pub mod cas;
pub mod cas_stream;
pub mod dialog_04;
pub mod dibal;
mod exchange;
pub mod fuzz;
pub mod hid;
pub mod indicator;
pub mod massa_100;
pub mod massa_1c;
mod massa_frame;
pub mod massa_j;
pub mod mt_sics;
pub mod nci;
mod protocol;
mod reading;
mod registry;
pub mod shtrih_pos2;
mod text;
pub mod toledo_8217;

pub use protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Protocol, Step, Then, Timing};
pub use reading::{Kind, NotForSale, Reading, Unit, Weight};
pub use registry::{Commands, OptionsError, ProtocolInfo, by_name, protocols};
