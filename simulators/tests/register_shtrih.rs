//! The simulated Shtrih-M register, driven with raw bytes: receipts, storage, shift, clock, tables.
//!
//! Frames marked *sheet* are golden frames of the project's fact sheet; those marked *field* are
//! traces of real devices (github.com/shtrih-m/fr_drv_ng, issues named there).

mod common;
mod shtrih;

use std::time::Duration;

use common::hex;
use jiff::civil::date;
use outlet_simulators::register::shtrih::{Ffd, ShtrihSpec, VatBytes};
use outlet_simulators::register::{DocumentKind, Fault};
use shtrih::{ADMIN, CASHIER, HostV2, close, item, kinds, money, open, short, v1, with};

#[test]
fn a_sale_is_fiscalised_with_its_positions_payments_and_tags() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Борщ", 2_000_000, 15_000, 0x01));
    host.ok(&item(1, "Хлеб", 500_000, 3_000, 0x02));
    host.ok(&[&hex("FF 0C")[..], &CASHIER[..], &hex("F0 03 05 00"), b"a@b.c"].concat());
    let answer = host.ok(&close(&[(1, 20_000), (2, 12_000)]));
    assert_eq!(answer[..5], money(500), "change: 315.00 to pay, 320.00 given");
    assert_eq!(answer[5..9], 3_u32.to_le_bytes(), "after registration and shift");
    assert_eq!(answer.len(), 13);

    let documents = host.register.documents();
    let sale = documents.last().unwrap();
    assert_eq!(sale.kind, DocumentKind::Sale);
    assert_eq!(sale.total, 31_500);
    assert_eq!(sale.change, 500);
    assert_eq!(sale.payments, [("cash".to_owned(), 19_500), ("electronic".to_owned(), 12_000)]);
    let items: Vec<_> = sale.items.iter().map(|i| (i.name.as_str(), i.quantity_micro, i.amount)).collect();
    assert_eq!(items, [("Борщ", 2_000_000, 30_000), ("Хлеб", 500_000, 1_500)]);
    assert!(sale.tags.contains(&(1008, b"a@b.c".to_vec())));
    assert_eq!((sale.shift, sale.receipt), (1, 1));
    assert_eq!(host.register.drawer_sum(), 19_500);
    assert_eq!(host.mode(), 2);
    assert_eq!(host.register.violations(), Vec::<String>::new());
}

#[test]
fn the_first_receipt_opens_the_shift_where_the_model_does() {
    let host = v1();
    host.ok(&open(0));
    assert_eq!(kinds(&host.register), [DocumentKind::Registration, DocumentKind::OpenShift]);

    let strict = with(ShtrihSpec { opens_shift: false, ..ShtrihSpec::default() });
    assert_eq!(strict.ask(&open(0)), hex("8D 3D"));
    assert_eq!(strict.ask(&[&[0xE0], &ADMIN[..]].concat()), hex("E0 00 1E"));

    let plain = with(ShtrihSpec { plain_shift_answer: true, ..ShtrihSpec::default() });
    assert_eq!(plain.ask(&[&[0xE0], &ADMIN[..]].concat()), hex("E0 1E"), "as the protocol's text has it");
}

#[test]
fn paying_less_is_refused_and_the_receipt_stays_open() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 10_000, 0x08));
    assert_eq!(host.ask(&close(&[(1, 9_999)])), hex("FF 45 45"));
    assert_eq!(host.ask(&close(&[(2, 10_001)])), hex("FF 45 4D"), "no change from a card");
    assert_eq!(host.mode(), 8);
    host.ok(&close(&[(1, 10_000)]));
    assert_eq!(kinds(&host.register).last(), Some(&DocumentKind::Sale));
    let tags = host.register.documents().pop().unwrap().tags;
    assert_eq!(tags.iter().filter(|(tag, _)| *tag == 1055).count(), 1, "refused closings leave nothing");
}

#[test]
fn what_a_receipt_cannot_be_is_refused_with_its_code() {
    let host = v1();
    assert_eq!(host.ask(&close(&[(1, 100)])), hex("FF 45 55"), "no receipt is open");
    assert_eq!(host.ask(&[&[0x88], &CASHIER[..]].concat()), hex("88 55"));
    host.ok(&open(0));
    assert_eq!(host.ask(&open(0)), hex("8D 4A"));
    assert_eq!(host.ask(&close(&[(1, 100)])), hex("FF 45 8E"), "the total is zero");
    assert_eq!(host.ask(&item(2, "Tea", 1_000_000, 100, 1)), hex("FF 46 49"), "a return in a sale");
    assert_eq!(host.ask(&item(1, "Tea", 0, 100, 1)), hex("FF 46 62"));
    assert_eq!(host.ask(&item(1, "Tea", 1_000_000, 100, 0x03)), hex("FF 46 33"), "no such VAT byte");
    assert_eq!(host.ask(&item(1, &"x".repeat(129), 1_000_000, 100, 1)), hex("FF 46 7E"));
    assert_eq!(host.ask(&[&[0x41], &ADMIN[..]].concat()), hex("41 4A"), "no report in a receipt");
    assert_eq!(host.ask(&[&[0x89], &hex("02 00 00 00")[..]].concat()), hex("89 00 02 00 00 00 00 00"));
    let other = [&hex("FF 46")[..], &hex("02 00 00 00"), &item(1, "Tea", 1_000_000, 100, 1)[6..]].concat();
    assert_eq!(host.ask(&other), hex("FF 46 59"), "another operator's receipt");
}

#[test]
fn an_amount_may_differ_from_the_computed_one_by_a_kopeck() {
    let host = v1();
    host.ok(&open(0));
    let with_amount = |amount| shtrih::item_with(1, "Cheese", 333_000, 99_999, amount, 1);
    host.ok(&with_amount(33_300));
    host.ok(&with_amount(33_301));
    assert_eq!(host.ask(&with_amount(33_302)), hex("FF 46 33"));
}

#[test]
fn money_cannot_be_paid_out_of_an_empty_drawer() {
    let host = v1();
    host.ok(&open(2));
    host.ok(&item(2, "Tea", 1_000_000, 10_000, 1));
    assert_eq!(host.ask(&close(&[(1, 10_000)])), hex("FF 45 46"));
    host.ok(&close(&[(2, 10_000)]));
    assert_eq!(host.ask(&[&[0x51], &ADMIN[..], &money(1)[..]].concat()), hex("51 46"));
    host.ok(&[&[0x50], &ADMIN[..], &money(700)[..]].concat());
    let out = host.ok(&[&[0x51], &ADMIN[..], &money(300)[..]].concat());
    assert_eq!(out, [30, 4, 0], "the fourth document of any kind");
    assert_eq!(host.register.drawer_sum(), 400);
    assert_eq!(host.register.cash_movements().iter().map(|m| m.sum).collect::<Vec<_>>(), [700, -300]);
    assert_eq!(host.ok(&[&[0x1A], &ADMIN[..], &[0xF1]].concat())[1..], short(400, 6));
}

#[test]
fn old_commands_sell_with_tax_groups_and_a_discount_at_the_close() {
    let host = with(ShtrihSpec { old_commands: true, ..ShtrihSpec::default() });
    let mut sale = [&[0x80][..], &CASHIER, &short(2_000, 5), &short(5_000, 5), &[1, 1, 0, 0, 0]].concat();
    sale.extend(shtrih::text("Чай", 40));
    host.ok(&sale);
    assert_eq!(host.mode(), 8, "the receipt opens itself");
    let mut close = [&[0x85][..], &CASHIER, &short(10_000, 5), &[0; 15], &1_000_i16.to_le_bytes()].concat();
    close.extend([0; 44]);
    let answer = host.ok(&close);
    assert_eq!(answer[1..], money(1_000), "ten per cent of 100.00 is change");
    let sale = host.register.documents().pop().unwrap();
    assert_eq!((sale.total, sale.items[0].amount, sale.items[0].tax.as_str()), (9_000, 9_000, "01"));
    assert_eq!(host.ask(&item(1, "Tea", 1_000_000, 100, 1)), hex("FF 46 37"));
}

#[test]
fn vat_bytes_are_those_of_the_model() {
    let current = v1();
    current.ok(&open(0));
    for byte in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x81, 0x82, 0x84, 0x90, 0xCB, 0xCC] {
        current.ok(&item(1, "Tea", 1_000_000, 100, byte));
    }
    assert_eq!(current.ask(&item(1, "Tea", 1_000_000, 100, 0xA0)), hex("FF 46 33"));
    let other = with(ShtrihSpec { vat: VatBytes::Other, ..ShtrihSpec::default() });
    other.ok(&open(0));
    other.ok(&item(1, "Tea", 1_000_000, 100, 0xA0));
    assert_eq!(other.ask(&item(1, "Tea", 1_000_000, 100, 0xCB)), hex("FF 46 33"));
}

#[test]
fn a_correction_is_one_document_with_its_tags() {
    let host = v1();
    host.ok(&[&hex("FF 35")[..], &ADMIN[..]].concat());
    host.ok(&[&hex("FF 0C")[..], &ADMIN[..], &hex("9A 04 04 00 00 00 00 00")].concat());
    let correction = |sign: u8, cash: i64| {
        let mut command =
            [&hex("FF 4A")[..], &ADMIN, &[0, sign], &short(10_000, 5), &short(cash, 5)].concat();
        command.extend([0; 20]);
        command.extend([0; 30]);
        command.push(1);
        command
    };
    assert_eq!(correction(1, 0).len(), 0x45, "as long as in the field log of issue 287");
    assert_eq!(host.ask(&correction(1, 9_000)), hex("FF 4A 45"));
    assert_eq!(host.ask(&correction(2, 10_000)), hex("FF 4A 33"), "not before format 1.2");
    let answer = host.ok(&correction(1, 10_000));
    assert_eq!(answer[..6], hex("01 00 03 00 00 00"));
    let document = host.register.documents().pop().unwrap();
    assert_eq!(document.kind, DocumentKind::SaleCorrection);
    assert!(document.tags.contains(&(1178, vec![0; 4])));
}

#[test]
fn under_format_1_2_the_return_of_a_sale_can_be_corrected() {
    // Field, issue 287: the frame of a host, 26150.00 by card with VAT 20/120.
    let frame = hex("02 45 FF 4A 1E 00 00 00 00 02 D8 E6 27 00 00 00 00 00 00 00 \
                     D8 E6 27 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 \
                     00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 \
                     79 A6 06 00 00 00 00 00 00 00 01 34");
    let host = with(ShtrihSpec { ffd: Ffd::V12, ..ShtrihSpec::default() });
    let answer = host.register.feed(&frame);
    assert_eq!(answer[3..6], hex("FF 4A 00"));
    let document = host.register.documents().pop().unwrap();
    assert_eq!(document.kind, DocumentKind::SaleReturnCorrection);
    assert_eq!(document.payments, [("electronic".to_owned(), 2_615_000)]);
}

#[test]
fn under_format_1_2_a_marked_position_needs_an_accepted_code() {
    let host = with(ShtrihSpec { ffd: Ffd::V12, ..ShtrihSpec::default() });
    let mark = b"0104600000000015215abc\x1d93xyz=";
    let check = [&hex("FF 61")[..], &ADMIN, &[1, 0, mark.len() as u8, 0], mark].concat();
    let bind = [&hex("FF 67")[..], &ADMIN, &[mark.len() as u8], mark].concat();
    let marked = shtrih::item_of_subject(1, "Water", 33);
    host.ok(&open(0));
    host.ok(&marked);
    assert_eq!(host.ask(&bind), hex("FF 67 AC"), "nobody has checked it");
    assert_eq!(host.ask(&close(&[(1, 10_000)])), hex("FF 45 AC"));
    host.ok(&check);
    assert_eq!(host.ask(&check), hex("FF 61 A1"), "the last one isn't decided yet");
    host.ok(&[&hex("FF 69")[..], &ADMIN, &[1]].concat());
    host.ok(&bind);
    host.ok(&close(&[(1, 10_000)]));
    let sale = host.register.documents().pop().unwrap();
    assert_eq!(sale.items[0].tags, [(2000, mark.to_vec())]);
    assert_eq!(v1().ask(&check), hex("FF 61 37"), "format 1.05 doesn't know it");
}

// Storage

#[test]
fn a_document_is_found_by_its_number() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 20_000, 1));
    let closed = host.ok(&close(&[(1, 20_000)]));
    // Sheet: the form of the golden answer, type 3, a receipt of sale over 200.00.
    let found = host.ok(&[&hex("FF 0A")[..], &ADMIN, &3_u32.to_le_bytes()].concat());
    assert_eq!(found[..2], [3, 1]);
    assert_eq!(found[2..7], [26, 11, 22, 10, 30]);
    assert_eq!(found[7..15], closed[5..13], "number and sign as at the close");
    assert_eq!(found[15..], hex("01 20 4E 00 00 00"));
    assert_eq!(host.ask(&[&hex("FF 0A")[..], &ADMIN, &4_u32.to_le_bytes()].concat()), hex("FF 0A 08"));
}

#[test]
fn the_state_of_the_storage_counts_documents() {
    let host = v1();
    // Sheet: the frame of FF01.
    let answer = host.register.feed(&hex("02 06 FF 01 1E 00 00 00 E6"));
    host.register.feed(&hex("06"));
    assert_eq!(answer[3..10], hex("FF 01 00 03 00 00 00"));
    assert_eq!(&answer[16..32], b"9999078900001234");
    assert_eq!(answer[32..36], 1_u32.to_le_bytes());
    host.ok(&open(0));
    let open = host.ok(&[&hex("FF 01")[..], &ADMIN[..]].concat());
    assert_eq!(open[1..4], [4, 0, 1], "a receipt, no data, shift open");
    assert_eq!(open[26..30], 2_u32.to_le_bytes());
    assert_eq!(host.ok(&[&hex("FF 40")[..], &ADMIN[..]].concat()), hex("01 01 00 00 00"));
}

#[test]
fn a_document_is_read_one_structure_at_a_time() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Чай", 1_000_000, 20_000, 1));
    host.ok(&[&hex("FF 0C")[..], &CASHIER, &hex("3E 04 03 00"), b"tag"].concat());
    host.ok(&close(&[(1, 20_000)]));
    let head = host.ok(&[&hex("FF 3A")[..], &ADMIN, &3_u32.to_le_bytes()].concat());
    assert_eq!(head[..2], [3, 0]);
    let mut structures = Vec::new();
    loop {
        let answer = host.ask(&[&hex("FF 3B")[..], &ADMIN[..]].concat());
        if answer == hex("FF 3B 08") {
            break;
        }
        structures.push(answer[3..].to_vec());
    }
    let length: usize = structures.iter().map(Vec::len).sum();
    assert_eq!(usize::from(u16::from_le_bytes([head[2], head[3]])), length);
    // Field, issue 141: tags 1038 (four bytes) and 1077 (31 04 and the sign).
    assert!(structures.contains(&hex("0E 04 04 00 01 00 00 00")), "shift 1");
    assert!(structures.iter().any(|s| s[..6] == hex("35 04 06 00 31 04")));
    assert!(structures.contains(&[&hex("3E 04 03 00")[..], b"tag"].concat()), "our own tag");
    assert!(structures.contains(&hex("FC 03 02 00 20 4E")), "total 200.00");
    let position = structures.iter().find(|s| s[..2] == hex("23 04")).unwrap();
    assert_eq!(position[4..11], hex("06 04 03 00 97 A0 A9"), "its name, in code page 866");
}

#[test]
fn tags_need_a_document_and_an_intact_form() {
    let host = v1();
    let tag = [&hex("FF 0C")[..], &CASHIER, &hex("3E 04 03 00"), b"tag"].concat();
    assert_eq!(host.ask(&tag), hex("FF 0C 02"));
    host.ok(&open(0));
    assert_eq!(host.ask(&tag[..tag.len() - 1]), hex("FF 0C 09"));
    host.ok(&tag);

    // More than 250 bytes fit only into a frame of level 2.0.
    let mut long = [&hex("FF 0C")[..], &CASHIER, &hex("3E 04 F7 00")].concat();
    long.extend([b'x'; 247]);
    let mut host = HostV2::new(shtrih::v2());
    host.ask(&open(0));
    assert_eq!(host.ask(&long), hex("FF 0C 10"));
}

#[test]
fn a_full_storage_takes_no_document_and_says_so() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.inject(Fault::StorageFull);
    assert_eq!(host.ask(&close(&[(1, 100)])), hex("FF 45 14"));
    assert_eq!(host.mode(), 8, "the receipt is still open");
    host.register.inject(Fault::StorageEmptied);
    host.ok(&close(&[(1, 100)]));
}

// Shift and clock

#[test]
fn a_shift_older_than_a_day_takes_no_receipt_until_it_is_closed() {
    let host = v1();
    host.ok(&[&[0xE0], &ADMIN[..]].concat());
    host.register.inject(Fault::ShiftOld);
    assert_eq!(host.ask(&open(0)), hex("8D 4E"));
    host.ok(&[&[0x41], &ADMIN[..]].concat());
    assert_eq!(host.mode(), 4);
    host.ok(&open(0));
    assert_eq!(host.register.shift().number, 2);
}

#[test]
fn a_day_that_ends_in_an_open_receipt_stops_the_storage() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.advance_clock(Duration::from_secs(25 * 3600));
    assert_eq!(host.ask(&close(&[(1, 100)])), hex("FF 45 16"));
}

#[test]
fn a_clock_behind_the_last_document_makes_no_document() {
    let host = v1();
    host.ok(&[&[0xE0], &ADMIN[..]].concat());
    host.register.inject(Fault::ClockShift { seconds: -3600 });
    assert_eq!(host.ask(&open(0)), hex("8D 07"));
    host.register.inject(Fault::ClockBeyondLimits);
    assert_eq!(host.ask(&open(0)), hex("8D CF"));
}

#[test]
fn a_new_date_must_be_confirmed() {
    let host = v1();
    host.ok(&[&[0x22], &ADMIN[..], &[23, 11, 26]].concat());
    assert_eq!(host.mode(), 6);
    assert_eq!(host.ask(&open(0)), hex("8D C0"));
    assert_eq!(host.ask(&[&[0x23], &ADMIN[..], &[24, 11, 26]].concat()), hex("23 7C"));
    host.ok(&[&[0x23], &ADMIN[..], &[23, 11, 26]].concat());
    host.ok(&[&[0x21], &ADMIN[..], &[8, 15, 30]].concat());
    assert_eq!(host.register.clock(), date(2026, 11, 23).at(8, 15, 30, 0));
    host.ok(&open(0));
    assert_eq!(host.ask(&[&[0x21], &ADMIN[..], &[8, 15, 30]].concat()), hex("21 73"), "not in a shift");
}

#[test]
fn a_z_report_clears_the_registers_of_the_shift() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.ok(&close(&[(1, 100)]));
    // Money register 121: sales of department 1 in the shift; 193: cash of sales.
    for register in [121, 193] {
        assert_eq!(host.ok(&[&[0x1A], &ADMIN[..], &[register]].concat())[1..], short(100, 6));
    }
    host.ok(&[&[0x40], &ADMIN[..]].concat());
    host.ok(&[&[0x41], &ADMIN[..]].concat());
    assert_eq!(host.ok(&[&[0x1A], &ADMIN[..], &[121]].concat())[1..], short(0, 6));
    assert_eq!(host.register.drawer_sum(), 100, "the cash stays");
    assert_eq!(host.ask(&[&[0x41], &ADMIN[..]].concat()), hex("41 73"));
    assert_eq!(kinds(&host.register).last(), Some(&DocumentKind::CloseShift));
}

// Tables

#[test]
fn tables_are_described_read_and_written() {
    let host = v1();
    // Field, issue 72: table 10, field 29 is the format of documents, 2 for 1.05.
    assert_eq!(host.ok(&[&[0x1F], &ADMIN[..], &hex("0A 01 00 1D")].concat()), [2]);
    let name = shtrih::text("ИВАНОВ", 21);
    host.ok(&[&[0x1E], &ADMIN[..], &hex("02 03 00 02"), &name].concat());
    let read = host.ok(&[&[0x1F], &ADMIN[..], &hex("02 03 00 02")].concat());
    assert_eq!(read[..6], name[..6]);
    assert_eq!(read.len(), 21);
    assert_eq!(host.ok(&[&[0x2D], &ADMIN[..], &[2]].concat())[40..], [30, 0, 2]);
    let field = host.ok(&[&[0x2E], &ADMIN[..], &[2, 1]].concat());
    assert_eq!(field[40..], hex("00 04 00 00 00 00 FF E0 F5 05"));
    assert_eq!(host.ask(&[&[0x1F], &ADMIN[..], &hex("63 01 00 01")].concat()), hex("1F 5D"));
    assert_eq!(host.ask(&[&[0x1E], &ADMIN[..], &hex("12 01 00 01"), b"1"].concat()), hex("1E 7A"));
    host.ok(&[&[0x1E], &ADMIN[..], &hex("02 05 00 01 39 30 00 00")].concat());
    host.ok(&hex("10 39 30 00 00"));
}
