//! The simulated ATOL register, told byte by byte what hosts tell real ones.

#[path = "register_atol/host.rs"]
mod host;

use host::{Host, TEA, clock, hex, register};
use outlet_simulators::register::atol::{AtolSpec, ByteOrder, Ffd};
use outlet_simulators::register::{DocumentKind, Family, Fault, Moment, RegisterSpec, What};

/// A position of a sale: price 50.00, 1 piece, cost 50.00, without tax, object 1, method 4, `Хлеб`.
const BREAD: &str = "EB 00 00000000005000 0000001000 00000000005000 06 00000000000000 01 01 04 00 00000000000000 0000 95 AB A5 A1";

#[test]
fn known_frames_get_known_answers() {
    let register = register();
    // The facts sheet's frames: abort, device information as task 2, and asking for it again.
    assert_eq!(register.feed(&hex("FE 01 00 06 C4 58")), host::frame(6, &hex("A3")));
    let info = "00 01 01 45 00 00 03 00 00 58 35 80 92 8E 8B 20 37 37 94";
    let told = host::frame(0xF0, &hex(&format!("A6 02 {info}")));
    let begun = [host::frame(7, &hex("A2")), told].concat();
    assert_eq!(register.feed(&hex("FE 06 00 07 C1 01 02 00 00 A5 8D")), begun);
    let asked = host::frame(8, &hex(&format!("A3 {info}")));
    assert_eq!(register.feed(&hex("FE 02 00 08 C3 02 FC")), asked);
    assert_eq!(register.feed(&host::frame(9, &hex("C2 02"))), host::frame(9, &hex("A3")));
    assert_eq!(register.feed(&host::frame(10, &hex("C3 02"))), host::frame(10, &hex("B3")));
}

#[test]
fn the_long_status_has_its_fields_where_drivers_read_them() {
    let mut host = Host::new();
    host.ok("56 01 00000030");
    host.ok("9A 00");
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    let status = "44 30 01 26 11 22 10 00 00 4F 00 00 12 34 45 33 30 01 00 01 00 00 01 00 00 02 00 00 02 06";
    assert_eq!(host.task("3F"), hex(status));
    assert_eq!(host.task("45"), hex("55 01 00"));
    assert_eq!(host.task("99 00 02 0000010000"), hex("55 00 0000010000 0000000000"));
    assert_eq!(host.task("45"), hex("55 41 00"), "payments are being taken");
}

#[test]
fn a_sale_is_stored_counted_printed_and_can_be_read_again() {
    let mut host = Host::new();
    host.ok("56 01 00000030");
    host.ok("9A 00");
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    host.ok("EA 00 01 00");
    host.ok(BREAD);
    // Attribute 1192, `own-tag-0001`.
    assert_eq!(host.task("E8 00 01 00 A8 04 0C 00 6F776E2D7461672D30303031"), hex("55 00"));
    // 100.00 by card, then 200.00 in cash: 50.00 back.
    assert_eq!(host.task("99 00 02 0000010000"), hex("55 00 0000015000 0000000000"));
    host.ok("4A 00 01 0000020000");

    let documents = host.register.documents();
    let kinds: Vec<_> = documents.iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [DocumentKind::OpenShift, DocumentKind::Sale]);
    let sale = &documents[1];
    assert_eq!((sale.number, sale.shift, sale.receipt), (2, 1, 1));
    assert_eq!((sale.total, sale.change), (25_000, 5_000));
    assert_eq!(sale.payments, [("electronic".to_owned(), 10_000), ("cash".to_owned(), 20_000)]);
    assert_eq!(sale.items[0].name, "Чай");
    assert_eq!(sale.items[0].quantity_micro, 2_000_000);
    assert_eq!(sale.tags, [(1192, b"own-tag-0001".to_vec())]);
    assert_eq!(host.register.drawer_sum(), 15_000);

    // Register 33: document, kind, total, date, sign.
    let sign = format!("{:010}", sale.sign.parse::<u32>().unwrap());
    let last = format!("55 00 0000000002 01 00000000025000 22 11 26 10 00 {sign} 000000");
    assert_eq!(host.task("91 33 00 00"), hex(&last));
    assert_eq!(host.task("91 0A 00 00"), hex("55 00 00000000015000"));
    assert_eq!(host.task("91 03 01 01"), hex("55 00 000000015000"));

    // The document itself, attribute by attribute.
    let found = host.task("A4 45 00 00 00 02");
    assert_eq!(found[..4], hex("55 00 00 03"));
    let size = usize::from(u16::from_be_bytes([found[4], found[5]]));
    let mut attributes: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut read = 0;
    while read < size {
        let piece = host.task("A4 46");
        assert_eq!(piece[..2], hex("55 00"));
        read += piece.len() - 2;
        attributes.extend(host::attributes(&piece[2..]));
    }
    assert_eq!(host.task("A4 46"), hex("55 DA 00"), "there is no more");
    let value = |tag: u16| attributes.iter().find(|(there, _)| *there == tag).map(|(_, value)| value.clone());
    assert_eq!(value(1040), Some(hex("02 00 00 00")));
    assert_eq!(value(1020), Some(hex("A8 61")), "250.00");
    assert_eq!(value(1192), Some(b"own-tag-0001".to_vec()));
    let positions: Vec<_> = attributes.iter().filter(|(tag, _)| *tag == 1059).collect();
    assert_eq!(positions.len(), 2);
    let tea = host::attributes(&positions[0].1);
    assert_eq!(tea[0], (1030, hex("97 A0 A9")));
    assert_eq!(tea[2], (1023, hex("00 02")));

    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
    let papers = host.register.papers();
    assert!(papers[0].says("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ"));
    for text in
        ["TEST TOOL, NOT A FISCAL DEVICE", "Чай", "2 x 100.00 =200.00", "ИТОГ =250.00", "СДАЧА =50.00"]
    {
        assert!(papers[1].says(text), "{text} is missing on\n{}", papers[1].text());
    }
    assert!(papers[1].says(&format!("ФП {}", sale.sign)));
    if let Ok(folder) = std::env::var("OUTLET_PAPERS") {
        for (n, paper) in papers.iter().enumerate() {
            std::fs::write(format!("{folder}/atol-{n}.png"), paper.png().unwrap()).unwrap();
        }
    }
}

#[test]
fn the_first_receipt_opens_a_closed_shift() {
    let mut host = Host::new();
    host.ok("56 01 00000001");
    host.ok("92 00 01");
    assert!(host.register.shift().open);
    assert_eq!(host.register.documents()[0].kind, DocumentKind::OpenShift);

    let mut host = Host::of(AtolSpec { opens_shift: false, ..AtolSpec::default() });
    host.ok("56 01 00000001");
    assert_eq!(host.task("92 00 01"), hex("55 66 00"));
}

#[test]
fn two_equal_receipts_are_two_documents_with_two_signs() {
    let mut host = Host::selling();
    host.sell();
    let first = host.task("91 33 00 00");
    host.sell();
    let documents = host.register.documents();
    assert_eq!(documents[1].items, documents[2].items);
    assert_ne!(documents[1].sign, documents[2].sign);
    assert_ne!(host.task("91 33 00 00"), first);
}

#[test]
fn what_is_not_allowed_is_refused_with_its_code() {
    let mut host = Host::new();
    let mut refused = |task: &str, code: &str| {
        assert_eq!(host.task(task), hex(&format!("55 {code} 00")), "{task}");
    };
    refused("92 00 01", "66"); // not in mode 1
    refused("56 03 00000001", "8C"); // a cashier may not make reports that clear
    refused("56 01 00000099", "8C"); // nobody's password
    refused("FF", "7A"); // unknown
    refused("92", "14"); // too short
    refused("3F 00", "14"); // too long
    refused("64 32 13 26", "94"); // 32 December
    refused("91 EF 00 00", "6C"); // no such register
    refused("95", "AA"); // nothing was printed yet
    refused("EE", "AA");
    refused("A4 45 00 00 00 63", "DA");
    refused("56 01 00000030", "00");
    refused("56 02 00000030", "66"); // in a mode already
    refused("EA 00 01 00", "9A"); // no receipt
    refused("9A 00", "00");
    refused("9A 00", "9C");
    refused("4F 00 0000000100", "98"); // no cash
    refused("49 00 0000000000", "08");
    refused("92 00 03", "6A");
    refused("92 00 01", "00");
    refused("92 00 01", "9B");
    refused("49 00 0000000100", "9B");
    refused("48", "9B");
    refused("4A 00 01 0000000000", "66"); // no position
    refused(TEA, "66"); // not begun
    refused("EA 00 01 00", "00");
    refused("EA 00 01 00", "76"); // begun twice
    refused("99 00 01 0000010000", "76");
    refused(&TEA.replacen("0000002000", "0000000000", 1), "0A"); // nothing of it
    refused(&TEA.replacen("00000000020000 01 ", "00000000020000 0D ", 1), "EE"); // no such tax
    refused(&TEA.replacen("0000002000", "000000200A", 1), "13"); // no decimal
    refused(&format!("{TEA} {}", "AA".repeat(126)), "14"); // 129 characters
    refused(TEA, "00");
    refused("99 00 02 0000030000", "71"); // more by card than it comes to
    refused("99 00 0B 0000010000", "7E");
    refused("4A 00 01 0000010000", "86"); // paid less
    refused("5A", "66");
    refused("59", "00");
    refused("59", "9A");
    refused("92 00 02", "00");
    refused("EA 00 01 00", "00");
    refused(TEA, "98"); // no cash to give back
    assert!(host.register.documents().iter().all(|document| document.kind == DocumentKind::OpenShift));
}

#[test]
fn an_extended_error_stands_in_register_55() {
    let mut host = Host::selling();
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    // 1192 belongs to the receipt, not to a position.
    assert_eq!(host.task("E8 00 01 00 A8 04 01 00 31"), hex("55 EE 00"));
    assert_eq!(host.task("91 37 00 00"), hex("55 00 00 E8 02 08 00000000"));
    assert_eq!(host.task("E8 00 01 00 E7 03 01 00 31"), hex("55 93 00"), "999 is no attribute");
}

#[test]
fn a_wrong_access_password_is_refused() {
    let mut host = Host::of(AtolSpec { access_password: 1234, ..AtolSpec::default() });
    assert_eq!(host.task("3F"), hex("55 8C 00"));
    host.password = hex("12 34");
    assert_eq!(host.task("3F")[0], 0x44);
}

#[test]
fn a_flag_turns_an_operation_into_a_question() {
    let mut host = Host::selling();
    host.ok("92 01 01");
    assert_eq!(host.task("3F")[22], 0, "no receipt is open");
    host.ok("49 01 0000010000");
    assert_eq!(host.register.drawer_sum(), 0);
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(&TEA.replacen("EB 00", "EB 01", 1));
    host.ok(TEA);
    assert_eq!(host.task("99 01 01 0000020000"), hex("55 00 0000000000 0000000000"));
    host.ok("4A 01 01 0000000000");
    assert_eq!(host.register.documents().len(), 1);
    host.ok("4A 00 01 0000000000");
    assert_eq!(host.register.documents()[1].items.len(), 1);
}

#[test]
fn money_reports_and_the_end_of_a_shift() {
    let mut host = Host::selling();
    host.ok("49 00 0000100000");
    host.sell();
    host.ok("4F 00 0000030000");
    assert_eq!(host.register.drawer_sum(), 100_000 + 20_000 - 30_000);
    let moved: Vec<i64> = host.register.cash_movements().iter().map(|movement| movement.sum).collect();
    assert_eq!(moved, [100_000, -30_000]);
    // A return gives cash back.
    host.ok("92 00 02");
    host.ok("EA 00 01 00");
    host.ok(BREAD);
    host.ok("4A 00 01 0000000000");
    assert_eq!(host.register.drawer_sum(), 85_000);
    assert_eq!(host.task("4D"), hex("4D 00000000085000"));
    assert_eq!(host.task("91 04 00 00"), hex("55 00 00000000100000"));
    assert_eq!(host.task("91 06 02 00"), hex("55 00 0001"));

    host.ok("48");
    host.ok("56 02 00000029");
    host.ok("67 01");
    let papers = host.register.papers();
    let report = papers.last().unwrap();
    for text in
        ["СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ", "ПРИХОД (1) 200.00", "ВОЗВРАТ ПРИХОДА (1) 50.00", "ВЫПЛАТЫ 300.00"]
    {
        assert!(report.says(text), "{text} is missing on\n{}", report.text());
    }
    assert_eq!(host.task("67 11"), hex("55 A3 00"));
    host.ok("48");
    host.ok("56 03 00000030");
    host.ok("5A");
    assert!(!host.register.shift().open);
    assert_eq!(host.register.documents().last().unwrap().kind, DocumentKind::CloseShift);
    assert_eq!(host.task("58"), hex("55 00 00000000020000 00000000005000"));
    assert_eq!(host.task("91 06 02 00"), hex("55 00 0000"));
    assert_eq!(host.task("4D"), hex("4D 00000000085000"), "cash stays");
    assert_eq!(host.task("5A"), hex("55 8F 00"));
}

#[test]
fn a_report_that_is_being_printed_shows_in_the_state() {
    let mut host = Host::of(AtolSpec { report_answers: 4, ..AtolSpec::default() });
    host.ok("56 01 00000030");
    host.ok("9A 00");
    host.ok("48");
    host.ok("56 03 00000030");
    host.ok("5A");
    assert_eq!(host.task("48"), hex("55 66 00"));
    let states: Vec<u8> = (0..5).map(|_| host.task("45")[1]).collect();
    assert_eq!(states, [0x23, 0x23, 0x17, 0x17, 0x03]);
    host.ok("48");
}

#[test]
fn an_open_cover_shows_and_keeps_receipts_from_closing() {
    let mut host = Host::selling();
    host.register.inject(Fault::CoverOpen);
    assert_eq!(host.task("3F")[9] & 0x28, 0x28);
    assert_eq!(host.task("92 00 01"), hex("55 67 00"));
    host.register.inject(Fault::CoverClose);
    host.sell();
}

#[test]
fn a_shift_older_than_a_day_takes_reports_only() {
    let mut host = Host::selling();
    host.register.inject(Fault::ShiftOld);
    assert_eq!(host.task("92 00 01"), hex("55 88 00"));
    assert_eq!(host.task("49 00 0000000100"), hex("55 88 00"));
    // Register 18: state 2, and when it should have ended.
    assert_eq!(host.task("91 12 00 00"), hex("55 00 02 22 11 26 09 00 00"));
    host.ok("48");
    host.ok("56 03 00000030");
    host.ok("5A");
    host.ok("48");
    host.ok("56 01 00000030");
    host.ok("92 00 01");
}

#[test]
fn clock_and_storage_are_checked_before_anything_is_stored() {
    let mut host = Host::selling();
    host.register.inject(Fault::ClockBeyondLimits);
    assert_eq!(host.task("92 00 01"), hex("55 1F 00"));
    host.register.set_clock(clock());
    host.register.inject(Fault::ClockShift { seconds: -3600 });
    assert_eq!(host.task("92 00 01"), hex("55 20 00"), "before the last document");
    host.register.set_clock(clock());
    host.register.inject(Fault::StorageRoom { documents: 1 });
    host.sell();
    assert_eq!(host.task("92 00 01"), hex("55 D8 00"));
    host.register.inject(Fault::StorageEmptied);
    host.ok("92 00 01");
}

#[test]
fn the_clock_is_set_while_the_shift_is_closed_and_a_later_date_is_given_twice() {
    let mut host = Host::new();
    host.ok("4B 12 30 00");
    assert_eq!(host.task("91 11 00 00"), hex("55 00 22 11 26 12 30 00"));
    assert_eq!(host.task("64 24 11 26"), hex("55 16 00"));
    host.ok("64 24 11 26");
    host.ok("ED 23 11 26 08 15 30");
    assert_eq!(host.task("91 11 00 00"), hex("55 00 23 11 26 08 15 30"));
    host.ok("56 01 00000030");
    host.ok("9A 00");
    assert_eq!(host.task("4B 12 30 00"), hex("55 9C 00"));
}

#[test]
fn a_correction_says_why_and_in_format_1_05_has_one_position() {
    let mut host = Host::selling();
    host.ok("92 00 07");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    host.ok("EA 00 01 00");
    assert_eq!(host.task(BREAD), hex("55 EE 00"));
    assert_eq!(host.task("91 37 00 00")[4..6], hex("01 01"));
    host.ok("59");

    host.ok("92 00 07");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    assert_eq!(host.task("4A 00 01 0000000000"), hex("55 EE 00"));
    assert_eq!(host.task("91 37 00 00")[4..6], hex("02 06"));
    assert_eq!(host.task("E8 00 01 00 95 04 01 00 00"), hex("55 00"), "1173");
    assert_eq!(host.task("E8 00 01 00 96 04 08 00 9A 04 04 00 00 8B 21 69"), hex("55 00"), "1174");
    host.ok("4A 00 01 0000000000");
    assert_eq!(host.register.documents()[1].kind, DocumentKind::SaleCorrection);
    assert_eq!(host.task("A4 45 00 00 00 02")[..4], hex("55 00 00 1F"));
    assert_eq!(host.task("92 00 08"), hex("55 6A 00"));

    let mut host = Host::of(AtolSpec { ffd: Ffd::V12, ..AtolSpec::default() });
    host.ok("56 01 00000030");
    host.ok("92 00 08");
}

#[test]
fn a_long_attribute_comes_in_pieces_and_belongs_to_its_position() {
    let mut host = Host::selling();
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    assert_eq!(host.task("E8 00 02 00 8A 04 06 00 44 4D"), hex("55 00"));
    assert_eq!(host.task("E8 00 02 01 04 06 9B 3C"), hex("55 00"));
    host.ok(TEA);
    assert_eq!(host.task("E8 00 01 00 8A 04 01 00 31"), hex("55 EE 00"), "1162 outside a position");
    host.ok("4A 00 02 0000000000");
    let sale = &host.register.documents()[1];
    assert_eq!(sale.items[0].tags, [(1162, hex("44 4D 04 06 9B 3C"))]);
}

#[test]
fn the_storage_answers_in_its_own_way() {
    let mut host = Host::selling();
    host.sell();
    let number = "39393939303738393030303035363738";
    let status = format!("55 00 03 00 00 01 00 1A 0B 16 0A 00 {number} 02 00 00 00");
    assert_eq!(host.task("A4 30"), hex(&status));
    assert_eq!(host.task("A4 31"), hex(&format!("55 00 {number}")));
    assert_eq!(host.task("A4 10"), hex("55 00 01 01 00 01 00"));
    assert_eq!(host.task("A4 20"), hex("55 00 02 00 02 00 01 00 00 00 1A 0B 16 0A 00"));
    assert_eq!(host.task("A4 42"), hex("55 00 02 00"));
    let sign = host.register.documents()[1].sign.parse::<u32>().unwrap().to_le_bytes();
    let found =
        [hex("55 00 03 00 1A 0B 16 0A 00 02 00 00 00"), sign.to_vec(), hex("01 20 4E 00 00 00")].concat();
    assert_eq!(host.task("A4 40 00 00 00 02"), found);
    assert_eq!(host.task("E9 FA 03 00")[..7], hex("55 00 01 FA 03 0C 00"), "1018");

    let mut host = Host::of(AtolSpec { storage_numbers: ByteOrder::LowFirst, ..AtolSpec::default() });
    host.ok("56 01 00000030");
    host.sell();
    assert_eq!(host.task("A4 45 02 00 00 00")[..4], hex("55 00 03 00"));
}

#[test]
fn tables_are_read_and_written_in_mode_4_and_kept() {
    let mut host = Host::new();
    assert_eq!(host.task("46 02 00 01 37"), hex("55 66 00"));
    host.ok("56 04 00000030");
    assert_eq!(host.task("46 02 00 01 37"), hex("55 00 42"), "characters on a line");
    host.ok("50 06 00 06 01 80 81 82");
    assert_eq!(host.task("46 06 00 06 01"), hex("55 00 80 81 82"));
    assert_eq!(host.task("46 63 00 01 01"), hex("55 91 00"));
    assert_eq!(host.task("46 06 00 63 01"), hex("55 92 00"));
    assert_eq!(host.task("46 0D 00 01 02"), hex("55 00 20 00"), "the first tax is of 20 %");
}

#[test]
fn free_text_codes_and_cuts_come_out_as_they_are() {
    let mut host = Host::new();
    host.ok("4C 8F E0 A8 A2 A5 E2");
    host.ok("C1 00 02 04 0000 0000 01 00 00 0000 0000 68747470733A2F2F6578616D706C652E636F6D");
    host.ok("80");
    host.ok("75 01");
    assert_eq!(host.register.drawer_openings(), 1);
    let papers = host.register.papers();
    assert!(papers[0].says("Привет"));
    assert!(papers[0].says("[QR https://example.com]"));
    assert_eq!(host.task(&format!("4C {}", "41 ".repeat(58))), hex("55 14 00"));
}

#[test]
fn a_receipt_that_the_paper_was_too_short_for_is_stored_and_finished_on_the_new_roll() {
    let mut host = Host::selling();
    host.register.inject(Fault::PaperOutAtLine { lines: 5 });
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    assert_eq!(host.task("4A 00 01 0000000000"), hex("55 67 00"));
    assert_eq!(host.register.documents().len(), 2, "it is in the storage");
    assert_eq!(host.task("45"), hex("55 01 01"));
    assert_eq!(host.task("3F")[22], 0, "no receipt is open");
    assert_eq!(host.task("EE"), hex("55 67 00"));
    assert_eq!(host.task("95"), hex("55 AA 00"), "it hasn't come out whole");

    host.register.inject(Fault::NewPaper);
    host.ok("EE");
    let papers = host.register.papers();
    let (first, second) = (&papers[papers.len() - 2], &papers[papers.len() - 1]);
    assert!(first.text().ends_with("[ROLL ENDED]\n"), "{}", first.text());
    assert!(first.says("Чай") && second.says("ИТОГ"), "{}{}", first.text(), second.text());
    assert_eq!(host.register.documents().len(), 2);
    host.ok("95");
    assert!(host.register.papers().last().unwrap().says("КОПИЯ ДОКУМЕНТА"));
}

#[test]
fn without_paper_nothing_fiscal_begins() {
    let mut host = Host::selling();
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    host.register.inject(Fault::PaperOut);
    assert_eq!(host.task("4A 00 01 0000000000"), hex("55 67 00"));
    assert_eq!(host.register.documents().len(), 1);
    assert_eq!(host.task("3F")[22], 1, "the receipt is still open");
    host.register.inject(Fault::NewPaper);
    host.ok("4A 00 01 0000000000");
    assert_eq!(host.register.documents().len(), 2);
}

#[test]
fn an_answer_that_was_lost_is_kept_in_the_buffer_through_a_lost_link() {
    let mut host = Host::selling();
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    host.register.inject(Fault::LoseAnswer);
    let sent = host.register.feed(&host::frame(0x20, &host.add(0x77, "4A 00 01 0000000000")));
    assert_eq!(sent, host::frame(0x20, &hex("A2")), "it has begun, and nothing is heard of its end");
    host.register.inject(Fault::CutLink);
    assert_eq!(host.register.feed(&host::frame(0x21, &hex("C3 77"))), host::frame(0x21, &hex("A3 55 00 00")));
    let again = host.register.feed(&host::frame(0x22, &host.add(0x77, "4A 00 01 0000000000")));
    assert_eq!(again, host::frame(0x22, &hex("B2")), "this one is there already");
    assert_eq!(host.register.documents().len(), 2);
}

#[test]
fn power_takes_the_buffer_and_the_mode_and_leaves_the_receipt() {
    let mut host = Host::selling();
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    host.register.feed(&host::frame(0x20, &host.add(0x77, "99 00 01 0000005000")));
    host.register.power_off();
    assert!(host.register.feed(&host::frame(0x21, &hex("C3 77"))).is_empty());
    host.register.power_on();
    assert_eq!(host.register.feed(&host::frame(0x22, &hex("C3 77"))), host::frame(0x22, &hex("B3")));
    let status = host.task("3F");
    assert_eq!((status[17], status[22], &status[23..28]), (0, 1, hex("00 00 02 00 00").as_slice()));
    assert_eq!(host.task("56 03 00000030"), hex("55 9B 00"));
    host.ok("56 01 00000030");
    host.ok("59");
    host.sell();
}

#[test]
fn a_garbled_frame_is_asked_for_again_by_its_number_and_so_is_an_answer() {
    let register = register();
    let mut garbled = host::frame(5, &hex("C3 01"));
    *garbled.last_mut().unwrap() ^= 1;
    assert_eq!(register.feed(&garbled), host::frame(5, &[]));
    let answer = register.feed(&host::frame(5, &hex("C3 01")));
    assert_eq!(answer, host::frame(5, &hex("B3")));
    assert_eq!(register.feed(&host::frame(5, &[])), answer, "the host asks for it once more");
    register.inject(Fault::Nak { times: 1 });
    assert_eq!(register.feed(&host::frame(6, &hex("C4"))), host::frame(6, &[]));
}

#[test]
fn while_it_is_busy_a_task_stays_in_work_and_questions_are_answered() {
    let host = Host::selling();
    host.register.inject(Fault::Busy { answers: 3 });
    let add = host::frame(0x20, &host.add(0x77, "92 00 01"));
    assert_eq!(host.register.feed(&add), host::frame(0x20, &hex("A2")));
    assert_eq!(host.register.feed(&host::frame(0x21, &hex("C3 77"))), host::frame(0x21, &hex("A2")));
    let last = host.register.feed(&host::frame(0x22, &hex("C3 77")));
    let ended = [host::frame(0x22, &hex("A2")), host::frame(0xF0, &hex("A6 77 55 00 00"))].concat();
    assert_eq!(last, ended);
}

#[test]
fn tasks_without_a_wanted_result_are_silent_unless_they_fail() {
    let host = Host::selling();
    let done = host.register.feed(&host::frame(1, &hex("C1 00 10 0000 92 00 01")));
    assert_eq!(done, host::frame(1, &hex("A2")));
    assert_eq!(host.register.feed(&host::frame(2, &hex("C3 10"))), host::frame(2, &hex("B3")));
    let failed = host.register.feed(&host::frame(3, &hex("C1 00 11 0000 92 00 01")));
    assert_eq!(failed, [host::frame(3, &hex("A2")), host::frame(0xF0, &hex("A7 11 55 9B 00"))].concat());
    let stopped = host.register.feed(&host::frame(4, &hex("C1 01 12 0000 59")));
    assert_eq!(stopped, host::frame(4, &hex("A5 12")), "the failure stopped what follows");
    assert_eq!(host.register.feed(&host::frame(5, &hex("C4"))), host::frame(5, &hex("A3")));
    let done = host.register.feed(&host::frame(6, &hex("C1 01 12 0000 59")));
    assert_eq!(done, [host::frame(6, &hex("A2")), host::frame(0xF0, &hex("A6 12 55 00 00"))].concat());
}

#[test]
fn the_state_outlives_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let spec = || RegisterSpec::atol_v3().at(clock()).kept_in(folder.path().join("state.json"));
    let mut host = Host::at(spec());
    host.ok("56 01 00000030");
    host.sell();
    host.ok("92 00 01");
    host.ok("EA 00 01 00");
    host.ok(TEA);
    let documents = host.register.documents();

    let mut host = Host::at(spec());
    assert_eq!(host.register.documents(), documents);
    assert_eq!(host.task("3F")[22], 1, "the receipt is still open");
    host.ok("56 01 00000030");
    host.ok("4A 00 01 0000000000");
    assert_eq!(host.register.documents().len(), 3);
}

/// A receipt of three positions and two payments, as frames.
fn receipt() -> Vec<&'static str> {
    vec![
        "56 01 00000030",
        "92 00 01",
        "EA 00 01 00",
        TEA,
        "EA 00 01 00",
        BREAD,
        "EA 00 01 00",
        TEA,
        "E8 00 01 00 A8 04 04 00 74 61 67 31",
        "99 00 02 0000010000",
        "4A 00 01 0000000000",
    ]
}

#[test]
fn power_lost_at_any_moment_leaves_one_document_or_none_and_says_which() {
    let mut host = Host::new();
    for task in receipt() {
        host.task(task);
    }
    let moments = host.register.moments();
    assert!(moments > 60, "{moments}");
    let mut stored = 0;
    for n in 1..=moments {
        let mut host = Host::new();
        host.register.plan(Moment::Frame { n }, Fault::PowerOff { back_after: None });
        for task in receipt() {
            if host.try_task(task).is_none() {
                break;
            }
        }
        host.register.power_on();
        let sales = host.sales();
        let open = host.task("3F")[22] == 1;
        assert!(sales <= 1 && !(open && sales == 1), "at {n}: {sales}, open: {open}");
        let told = host.task("91 33 00 00")[2..7] != [0; 5];
        assert_eq!(told, sales == 1, "at {n}");
        stored += sales;
        // The next receipt can be made.
        host.task("56 01 00000030");
        if open {
            host.ok("59");
        }
        host.sell();
        assert_eq!(host.sales(), sales + 1, "at {n}");
    }
    assert!(stored > 0 && stored < moments as usize);
}

#[test]
fn power_lost_between_any_two_bytes_leaves_one_document_or_none() {
    let bytes = |task: &str| host::frame(9, &Host::new().add(9, task)).len() as u64;
    // Each task is acknowledged in 7 bytes.
    let all: u64 = receipt().iter().map(|task| bytes(task) + 7).sum();
    let mut stored = 0;
    // From the attribute on; the frames before differ in nothing that matters here.
    for received in all - 70..all {
        let mut host = Host::new();
        host.register.plan(Moment::Byte { received }, Fault::PowerOff { back_after: None });
        for task in receipt() {
            if host.try_task(task).is_none() {
                break;
            }
        }
        host.register.power_on();
        let (sales, open) = (host.sales(), host.task("3F")[22] == 1);
        assert!(sales + usize::from(open) == 1, "at {received}: {sales}, open: {open}");
        stored += sales;
    }
    assert!(stored > 0 && stored < 70, "{stored}");
}

#[test]
fn whatever_comes_a_sound_frame_after_it_is_answered() {
    let register = register();
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u8
    };
    for _ in 0..3000 {
        let task: Vec<u8> = (0..random() % 60).map(|_| random()).collect();
        let mut data = vec![0xC1, 3, random(), 0, 0];
        data.extend(task);
        let mut frame = host::frame(random() % 0xE0, &data);
        if random() % 4 == 0 {
            let at = usize::from(random()) % frame.len();
            frame[at] = random();
        }
        register.feed(&frame);
        register.feed(&host::frame(0, &hex("C4")));
    }
    // What was left of a frame swallows one.
    register.feed(&host::frame(1, &hex("C4")));
    assert_eq!(register.feed(&host::frame(2, &hex("C3 01"))), host::frame(2, &hex("B3")));
}

#[test]
fn one_frame_acknowledges_a_task_and_adds_another() {
    let host = Host::new();
    host.register.feed(&host::frame(1, &hex("C1 01 01 0000 A5")));
    let cash = host::frame(0xF0, &hex("A6 02 4D 00000000000000"));
    let begun = [host::frame(2, &hex("A2")), cash].concat();
    assert_eq!(host.register.feed(&host::frame(2, &hex("C5 01 01 02 0000 4D"))), begun);
    assert_eq!(host.register.feed(&host::frame(3, &hex("C3 01"))), host::frame(3, &hex("B3")));
    assert_eq!(host.register.feed(&host::frame(4, &hex("C5 01 01 03 0000 4D"))), host::frame(4, &hex("B3")));
}

#[test]
fn a_register_may_answer_questions_at_once() {
    let mut host = Host::of(AtolSpec { prompt: true, ..AtolSpec::default() });
    let add = host::frame(1, &host.add(5, "4D"));
    assert_eq!(host.register.feed(&add), host::frame(1, &hex("A3 4D 00000000000000")));
    assert_eq!(host.task("91 EF 00 00"), hex("55 6C 00"));
    assert_eq!(
        host.register.feed(&host::frame(2, &hex("C3 05"))),
        host::frame(2, &hex("A3 4D 00000000000000"))
    );
}

#[test]
fn a_thousand_positions_are_one_receipt_and_one_more_is_refused() {
    let mut host = Host::selling();
    host.ok("92 00 01");
    for _ in 0..1000 {
        host.ok("EA 00 01 00");
        host.ok(TEA);
    }
    host.ok("EA 00 01 00");
    assert_eq!(host.task(BREAD), hex("55 3F 00"));
}

#[test]
fn moments_name_the_command() {
    let mut host = Host::selling();
    host.register.plan(
        Moment::Of { frame: "92".to_owned(), what: What::Received },
        Fault::PowerOff { back_after: None },
    );
    assert_eq!(host.try_task("92 00 01"), None);
    host.register.power_on();
    assert_eq!(host.task("3F")[22], 0, "it was received and not executed");
}

#[test]
fn the_family_is_told_by_its_spec() {
    assert!(matches!(RegisterSpec::atol_v3().family, Family::Atol(AtolSpec { .. })));
}
