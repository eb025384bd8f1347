//! Fiscal registers of Shtrih-M and Retail (АО «Штрих-М», Россия).
//!
//! [`command`] has the commands with their answers, [`link1`] and [`link2`] carry them, [`tlv`] makes and
//! reads tags of fiscal data, [`refusal`] says what an error code means, [`vat`] has the rates by model.
//! Money is in kopecks, a quantity in millionths.
//!
//! Sources: Shtrih-M, *Протокол работы ККТ* v2.0 and *Протокол ФР (команды работы с ФН)*; where they are
//! silent, the vendor's own source `shtrih-m/javapos_shtrih` and traces of its driver in the issues of
//! `shtrih-m/fr_drv_ng`.

pub mod command;
mod fields;
pub mod fuzz;
pub mod link1;
pub mod link2;
pub mod refusal;
mod shown;
pub mod tlv;
pub mod vat;

pub use fields::MAX_SUM;
pub use link1::Link1;
pub use link2::Link2;
pub use refusal::Refusal;
pub use shown::shown;
