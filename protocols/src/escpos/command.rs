//! Commands a driver sends beside documents, and the small ones documents are made of.
//!
//! Names and codes follow Epson's *ESC/POS Command Reference* (the section is the command's name).

use crate::document::CutMode;

/// `ESC @`: clears the print buffer and all settings. The receive buffer is kept.
pub const INITIALISE: &[u8] = b"\x1b@";
/// `FS .`: leaves the multibyte mode that Chinese firmware starts in.
pub const KANJI_OFF: &[u8] = b"\x1c.";
/// `FS &`: multibyte mode on.
pub const KANJI_ON: &[u8] = b"\x1c&";
/// `GS a FF`: automatic status back for everything; the current status is sent at once.
pub const ASB_ON: &[u8] = &[0x1d, b'a', 0xff];
/// `GS a 0`: automatic status back off.
pub const ASB_OFF: &[u8] = &[0x1d, b'a', 0x00];
/// `GS r 1`: asks for the paper sensors, answered in the order of the buffer; not while offline.
pub const PAPER_SENSOR: &[u8] = &[0x1d, b'r', 1];
/// `DLE ENQ 0`: goes online again, as the feed button would after a new roll.
pub const GO_ONLINE: &[u8] = &[0x10, 0x05, 0];
/// `DLE ENQ 1`: recovers from an error and resumes from the start of the failed line.
pub const RECOVER_RESUME: &[u8] = &[0x10, 0x05, 1];
/// `DLE ENQ 2`: clears the buffers and recovers from an error.
pub const RECOVER_CLEAR: &[u8] = &[0x10, 0x05, 2];
/// `DLE DC4 8`: clears all buffers; answered with `37 25 00`.
pub const CLEAR_BUFFERS: &[u8] = &[0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];
/// `GS ( D`: switches off the real-time pulse `DLE DC4 1`, so that data can't open the drawer.
pub const NO_REAL_TIME_PULSE: &[u8] = &[0x1d, b'(', b'D', 0x03, 0x00, 0x14, 0x01, 0x00];

const ESC: u8 = 0x1b;
const GS: u8 = 0x1d;

/// What `DLE EOT` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RealTime {
    /// n = 1: online, drawer.
    Printer = 1,
    /// n = 2: why it is offline.
    Offline = 2,
    /// n = 3: what error.
    Error = 3,
    /// n = 4: the paper sensors.
    Paper = 4,
}

/// `DLE EOT n`: a status byte at once, past the buffer.
pub fn real_time_status(what: RealTime) -> [u8; 3] {
    [0x10, 0x04, what as u8]
}

/// What `GS I` asks for; the answer is a block up to NUL, except for the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Identity {
    /// n = 1: a byte that means the model.
    ModelId = 1,
    /// n = 2: a byte of features (cutter, multibyte).
    TypeId = 2,
    /// n = 65: firmware version.
    Firmware = 65,
    /// n = 66: maker.
    Maker = 66,
    /// n = 67: model name.
    Model = 67,
    /// n = 68: serial number.
    Serial = 68,
    /// n = 69: additional fonts: the languages.
    Language = 69,
}

/// `GS I n`: who are you; answered in the order of the buffer.
pub fn identify(what: Identity) -> [u8; 3] {
    [GS, b'I', what as u8]
}

/// `GS ( H`, function 48: the printer echoes `id` when everything sent before is on paper.
///
/// `id` must be printable ASCII, as [`process_id`] makes it.
pub fn process_id_response(id: [u8; 4]) -> [u8; 11] {
    [GS, b'(', b'H', 0x06, 0x00, 0x30, 0x30, id[0], id[1], id[2], id[3]]
}

/// The id of a number: four characters 21 to 7E that sort as the numbers do.
///
/// A host that could not listen gets only the latest id, so ids must have an order. Numbers wrap
/// at 94^4 (78,074,896). Spaces are left out, as clones drop them.
pub fn process_id(number: u32) -> [u8; 4] {
    let mut rest = number % 94u32.pow(4);
    let mut id = [0; 4];
    for digit in id.iter_mut().rev() {
        *digit = b'!' + (rest % 94) as u8;
        rest /= 94;
    }
    id
}

/// The number of an id made by [`process_id`]; `None` for other bytes.
pub fn process_number(id: [u8; 4]) -> Option<u32> {
    id.iter().try_fold(0, |number, &b| (b'!'..=b'~').contains(&b).then(|| number * 94 + u32::from(b - b'!')))
}

/// `GS V`, function B: feeds to the cutting position and cuts.
pub fn cut(mode: CutMode) -> [u8; 4] {
    match mode {
        CutMode::Full => [GS, b'V', 65, 0],
        CutMode::Partial => [GS, b'V', 66, 0],
    }
}

/// `ESC p m t1 t2`: a pulse to the drawer on connector pin 2 or 5 (anything but 5 means 2).
///
/// Times count in 2 ms; 2 to 510 ms are possible. The pause after it is as long as it can be, so
/// that the solenoid cools and the last byte is never part of a real-time command.
pub fn drawer(pin: u8, pulse_ms: u16) -> [u8; 5] {
    let on = (pulse_ms / 2).clamp(1, 254) as u8;
    [ESC, b'p', u8::from(pin == 5), on, 255]
}

/// `ESC ( A`, function 97: the first pattern of the buzzer, 1 to 63 times. How long it sounds is the
/// printer's own.
pub fn beep_paren_a(times: u8) -> [u8; 8] {
    [ESC, b'(', b'A', 0x03, 0x00, 97, 1, times.clamp(1, 63)]
}

/// `ESC B n t`: n times, each t x 50 ms, both 1 to 9. Not Epson's: common among Chinese printers.
pub fn beep_esc_b(times: u8, duration_ms: u16) -> [u8; 4] {
    [ESC, b'B', times.clamp(1, 9), (duration_ms / 50).clamp(1, 9) as u8]
}

/// `ESC d n`: prints what is in the line and feeds n lines.
pub fn feed(lines: u8) -> [u8; 3] {
    [ESC, b'd', lines]
}

/// `ESC t n`: selects a code page by the printer's number.
pub fn code_page(number: u8) -> [u8; 3] {
    [ESC, b't', number]
}

/// `ESC $ nL nH`: the next character stands at this dot of the line.
pub fn position(x: u16) -> [u8; 4] {
    let [low, high] = x.to_le_bytes();
    [ESC, b'$', low, high]
}
