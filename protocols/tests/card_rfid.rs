//! RFID lines, Wiegand numbers and PC/SC answers.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::card::pcsc::{self, GET_UID, PcscError};
use outlet_protocols::card::rfid::{RfidCard, RfidError, parse_line};
use outlet_protocols::card::wiegand::{Wiegand26, Wiegand34, WiegandError};
use outlet_protocols::card::{RfidEvent, Uid};
use serde_json::json;

fn card(line: &str) -> RfidCard {
    match parse_line(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}")) {
        RfidEvent::Card(card) => card,
        RfidEvent::Removed => panic!("{line}: removed"),
    }
}

// The vector of the sheet: 40 bits 55007EE424, Wiegand 26 2FDC848.
#[test]
fn an_em_marine_card_has_five_bytes_the_first_two_in_brackets() {
    let event = parse_line(b"Em-Marine[5500] 126,58404\r\n").unwrap();
    assert_eq!(
        serde_json::to_value(&event).unwrap(),
        json!({"event": "card", "family": "Em-Marine", "uid": "55007EE424", "facility_number": "126,58404",
               "decimal": "08315940", "decimal_10": "0008315940", "wiegand_26": "2FDC848", "wiegand_34": "000FDC849"})
    );
}

#[test]
fn a_mifare_card_stands_in_brackets_as_it_comes_and_in_decimals_from_behind() {
    let read = card("Mifare[24548AAC] 1K (0004,08) 138,21540");
    assert_eq!((read.family.as_str(), read.detail.as_deref()), ("Mifare", Some("1K (0004,08)")));
    assert_eq!(
        (read.notations.uid.as_str(), read.notations.facility_number.as_str()),
        ("24548AAC", "138,21540")
    );
}

// Lines of a Matrix III in a public program for turnstiles (of Wiren Board), with its cards' numbers.
#[test]
fn lines_of_a_real_reader_agree_with_themselves() {
    for (line, uid) in [
        ("Mifare[BCD14264] 1K (0004,08) 066,53692", "BCD14264"),
        ("Mifare[9DCB4340] 1K (0004,08) 067,52125", "9DCB4340"),
        ("Mifare[77242CF0]  (0004,88) 044,09335", "77242CF0"),
        ("Mifare[124A2D80042C27] DF (0144,20) 004,11303", "042C27124A2D80"),
        ("Mifare[3AAC2280045646]  (0142,20) 004,22086", "0456463AAC2280"),
        ("Mifare[81895266340051] UL (0144,00) 052,00081", "34005181895266"),
        ("Mifare[FA592F830412E6] UL (0144,00) 004,04838", "0412E6FA592F83"),
    ] {
        assert_eq!(card(line).notations.uid, uid, "{line}");
    }
    assert_eq!(card("Em-Marine[1700] 009,22847").notations.uid, "170009593F");
}

#[test]
fn a_removed_card_is_said_in_either_case() {
    for line in ["No card", "No Card", "No card\r\n"] {
        assert_eq!(parse_line(line.as_bytes()), Ok(RfidEvent::Removed));
    }
}

#[test]
fn a_line_that_is_damaged_or_contradicts_itself_is_no_card() {
    for line in [
        "",
        "Em-Marine[55",
        "Em-Marine[5500]",
        "Em-Marine[55G0] 126,58404",
        "[5500] 126,58404",
        "Em-Marine[5500] 256,58404",
        "Em-Marine[5500] 126,65536",
        "Em-Marine[5500] 126,",
        "Em\u{1}[5500] 1,1",
        "Ем[5500] 126,58404",
    ] {
        assert!(matches!(parse_line(line.as_bytes()), Err(RfidError::Form { .. })), "{line}");
    }
    assert_eq!(parse_line(b"Mifare[24548A] 138,21540"), Err(RfidError::Length { bytes: 3 }));
    let error = parse_line(b"Mifare[24548AAC] 1K (0004,08) 138,21541").unwrap_err();
    assert_eq!(error, RfidError::Contradiction { uid: "24548AAC".into(), said: "138,21541".into() });
    assert!(matches!(parse_line(&[b'A'; 3000]), Err(RfidError::Form { bytes: 3000 })));
}

#[test]
fn wiegand_numbers_go_there_and_back() {
    let number: Wiegand26 = "126,58404".parse().unwrap();
    assert_eq!((number.bits(), number.decimal()), (0x2FDC848, 8_315_940));
    assert_eq!(Wiegand26::from_bits(0x2FDC848), Ok(number));
    assert_eq!(Wiegand26::from_decimal(8_315_940), Some(number));
    assert_eq!(Wiegand26::from_decimal(1 << 24), None);
    assert_eq!(Wiegand26::from_bits(0x2FDC849), Err(WiegandError::Parity));
    assert_eq!(Wiegand26::from_bits(0x0FDC848), Err(WiegandError::Parity));
    assert_eq!(Wiegand26::from_bits(1 << 26), Err(WiegandError::Bits { most: 26 }));
    assert_eq!(Wiegand34::from_bits(Wiegand34(0x007E_E424).bits()), Ok(Wiegand34(0x007E_E424)));
    assert_eq!(Wiegand34::from_bits(1 << 34), Err(WiegandError::Bits { most: 34 }));
    assert_eq!(Wiegand34::from_bits(Wiegand34(7).bits() ^ 1), Err(WiegandError::Parity));
    for text in ["126", "126;1", "+1,1", "1,-1", "", ",", "1,2,3"] {
        assert_eq!(text.parse::<Wiegand26>(), Err(WiegandError::Form), "{text}");
    }
}

// PC/SC part 3, 3.2.2.1.3.
#[test]
fn the_uid_of_a_pcsc_reader_is_that_of_the_serial_reader() {
    assert_eq!(GET_UID, [0xFF, 0xCA, 0, 0, 0]);
    let uid = pcsc::uid(&[0x24, 0x54, 0x8A, 0xAC, 0x90, 0x00]).unwrap();
    assert_eq!(uid.notations(), card("Mifare[24548AAC] 1K (0004,08) 138,21540").notations);
    let uid = pcsc::uid(&[0x04, 0x2C, 0x27, 0x12, 0x4A, 0x2D, 0x80, 0x90, 0x00]).unwrap();
    assert_eq!(uid.notations(), card("Mifare[124A2D80042C27] DF (0144,20) 004,11303").notations);
    assert_eq!(uid, Uid::iso_14443(&[0x04, 0x2C, 0x27, 0x12, 0x4A, 0x2D, 0x80]).unwrap());
}

#[test]
fn a_pcsc_reader_without_a_uid_says_why() {
    assert_eq!(pcsc::uid(&[0x63, 0x00]), Err(PcscError::NoCard));
    assert_eq!(pcsc::uid(&[0x6A, 0x81]), Err(PcscError::Unsupported));
    assert_eq!(pcsc::uid(&[0x69, 0x82]), Err(PcscError::Status { status: 0x6982 }));
    assert_eq!(pcsc::uid(&[0x90]), Err(PcscError::Short { bytes: 1 }));
    assert_eq!(pcsc::uid(&[0x90, 0x00]), Err(PcscError::Length { bytes: 0 }));
    assert_eq!(pcsc::uid(&[1, 2, 3, 4, 5, 0x90, 0x00]), Err(PcscError::Length { bytes: 5 }));
    assert!(PcscError::Status { status: 0x6982 }.to_string().contains("6982"));
}

#[test]
fn rfid_events_have_a_schema() {
    let schema = serde_json::to_string(&schemars::schema_for!(RfidEvent)).unwrap();
    assert!(schema.contains("wiegand_26") && schema.contains("\"removed\""), "{schema}");
}
