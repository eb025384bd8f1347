//! Report descriptors, as far as drivers need them: which reports there are, and what stands in them.
//!
//! Source: USB-IF, *Device Class Definition for Human Interface Devices*, 1.11, sections 5.3 to 5.8 and 6.2.2.

use std::collections::{BTreeMap, BTreeSet};

/// What a device says of its reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Descriptor {
    numbered: bool,
    inputs: BTreeMap<u8, Input>,
    features: BTreeSet<u8>,
}

/// An input report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Input {
    bits: usize,
    /// Page and usage of its fields.
    usages: BTreeSet<(u16, u16)>,
}

impl Descriptor {
    /// Reads a descriptor. What is damaged ends it; what was understood before stays.
    pub fn read(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let mut state = Globals::default();
        let mut stack = Vec::new();
        let mut usages = Vec::new();
        let mut rest = bytes;
        while let Some((item, behind)) = item(rest) {
            rest = behind;
            match (item.kind, item.tag) {
                (MAIN, INPUT) => {
                    let input = found.inputs.entry(state.report).or_default();
                    input.bits = input.bits.saturating_add(state.bits());
                    input.usages.extend(usages.drain(..));
                }
                (MAIN, FEATURE) => {
                    found.features.insert(state.report);
                    usages.clear();
                }
                (MAIN, _) => usages.clear(),
                (GLOBAL, USAGE_PAGE) => state.page = item.value as u16,
                (GLOBAL, REPORT_SIZE) => state.size = item.value,
                (GLOBAL, REPORT_COUNT) => state.count = item.value,
                (GLOBAL, REPORT_ID) => {
                    found.numbered = true;
                    state.report = item.value as u8;
                }
                (GLOBAL, PUSH) => stack.push(state),
                (GLOBAL, POP) => state = stack.pop().unwrap_or_default(),
                // A usage of four bytes has its page in the upper two.
                (LOCAL, USAGE) if item.size == 4 => {
                    usages.push(((item.value >> 16) as u16, item.value as u16))
                }
                (LOCAL, USAGE) => usages.push((state.page, item.value as u16)),
                _ => {}
            }
        }
        found
    }

    /// Whether reports begin with their id.
    pub fn is_numbered(&self) -> bool {
        self.numbered
    }

    /// The id of the input report that has a field of this usage; 0 where reports are not numbered.
    pub fn input_with(&self, page: u16, usage: u16) -> Option<u8> {
        self.inputs.iter().find(|(_, input)| input.usages.contains(&(page, usage))).map(|(id, _)| *id)
    }

    /// Bytes of an input report, its id included where it has one; `None` where there is no such report.
    pub fn input_bytes(&self, id: u8) -> Option<usize> {
        self.inputs.get(&id).map(|input| input.bits.div_ceil(8) + usize::from(self.numbered))
    }

    /// Whether there is a feature report of this id.
    pub fn has_feature(&self, id: u8) -> bool {
        self.features.contains(&id)
    }
}

const MAIN: u8 = 0;
const GLOBAL: u8 = 1;
const LOCAL: u8 = 2;
const INPUT: u8 = 0x8;
const FEATURE: u8 = 0xb;
const USAGE_PAGE: u8 = 0x0;
const REPORT_SIZE: u8 = 0x7;
const REPORT_ID: u8 = 0x8;
const REPORT_COUNT: u8 = 0x9;
const PUSH: u8 = 0xa;
const POP: u8 = 0xb;
const USAGE: u8 = 0x0;
const LONG: u8 = 0xfe;

/// What global items have set.
#[derive(Clone, Copy, Default)]
struct Globals {
    page: u16,
    size: u32,
    count: u32,
    report: u8,
}

impl Globals {
    fn bits(self) -> usize {
        usize::try_from(u64::from(self.size) * u64::from(self.count)).unwrap_or(usize::MAX)
    }
}

struct Item {
    kind: u8,
    tag: u8,
    size: usize,
    value: u32,
}

/// The item that bytes begin with, and what is behind it.
fn item(bytes: &[u8]) -> Option<(Item, &[u8])> {
    let (&prefix, rest) = bytes.split_first()?;
    if prefix == LONG {
        // Length and tag of one byte each; none is defined.
        let (&[length, _], rest) = rest.split_first_chunk()?;
        let (_, behind) = rest.split_at_checked(length.into())?;
        return Some((Item { kind: 3, tag: 0, size: length.into(), value: 0 }, behind));
    }
    let size = [0, 1, 2, 4][usize::from(prefix & 3)];
    let (data, behind) = rest.split_at_checked(size)?;
    let value = data.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
    Some((Item { kind: prefix >> 2 & 3, tag: prefix >> 4, size, value }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    // HID 1.11, appendix E.6: the mouse of the example.
    const MOUSE: [u8; 50] = [
        0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15,
        0x00, 0x25, 0x01, 0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x01, 0x05, 0x01,
        0x09, 0x30, 0x09, 0x31, 0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95, 0x02, 0x81, 0x06, 0xc0, 0xc0,
    ];

    #[test]
    fn a_device_with_one_report_does_not_number_it() {
        let mouse = Descriptor::read(&MOUSE);
        assert!(!mouse.is_numbered());
        assert_eq!(mouse.input_bytes(0), Some(3));
        assert_eq!(mouse.input_with(1, 0x31), Some(0));
        assert_eq!(mouse.input_with(0x8d, 0x40), None);
    }

    #[test]
    fn numbered_reports_and_features_are_told_apart() {
        // Report 2: 63 bytes of page 8C; report FE: a feature of one byte.
        let scanner = [
            0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x09, 0xfe, 0x75, 0x08, 0x95, 0x3f, 0x81, 0x02,
            0x85, 0xfe, 0x09, 0x10, 0x95, 0x01, 0xb1, 0x02, 0xc0,
        ];
        let scanner = Descriptor::read(&scanner);
        assert!(scanner.is_numbered());
        assert_eq!((scanner.input_with(0x8c, 0xfe), scanner.input_bytes(2)), (Some(2), Some(64)));
        assert!(scanner.has_feature(0xfe) && !scanner.has_feature(2));
    }

    #[test]
    fn a_usage_of_four_bytes_names_its_page_and_saved_state_comes_back() {
        let bytes = [
            0x05, 0x8d, 0x75, 0x08, 0x95, 0x02, 0xa4, 0x05, 0x01, 0x95, 0x09, 0xb4, 0x0b, 0x40, 0x00, 0x8d,
            0x00, 0x81, 0x02,
        ];
        let scale = Descriptor::read(&bytes);
        assert_eq!((scale.input_with(0x8d, 0x40), scale.input_bytes(0)), (Some(0), Some(2)));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let found = Descriptor::read(&bytes);
            let _ = (found.input_with(1, 1), found.input_bytes(0));
        }
    }
}
