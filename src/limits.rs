//! How much one user or client may ask for: a bucket for each, filled at a steady rate.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Deserialize;

/// The table `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Jobs, requests and commands that one user may send in a second, on and on, with all its clients; or one client
    /// that has signed in as nobody.
    pub messages_per_s: u32,
    /// How many it may send at once after a rest.
    pub burst: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { messages_per_s: 200, burst: 5_000 }
    }
}

/// Clients whose buckets are kept; those that are full again are forgotten first.
const CLIENTS: usize = 4_096;

/// The buckets of all clients.
#[derive(Debug)]
pub struct Limits {
    config: LimitsConfig,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limits {
    /// Full buckets for everybody.
    pub fn new(config: LimitsConfig) -> Self {
        Self { config, buckets: Mutex::default() }
    }

    /// Takes one from a client's bucket. `false`: it is empty.
    pub fn allow(&self, client: &str, now: Instant) -> bool {
        let (rate, burst) = (f64::from(self.config.messages_per_s), f64::from(self.config.burst));
        let filled = |bucket: Bucket| {
            let rested = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.left + rested * rate).min(burst)
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CLIENTS && !buckets.contains_key(client) {
            buckets.retain(|_, bucket| filled(*bucket) < burst);
            // Thousands that are busy at once: a stranger makes up names, and shares one bucket with the others.
            if buckets.len() >= CLIENTS {
                return take(&mut buckets, "", burst, now, filled);
            }
        }
        take(&mut buckets, client, burst, now, filled)
    }

    /// The rate, for a message.
    pub fn messages_per_s(&self) -> u32 {
        self.config.messages_per_s
    }
}

fn take(
    buckets: &mut HashMap<String, Bucket>,
    client: &str,
    burst: f64,
    now: Instant,
    filled: impl Fn(Bucket) -> f64,
) -> bool {
    let bucket = match buckets.get_mut(client) {
        Some(bucket) => bucket,
        None => buckets.entry(client.to_owned()).or_insert(Bucket { left: burst, at: now }),
    };
    let left = filled(*bucket);
    let allowed = left >= 1.0;
    *bucket = Bucket { left: if allowed { left - 1.0 } else { left }, at: now };
    allowed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> Limits {
        Limits::new(LimitsConfig { messages_per_s: 10, burst: 20 })
    }

    #[test]
    fn a_client_may_send_its_burst_and_then_as_much_as_comes_back() {
        let (limits, start) = (limits(), Instant::now());
        let sent = |at: Duration| (0..100).filter(|_| limits.allow("till", start + at)).count();
        assert_eq!(sent(Duration::ZERO), 20);
        assert_eq!(sent(Duration::from_millis(500)), 5);
        assert_eq!(sent(Duration::from_secs(60)), 20, "a rest fills no more than the burst");
    }

    #[test]
    fn one_client_takes_nothing_from_another() {
        let (limits, start) = (limits(), Instant::now());
        while limits.allow("flood", start) {}
        assert!(limits.allow("till", start));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_fills_nothing() {
        let (limits, start) = (limits(), Instant::now());
        let later = start + Duration::from_secs(5);
        while limits.allow("till", later) {}
        assert!(!limits.allow("till", start));
    }

    #[test]
    fn names_made_up_by_a_stranger_do_not_fill_the_memory() {
        let (limits, start) = (limits(), Instant::now());
        let made_up = (0..CLIENTS * 3).filter(|number| limits.allow(&format!("x{number}"), start)).count();
        assert!(made_up <= CLIENTS + 20, "{made_up}");
        assert!(limits.buckets.lock().unwrap().len() <= CLIENTS + 1);
        assert!(limits.allow("till", start + Duration::from_secs(60)), "forgotten once they are full");
    }
}
