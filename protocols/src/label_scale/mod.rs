//! Label scales: what a self-service or counter scale has to know of the items it sells and prints.
//!
//! [`ItemList`] is the document of a job. [`ItemList::prepare`] judges it by what one scale can keep and makes the
//! scale's own records of it; [`Command`] and [`Incoming`] are the messages.
//!
//! # Sources
//! - "Протокол обмена весов «Штрих-Принт»", version 1.3, document 1.10 of 30.07.2010 (Shtrih-M): framing in the
//!   section on Ethernet, commands in "Поддерживаемые команды", errors in appendix 5, modes in appendix 6.
//! - "ШТРИХ-М: Драйвер весов «Штрих-Принт»" 1.5: UDP port 1111 and an answer within 500 ms are the defaults.
//! - "Весы серии M-ER 725, 727, 828. Руководство программиста" 1.0.1 (Mertech): four bytes with the length in front of
//!   each message over TCP; "Работа с товарами" and the same chapter of "Устаревшие команды".
//!
//! Version 1.6 of the first (2017) is known only from public code that quotes it: it takes three of the price's four
//! bytes and puts formats into the fourth, which a price within its bounds leaves 0.

mod command;
mod error;
mod frame;
pub mod fuzz;
mod list;
mod prepare;
mod record;
mod text;
mod told;

pub use command::{Command, Password, PasswordError, Prefix};
pub use error::{Weight, weight, words};
pub use frame::{Answer, Carrier, Frames, Garbled, Incoming};
pub use list::{Item, ItemList, ListError, MOST_ITEMS, Mode, Prefixes, Unit};
pub use prepare::{Limits, Message, Prepared, Remarks};
pub use record::{Kept, RECORD, Record};
pub use told::{DeviceType, ScaleMode, ScaleState};
