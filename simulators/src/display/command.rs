//! What the display's commands do.

use super::escape::{self, Length};
use super::screen::{Mode, Screen};
use super::{COLUMNS, DisplayCommands, DisplaySpec};

/// Longest text that `ESC Q D` scrolls: fewer than 40 characters.
const LONGEST_SCROLLING: usize = 39;
/// A command that gets longer than this will never end.
const LONGEST: usize = 1024;

#[derive(Default)]
pub(super) struct Interpreter {
    /// The beginning of a command.
    begun: Vec<u8>,
    string_mode: bool,
}

impl Interpreter {
    /// After `ESC Q A` or `ESC Q B` only those and CLR are taken (remark to the CD5220 command list).
    pub fn string_mode(&self) -> bool {
        self.string_mode
    }

    pub fn take(&mut self, byte: u8, spec: &DisplaySpec, screen: &mut Screen) {
        if self.begun.is_empty() {
            match byte {
                0x1B => self.begun.push(byte),
                0x1F if spec.commands == DisplayCommands::EscPos => self.begun.push(byte),
                _ => self.single(byte, spec, screen),
            }
            return;
        }
        self.begun.push(byte);
        match escape::length(spec.commands, &self.begun) {
            Length::Bytes(length) if self.begun.len() >= length => {
                let command = std::mem::take(&mut self.begun);
                self.command(&command, spec, screen);
            }
            Length::UntilCr => self.string(byte, screen),
            Length::Unknown => {
                let command = std::mem::take(&mut self.begun);
                screen.violation(format!("unknown command {}", hex(&command)));
            }
            _ if self.begun.len() > LONGEST => {
                screen.violation("a command that never ends");
                self.begun.clear();
            }
            _ => {}
        }
    }

    /// One more byte of `ESC Q A`, `B` or `D`, which CR ends.
    fn string(&mut self, byte: u8, screen: &mut Screen) {
        let control = byte < 0x20 && self.begun.len() > 3;
        if !control {
            return;
        }
        let command = std::mem::take(&mut self.begun);
        let [_, _, which, text @ .., _] = command.as_slice() else { return };
        if byte != b'\r' {
            screen.violation(format!("byte {byte:02X} in the text of ESC Q"));
            // A new command begins instead of the rest.
            if byte == 0x1B {
                self.begun.push(byte);
            }
            return;
        }
        let text: Vec<char> = text.iter().map(|byte| screen.character(*byte)).collect();
        match which {
            b'D' if self.string_mode => screen.violation("ESC Q D in string mode"),
            b'D' if text.len() > LONGEST_SCROLLING => {
                screen.violation(format!("ESC Q D with {} characters", text.len()));
            }
            b'D' => screen.scroll(&text),
            _ => {
                if text.len() != COLUMNS {
                    screen.violation(format!("ESC Q {} with {} characters", char::from(*which), text.len()));
                }
                screen.end_scrolling();
                screen.set_line(usize::from(*which == b'B'), &text);
                self.string_mode = true;
            }
        }
    }

    /// A character, or a command of one byte.
    fn single(&mut self, byte: u8, spec: &DisplaySpec, screen: &mut Screen) {
        if !screen.selected {
            return;
        }
        let leaves = byte == 0x0C || byte == 0x18 && spec.can_leaves_string_mode;
        if self.string_mode && !leaves {
            return screen.violation(format!("byte {byte:02X} in string mode"));
        }
        self.string_mode = false;
        if byte >= 0x20 {
            let character = screen.character(byte);
            return screen.write(character);
        }
        screen.end_scrolling();
        match byte {
            0x08 => screen.left(),
            0x09 => screen.right(),
            0x0A => screen.down(),
            0x0B => screen.home(),
            0x0C => screen.clear(),
            0x0D => screen.left_end(),
            0x18 => screen.clear_line(),
            _ => screen.violation(format!("unknown control byte {byte:02X}")),
        }
    }

    fn command(&mut self, command: &[u8], spec: &DisplaySpec, screen: &mut Screen) {
        // Choosing the device is the one thing that is heard while another is chosen.
        if let [0x1B, b'=', device] = command
            && !self.string_mode
        {
            screen.selected = device & 2 != 0;
            return;
        }
        if !screen.selected {
            return;
        }
        if self.string_mode {
            return screen.violation(format!("command {} in string mode", hex(command)));
        }
        screen.end_scrolling();
        match *command {
            [0x1B, b'@'] => {
                let violations = std::mem::take(&mut screen.violations);
                *screen = Screen::new(&spec.page);
                screen.violations = violations;
            }
            [0x1B, mode @ 0x11..=0x13] => screen.mode = mode_of(mode - 0x10),
            [0x1F, mode @ 0x01..=0x03] => screen.mode = mode_of(mode),
            [0x1B, b'[', direction] => match direction {
                b'A' => screen.up(),
                b'B' => screen.down(),
                b'C' => screen.right(),
                b'D' => screen.left(),
                b'H' => screen.home(),
                b'L' => screen.left_end(),
                b'R' => screen.right_end(),
                _ => screen.bottom(),
            },
            [0x1F, 0x0A] => screen.up(),
            [0x1F, 0x0D] => screen.right_end(),
            [0x1F, b'B'] => screen.bottom(),
            [0x1B, b'l', column, line] | [0x1F, b'$', column, line] => {
                if !screen.move_to(column, line) {
                    screen.violation(format!("cursor to column {column}, line {line}"));
                }
            }
            [0x1B, b'*', level] | [0x1F, b'X', level] => match level {
                1..=4 => screen.brightness = level,
                _ => screen.violation(format!("brightness {level}")),
            },
            [0x1B, b'_', shown] | [0x1F, b'C', shown] => match shown {
                0 | 48 => screen.cursor_shown = false,
                1 | 49 => screen.cursor_shown = true,
                _ => screen.violation(format!("cursor {shown}")),
            },
            [0x1F, b'E', period] => screen.blink = period,
            [0x1B, b't', number] => choose(screen, &spec.pages, number, "ESC t"),
            [0x1B, b'c', letter] => choose(screen, &spec.fonts, letter, "ESC c"),
            // As after power on.
            [0x1B, b'%' | b'R', 0] | [0x1B, b'f', b'A'] => {}
            [0x1F, b'r', 0 | 48] => {}
            _ => screen.violation(format!("not simulated: {}", hex(command))),
        }
    }
}

fn choose(screen: &mut Screen, pages: &[(u8, String)], number: u8, command: &str) {
    match pages.iter().find(|(known, _)| *known == number) {
        Some((_, page)) => screen.set_page(page),
        None => screen.violation(format!("{command} {number}: this model has no such page")),
    }
}

fn mode_of(number: u8) -> Mode {
    match number {
        1 => Mode::Overwrite,
        2 => Mode::Vertical,
        _ => Mode::Horizontal,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}
