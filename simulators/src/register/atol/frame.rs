//! Frames of the low level, version 3.
//!
//! `FE | length, 7 bits | length >> 7 | id | data | CRC`. The length is that of the data before
//! stuffing. In data and CRC, FE is sent as FD EE and FD as FD ED. The CRC has the polynomial 31h
//! and begins with FFh; it runs over id and data before stuffing, which is how three of the four
//! public implementations have it (`TransportProtocolV3` of kurbatov/atol4j, `Packet` and
//! `Receiver` of a Crystals till, `Atol3FRProtocol` of AlexObukhoff/TerminalClient; the fourth,
//! Zzzzipper/projects, runs it over the stuffed bytes).

/// Begins a frame.
const STX: u8 = 0xFE;
/// Begins a stuffed pair.
const ESC: u8 = 0xFD;
/// Ends the pair that stands for [`STX`].
const TSTX: u8 = 0xEE;
/// Ends the pair that stands for [`ESC`].
const TESC: u8 = 0xED;
/// The highest id of a host's frame.
pub(super) const LAST_ID: u8 = 0xDF;
/// The id of what the device sends unasked.
pub(super) const ASYNC_ID: u8 = 0xF0;
/// No task is longer; a length beyond it is noise.
const LONGEST: usize = 4096;

/// Wraps data.
pub(super) fn encode(id: u8, data: &[u8]) -> Vec<u8> {
    let mut out = vec![STX, (data.len() & 0x7F) as u8, (data.len() >> 7) as u8, id];
    let crc = data.iter().fold(crc(CRC_START, id), |sum, byte| crc(sum, *byte));
    for byte in data.iter().copied().chain([crc]) {
        match byte {
            STX => out.extend([ESC, TSTX]),
            ESC => out.extend([ESC, TESC]),
            byte => out.push(byte),
        }
    }
    out
}

/// A frame received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// Whole and sound.
    Frame { id: u8, data: Vec<u8> },
    /// Whole, with a wrong CRC.
    Garbled { id: u8 },
}

/// Takes frames out of bytes. A frame that isn't one is dropped up to the next FE.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Header(Vec<u8>),
    Body {
        id: u8,
        length: usize,
        body: Vec<u8>,
        escaped: bool,
    },
}

impl Decoder {
    /// Takes one byte.
    pub fn push(&mut self, byte: u8) -> Option<Received> {
        if byte == STX {
            self.state = State::Header(Vec::new());
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Idle => None,
            State::Header(mut header) => {
                header.push(byte);
                self.state = match header.as_slice() {
                    [low, high, id] => {
                        let length = usize::from(low & 0x7F) | usize::from(*high) << 7;
                        let sound = *low < 0x80 && length <= LONGEST && *id <= LAST_ID;
                        let body = Vec::with_capacity(if sound { length + 1 } else { 0 });
                        if sound {
                            State::Body { id: *id, length, body, escaped: false }
                        } else {
                            State::Idle
                        }
                    }
                    _ => State::Header(header),
                };
                None
            }
            State::Body { id, length, mut body, escaped } => {
                match (escaped, byte) {
                    (false, ESC) => {
                        self.state = State::Body { id, length, body, escaped: true };
                        return None;
                    }
                    (true, TSTX) => body.push(STX),
                    (true, TESC) => body.push(ESC),
                    (true, _) => return None,
                    (false, byte) => body.push(byte),
                }
                if body.len() <= length {
                    self.state = State::Body { id, length, body, escaped: false };
                    return None;
                }
                let sent = body.pop()?;
                let sum = body.iter().fold(crc(CRC_START, id), |sum, byte| crc(sum, *byte));
                Some(if sum == sent { Received::Frame { id, data: body } } else { Received::Garbled { id } })
            }
        }
    }
}

const CRC_START: u8 = 0xFF;

fn crc(sum: u8, byte: u8) -> u8 {
    (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 != 0 { sum << 1 ^ 0x31 } else { sum << 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Vec<Received> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|byte| decoder.push(*byte)).collect()
    }

    /// Frames of the facts sheet and of the tests of Zzzzipper/projects (`testAtolPacketLayer`).
    const GOLDEN: [(u8, &[u8], &[u8]); 5] = [
        (6, &[0xC4], &[0xFE, 1, 0, 6, 0xC4, 0x58]),
        (7, &[0xC1, 1, 2, 0, 0, 0xA5], &[0xFE, 6, 0, 7, 0xC1, 1, 2, 0, 0, 0xA5, 0x8D]),
        (2, &[0xC1, 1, 2, 0, 0, 0xA5], &[0xFE, 6, 0, 2, 0xC1, 1, 2, 0, 0, 0xA5, 0x93]),
        (8, &[0xC3, 2], &[0xFE, 2, 0, 8, 0xC3, 2, 0xFC]),
        (1, &[0xC1, 1, 2, 0, 0, 0xA5], &[0xFE, 6, 0, 1, 0xC1, 1, 2, 0, 0, 0xA5, 0x99]),
    ];

    #[test]
    fn known_frames_are_read_and_written_as_they_are() {
        for (id, data, frame) in GOLDEN {
            assert_eq!(encode(id, data), frame);
            assert_eq!(decode(frame), [Received::Frame { id, data: data.to_vec() }]);
        }
    }

    #[test]
    fn bytes_that_mean_something_are_stuffed_and_the_crc_runs_over_what_they_stand_for() {
        let frame = encode(5, &[0xFE, 0xFD, 0x01]);
        assert_eq!(frame.get(..9), Some([0xFE, 3, 0, 5, 0xFD, 0xEE, 0xFD, 0xED, 1].as_slice()));
        assert_eq!(decode(&frame), [Received::Frame { id: 5, data: vec![0xFE, 0xFD, 1] }]);
    }

    #[test]
    fn a_wrong_crc_is_noticed_and_noise_before_a_frame_is_skipped() {
        assert_eq!(decode(&[0xFE, 1, 0, 6, 0xC4, 0x59]), [Received::Garbled { id: 6 }]);
        let noise = [0x00, 0xFE, 0x09, 0x00, 0xFE, 1, 0, 6, 0xC4, 0x58];
        assert_eq!(decode(&noise), [Received::Frame { id: 6, data: vec![0xC4] }]);
    }

    #[test]
    fn long_data_has_its_length_in_two_bytes() {
        let data = vec![0x55; 300];
        let frame = encode(0, &data);
        assert_eq!(frame.get(1..3), Some([0x2C, 0x02].as_slice()));
        assert_eq!(decode(&frame), [Received::Frame { id: 0, data }]);
    }
}
