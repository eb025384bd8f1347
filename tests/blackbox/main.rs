//! The agent as the outlet's other programs see it: the real binary, spoken to by MQTT clients that
//! nobody here wrote (mosquitto's, Paho for Python, `mqtt` for Node.js), over the embedded broker
//! and over mosquitto, to which the agent also speaks MQTT 3.1.1.
//!
//! They need what `./check` installs, so a plain `cargo test` passes them over. To run them alone:
//! `cargo test --test blackbox -- --ignored`.

#![allow(clippy::unwrap_used)] // helpers of tests, too

mod agent;
mod bad_input;
mod broker;
mod client;
mod jobs;
mod older;
mod presence;
mod requests;
mod tools;

/// Makes a test of each function for each broker.
macro_rules! on_every_broker {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            #[ignore = "needs the tools of ./check"]
            async fn $case() {
                super::$case(crate::broker::Broker::Embedded).await;
            })+
        }
        mod mosquitto {
            $(#[tokio::test]
            #[ignore = "needs the tools of ./check"]
            async fn $case() {
                super::$case(crate::broker::Broker::Mosquitto).await;
            })+
        }
    };
}
use on_every_broker;
