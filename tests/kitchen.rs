//! The kitchen, end to end: orders at stations, what screens and programs ask for, and what everybody is told.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "kitchen/broker.rs"]
mod broker;
#[path = "kitchen/changes.rs"]
mod changes;
#[path = "kitchen/commands.rs"]
mod commands;
#[path = "kitchen/complaints.rs"]
mod complaints;
#[path = "kitchen/courses.rs"]
mod courses;
#[path = "kitchen/damaged.rs"]
mod damaged;
#[path = "kitchen/desk.rs"]
mod desk;
#[path = "kitchen/dishes.rs"]
mod dishes;
#[path = "kitchen/documents.rs"]
mod documents;
#[path = "support/mosquitto.rs"]
mod mosquitto;
#[allow(dead_code, reason = "screens speak of more than the kitchen needs")]
#[path = "screens/panel.rs"]
mod panel;
#[path = "kitchen/papers.rs"]
mod papers;
#[path = "kitchen/pulling.rs"]
mod pulling;
#[path = "kitchen/rights.rs"]
mod rights;
#[path = "kitchen/routing.rs"]
mod routing;
#[path = "kitchen/shown.rs"]
mod shown;
mod support;
#[allow(dead_code, reason = "the black box has more tools")]
#[path = "blackbox/tools.rs"]
mod tools;
