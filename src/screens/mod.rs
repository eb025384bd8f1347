//! The door of the kitchen's screens: the page, how a screen is admitted, and its way to the broker.
//!
//! - [`registry`]: the screens there are, and what each may see.
//! - [`pairing`]: how a new one becomes one of them.
//! - [`authority`]: the certificates that browsers are shown.
//! - [`door`]: the listener, and what every request meets first.
//! - [`gateway`]: lets a screen's MQTT through to the broker, and nothing else of it.
//! - [`office`]: what technicians ask.

pub mod authority;
mod certificates;
mod config;
pub mod door;
mod files;
pub mod fuzz;
pub mod gateway;
mod mqtt;
pub mod office;
mod overview;
mod pages;
pub mod pairing;
pub mod registry;
mod secret;
mod status;

pub use config::{WebConfig, WebError};
pub use files::build_id;
pub use registry::{AdmitAs, Change, Registry, Screen, ScreenError, View};
pub use status::Sight;
