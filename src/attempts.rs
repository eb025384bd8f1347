//! Bounds on guessing: failed sign-ins by address, counted before a password is looked at.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Failed sign-ins of one address within [`WITHIN`], after which it is refused unheard.
const MANY: usize = 10;
const WITHIN: Duration = Duration::from_secs(60);
/// Sign-ins of one address that are judged at once.
const AT_ONCE: usize = 4;
/// How long one more waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// Addresses that are counted; while there are more, new ones are refused.
const ADDRESSES: usize = 10_000;

/// The sign-ins of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    all: Mutex<BTreeMap<IpAddr, Tried>>,
    /// Told when one was judged.
    judged: Notify,
}

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
    attempts: &'a Attempts,
    from: IpAddr,
    failed: bool,
}

/// Why a sign-in is not judged now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unheard {
    /// It may be when another one is done.
    Busy,
    /// Too many have failed.
    TooMany,
}

impl Attempts {
    /// Begins one, unless this address has failed too often. While it has as many under way as it may have, one more
    /// waits for its turn, for a short time.
    pub(crate) async fn begin(&self, from: IpAddr) -> Option<Attempt<'_>> {
        let turn = async {
            loop {
                let mut judged = std::pin::pin!(self.judged.notified());
                judged.as_mut().enable();
                match self.try_begin(from, Instant::now()) {
                    Ok(attempt) => return Some(attempt),
                    Err(Unheard::TooMany) => return None,
                    Err(Unheard::Busy) => judged.await,
                }
            }
        };
        tokio::time::timeout(TURN, turn).await.ok().flatten()
    }

    /// Counts a failure at a door whose secrets are too long to be guessed: what is right is let in there whatever has
    /// failed before it, so that nobody shuts others of the same address out. Returns whether there were many.
    pub(crate) fn failed(&self, from: IpAddr, now: Instant) -> bool {
        let from = counted_as(from);
        let mut all = self.lock();
        let Some(tried) = of_address(&mut all, from, now) else { return true };
        if tried.failed.len() <= MANY {
            tried.failed.push(now);
        }
        tried.failed.len() > MANY
    }

    fn try_begin(&self, from: IpAddr, now: Instant) -> Result<Attempt<'_>, Unheard> {
        let from = counted_as(from);
        let mut all = self.lock();
        let tried = of_address(&mut all, from, now).ok_or(Unheard::TooMany)?;
        if tried.failed.len() >= MANY {
            return Err(Unheard::TooMany);
        }
        if tried.judged >= AT_ONCE || tried.failed.len() + tried.judged >= MANY {
            return Err(Unheard::Busy);
        }
        tried.judged += 1;
        Ok(Attempt { attempts: self, from, failed: true })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Tried>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an address has tried of late, unless too many addresses have tried something.
fn of_address(all: &mut BTreeMap<IpAddr, Tried>, from: IpAddr, now: Instant) -> Option<&mut Tried> {
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
    Some(tried)
}

impl Attempt<'_> {
    /// The password was right: it does not count.
    pub(crate) fn succeeded(mut self) {
        self.failed = false;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut all = self.attempts.lock();
        if let Some(tried) = all.get_mut(&self.from) {
            tried.judged = tried.judged.saturating_sub(1);
            if self.failed {
                tried.failed.push(Instant::now());
            } else if tried.judged == 0 && tried.failed.is_empty() {
                all.remove(&self.from);
            }
        }
        drop(all);
        self.attempts.judged.notify_waiters();
    }
}

/// Whoever has one address of IPv6 has its whole network (RFC 4291, section 2.5.4: 64 bits).
pub(crate) fn counted_as(from: IpAddr) -> IpAddr {
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
    use futures_util::FutureExt;

    use super::*;

    fn address(last: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + last).to_be_bytes())
    }

    #[test]
    fn the_eleventh_failure_within_a_minute_is_refused_unheard_and_others_are_heard() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..MANY {
            drop(attempts.try_begin(address(9), now).unwrap());
        }
        assert_eq!(attempts.try_begin(address(9), now).unwrap_err(), Unheard::TooMany);
        assert!(attempts.try_begin(address(10), now).is_ok());
        assert!(attempts.try_begin(address(9), Instant::now() + WITHIN).is_ok());
    }

    #[test]
    fn what_succeeds_does_not_count_and_what_is_under_way_does() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..3 * MANY {
            attempts.try_begin(address(7), now).unwrap().succeeded();
        }
        let under_way: Vec<_> =
            std::iter::from_fn(|| attempts.try_begin(address(7), now).ok()).take(100).collect();
        assert_eq!(under_way.len(), AT_ONCE);
    }

    #[tokio::test]
    async fn one_more_at_once_waits_for_its_turn_and_is_not_refused() {
        let attempts = Attempts::default();
        let begin = || attempts.begin(address(7)).now_or_never();
        let mut under_way: Vec<_> = (0..AT_ONCE).map(|_| begin().flatten().unwrap()).collect();
        let mut one_more = std::pin::pin!(attempts.begin(address(7)));
        assert!(one_more.as_mut().now_or_never().is_none(), "it waits");
        under_way.pop().unwrap().succeeded();
        assert!(one_more.now_or_never().flatten().is_some());
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_is_refused_once_too_many_have_failed() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 1..MANY {
            drop(attempts.try_begin(address(9), now).unwrap());
        }
        let last = attempts.try_begin(address(9), now).unwrap();
        let mut one_more = std::pin::pin!(attempts.begin(address(9)));
        assert!(one_more.as_mut().now_or_never().is_none(), "the last may be right");
        drop(last);
        assert!(one_more.now_or_never().unwrap().is_none());
    }

    #[test]
    fn a_network_of_ipv6_is_one_guesser() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let from = |last: usize| format!("2001:db8::{last:x}").parse().unwrap();
        let judged = (0..100).filter(|last| attempts.try_begin(from(*last), now).is_ok()).count();
        assert_eq!(judged, MANY);
    }

    #[test]
    fn where_nothing_can_be_guessed_failures_are_many_from_the_eleventh_within_a_minute_on() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..MANY {
            assert!(!attempts.failed(address(1), start));
        }
        assert!(attempts.failed(address(1), start));
        assert!(!attempts.failed(address(2), start), "others are not slowed down");
        assert!(!attempts.failed(address(1), start + WITHIN), "a minute later all is forgotten");
    }

    #[test]
    fn many_addresses_fill_no_memory() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let addresses = u32::try_from(ADDRESSES).unwrap();
        for last in 0..2 * addresses {
            attempts.failed(address(last), start);
        }
        assert_eq!(attempts.lock().len(), ADDRESSES);
        assert!(attempts.failed(address(3 * addresses), start));
        assert!(!attempts.failed(address(3 * addresses), start + WITHIN));
    }
}
