//! An ATOL register on either protocol.

use outlet_simulators::register::{Register, RegisterSpec};
use serde_json::{Value, json};

#[path = "../support/register.rs"]
mod support;

pub use support::*;

impl Bed {
    /// A register on a TCP port and a driver that is not connected yet.
    pub async fn unconnected(spec: RegisterSpec, options: Value) -> Self {
        let (register, link) = on_tcp(spec).await;
        Self::with_link(register, link, options)
    }

    pub fn with_link(register: Register, link: String, options: Value) -> Self {
        Self::new("atol", register, link, None, options)
    }

    /// A connected register with an open shift and 200.00 in the drawer.
    pub async fn open(spec: RegisterSpec, options: Value) -> Self {
        let mut bed = Self::unconnected(spec, options).await;
        bed.driver.connect().await.expect("the register is there");
        bed.begin_the_day().await;
        bed
    }

    /// The same on a pseudo terminal, over either protocol.
    pub async fn serial(protocol: u8, name: &str) -> Self {
        let spec = if protocol == 2 { RegisterSpec::atol_v2() } else { RegisterSpec::atol_v3() };
        let (register, link) = on_pty(spec, &format!("atol{protocol}-{name}"));
        let mut options = quick();
        options["protocol"] = json!(protocol);
        options["work_s"] = json!(2);
        let mut bed = Self::with_link(register, link, options);
        bed.reconnect().await;
        bed.begin_the_day().await;
        bed
    }

    pub async fn selling() -> Self {
        Self::open(RegisterSpec::atol_v3(), quick()).await
    }
}

/// Options that make a test wait no longer than it must.
pub fn quick() -> Value {
    json!({"answer_ms": 150, "poll_ms": 100, "doubt_after_s": 60})
}
