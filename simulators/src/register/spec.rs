//! What kind of register is simulated.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::DateTime;

use super::atol::{AtolSpec, AtolWire};
use super::datecs::{DatecsDialect, DatecsSpec};
use super::shtrih::ShtrihSpec;

/// A register's identity, family and pace.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterSpec {
    /// Family, with what is particular to it.
    pub family: Family,
    /// Factory serial number.
    pub serial: String,
    /// Number of its fiscal storage (Russia), fiscal memory (elsewhere).
    pub storage_number: String,
    /// Where the state is kept: everything in [`Ledger`](super::Ledger), and what waits for
    /// paper. Finished papers aren't. Without a file it is kept in memory: it survives power
    /// failures but not the handle.
    pub state_file: Option<PathBuf>,
    /// Characters on a line of paper.
    pub width: usize,
    /// Time that each command takes.
    pub processing: Duration,
    /// A frame whose next byte comes later than this is dropped. Real devices wait 50 to 100 ms;
    /// here longer, so that a busy machine doesn't tear frames.
    pub byte_timeout: Duration,
    /// The clock stands still at this local time until it is moved. Without it, the host's local
    /// time.
    pub clock: Option<DateTime>,
}

/// The families of registers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// Datecs of Bulgaria and Romania.
    Datecs(DatecsSpec),
    /// ATOL.
    Atol(AtolSpec),
    /// Shtrih-M, Retail-01 and relatives.
    Shtrih(ShtrihSpec),
}

impl RegisterSpec {
    /// A register of a family, with its state in memory.
    pub fn new(family: Family, serial: impl Into<String>, storage_number: impl Into<String>) -> Self {
        Self {
            family,
            serial: serial.into(),
            storage_number: storage_number.into(),
            state_file: None,
            width: 42,
            processing: Duration::ZERO,
            byte_timeout: Duration::from_millis(500),
            clock: None,
        }
    }

    /// The same with its state in a file.
    pub fn kept_in(mut self, file: impl Into<PathBuf>) -> Self {
        self.state_file = Some(file.into());
        self
    }

    /// The same with a clock that stands at a local time.
    pub fn at(mut self, clock: DateTime) -> Self {
        self.clock = Some(clock);
        self
    }

    /// An ATOL register on low level 3.
    pub fn atol_v3() -> Self {
        Self::atol(AtolSpec::default())
    }

    /// An ATOL register on low level 2.
    pub fn atol_v2() -> Self {
        Self::atol(AtolSpec { wire: AtolWire::V2, ..AtolSpec::default() })
    }

    fn atol(family: AtolSpec) -> Self {
        Self::new(Family::Atol(family), "00106900001234", "9999078900005678")
    }

    /// A Shtrih-M register on link level 1.
    pub fn shtrih_v1() -> Self {
        Self::shtrih(ShtrihSpec::default())
    }

    /// A Shtrih-M register on link level 2.0.
    pub fn shtrih_v2() -> Self {
        Self::shtrih(ShtrihSpec { link: super::shtrih::ShtrihLink::V2, ..ShtrihSpec::default() })
    }

    /// A Datecs device of the X series, Bulgaria.
    pub fn datecs_x() -> Self {
        Self::datecs(DatecsDialect::X, "DT577587", "02577587")
    }

    /// A Datecs device with Romanian firmware.
    pub fn datecs_ro() -> Self {
        Self::datecs(DatecsDialect::Ro, "DB4600001234", "4600001234")
    }

    /// A Datecs fiscal printer of the P series, Bulgaria.
    pub fn datecs_p() -> Self {
        Self::datecs(DatecsDialect::P, "DT278392", "02278392")
    }

    /// A Datecs cash register of the C series, Bulgaria.
    pub fn datecs_c() -> Self {
        Self::datecs(DatecsDialect::C, "DT735762", "02735762")
    }

    fn datecs(dialect: DatecsDialect, serial: &str, memory: &str) -> Self {
        Self::new(Family::Datecs(DatecsSpec::new(dialect)), serial, memory)
    }

    fn shtrih(family: ShtrihSpec) -> Self {
        Self::new(Family::Shtrih(family), "0000000001012345", "9999078900001234")
    }
}
