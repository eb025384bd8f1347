//! Shared by the tests of Shtrih-M's codec.

#![allow(dead_code, clippy::unwrap_used)]

use std::time::Duration;

use outlet_protocols::shtrih::command::{Passwords, Request};

/// The bytes of a trace.
pub fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// The passwords with which the traces were made.
pub const ADMINISTRATOR: Passwords = Passwords { operator: 30, administrator: 30 };
/// The passwords of a new register.
pub const CASHIER: Passwords = Passwords { operator: 1, administrator: 30 };

/// What a command sends, without frame.
pub fn sent<R: Request>(request: &R, passwords: Passwords) -> Vec<u8> {
    request.bytes(passwords).unwrap()
}

/// Data of a frame of level 1 whose length and LRC were checked by hand.
pub fn data_of_frame1(text: &str) -> Vec<u8> {
    let bytes = hex(text);
    assert_eq!(bytes[0], 2);
    assert_eq!(usize::from(bytes[1]), bytes.len() - 3, "length of {text}");
    assert_eq!(bytes[1..].iter().fold(0, |lrc, byte| lrc ^ byte), 0, "LRC of {text}");
    bytes[2..bytes.len() - 1].to_vec()
}

/// A frame of level 1, made by the rule of the document.
pub fn frame1(data: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, data.len() as u8];
    frame.extend_from_slice(data);
    let mut lrc = 0;
    for &byte in &frame[1..] {
        lrc ^= byte;
    }
    frame.push(lrc);
    frame
}

/// A frame of level 2.0, made by the rule of the document with a CRC worked out bit by bit.
pub fn frame2(number: u16, data: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    plain.extend_from_slice(&(data.len() as u16 + 2).to_le_bytes());
    plain.extend_from_slice(&number.to_le_bytes());
    plain.extend_from_slice(data);
    let mut crc = 0xffff_u16;
    for byte in &plain {
        for bit in (0..8).rev() {
            let carry = crc >> 15 != u16::from(byte >> bit & 1);
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
        }
    }
    plain.extend_from_slice(&crc.to_le_bytes());
    let mut frame = vec![0x8f];
    for byte in plain {
        match byte {
            0x8f => frame.extend([0x9f, 0x81]),
            0x9f => frame.extend([0x9f, 0x83]),
            byte => frame.push(byte),
        }
    }
    frame
}

pub const SECOND: Duration = Duration::from_secs(1);
