//! A bound on the connections of one address that have not said who they are, so that no stranger takes all places.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Who waits, by address.
#[derive(Debug)]
pub(crate) struct Lobby {
    of_the_network: usize,
    of_this_machine: usize,
    waiting: Mutex<BTreeMap<IpAddr, usize>>,
}

/// A place in it; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    lobby: Arc<Lobby>,
    from: IpAddr,
}

impl Lobby {
    /// A lobby for so many of each address of the network, and so many of this machine, whose programs share one.
    pub(crate) fn new(of_the_network: usize, of_this_machine: usize) -> Arc<Self> {
        Arc::new(Self { of_the_network, of_this_machine, waiting: Mutex::default() })
    }

    /// A place, unless this address has all of its own.
    pub(crate) fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let from = from.to_canonical();
        let most = if from.is_loopback() { self.of_this_machine } else { self.of_the_network };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = waiting.get(&from).copied().unwrap_or_default();
        if taken >= most {
            return None;
        }
        waiting.insert(from, taken + 1);
        Some(Place { lobby: Arc::clone(self), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.lobby.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = waiting.get_mut(&self.from) {
            *taken -= 1;
            if *taken == 0 {
                waiting.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    #[test]
    fn who_has_all_its_places_waits_until_one_is_free_and_others_do_not() {
        let lobby = Lobby::new(2, 3);
        let (stranger, till): (IpAddr, IpAddr) = ("10.0.0.9".parse().unwrap(), "10.0.0.7".parse().unwrap());
        let mut places: Vec<_> = std::iter::from_fn(|| lobby.enter(stranger)).take(10).collect();
        assert_eq!(places.len(), 2);
        assert!(lobby.enter("::ffff:10.0.0.9".parse().unwrap()).is_none(), "it is the same address");
        assert!(lobby.enter(till).is_some());
        places.pop();
        assert!(lobby.enter(stranger).is_some());
        drop(places);
        assert!(lobby.waiting.lock().unwrap().is_empty());
    }
}
