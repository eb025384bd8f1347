//! Bounds on guessing: failed sign-ins by address, counted before a password is looked at.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failed sign-ins of one address within [`WITHIN`], after which it is refused unheard.
pub(crate) const MANY: usize = 10;
const WITHIN: Duration = Duration::from_secs(60);
/// Sign-ins of one address that are judged at once.
const AT_ONCE: usize = 4;
/// Addresses that are counted; while there are more, new ones are refused.
const ADDRESSES: usize = 10_000;

/// The sign-ins of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<IpAddr, Tried>>);

#[derive(Debug, Default)]
struct Tried {
    failed: Vec<Instant>,
    judged: usize,
}

impl Tried {
    fn forget_old(&mut self, now: Instant) {
        self.failed.retain(|at| now.saturating_duration_since(*at) < WITHIN);
    }
}

/// A sign-in that is being judged. It has failed unless it is told otherwise.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    all: &'a Attempts,
    from: IpAddr,
    failed: bool,
}

impl Attempts {
    /// Begins one, unless this address has failed too often, or has too many under way.
    pub(crate) fn begin(&self, from: IpAddr, now: Instant) -> Option<Attempt<'_>> {
        let from = counted_as(from);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES && !all.contains_key(&from) {
            all.retain(|_, tried| {
                tried.forget_old(now);
                tried.judged > 0 || !tried.failed.is_empty()
            });
            if all.len() >= ADDRESSES {
                return None;
            }
        }
        let tried = all.entry(from).or_default();
        tried.forget_old(now);
        if tried.judged >= AT_ONCE || tried.failed.len() + tried.judged >= MANY {
            return None;
        }
        tried.judged += 1;
        Some(Attempt { all: self, from, failed: true })
    }
}

impl Attempt<'_> {
    /// The password was right: it does not count.
    pub(crate) fn succeeded(mut self) {
        self.failed = false;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tried) = all.get_mut(&self.from) else { return };
        tried.judged = tried.judged.saturating_sub(1);
        if self.failed {
            tried.failed.push(Instant::now());
        } else if tried.judged == 0 && tried.failed.is_empty() {
            all.remove(&self.from);
        }
    }
}

/// Whoever has one address of IPv6 has its whole network (RFC 4291, section 2.5.4: 64 bits).
fn counted_as(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_failure_within_a_minute_is_refused_unheard_and_others_are_heard() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let guesser: IpAddr = "10.0.0.9".parse().unwrap();
        for _ in 0..MANY {
            drop(attempts.begin(guesser, now).unwrap());
        }
        assert!(attempts.begin(guesser, now).is_none());
        assert!(attempts.begin("10.0.0.10".parse().unwrap(), now).is_some());
        assert!(attempts.begin(guesser, Instant::now() + WITHIN).is_some());
    }

    #[test]
    fn what_succeeds_does_not_count_and_what_is_under_way_does() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let till: IpAddr = "10.0.0.7".parse().unwrap();
        for _ in 0..3 * MANY {
            attempts.begin(till, now).unwrap().succeeded();
        }
        let under_way: Vec<_> = std::iter::from_fn(|| attempts.begin(till, now)).take(100).collect();
        assert_eq!(under_way.len(), AT_ONCE);
    }

    #[test]
    fn a_network_of_ipv6_is_one_guesser() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let from = |last: usize| format!("2001:db8::{last:x}").parse().unwrap();
        let judged = (0..100).filter(|last| attempts.begin(from(*last), now).is_some()).count();
        assert_eq!(judged, MANY);
    }
}
