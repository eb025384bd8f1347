//! What the answers of the Datecs registers are read as.

mod datecs_support;

use datecs_support::*;
use outlet_protocols::datecs::answer::{
    Cash, Chosen, Found, Identity, LastDocument, Numbers, Open, Paid, ReportDone, Subtotal,
};
use outlet_protocols::datecs::command::Reason;
use outlet_protocols::datecs::dialect::{C, P, RO, X};
use outlet_protocols::datecs::errors::Class;
use outlet_protocols::datecs::{
    AnswerError, Condition, Dialect, Effect, ErrorCode, Framing, Moment, Refusal, Reply,
};

fn wide(number: u16, data: &str) -> Reply {
    reply(Framing::Wide, number, data.as_bytes())
}

fn narrow(number: u16, data: &str) -> Reply {
    reply(Framing::Narrow, number, data.as_bytes())
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, AnswerError>) -> Refusal {
    match answer {
        Err(AnswerError::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_of_a_receipt() {
    assert_eq!(X.numbers(&wide(48, "0\t1234\t")), Ok(Numbers { slip: Some(1234), ..Numbers::default() }));
    assert_eq!(
        RO.numbers(&wide(56, "0\t1234\t12\t7\t")),
        Ok(Numbers { slip: Some(1234), z: Some(12), fiscal: Some(7), ..Numbers::default() })
    );
    assert_eq!(
        P.numbers(&narrow(56, "0012,0007")),
        Ok(Numbers { since_z: Some(12), fiscal_since_z: Some(7), ..Numbers::default() })
    );
    assert!(matches!(
        X.numbers(&wide(48, "0\t")),
        Err(AnswerError::Unreadable { number: 48, field: "slip number", .. })
    ));
}

#[test]
fn an_error_code_is_a_refusal_with_a_meaning() {
    let expired = X.numbers(&wide(48, "-111024\t"));
    assert_eq!(refusal(expired.clone()), Refusal::Code(ErrorCode(-111_024)));
    assert_eq!(
        expired.expect_err("refused").to_string(),
        "the register refused command 48: error -111024: the shift is older than 24 hours"
    );
    assert_eq!(ErrorCode(-111_024).class(), Class::ShiftExpired);
    assert_eq!(ErrorCode(-100_403).class(), Class::Paper);
    assert_eq!(ErrorCode(-111_018).class(), Class::ReceiptPhase);
    assert_eq!(ErrorCode(-102_002).class(), Class::Password);
    assert_eq!(ErrorCode(i32::MIN).class(), Class::Other);
    assert_eq!(ErrorCode(-110_500).to_string(), "error -110500 (Other)");
    assert!(Refusal::Code(ErrorCode(-111_024)).unchanged());
    assert!(!Refusal::Code(ErrorCode(-111_560)).unchanged(), "the terminal may have taken the money");
}

#[test]
fn an_empty_answer_in_the_wide_frame_is_refused_by_its_status_bits() {
    let unknown = reply_with(255, b"", &[0xa2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]);
    assert_eq!(refusal(X.done(Effect::Query, &unknown)), Refusal::Status(Condition::UnknownCommand));
    let nothing = wide(48, "");
    assert!(matches!(X.numbers(&nothing), Err(AnswerError::Unreadable { .. })), "neither yes nor no");
}

#[test]
fn the_narrow_frame_refuses_by_status_bits() {
    let with = |at: usize, bit: u8, data: &str| {
        let mut status = NARROW_QUIET;
        status[at] |= bit;
        reply_with(49, data.as_bytes(), &status)
    };
    assert_eq!(P.done(Effect::Fiscal, &narrow(49, "")), Ok(()));
    assert_eq!(refusal(P.done(Effect::Fiscal, &with(1, 0x02, ""))), Refusal::Status(Condition::NotPermitted));
    assert_eq!(refusal(P.done(Effect::Query, &with(0, 0x01, ""))), Refusal::Status(Condition::SyntaxError));
    // Without paper a printing command is refused, a query is not.
    let paper = refusal(P.done(Effect::Fiscal, &with(2, 0x01, "")));
    assert_eq!(paper, Refusal::Status(Condition::PaperOut));
    assert!(paper.unchanged());
    assert_eq!(P.done(Effect::Query, &with(2, 0x01, "")), Ok(()));
    assert!(P.numbers(&with(2, 0x01, "0012,0007")).is_ok(), "it was answered, so it was done");
    // An error of the mechanism: nobody knows what is on paper.
    let fault = refusal(P.done(Effect::Fiscal, &with(0, 0x10, "")));
    assert!(!fault.unchanged());
    assert_eq!(C.done(Effect::Fiscal, &with(0, 0x10, "")), Ok(()), "C has no such bit");
}

#[test]
fn a_letter_refuses_too() {
    assert_eq!(refusal(C.numbers(&narrow(48, "F"))), Refusal::Letter('F'));
    assert_eq!(refusal(P.cash_answer(Effect::Fiscal, &narrow(70, "F,0,0,0"))), Refusal::Letter('F'));
    assert_eq!(refusal(P.paid(&narrow(53, "E-00000100"))), Refusal::Letter('E'));
    assert_eq!(refusal(P.paid(&narrow(53, "F"))), Refusal::Letter('F'));
    assert_eq!(refusal(C.paid(&narrow(53, "F,PP,-111558"))), Refusal::Code(ErrorCode(-111_558)));
    assert_eq!(refusal(P.done(Effect::Paper, &narrow(45, "F"))), Refusal::Letter('F'));
}

#[test]
fn what_a_payment_left() {
    assert_eq!(X.paid(&wide(53, "0\tD\t0.00\t")), Ok(Paid::Due(0)));
    assert_eq!(RO.paid(&wide(53, "0\tD\t12.50\t")), Ok(Paid::Due(1250)));
    assert_eq!(X.paid(&wide(53, "0\tR\t7.05\t")), Ok(Paid::Change(705)));
    assert_eq!(P.paid(&narrow(53, "D000001250")), Ok(Paid::Due(1250)));
    assert_eq!(C.paid(&narrow(53, "R7.05")), Ok(Paid::Change(705)));
    for odd in ["", "X100", "D", "Я100", "D1.005"] {
        assert!(P.paid(&narrow(53, odd)).is_err(), "{odd}");
    }
}

#[test]
fn sums_are_read_with_and_without_a_point() {
    assert_eq!(
        X.subtotal_answer(&wide(51, "0\t17\t10.00\t4.00\t6.00\t0.00\t")),
        Ok(Subtotal { slip: Some(17), total: 1000, by_tax: vec![400, 600, 0] })
    );
    // Registers set to whole prices write no point (X manual: "depending dec point position").
    assert_eq!(X.subtotal_answer(&wide(51, "0\t17\t10\t")).map(|s| s.total), Ok(1000));
    assert_eq!(
        P.subtotal_answer(&narrow(51, "0000001000,0000000400,0000000600")),
        Ok(Subtotal { slip: None, total: 1000, by_tax: vec![400, 600] })
    );
    assert_eq!(
        P.cash_answer(Effect::Query, &narrow(70, "P,+00012345,000000500,-00000100")),
        Ok(Cash { drawer: 12345, paid_in: 500, paid_out: -100 })
    );
    assert_eq!(
        RO.cash_answer(Effect::Query, &wide(70, "0\t123.45\t5.00\t1\t")),
        Ok(Cash { drawer: 12345, paid_in: 500, paid_out: 100 })
    );
    assert!(X.cash_answer(Effect::Query, &wide(70, "0\t99999999999999999999\t0\t0\t")).is_err());
}

#[test]
fn the_transaction_tells_what_is_open() {
    let closed = X.transaction_answer(&wide(76, "0\t0\t1234\t3\t10.00\t10.00\t")).expect("an answer");
    assert_eq!((closed.open, closed.number, closed.items), (Open::Nothing, Some(1234), 3));
    assert_eq!((closed.amount, closed.paid, closed.z), (1000, 1000, None));
    for (flag, open) in [
        ("1", Open::Sale),
        ("2", Open::Storno(Some(Reason::OperatorError))),
        ("3", Open::Storno(Some(Reason::Refund))),
        ("4", Open::Storno(Some(Reason::TaxBase))),
        ("5", Open::Free),
        ("9", Open::Unknown(9)),
    ] {
        let data = format!("0\t{flag}\t1234\t3\t10.00\t2.00\t");
        assert_eq!(X.transaction_answer(&wide(76, &data)).map(|t| t.open), Ok(open));
    }
    let ro = RO.transaction_answer(&wide(76, "0\t1\t1234\t12\t7\t3\t10.00\t2.00\t")).expect("an answer");
    assert_eq!((ro.number, ro.z, ro.fiscal, ro.items), (Some(1234), Some(12), Some(7), 3));
    assert_eq!((ro.amount, ro.paid), (1000, 200));

    let open_by = |byte: usize, bits: u8| {
        let mut status = NARROW_QUIET;
        status[byte] |= bits;
        P.transaction_answer(&reply_with(76, b"1,0003,000001000,000000200", &status))
    };
    assert_eq!(
        open_by(2, 0x08).map(|t| (t.open, t.amount, t.paid, t.number)),
        Ok((Open::Sale, 1000, 200, None))
    );
    assert_eq!(open_by(1, 0x10).map(|t| t.open), Ok(Open::Storno(None)));
    assert_eq!(open_by(2, 0x20).map(|t| t.open), Ok(Open::Free));
}

#[test]
fn the_last_document() {
    let at = Moment { year: 2026, month: 11, day: 22, hour: 9, minute: 44, second: 28, summer: false };
    assert_eq!(
        RO.last_document_answer(&wide(123, "0\t7\t22-11-2026 09:44:28\t12\t21-11-2026 23:59:00\t")),
        Ok(LastDocument {
            document: None,
            fiscal: Some(7),
            at: Some(at),
            z: Some(12),
            z_at: Some(Moment { day: 21, hour: 23, minute: 59, second: 0, ..at }),
        })
    );
    assert_eq!(
        P.last_document_answer(&narrow(113, "0001234")),
        Ok(LastDocument { document: Some(1234), ..LastDocument::default() })
    );
}

#[test]
fn documents_of_the_journal_are_found_and_read() {
    let found = X.found(&wide(124, "0\t22-11-26 00:00:00\t22-11-26 23:59:59\t1230\t1234\t"));
    assert_eq!(found, Ok(Some(Found { first: 1230, last: 1234 })));
    assert_eq!(X.found(&wide(124, "-105000\t")), Ok(None));
    assert_eq!(X.found(&wide(124, "-100005\t")), Ok(None));
    assert!(X.found(&wide(124, "-105008\t")).is_err());

    let at = Moment { year: 2019, month: 2, day: 14, hour: 16, minute: 14, second: 37, summer: false };
    // Recorded from a DP-150 by the authors of fpgate.
    assert_eq!(
        C.chosen(&narrow(125, "P,6,14-02-19 16:14:37,8,1")),
        Ok(Some(Chosen { document: Some(6), at: Some(at), kind: Some(8), z: Some(1), line: None }))
    );
    assert_eq!(C.chosen(&narrow(125, "F")), Ok(None));
    assert_eq!(
        X.chosen(&wide(125, "0\t6\t3\t14-02-19 16:14:37 DST\t1\t4\t")),
        Ok(Some(Chosen {
            document: Some(6),
            at: Some(Moment { summer: true, ..at }),
            kind: Some(1),
            z: Some(4),
            line: None
        }))
    );
    assert_eq!(
        P.chosen(&narrow(119, "P,# tag, 1 #")).map(|c| c.and_then(|c| c.line)),
        Ok(Some("# tag, 1 #".into()))
    );

    assert_eq!(X.line(&wide(125, "0\tTOTAL   10.00\t")), Ok(Some("TOTAL   10.00".into())));
    assert_eq!(X.line(&wide(125, "0\t\t")), Ok(Some(String::new())));
    assert_eq!(X.line(&wide(125, "-100003\t")), Ok(None));
    assert_eq!(P.line(&narrow(119, "*,end")), Ok(Some("end".into())));
    assert_eq!(P.line(&narrow(119, "F")), Ok(None));
    assert!(P.line(&narrow(119, "")).is_err());
    let cyrillic = reply(Framing::Narrow, 119, b"P,\xd7\xe0\xe9");
    assert_eq!(P.line(&cyrillic), Ok(Some("Чай".into())));
}

#[test]
fn reports_bring_their_number_and_sums() {
    assert_eq!(
        X.report_answer(&wide(69, "0\t12\t1.00\t2.00\t0.00\t")),
        Ok(ReportDone { z: 12, sums: vec![100, 200, 0] })
    );
    assert_eq!(
        P.report_answer(&narrow(69, "0012,000000000300,000000000100,000000000200")),
        Ok(ReportDone { z: 12, sums: vec![300, 100, 200] })
    );
    assert_eq!(X.daily_sales(&wide(110, "0\t5\t123.45\t")), Ok((5, 12345)));
    assert_eq!(X.daily_payments(&wide(110, "0\t1.00\t2.00\t")), Ok(vec![100, 200]));
}

#[test]
fn the_register_says_who_it_is() {
    // Recorded from a DP-150 and an FP-2000 by the authors of fpgate.
    let dp150 = C.identity(&narrow(90, "DP-150,265403 08Nov18 1050,FFFF,00000000,DT735762,02735762"));
    assert_eq!(
        dp150,
        Ok(Identity {
            name: "DP-150".into(),
            firmware: "265403 08Nov18 1050".into(),
            serial: "DT735762".into(),
            memory: "02735762".into(),
        })
    );
    let fp2000 = P.identity(&narrow(90, "FP-2000,1.00BG 23NOV18 1000,FFFF,01010111,DT278392,02278392"));
    assert_eq!(
        fp2000.map(|i| (i.name, i.serial, i.memory)),
        Ok(("FP-2000".into(), "DT278392".into(), "02278392".into()))
    );
    let tabs = "0\tFP-700X\t265403\t08Nov18\t1050\tFFFF\t00000000\tDT735762\t02735762\t";
    assert_eq!(
        X.identity(&wide(90, tabs)).map(|i| (i.firmware, i.serial, i.memory)),
        Ok(("265403 08Nov18 1050".into(), "DT735762".into(), "02735762".into()))
    );
    let commas = "FP-700X,265403 08Nov18 1050,FFFF,00000000,DT735762,02735762";
    assert_eq!(X.identity(&wide(90, commas)).map(|i| i.serial), Ok("DT735762".into()));
    assert_eq!(refusal(X.identity(&wide(90, "-111003\t"))), Refusal::Code(ErrorCode(-111_003)));
}

#[test]
fn the_clock_is_read() {
    let at = Moment { year: 2026, month: 7, day: 1, hour: 23, minute: 5, second: 9, summer: true };
    assert_eq!(X.clock_answer(&wide(62, "0\t01-07-26 23:05:09 DST\t")), Ok(at));
    assert_eq!(P.clock_answer(&narrow(62, "01-07-26 23:05:09")), Ok(Moment { summer: false, ..at }));
    assert_eq!(at.to_string(), "2026-07-01 23:05:09");
    for odd in
        ["", "01-07-26", "31-04-26 00:00:00", "29-02-26 00:00:00", "01-07-26 24:00:00", "x-07-26 01:01:01"]
    {
        assert!(P.clock_answer(&narrow(62, odd)).is_err(), "{odd}");
    }
    assert!(P.clock_answer(&narrow(62, "29-02-28 00:00:00")).is_ok());
}

#[test]
fn status_queries_are_answered_by_every_dialect() {
    assert_eq!(X.done(Effect::Query, &hex_reply()), Ok(()));
    for dialect in Dialect::ALL.into_iter().filter(|d| d.framing == Framing::Narrow) {
        assert_eq!(dialect.done(Effect::Query, &reply(Framing::Narrow, 74, &NARROW_QUIET)), Ok(()));
    }
}

fn hex_reply() -> Reply {
    let mut data = b"0\t".to_vec();
    data.extend(WIDE_QUIET);
    data.push(b'\t');
    reply(Framing::Wide, 74, &data)
}
