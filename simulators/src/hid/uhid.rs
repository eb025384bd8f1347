//! Events of `/dev/uhid` as bytes: packed structures in the machine's byte order.
//!
//! Source: Linux `include/uapi/linux/uhid.h`, whose names stand beside.

use std::io;

use super::HidSpec;

/// The longest event: its type, and the largest of the structures, `uhid_create2_req`.
pub const EVENT_BYTES: usize = 4 + 4372;
/// The longest report, and the longest descriptor.
const MOST: usize = 4096;
/// `BUS_USB` of `linux/input.h`.
const BUS_USB: u16 = 3;
/// `EIO`: what a host gets for a report that isn't there.
const REFUSED: u16 = 5;

/// Kinds of reports that a host sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// To set the device up.
    Feature,
    /// Data.
    Output,
    /// What the device sends otherwise, asked for or set by request.
    Input,
}

/// A device comes (`UHID_CREATE2`). `place` tells it from others like it.
pub fn create(spec: &HidSpec, place: &str) -> io::Result<Vec<u8>> {
    let mut event = 11u32.to_ne_bytes().to_vec();
    text(&mut event, &spec.name, 128)?;
    text(&mut event, place, 64)?;
    text(&mut event, &spec.serial, 64)?;
    event.extend(length(&spec.descriptor)?.to_ne_bytes());
    event.extend(BUS_USB.to_ne_bytes());
    let (version, country) = (0u32, 0u32);
    for number in [spec.vendor.into(), spec.product.into(), version, country] {
        event.extend(number.to_ne_bytes());
    }
    event.extend(&spec.descriptor);
    Ok(event)
}

/// The device goes (`UHID_DESTROY`).
pub fn destroy() -> Vec<u8> {
    1u32.to_ne_bytes().to_vec()
}

/// The device sends a report (`UHID_INPUT2`).
pub fn input(report: &[u8]) -> io::Result<Vec<u8>> {
    Ok([&12u32.to_ne_bytes(), &length(report)?.to_ne_bytes()[..], report].concat())
}

/// What the kernel tells a device.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nobody uses the device any more, and nobody will (`UHID_STOP`).
    Stop,
    /// The first program opens it (`UHID_OPEN`).
    Open,
    /// The last one closes it (`UHID_CLOSE`).
    Close,
    /// A report to the device (`UHID_OUTPUT`).
    Output(Vec<u8>),
    /// A host waits for a report (`UHID_GET_REPORT`).
    Get { id: u32, number: u8, kind: ReportKind },
    /// A host sets a report and waits for the answer (`UHID_SET_REPORT`).
    Set { id: u32, number: u8, kind: ReportKind, bytes: Vec<u8> },
}

/// Reads an event. `None`: it is of no interest here.
pub fn asked(event: &[u8]) -> Option<Asked> {
    let body = event.get(4..)?;
    Some(match u32_at(event, 0)? {
        3 => Asked::Stop,
        4 => Asked::Open,
        5 => Asked::Close,
        6 => Asked::Output(body.get(..u16_at(body, MOST)?.into())?.to_vec()),
        9 => Asked::Get { id: u32_at(body, 0)?, number: *body.get(4)?, kind: kind(*body.get(5)?)? },
        13 => {
            let bytes = body.get(8..)?.get(..u16_at(body, 6)?.into())?.to_vec();
            Asked::Set { id: u32_at(body, 0)?, number: *body.get(4)?, kind: kind(*body.get(5)?)?, bytes }
        }
        _ => return None,
    })
}

/// Answers to what a host waits for.
pub enum Reply {
    /// `UHID_GET_REPORT_REPLY`
    Get { id: u32, report: Option<Vec<u8>> },
    /// `UHID_SET_REPORT_REPLY`
    Set { id: u32, done: bool },
}

impl Reply {
    pub fn bytes(self) -> Vec<u8> {
        let error = |refused: bool| if refused { REFUSED } else { 0 };
        match self {
            Self::Get { id, report } => {
                let refused = error(report.is_none());
                let mut report = report.unwrap_or_default();
                report.truncate(MOST);
                let mut event = [10u32.to_ne_bytes(), id.to_ne_bytes()].concat();
                event.extend(refused.to_ne_bytes());
                event.extend((report.len() as u16).to_ne_bytes());
                event.extend(report);
                event
            }
            Self::Set { id, done } => {
                [&14u32.to_ne_bytes(), &id.to_ne_bytes(), &error(!done).to_ne_bytes()[..]].concat()
            }
        }
    }
}

fn kind(code: u8) -> Option<ReportKind> {
    Some(match code {
        0 => ReportKind::Feature,
        1 => ReportKind::Output,
        2 => ReportKind::Input,
        _ => return None,
    })
}

/// Text in a field that ends with at least one zero.
fn text(event: &mut Vec<u8>, text: &str, field: usize) -> io::Result<()> {
    let room = field.checked_sub(text.len()).filter(|room| *room > 0);
    let room = room.ok_or_else(|| too_long(format!("{text:?}"), field - 1))?;
    event.extend(text.bytes());
    event.extend(std::iter::repeat_n(0, room));
    Ok(())
}

fn length(bytes: &[u8]) -> io::Result<u16> {
    let length = u16::try_from(bytes.len()).ok().filter(|length| usize::from(*length) <= MOST);
    length.ok_or_else(|| too_long(format!("a report or descriptor of {} bytes", bytes.len()), MOST))
}

fn too_long(what: String, most: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{what} is too long: at most {most} bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}
