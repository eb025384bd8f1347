//! The simulated Datecs device: frames and numbers of the link, receipts of the four dialects.
//! Frames named "golden" are those of vendor documents or recorded from devices.
#![allow(clippy::unwrap_used)]

mod datecs;

use datecs::{Host, NAK, SYN, Wrap, hex, wrap};
use outlet_simulators::register::{DocumentKind, Fault, Register, RegisterSpec};

// The link

#[test]
fn the_status_question_of_the_wide_frame_is_answered_after_one_syn() {
    let host = Host::x();
    let sent = host.register.feed(&hex("01 30 30 32 3A 20 30 30 34 3A 05 30 31 3B 3F 03"));
    assert_eq!(sent[0], SYN);
    let answer = host.answer(&sent);
    assert_eq!(answer.status, hex("80 80 80 80 86 9A 80 80"));
    assert!(answer.data.starts_with("0\t"));
}

#[test]
fn the_status_question_of_the_one_byte_frame_is_answered_with_six_bytes() {
    let host = Host::p();
    let answer = host.answer(&host.register.feed(&hex("01 24 20 4A 05 30 30 39 33 03")));
    assert_eq!(answer.status, hex("80 80 80 80 86 9A"));
    assert_eq!(answer.data.chars().count(), 6);
}

#[test]
fn a_text_in_a_plain_receipt_is_answered_as_in_the_x_manual() {
    let mut host = Host::x();
    assert_eq!(host.tell(38, ""), "0\t1\t");
    let sent = host.register.feed(&hex("01 30 30 32 3F 24 30 30 32 3A 54 65 73 74 09 05 30 33 36 3F 03"));
    let printed = hex("01 30 30 33 35 24 30 30 32 3A 30 09 04 80 80 A0 80 86 9A 80 80 05 30 36 33 3A 03");
    assert_eq!(sent, [vec![SYN], printed].concat());
}

#[test]
fn a_payment_without_receipt_is_refused_as_a_dp_25x_did() {
    // Recorded: erpnet/ErpNet.FP, issue 135.
    let host = Host::x();
    let sent = host
        .register
        .feed(&hex("01 30 30 33 33 30 30 30 33 35 34 09 31 2E 35 33 09 31 09 05 30 33 30 3A 03"));
    let recorded = hex("16 01 30 30 33 3B 30 30 30 33 35 2D 31 31 31 30 31 36 09 04 80 80 80 80 86 9A 80 \
                        80 05 30 37 34 3F 03");
    assert_eq!(sent, recorded);
}

#[test]
fn device_information_asked_for_without_tab_has_commas() {
    // Recorded from a DP-150MX: erpnet/ErpNet.FP, issue 183.
    let mut host = Host::x();
    let sent = host.register.feed(&hex("01 30 30 32 3B 21 30 30 35 3A 31 05 30 31 3F 33 03"));
    let data = host.answer(&sent).data;
    assert_eq!(data, "FP-700X,266207 29Jan19 1634,FFFF,00000000,DT577587,02577587");
    assert_eq!(
        host.tell(90, "1\t"),
        "0\tFP-700X\t266207\t29Jan19\t1634\tFFFF\t00000000\tDT577587\t02577587\t"
    );
}

#[test]
fn a_romanian_receipt_is_opened_by_the_golden_frame() {
    let host = Host::ro();
    let frame = hex("01 30 30 33 36 21 30 30 33 30 31 09 30 30 30 31 09 31 09 09 09 09 05 30 33 30 3B 03");
    assert_eq!(host.answer(&host.register.feed(&frame)).data, "0\t1\t1\t1\t");
}

#[test]
fn a_frame_with_the_number_of_the_last_one_is_not_carried_out_again() {
    let mut host = Host::x();
    let frame = host.frame(70, "0\t5.00\t");
    let first = host.answer(&host.register.feed(&frame));
    assert_eq!(first.data, "0\t5.00\t5.00\t0.00\t");
    assert_eq!(host.answer(&host.register.feed(&frame)), first);
    assert_eq!(host.register.drawer_sum(), 500);

    // Whatever it says.
    let other = wrap(Wrap::Wide, first.seq, 62, b"");
    assert_eq!(host.answer(&host.register.feed(&other)), first);
}

#[test]
fn a_power_failure_makes_the_device_forget_the_number() {
    let mut host = Host::x();
    let frame = host.frame(70, "0\t5.00\t");
    host.register.feed(&frame);
    host.register.power_off();
    host.register.power_on();
    host.register.feed(&frame);
    assert_eq!(host.register.drawer_sum(), 1000, "the money went in twice");
}

#[test]
fn an_answer_that_was_lost_comes_with_the_same_frame() {
    let mut host = Host::p();
    host.register.inject(Fault::LoseAnswer);
    let frame = host.frame(70, "5.00");
    assert!(host.register.feed(&frame).is_empty());
    assert_eq!(host.answer(&host.register.feed(&frame)).data, "P,500,500,0");
    assert_eq!(host.register.drawer_sum(), 500);
}

#[test]
fn broken_frames_are_answered_with_nak_and_not_carried_out() {
    let mut host = Host::p();
    let good = host.frame(70, "5.00");
    let mut bad = good.clone();
    let last = bad.len() - 2;
    bad[last] ^= 1;
    assert_eq!(host.register.feed(&bad), [NAK]);
    assert_eq!(host.register.drawer_sum(), 0);
    assert_eq!(host.answer(&host.register.feed(&good)).data, "P,500,500,0");
    assert_eq!(host.register.violations().len(), 1);
}

#[test]
fn a_storm_of_naks_ends_and_the_frame_is_carried_out_once() {
    let mut host = Host::x();
    host.register.inject(Fault::Nak { times: 3 });
    let frame = host.frame(70, "0\t5.00\t");
    for _ in 0..3 {
        assert_eq!(host.register.feed(&frame), [NAK]);
    }
    host.register.feed(&frame);
    assert_eq!(host.register.drawer_sum(), 500);
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let mut host = Host::c();
    let frame = host.frame(62, "");
    let sent: Vec<u8> = frame.chunks(1).flat_map(|byte| host.register.feed(byte)).collect();
    assert_eq!(host.answer(&sent).data, "22-11-26 10:00:00");
}

#[test]
fn unknown_commands_have_no_data_and_their_bit() {
    for (mut host, status) in [(Host::x(), "A2 80 80 80 86 9A 80 80"), (Host::p(), "A2 80 80 80 86 9A")] {
        let answer = host.ask(0x7E, "");
        assert_eq!((answer.data.as_str(), answer.status), ("", hex(status)));
        assert_eq!(host.register.violations().len(), 1);
    }
}

// Receipts of the wide frame

const OPEN_X: &str = "1\t0000\t1\t\t";

#[test]
fn a_receipt_of_the_x_dialect_from_opening_to_close() {
    let mut host = Host::x();
    let unp = "DT577587-0001-0000001";
    assert_eq!(host.tell(48, &format!("1\t0000\t{unp}\t1\t\t")), "0\t1\t");
    assert_eq!(host.tell(49, "Шопска салата\t2\t8.90\t2.000\t\t\t0\tбр\t"), "0\t1\t");
    assert_eq!(host.tell(49, "Ракия\t2\t4.50\t\t2\t10.00\t0\t"), "0\t1\t");
    assert_eq!(host.tell(49, "Хляб\t4\t0.75\t3.000\t4\t0.25\t0\t"), "0\t1\t");
    assert_eq!(host.tell(51, "1\t0\t\t\t"), "0\t1\t23.85\t0.00\t21.85\t0.00\t2.00\t0.00\t0.00\t0.00\t0.00\t");
    assert_eq!(host.tell(76, ""), "0\t1\t1\t3\t23.85\t0.00\t");
    assert_eq!(host.tell(54, "Маса 7\t"), "0\t");
    assert_eq!(host.tell(53, "1\t20.00\t\t"), "0\tD\t3.85\t");
    assert_eq!(host.tell(53, "0\t5.00\t\t"), "0\tR\t1.15\t");
    assert_eq!(host.tell(76, ""), "0\t1\t1\t3\t23.85\t25.00\t");
    assert_eq!(host.tell(56, ""), "0\t1\t");
    assert_eq!(host.tell(76, ""), "0\t0\t1\t3\t23.85\t25.00\t");

    let documents = host.register.documents();
    let [receipt] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!((receipt.number, receipt.kind, receipt.total), (1, DocumentKind::Sale, 2385));
    assert_eq!(receipt.sign, "02577587*0000001*2026-11-22*10:00:00*23.85");
    let amounts: Vec<_> =
        receipt.items.iter().map(|item| (item.name.as_str(), item.amount, item.tax.as_str())).collect();
    assert_eq!(amounts, [("Шопска салата", 1780, "Б"), ("Ракия", 405, "Б"), ("Хляб", 200, "Г")]);
    assert_eq!(receipt.payments, [("С КРЕДИТНА КАРТА".to_owned(), 2000), ("В БРОЙ".to_owned(), 500)]);
    assert_eq!((receipt.change, receipt.texts.as_slice()), (115, ["Маса 7".to_owned()].as_slice()));
    assert_eq!((receipt.shift, receipt.receipt), (1, 1));
    assert_eq!(host.register.drawer_sum(), 385);
    assert_eq!(host.tell(74, "1\t"), format!("0\t{}\t", receipt.sign));
    assert_eq!(host.tell(74, "0\t"), "0\t0\t0\t1\t23.85\t1\t22-11-2026 10:00:00\t");
    assert_eq!(host.tell(123, "3"), "0\t1\t22-11-2026 10:00:00\t0\t01-01-2000 00:00:00\t");
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());

    let papers = host.register.papers();
    assert_eq!(papers.len(), 1);
    for text in [
        "TEST TOOL, NOT A FISCAL DEVICE",
        unp,
        "2.000 бр x 8.90 17.80 Б",
        "ОТСТЪПКА 10.00% -0.45",
        "ОБЩА СУМА 23.85",
        "РЕСТО 1.15",
        "#Маса 7",
        "ФИСКАЛЕН БОН",
        "[QR 02577587*0000001*2026-11-22*10:00:00*23.85]",
    ] {
        assert!(papers[0].says(text), "{text} is not on\n{}", papers[0].text());
    }
}

#[test]
fn a_romanian_receipt_tells_its_report_and_number() {
    let mut host = Host::ro();
    assert_eq!(host.tell(48, "1\t0001\t1\tI\tRO9876543\t\t"), "0\t1\t1\t1\t");
    assert_eq!(host.tell(49, "Ciorbă de burtă\t2\t24.50\t1\t\t\t0\tporţie\t"), "0\t1\t");
    assert_eq!(host.tell(76, ""), "0\t1\t1\t1\t1\t1\t24.50\t0.00\t");
    assert_eq!(host.tell(53, "3\t10.00\t"), "0\tD\t14.50\t");
    assert_eq!(host.tell(53, "0\t\t"), "0\tD\t0.00\t");
    assert_eq!(host.tell(56, ""), "0\t1\t1\t1\t");
    assert_eq!(host.tell(76, ""), "0\t0\t1\t1\t1\t1\t24.50\t24.50\t");
    assert_eq!(host.tell(69, "Z\t"), "0\t1\t0.00\t24.50\t0.00\t0.00\t0.00\t0.00\t0.00\t");
    assert_eq!(host.tell(123, "3\t"), "0\t1\t22-11-2026 10:00:00\t1\t22-11-2026 10:00:00\t");
    assert_eq!(host.tell(48, "1\t0001\t1\t\t\t\t"), "0\t3\t2\t1\t", "slip 3, report 2, receipt 1");
    let documents = host.register.documents();
    assert_eq!((documents[0].sign.as_str(), documents[0].items[0].name.as_str()), ("1-1", "Ciorbă de burtă"));
    assert!(host.register.papers()[0].says("CIF CLIENT RO9876543"));
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn romanian_firmware_has_no_storno() {
    // There, 43 programs header lines and 46 cuts the paper.
    let mut host = Host::ro();
    let data = host.tell(43, "1\t0001\t1\t1\t1\t22-11-26 09:00:00\t46000012\t\t\t\t\t");
    assert_eq!(data, "-112002\t");
    assert_eq!(host.tell(46, ""), "0\t");
    assert_eq!(host.tell(76, ""), "0\t0\t0\t0\t0\t0\t0.00\t0.00\t");
}

#[test]
fn a_storno_of_the_x_dialect_takes_money_out() {
    let mut host = Host::x();
    host.tell(70, "0\t50.00\t");
    let open = "1\t0000\t1\t1\t1\t21-11-26 09:00:00\t02577587\t\t\t\tDT577587-0001-0000001\t";
    assert_eq!(host.tell(43, open), "0\t2\t");
    assert_eq!(host.tell(76, ""), "0\t3\t2\t0\t0.00\t0.00\t");
    host.tell(49, "Ракия\t2\t4.50\t2\t\t\t0\t");
    assert_eq!(host.tell(53, "0\t10.00\t\t"), "-111094\t", "no change from a storno receipt");
    assert_eq!(host.tell(53, "0\t9.00\t\t"), "0\tD\t0.00\t");
    assert_eq!(host.tell(56, ""), "0\t2\t");
    assert_eq!(host.register.drawer_sum(), 4100);
    let documents = host.register.documents();
    assert_eq!((documents[0].kind, documents[0].total), (DocumentKind::SaleReturn, 900));
    assert!(host.tell(69, "X\t").ends_with("\t9.00\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t"));
    let paper = host.register.papers().swap_remove(1);
    assert!(paper.says("ФИСКАЛЕН БОН - СТОРНО") && paper.says("ВРЪЩАНЕ/РЕКЛАМАЦИЯ"), "{}", paper.text());
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn an_invoice_is_closed_once_its_buyer_is_given() {
    let mut host = Host::x();
    host.tell(48, "1\t0000\t1\tI\t");
    host.tell(49, "Ракия\t2\t4.50\t1\t\t\t0\t");
    let buyer = "Иван\tПетър\tПроба ООД\tСофия\t\t0\t203456789\tBG203456789\t";
    assert_eq!(host.tell(57, buyer), "-111050\t");
    host.tell(53, "0\t\t\t");
    assert_eq!(host.tell(56, ""), "-111049\t");
    assert_eq!(host.tell(57, buyer), "0\t");
    assert_eq!(host.tell(56, ""), "0\t1\t");
    assert!(host.register.papers()[0].says("ПОЛУЧАТЕЛ ЕИК 203456789"));
    assert_eq!(host.tell(124, "\t\t3\t"), "0\t22-11-26 10:00:00\t22-11-26 10:00:00\t1\t1\t");
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn the_daily_registers_are_told_by_their_kinds() {
    let mut host = Host::x();
    host.tell(70, "0\t50.00\t");
    host.receipt_up_to_close();
    host.tell(56, "");
    host.tell(48, OPEN_X);
    host.tell(49, "Хляб\t4\t2.00\t1\t2\t50.00\t0\t");
    host.tell(53, "1\t\t\t");
    host.tell(56, "");
    assert_eq!(host.tell(110, "0\t"), "0\t4.50\t1.00\t0.00\t0.00\t0.00\t0.00\t0.00\t");
    assert_eq!(host.tell(110, "2\t"), "0\t2\t5.50\t");
    assert_eq!(host.tell(110, "3\t"), "0\t0\t0.00\t1\t1.00\t");
    assert_eq!(host.tell(110, "5\t"), "0\t1\t50.00\t0\t0.00\t0\t0.00\t0\t0.00\t");
    let groups = "0.00\t0.75\t0.00\t0.08\t0.00\t0.00\t0.00\t0.00\t";
    assert_eq!(host.tell(65, "1\t"), format!("0\t1\t{groups}"));
}

// Receipts of the one-byte frame

#[test]
fn a_receipt_of_the_p_dialect_from_opening_to_close() {
    let mut host = Host::p();
    assert_eq!(host.tell(113, ""), "0000000");
    assert_eq!(host.tell(48, "1,0000,1,DT278392-0001-0000007"), "0001,0001");
    assert_eq!(host.tell(49, "Шопска салата\tБ8.90*2.000#бр"), "");
    assert_eq!(host.tell(49, "Ракия\nдомашна\tБ4.50,-10"), "");
    assert_eq!(host.tell(49, "Хляб\tГ0.75*3;-0.25"), "");
    assert_eq!(host.tell(51, "10"), "2385,0,2185,0,200,0,0,0,0");
    assert_eq!(host.tell(76, "T"), "1,0003,+00002385,+00000000");
    assert_eq!(host.tell(113, ""), "0000000", "the open receipt is not finished");
    assert_eq!(host.tell(53, "\tN20.00"), "D385");
    assert_eq!(host.tell(49, "Кафе\tБ1.00"), "", "nothing is sold after a payment");
    assert_eq!(host.tell(53, "Благодарим\t"), "D0");
    assert_eq!(host.tell(76, "T"), "1,0003,+00002385,+00002385");
    assert_eq!(host.tell(56, ""), "0001,0001");
    assert_eq!(host.tell(76, ""), "0,0003,+00002385");
    assert_eq!(host.tell(113, ""), "0000001");
    assert_eq!(host.tell(70, ""), "P,385,0,0");

    let documents = host.register.documents();
    assert_eq!((documents[0].total, documents[0].items[1].name.as_str()), (2385, "Ракия\nдомашна"));
    assert_eq!(host.tell(48, "1,0000,1"), "0002,0002");
    host.tell(49, "Кафе\tБ1.00");
    host.tell(53, "\t");
    host.tell(56, "");
    assert!(host.register.papers()[1].says("DT278392-0001-0000008"), "the sale number counts on");
    // Б: 22.85 with 20 %, Г: 2.00 with 9 %; without tax 19.04 and 1.83.
    assert!(host.tell(69, "0").starts_with("0001,+00000002087,+00000000000,+00000002285,"));
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn storno_receipts_of_the_p_and_c_dialects() {
    let mut host = Host::p();
    host.tell(70, "50.00");
    let open = "1,0000,1,DT278392-0001-0000008,R1,DT278392-0001-0000007,211126090000,02278392#Върната";
    assert_eq!(host.tell(46, open), "0002,0001");
    assert_eq!(host.ask(74, "X").status[1], 0x90, "1.4: a storno receipt is open");
    host.tell(49, "Ракия\tБ4.50*2");
    assert_eq!(host.tell(53, "\tP9.00"), "D0");
    assert_eq!(host.tell(56, ""), "0002,0001");
    assert_eq!((host.register.drawer_sum(), host.register.documents()[0].total), (4100, 900));

    let mut host = Host::c();
    let open = "1,1,DT735762-0001-0000007,1,0,1,2111260900,02735762";
    assert_eq!(host.tell(46, open), "0001,0001");
    host.tell(49, "Ракия\tБ4.50");
    assert_eq!(host.tell(53, "\tP"), "F", "no cash in the drawer");
    assert_eq!(host.tell(53, "\tC"), "D0");
    assert_eq!(host.tell(56, ""), "0001,0001");
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn command_46_refunds_on_p_and_cuts_on_x() {
    let mut host = Host::p();
    host.tell(44, "2");
    assert_eq!(host.tell(45, ""), "P", "45 cuts");
    assert_eq!(host.ask(46, "").status[0], 0xA1, "46 without data is no refund");
    let mut host = Host::x();
    assert_eq!(host.tell(46, ""), "0\t");
    assert!(host.register.violations().is_empty());
}

#[test]
fn a_firmware_that_needs_a_sale_number_opens_no_receipt_without_one() {
    let mut spec = RegisterSpec::datecs_p();
    if let outlet_simulators::register::Family::Datecs(family) = &mut spec.family {
        family.needs_sale_number = true;
    }
    let mut host = Host::at(spec, Wrap::Byte);
    assert_eq!(host.ask(48, "1,0000,1").status[1], 0x82);
    assert_eq!(host.tell(48, "1,0000,1,DT278392-0001-0000007"), "0001,0001");
    host.tell(60, "");
    assert_eq!(host.tell(48, "1,0000,1"), "0002,0001");
}

// What is refused

/// What was done before, the command and its data, and the answer.
type Refused<'a> = (&'a [(u16, &'a str)], u16, String, &'a str);

#[test]
fn the_x_dialect_refuses_with_its_codes_and_changes_nothing() {
    let long = "x".repeat(73);
    let item = "Ракия\t2\t4.50\t1\t\t\t0\t";
    let sequences: &[Refused] = &[
        (&[], 48, "31\t0000\t1\t\t".into(), "-112201\t"),
        (&[], 48, "1\tabc\t1\t\t".into(), "-112102\t"),
        (&[], 48, "1\t1234\t1\t\t".into(), "-102002\t"),
        (&[], 48, "1\t0000\t1\t".into(), "-112104\t"),
        (&[], 48, "1\t0000\t1\t\tX".into(), "-112105\t"),
        (&[], 49, item.into(), "-111016\t"),
        (&[], 56, String::new(), "-111016\t"),
        (&[], 60, String::new(), "-111016\t"),
        (&[], 42, "Test\t".into(), "-111016\t"),
        (&[], 70, "1\t0.01\t".into(), "-111017\t"),
        (&[], 69, "Q\t".into(), "-112201\t"),
        (&[], 61, "22-13-26 10:00:00\t".into(), "-112101\t"),
        (&[], 124, "\t\t1\t".into(), "-100004\t"),
        (&[], 125, "1\t".into(), "-100003\t"),
        (&[], 109, String::new(), "-100009\t"),
        (&[(38, "")], 48, OPEN_X.into(), "-111046\t"),
        (&[(38, "")], 49, item.into(), "-111046\t"),
        (&[(48, OPEN_X)], 48, OPEN_X.into(), "-111015\t"),
        (&[(48, OPEN_X)], 38, String::new(), "-111015\t"),
        (&[(48, OPEN_X)], 42, "Test\t".into(), "-111047\t"),
        (&[(48, OPEN_X)], 69, "Z\t".into(), "-111015\t"),
        (&[(48, OPEN_X)], 70, "0\t1.00\t".into(), "-111015\t"),
        (&[(48, OPEN_X)], 49, format!("{long}\t2\t4.50\t1\t\t\t0\t"), "-112201\t"),
        (&[(48, OPEN_X)], 49, "\t2\t4.50\t1\t\t\t0\t".into(), "-112201\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t9\t4.50\t1\t\t\t0\t".into(), "-112202\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t5\t4.50\t1\t\t\t0\t".into(), "-111005\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t4.505\t1\t\t\t0\t".into(), "-112103\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t0.00\t1\t\t\t0\t".into(), "-111007\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t0.01\t0.001\t\t\t0\t".into(), "-111030\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t4.50\t-1\t\t\t0\t".into(), "-112204\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t9999999.99\t2\t\t\t0\t".into(), "-111006\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t-4.50\t1\t\t\t0\t".into(), "-111021\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t4.50\t1\t4\t5.00\t0\t".into(), "-111021\t"),
        (&[(48, OPEN_X)], 49, "Ракия\t2\t4.50\t1\t0\t5.00\t0\t".into(), "-112106\t"),
        (&[(48, OPEN_X)], 51, "0\t0\t2\t10.00\t".into(), "-111020\t"),
        (&[(48, OPEN_X)], 53, "0\t1.00\t\t".into(), "-111020\t"),
        (&[(48, OPEN_X), (49, item)], 53, "0\t0.00\t\t".into(), "-111068\t"),
        (&[(48, OPEN_X), (49, item)], 53, "9\t1.00\t\t".into(), "-112201\t"),
        (&[(48, OPEN_X), (49, item)], 53, "6\t1.00\t0\t".into(), "-111057\t"),
        (&[(48, OPEN_X), (49, item)], 53, "1\t5.00\t\t".into(), "-111054\t"),
        (&[(48, OPEN_X), (49, item)], 56, String::new(), "-111050\t"),
        (&[(48, OPEN_X), (49, item), (53, "0\t1.00\t\t")], 56, String::new(), "-111064\t"),
        (&[(48, OPEN_X), (49, item), (53, "0\t1.00\t\t")], 49, item.into(), "-111018\t"),
        (&[(48, OPEN_X), (49, item), (53, "0\t\t\t")], 53, "0\t1.00\t\t".into(), "-111003\t"),
    ];
    for (before, command, data, refusal) in sequences {
        let mut host = Host::x();
        for (command, data) in *before {
            assert!(host.tell(*command, data).starts_with("0\t"), "{command} {data}");
        }
        let state = host.register.ledger();
        assert_eq!(host.tell(*command, data), *refusal, "{command} {data:?} after {before:?}");
        assert_eq!(host.register.ledger(), state, "{command} {data:?} changed something");
    }
}

#[test]
fn the_p_dialect_refuses_with_its_bits() {
    let mut host = Host::p();
    for (command, data, answer, status) in [
        (49, "Ракия\tБ4.50", "", 0x82),
        (53, "\t", "F", 0x82),
        (56, "", "", 0x82),
        (70, "-1.00", "F,0,0,0", 0x82),
        (48, "1,1234,1", "", 0x82),
        (119, "N", "F", 0x82),
    ] {
        let said = host.ask(command, data);
        assert_eq!((said.data.as_str(), said.status[1]), (answer, status), "{command}");
        assert_eq!(said.status[0], 0xA0, "{command}: a general error");
    }
    assert_eq!(host.ask(49, "no tab").status[0], 0xA1, "syntax");
    host.tell(48, "1,0000,1");
    host.tell(49, "Ракия\tБ4.50");
    host.tell(53, "\tP1.00");
    assert_eq!(host.ask(60, "").status[1], 0x82, "no cancelling after a payment");
    assert_eq!(host.ask(48, "1,0000,1").status[1], 0x82);
}

#[test]
fn three_wrong_passwords_block_a_printer_until_it_is_switched_off() {
    let mut host = Host::p();
    for _ in 0..3 {
        assert_eq!(host.ask(48, "1,1234,1").status[1], 0x82);
    }
    assert_eq!(host.ask(48, "1,0000,1").status[1], 0x82);
    host.register.power_off();
    host.register.power_on();
    assert_eq!(host.tell(48, "1,0000,1"), "0001,0001");
}

#[test]
fn a_syntax_error_has_a_code_or_no_data_as_the_device_is_set() {
    let mut spec = RegisterSpec::datecs_x();
    let outlet_simulators::register::Family::Datecs(family) = &mut spec.family else { panic!() };
    family.bare_syntax_errors = true;
    let mut host = Host::at(spec, Wrap::Wide);
    let answer = host.ask(48, "1\tabc\t1\t\t");
    assert_eq!((answer.data.as_str(), answer.status[0]), ("", 0xA1));
    assert_eq!(Host::x().ask(48, "1\tabc\t1\t\t").status[0], 0xA1);
}

#[test]
fn a_cancelled_receipt_counts_nothing_and_keeps_its_slip() {
    let mut host = Host::x();
    host.tell(48, OPEN_X);
    host.tell(49, "Ракия\t2\t4.50\t1\t\t\t0\t");
    host.tell(53, "0\t4.50\t\t");
    assert_eq!(host.tell(60, ""), "0\t");
    assert_eq!(host.tell(76, ""), "0\t0\t1\t0\t0.00\t0.00\t");
    assert!(host.register.documents().is_empty());
    assert_eq!(host.register.drawer_sum(), 0);
    assert!(host.register.papers()[0].says("=АНУЛИРАНО="));
    assert_eq!(host.tell(48, OPEN_X), "0\t2\t");
}

#[test]
fn an_item_is_taken_back_by_a_negative_price() {
    let mut host = Host::x();
    host.tell(48, OPEN_X);
    host.tell(49, "Ракия\t2\t4.50\t2\t\t\t0\t");
    assert_eq!(host.tell(49, "Ракия\t2\t-4.50\t1\t\t\t0\t"), "0\t1\t");
    assert!(host.tell(51, "0\t0\t\t\t").starts_with("0\t1\t4.50\t"));
}

#[test]
fn a_discount_on_the_subtotal_is_spread_over_the_tax_groups() {
    let mut host = Host::x();
    host.tell(48, OPEN_X);
    host.tell(49, "Ракия\t2\t6.66\t1\t\t\t0\t");
    host.tell(49, "Хляб\t4\t3.34\t1\t\t\t0\t");
    let answer = "0\t1\t9.00\t0.00\t5.99\t0.00\t3.01\t0.00\t0.00\t0.00\t0.00\t";
    assert_eq!(host.tell(51, "1\t0\t2\t10.00\t"), answer);
}

#[test]
fn nothing_a_host_can_send_stops_the_device() {
    for make in [Host::x, Host::ro, Host::p, Host::c] {
        let mut host = make();
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        let pieces =
            ["1", "0", "\t", ",", "-", "#", "*", "\n", "Б", "0.01", "99999999", "I", "T", "P", "R", "é", ""];
        for command in (0x20..=0x7F).chain([0x80, 0xFF]).cycle().take(3000) {
            let data: String = (0..random() % 12).map(|_| pieces[random() % pieces.len()]).collect();
            let frame = host.frame(command, &data);
            host.register.feed(&frame);
            let noise: Vec<u8> = (0..random() % 9).map(|_| random() as u8).collect();
            host.register.feed(&noise);
        }
        assert_eq!(host.ask(74, "").command, 74);
    }
}

#[test]
fn half_an_answer_is_made_good_by_the_same_frame() {
    let mut host = Host::ro();
    host.receipt_up_to_close();
    host.register.inject(Fault::HalfFrame);
    let frame = host.frame(56, "");
    let half = host.register.feed(&frame);
    let whole = host.register.feed(&frame);
    assert!(half.len() < whole.len());
    assert_eq!(host.answer(&whole).data, "0\t1\t1\t1\t");
    assert_eq!(host.register.documents().len(), 1);
}

fn lines_of(register: &Register) -> String {
    register.papers().iter().map(|paper| paper.text().to_owned()).collect()
}

#[test]
fn cash_in_and_out_with_sum_zero_only_asking() {
    let mut host = Host::x();
    assert_eq!(host.tell(70, "0\t100.00\t"), "0\t100.00\t100.00\t0.00\t");
    assert_eq!(host.tell(70, "1\t30.00\t"), "0\t70.00\t100.00\t30.00\t");
    assert_eq!(host.tell(70, "0\t0\t"), "0\t70.00\t100.00\t30.00\t");
    let sums: Vec<i64> = host.register.cash_movements().iter().map(|movement| movement.sum).collect();
    assert_eq!(sums, [10_000, -3000]);
    assert_eq!(host.register.papers().len(), 2, "asking prints nothing: {}", lines_of(&host.register));
}
