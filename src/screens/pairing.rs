//! How a new screen is paired: it shows a code, a technician admits the code, the screen fetches its secret.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use super::secret::{self, NoRandom};
use crate::attempts::counted_as;
use crate::clock::Timestamp;

/// How long a code can be admitted, and a secret fetched.
pub const LIFE_MS: i64 = 10 * 60 * 1000;
/// Pairings at once.
pub const PENDING: usize = 20;
/// By how much a clock may be set back without ending what waits.
const CORRECTION_MS: i64 = 60 * 1000;
/// Characters of a code.
const CODE: usize = 6;
/// Without those that look like another: 0 and O, 1 and I and L, 2 and Z, 5 and S, 8 and B.
const ALPHABET: &[u8] = b"ACDEFGHJKMNPQRTUVWXY34679";

/// Why no pairing was begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// There are as many as there may be.
    #[error(
        "{PENDING} screens are being paired already: admit one with `outletd screens admit CODE`, or wait until the \
         oldest code is 10 minutes old"
    )]
    TooMany,
    /// The claim is not that of the pairing.
    #[error("this is the pairing of another screen: begin a new one")]
    OtherClaim,
    /// Nothing secret can be made.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// A pairing as it was begun, for the screen alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its id.
    pub pairing: String,
    /// What proves that the one who asks for it later is the one who began it.
    pub claim: String,
    /// What the screen shows, `ABC-DEF`.
    pub code: String,
}

/// How a pairing stands, as its screen is told.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Standing {
    /// Nobody has admitted it yet.
    Waiting,
    /// It is a screen now.
    Admitted {
        /// The screen's id.
        screen: String,
        /// What it signs in with.
        secret: String,
    },
    /// Its time is over, or its screen has signed in.
    Expired,
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("Waiting"),
            Self::Admitted { screen, .. } => write!(f, "Admitted({screen})"),
            Self::Expired => f.write_str("Expired"),
        }
    }
}

/// A pairing that nobody has admitted, for whoever might.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pending {
    /// What the screen shows.
    pub code: String,
    /// When it was begun.
    pub at: Timestamp,
    /// Where it comes from.
    pub from: String,
    /// What the screen said of its panel.
    pub panel: Value,
    /// The language it asked for.
    pub language: Option<String>,
}

struct Pairing {
    claim_hash: String,
    /// The address that it counts for.
    of: IpAddr,
    pending: Pending,
    admitted: Option<(String, String)>,
}

/// All pairings.
#[derive(Default)]
pub struct Pairings(BTreeMap<String, Pairing>);

impl Pairings {
    /// Begins one. When there are as many as there may be, an address that has more of them than others gives its
    /// oldest up for one of another address: a stranger who takes all places keeps no panel out, and panels that
    /// share an address leave each other alone.
    ///
    /// # Errors
    /// [`PairingError::TooMany`] and [`PairingError::NoRandom`].
    pub fn begin(
        &mut self,
        from: IpAddr,
        panel: Value,
        language: Option<String>,
        now: Timestamp,
    ) -> Result<Begun, PairingError> {
        self.forget_old(now);
        let of = counted_as(from);
        if self.0.len() >= PENDING && !self.make_room(of) {
            return Err(PairingError::TooMany);
        }
        let code = loop {
            let code = random_code()?;
            if !self.0.values().any(|other| other.pending.code == code) {
                break code;
            }
        };
        let (pairing, claim) = (secret::random_hex::<16>()?, secret::random_hex::<32>()?);
        let pending = Pending { code: code.clone(), at: now, from: from.to_string(), panel, language };
        let claim_hash = secret::hashed(claim.as_bytes());
        self.0.insert(pairing.clone(), Pairing { claim_hash, of, pending, admitted: None });
        Ok(Begun { pairing, claim, code })
    }

    /// How one stands. One that is not known is over.
    ///
    /// # Errors
    /// [`PairingError::OtherClaim`].
    pub fn standing(&self, pairing: &str, claim: &str, now: Timestamp) -> Result<Standing, PairingError> {
        let Some(found) = self.0.get(pairing).filter(|found| !found.is_over(now)) else {
            return Ok(Standing::Expired);
        };
        if !secret::same(secret::hashed(claim.as_bytes()).as_bytes(), found.claim_hash.as_bytes()) {
            return Err(PairingError::OtherClaim);
        }
        Ok(match &found.admitted {
            None => Standing::Waiting,
            Some((screen, secret)) => Standing::Admitted { screen: screen.clone(), secret: secret.clone() },
        })
    }

    /// Those that can be admitted, oldest first.
    pub fn pending(&self, now: Timestamp) -> Vec<Pending> {
        let open = self.0.values().filter(|pairing| pairing.admitted.is_none() && !pairing.is_over(now));
        let mut open: Vec<Pending> = open.map(|pairing| pairing.pending.clone()).collect();
        open.sort_by_key(|pending| pending.at);
        open
    }

    /// The one that shows a code, with or without its dash, in any case.
    pub fn find(&self, code: &str, now: Timestamp) -> Option<Pending> {
        self.open(code, now).and_then(|pairing| self.0.get(&pairing)).map(|found| found.pending.clone())
    }

    /// Makes the one that shows a code a screen's. Returns whether there still was one.
    pub fn admit(&mut self, code: &str, screen: &str, secret: &str, now: Timestamp) -> bool {
        let Some(found) = self.open(code, now).and_then(|pairing| self.0.get_mut(&pairing)) else {
            return false;
        };
        found.admitted = Some((screen.to_owned(), secret.to_owned()));
        true
    }

    /// Takes an admission back that could not be kept.
    pub fn take_back(&mut self, screen: &str) {
        for pairing in self.0.values_mut() {
            if pairing.admitted.as_ref().is_some_and(|(admitted, _)| admitted == screen) {
                pairing.admitted = None;
            }
        }
    }

    /// Forgets the secret of a screen: it has signed in, or is admitted no more.
    pub fn settle(&mut self, screen: &str) {
        self.0.retain(|_, pairing| pairing.admitted.as_ref().is_none_or(|(admitted, _)| admitted != screen));
    }

    /// Forgets the oldest of the address that has most, unless `of` would then have as many. What is admitted stays.
    fn make_room(&mut self, of: IpAddr) -> bool {
        let mut open: BTreeMap<IpAddr, Vec<(Timestamp, &String)>> = BTreeMap::new();
        for (id, pairing) in self.0.iter().filter(|(_, pairing)| pairing.admitted.is_none()) {
            open.entry(pairing.of).or_default().push((pairing.pending.at, id));
        }
        let own = open.get(&of).map_or(0, Vec::len);
        let most = open.into_values().max_by_key(Vec::len).filter(|most| most.len() > own + 1);
        let Some((_, oldest)) = most.and_then(|most| most.into_iter().min()) else { return false };
        let oldest = oldest.clone();
        self.0.remove(&oldest).is_some()
    }

    fn forget_old(&mut self, now: Timestamp) {
        self.0.retain(|_, pairing| !pairing.is_over(now));
    }

    fn open(&self, code: &str, now: Timestamp) -> Option<String> {
        let wanted = plain_code(code);
        let found = self.0.iter().find(|(_, pairing)| {
            pairing.admitted.is_none()
                && !pairing.is_over(now)
                && secret::same(plain_code(&pairing.pending.code).as_bytes(), wanted.as_bytes())
        });
        found.map(|(pairing, _)| pairing.clone())
    }
}

impl Pairing {
    fn is_over(&self, now: Timestamp) -> bool {
        // A clock that was set back must not make a code live much longer; small corrections are no such thing.
        let age = now.0.saturating_sub(self.pending.at.0);
        !(-CORRECTION_MS..LIFE_MS).contains(&age)
    }
}

/// A code without its dash and spaces, in capitals.
fn plain_code(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

fn random_code() -> Result<String, NoRandom> {
    // Bytes above the largest multiple of the alphabet's length would favour its first letters.
    let fair = 256 - 256 % ALPHABET.len();
    let mut code = String::with_capacity(CODE + 1);
    while code.len() <= CODE {
        for byte in secret::random::<16>()? {
            let byte = usize::from(byte);
            if byte >= fair || code.len() > CODE {
                continue;
            }
            if code.len() == CODE / 2 {
                code.push('-');
            }
            code.push(char::from(ALPHABET[byte % ALPHABET.len()]));
        }
    }
    Ok(code)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_800_000_000_000);

    fn begin(pairings: &mut Pairings, now: Timestamp) -> Result<Begun, PairingError> {
        begin_from(pairings, "10.0.0.9", now)
    }

    fn begin_from(pairings: &mut Pairings, from: &str, now: Timestamp) -> Result<Begun, PairingError> {
        pairings.begin(from.parse().unwrap(), Value::Null, None, now)
    }

    fn is_open(pairings: &Pairings, begun: &Begun, now: Timestamp) -> bool {
        pairings.standing(&begun.pairing, &begun.claim, now) == Ok(Standing::Waiting)
    }

    #[test]
    fn a_code_has_two_halves_of_characters_that_look_like_no_other() {
        for _ in 0..200 {
            let code = random_code().unwrap();
            let (first, second) = code.split_once('-').unwrap();
            assert_eq!((first.len(), second.len()), (3, 3), "{code}");
            assert!(code.chars().all(|c| !"0O1IL2Z5S8B".contains(c)), "{code}");
        }
    }

    #[test]
    fn a_code_is_taken_with_or_without_its_dash_in_any_case() {
        let mut pairings = Pairings::default();
        let begun = begin(&mut pairings, NOON).unwrap();
        let bare = begun.code.replace('-', "");
        for typed in [begun.code.clone(), bare.clone(), bare.to_lowercase(), format!(" {} ", begun.code)] {
            assert!(pairings.find(&typed, NOON).is_some(), "{typed}");
        }
        assert!(pairings.find(&bare[1..], NOON).is_none());
    }

    #[test]
    fn a_code_that_is_ten_minutes_old_admits_nobody() {
        let mut pairings = Pairings::default();
        let begun = begin(&mut pairings, NOON).unwrap();
        let late = NOON.plus_ms(LIFE_MS);
        assert!(pairings.find(&begun.code, late.plus_ms(-1)).is_some());
        assert!(!pairings.admit(&begun.code, "grill", "secret", late));
        assert_eq!(pairings.standing(&begun.pairing, &begun.claim, late), Ok(Standing::Expired));
        assert!(pairings.pending(late).is_empty());
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_code_a_longer_life() {
        let mut pairings = Pairings::default();
        let begun = begin(&mut pairings, NOON).unwrap();
        assert!(pairings.find(&begun.code, NOON.plus_ms(-1000)).is_some());
        assert!(pairings.find(&begun.code, NOON.plus_ms(-3_600_000)).is_none());
    }

    #[test]
    fn the_twenty_first_pairing_is_refused_until_one_is_over() {
        let mut pairings = Pairings::default();
        for at in 0..PENDING {
            begin(&mut pairings, NOON.plus_ms(i64::try_from(at).unwrap())).unwrap();
        }
        let error = begin(&mut pairings, NOON.plus_ms(1000)).unwrap_err();
        assert!(error.to_string().contains("outletd screens admit"), "{error}");
        assert!(begin(&mut pairings, NOON.plus_ms(LIFE_MS)).is_ok());
    }

    #[test]
    fn a_stranger_who_takes_all_places_keeps_no_panel_out_and_puts_none_out() {
        let mut pairings = Pairings::default();
        let at = |number: i64| NOON.plus_ms(number);
        let early = begin_from(&mut pairings, "10.0.0.7", at(0)).unwrap();
        let mut taken: Vec<Begun> = Vec::new();
        while let Ok(begun) = begin_from(&mut pairings, "10.0.0.9", at(1 + taken.len() as i64)) {
            taken.push(begun);
        }
        assert_eq!(taken.len(), PENDING - 1);
        let late = begin_from(&mut pairings, "10.0.0.8", at(100)).unwrap();
        let second = begin_from(&mut pairings, "10.0.0.7", at(101)).unwrap();
        assert!(!is_open(&pairings, &taken[0], at(102)) && !is_open(&pairings, &taken[1], at(102)));
        assert!(is_open(&pairings, &taken[2], at(102)), "the oldest make room");
        assert_eq!(begin_from(&mut pairings, "10.0.0.9", at(103)), Err(PairingError::TooMany));
        for panel in [early, late, second] {
            assert!(is_open(&pairings, &panel, at(104)));
        }
        assert_eq!(pairings.pending(at(104)).len(), PENDING);
    }

    #[test]
    fn panels_that_share_an_address_leave_each_other_alone() {
        let mut pairings = Pairings::default();
        let begun: Vec<Begun> = (0..PENDING).map(|_| begin(&mut pairings, NOON).unwrap()).collect();
        assert!(begun.iter().all(|panel| is_open(&pairings, panel, NOON)));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let mut pairings = Pairings::default();
        let own = |last: usize| format!("2001:db8::{last:x}");
        for last in 0..PENDING {
            begin_from(&mut pairings, &own(last), NOON).unwrap();
        }
        assert_eq!(begin_from(&mut pairings, &own(PENDING), NOON), Err(PairingError::TooMany));
        assert!(begin_from(&mut pairings, "2001:db8:0:1::1", NOON).is_ok());
        assert_eq!(pairings.pending(NOON).len(), PENDING);
    }

    #[test]
    fn what_is_admitted_makes_room_for_nobody() {
        let mut pairings = Pairings::default();
        for number in 0..PENDING {
            let begun = begin(&mut pairings, NOON).unwrap();
            assert!(pairings.admit(&begun.code, &format!("screen-{number}"), "secret", NOON));
        }
        assert_eq!(begin_from(&mut pairings, "10.0.0.8", NOON), Err(PairingError::TooMany));
    }

    #[test]
    fn only_the_one_who_began_a_pairing_is_given_the_secret_as_often_as_it_asks() {
        let mut pairings = Pairings::default();
        let begun = begin(&mut pairings, NOON).unwrap();
        assert_eq!(pairings.standing(&begun.pairing, &begun.claim, NOON), Ok(Standing::Waiting));
        assert!(pairings.admit(&begun.code, "grill", "secret", NOON));
        assert!(!pairings.admit(&begun.code, "other", "secret", NOON), "a code admits one screen");
        let stranger = pairings.standing(&begun.pairing, "another claim", NOON);
        assert_eq!(stranger, Err(PairingError::OtherClaim));
        for _ in 0..2 {
            let admitted = Standing::Admitted { screen: "grill".into(), secret: "secret".into() };
            assert_eq!(pairings.standing(&begun.pairing, &begun.claim, NOON), Ok(admitted));
        }
        pairings.settle("grill");
        assert_eq!(pairings.standing(&begun.pairing, &begun.claim, NOON), Ok(Standing::Expired));
    }
}
