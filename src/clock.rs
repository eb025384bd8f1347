//! Time at the edge: what decides by time takes a [`Timestamp`].

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: milliseconds since 1970 in UTC, written as RFC 3339 (`2026-05-01T18:30:00.250Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment and some milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment, 0 if it lies ahead.
    pub fn since_ms(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// Hours and minutes in the outlet's time zone, as a cook reads them.
    pub fn local_hh_mm(self) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(f, "{moment:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse::<jiff::Timestamp>()?.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "UTC, RFC 3339 with milliseconds",
        })
    }
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of the machine.
pub fn system() -> Clock {
    Arc::new(|| Timestamp(jiff::Timestamp::now().as_millisecond()))
}

/// How often a clock is looked at that may jump.
const LOOK: Duration = Duration::from_secs(5);

/// Waits until so much time has gone by on a clock: also what the machine slept, and what the clock was set forward
/// by. A clock that is set back ends the wait too, or nothing would come of it for as long.
pub async fn gone_by(clock: &Clock, time: Duration) {
    let began = clock();
    let end = began.plus_ms(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    while (began..end).contains(&clock()) {
        tokio::time::sleep(LOOK.min(time)).await;
    }
}

/// Farther than a clock goes wrong by itself, or a box sleeps over a weekend.
const FAR_MS: u64 = 2 * 24 * 3600 * 1000;

/// Knows whether a clock was set far ahead since it was looked at last.
pub struct Leaps {
    clock: Clock,
    seen: Timestamp,
    since: tokio::time::Instant,
}

impl Leaps {
    /// Looks at a clock that was seen to show `seen` before.
    pub fn since(clock: Clock, seen: Timestamp) -> Self {
        Self { clock, seen, since: tokio::time::Instant::now() }
    }

    /// Whether more than two days lie between this look and the last one that have not gone by.
    pub fn far_ahead(&mut self) -> bool {
        let (now, instant) = ((self.clock)(), tokio::time::Instant::now());
        let gone_by = u64::try_from((instant - self.since).as_millis()).unwrap_or(u64::MAX);
        let far = now.since_ms(self.seen) > gone_by.saturating_add(FAR_MS);
        (self.seen, self.since) = (now, instant);
        far
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// A clock that goes with the paused one of the tests, and how far it was set forward.
    fn settable() -> (Clock, Arc<AtomicI64>) {
        let (start, set) = (tokio::time::Instant::now(), Arc::new(AtomicI64::new(0)));
        let shift = set.clone();
        let clock: Clock = Arc::new(move || {
            Timestamp(1_800_000_000_000)
                .plus_ms(start.elapsed().as_millis() as i64)
                .plus_ms(shift.load(Ordering::Relaxed))
        });
        (clock, set)
    }

    async fn waited(set_by_ms: i64) -> Duration {
        let (clock, set) = settable();
        let start = tokio::time::Instant::now();
        let waiting = tokio::spawn(async move { gone_by(&clock, Duration::from_secs(3600)).await });
        tokio::time::sleep(Duration::from_secs(60)).await;
        set.store(set_by_ms, Ordering::Relaxed);
        waiting.await.expect("the wait ends");
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_is_an_hour_of_the_clock() {
        assert_eq!(waited(0).await, Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_box_slept_counts_and_a_clock_that_is_set_back_puts_nothing_off() {
        for set_by in [24 * HOUR_MS, HOUR_MS, -HOUR_MS] {
            assert!(waited(set_by).await <= Duration::from_secs(65), "set by {set_by} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_ahead_by_days_is_noticed_once() {
        let (clock, set) = settable();
        let mut leaps = Leaps::since(clock.clone(), clock());
        assert!(!leaps.far_ahead());
        tokio::time::sleep(Duration::from_secs(30 * 24 * 3600)).await;
        assert!(!leaps.far_ahead(), "days that have gone by");
        set.store(24 * HOUR_MS, Ordering::Relaxed);
        assert!(!leaps.far_ahead(), "a day");
        set.store(24 * HOUR_MS + 50 * HOUR_MS, Ordering::Relaxed);
        assert!(leaps.far_ahead());
        assert!(!leaps.far_ahead());
        set.store(0, Ordering::Relaxed);
        assert!(!leaps.far_ahead(), "set back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_box_that_starts_days_after_its_last_record_may_have_a_wrong_clock() {
        let (clock, _) = settable();
        assert!(Leaps::since(clock.clone(), clock().plus_ms(-50 * HOUR_MS)).far_ahead());
        assert!(!Leaps::since(clock.clone(), clock().plus_ms(-40 * HOUR_MS)).far_ahead());
    }
}
