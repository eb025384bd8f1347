//! Limits of a measured value: when it is too high or too low, and when it is so no more.

use std::time::Duration;

use rust_decimal::Decimal;
use tokio::time::Instant;

/// Which side of the limits a value is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    High,
    Low,
}

/// The limits of a value. A fridge that is opened is warm for a moment: only what lasts for `delay` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub min: Option<Decimal>,
    pub max: Option<Decimal>,
    /// So far it must come back before it is right again.
    pub hysteresis: Decimal,
    /// For so long it must be beyond a limit.
    pub delay: Duration,
}

/// How a value stands to its limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Watch {
    beyond: Option<(Side, Instant)>,
    told: Option<Side>,
}

impl Watch {
    /// The side that is to be told, if any.
    pub fn told(&self) -> Option<Side> {
        self.told
    }

    /// Takes a value.
    pub fn take(&mut self, value: Decimal, limits: &Limits, now: Instant) {
        let over = |limit: Option<Decimal>| limit.is_some_and(|limit| value > limit);
        let under = |limit: Option<Decimal>| limit.is_some_and(|limit| value < limit);
        let stays = match self.told {
            Some(Side::High) => over(limits.max.map(|max| max - limits.hysteresis)),
            Some(Side::Low) => under(limits.min.map(|min| min + limits.hysteresis)),
            None => false,
        };
        if !stays {
            self.told = None;
        }
        let side = match () {
            () if over(limits.max) => Some(Side::High),
            () if under(limits.min) => Some(Side::Low),
            () => None,
        };
        self.beyond = match (side, self.beyond) {
            (Some(side), Some((before, since))) if side == before => Some((side, since)),
            (Some(side), _) => Some((side, now)),
            (None, _) => None,
        };
        if let Some((side, since)) = self.beyond
            && now.duration_since(since) >= limits.delay
        {
            self.told = Some(side);
        }
    }

    /// There is no value: what was told stands, what was about to be told does not.
    pub fn lose(&mut self) {
        self.beyond = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A freezer: -25 to -15, half a degree of hysteresis, five minutes.
    fn freezer() -> Limits {
        Limits {
            min: Some(Decimal::from(-25)),
            max: Some(Decimal::from(-15)),
            hysteresis: Decimal::new(5, 1),
            delay: Duration::from_secs(300),
        }
    }

    fn told(values: &[(u64, &str)]) -> Option<Side> {
        let start = Instant::now();
        let mut watch = Watch::default();
        for (second, value) in values {
            match value.parse() {
                Ok(value) => watch.take(value, &freezer(), start + Duration::from_secs(*second)),
                Err(_) => watch.lose(),
            }
        }
        watch.told()
    }

    #[test]
    fn a_door_that_is_open_for_a_moment_is_not_told() {
        assert_eq!(told(&[(0, "-18"), (60, "-12"), (120, "-10"), (200, "-16"), (500, "-14")]), None);
    }

    #[test]
    fn what_is_too_warm_for_the_whole_delay_is_told() {
        assert_eq!(told(&[(0, "-12"), (299, "-12")]), None);
        assert_eq!(told(&[(0, "-12"), (300, "-12")]), Some(Side::High));
        assert_eq!(told(&[(0, "-26"), (300, "-25.1")]), Some(Side::Low));
    }

    #[test]
    fn a_limit_itself_is_right() {
        assert_eq!(told(&[(0, "-15"), (1000, "-15")]), None);
        assert_eq!(told(&[(0, "-25"), (1000, "-25")]), None);
    }

    #[test]
    fn it_is_right_again_only_behind_the_hysteresis() {
        let warm = [(0, "-12"), (300, "-12")];
        assert_eq!(told(&[&warm[..], &[(400, "-15.2")]].concat()), Some(Side::High));
        assert_eq!(told(&[&warm[..], &[(400, "-15.5")]].concat()), None);
    }

    #[test]
    fn without_values_what_was_told_stands_and_the_delay_begins_anew() {
        let warm = [(0, "-12"), (300, "-12")];
        assert_eq!(told(&[&warm[..], &[(400, "none")]].concat()), Some(Side::High));
        assert_eq!(told(&[(0, "-12"), (200, "none"), (300, "-12")]), None);
    }

    #[test]
    fn a_value_that_jumps_from_one_side_to_the_other_waits_for_the_delay_again() {
        assert_eq!(told(&[(0, "-12"), (300, "-12"), (310, "-30")]), None);
        assert_eq!(told(&[(0, "-12"), (300, "-12"), (310, "-30"), (610, "-30")]), Some(Side::Low));
    }
}
