//! Counts failed sign-ins, so that whoever guesses is slowed down.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

/// Failures from one address within [`WITHIN`], after which it is answered slowly.
const MANY: usize = 10;
const WITHIN: Duration = Duration::from_secs(60);
/// Addresses that failures are counted of.
const ADDRESSES: usize = 1000;

/// Failed sign-ins of the last minute.
#[derive(Default)]
pub(super) struct Failures(BTreeMap<IpAddr, Vec<Instant>>);

impl Failures {
    /// Notes one. Returns whether there were many from this address.
    pub(super) fn note(&mut self, from: IpAddr, now: Instant) -> bool {
        self.0.retain(|_, times| {
            times.retain(|time| now.duration_since(*time) < WITHIN);
            !times.is_empty()
        });
        if self.0.len() >= ADDRESSES && !self.0.contains_key(&from) {
            return true;
        }
        let times = self.0.entry(from).or_default();
        if times.len() <= MANY {
            times.push(now);
        }
        times.len() > MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + last).to_be_bytes())
    }

    #[test]
    fn the_eleventh_failure_within_a_minute_is_one_of_many() {
        let mut failures = Failures::default();
        let start = Instant::now();
        for _ in 0..10 {
            assert!(!failures.note(address(1), start));
        }
        assert!(failures.note(address(1), start));
        assert!(!failures.note(address(2), start), "others are not slowed down");
        assert!(!failures.note(address(1), start + WITHIN), "a minute later all is forgotten");
    }

    #[test]
    fn many_addresses_fill_no_memory() {
        let mut failures = Failures::default();
        let start = Instant::now();
        for last in 0..5000 {
            failures.note(address(last), start);
        }
        assert_eq!(failures.0.len(), ADDRESSES);
        assert!(failures.note(address(9999), start));
        assert!(!failures.note(address(9999), start + WITHIN));
    }
}
