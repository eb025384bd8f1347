//! Simulated restaurant devices: **test tools**, for the demo, the tests and the benches. Nothing
//! here drives a real device.
//!
//! Each simulator plays the *device*, written from vendor documents alone. It shares no code with
//! the codecs and drivers of this workspace, so that one mistake can't pass on both sides.
//!
//! # Printer
//!
//! A receipt printer (ESC/POS or Star Line Mode) on a TCP port or a pseudo terminal. It interprets
//! what it receives strictly, draws it on paper as text and dots, answers status questions, and
//! takes scripted faults.
//!
//! ```
//! use outlet_simulators::printer::{Fault, Printer, PrinterSpec};
//! use tokio::io::AsyncWriteExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let printer = Printer::new(PrinterSpec::epson_80mm());
//! let address = printer.serve_tcp("127.0.0.1:0").await?;
//!
//! let mut host = tokio::net::TcpStream::connect(address).await?;
//! host.write_all(b"\x1b@Tea 2 x 1.50\n\x1dV\x00").await?;
//!
//! let paper = printer.wait_paper(1).await;
//! assert!(paper.says("Tea 2 x 1.50"));
//! assert!(printer.violations().is_empty());
//!
//! printer.inject(Fault::PaperOut);
//! # Ok(())
//! # }
//! ```
//!
//! - **Time.** Paper comes out in no time unless the spec has a speed, so tests wait for events
//!   ([`wait_paper`](printer::Printer::wait_paper), [`wait_state`](printer::Printer::wait_state),
//!   [`events`](printer::Printer::events)) and never for clocks. Without a connection,
//!   [`feed`](printer::Printer::feed) runs the printer step by step.
//! - **Paper.** [`Paper`](printer::Paper) has the text in its columns, the markers (codes with their
//!   content, images, cuts) and the violations; its picture is drawn only when asked for.
//! - **Strictness.** What the vendor's document doesn't allow is never silently ignored: it is a
//!   violation of the printer and of the paper it belongs to.
//! - **Faults.** [`Fault`](printer::Fault) lists them; they can be set before, between and in the
//!   middle of the bytes of a job.
//! - **Memory** is bounded by [`Keep`](printer::Keep).
//!
//! Not simulated, and reported as a violation when used: page mode, user-defined characters, images
//! stored in the printer, macros, other two-dimensional codes than QR and PDF417 (and PDF417 is
//! drawn as a frame with its content), other motion units than one dot.
//!
//! From the command line: `cargo run -p outlet-simulators --example printer -- --port 9100`.
//!
//! # Fiscal register
//!
//! A register of one of three families on a TCP port or a pseudo terminal: **not a fiscal
//! device**, and every paper says so. It keeps its books (documents, shift, sums, clock) through
//! power failures and, in a file, through its own restarts; refuses what a real one refuses, with
//! its codes; and stops at each boundary of the exchange, where scripted faults strike.
//!
//! ```
//! use outlet_simulators::register::{DocumentKind, Fault, Moment, Register, RegisterSpec, What};
//!
//! # fn main() -> std::io::Result<()> {
//! let register = Register::open(RegisterSpec::shtrih_v1())?;
//!
//! // Power fails once the command that opens a shift is executed and not yet answered.
//! let executed = Moment::Of { frame: "E0".into(), what: What::Executed };
//! register.plan(executed, Fault::PowerOff { back_after: None });
//! let said = register.feed(&[0x02, 0x05, 0xE0, 30, 0, 0, 0, 0xFB]);
//! assert_eq!(said, [0x06], "acknowledged, not answered");
//!
//! register.power_on();
//! assert!(register.shift().open);
//! assert_eq!(register.documents().last().map(|document| document.kind), Some(DocumentKind::OpenShift));
//! # Ok(())
//! # }
//! ```
//!
//! From the command line: `cargo run -p outlet-simulators --example register -- --family shtrih-v2`.

mod link;
pub mod printer;
pub mod register;
