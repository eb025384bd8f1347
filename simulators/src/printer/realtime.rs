//! Finds real-time commands in what arrives, wherever they stand: also inside the data of other
//! commands, as the notes on real-time commands in the Epson reference say.

/// A real-time command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealTime {
    /// `DLE EOT n`: status question.
    Status(u8),
    /// `DLE EOT n a`: status question with a second parameter (n 7, 8, 18).
    ExtendedStatus(u8, u8),
    /// `DLE ENQ n`: 0 go online, 1 recover and go on, 2 recover and drop the buffers.
    Request(u8),
    /// `DLE DC4 1 m t`: drawer pulse of t times 100 ms on pin 2 (m 0) or 5 (m 1).
    Pulse {
        /// Connector pin, 2 or 5.
        pin: u8,
        /// Length.
        ms: u32,
    },
    /// `DLE DC4 8 01 03 14 01 06 02 08`: drop the buffers.
    Clear,
    /// Star `ESC ACK SOH`: status question.
    StarStatus,
}

/// Follows the stream byte by byte; pieces may end anywhere.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    held: Vec<u8>,
    star: bool,
}

impl Scanner {
    pub fn new(star: bool) -> Self {
        Self { held: Vec::new(), star }
    }

    /// Takes one byte; gives the command it completes and that command's length.
    pub fn feed(&mut self, byte: u8) -> Option<(RealTime, usize)> {
        if self.held.is_empty() && byte != 0x10 && byte != 0x1B {
            return None;
        }
        self.held.push(byte);
        loop {
            let found = if self.star { star(&self.held) } else { escpos(&self.held) };
            match found {
                Match::Yes(command) => {
                    let len = self.held.len();
                    self.held.clear();
                    return Some((command, len));
                }
                Match::Maybe => return None,
                Match::No => {
                    // A command may begin inside what didn't become one.
                    let next = self.held.iter().skip(1).position(|b| *b == 0x10 || *b == 0x1B);
                    match next {
                        Some(at) => drop(self.held.drain(..=at)),
                        None => {
                            self.held.clear();
                            return None;
                        }
                    }
                }
            }
        }
    }

    pub fn reset(&mut self) {
        self.held.clear();
    }
}

enum Match {
    Yes(RealTime),
    Maybe,
    No,
}

fn escpos(held: &[u8]) -> Match {
    const CLEAR: [u8; 10] = [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8];
    match *held {
        [0x10] | [0x10, 4 | 5 | 0x14] | [0x10, 4, 7 | 8 | 18] => Match::Maybe,
        [0x10, 4, n @ 1..=4] => Match::Yes(RealTime::Status(n)),
        [0x10, 4, n @ (7 | 8 | 18), a] => Match::Yes(RealTime::ExtendedStatus(n, a)),
        [0x10, 5, n @ 0..=2] => Match::Yes(RealTime::Request(n)),
        [0x10, 0x14, 1] | [0x10, 0x14, 1, 0 | 1] => Match::Maybe,
        [0x10, 0x14, 1, m @ (0 | 1), t @ 1..=8] => {
            Match::Yes(RealTime::Pulse { pin: if m == 0 { 2 } else { 5 }, ms: u32::from(t) * 100 })
        }
        _ if held == CLEAR => Match::Yes(RealTime::Clear),
        _ if held.len() >= 3 && CLEAR.starts_with(held) => Match::Maybe,
        _ => Match::No,
    }
}

fn star(held: &[u8]) -> Match {
    match *held {
        [0x1B] | [0x1B, 6] => Match::Maybe,
        [0x1B, 6, 1] => Match::Yes(RealTime::StarStatus),
        _ => Match::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<RealTime> {
        let mut scanner = Scanner::new(false);
        bytes.iter().filter_map(|&b| scanner.feed(b)).map(|(c, _)| c).collect()
    }

    #[test]
    fn commands_are_found_between_other_bytes() {
        assert_eq!(found(b"abc\x10\x04\x01def\x10\x05\x02"), [RealTime::Status(1), RealTime::Request(2)]);
        assert_eq!(found(&[0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8]), [RealTime::Clear]);
        assert_eq!(found(&[0x10, 0x14, 1, 0, 3]), [RealTime::Pulse { pin: 2, ms: 300 }]);
    }

    #[test]
    fn a_broken_start_does_not_hide_the_command_behind_it() {
        assert_eq!(found(&[0x10, 0x10, 4, 2]), [RealTime::Status(2)]);
        assert_eq!(found(&[0x10, 0x14, 8, 0x10, 4, 1]), [RealTime::Status(1)]);
    }

    #[test]
    fn parameters_out_of_range_are_no_command() {
        assert_eq!(found(&[0x10, 4, 0, 0x10, 5, 9, 0x10, 0x14, 1, 2, 1]), []);
    }
}
