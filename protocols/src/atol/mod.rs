//! ATOL registers: packets and frames, the task buffer, tasks and their answers.
//!
//! A task ([`task`]) goes into the buffer ([`buffer`]) in a packet of version 3 ([`wire3`]), or alone
//! in a frame of version 2 ([`wire2`]). Its answer is read by [`answer`], [`storage`] or [`document`].
//! Nothing here waits or repeats by itself: a driver does, and decides by [`errors`].
//!
//! ```
//! use outlet_protocols::atol::buffer::{Command, Flags, State, TaskId};
//! use outlet_protocols::atol::task::{PaymentKind, Task};
//! use outlet_protocols::atol::wire3::{CrcOver, Event, Host, Packet};
//!
//! let id = TaskId::FIRST;
//! let task = Task::CloseReceipt(PaymentKind::Cash, 0).encode(0)?;
//! let mut host = Host::new(0, CrcOver::Data);
//! let sent = host.send(&Command::Add { flags: Flags::NEED_RESULT, id, task }.encode())?;
//! assert_eq!(sent.get(4..7), Some(&[0xc1, 1, 0][..]));
//!
//! // What came in the meantime, by itself: the task is done.
//! let came = Packet { id: 0xf0, data: vec![0xa6, 0, 0x55, 0] }.encode(CrcOver::Data)?;
//! for event in host.received(&came) {
//!     let Event::Async(data) = event else { continue };
//!     assert_eq!(State::parse(&data)?.answer_of(id), Some(&[0x55, 0][..]));
//!     host.send(&Command::Ack(id).encode())?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The vendor's manual (*Protokol raboty KKT*, 3.1) is not open. Layouts are those of public programs
//! that drive these registers; each module names them, and the places where they differ.

pub mod answer;
pub mod bcd;
pub mod buffer;
mod datetime;
pub mod document;
pub mod errors;
#[doc(hidden)]
pub mod fuzz;
pub mod storage;
pub mod task;
pub mod text;
pub mod tlv;
pub mod wire2;
pub mod wire3;
