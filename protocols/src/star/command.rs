//! Commands of Star Line Mode (*Star Line Mode Command Specifications*; sections are the commands'
//! names).

use crate::document::CutMode;

/// `ESC @`: all settings back to their beginnings.
pub const INITIALISE: &[u8] = b"\x1b@";
/// `ESC RS a 1`: automatic status at every change.
pub const ASB_ON: &[u8] = &[0x1b, 0x1e, b'a', 1];
/// `ESC RS a 0`: no automatic status.
pub const ASB_OFF: &[u8] = &[0x1b, 0x1e, b'a', 0];
/// `ESC ACK SOH`: asks for the status, past the buffer; not while automatic status is on.
pub const STATUS: &[u8] = &[0x1b, 0x06, 0x01];
/// `ETB`: when everything before it is printed, counts one on and sends the status.
pub const ETB: &[u8] = &[0x17];
/// `ESC RS E 0`: sets the ETB counter to 0.
pub const RESET_ETB: &[u8] = &[0x1b, 0x1e, b'E', 0];

/// `ESC d n`, with the feed to the cutting position: 2 cuts through, 3 leaves a point.
pub fn cut(mode: CutMode) -> [u8; 3] {
    match mode {
        CutMode::Full => [0x1b, b'd', 2],
        CutMode::Partial => [0x1b, b'd', 3],
    }
}

/// A cut in raster mode: `ESC * r E n NUL` with 9 (through) or 13 (leaves a point), both with the
/// feed, executed by `ESC FF EOT`.
pub fn cut_raster(mode: CutMode) -> &'static [u8] {
    match mode {
        CutMode::Full => b"\x1b*rA\x1b*rE9\0\x1b\x0c\x04\x1b*rB",
        CutMode::Partial => b"\x1b*rA\x1b*rE13\0\x1b\x0c\x04\x1b*rB",
    }
}

/// A drawer pulse: `ESC BEL n1 n2` and `BEL` for the first drawer (n1 in 10 ms, 10 to 1270 ms),
/// `SUB` (fixed at 200 ms) for the second, which `pin` 5 means.
pub fn drawer(pin: u8, pulse_ms: u16, out: &mut Vec<u8>) {
    if pin == 5 {
        out.push(0x1a);
    } else {
        out.extend_from_slice(&[0x1b, 0x07, (pulse_ms / 10).clamp(1, 127) as u8, 0x14, 0x07]);
    }
}

/// `ESC GS EM DC1 m n1 n2`, the buzzer: m 1, on and off times in 20 ms, then `ESC GS EM DC2` with
/// how often.
pub fn beep(times: u8, duration_ms: u16) -> [u8; 14] {
    let ticks = (duration_ms / 20).clamp(1, 255) as u8;
    [0x1b, 0x1d, 0x19, 0x11, 1, ticks, ticks, 0x1b, 0x1d, 0x19, 0x12, 1, times.clamp(1, 20), 0]
}
