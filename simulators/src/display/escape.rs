//! How long the display's commands are.

use super::DisplayCommands;

/// What follows the bytes that begin a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// So many bytes in all.
    Bytes(usize),
    /// Ends with CR.
    UntilCr,
    /// The length isn't known before there are more bytes.
    More,
    /// No such command.
    Unknown,
}

/// The length of the command that begins with these bytes, the first of which is ESC or US.
pub(super) fn length(commands: DisplayCommands, begun: &[u8]) -> Length {
    match commands {
        DisplayCommands::Cd5220 => cd5220(begun),
        DisplayCommands::EscPos => esc_pos(begun),
    }
}

fn cd5220(begun: &[u8]) -> Length {
    match begun {
        [0x1B] | [0x1B, b'Q' | b'['] => Length::More,
        [0x1B, b'Q', b'A' | b'B' | b'D', ..] => Length::UntilCr,
        [0x1B, b'[', b'A' | b'B' | b'C' | b'D' | b'H' | b'L' | b'R' | b'K', ..] => Length::Bytes(3),
        [0x1B, 0x11..=0x13 | b'@', ..] => Length::Bytes(2),
        [0x1B, b'l', ..] => Length::Bytes(4),
        [0x1B, b'*' | b'_' | b'f' | b'c' | b't' | b'=' | b'%' | b'?' | b's' | b'd', ..] => Length::Bytes(3),
        [0x1B, b'W', ..] => Length::Bytes(6),
        [0x1B, b'&', rest @ ..] => defined(rest),
        _ => Length::Unknown,
    }
}

fn esc_pos(begun: &[u8]) -> Length {
    match begun {
        [0x1B | 0x1F] | [0x1B, b'W'] | [0x1B, b'W', _] => Length::More,
        [0x1B, b'@', ..] => Length::Bytes(2),
        [0x1B, b't' | b'R' | b'=' | b'%' | b'?', ..] => Length::Bytes(3),
        [0x1B, b'W', _, 1 | 49, ..] => Length::Bytes(8),
        [0x1B, b'W', _, 0 | 48, ..] => Length::Bytes(4),
        [0x1B, b'&', rest @ ..] => defined(rest),
        [0x1F, 0x01..=0x03 | 0x0A | 0x0D | b'B' | b'@' | b':' | b'U', ..] => Length::Bytes(2),
        [0x1F, b'X' | b'C' | b'E' | b'r' | b'.' | b',' | b';', ..] => Length::Bytes(3),
        [0x1F, b'$' | b'#' | b'^' | b'T', ..] => Length::Bytes(4),
        _ => Length::Unknown,
    }
}

/// `ESC & s n m [a p1 … p(a)] …`: for each of m-n+1 characters its width and so many bytes.
fn defined(rest: &[u8]) -> Length {
    let &[_, first, last, ref characters @ ..] = rest else { return Length::More };
    let count = usize::from(last.saturating_sub(first)) + 1;
    let mut taken = 0;
    for _ in 0..count {
        match characters.get(taken) {
            Some(width) => taken += 1 + usize::from(*width),
            None => return Length::More,
        }
    }
    Length::Bytes(5 + taken)
}
