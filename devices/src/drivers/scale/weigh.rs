//! Weighing for a sale, and counting by weight.

use std::time::Duration;

use outlet_protocols::scale::{Failure, Kind, NotForSale, Reading};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::device::{Asked, Scale};
use super::told::Worth;
use crate::error::{DeviceError, ErrorKind};

/// How long to wait when the request doesn't say, in milliseconds.
const WAIT_MS: u32 = 10_000;
/// Pause between two questions: a person waits.
const PAUSE: Duration = Duration::from_millis(50);
/// So many answers in a row with the same obstacle end the wait: it does not go away by itself.
const PERSISTS: u32 = 3;
/// Decimals of a count.
const COUNT_DECIMALS: u32 = 3;

impl Scale {
    /// Waits until the load is at rest: its weight for a sale.
    pub(super) async fn weigh(&mut self, timeout_ms: Option<u32>) -> Result<Value, DeviceError> {
        let (reading, kilograms) = self.at_rest(timeout_ms).await?;
        Ok(json!({"reading": reading, "kg": kilograms}))
    }

    /// Counts by weight.
    pub(super) async fn count(
        &mut self,
        tare: Decimal,
        gross: Decimal,
        in_pack: Decimal,
        timeout_ms: Option<u32>,
    ) -> Result<Value, DeviceError> {
        let pack = Pack::new(tare, gross, in_pack)?;
        let (reading, kilograms) = self.at_rest(timeout_ms).await?;
        let tared = reading.tare.is_some_and(|tare| !tare.value.is_zero());
        if tared || reading.kind == Some(Kind::Net) {
            let message = format!(
                "{}: a tare is set in the scale, and a count takes the packaging off by itself: take the tare \
                 away, then count",
                self.link
            );
            return Err(DeviceError::new(ErrorKind::Busy, "tare-set", message).with_evidence(json!(reading)));
        }
        let (quantity, rounded) =
            pack.count(kilograms).map_err(|error| error.with_evidence(json!({"reading": reading})))?;
        Ok(json!({"reading": reading, "kg": kilograms, "quantity": quantity, "rounded": rounded}))
    }

    /// Asks until a reading may be sold, something is in the way that does not go away, or the time is over.
    async fn at_rest(&mut self, timeout_ms: Option<u32>) -> Result<(Reading, Decimal), DeviceError> {
        let until = Instant::now() + Duration::from_millis(timeout_ms.unwrap_or(WAIT_MS).into());
        let mut wait = Wait::default();
        match timeout_at(until, self.asked_until_rest(&mut wait)).await {
            Ok(ended) => ended,
            Err(_) => Err(self.too_long(wait)),
        }
    }

    async fn asked_until_rest(&mut self, wait: &mut Wait) -> Result<(Reading, Decimal), DeviceError> {
        self.ensure_open().await?;
        loop {
            let due = Instant::now() + PAUSE;
            match self.ask_weight().await? {
                Asked::Reading(_, Worth::Unsure) => continue,
                Asked::Reading(reading, _) => match reading.for_sale() {
                    Ok(kilograms) => return Ok((reading, kilograms)),
                    Err(obstacle) if wait.persists(&obstacle, &reading) => {
                        return Err(self.not_for_sale(&obstacle, &reading));
                    }
                    Err(_) => {}
                },
                Asked::Nothing(failure @ Failure::Refused(_)) => return Err(self.explain(&failure)),
                Asked::Nothing(failure) => wait.failure = Some(failure),
            }
            sleep_until(due).await;
        }
    }

    /// What was in the way all the time.
    fn too_long(&self, wait: Wait) -> DeviceError {
        match (wait.seen, wait.failure) {
            (Some((obstacle, reading)), _) => self.not_for_sale(&obstacle, &reading),
            (None, Some(failure)) => self.explain(&failure),
            (None, None) if self.facts.tells_once => self.explain(&Failure::NothingNew),
            (None, None) => {
                let message = format!(
                    "{}: no answer in this time: check that the scale is on, its cable, address and speed",
                    self.link
                );
                DeviceError::offline(message)
            }
        }
    }

    fn not_for_sale(&self, obstacle: &NotForSale, reading: &Reading) -> DeviceError {
        let code = match obstacle {
            NotForSale::Fault(_) | NotForSale::TooLarge => "scale-fault",
            NotForSale::Overload => "overload",
            NotForSale::Underload => "underload",
            NotForSale::InMotion => "not-stable",
            NotForSale::NoWeight => "no-weight",
            NotForSale::Empty => "empty",
            NotForSale::Negative => "negative",
        };
        DeviceError::new(ErrorKind::Busy, code, format!("{}: {obstacle}", self.link))
            .with_evidence(json!({"reading": reading}))
    }
}

/// What a weighing has seen so far.
#[derive(Default)]
struct Wait {
    seen: Option<(NotForSale, Reading)>,
    times: u32,
    failure: Option<Failure>,
}

impl Wait {
    /// Notes an obstacle. Whether it will not go away by itself: motion always may.
    fn persists(&mut self, obstacle: &NotForSale, reading: &Reading) -> bool {
        let again = self.seen.as_ref().is_some_and(|(before, _)| before == obstacle);
        self.times = if again { self.times + 1 } else { 1 };
        self.seen = Some((obstacle.clone(), reading.clone()));
        *obstacle != NotForSale::InMotion && self.times >= PERSISTS
    }
}

/// A pack of what is counted by weight (R9: quantity = (measured - tare) / ((gross - tare) / quantity in pack)).
#[derive(Debug)]
struct Pack {
    tare: Decimal,
    net: Decimal,
    in_pack: Decimal,
}

impl Pack {
    fn new(tare: Decimal, gross: Decimal, in_pack: Decimal) -> Result<Self, DeviceError> {
        let wrong = |message: String| Err(DeviceError::new(ErrorKind::Rejected, "invalid-request", message));
        if tare < Decimal::ZERO {
            return wrong(format!("a tare of {tare} kg can't be: write the weight of the empty packaging"));
        }
        if in_pack <= Decimal::ZERO {
            return wrong(format!("in_pack is {in_pack}: write how much a full pack holds, more than 0"));
        }
        match gross.checked_sub(tare) {
            Some(net) if net > Decimal::ZERO => Ok(Self { tare, net, in_pack }),
            _ => wrong(format!(
                "a full pack of {gross} kg is not heavier than its empty packaging of {tare} kg: check gross and tare"
            )),
        }
    }

    /// How much there is, and whether it had to be rounded.
    fn count(&self, measured: Decimal) -> Result<(Decimal, bool), DeviceError> {
        if measured < self.tare {
            let message = format!(
                "{measured} kg is less than the empty packaging of {} kg: check the tare of the item",
                self.tare
            );
            return Err(DeviceError::new(ErrorKind::Rejected, "below-tare", message));
        }
        let exact = measured.checked_sub(self.tare).and_then(|net| net.checked_mul(self.in_pack));
        let counted = exact.and_then(|exact| {
            let quotient = exact.checked_div(self.net)?;
            let quantity =
                quotient.round_dp_with_strategy(COUNT_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
            let rounded = quantity.checked_mul(self.net)? != exact;
            Some((quantity.normalize(), rounded))
        });
        counted.ok_or_else(|| {
            let message = "the numbers have too many digits to be divided: write fewer decimals";
            DeviceError::new(ErrorKind::Rejected, "invalid-request", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kg(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn count(measured: &str, tare: &str, gross: &str, in_pack: &str) -> (String, bool) {
        let pack = Pack::new(kg(tare), kg(gross), kg(in_pack)).unwrap();
        let (quantity, rounded) = pack.count(kg(measured)).unwrap();
        (quantity.to_string(), rounded)
    }

    #[test]
    fn a_bottle_that_is_half_full_by_weight_holds_half() {
        assert_eq!(count("0.85", "0.50", "1.20", "0.7"), ("0.35".to_owned(), false));
        assert_eq!(count("1.20", "0.50", "1.20", "0.7"), ("0.7".to_owned(), false));
        assert_eq!(count("0.500", "0.50", "1.20", "0.7"), ("0".to_owned(), false));
    }

    #[test]
    fn a_count_that_does_not_come_out_even_is_rounded_to_three_decimals_and_says_so() {
        assert_eq!(count("0.6", "0.5", "0.8", "1"), ("0.333".to_owned(), true));
        assert_eq!(count("0.7", "0.5", "0.8", "1"), ("0.667".to_owned(), true));
        // 0.0005 is halfway.
        assert_eq!(count("0.5005", "0.5", "1.5", "1"), ("0.001".to_owned(), true));
    }

    #[test]
    fn a_pack_that_can_not_be_is_refused_before_anything_is_weighed() {
        for (tare, gross, in_pack) in
            [("0.5", "0.5", "1"), ("0.6", "0.5", "1"), ("-0.1", "0.5", "1"), ("0.1", "0.5", "0")]
        {
            let error = Pack::new(kg(tare), kg(gross), kg(in_pack)).unwrap_err();
            assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "invalid-request"), "{error}");
        }
    }

    #[test]
    fn less_than_the_empty_packaging_is_an_error_and_not_a_negative_count() {
        let pack = Pack::new(kg("0.5"), kg("1.5"), kg("1")).unwrap();
        assert_eq!(pack.count(kg("0.499")).unwrap_err().code, "below-tare");
    }
}
