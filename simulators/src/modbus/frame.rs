//! Frames on the line: where a request ends, and how an answer is dressed.

/// How frames look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Unit, function, data, checksum: serial lines.
    Rtu,
    /// With the header of Modbus TCP.
    Tcp,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub transaction: [u8; 2],
    pub unit: u8,
    pub function: u8,
    pub data: Vec<u8>,
    /// The whole frame.
    pub bytes: Vec<u8>,
}

/// What is at the front of the bytes that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// Not enough to tell.
    Short,
    /// A request.
    Whole(Request),
    /// No frame: all of it is dropped.
    Nothing(&'static str),
}

pub(super) fn front(framing: Framing, bytes: &[u8]) -> Front {
    match framing {
        Framing::Rtu => serial(bytes),
        Framing::Tcp => network(bytes),
    }
}

fn serial(bytes: &[u8]) -> Front {
    let [unit, function, rest @ ..] = bytes else { return Front::Short };
    let data = match function {
        1..=6 => 4,
        15 | 16 => match rest.get(4) {
            Some(count) => 5 + usize::from(*count),
            None => return Front::Short,
        },
        // Of what is not known the length isn't either: the chunk is the frame.
        _ if rest.len() >= 2 => rest.len() - 2,
        _ => return Front::Short,
    };
    let (Some(data), Some(sum)) = (rest.get(..data), rest.get(data..data + 2)) else { return Front::Short };
    let length = 2 + data.len();
    let covered = bytes.get(..length).unwrap_or_default();
    if sum != checksum(covered) {
        return Front::Nothing("a wrong checksum");
    }
    Front::Whole(Request {
        transaction: [0, 0],
        unit: *unit,
        function: *function,
        data: data.to_vec(),
        bytes: [covered, sum].concat(),
    })
}

fn network(bytes: &[u8]) -> Front {
    let [t1, t2, p1, p2, l1, l2, unit, function, rest @ ..] = bytes else { return Front::Short };
    if (*p1, *p2) != (0, 0) {
        return Front::Nothing("another protocol");
    }
    let Some(data) = usize::from(u16::from_be_bytes([*l1, *l2])).checked_sub(2) else {
        return Front::Nothing("a length below 2");
    };
    let Some(data) = rest.get(..data) else { return Front::Short };
    Front::Whole(Request {
        transaction: [*t1, *t2],
        unit: *unit,
        function: *function,
        data: data.to_vec(),
        bytes: bytes.get(..8 + data.len()).unwrap_or_default().to_vec(),
    })
}

/// An answer on the wire.
pub(super) fn dress(framing: Framing, transaction: [u8; 2], unit: u8, pdu: &[u8]) -> Vec<u8> {
    match framing {
        Framing::Rtu => {
            let mut frame = [&[unit], pdu].concat();
            frame.extend(checksum(&frame));
            frame
        }
        Framing::Tcp => {
            let length = u16::try_from(pdu.len() + 1).unwrap_or(u16::MAX).to_be_bytes();
            [&transaction[..], &[0, 0], &length, &[unit], pdu].concat()
        }
    }
}

/// MODBUS over serial line V1.02, appendix B: CRC-16, polynomial A001 (hex), the low byte first.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let odd = sum & 1 == 1;
            sum >>= 1;
            if odd {
                sum ^= 0xA001;
            }
        }
    }
    sum.to_le_bytes()
}
