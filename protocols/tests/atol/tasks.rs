//! Tasks, byte by byte.

use outlet_protocols::atol::bcd::BcdError;
use outlet_protocols::atol::task::{
    ByteOrder, Item, Mode, PaymentKind, ReceiptKind, Report, Task, TaskError, register,
};
use outlet_protocols::atol::text::NoSuchCharacter;
use outlet_protocols::atol::tlv::{Tlv, tag};
use outlet_protocols::fiscal::DateTime;

use crate::hex;

#[track_caller]
fn assert_task(task: &Task, expected: &str) {
    let bytes = task.encode(0).unwrap();
    assert_eq!(bytes, hex(&format!("00 00 {expected}")), "{task:?}: {bytes:02x?}");
}

fn soup() -> Item {
    Item {
        name: "Борщ №1".to_owned(),
        price: 15_000,
        quantity: 2_500_000,
        cost: 37_500,
        vat: 6,
        vat_sum: 0,
        department: 1,
        subject: 13,
        method: 4,
        discount: 250,
    }
}

#[test]
fn questions_are_their_codes() {
    assert_task(&Task::Status, "3F");
    assert_task(&Task::ShortStatus, "45");
    assert_task(&Task::DeviceInfo, "A5");
    assert_task(&Task::DrawerCash, "4D");
    assert_task(&Task::register(register::LAST_RECEIPT), "91 33 00 00");
    assert_task(&Task::ReadRegister(register::PAYMENTS, 1, 2), "91 03 01 02");
    assert_task(&Task::StorageShift, "A4 10");
    assert_task(&Task::StorageExchange, "A4 20");
    assert_task(&Task::StorageStatus, "A4 30");
    assert_task(&Task::StorageNumber, "A4 31");
    assert_task(&Task::StorageValidity, "A4 32");
    assert_task(&Task::ReadDocument, "A4 46");
    assert_task(&Task::GetAttribute(tag::OWN, 0), "E9 A8 04 00");
}

#[test]
fn a_documents_number_goes_in_either_order() {
    assert_task(&Task::BeginDocument(0x0102_0304, ByteOrder::Big), "A4 45 01 02 03 04");
    assert_task(&Task::BeginDocument(0x0102_0304, ByteOrder::Little), "A4 45 04 03 02 01");
}

#[test]
fn modes_are_entered_with_a_password_of_eight_digits() {
    assert_task(&Task::EnterMode(Mode::Registration, 30), "56 01 00 00 00 30");
    assert_task(&Task::EnterMode(Mode::Closing, 12_345_678), "56 03 12 34 56 78");
    assert_task(&Task::LeaveMode, "48");
}

#[test]
fn the_password_of_access_stands_before_the_command() {
    assert_eq!(Task::Status.encode(1234), Ok(hex("12 34 3F")));
    let field = "password";
    let source = BcdError::TooLarge { value: 10_000, digits: 4 };
    assert_eq!(Task::Status.encode(10_000), Err(TaskError::Number { field, source }));
}

#[test]
fn a_shift_is_opened_reported_and_closed() {
    assert_task(&Task::OpenShift(String::new()), "9A 00");
    assert_task(&Task::OpenShift("Ю".to_owned()), "9A 00 9E");
    assert_task(&Task::Report(Report::X), "67 01");
    assert_task(&Task::Report(Report::Settlements), "67 09");
    assert_task(&Task::CloseShift, "5A");
}

#[test]
fn receipts_are_of_eight_kinds() {
    let codes = ReceiptKind::ALL.map(ReceiptKind::code);
    assert_eq!(codes, [1, 2, 4, 5, 7, 8, 9, 10]);
    for kind in ReceiptKind::ALL {
        assert_eq!(ReceiptKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(ReceiptKind::from_code(0), None);
    assert_task(&Task::OpenReceipt { kind: ReceiptKind::Sell, print: true }, "92 00 01");
    assert_task(&Task::OpenReceipt { kind: ReceiptKind::BuyReturnCorrection, print: false }, "92 04 0A");
    assert_task(&Task::CancelReceipt, "59");
}

// Б 81, о AE, р E0, щ E9 of code page 866; № stands at 24. 150.00 a unit, 2.5 of it, 375.00.
#[test]
fn an_item_is_its_fields_in_their_widths() {
    assert_task(&Task::BeginItem, "EA 00 01 00");
    assert_task(
        &Task::EndItem(soup()),
        "EB 00 00 00 00 00 01 50 00 00 00 00 25 00 00 00 00 00 03 75 00 06 \
         00 00 00 00 00 00 00 01 13 04 00 00 00 00 00 00 02 50 00 00 81 AE E0 E9 20 24 31",
    );
    let surcharge = Task::EndItem(Item { discount: -250, ..soup() }).encode(0).unwrap();
    assert_eq!(surcharge.get(34..42), Some(hex("01 00 00 00 00 00 02 50").as_slice()));
}

#[test]
fn payments_and_cash_are_five_bytes_of_kopecks() {
    assert_task(&Task::Payment(PaymentKind::Cash, 15_000), "99 00 01 00 00 01 50 00");
    assert_task(&Task::Payment(PaymentKind::Other, 9_999_999_999), "99 00 05 99 99 99 99 99");
    assert_task(&Task::CloseReceipt(PaymentKind::Electronic, 0), "4A 00 02 00 00 00 00 00");
    assert_task(&Task::CashIn(100), "49 00 00 00 00 01 00");
    assert_task(&Task::CashOut(1), "4F 00 00 00 00 00 01");
}

#[test]
fn an_attribute_goes_in_one_block_of_one() {
    let own = Tlv::text(tag::OWN, "J1").unwrap();
    let set = |print, attribute: &Tlv| Task::SetAttribute { print, attribute: attribute.clone() };
    assert_task(&set(true, &own), "E8 01 01 00 A8 04 02 00 4A 31");
    assert_task(&set(false, &Tlv::byte(tag::TAXATION, 1)), "E8 00 01 00 1F 04 01 00 01");
}

#[test]
fn paper_and_drawer() {
    assert_task(&Task::Text("A’b $5".to_owned()), "4C 41 27 62 20 FC 35");
    assert_task(&Task::Cliche, "6C");
    assert_task(&Task::Cut { full: true }, "75 00");
    assert_task(&Task::Cut { full: false }, "75 01");
    assert_task(&Task::OpenDrawer, "80");
    assert_task(&Task::CopyOfLast, "95");
    assert_task(&Task::ContinuePrint, "55");
    assert_task(&Task::Qr("ж".to_owned()), "C1 00 02 01 00 00 01 00 00 00 00 00 00 00 00 D0 B6");
}

#[test]
fn the_clock_is_day_month_year_and_time() {
    let clock: DateTime = "2026-11-22T10:05:07".parse().unwrap();
    assert_task(&Task::SetClock(clock), "ED 22 11 26 10 05 07");
}

#[test]
fn what_can_not_be_told_names_its_field() {
    let refused = |item: Item| Task::EndItem(item).encode(0).unwrap_err();
    let number = |field, source| TaskError::Number { field, source };
    let inexact = refused(Item { quantity: 333_333, ..soup() });
    assert_eq!(inexact, number("quantity", BcdError::Inexact(333_333)));
    assert_eq!(refused(Item { price: -1, ..soup() }), number("price", BcdError::Negative(-1)));
    let huge = BcdError::TooLarge { value: 100_000_000_000_000, digits: 14 };
    assert_eq!(refused(Item { cost: 100_000_000_000_000, ..soup() }), number("cost", huge));
    assert!(matches!(
        refused(Item { discount: i64::MIN, ..soup() }),
        TaskError::Number { field: "discount", .. }
    ));
    assert!(matches!(refused(Item { subject: 100, ..soup() }), TaskError::Number { field: "subject", .. }));
    let long = refused(Item { name: "я".repeat(129), ..soup() });
    assert_eq!(long, TaskError::TooLong { field: "name", length: 129, most: 128 });
    let smile = refused(Item { name: "Борщ 😀".to_owned(), ..soup() });
    assert_eq!(smile, TaskError::Text { field: "name", source: NoSuchCharacter('😀') });
    let line = Task::Text("a\nb".to_owned()).encode(0);
    assert_eq!(line, Err(TaskError::Text { field: "text", source: NoSuchCharacter('\n') }));
    let payment = Task::Payment(PaymentKind::Cash, 10_000_000_000).encode(0).unwrap_err();
    assert_eq!(
        payment.to_string(),
        "payment: 10000000000 has more than the 10 digits of its field: split the document"
    );
}

// Code page 866 has √ at FB and Є at F2, where the register has nothing and the euro.
#[test]
fn characters_of_the_page_that_the_register_has_not_are_refused() {
    let text = |line: &str| Task::Text(line.to_owned()).encode(0);
    for c in ['√', 'Є'] {
        let refused = TaskError::Text { field: "text", source: NoSuchCharacter(c) };
        assert_eq!(text(&c.to_string()), Err(refused));
    }
    assert_task(&Task::Text("«€»".to_owned()), "4C 22 F2 22");
}

#[test]
fn only_what_asks_may_be_repeated() {
    let asks = [Task::Status, Task::DrawerCash, Task::register(register::LAST_RECEIPT), Task::StorageStatus];
    assert!(asks.iter().all(Task::only_asks));
    let acts = [
        Task::Payment(PaymentKind::Cash, 1),
        Task::CloseReceipt(PaymentKind::Cash, 0),
        Task::CancelReceipt,
        Task::CloseShift,
        Task::CashIn(1),
        Task::CopyOfLast,
        Task::OpenDrawer,
        Task::EnterMode(Mode::Registration, 30),
        Task::ReadDocument,
    ];
    assert!(!acts.iter().any(Task::only_asks));
}

#[test]
fn closing_takes_longer_than_asking() {
    let slow = [Task::CloseShift, Task::CloseReceipt(PaymentKind::Cash, 0), Task::EndItem(soup())];
    assert!(slow.iter().all(|task| task.answer_within() > Task::Status.answer_within()));
}
