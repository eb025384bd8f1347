//! Linux key codes as a scanner means them: always a US keyboard.
//!
//! A keyboard sends places, not letters; only the desktop makes letters of them, by its layout. Read through
//! evdev, a scanner set to a US keyboard gives the same text whatever layout is chosen, Russian too. Codes:
//! `linux/input-event-codes.h`.

/// Enter.
pub const ENTER: u16 = 28;
/// Enter of the number pad.
pub const KEYPAD_ENTER: u16 = 96;
/// Tab.
pub const TAB: u16 = 15;

/// A key that changes others while it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modifier {
    /// Either Shift.
    Shift,
    /// Either Ctrl.
    Control,
    /// Either Alt.
    Alt,
}

/// What a key changes, if it does.
pub fn modifier(code: u16) -> Option<Modifier> {
    match code {
        42 | 54 => Some(Modifier::Shift),
        29 | 97 => Some(Modifier::Control),
        56 | 100 => Some(Modifier::Alt),
        _ => None,
    }
}

/// The character of a key; `None` for keys without one.
pub fn character(code: u16, shift: bool) -> Option<u8> {
    let (from, plain, shifted): (u16, &[u8], &[u8]) = match code {
        2..=13 => (2, b"1234567890-=", b"!@#$%^&*()_+"),
        16..=27 => (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
        30..=41 => (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
        43..=53 => (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
        55 => (55, b"*", b"*"),
        57 => (57, b" ", b" "),
        71..=83 => (71, b"789-456+1230.", b"789-456+1230."),
        98 => (98, b"/", b"/"),
        _ => return None,
    };
    let row = if shift { shifted } else { plain };
    row.get(usize::from(code - from)).copied()
}

/// The control character of a key with Ctrl, such as GS of Ctrl+]; `None` where there is none.
///
/// Scanners send control characters so, where they are set to (Zebra: code 1029 is `CTRL ]`).
pub fn control(code: u16) -> Option<u8> {
    match character(code, false)? {
        letter @ b'a'..=b'z' => Some(letter - b'a' + 1),
        b'[' => Some(0x1b),
        b'\\' => Some(0x1c),
        b']' => Some(0x1d),
        b'6' => Some(0x1e),
        b'-' => Some(0x1f),
        b'2' => Some(0x00),
        _ => None,
    }
}

/// The digit of a key of the number pad or the upper row.
pub fn digit(code: u16) -> Option<u8> {
    character(code, false).filter(u8::is_ascii_digit).map(|digit| digit - b'0')
}
