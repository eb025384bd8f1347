//! Shtrih POS2.
//!
//! Source: Shtrih-M, "Protokol vesovogo modulya" V1.2 (2005): frames and control bytes, commands,
//! answers, the table of errors. The module doesn't repeat an answer by itself: after a `NAK` or
//! without an `ACK` it is held until `ENQ`.

use super::desk::{Answer, Desk};
use super::mass::Unit;
use super::pan::Refusal;
use super::simulation::Dialect;

const STX: u8 = 0x02;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

// Errors.
const WRONG_TARE: u8 = 17;
const UNKNOWN_COMMAND: u8 = 120;
const WRONG_LENGTH: u8 = 121;
const WRONG_PASSWORD: u8 = 122;
const ZERO_FAILED: u8 = 150;
const TARE_FAILED: u8 = 151;
const NOT_STILL: u8 = 152;
const WRONG_CHANNEL: u8 = 185;

pub(super) struct Pos2 {
    long_channel_answer: bool,
    /// Bytes from the length on; none when no frame has begun.
    frame: Option<Vec<u8>>,
    /// The body of an answer that was not acknowledged.
    held: Option<Vec<u8>>,
}

impl Pos2 {
    pub fn new(long_channel_answer: bool) -> Self {
        Self { long_channel_answer, frame: None, held: None }
    }

    fn control(&mut self, byte: u8, desk: &mut Desk) {
        match byte {
            STX => self.frame = Some(Vec::new()),
            ENQ => {
                desk.note("ENQ");
                match &self.held {
                    Some(body) => {
                        desk.say(&[ACK]);
                        desk.answer(answer(body));
                    }
                    None => desk.say(&[NAK]),
                }
            }
            ACK => {
                desk.note("ACK");
                self.held = None;
            }
            NAK => desk.note("NAK"),
            _ => {
                desk.violation(format!("{byte:02X} instead of a frame or a control byte"));
                desk.say(&[NAK]);
            }
        }
    }

    fn frame_received(&mut self, frame: &[u8], desk: &mut Desk) {
        let right = frame.iter().fold(0, |lrc, byte| lrc ^ byte) == 0;
        let Some((&command, parameters)) = frame.get(1..frame.len() - 1).and_then(<[u8]>::split_first) else {
            return desk.say(&[NAK]);
        };
        if !right {
            desk.violation("a frame with a wrong LRC");
            return desk.say(&[NAK]);
        }
        if self.held.take().is_some() {
            desk.violation("a command before the answer to the last one was acknowledged");
        }
        desk.ask(format!("{command:02X}"));
        if desk.is_busy() {
            return desk.say(&[NAK]);
        }
        desk.say(&[ACK]);
        let body = match self.execute(command, parameters, desk) {
            Ok(data) => [&[command, 0][..], &data].concat(),
            Err(code) => vec![command, code],
        };
        desk.answer(answer(&body));
        self.held = Some(body);
    }

    fn execute(&self, command: u8, parameters: &[u8], desk: &mut Desk) -> Result<Vec<u8>, u8> {
        // Password and the rest, for the commands that have one.
        let authorised = |length: usize, desk: &Desk| {
            if parameters.len() != 4 + length {
                return Err(WRONG_LENGTH);
            }
            let (password, rest) = parameters.split_at(4);
            if password == desk.spec.password.as_bytes() { Ok(rest) } else { Err(WRONG_PASSWORD) }
        };
        let plain = |length: usize| if parameters.len() == length { Ok(()) } else { Err(WRONG_LENGTH) };
        match command {
            0x12 => plain(0).map(|()| vec![0]),
            0x30 => {
                authorised(0, desk)?;
                desk.pan.set_zero().map(|()| Vec::new()).map_err(|_| ZERO_FAILED)
            }
            0x31 => {
                authorised(0, desk)?;
                match desk.pan.set_tare() {
                    Ok(()) => Ok(Vec::new()),
                    Err(Refusal::Moving) => Err(NOT_STILL),
                    Err(_) => Err(TARE_FAILED),
                }
            }
            0x32 => {
                let tare = match *authorised(2, desk)? {
                    [low, high] => i64::from(u16::from_le_bytes([low, high])),
                    _ => return Err(WRONG_LENGTH),
                };
                desk.pan.preset_tare(tare).map(|()| Vec::new()).map_err(|_| WRONG_TARE)
            }
            0x3A => authorised(0, desk).map(|_| state(desk)),
            0xE5 => plain(0).map(|()| vec![1]),
            0xE8 => {
                plain(1)?;
                if parameters == [0] { Ok(self.channel(desk)) } else { Err(WRONG_CHANNEL) }
            }
            0xEA => plain(0).map(|()| vec![0]),
            0xFC => plain(0).map(|()| device()),
            _ => Err(UNKNOWN_COMMAND),
        }
    }

    /// Flags, place of the point, exponent of ten of a kilogram, then everything in that unit:
    /// capacity, least weight, tare, three limits of ranges, four divisions; calibration points.
    fn channel(&self, desk: &Desk) -> Vec<u8> {
        let spec = &desk.spec;
        let decimals = desk.pan.decimals();
        let unit = desk.pan.last_place();
        let short = |count: i64| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        let step = u8::try_from(spec.step).unwrap_or(u8::MAX);
        // Weights count in this power of ten of a kilogram.
        let places = decimals + if desk.pan.unit == Unit::Gram { 3 } else { 0 };
        let exponent = places.wrapping_neg();
        let mut data = vec![0, 0, decimals, exponent];
        data.extend(short(spec.capacity.counted_in(unit)));
        // Least weight: 20 divisions (OIML R 76, class III).
        data.extend(short(i64::from(spec.step) * 20));
        data.extend(short(spec.max_tare.counted_in(unit)));
        data.extend([0; 6]);
        data.extend([step, 0, 0, 0, 2, 0]);
        if self.long_channel_answer {
            data.push(0);
        }
        data
    }
}

fn answer(body: &[u8]) -> Answer {
    let mut foreign = body.to_vec();
    if let Some(command) = foreign.first_mut() {
        *command = if *command == 0x30 { 0x31 } else { 0x30 };
    }
    let frame = frame(body);
    let check = frame.len() - 1;
    Answer::new(frame).check_at(check).or_foreign(self::frame(&foreign))
}

fn frame(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    let lrc = body.iter().fold(length, |lrc, byte| lrc ^ byte);
    [&[STX, length], body, &[lrc]].concat()
}

/// State, weight, tare, a reserved byte.
fn state(desk: &Desk) -> Vec<u8> {
    let reading = desk.pan.reading();
    let flag = |on: bool, bit: u16| u16::from(on) << bit;
    let still = reading.stable && !reading.fault;
    let state = flag(still, 0)
        | flag(reading.zero, 1)
        | flag(true, 2)
        | flag(reading.is_net(), 3)
        | flag(still, 4)
        | flag(reading.overload, 6)
        | flag(reading.fault, 7)
        | flag(reading.underload, 8)
        | flag(reading.fault, 9);
    let least = if reading.value < 0 { i32::MIN } else { i32::MAX };
    let mut data = state.to_le_bytes().to_vec();
    data.extend(i32::try_from(reading.value).unwrap_or(least).to_le_bytes());
    data.extend(u16::try_from(reading.tare).unwrap_or(u16::MAX).to_le_bytes());
    data.push(0);
    data
}

/// Scales, weighing module, protocol 1.0, model 0, language 0, and its name in Windows-1251.
fn device() -> Vec<u8> {
    let (name, _, _) = encoding_rs::WINDOWS_1251.encode("штрих-ВМ100");
    [&[1, 3, 1, 0, 0, 0], &name[..]].concat()
}

impl Dialect for Pos2 {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        let Some(mut frame) = self.frame.take() else {
            return self.control(byte, desk);
        };
        frame.push(byte);
        let length = frame.first().map_or(0, |length| usize::from(*length));
        // The length counts neither itself nor the LRC.
        if frame.len() == length + 2 {
            self.frame_received(&frame, desk);
        } else {
            self.frame = Some(frame);
        }
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        answer(&[&[0x3A, 0][..], &state(desk)].concat())
    }

    fn drop_frame(&mut self) {
        self.frame = None;
    }

    fn reset(&mut self) {
        self.drop_frame();
    }
}
