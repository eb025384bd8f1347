//! The two frames of the family.
//!
//! Wide (X, RO): `01 LEN4 SEQ CMD4 DATA [04 STATUS8] 05 BCC4 03`; one-byte (P, C):
//! `01 LEN SEQ CMD DATA [04 STATUS6] 05 BCC4 03`. The part in brackets is in answers only. LEN
//! counts what stands after 01 up to and with 05, plus 20h; BCC is the 16-bit sum of the same
//! bytes. A wide number goes as four nibbles, each with 30h added, so A to F are `:` to `?`.
//!
//! Sources: Datecs, *Programmer's Manual FMP-350X ... WP-25X*, version 2.08, "Wrapped messages" and
//! "Message composition"; *FP-2000 User's Manual* 3.10, the same chapters.

/// How commands and answers are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Wide,
    Byte,
}

/// A command frame, its data with the escapes of control characters undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub seq: u8,
    pub command: u16,
    pub data: Vec<u8>,
}

/// What the bytes amounted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Frame(Frame),
    /// Wrong form or check sum, and what exactly: answered with NAK.
    Broken(&'static str),
    /// A byte outside any frame: ignored.
    Stray(u8),
}

const PREAMBLE: u8 = 0x01;
const TERMINATOR: u8 = 0x03;
const SEPARATOR: u8 = 0x04;
const POSTAMBLE: u8 = 0x05;
const ESCAPE: u8 = 0x10;
const LEN_OFFSET: usize = 0x20;

/// Most bytes of data in a wide command (manual X 2.08, `<DATA>`: 0-213 bytes).
const MOST_DATA: usize = 213;

impl Framing {
    /// Bytes of LEN and of CMD.
    fn number(self) -> usize {
        match self {
            Framing::Wide => 4,
            Framing::Byte => 1,
        }
    }

    /// Bytes of status in an answer.
    pub fn status(self) -> usize {
        match self {
            Framing::Wide => 8,
            Framing::Byte => 6,
        }
    }

    /// LEN, SEQ, CMD and 05 of a command without data.
    fn overhead(self) -> usize {
        2 * self.number() + 2
    }

    fn read(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Framing::Wide => nibbles(bytes),
            Framing::Byte => bytes.first().map(|byte| usize::from(*byte)),
        }
    }

    fn write(self, value: usize, out: &mut Vec<u8>) {
        match self {
            Framing::Wide => write_nibbles(value, out),
            Framing::Byte => out.push(u8::try_from(value).unwrap_or(u8::MAX)),
        }
    }

    /// The answer to a command, with its status bytes.
    pub fn answer(self, seq: u8, command: u16, data: &[u8], status: &[u8]) -> Vec<u8> {
        let counted = self.overhead() + data.len() + 1 + status.len();
        let mut out = vec![PREAMBLE];
        self.write(counted + LEN_OFFSET, &mut out);
        out.push(seq);
        self.write(usize::from(command), &mut out);
        out.extend_from_slice(data);
        out.push(SEPARATOR);
        out.extend_from_slice(status);
        out.push(POSTAMBLE);
        let sum = check_sum(out.get(1..).unwrap_or_default());
        write_nibbles(usize::from(sum), &mut out);
        out.push(TERMINATOR);
        out
    }
}

/// Cuts the stream into frames, byte by byte. 01 stands nowhere inside a frame, so it always
/// begins one.
#[derive(Debug)]
pub(super) struct Reader {
    framing: Framing,
    /// After 01; `None` between frames.
    frame: Option<Vec<u8>>,
}

impl Reader {
    pub fn new(framing: Framing) -> Self {
        Self { framing, frame: None }
    }

    /// Forgets a frame that has begun: the link fell.
    pub fn reset(&mut self) {
        self.frame = None;
    }

    /// Takes one byte; says what ended with it.
    pub fn push(&mut self, byte: u8) -> Option<Heard> {
        if byte == PREAMBLE {
            self.frame = Some(Vec::new());
            return None;
        }
        let Some(frame) = &mut self.frame else { return Some(Heard::Stray(byte)) };
        frame.push(byte);
        let heard = judge(self.framing, frame)?;
        self.frame = None;
        Some(heard)
    }
}

/// The frame, what is wrong with it, or `None` while it goes on.
fn judge(framing: Framing, bytes: &[u8]) -> Option<Heard> {
    let number = framing.number();
    let len = match framing.read(bytes.get(..number)?) {
        Some(len) => len,
        None => return Some(Heard::Broken("LEN has a byte outside 30-3F")),
    };
    let counted = len.wrapping_sub(LEN_OFFSET);
    let least = framing.overhead();
    if len < LEN_OFFSET + least {
        return Some(Heard::Broken("LEN is too small for SEQ and CMD"));
    }
    if counted - least > MOST_DATA {
        return Some(Heard::Broken("LEN says more data than the device takes"));
    }
    let body = bytes.get(..counted)?;
    let (tail, rest) = bytes.get(counted..)?.split_at_checked(4)?;
    let end = *rest.first()?;
    Some(match whole(framing, body, tail, end) {
        Ok(frame) => Heard::Frame(frame),
        Err(why) => Heard::Broken(why),
    })
}

fn whole(framing: Framing, body: &[u8], tail: &[u8], end: u8) -> Result<Frame, &'static str> {
    let number = framing.number();
    let (&postamble, body_before) = body.split_last().ok_or("no body")?;
    if postamble != POSTAMBLE {
        return Err("05 doesn't stand where LEN says");
    }
    if end != TERMINATOR {
        return Err("03 doesn't end the frame");
    }
    if nibbles(tail) != Some(usize::from(check_sum(body))) {
        return Err("BCC is wrong");
    }
    let (&seq, command_and_data) =
        body_before.get(number..).and_then(<[u8]>::split_first).ok_or("SEQ is missing")?;
    if seq < 0x20 {
        return Err("SEQ is below 20");
    }
    let (command, data) = command_and_data.split_at_checked(number).ok_or("CMD is missing")?;
    let command = framing.read(command).and_then(|n| u16::try_from(n).ok());
    let command = command.ok_or("CMD has a byte outside 30-3F")?;
    Ok(Frame { seq, command, data: unescaped(data)? })
}

/// Control characters come as 10h and the character with 40h added; TAB and LF as they are.
fn unescaped(data: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(data.len());
    let mut bytes = data.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            ESCAPE => match bytes.next() {
                Some(next @ 0x40..0x60) => out.push(next - 0x40),
                _ => return Err("10h is not followed by a character of 40-5F"),
            },
            b'\t' | b'\n' | 0x20.. => out.push(byte),
            _ => return Err("data has a control character"),
        }
    }
    Ok(out)
}

fn check_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)))
}

fn nibbles(bytes: &[u8]) -> Option<usize> {
    bytes.iter().try_fold(0, |value, byte| match byte {
        0x30..=0x3F => Some(value << 4 | usize::from(byte - 0x30)),
        _ => None,
    })
}

fn write_nibbles(value: usize, out: &mut Vec<u8>) {
    out.extend([12, 8, 4, 0].map(|shift| 0x30 + (value >> shift & 0xF) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(framing: Framing, bytes: &[u8]) -> Vec<Heard> {
        let mut reader = Reader::new(framing);
        bytes.iter().filter_map(|byte| reader.push(*byte)).collect()
    }

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    #[test]
    fn the_example_of_the_x_manual_is_a_text_of_command_42() {
        let bytes = hex("01 30 30 32 3F 24 30 30 32 3A 54 65 73 74 09 05 30 33 36 3F 03");
        let frame = Frame { seq: 0x24, command: 42, data: b"Test\t".to_vec() };
        assert_eq!(hear(Framing::Wide, &bytes), [Heard::Frame(frame)]);
    }

    #[test]
    fn the_answer_of_the_x_manual_is_written_as_printed_there() {
        let status = hex("80 80 A0 80 86 9A 80 80");
        let answer = Framing::Wide.answer(0x24, 42, b"0\t", &status);
        let printed = hex("01 30 30 33 35 24 30 30 32 3A 30 09 04 80 80 A0 80 86 9A 80 80 05 30 36 33 3A 03");
        assert_eq!(answer, printed);
    }

    #[test]
    fn the_answer_a_dp_25x_gave_to_a_payment_without_receipt_is_written_alike() {
        // Recorded from a device: erpnet/ErpNet.FP, issue 135.
        let status = hex("80 80 80 80 86 9A 80 80");
        let answer = Framing::Wide.answer(0x30, 53, b"-111016\t", &status);
        let recorded = hex("01 30 30 33 3B 30 30 30 33 35 2D 31 31 31 30 31 36 09 04 80 80 80 80 86 9A \
                            80 80 05 30 37 34 3F 03");
        assert_eq!(answer, recorded);
    }

    #[test]
    fn the_status_questions_of_both_frames_are_understood() {
        let wide = hex("01 30 30 32 3A 20 30 30 34 3A 05 30 31 3B 3F 03");
        let frame = Frame { seq: 0x20, command: 74, data: Vec::new() };
        assert_eq!(hear(Framing::Wide, &wide), [Heard::Frame(frame.clone())]);
        let byte = hex("01 24 20 4A 05 30 30 39 33 03");
        assert_eq!(hear(Framing::Byte, &byte), [Heard::Frame(frame)]);
    }

    #[test]
    fn a_changed_byte_breaks_the_frame_and_the_next_one_is_heard() {
        let good = hex("01 24 20 4A 05 30 30 39 33 03");
        for at in 1..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x04;
            bad.extend(&good);
            let heard = hear(Framing::Byte, &bad);
            let frames = heard.iter().filter(|heard| matches!(heard, Heard::Frame(_))).count();
            assert_eq!(frames, 1, "byte {at}: {heard:?}");
            assert!(matches!(heard.last(), Some(Heard::Frame(_))));
        }
    }

    #[test]
    fn a_one_byte_frame_is_broken_for_a_device_of_the_wide_frame() {
        // Recorded: a DP-150MX answers such a frame with NAK (erpnet/ErpNet.FP, issue 183).
        let heard = hear(Framing::Wide, &hex("01 25 21 5A 31 05 30 30 3D 36 03"));
        assert_eq!(heard.first(), Some(&Heard::Broken("LEN has a byte outside 30-3F")));
    }

    #[test]
    fn escaped_control_characters_are_data_and_bare_ones_are_not() {
        assert_eq!(unescaped(&[0x41, 0x10, 0x5B, 0x09]), Ok(vec![0x41, 0x1B, 0x09]));
        assert!(unescaped(&[0x1B]).is_err());
        assert!(unescaped(&[0x10]).is_err());
    }
}
