//! How measured times spread.

use std::time::Duration;

/// The usual percentiles of a series, by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Half are not longer.
    pub p50: Duration,
    /// 99 of 100 are not longer.
    pub p99: Duration,
    /// 999 of 1,000 are not longer.
    pub p999: Duration,
    /// The longest.
    pub most: Duration,
}

impl Spread {
    /// Of a series in any order; all zero when it is empty.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let rank = |per_mille: usize| {
            let index = (times.len() * per_mille).div_ceil(1000).saturating_sub(1);
            times.get(index).copied().unwrap_or_default()
        };
        Self { p50: rank(500), p99: rank(990), p999: rank(999), most: rank(1000) }
    }
}

/// Milliseconds with two decimals.
pub fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let times = (1..=1000).rev().map(Duration::from_micros).collect();
        let expected = [500, 990, 999, 1000].map(Duration::from_micros);
        let Spread { p50, p99, p999, most } = Spread::of(times);
        assert_eq!([p50, p99, p999, most], expected);
    }

    #[test]
    fn a_single_time_is_every_percentile() {
        let one = Duration::from_millis(3);
        assert_eq!(Spread::of(vec![one]), Spread { p50: one, p99: one, p999: one, most: one });
    }
}
