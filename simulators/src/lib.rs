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
//!
//! # Scale
//!
//! A scale of one of twelve protocols on a TCP port or a pseudo terminal. A test lays an exact mass
//! on its pan; it shows, zeroes and tares as its document says, and takes scripted faults of scale
//! and line.
//!
//! ```
//! use outlet_simulators::scale::{Fault, Scale, ScaleSpec};
//!
//! let scale = Scale::new(ScaleSpec::toledo_8217());
//! scale.put(1550);
//! assert_eq!(scale.feed(b"W"), b"\x0201.550\r");
//!
//! scale.moving(true);
//! assert_eq!(scale.feed(b"W"), b"\x02?I\r");
//!
//! scale.inject(Fault::Silence);
//! assert_eq!(scale.feed(b"W"), b"");
//! ```
//!
//! From the command line: `cargo run -p outlet-simulators --example scale -- --protocol cas --pty`.
//!
//! # Readers
//!
//! Barcode scanners, RFID and magnetic stripe readers on a TCP port or a pseudo terminal: devices that
//! speak by themselves. Their line takes the faults: a code in two writes, two codes in one, noise,
//! silence in the middle, a pulled cable. Reports of HID readers and events of keyboard wedges are made
//! for tests with fake device nodes.
//!
//! ```
//! use outlet_simulators::reader::{RfidCard, hid, lrc};
//!
//! let card = RfidCard::EmMarine([0x55, 0x00, 0x7E, 0xE4, 0x24]);
//! assert_eq!(card.text(), "Em-Marine[5500] 126,58404");
//! assert_eq!(lrc(";4111111111111111=25121010000000000000?"), '8');
//! assert_eq!(hid::scanner("]E0", b"4606224110059", hid::MoreFlag::Byte63).len(), 1);
//! ```
//!
//! From the command line: `cargo run -p outlet-simulators --example reader -- --kind scanner`.
//!
//! # HID devices
//!
//! Scales, scanners, stripe readers and keyboards that the kernel takes for real ones, with hidraw and event
//! nodes: [`hid`], on a machine of its own (`machine/run`).
//!
//! # Customer display
//!
//! Two lines of twenty characters, CD5220 or ESC/POS, on a TCP port or a pseudo terminal. It forgets
//! everything when the cable is pulled.
//!
//! ```
//! use outlet_simulators::display::{Display, DisplaySpec};
//!
//! let display = Display::new(DisplaySpec::cd5220());
//! display.feed(b"\x1bQATea            12.50\r");
//! assert_eq!(display.screen()[0], "Tea            12.50");
//! assert!(display.violations().is_empty());
//! ```
//!
//! From the command line: `cargo run -p outlet-simulators --example customer_display`.
//!
//! # Label printer
//!
//! TSPL, ZPL or EPL on a TCP port or a pseudo terminal. Labels are drawn as dots, with the texts and
//! codes of the printer's own commands beside them.
//!
//! ```
//! use outlet_simulators::label_printer::{Fault, LabelPrinter, PrinterSpec};
//!
//! let printer = LabelPrinter::new(PrinterSpec::zpl());
//! printer.feed(b"^XA^PW400^LL200^FO10,10^A0N,30,30^FDTea^FS^XZ");
//! assert!(printer.labels()[0].says("Tea"));
//!
//! printer.inject(Fault::HeadOpen);
//! assert!(printer.feed(b"~HS").starts_with(b"\x02030,0,1,"));
//! ```
//!
//! From the command line: `cargo run -p outlet-simulators --example label_printer -- --language tspl`.
//!
//! # Label-printing scale
//!
//! A scale that takes a list of items: Shtrih-Print over UDP, Mertech over TCP.
//!
//! ```
//! use outlet_simulators::label_scale::{LabelScale, ScaleSpec};
//!
//! let scale = LabelScale::new(ScaleSpec::shtrih_print());
//! // Get the prefixes of barcodes: password 0030; by weight 20, by the piece 21, no label of a sum.
//! let answer = scale.feed(b"\x02\x05\x760030");
//! assert_eq!(answer, [0x02, 0x05, 0x76, 0, 20, 21, 0]);
//! ```
//!
//! From the command line: `cargo run -p outlet-simulators --example label_scale -- --protocol mertech`.

//! # Modbus line
//!
//! Relays, sensors and indicators as stations with coils and registers on one serial line or TCP port.
//!
//! ```
//! use outlet_simulators::modbus::{Framing, Modbus, Station};
//!
//! let line = Modbus::new(Framing::Rtu).with(1, Station::relay_board(8));
//! let on = [0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A];
//! assert_eq!(line.feed(&on), on);
//! assert_eq!(line.coil(1, 0), Some(true));
//! ```
//!
//! # Office printer
//!
//! IPP over HTTP, with its queue: jobs by name, states and reasons, copies, a tray that runs empty.
//!
//! ```
//! use outlet_simulators::ipp_printer::{Fault, IppPrinter, PrinterSpec};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let printer = IppPrinter::new(PrinterSpec::office());
//! printer.serve_tcp("127.0.0.1:0").await?;
//! assert!(printer.link().ends_with("/ipp/print"));
//!
//! printer.inject(Fault::SheetsLeft(1));
//! assert!(printer.jobs().is_empty());
//! # Ok(())
//! # }
//! ```

mod characters;
pub mod display;
pub mod hid;
pub mod ipp_printer;
pub mod label_printer;
pub mod label_scale;
mod link;
pub mod modbus;
mod peripheral;
pub mod printer;
pub mod reader;
pub mod register;
pub mod scale;
