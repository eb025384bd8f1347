//! What lies on the pan, and what a scale makes of it.

use std::sync::Arc;

use super::mass::{Mass, Unit};
use super::spec::ScaleSpec;

/// What a scale shows at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The weight shown, net when there is a tare, counted in the last decimal place: 1550 with
    /// three decimals in kilograms is 1.550 kg. Always a multiple of the scale's division.
    pub value: i64,
    /// The same without the tare.
    pub gross: i64,
    /// The tare, counted alike; 0 without one.
    pub tare: i64,
    /// Places after the point.
    pub decimals: u8,
    /// Unit.
    pub unit: Unit,
    /// The weight stands still.
    pub stable: bool,
    /// What lies on the pan differs from zero by less than a quarter of a division.
    pub zero: bool,
    /// More lies on the pan than the scale can weigh.
    pub overload: bool,
    /// The pan is more than 20 divisions below zero, as when it was taken off.
    pub underload: bool,
    /// The scale can't measure.
    pub fault: bool,
}

impl Reading {
    /// Whether a tare is taken off.
    pub fn is_net(&self) -> bool {
        self.tare != 0
    }

    /// Whether the weight shown is one that may be sold: still, above zero, within the range.
    pub(super) fn is_sellable(&self) -> bool {
        self.stable && self.value > 0 && !self.overload && !self.underload && !self.fault
    }

    /// The weight shown without its sign and without blanks: `1.550`.
    pub(super) fn digits(&self) -> String {
        digits(self.value, self.decimals)
    }
}

/// A number with so many places after the point, without its sign.
pub(super) fn digits(value: i64, decimals: u8) -> String {
    let places = usize::from(decimals);
    let mut text = format!("{:0width$}", value.unsigned_abs(), width = places + 1);
    if places > 0 {
        text.insert(text.len() - places, '.');
    }
    text
}

/// Why a scale doesn't zero or tare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The weight doesn't stand still.
    Moving,
    /// Above what the scale allows.
    TooMuch,
    /// Below what the scale allows.
    TooLittle,
}

/// The weighing part of a scale, without a protocol.
pub(super) struct Pan {
    spec: Arc<ScaleSpec>,
    pub unit: Unit,
    decimals: u8,
    step: i64,
    load: Mass,
    zero: Mass,
    tare: Mass,
    pub moving: bool,
    pub never_stable: bool,
    pub broken: bool,
    /// Price of one kilogram or pound, in the smallest coin.
    pub price: u32,
    /// What was on the pan when a weight was last sold, in divisions; gone once the pan was empty.
    told: Option<i64>,
}

impl Pan {
    pub fn new(spec: Arc<ScaleSpec>) -> Self {
        Self {
            unit: spec.unit,
            decimals: spec.decimals.min(4),
            step: i64::from(spec.step.max(1)),
            price: spec.price,
            load: Mass::ZERO,
            zero: Mass::ZERO,
            tare: Mass::ZERO,
            moving: false,
            never_stable: false,
            broken: false,
            told: None,
            spec,
        }
    }

    pub fn put(&mut self, load: Mass) {
        self.load = load;
        if self.at_zero() {
            self.told = None;
        }
    }

    pub fn reading(&self) -> Reading {
        self.shown(false)
    }

    /// The same with one more decimal place.
    pub fn tenfold_reading(&self) -> Reading {
        self.shown(true)
    }

    fn shown(&self, finer: bool) -> Reading {
        let (decimals, gross, tare) = match finer {
            false => (self.decimals, self.gross(), self.tare_count()),
            true => (self.decimals + 1, self.fine_gross(), self.tare_count() * 10),
        };
        Reading {
            value: gross - tare,
            gross,
            tare,
            decimals,
            unit: self.unit,
            stable: self.is_stable(),
            zero: self.at_zero(),
            overload: self.on_pan() > self.spec.capacity,
            underload: self.on_pan() < -self.division().times(20),
            fault: self.broken,
        }
    }

    /// What one in the last place stands for.
    pub fn last_place(&self) -> Mass {
        self.unit.last_place(self.decimals)
    }

    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Kilograms become pounds with two decimals, and anything else the unit it was made with.
    pub fn change_unit(&mut self) {
        if self.unit == self.spec.unit && self.unit != Unit::Pound {
            (self.unit, self.decimals, self.step) = (Unit::Pound, 2, 1);
        } else if self.unit == self.spec.unit {
            (self.unit, self.decimals, self.step) = (Unit::Kilogram, 3, 1);
        } else {
            let spec = &self.spec;
            (self.unit, self.decimals, self.step) =
                (spec.unit, spec.decimals.min(4), i64::from(spec.step.max(1)));
        }
    }

    /// What lies on the pan becomes zero: standing still, without a tare, within the range.
    pub fn set_zero(&mut self) -> Result<(), Refusal> {
        if !self.is_stable() {
            return Err(Refusal::Moving);
        }
        if self.tare != Mass::ZERO {
            return Err(Refusal::TooMuch);
        }
        self.zero_at_once()
    }

    /// The same in motion, too, and with a tare, which it clears.
    pub fn zero_at_once(&mut self) -> Result<(), Refusal> {
        if self.load > self.spec.zero_range {
            return Err(Refusal::TooMuch);
        }
        if self.load < -self.spec.zero_range {
            return Err(Refusal::TooLittle);
        }
        (self.zero, self.tare, self.told) = (self.load, Mass::ZERO, None);
        Ok(())
    }

    /// What lies on the pan becomes the tare; an empty pan clears it. Standing still.
    pub fn set_tare(&mut self) -> Result<(), Refusal> {
        if self.is_stable() { self.tare_at_once() } else { Err(Refusal::Moving) }
    }

    /// The same in motion, too.
    pub fn tare_at_once(&mut self) -> Result<(), Refusal> {
        match self.gross() {
            ..0 => Err(Refusal::TooLittle),
            gross => self.preset_tare(gross),
        }
    }

    /// A tare by its weight, counted in the last place and rounded to the division; 0 clears it.
    pub fn preset_tare(&mut self, count: i64) -> Result<(), Refusal> {
        let tare = self.last_place().times(count);
        if count < 0 {
            return Err(Refusal::TooLittle);
        }
        if tare > self.spec.max_tare {
            return Err(Refusal::TooMuch);
        }
        self.tare = self.division().times(tare.counted_in(self.division()));
        Ok(())
    }

    pub fn clear_tare(&mut self) {
        self.tare = Mass::ZERO;
    }

    /// Whether the load differs from the one sold last by so many divisions, or the pan was empty
    /// in between.
    pub fn is_new(&self, divisions: i64) -> bool {
        let now = self.on_pan().counted_in(self.division());
        self.told.is_none_or(|told| (now - told).abs() >= divisions)
    }

    /// The weight was sold.
    pub fn sold(&mut self) {
        self.told = Some(self.on_pan().counted_in(self.division()));
    }

    /// Whether [`set_zero`](Self::set_zero) would find the load within its range.
    pub fn can_be_zeroed(&self) -> bool {
        self.load.size() <= self.spec.zero_range
    }

    /// What the net weight costs, in the smallest coin, halves rounded up; 0 below zero.
    pub fn total(&self) -> u64 {
        let reading = self.reading();
        let weight = u128::try_from(reading.value).unwrap_or(0);
        // A price is for a kilogram even on a scale in grams.
        let places = u32::from(reading.decimals) + if reading.unit == Unit::Gram { 3 } else { 0 };
        let whole = 10_u128.pow(places);
        u64::try_from((weight * u128::from(self.price) + whole / 2) / whole).unwrap_or(u64::MAX)
    }

    fn is_stable(&self) -> bool {
        !self.moving && !self.never_stable
    }

    fn on_pan(&self) -> Mass {
        self.load.less(self.zero)
    }

    fn at_zero(&self) -> bool {
        self.on_pan().size().times(4) < self.division()
    }

    fn division(&self) -> Mass {
        self.last_place().times(self.step)
    }

    /// Gross weight, counted in the last place and rounded to the division.
    fn gross(&self) -> i64 {
        self.on_pan().counted_in(self.division()).saturating_mul(self.step)
    }

    /// Gross weight, counted in the place after the last and not rounded to the division.
    fn fine_gross(&self) -> i64 {
        self.on_pan().counted_in(self.unit.last_place(self.decimals + 1))
    }

    fn tare_count(&self) -> i64 {
        self.tare.counted_in(self.last_place())
    }
}
