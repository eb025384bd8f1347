//! Fuzz targets of what strangers send to the agent, over their corpora, as ordinary tests.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/corpus.rs"]
mod corpus;

use corpus::holds;
use outletd::{broker, bus, intake, kitchen, screens, web};

#[test]
fn packets_of_screens() {
    holds("fuzz/corpus/screen_mqtt", screens::fuzz::any_packets);
}

#[test]
fn requests_to_the_pages_of_screens() {
    holds("fuzz/corpus/screen_door", screens::fuzz::any_request);
}

#[test]
fn commands_of_screens() {
    holds("fuzz/corpus/kitchen_command", kitchen::fuzz::any_bytes);
}

#[test]
fn jobs() {
    holds("fuzz/corpus/job", intake::fuzz::any_job);
}

#[test]
fn requests_to_the_agent_and_to_devices() {
    holds("fuzz/corpus/request", intake::fuzz::any_request);
}

#[test]
fn requests_to_the_http_door() {
    holds("fuzz/corpus/http_door", web::fuzz::any_request);
}

#[test]
fn clients_of_the_embedded_broker() {
    holds("fuzz/corpus/broker_client", broker::fuzz::any_bytes);
}

#[test]
fn what_a_broker_sends_to_the_agent() {
    holds("fuzz/corpus/agent_bus", bus::fuzz::any_bytes);
}
