//! Attributes of fiscal documents, and documents read back.

use outlet_protocols::atol::answer::AnswerError;
use outlet_protocols::atol::document::{Document, Progress, Reader, kind};
use outlet_protocols::atol::errors::Code;
use outlet_protocols::atol::tlv::{Tlv, TlvError, correction_basis, list, product_code, tag};
use outlet_protocols::fiscal::Date;

use crate::hex;

fn bytes(attribute: &Tlv) -> Vec<u8> {
    let mut out = Vec::new();
    attribute.encode(&mut out).unwrap();
    out
}

#[test]
fn values_are_little_endian_and_texts_of_code_page_866() {
    assert_eq!(bytes(&Tlv::byte(tag::VAT, 6)), hex("AF 04 01 00 06"));
    assert_eq!(bytes(&Tlv::number(tag::DOCUMENT, 258)), hex("10 04 04 00 02 01 00 00"));
    assert_eq!(bytes(&Tlv::text(tag::CASHIER, "Юля").unwrap()), hex("FD 03 03 00 9E AB EF"));
    assert_eq!(bytes(&Tlv::vln(tag::TOTAL, 0)), hex("FC 03 01 00 00"));
    assert_eq!(bytes(&Tlv::vln(tag::TOTAL, 37_500)), hex("FC 03 02 00 7C 92"));
    assert_eq!(bytes(&Tlv::vln(tag::TOTAL, u64::MAX)), hex("FC 03 08 00 FF FF FF FF FF FF FF FF"));
}

#[test]
fn taxpayer_numbers_are_padded_and_texts_have_their_limits() {
    assert_eq!(Tlv::text(tag::CASHIER_INN, "5001007322").unwrap().value, b"5001007322  ");
    let long = |tag, length: usize| Tlv::text(tag, &"1".repeat(length)).is_err();
    for (tag, most) in [(tag::OWN, 16), (tag::CASHIER, 64), (tag::CORRECTION_NUMBER, 32), (tag::BUYER, 256)] {
        assert!(!long(tag, most) && long(tag, most + 1), "{tag}");
    }
    let smile = Tlv::text(tag::CASHIER, "😀").unwrap_err();
    assert_eq!(
        smile.to_string(),
        "attribute 1021: the register has no character '😀': leave it out or write it in other letters"
    );
}

// 2026-11-22 is 6B023080 in seconds since 1970, by Python's calendar.timegm.
#[test]
fn the_basis_of_a_correction_holds_its_day_and_number() {
    let day = Date::new(2026, 11, 22).unwrap();
    let basis = correction_basis(day, "A1").unwrap();
    assert_eq!(bytes(&basis), hex("96 04 0E 00 9A 04 04 00 80 30 02 6B 9B 04 02 00 41 31"));
    assert_eq!(basis.children().unwrap()[0].as_date_time().unwrap().to_string(), "2026-11-22T00:00:00");
    assert_eq!(correction_basis(day, "").unwrap().children().unwrap().len(), 1);
}

// 04600439931256 is 04 2F 1F 96 81 78 in six bytes: 4600439931256 = 42F1F968178 hex.
#[test]
fn a_product_code_is_its_kind_its_number_and_its_serial() {
    let code = product_code([0x44, 0x4d], 4_600_439_931_256, b"JgXJ5.T\x1d").unwrap();
    assert_eq!(code.tag, 1162);
    assert_eq!(code.value, [hex("44 4D 04 2F 1F 96 81 78"), b"JgXJ5.T\x1d".to_vec()].concat());
    assert_eq!(product_code([0, 5], 100_000_000_000_000, b""), Err(TlvError::Product(100_000_000_000_000)));
    assert!(product_code([0, 5], 1, &[0x41; 25]).is_err());
}

#[test]
fn quantities_are_read_with_their_decimals() {
    let micro = |value: &str| Tlv { tag: tag::QUANTITY, value: hex(value) }.as_micro();
    assert_eq!(micro("03 C4 09"), Some(2_500_000), "2.500");
    assert_eq!(micro("00 02"), Some(2_000_000));
    assert_eq!(micro("06 40 42 0F"), Some(1_000_000));
    assert_eq!(micro("07 0A"), Some(1));
    assert_eq!(micro("07 01"), None, "a tenth of a millionth");
    assert_eq!(micro("FF 01"), None);
    assert_eq!(micro("03"), None);
}

#[test]
fn attributes_that_break_off_say_where() {
    assert_eq!(list(&hex("AF 04 01 00 06 AF")), Err(TlvError::BrokenOff { tag: 0, at: 5 }));
    assert_eq!(list(&hex("AF 04 02 00 06")), Err(TlvError::BrokenOff { tag: 1199, at: 0 }));
    assert_eq!(list(&[]), Ok(vec![]));
}

/// 1040 = 258, 1012 = 2026-11-22T10:05:07, 1038 = 7, 1042 = 3, 1054 = 1, 1020 = 375.00, 1077, 1041,
/// 1192 = J1, and an item of 1030 and 1023.
const RECEIPT: &str = "10 04 04 00 02 01 00 00  F4 03 04 00 53 BE 02 6B  0E 04 04 00 07 00 00 00 \
    12 04 04 00 03 00 00 00  1E 04 01 00 01  FC 03 02 00 7C 92  35 04 06 00 31 04 01 02 03 04 \
    11 04 10 00 39 39 39 39 30 37 38 39 30 30 30 30 31 32 33 34  A8 04 02 00 4A 31 \
    23 04 0F 00 06 04 04 00 81 AE E0 E9 FF 03 03 00 03 C4 09";

fn read(head: &str, pieces: &[Vec<u8>]) -> Document {
    let mut reader = Reader::begin(&hex(head)).unwrap();
    let mut last = Progress::More;
    for piece in pieces {
        assert_eq!(last, Progress::More, "pieces are left");
        last = reader.piece(piece).unwrap();
    }
    let Progress::Done(document) = last else { panic!("it goes on") };
    document
}

fn assert_receipt(document: &Document) {
    assert_eq!(document.kind, kind::RECEIPT);
    assert_eq!(document.number(), Some(258));
    assert_eq!(document.sign(), Some(0x0102_0304));
    assert_eq!(document.at().unwrap().to_string(), "2026-11-22T10:05:07");
    assert_eq!((document.shift(), document.receipt()), (Some(7), Some(3)));
    assert_eq!((document.operation(), document.total()), (Some(1), Some(37_500)));
    assert_eq!(document.storage().as_deref(), Some("9999078900001234"));
    assert_eq!(document.own().as_deref(), Some("J1"));
    let items: Vec<_> = document.items().collect();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0][0].as_text(), "Борщ");
    assert_eq!(items[0][1].as_micro(), Some(2_500_000));
}

fn piece(bytes: &[u8]) -> Vec<u8> {
    [&[0x55, 0x00], bytes].concat()
}

#[test]
fn a_document_is_whole_when_its_length_has_come() {
    let bytes = hex(RECEIPT);
    let head = format!("55 00 03 00 {:02x} 00", bytes.len());
    let pieces: Vec<Vec<u8>> = bytes.chunks(40).map(piece).collect();
    assert_receipt(&read(&head, &pieces));
}

/// Zzzzipper/projects `FSDocSizeResponse`: kind and length have the high byte first.
#[test]
fn a_document_s_head_may_have_the_high_byte_first() {
    let bytes = hex(RECEIPT);
    let pieces: Vec<Vec<u8>> = bytes.chunks(40).map(piece).collect();
    assert_receipt(&read(&format!("55 00 00 03 00 {:02x}", bytes.len()), &pieces));
}

#[test]
fn a_document_is_whole_when_the_storage_has_no_more() {
    let mut pieces: Vec<Vec<u8>> = hex(RECEIPT).chunks(64).map(piece).collect();
    pieces.push(hex("55 DA"));
    assert_receipt(&read("55 00 03 00 FF 7F", &pieces));
}

#[test]
fn a_document_may_come_in_an_attribute_of_its_kind() {
    let bytes = hex(RECEIPT);
    let length = bytes.len() as u8;
    let rooted = [&[3, 0, length, 0], bytes.as_slice()].concat();
    assert_receipt(&read(&format!("55 00 03 00 {:02x} 00", length + 4), &[piece(&rooted)]));
}

#[test]
fn a_document_that_is_not_there_is_refused_as_such() {
    let refused = Reader::begin(&hex("55 DA"));
    assert_eq!(refused, Err(AnswerError::Refused(Code::NO_DATA)));
    let mut reader = Reader::begin(&hex("55 00 03 00 10 00")).unwrap();
    assert_eq!(reader.piece(&hex("55 DA")), Err(AnswerError::Refused(Code::NO_DATA)), "nothing has come");
    assert!(matches!(reader.piece(&hex("55 EE")), Err(AnswerError::Refused(Code::ASK_MORE))));
}

#[test]
fn a_document_of_broken_attributes_is_an_error() {
    let mut reader = Reader::begin(&hex("55 00 03 00 05 00")).unwrap();
    let broken = reader.piece(&hex("55 00 AF 04 02 00 06"));
    assert_eq!(broken, Err(AnswerError::Attribute(TlvError::BrokenOff { tag: 1199, at: 0 })));
}

#[test]
fn a_sign_shorter_than_a_number_is_none() {
    let attributes = vec![Tlv { tag: tag::SIGN, value: vec![1, 2] }];
    assert_eq!(Document { kind: kind::RECEIPT, attributes }.sign(), None);
}
