//! Shtrih-M: what commands send. Vectors are from the vendor's sources and from traces of its drivers.

#![allow(clippy::unwrap_used)]

mod shtrih_support;

use outlet_protocols::fiscal::{Date, DateTime, Operation, TaxationType, VatType};
use outlet_protocols::shtrih::command::*;
use outlet_protocols::shtrih::link1;
use outlet_protocols::shtrih::tlv::Tlv;
use outlet_protocols::shtrih::vat::VatBytes;
use shtrih_support::{ADMINISTRATOR, CASHIER, hex, sent};

fn framed<R: Request>(request: R, passwords: Passwords) -> Vec<u8> {
    link1::frame(&sent(&request, passwords))
}

// Facts sheet; the third is FSFindDocumentTests of shtrih-m/javapos_shtrih.
#[test]
fn queries_are_the_golden_frames() {
    assert_eq!(framed(DeviceType, ADMINISTRATOR), hex("02 01 FC FD"));
    assert_eq!(framed(ShortStatus, ADMINISTRATOR), hex("02 05 10 1E 00 00 00 0B"));
    assert_eq!(framed(StorageStatus, ADMINISTRATOR), hex("02 06 FF 01 1E 00 00 00 E6"));
    let found = framed(FindDocument { document: 163 }, ADMINISTRATOR);
    assert_eq!(found, hex("02 0A FF 0A 1E 00 00 00 A3 00 00 00 42"));
}

// shtrih-m/fr_drv_ng issues 236 and 247.
#[test]
fn more_queries_are_those_of_the_vendors_driver() {
    assert_eq!(framed(ExchangeStatus, ADMINISTRATOR), hex("02 06 FF 39 1E 00 00 00 DE"));
    assert_eq!(framed(TableInfo { table: 10 }, ADMINISTRATOR), hex("02 06 2D 1E 00 00 00 0A 3F"));
    let field = FieldInfo { table: 10, field: 29 };
    assert_eq!(framed(field, ADMINISTRATOR), hex("02 07 2E 1E 00 00 00 0A 1D 20"));
    let cell = Cell { table: 10, row: 1, field: 29 };
    assert_eq!(framed(ReadTable(cell), ADMINISTRATOR), hex("02 09 1F 1E 00 00 00 0A 01 00 1D 1E"));
    assert_eq!(framed(FontMetrics { font: 1 }, ADMINISTRATOR), hex("02 06 26 1E 00 00 00 01 3F"));
}

// The vendor's driver writes its version into a text field of 128 bytes: fr_drv_ng issue 247.
#[test]
fn a_text_of_a_table_is_filled_up_to_the_size_of_its_field() {
    let trace = "02 89 1E 1E 00 00 00 19 01 00 01 66 72 5F 64 72 76 5F 6E 67 20 31 2E 36 2E 30 2E 33 39 38 \
        20 32 30 32 32 2D 31 32 2D 32 31 54 31 34 3A 30 35 3A 30 37 5A";
    let mut frame = hex(trace);
    frame.resize(2 + 0x89, 0);
    frame.push(0xcd);
    let info = FieldInfoAnswer { name: "1048".into(), kind: FieldKind::Text, size: 128 };
    let value = info.bytes_of_text("fr_drv_ng 1.6.0.398 2022-12-21T14:05:07Z").unwrap();
    let cell = Cell { table: 25, row: 1, field: 1 };
    assert_eq!(framed(WriteTable { cell, value }, ADMINISTRATOR), frame);
    assert!(info.bytes_of_text(&"x".repeat(129)).is_err());
}

fn item() -> Item {
    Item {
        operation: Operation::Sell,
        quantity: 1_000_000,
        price: 55_000,
        amount: None,
        tax_sum: None,
        vat: 1,
        department: 1,
        method: 4,
        subject: 1,
        name: "Борщ".into(),
        printed: true,
    }
}

// The beginning is in javapos_shtrih issue 68: one piece of 550.00 under the cashier's password; the rest
// by the fields of FSPrintRecItem.
#[test]
fn an_item_is_the_vendors_operation_v2() {
    let bytes = sent(&item(), CASHIER);
    assert!(bytes.starts_with(&hex("FF 46 01 00 00 00 01 40 42 0F 00 00 00 D8 D6 00 00 00")));
    assert_eq!(bytes[18..], hex("FF FF FF FF FF FF FF FF FF FF 01 01 04 01 C1 EE F0 F9"));
    let priced = Item { amount: Some(54_999), tax_sum: Some(9_167), ..item() };
    assert_eq!(sent(&priced, CASHIER)[18..28], hex("D7 D6 00 00 00 CF 23 00 00 00"));
}

#[test]
fn returns_and_purchases_have_one_number_in_items_and_another_at_the_opening() {
    use Operation::{Buy, BuyReturn, Sell, SellReturn};
    for (operation, opening, number) in [(Sell, 0, 1), (SellReturn, 2, 2), (Buy, 1, 3), (BuyReturn, 3, 4)] {
        let open = |correction| sent(&OpenReceipt { operation, correction }, CASHIER);
        assert_eq!(open(false), [0x8d, 1, 0, 0, 0, opening]);
        assert_eq!(open(true), [0x8d, 1, 0, 0, 0, 0x80 | opening]);
        assert_eq!(sent(&Item { operation, ..item() }, CASHIER)[6], number);
    }
}

#[test]
fn a_name_that_would_hide_itself_is_printed_and_one_to_be_hidden_is_not() {
    let name =
        |name: &str, printed| sent(&Item { name: name.into(), printed, ..item() }, CASHIER).split_off(32);
    assert_eq!(name("tea", true), b"tea");
    assert_eq!(name("//tea", true), b" //tea");
    assert_eq!(name("tea", false), b"//tea");
}

#[test]
fn a_name_can_not_end_the_field_or_change_the_font() {
    let bytes = sent(&Item { name: "a\0b\nc\x05d — «e» ☕".into(), ..item() }, CASHIER);
    assert_eq!(&bytes[32..], b"a b c d \x97 \xabe\xbb ?");
}

#[test]
fn what_an_item_can_not_hold_is_refused_by_its_name() {
    let error = |item: Item| item.bytes(CASHIER).unwrap_err().to_string();
    let long = "n".repeat(129);
    assert_eq!(
        error(Item { name: long, ..item() }),
        "name has 129 bytes, the register takes 128: shorten it"
    );
    assert!(sent(&Item { name: "ж".repeat(128), ..item() }, CASHIER).len() == 32 + 128);
    assert_eq!(error(Item { name: "  ".into(), ..item() }), "name is empty");
    assert!(error(Item { quantity: -1, ..item() }).starts_with("quantity is -1, the register takes 1"));
    assert!(error(Item { price: 10_000_000_000, ..item() }).contains("takes 0 to 9999999999"));
    assert!(error(Item { amount: Some(-5), ..item() }).starts_with("amount is -5"));
    assert!(error(Item { method: 0, ..item() }).starts_with("payment method is 0"));
    assert!(error(Item { department: 17, ..item() }).starts_with("department is 17"));
}

// javapos_shtrih issue 58: 100.00 in cash, taxation 1, no text; all of the 118 bytes.
#[test]
fn closing_is_the_vendors_frame() {
    let mut frame = hex("02 76 FF 45 1E 00 00 00 10 27");
    frame.resize(2 + 0x76 - 1, 0);
    frame.extend([0x01, 0xe4]);
    let close = CloseReceipt {
        payments: Payments { cash: 10_000, ..Payments::default() },
        rounding: 0,
        taxes: TaxSums::default(),
        taxation: Some(TaxationType::Osn),
        text: String::new(),
    };
    assert_eq!(framed(close, ADMINISTRATOR), frame);
}

#[test]
fn each_kind_of_payment_has_its_place_among_the_sixteen() {
    let mut electronic = [0; 12];
    (electronic[0], electronic[11]) = (2, 13);
    let payments = Payments { cash: 1, electronic, prepaid: 14, credit: 15, exchange: 16 };
    let close = CloseReceipt {
        payments,
        rounding: 99,
        taxes: TaxSums { vat20: 21, vat10: 22, vat0: 23, none: 24, vat120: 25, vat110: 26 },
        taxation: Some(TaxationType::Patent),
        text: "Спасибо".into(),
    };
    let bytes = sent(&close, CASHIER);
    let sums: Vec<u8> = bytes[6..86].chunks(5).map(|sum| sum[0]).collect();
    assert_eq!(sums, [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 14, 15, 16]);
    assert_eq!(bytes[86], 99);
    let taxes: Vec<u8> = bytes[87..117].chunks(5).map(|sum| sum[0]).collect();
    assert_eq!(taxes, [21, 22, 23, 24, 25, 26]);
    assert_eq!(bytes[117], 32);
    assert_eq!(bytes[118..], hex("D1 EF E0 F1 E8 E1 EE"));
    assert!(CloseReceipt { rounding: 100, ..close.clone() }.bytes(CASHIER).is_err());
    assert!(CloseReceipt { text: "x".repeat(65), ..close }.bytes(CASHIER).is_err());
}

// fr_drv_ng issue 287: the return of a sale, 26150.00 without cash, tax at 20/120 in it.
#[test]
fn a_correction_is_the_vendors_frame() {
    let mut frame = hex("02 45 FF 4A 1E 00 00 00 00 02 D8 E6 27 00 00 00 00 00 00 00 D8 E6 27");
    frame.resize(60, 0);
    frame.extend(hex("79 A6 06 00 00 00 00 00 00 00 01 34"));
    let correction = Correction {
        by_order: false,
        operation: Operation::SellReturn,
        total: 2_615_000,
        cash: 0,
        electronic: 2_615_000,
        prepaid: 0,
        credit: 0,
        exchange: 0,
        taxes: TaxSums { vat120: 435_833, ..TaxSums::default() },
        taxation: Some(TaxationType::Osn),
    };
    assert_eq!(framed(correction, ADMINISTRATOR), frame);
    assert_eq!(sent(&BeginCorrection, ADMINISTRATOR), hex("FF 35 1E 00 00 00"));
}

// fr_drv_ng issue 165.
#[test]
fn a_marking_code_goes_as_it_was_scanned() {
    let frame = "02 29 FF 61 1E 00 00 00 01 00 1F 00 30 31 30 34 36 30 30 36 35 33 31 30 35 39 39 30 32 31 35 32 \
        43 55 6E 71 1D 39 33 47 6B 33 30 85";
    let code = b"010460065310599021".iter().chain(b"52CUnq\x1d93Gk30").copied().collect();
    let check = CheckMarking { status: PlannedStatus::PieceSold, mode: 0, code, tags: Vec::new() };
    assert_eq!(framed(check, ADMINISTRATOR), hex(frame));
}

// fr_drv_ng issue 102: data of the frame of level 2.0.
#[test]
fn binding_a_marking_code_is_the_vendors_command() {
    let data = "FF 67 1E 00 00 00 1F 30 31 30 32 39 30 30 30 30 31 30 31 34 35 36 34 32 31 67 4F 5A 64 44 44 3A 5A \
        56 73 68 48 32";
    let bind = BindMarking { code: b"010290000101456421gOZdDD:ZVshH2".to_vec(), by_volume: false };
    assert_eq!(sent(&bind, ADMINISTRATOR), hex(data));
    let by_volume = BindMarking { by_volume: true, ..bind };
    assert_eq!(sent(&by_volume, ADMINISTRATOR), [hex(data), vec![0xff]].concat());
}

#[test]
fn a_measured_part_takes_its_tags_along() {
    let tags = vec![Tlv::number(2108, 11, 1), Tlv::quantity(1023, 250_000)];
    let code = b"01\x1d".to_vec();
    let check = CheckMarking { status: PlannedStatus::MeasureSold, mode: 0, code, tags };
    let data = "FF 61 01 00 00 00 02 00 03 0B 30 31 1D 3C 08 01 00 0B FF 03 02 00 02 19";
    assert_eq!(sent(&check, CASHIER), hex(data));
    let accept = |decision: AcceptMarking| sent(&decision, CASHIER);
    assert_eq!(accept(AcceptMarking::Accept), hex("FF 69 01 00 00 00 01"));
    assert_eq!(accept(AcceptMarking::Reject), hex("FF 69 01 00 00 00 00"));
}

#[test]
fn a_marking_code_that_is_empty_or_too_long_is_refused() {
    let bind = |length| BindMarking { code: vec![0x30; length], by_volume: false }.bytes(CASHIER);
    assert_eq!(bind(0), Err(ParameterError::Empty { field: "marking code" }));
    assert!(bind(255).is_ok());
    assert_eq!(bind(256), Err(ParameterError::TooLong { field: "marking code", length: 256, limit: 255 }));
}

// fr_drv_ng issue 141: tag 1222 (agent) of the item, value 64.
#[test]
fn tags_of_an_item_are_the_vendors_command() {
    let tags = ItemTags(vec![Tlv::number(1222, 64, 1)]);
    assert_eq!(sent(&tags, CASHIER), hex("FF 4D 01 00 00 00 C6 04 01 00 40"));
}

#[test]
fn tags_of_a_command_fit_into_a_frame_of_level_1() {
    let of = |length: usize| DocumentTags(vec![Tlv::bytes(1086, vec![b'x'; length - 4])]).bytes(CASHIER);
    assert_eq!(of(MAX_TAGS).unwrap().len(), link1::MAX_DATA);
    assert!(matches!(of(MAX_TAGS + 1), Err(ParameterError::TooLong { field: "tags", .. })));
    assert_eq!(DocumentTags(Vec::new()).bytes(CASHIER), Err(ParameterError::Empty { field: "tags" }));
}

#[test]
fn many_tags_are_divided_among_commands_in_their_order() {
    let tags: Vec<Tlv> = (0..9).map(|n| Tlv::bytes(1000 + n, vec![0; 60])).collect();
    let commands = in_commands(&tags).unwrap();
    assert_eq!(commands.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(commands.concat(), tags);
    assert!(commands.iter().all(|tags| DocumentTags(tags.clone()).bytes(CASHIER).is_ok()));
    assert!(in_commands(&[Tlv::bytes(1086, vec![0; 250])]).is_err());
    assert_eq!(in_commands(&[]), Ok(Vec::new()));
}

#[test]
fn old_items_count_in_thousandths() {
    let item = OldItem {
        operation: Operation::SellReturn,
        quantity: 1_250_000,
        price: 9_990,
        department: 2,
        taxes: [1, 0, 0, 0],
        name: "Чай".into(),
    };
    let mut expected = hex("82 01 00 00 00 E2 04 00 00 00 06 27 00 00 00 02 01 00 00 00 D7 E0 E9");
    expected.resize(60, 0);
    assert_eq!(sent(&item, CASHIER), expected);
    let codes = [Operation::Sell, Operation::Buy, Operation::SellReturn, Operation::BuyReturn]
        .map(|operation| OldItem { operation, ..item.clone() }.code());
    assert_eq!(codes, [0x80, 0x81, 0x82, 0x83]);
    let finer = OldItem { quantity: 1_250_001, ..item };
    assert_eq!(
        finer.bytes(CASHIER),
        Err(ParameterError::TooFine { field: "quantity", value: 1_250_001, step: 1_000 })
    );
}

// Lengths are those that Протокол работы ККТ v2.0 gives with each command.
#[test]
fn commands_have_the_lengths_of_the_protocol() {
    let close = OldCloseReceipt { payments: [1; 4], discount: -9_999, taxes: [4; 4], text: "x".into() };
    assert_eq!(sent(&close, CASHIER).len(), 71);
    assert_eq!(sent(&close, CASHIER)[25..27], (-9_999_i16).to_le_bytes());
    let discount = Adjustment { surcharge: false, sum: 1, taxes: [0; 4], text: String::new() };
    assert_eq!(sent(&discount, CASHIER).len(), 54);
    assert_eq!(Adjustment { surcharge: true, ..discount }.code(), 0x87);
    assert_eq!(sent(&PrintLine { text: "x".into() }, CASHIER).len(), 46);
    assert_eq!(sent(&PrintWideLine { text: "x".into() }, CASHIER).len(), 26);
    assert_eq!(sent(&PrintFontLine { font: 1, text: "x".into() }, CASHIER).len(), 47);
    assert_eq!(sent(&PrintFontLine { font: 1, text: "x".repeat(64) }, CASHIER).len(), 71);
    assert_eq!(sent(&CashMovement { direction: CashDirection::Out, sum: 1 }, CASHIER).len(), 10);
    assert_eq!(sent(&PrintEan13 { digits: 460_700_000_001 }, CASHIER).len(), 10);
    assert_eq!(sent(&LoadSymbol { block: 1, data: b"x".to_vec() }, CASHIER).len(), 71);
    assert_eq!(sent(&PrintQr { length: 10, dot: 5, correction: 1 }, CASHIER).len(), 15);
    assert_eq!(sent(&CutPaper { partial: true }, CASHIER), hex("25 01 00 00 00 01"));
    assert_eq!(sent(&OpenDrawer { drawer: 0 }, CASHIER), hex("28 01 00 00 00 00"));
    assert_eq!(sent(&FeedPaper { lines: 3 }, CASHIER), hex("29 01 00 00 00 02 03"));
    assert_eq!(sent(&MoneyRegister::CASH, CASHIER), hex("1A 01 00 00 00 F1"));
    assert_eq!(sent(&MoneyRegister { number: 4_096 }, CASHIER), hex("1A 01 00 00 00 00 10"));
    assert!(PrintLine { text: "x".repeat(41) }.bytes(CASHIER).is_err());
    assert!(OpenDrawer { drawer: 2 }.bytes(CASHIER).is_err());
    assert!(LoadSymbol { block: 0, data: vec![0; 65] }.bytes(CASHIER).is_err());
}

// DD-MM-YY and HH-MM-SS: Протокол работы ККТ v2.0, commands 21 to 23.
#[test]
fn the_clock_is_set_in_three_commands() {
    let date = Date::new(2026, 11, 22).unwrap();
    let time = DateTime::new(date, 10, 45, 7).unwrap();
    assert_eq!(sent(&SetTime(time), CASHIER), hex("21 1E 00 00 00 0A 2D 07"));
    assert_eq!(sent(&SetDate { date, confirm: false }, CASHIER), hex("22 1E 00 00 00 16 0B 1A"));
    assert_eq!(sent(&SetDate { date, confirm: true }, CASHIER), hex("23 1E 00 00 00 16 0B 1A"));
}

// Facts sheet, "VAT byte of FF46".
#[test]
fn vat_bytes_are_data_of_the_model() {
    let rates = VatBytes::default();
    let bytes = [
        (VatType::Vat20, 0x01),
        (VatType::Vat10, 0x02),
        (VatType::Vat0, 0x04),
        (VatType::None, 0x08),
        (VatType::Vat120, 0x10),
        (VatType::Vat110, 0x20),
        (VatType::Vat5, 0x81),
        (VatType::Vat7, 0x82),
        (VatType::Vat105, 0x84),
        (VatType::Vat107, 0x88),
        (VatType::Vat22, 0xcb),
        (VatType::Vat122, 0xcc),
    ];
    assert!(bytes.iter().all(|&(vat, byte)| rates.byte(vat) == Some(byte)));
    assert_eq!(rates.byte(VatType::Vat19), None);
    assert_eq!(
        [VatType::Vat20, VatType::None, VatType::Vat5].map(|v| rates.group(v)),
        [Some(1), Some(4), None]
    );
}

#[test]
fn only_questions_may_be_asked_again() {
    assert!(ShortStatus.effect() == Effect::None && FindDocument { document: 1 }.effect() == Effect::None);
    assert!(item().effect() == Effect::Fiscal && CancelReceipt.effect() == Effect::Fiscal);
    assert!(ContinuePrint.effect() == Effect::Device && XReport.effect() == Effect::Device);
}

#[test]
fn a_lost_piece_of_a_document_is_not_asked_for_again() {
    assert!(ReadDocumentBlock.effect() > Effect::None);
    assert_eq!(sent(&ReadDocumentBlock, CASHIER), hex("FF 3B 1E 00 00 00"));
    assert_eq!(sent(&ReadDocument { document: 82 }, CASHIER), hex("FF 3A 1E 00 00 00 52 00 00 00"));
}

#[test]
fn a_password_has_eight_digits_at_most() {
    let passwords = Passwords { operator: 100_000_000, administrator: 99_999_999 };
    assert!(ShortStatus.bytes(passwords).is_err());
    assert!(StorageStatus.bytes(passwords).is_ok());
}

#[test]
fn passwords_are_not_shown() {
    assert_eq!(format!("{:?}", Passwords { operator: 4711, administrator: 815 }), "Passwords");
}

#[test]
fn a_password_is_covered_on_both_links_and_the_rest_is_not() {
    use outlet_protocols::shtrih::{link2, shown};
    // 0x8F and 0x9F are sent as two bytes each on level 2.0.
    let passwords = Passwords { operator: 0x019f_8f01, administrator: 0x0102_9f8f };
    let bare = Passwords { operator: 0, administrator: 0 };
    let cover = |bytes: Vec<u8>, at: usize| {
        let mut bytes = bytes;
        bytes[at..at + 4].fill(b'*');
        bytes
    };
    let (receipt, item) = (OpenReceipt { operation: Operation::Sell, correction: false }, item());
    let level1 = link1::frame(&sent(&receipt, passwords));
    assert_eq!(shown(&level1), cover(level1.clone(), 3));
    let with_enq = [&[link1::ENQ][..], &level1].concat();
    assert_eq!(shown(&with_enq), cover(with_enq.clone(), 4));
    let level1 = link1::frame(&sent(&item, passwords));
    assert_eq!(shown(&level1), cover(level1.clone(), 4));
    // Two of the password's bytes take two bytes each, as the number's first does.
    let level2 = link2::frame(0x8f, &sent(&receipt, passwords)).unwrap();
    let covered = shown(&level2);
    assert_eq!(covered.len(), level2.len());
    assert_eq!(covered[..7], level2[..7], "start, length, number, code");
    assert_eq!(covered[7..13], *b"******", "{covered:02x?}");
    assert_eq!(covered[13..], level2[13..]);
    let device_type = link1::frame(&sent(&DeviceType, bare));
    assert_eq!(shown(&device_type), device_type, "it has no password");
    assert_eq!(*shown(&[link1::ENQ]), [link1::ENQ]);
    assert_eq!(shown(&level2[..9])[..7], level2[..7], "a part of a frame");
}
