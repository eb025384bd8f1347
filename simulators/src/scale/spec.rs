//! What kind of scale is simulated.

use std::time::Duration;

use super::mass::{Mass, Unit};

/// A scale's protocol, range and habits.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleSpec {
    /// What it speaks.
    pub protocol: Protocol,
    /// Unit of the weights it shows.
    pub unit: Unit,
    /// Places after the point, at most 4.
    pub decimals: u8,
    /// The division: what weights are rounded to, counted in the last place.
    pub step: u32,
    /// What lies heavier on the pan is an overload.
    pub capacity: Mass,
    /// How far from its first zero it can be zeroed.
    pub zero_range: Mass,
    /// Greatest tare.
    pub max_tare: Mass,
    /// Price of a kilogram or pound in the smallest coin, where the protocol has one.
    pub price: u32,
    /// Password of four digits, where the protocol has one (Shtrih POS2).
    pub password: String,
    /// Number of the scale, where the protocol has one (CAS stream): sent as this byte.
    pub id: u8,
    /// Time between two frames that it sends by itself, where the protocol does; without it they
    /// come with [`Scale::tick`](super::Scale::tick) alone.
    pub interval: Option<Duration>,
    /// How long a command that needs a still weight waits for one (MT-SICS).
    pub patience: Duration,
    /// Tells each load once: then the pan must be emptied or the load changed (Adam, Dibal,
    /// Dialog 04).
    pub only_new_weight: bool,
}

/// The protocols, with what differs between the devices that speak them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// CAS: `ENQ`, then `DC1` or `DC2`.
    Cas(CasForm),
    /// CAS frames of 22 bytes that the scale sends by itself.
    CasStream {
        /// Fills the weight with blanks instead of zeros.
        blanks: bool,
    },
    /// Massa-K protocol 100.
    Massa100,
    /// Massa-K protocol "1C".
    Massa1C,
    /// Massa-K protocol "J".
    MassaJ {
        /// Bit 6 of the status, on which sources differ.
        bit6: bool,
    },
    /// Shtrih POS2.
    ShtrihPos2 {
        /// The answer to `E8h` has the 25 bytes that its length column says instead of the 24 of
        /// its fields.
        long_channel_answer: bool,
    },
    /// Toledo 8217.
    Toledo8217 {
        /// Bit 5 of the status is always 1 instead of telling a net weight.
        bit5_always: bool,
    },
    /// Mettler Toledo MT-SICS, levels 0 and 1.
    MtSics(SicsForm),
    /// NCI / Weigh-Tronix.
    Nci(NciForm),
    /// Dialog 04 and 02.
    Dialog04,
    /// Adam Equipment.
    Adam(AdamForm),
    /// Dibal and TISA cash register protocol.
    Dibal,
}

/// How a CAS scale writes its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CasForm {
    /// Six characters and two for the unit, as in the vendor's document.
    Document,
    /// The same, with bit 7 set in the first byte of the answer: `81`.
    ParityLeak,
    /// Seven characters in grams and `g`.
    Grams,
}

/// How an MT-SICS scale writes its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SicsForm {
    /// `S S`, ten characters, a blank, the unit.
    Document,
    /// `SI` is answered with `SI S` instead of `S S`.
    CommandName,
    /// Seven characters and `Kg`.
    FewBlanks,
}

/// How an NCI scale answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NciForm {
    /// The form for cash registers: `S` before the status, capital units, leading zeros, and the
    /// status alone when there is no valid weight.
    CashRegister,
    /// The form of bench scales: no `S`, small units, blanks, three status bytes, and an invalid
    /// weight as `^`, `_` or `-` in all places.
    Bench,
}

/// How an Adam scale prints its weight; the layout is a setting of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdamForm {
    /// Sign or blank, seven places, the unit at once: `   1.550kg`.
    Label,
    /// `+`, a blank and the weight, the unit at once: `+ 1.550kg` (Swift, format 3).
    Signed,
    /// Sixteen characters with the line end, the unit in three of them (Highland, format 2).
    Padded,
}

impl ScaleSpec {
    /// A scale of 15 kg that shows grams as thousandths of a kilogram.
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            unit: Unit::Kilogram,
            decimals: 3,
            step: 1,
            capacity: Mass::grams(15_000),
            // 2 % of the capacity on either side, the whole range being at most 4 % (OIML R 76).
            zero_range: Mass::grams(300),
            max_tare: Mass::grams(9_999),
            price: 0,
            password: "0030".into(),
            id: b'1',
            interval: None,
            patience: Duration::from_secs(2),
            only_new_weight: false,
        }
    }

    /// The same in another unit, with so many places after the point.
    pub fn in_unit(mut self, unit: Unit, decimals: u8) -> Self {
        (self.unit, self.decimals) = (unit, decimals);
        self
    }

    /// The same with another division, counted in the last place.
    pub fn with_step(mut self, step: u32) -> Self {
        self.step = step;
        self
    }

    /// The same, sending by itself at an interval.
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// CAS on request.
    pub fn cas() -> Self {
        Self::new(Protocol::Cas(CasForm::Document))
    }

    /// CAS frames of 22 bytes; they come with [`Scale::tick`](super::Scale::tick), and at an
    /// interval with [`every`](Self::every).
    pub fn cas_stream() -> Self {
        Self::new(Protocol::CasStream { blanks: false })
    }

    /// Massa-K protocol 100.
    pub fn massa_k_100() -> Self {
        Self::new(Protocol::Massa100)
    }

    /// Massa-K protocol "1C".
    pub fn massa_k_1c() -> Self {
        Self::new(Protocol::Massa1C)
    }

    /// Massa-K protocol "J".
    pub fn massa_k_j() -> Self {
        Self::new(Protocol::MassaJ { bit6: false })
    }

    /// Shtrih POS2, password 0030.
    pub fn shtrih_pos2() -> Self {
        Self::new(Protocol::ShtrihPos2 { long_channel_answer: false })
    }

    /// Toledo 8217.
    pub fn toledo_8217() -> Self {
        Self::new(Protocol::Toledo8217 { bit5_always: false })
    }

    /// Mettler Toledo MT-SICS.
    pub fn mt_sics() -> Self {
        Self::new(Protocol::MtSics(SicsForm::Document))
    }

    /// NCI in its form for cash registers.
    pub fn nci() -> Self {
        Self::new(Protocol::Nci(NciForm::CashRegister))
    }

    /// Dialog 04.
    pub fn dialog_04() -> Self {
        Self::new(Protocol::Dialog04)
    }

    /// Adam Equipment.
    pub fn adam() -> Self {
        Self { only_new_weight: true, ..Self::new(Protocol::Adam(AdamForm::Label)) }
    }

    /// Dibal.
    pub fn dibal() -> Self {
        Self::new(Protocol::Dibal)
    }
}
