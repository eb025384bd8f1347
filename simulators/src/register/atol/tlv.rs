//! Attributes of fiscal documents: tag, length and value, all with the lower byte first.
//!
//! Tags, their formats and lengths: the tables of fiscal data formats 1.05 and 1.2 (Federal Tax
//! Service, order ED-7-20/662), and the list of attributes that commands E8 and E9 of an ATOL
//! register take, as public drivers have it.

use super::refusal::Refusal;

/// Where an attribute belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The document.
    Document,
    /// A position.
    Position,
}

/// Attributes that a host may write, where they belong, and the longest value in bytes.
const WRITABLE: &[(u16, Scope, usize)] = &[
    (1005, Scope::Document, 256),
    (1008, Scope::Document, 64),
    (1009, Scope::Document, 256),
    (1016, Scope::Document, 12),
    (1021, Scope::Document, 64),
    (1026, Scope::Document, 64),
    (1036, Scope::Document, 20),
    (1044, Scope::Document, 24),
    (1055, Scope::Document, 1),
    (1057, Scope::Document, 1),
    (1073, Scope::Document, 19),
    (1074, Scope::Document, 19),
    (1075, Scope::Document, 19),
    (1084, Scope::Document, 328),
    (1117, Scope::Document, 64),
    (1125, Scope::Document, 1),
    (1162, Scope::Position, 32),
    (1163, Scope::Position, 134),
    (1171, Scope::Document, 19),
    (1173, Scope::Document, 1),
    (1174, Scope::Document, 292),
    (1177, Scope::Document, 256),
    (1178, Scope::Document, 4),
    (1179, Scope::Document, 32),
    (1187, Scope::Document, 256),
    (1191, Scope::Position, 64),
    (1192, Scope::Document, 16),
    (1197, Scope::Position, 16),
    (1203, Scope::Document, 12),
    (1222, Scope::Position, 1),
    (1223, Scope::Position, 512),
    (1224, Scope::Position, 512),
    (1226, Scope::Position, 12),
    (1227, Scope::Document, 256),
    (1228, Scope::Document, 12),
    (1229, Scope::Position, 6),
    (1230, Scope::Position, 3),
    (1231, Scope::Position, 32),
    (1256, Scope::Document, 1024),
    (1260, Scope::Position, 512),
    (1261, Scope::Document, 512),
    (2000, Scope::Position, 256),
    (2106, Scope::Position, 1),
    (2108, Scope::Position, 1),
    (2110, Scope::Position, 1),
];

/// Where an attribute belongs, if it is one and its value is not too long.
pub(super) fn scope(tag: u16, length: usize) -> Result<Scope, Refusal> {
    let (_, scope, longest) = WRITABLE.iter().find(|(known, ..)| *known == tag).ok_or(Refusal::FIELD)?;
    if length <= *longest { Ok(*scope) } else { Err(Refusal::TLV) }
}

/// One attribute.
pub(super) fn pack(tag: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let mut out = Vec::with_capacity(value.len() + 4);
    out.extend(tag.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend_from_slice(value.get(..usize::from(length)).unwrap_or_default());
    out
}

/// Attributes one after the other; `None` when the bytes are no such thing.
pub(super) fn parse(mut bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        out.push((u16::from_le_bytes(*tag), value));
        bytes = rest;
    }
    Some(out)
}

/// A number of variable length: as many bytes as it needs, one at least.
pub(super) fn vln(value: u64) -> Vec<u8> {
    let mut bytes = value.to_le_bytes().to_vec();
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// A quantity in millionths as a number with a point: digits behind the point, then a [`vln`].
pub(super) fn fvln(micro: i64) -> Vec<u8> {
    let (mut value, mut point) = (micro.unsigned_abs(), 6);
    while point > 0 && value % 10 == 0 {
        value /= 10;
        point -= 1;
    }
    [vec![point], vln(value)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_packed_and_parsed() {
        let bytes = [pack(1192, b"tag"), pack(1055, &[1])].concat();
        assert_eq!(bytes, [0xA8, 0x04, 3, 0, b't', b'a', b'g', 0x1F, 0x04, 1, 0, 1]);
        assert_eq!(parse(&bytes), Some(vec![(1192, b"tag".as_slice()), (1055, &[1])]));
        assert_eq!(parse(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        assert_eq!(vln(0), [0]);
        assert_eq!(vln(0x1234), [0x34, 0x12]);
        assert_eq!(fvln(1_500_000), [1, 15]);
        assert_eq!(fvln(2_000_000), [0, 2]);
    }

    #[test]
    fn unknown_and_long_attributes_are_refused() {
        assert_eq!(scope(1192, 16), Ok(Scope::Document));
        assert_eq!(scope(1162, 32), Ok(Scope::Position));
        assert_eq!(scope(1192, 17), Err(Refusal::TLV));
        assert_eq!(scope(999, 1), Err(Refusal::FIELD));
    }
}
