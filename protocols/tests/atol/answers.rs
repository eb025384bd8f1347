//! Answers of register and storage.

use outlet_protocols::atol::answer::{
    AnswerError, DeviceInfo, Formats, LastError, LastReceipt, Paid, ShiftInfo, ShortStatus, Status, accept,
    attribute, drawer_cash, register,
};
use outlet_protocols::atol::errors::{Class, Code, extended_text};
use outlet_protocols::atol::storage::{self, Exchange, Shift, StorageStatus, Validity};
use outlet_protocols::atol::task::{Mode, ReceiptKind};
use outlet_protocols::atol::tlv::Tlv;

use crate::hex;

fn refused<T>(code: u8) -> Result<T, AnswerError> {
    Err(AnswerError::Refused(Code(code)))
}

const STATUS: &str =
    "44 01 00 26 11 22 10 05 07 4B 00 12 34 56 3E 05 08 41 00 12 00 07 01 00 00 03 75 00 02 06";

#[test]
fn the_status_is_read_field_by_field() {
    let status = Status::parse(&hex(STATUS)).unwrap();
    assert_eq!(status.cashier, 1);
    assert_eq!(status.clock.unwrap().to_string(), "2026-11-22T10:05:07");
    assert!(status.registered && status.shift_open && status.paper && status.storage_active);
    assert!(!status.drawer_open && !status.cover_open && !status.battery_low);
    assert_eq!((status.serial, status.model), (123_456, 62));
    assert_eq!((status.mode, status.submode), (Some(Mode::Registration), 4));
    assert_eq!((status.receipt_number, status.closed_shift), (12, 7));
    assert_eq!((status.open_receipt(), status.receipt_sum), (Some(ReceiptKind::Sell), 37_500));
}

// Other firmware may begin it with its own code; the facts sheet leaves the byte open.
#[test]
fn the_status_begins_with_anything_but_55() {
    let mut answer = hex(STATUS);
    answer[0] = 0x3f;
    assert!(Status::parse(&answer).is_ok());
    answer[0] = 0x55;
    assert_eq!(Status::parse(&answer), refused(1));
    assert_eq!(Status::parse(&hex("55 8C")), refused(0x8c));
}

#[test]
fn the_status_may_end_before_point_and_port_but_not_earlier() {
    let answer = hex(STATUS);
    assert_eq!(Status::parse(&answer[..28]), Status::parse(&answer));
    let short = Status::parse(&answer[..27]).unwrap_err();
    assert_eq!(short.to_string(), "the answer has 27 bytes; the status needs 28");
}

#[test]
fn a_status_without_a_receipt_or_with_a_wrong_clock_is_still_a_status() {
    let mut answer = hex(STATUS);
    answer[4] = 0x13;
    answer[22] = 0;
    let status = Status::parse(&answer).unwrap();
    assert_eq!((status.clock, status.open_receipt(), status.receipt_open()), (None, None, false));
    answer[22] = 0x0a;
    let status = Status::parse(&answer).unwrap();
    assert_eq!(status.open_receipt(), Some(ReceiptKind::BuyReturnCorrection));
    answer[24] = 0xaa;
    assert_eq!(Status::parse(&answer), Err(AnswerError::Field("receipt sum")));
}

#[test]
fn the_short_status_is_mode_and_printer() {
    let status = ShortStatus::parse(&hex("55 23 89")).unwrap();
    assert_eq!((status.mode, status.submode), (Some(Mode::Closing), 2));
    assert!(status.paper_out && status.cutter_error && status.paper_low);
    assert!(!status.printer_lost && !status.printer_error && !status.overheated && !status.other_error);
    assert_eq!(ShortStatus::parse(&hex("55 08 00")).unwrap().mode, None);
    assert_eq!(ShortStatus::parse(&hex("55 8C")), refused(0x8c));
    assert!(ShortStatus::parse(&[]).is_err());
}

// АТОЛ 91Ф in the register's characters: kurbatov/atol4j ExternalCharsetTest.
#[test]
fn a_device_says_what_it_is_with_and_without_55() {
    let body = "00 03 01 52 00 00 05 07 00 12 34 80 92 8E 8B 20 39 31 94";
    for answer in [hex(body), hex(&format!("55 {body}"))] {
        let info = DeviceInfo::parse(&answer).unwrap();
        assert_eq!((info.protocol, info.kind, info.model), (3, 1, 0x52));
        assert_eq!(info.version, [0x05, 0x07, 0x00, 0x12, 0x34]);
        assert_eq!(info.name, "АТОЛ 91Ф");
    }
    assert_eq!(DeviceInfo::parse(&hex("8C")), refused(0x8c));
    assert_eq!(DeviceInfo::parse(&hex("55 8C")), refused(0x8c));
    assert!(DeviceInfo::parse(&hex("00 03 01")).is_err());
}

#[test]
fn a_usual_answer_is_accepted_by_its_code() {
    assert_eq!(accept(&hex("55 00 12")), Ok(&[0x12][..]));
    assert_eq!(accept(&hex("55 01")), Ok(&[][..]));
    assert_eq!(accept(&hex("55 9B 00")), refused(0x9b));
    assert_eq!(accept(&hex("44 00")), Err(AnswerError::Field("first byte")));
    assert!(matches!(accept(&hex("55")), Err(AnswerError::Short { .. })));
    assert_eq!(accept(&hex("55 9B")).unwrap_err().code(), Some(Code(0x9b)));
}

#[test]
fn a_payment_answers_what_is_left_and_the_change() {
    let paid = Some(Paid { left: 15_000, change: 0 });
    assert_eq!(Paid::parse(&hex("55 00 00 00 00 01 50 00 00 00 00 00 00")), Ok(paid));
    assert_eq!(Paid::parse(&hex("55 00 00 00 01 50 00 00 00 00 00 00")), Ok(paid), "without the 00");
    assert_eq!(Paid::parse(&hex("55 00")), Ok(None));
    assert_eq!(Paid::parse(&hex("55 71")), refused(0x71));
}

#[test]
fn registers_are_numbers_of_their_own_width() {
    assert_eq!(register(&hex("55 00 00 00 00 00 03 75 00")), Ok(37_500));
    assert_eq!(register(&hex("55 00 00 12")), Ok(12));
    assert_eq!(register(&hex("55 00 0A")), Err(AnswerError::Field("number")));
    assert_eq!(register(&hex("55 6C")), refused(0x6c));
    assert!(matches!(register(&hex("55 00")), Err(AnswerError::Short { .. })));
    assert_eq!(drawer_cash(&hex("4D 00 00 00 00 03 75 00")), Ok(37_500));
    assert_eq!(drawer_cash(&hex("55 66")), refused(0x66));
}

// The facts sheet, "Tasks": document BCD5, type, total BCD7, date and time BCD5, sign BCD5.
#[test]
fn the_last_receipt_has_its_number_and_sign() {
    let answer = "55 00 00 00 00 02 58 01 00 00 00 00 03 75 00 26 11 22 10 05 42 94 96 72 95";
    let receipt = LastReceipt::parse(&hex(answer)).unwrap();
    assert_eq!((receipt.document, receipt.kind, receipt.total), (258, 1, 37_500));
    assert_eq!(receipt.at.unwrap().to_string(), "2026-11-22T10:05:00");
    assert_eq!(receipt.sign, 4_294_967_295);
    let beyond = answer.replace("72 95", "72 96");
    assert_eq!(LastReceipt::parse(&hex(&beyond)), Err(AnswerError::Field("fiscal sign")));
}

#[test]
fn shift_formats_and_the_last_error_are_registers() {
    let shift = ShiftInfo::parse(&hex("55 00 01 23 11 26 10 05 07")).unwrap();
    assert_eq!((shift.state, shift.at.unwrap().to_string()), (1, "2026-11-23T10:05:07".to_owned()));
    let formats = Formats::parse(&hex("55 00 02 04 00 00 00 00")).unwrap();
    assert_eq!(formats, Formats { register: 2, storage: 4 });
    let error = LastError::parse(&hex("55 00 00 E8 02 01 00 00 00 00")).unwrap();
    assert_eq!((error.command, error.reason), (0xe8, 0x0201));
    assert_eq!(extended_text(error.reason), "the attribute is already in the document");
}

#[test]
fn an_attribute_comes_with_the_number_of_its_blocks() {
    let own = Tlv { tag: 1192, value: b"J1".to_vec() };
    assert_eq!(attribute(&hex("55 00 01 A8 04 02 00 4A 31")), Ok((1, own)));
    assert!(matches!(attribute(&hex("55 00 02 A8 04 09 00 4A 31")), Err(AnswerError::Attribute(_))));
}

#[test]
fn the_storage_answers_in_plain_numbers() {
    let shift = Shift::parse(&hex("55 00 01 07 01 0C 00")).unwrap();
    assert_eq!(shift, Shift { open: true, number: 263, receipts: 12 });
    let exchange = Exchange::parse(&hex("55 00 06 00 02 00 01 01 00 00 1A 0B 16 0A 05")).unwrap();
    assert!(!exchange.connected && exchange.to_send && exchange.awaits_answer);
    assert_eq!((exchange.unsent, exchange.first_document), (2, 257));
    assert_eq!(exchange.first_at.unwrap().to_string(), "2026-11-22T10:05:00");
    let idle = Exchange::parse(&hex("55 00 01 00 00 00 00 00 00 00 1A 0B 16 0A 05")).unwrap();
    assert_eq!((idle.first_document, idle.first_at), (0, None));
    let validity = Validity::parse(&hex("55 00 1C 01 1F 0B 01")).unwrap();
    assert_eq!(validity.until.unwrap().to_string(), "2028-01-31");
    assert_eq!((validity.registrations_left, validity.registrations_made), (11, 1));
}

#[test]
fn the_storages_state_ends_with_its_number_and_last_document() {
    let digits = "39 39 39 39 30 37 38 39 30 30 30 30 31 32 33 34";
    let answer = hex(&format!("55 00 03 00 00 01 08 1A 0B 16 0A 05 {digits} 02 01 00 00"));
    let state = StorageStatus::parse(&answer).unwrap();
    assert_eq!((state.phase, state.current_document, state.warnings), (3, 0, 8));
    assert!(state.shift_open && !state.document_data);
    assert_eq!(state.last_at.unwrap().to_string(), "2026-11-22T10:05:00");
    assert_eq!((state.number.as_str(), state.last_document), ("9999078900001234", 258));
    assert!(matches!(StorageStatus::parse(&answer[..31]), Err(AnswerError::Short { .. })));
    assert_eq!(storage::number(&hex(&format!("55 00 {digits}"))), Ok("9999078900001234".to_owned()));
    assert_eq!(storage::number(&hex("55 D2")), refused(0xd2));
}

// The facts sheet, "Tasks", errors.
#[test]
fn errors_have_a_text_and_a_class() {
    let classes = [
        (0x66, Class::WrongMode),
        (0x67, Class::Paper),
        (0x68, Class::Printer),
        (0x88, Class::ShiftExpired),
        (0x8c, Class::Password),
        (0x8f, Class::ShiftClosed),
        (0x9b, Class::ReceiptOpen),
        (0x9c, Class::ShiftOpen),
        (0xd7, Class::StorageEnd),
        (0xda, Class::NoData),
        (0xee, Class::AskMore),
        (0x02, Class::Other),
    ];
    for (code, class) in classes {
        assert_eq!(Code(code).class(), class, "{code:02x}");
    }
    assert_eq!(Code(0x67).to_string(), "error 67: no paper");
    assert_eq!(Code(0x02).text(), "an error without a description");
    assert_eq!(
        AnswerError::Refused(Code(0x9b)).to_string(),
        "the register refuses: error 9B: a receipt is open"
    );
}

// The codes that kurbatov/atol4j describes, in its own decimal numbers.
#[test]
fn every_code_that_is_described_anywhere_has_a_text() {
    let described = [
        8..=8,
        10..=22,
        24..=27,
        30..=33,
        61..=67,
        70..=70,
        102..=112,
        113..=115,
        117..=119,
        122..=130,
        132..=132,
        134..=138,
        140..=143,
        145..=152,
        154..=156,
        158..=159,
        162..=184,
        186..=186,
        190..=191,
        200..=205,
        208..=221,
        223..=225,
        228..=228,
        230..=246,
    ];
    for code in described.into_iter().flatten() {
        assert_ne!(Code(code).text(), "an error without a description", "{code}");
    }
}
