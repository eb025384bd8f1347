//! Shtrih-M: tags of fiscal data. Vectors are from the vendor's tests and traces.

#![allow(clippy::unwrap_used)]

mod shtrih_support;

use outlet_protocols::fiscal::{Date, Tag};
use outlet_protocols::shtrih::tlv::{self, Tlv, TlvError, number};
use proptest::collection::vec;
use proptest::prelude::*;
use shtrih_support::hex;

fn encoded(tag: &Tlv) -> Vec<u8> {
    let mut out = Vec::new();
    tag.encode(&mut out);
    out
}

// TLVListTests of shtrih-m/javapos_shtrih.
#[test]
fn texts_are_cp866() {
    let tag = Tlv::text(666, "Мама, мыла; раму!_AaE)", 64).unwrap();
    let bytes = "9A 02 16 00 8C A0 AC A0 2C 20 AC EB AB A0 3B 20 E0 A0 AC E3 21 5F 41 61 45 29";
    assert_eq!(encoded(&tag), hex(bytes));
    assert_eq!(tlv::parse(&hex(bytes)).unwrap()[0].as_text(), "Мама, мыла; раму!_AaE)");
}

// TLVItemTests of shtrih-m/javapos_shtrih: 9.95, 1.000000 and 123.456789.
#[test]
fn quantities_are_decimal_numbers() {
    assert_eq!(encoded(&Tlv::quantity(number::QUANTITY, 9_950_000)), hex("FF 03 03 00 02 E3 03"));
    assert_eq!(Tlv::decimal(1023, 6, 1_000_000).value, hex("06 40 42 0F"));
    assert_eq!(Tlv::quantity(1023, 123_456_789).value, hex("06 15 CD 5B 07"));
    assert_eq!(Tlv::quantity(1023, 3_000_000).value, hex("00 03"));
    assert_eq!(Tlv::quantity(1023, 0).value, hex("00 00"));
}

// TLVItemTests of shtrih-m/javapos_shtrih: 132 as VLN of one, two and four bytes.
#[test]
fn numbers_may_have_any_length() {
    for bytes in ["84", "84 00", "84 00 00 00"] {
        assert_eq!(Tlv::bytes(1, hex(bytes)).as_number(), Some(132));
    }
    assert_eq!(Tlv::short_number(1020, 132).value, [0x84]);
    assert_eq!(Tlv::short_number(1020, 0).value, [0]);
    assert_eq!(Tlv::short_number(1020, 0x1_0000).value, [0, 0, 1]);
    assert_eq!(Tlv::bytes(1, []).as_number(), None);
    assert_eq!(Tlv::bytes(1, [1; 9]).as_number(), None);
    assert_eq!(Tlv::bytes(1, [0xff; 8]).as_number(), None);
}

// javapos_shtrih issue 149 sent FF0C with 9A 04 04 00 2C 89 45 62; 0x6245892C is 2022-03-31 10:57:48, so a
// day is whole days since 1970: 2022-03-31 is 0x6244EF00 (19082 x 86400).
#[test]
fn a_day_is_seconds_since_1970() {
    let date = |y, m, d| Tlv::date(number::CORRECTION_DATE, Date::new(y, m, d).unwrap());
    assert_eq!(encoded(&date(2022, 3, 31)), hex("9A 04 04 00 00 EF 44 62"));
    assert_eq!(date(2000, 1, 1).as_number(), Some(946_684_800));
    assert_eq!(date(2024, 2, 29).as_number(), Some(1_709_164_800));
}

// The layout is that of fr_drv_ng issue 117: 1085 and 1086 inside 1084.
#[test]
fn a_user_attribute_is_a_structure_of_name_and_value() {
    let tag = tlv::user_attribute("mdlp3108805", "ps45102&").unwrap();
    let bytes =
        "3C 04 1B 00 3D 04 0B 00 6D 64 6C 70 33 31 30 38 38 30 35 3E 04 08 00 70 73 34 35 31 30 32 26";
    assert_eq!(encoded(&tag), hex(bytes));
    let inner = tlv::parse(&hex(bytes)).unwrap()[0].as_structure().unwrap();
    assert_eq!(inner.iter().map(|tag| tag.number).collect::<Vec<_>>(), [1085, 1086]);
}

#[test]
fn a_correction_rests_on_a_day_and_the_number_of_an_order() {
    let base = tlv::correction_base(Date::new(2022, 3, 31).unwrap(), "12-а").unwrap();
    let bytes = "96 04 10 00 9A 04 04 00 00 EF 44 62 9B 04 04 00 31 32 2D A0";
    assert_eq!(encoded(&base), hex(bytes));
}

#[test]
fn the_mark_of_a_receipt_is_found_in_its_document_and_no_other_is() {
    let (ours, other) = (Tag::new("01JD", 1), Tag::new("01JD", 2));
    let receipt = [Tlv::structure(3, &[Tlv::short_number(number::TOTAL, 100), tlv::identity(ours)])];
    assert_eq!(tlv::identity(ours).value.len(), 16);
    assert!(tlv::has_identity(&receipt, ours));
    assert!(!tlv::has_identity(&receipt, other));
    assert!(tlv::has_identity(&[Tlv::short_number(number::TOTAL, 1), tlv::identity(other)], other));
}

#[test]
fn an_address_is_written_as_given_or_not_at_all() {
    let contact = |text: &str| Tlv::text(number::BUYER_CONTACT, text, 64);
    assert_eq!(contact("a@b.ru").unwrap().value, b"a@b.ru");
    assert_eq!(contact("ы\u{301}@b.ru"), Err(TlvError::Character { number: 1008, character: '\u{301}' }));
    assert_eq!(contact("a\nb"), Err(TlvError::Character { number: 1008, character: '\n' }));
    let long = contact(&"x".repeat(65));
    assert_eq!(long, Err(TlvError::TooLong { number: 1008, length: 65, limit: 64 }));
}

#[test]
fn a_name_for_people_is_made_to_fit() {
    let name = Tlv::readable(number::CASHIER, "Иванова «А» ☕\n", 64);
    assert_eq!(name.as_text(), "Иванова \"А\" ? ");
    assert_eq!(Tlv::readable(number::CASHIER, &"ж".repeat(80), 64).value.len(), 64);
}

#[test]
fn tags_that_end_too_early_are_an_error_at_their_place() {
    assert_eq!(tlv::parse(&hex("F0 03 01 00 41 F0")), Err(TlvError::Truncated { number: 0, at: 5 }));
    assert_eq!(tlv::parse(&hex("F0 03 02 00 41")), Err(TlvError::Truncated { number: 1008, at: 0 }));
    assert_eq!(tlv::parse(&[]), Ok(Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tags_come_back_as_they_were(tags in vec((any::<u16>(), vec(any::<u8>(), 0..300)), 0..8)) {
        let mut bytes = Vec::new();
        for (number, value) in &tags {
            bytes.extend_from_slice(&number.to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
            bytes.extend_from_slice(value);
        }
        let parsed = tlv::parse(&bytes).unwrap();
        let expected: Vec<Tlv> = tags.into_iter().map(|(n, v)| Tlv::bytes(n, v)).collect();
        prop_assert_eq!(&parsed, &expected);
        prop_assert_eq!(parsed.iter().flat_map(encoded).collect::<Vec<_>>(), bytes);
    }

    #[test]
    fn a_quantity_keeps_its_value(micros in 0_u64..1 << 47) {
        let tag = Tlv::quantity(1023, micros);
        let digits = u32::from(tag.value[0]);
        let number = Tlv::bytes(1023, &tag.value[1..]).as_number().unwrap() as u64;
        prop_assert_eq!(number * 10_u64.pow(6 - digits), micros);
    }
}
