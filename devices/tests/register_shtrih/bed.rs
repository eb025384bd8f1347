//! A Shtrih-M register on either link level.

use outlet_simulators::register::shtrih::{ShtrihLink, ShtrihSpec};
use outlet_simulators::register::{Family, RegisterSpec};
use serde_json::{Value, json};

#[path = "../support/register.rs"]
mod support;

pub use support::*;

impl Bed {
    /// A register on a TCP port and a driver that is not connected yet.
    pub async fn unconnected(spec: RegisterSpec, options: Value) -> Self {
        Self::unconnected_as(spec, None, options).await
    }

    /// The same as a model.
    async fn unconnected_as(spec: RegisterSpec, model: Option<&str>, options: Value) -> Self {
        let (register, link) = on_tcp(spec).await;
        Self::new("shtrih", register, link, model, options)
    }

    /// A register on a pseudo terminal and a driver that is not connected yet.
    pub fn pty(name: &str, spec: RegisterSpec, options: Value) -> Self {
        let (register, link) = on_pty(spec, &format!("shtrih-{name}"));
        Self::new("shtrih", register, link, None, options)
    }

    /// A connected register with an open shift and 200.00 in the drawer.
    pub async fn open(spec: RegisterSpec, options: Value) -> Self {
        Self::open_as(spec, None, options).await
    }

    /// The same as a model.
    pub async fn open_as(spec: RegisterSpec, model: Option<&str>, options: Value) -> Self {
        let mut bed = Self::unconnected_as(spec, model, options).await;
        bed.driver.connect().await.expect("the register is there");
        bed.begin_the_day().await;
        bed
    }

    pub async fn selling() -> Self {
        Self::selling_on(1).await
    }

    /// The same on a link level.
    pub async fn selling_on(level: u8) -> Self {
        let link = if level == 2 { ShtrihLink::V2 } else { ShtrihLink::V1 };
        Self::open(spec(ShtrihSpec { link, ..ShtrihSpec::default() }), on_level(level)).await
    }

    /// Another till at the same register.
    pub fn another(&self) -> Self {
        let settings = self.settings.clone();
        let model = settings.model.as_deref();
        Self::new("shtrih", self.register.clone(), settings.link, model, settings.options)
    }
}

/// Options that make a test wait no longer than it must.
pub fn quick() -> Value {
    json!({"answer_ms": 150, "poll_ms": 100, "doubt_after_s": 5})
}

pub fn on_level(level: u8) -> Value {
    let mut options = quick();
    options["level"] = json!(level);
    options
}

/// A register whose clock stands at half past ten.
pub fn spec(family: ShtrihSpec) -> RegisterSpec {
    let spec = RegisterSpec { family: Family::Shtrih(family), ..RegisterSpec::shtrih_v1() };
    spec.at("2026-11-22T10:30:00".parse().unwrap())
}

/// Whether every number of a receipt is there.
pub fn assert_complete(name: &str, result: &Value) {
    for field in NUMBERS {
        assert!(!result["fiscalParams"][field].is_null(), "{name}: {field} is missing in {result}");
    }
}

/// The context of an attempt of another agent.
pub fn notes_of(attempt: u64) -> Notes {
    Notes::new(attempt, Value::Null)
}
