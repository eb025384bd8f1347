//! The data of each command in each dialect, against the forms of the manuals.

mod datecs_support;

use outlet_protocols::datecs::command::{
    Daily, Discount, Item, Look, Opening, Operator, Reason, Report, Search, Storno,
};
use outlet_protocols::datecs::dialect::{C, Name, P, RO, X};
use outlet_protocols::datecs::{Command, CommandError, Dialect, Effect, ErrorCode, Moment, Payment};

const SALE: &str = "DT000600-OP01-0001000";
const AT: Moment = Moment { year: 2018, month: 3, day: 30, hour: 16, minute: 13, second: 5, summer: true };

fn operator() -> Operator {
    Operator { number: 1, password: "0001".to_owned(), till: 1 }
}

fn opening(operator: &Operator) -> Opening<'_> {
    Opening { operator, sale: None, invoice: false, client: None }
}

fn storno(operator: &Operator) -> Storno<'_> {
    Storno {
        operator,
        reason: Reason::Refund,
        document: 1234,
        at: AT,
        memory: "02735762",
        original_sale: Some(SALE),
        sale: None,
        invoice: None,
    }
}

fn tea() -> Item<'static> {
    Item {
        name: "Чай",
        tax: 'B',
        price: 350,
        quantity: 1500,
        void: false,
        discount: None,
        department: 0,
        unit: "",
    }
}

/// The data as text; cp1251 letters are shown as such.
fn shown(command: Result<Command, CommandError>) -> String {
    let command = command.expect("a command");
    command.data.iter().map(|byte| decode(*byte)).collect()
}

fn decode(byte: u8) -> char {
    match byte {
        // Cyrillic of cp1251.
        0xc0..=0xff => char::from_u32(u32::from(byte) - 0xc0 + 'А' as u32).expect("a letter"),
        _ => char::from(byte),
    }
}

#[test]
fn a_receipt_is_opened() {
    let operator = operator();
    let plain = opening(&operator);
    let sale = Opening { sale: Some(SALE), ..plain.clone() };
    let invoice = Opening { invoice: true, ..sale.clone() };
    assert_eq!(shown(X.open_receipt(&plain)), "1\t0001\t1\t\t");
    assert_eq!(shown(X.open_receipt(&sale)), "1\t0001\tDT000600-OP01-0001000\t1\t\t");
    assert_eq!(shown(X.open_receipt(&invoice)), "1\t0001\tDT000600-OP01-0001000\t1\tI\t");
    assert_eq!(shown(RO.open_receipt(&plain)), "1\t0001\t1\t\t\t\t");
    let client = Opening { client: Some("RO12345678"), ..plain.clone() };
    assert_eq!(shown(RO.open_receipt(&client)), "1\t0001\t1\t\tRO12345678\t\t");
    assert_eq!(shown(P.open_receipt(&plain)), "1,0001,1");
    assert_eq!(shown(P.open_receipt(&sale)), "1,0001,1,DT000600-OP01-0001000");
    assert_eq!(shown(P.open_receipt(&invoice)), "1,0001,1,I,DT000600-OP01-0001000");
    assert_eq!(shown(C.open_receipt(&plain)), "1,0001,1");
    assert_eq!(shown(C.open_receipt(&invoice)), "1,0001,DT000600-OP01-0001000,1,I");
    assert!(matches!(X.open_receipt(&client), Err(CommandError::Unsupported { dialect: Name::X, .. })));
}

#[test]
fn a_sale_number_or_operator_of_another_form_is_refused() {
    let right = operator();
    for sale in
        ["", "DT000600-OP01-000100", "DT000600_OP01_0001000", "DT000600-OP01-000100A", "ДТ0600-OP01-0001000"]
    {
        let opening = Opening { sale: Some(sale), ..opening(&right) };
        assert!(
            matches!(X.open_receipt(&opening), Err(CommandError::Malformed { field: "sale", .. })),
            "{sale}"
        );
    }
    let wrong = [
        (Operator { number: 0, ..right.clone() }, "operator"),
        (Operator { number: 31, ..right.clone() }, "operator"),
        (Operator { till: 100_000, ..right.clone() }, "till"),
        (Operator { password: "12a".to_owned(), ..right.clone() }, "operator password"),
        (Operator { password: String::new(), ..right.clone() }, "operator password"),
        (Operator { password: "123456789".to_owned(), ..right.clone() }, "operator password"),
    ];
    for (operator, field) in wrong {
        let error = X.open_receipt(&opening(&operator)).expect_err(field);
        assert!(error.to_string().starts_with(field), "{error}");
        assert!(!format!("{operator:?}").contains("12"), "no password in logs");
    }
    let seventeen = Operator { number: 17, ..right };
    assert!(X.open_receipt(&opening(&seventeen)).is_ok());
    assert!(P.open_receipt(&opening(&seventeen)).is_err(), "P has sixteen");
}

#[test]
fn a_storno_receipt_is_opened_where_there_is_one() {
    let operator = operator();
    let refund = storno(&operator);
    let command = X.open_storno(&refund).expect("a command");
    assert_eq!((command.number, command.effect), (43, Effect::Fiscal));
    assert_eq!(
        shown(Ok(command)),
        "1\t0001\t1\t1\t1234\t30-03-18 16:13:05 DST\t02735762\t\t\t\tDT000600-OP01-0001000\t"
    );
    let error = Storno { reason: Reason::OperatorError, original_sale: None, ..refund.clone() };
    assert_eq!(
        shown(X.open_storno(&error)),
        "1\t0001\t1\t0\t1234\t30-03-18 16:13:05 DST\t02735762\t\t\t\t\t"
    );
    let invoice = Storno { invoice: Some((77, "върнато")), reason: Reason::TaxBase, ..refund.clone() };
    assert_eq!(
        shown(X.open_storno(&invoice)),
        "1\t0001\t1\t2\t1234\t30-03-18 16:13:05 DST\t02735762\tI\t77\tвърнато\tDT000600-OP01-0001000\t"
    );

    assert_eq!(P.open_storno(&refund).map(|c| c.number), Ok(46));
    assert_eq!(shown(P.open_storno(&refund)), "1,0001,1,R1234,DT000600-OP01-0001000,300318161305,02735762");
    let own = Storno { sale: Some("DT000600-OP01-0001001"), ..invoice.clone() };
    assert_eq!(
        shown(P.open_storno(&own)),
        "1,0001,1,I77,DT000600-OP01-0001001,T1234,DT000600-OP01-0001000,300318161305,02735762#върнато"
    );
    assert_eq!(P.open_storno(&error), Err(CommandError::Empty { field: "original_sale" }));

    assert_eq!(shown(C.open_storno(&refund)), "1,0001,DT000600-OP01-0001000,1,1,1234,300318161305,02735762");
    assert_eq!(shown(C.open_storno(&error)), "1,0001,,1,0,1234,300318161305,02735762");
    assert_eq!(
        shown(C.open_storno(&invoice)),
        "1,0001,DT000600-OP01-0001000,1,2,1234,300318161305,02735762,I,77,върнато"
    );

    assert!(!RO.can_refund() && X.can_refund());
    let refused = RO.open_storno(&refund).expect_err("no refund in Romania");
    assert_eq!(refused.to_string(), "registers of dialect RO can't refund: there is no storno receipt");
}

#[test]
fn what_a_storno_receipt_needs_is_checked() {
    let operator = operator();
    let refund = storno(&operator);
    let never = Moment { month: 2, day: 30, ..AT };
    let wrong: [(Storno<'_>, &str); 6] = [
        (Storno { document: 0, ..refund.clone() }, "document"),
        (Storno { document: 10_000_000, ..refund.clone() }, "document"),
        (Storno { memory: "2735762", ..refund.clone() }, "memory"),
        (Storno { memory: "0273576\t", ..refund.clone() }, "memory"),
        (Storno { at: never, ..refund.clone() }, "at"),
        (Storno { invoice: Some((0, "x")), ..refund.clone() }, "invoice"),
    ];
    for (storno, field) in wrong {
        for dialect in [&X, &P, &C] {
            let error = dialect.open_storno(&storno).expect_err(field);
            assert!(error.to_string().starts_with(field), "{error}");
        }
    }
    let comma = Storno { invoice: Some((5, "a,b")), ..refund };
    assert!(X.open_storno(&comma).is_ok());
    assert!(C.open_storno(&comma).is_err(), "a comma separates parameters there");
}

#[test]
fn an_item_is_sold() {
    assert_eq!(shown(X.item(&tea())), "Чай\t2\t3.50\t1.500\t\t\t0\t");
    let whole = Item { discount: Some(Discount::Percent(-500)), department: 7, unit: "бр", ..tea() };
    assert_eq!(shown(X.item(&whole)), "Чай\t2\t3.50\t1.500\t2\t5.00\t7\tбр\t");
    let more = Item { discount: Some(Discount::Sum(25)), ..tea() };
    assert_eq!(shown(X.item(&more)), "Чай\t2\t3.50\t1.500\t3\t0.25\t0\t");
    let void = Item { void: true, discount: Some(Discount::Sum(-25)), ..tea() };
    assert_eq!(shown(X.item(&void)), "Чай\t2\t-3.50\t1.500\t4\t0.25\t0\t");

    let ceai = Item { name: "Ceai", tax: 'G', price: 5, quantity: 1, unit: "buc", ..tea() };
    assert_eq!(shown(RO.item(&ceai)), "Ceai\t7\t0.05\t0.001\t\t\t0\tbuc\t");
    assert_eq!(shown(RO.item(&Item { unit: "", ..ceai })), "Ceai\t7\t0.05\t0.001\t\t\t0\t\t");

    assert_eq!(shown(P.item(&tea())), "Чай\tБ3.50*1.500");
    let kg = Item { unit: "кг", discount: Some(Discount::Percent(-1000)), ..tea() };
    assert_eq!(shown(P.item(&kg)), "Чай\tБ3.50*1.500#кг,-10.00");
    let off = Item { discount: Some(Discount::Sum(-50)), ..tea() };
    assert_eq!(shown(C.item(&off)), "Чай\tБ3.50*1.500;-0.50");
    assert_eq!(shown(C.item(&void)), "Чай\tБ-3.50*1.500;-0.25");
    assert!(matches!(C.item(&kg), Err(CommandError::TooLong { field: "unit", limit: 0, .. })));
}

#[test]
fn a_long_name_goes_on_in_a_second_line_where_there_is_one() {
    let name = "Пица Капричоза с двойно сирене и шунка";
    let item = Item { name, ..tea() };
    assert_eq!(shown(C.item(&item)), "Пица Капричоза с\nдвойно сирене и шунка\tБ3.50*1.500");
    assert_eq!(shown(P.item(&item)), "Пица Капричоза с двойно сирене и шунка\tБ3.50*1.500");
    let dense = "я".repeat(44);
    let item = Item { name: &dense, ..tea() };
    assert_eq!(shown(C.item(&item)), format!("{0}\n{0}\tБ3.50*1.500", "я".repeat(22)));
}

#[test]
fn what_an_item_must_not_be_is_said_with_its_name() {
    let long = "x".repeat(129);
    let cases: [(Item<'_>, &str); 10] = [
        (Item { name: &long, ..tea() }, "name has 129 characters, at most 72 fit; shorten it"),
        (Item { name: "  ", ..tea() }, "name is empty"),
        (Item { name: "a\tb", ..tea() }, "name has the control character U+0009 at 1; remove it"),
        (Item { name: "茶", ..tea() }, "name has '茶' at 0, which page cp1251 lacks; write it otherwise"),
        (Item { unit: "кутия за", ..tea() }, "unit has 8 characters, at most 6 fit; shorten it"),
        (Item { price: -1, ..tea() }, "price is -0.01, it must be 0.00 to 9999999.99"),
        (Item { quantity: 0, ..tea() }, "quantity is 0.000, it must be 0.001 to 999999.999"),
        (Item { quantity: -1000, ..tea() }, "quantity is -1.000, it must be 0.001 to 999999.999"),
        (Item { tax: 'I', ..tea() }, "tax group is I, it must be A to H"),
        (Item { department: 100, ..tea() }, "department is 100, it must be 0 to 99"),
    ];
    for (item, said) in cases {
        assert_eq!(X.item(&item).expect_err(said).to_string(), said);
    }
    let too_much = Item { price: 999_999_999, quantity: 2000, ..tea() };
    assert_eq!(
        X.item(&too_much).expect_err("too much").to_string(),
        "price times quantity is 19999999.98, it must be at most 9999999.99"
    );
    let extreme = Item { price: i64::MAX, quantity: i64::MAX, ..tea() };
    let strange = Item { tax: '\u{10ffff}', discount: Some(Discount::Sum(i64::MIN)), ..tea() };
    for dialect in Dialect::ALL {
        assert!(dialect.item(&extreme).is_err());
        assert!(dialect.item(&strange).is_err());
    }
    assert!(X.item(&Item { discount: Some(Discount::Percent(10_000)), ..tea() }).is_err());
    assert!(P.item(&Item { discount: Some(Discount::Percent(9_901)), ..tea() }).is_err());
    assert!(RO.item(&Item { name: "Ceai", tax: 'H', ..tea() }).is_err(), "Romania has seven groups");
}

#[test]
fn typography_is_written_plainly_and_letters_with_a_comma_below_as_with_a_cedilla() {
    let item = Item { name: "„Чай“ – 2×", ..tea() };
    assert_eq!(X.item(&item).map(|c| c.data.starts_with(&[0x84, 0xd7])), Ok(true));
    let romanian = Item { name: "Țuică și brânză", ..tea() };
    // cp1250: Ţ DE, ă E3, ş BA, â E2.
    let data = RO.item(&romanian).expect("an item").data;
    assert!(data.starts_with(b"\xdeuic\xe3 \xbai br\xe2nz\xe3\t"), "{data:x?}");
}

#[test]
fn the_subtotal_is_asked_for() {
    assert_eq!(shown(X.subtotal(false, false, None)), "0\t0\t\t\t");
    assert_eq!(shown(RO.subtotal(true, true, Some(Discount::Sum(-100)))), "1\t1\t4\t1.00\t");
    assert_eq!(shown(P.subtotal(true, false, None)), "10");
    assert_eq!(shown(C.subtotal(false, true, Some(Discount::Percent(1250)))), "01,12.50");
}

#[test]
fn payments_have_the_codes_of_their_dialect() {
    assert_eq!(shown(X.payment(Payment::Cash, 1000)), "0\t10.00\t\t");
    assert_eq!(shown(X.payment(Payment::Card, 1)), "1\t0.01\t\t");
    assert_eq!(shown(X.payment(Payment::Currency, 500)), "6\t5.00\t0\t");
    assert_eq!(shown(RO.payment(Payment::MealTicket, 2050)), "3\t20.50\t");
    assert_eq!(shown(P.payment(Payment::Cash, 1000)), "\tP10.00");
    assert_eq!(shown(P.payment(Payment::Card, 1000)), "\tD10.00");
    assert_eq!(shown(C.payment(Payment::Card, 1000)), "\tC10.00");
    assert!(matches!(X.payment(Payment::MealTicket, 1), Err(CommandError::Unsupported { .. })));
    for amount in [0, -1, i64::MIN, i64::MAX] {
        assert!(X.payment(Payment::Cash, amount).is_err(), "{amount}");
    }
    for dialect in Dialect::ALL {
        assert!(dialect.payment(Payment::Cash, 1).is_ok() && dialect.payment(Payment::Card, 1).is_ok());
        let codes: std::collections::BTreeSet<u8> = dialect.payments.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes.len(), dialect.payments.len(), "{}: a code is given once", dialect.name);
    }
}

#[test]
fn text_is_printed() {
    let tall = Look { bold: true, tall: true };
    // The manual's own frame leaves out all that may be left out.
    assert_eq!(shown(X.free_text("Test", Look::default())), "Test\t");
    assert_eq!(shown(X.fiscal_text("Test", tall)), "Test\t1\t\t1\t\t\t");
    assert_eq!(shown(P.free_text("Test", Look::default())), "Test");
    assert_eq!(shown(P.fiscal_text("Test", tall)), "\t1BH,Test");
    assert_eq!(shown(C.free_text("Test", tall)), "2\tTest");
    assert_eq!(shown(C.fiscal_text("Test", tall)), "Test");
    assert_eq!(X.free_text("Test", tall).map(|c| (c.number, c.effect)), Ok((42, Effect::Paper)));
    assert_eq!(X.fiscal_text("Test", tall).map(|c| (c.number, c.effect)), Ok((54, Effect::Fiscal)));
    assert!(matches!(
        C.fiscal_text(&"x".repeat(37), tall),
        Err(CommandError::TooLong { field: "text", length: 37, limit: 36 })
    ));
    assert!(matches!(
        X.free_text("line\nline", tall),
        Err(CommandError::ControlCharacter { field: "text", position: 4, code: 10 })
    ));
}

#[test]
fn cash_moves_and_is_counted() {
    assert_eq!(shown(X.cash_in(12345)), "0\t123.45\t");
    assert_eq!(shown(RO.cash_out(12345)), "1\t123.45\t");
    assert_eq!(shown(P.cash_in(12345)), "123.45");
    assert_eq!(shown(C.cash_out(12345)), "-123.45");
    assert!(X.cash_in(0).is_err() && C.cash_out(-5).is_err() && P.cash_out(i64::MIN).is_err());
    for (dialect, data) in [(&X, "0\t0.00\t"), (&RO, "0\t0.00\t"), (&P, ""), (&C, "")] {
        let command = dialect.cash();
        assert_eq!((command.number, command.effect), (70, Effect::Query));
        assert_eq!(shown(Ok(command)), data);
    }
}

#[test]
fn reports_queries_and_the_device_have_the_forms_of_the_manuals() {
    let cases: [(&Dialect, Command, u16, &str); 30] = [
        (&X, X.report(Report::X), 69, "X\t"),
        (&X, X.report(Report::Z), 69, "Z\t"),
        (&P, P.report(Report::X), 69, "2"),
        (&C, C.report(Report::Z), 69, "0"),
        (&X, X.transaction(), 76, ""),
        (&P, P.transaction(), 76, "T"),
        (&X, X.last_document(), 123, "3\t"),
        (&C, C.last_document(), 113, ""),
        (&X, X.status(), 74, ""),
        (&P, P.status(), 74, ""),
        (&X, X.identify(), 90, "\t"),
        (&C, C.identify(), 90, ""),
        (&X, X.clock(), 62, ""),
        (&X, X.set_clock(&AT).expect("a time"), 61, "30-03-18 16:13:05 DST\t"),
        (&P, P.set_clock(&AT).expect("a time"), 61, "30-03-18 16:13:05"),
        (&X, X.drawer(50).expect("a pulse"), 106, "50\t"),
        (&P, P.drawer(50).expect("a pulse"), 106, "50"),
        (&X, X.cut().expect("a cutter"), 46, ""),
        (&RO, RO.cut().expect("a cutter"), 46, ""),
        (&P, P.cut().expect("a cutter"), 45, ""),
        (&X, X.feed(3).expect("lines"), 44, "3\t"),
        (&C, C.feed(99).expect("lines"), 44, "99"),
        (&X, X.copy().expect("a copy"), 109, ""),
        (&P, P.copy().expect("a copy"), 109, "1"),
        (&X, X.choose_document(42, Search::Fiscal).expect("a number"), 125, "0\t42\t1\t"),
        (&C, C.choose_document(42, Search::All).expect("a number"), 125, "0,42,0"),
        (&P, P.choose_document(42, Search::All).expect("a number"), 119, "R,#A,42"),
        (&X, X.next_line(), 125, "1\t\t\t"),
        (&C, C.next_line(), 125, "1"),
        (&P, P.next_line(), 119, "N"),
    ];
    for (dialect, command, number, data) in cases {
        assert_eq!(command.number, number, "{} {data:?}", dialect.name);
        assert_eq!(shown(Ok(command)), data, "{} {number}", dialect.name);
    }
    let until = Moment { second: 6, summer: false, ..AT };
    assert_eq!(
        shown(X.find_documents(&AT, &until, Search::All)),
        "30-03-18 16:13:05 DST\t30-03-18 16:13:06\t0\t"
    );
    assert_eq!(shown(X.daily(Daily::Sales)), "2\t");
    assert_eq!(shown(X.explain(ErrorCode(-111_024))), "-111024\t");
    assert_eq!(shown(X.variable("nZreport", 0)), "nZreport\t0\t\t");
    for name in ["", "a\tb", "Header[]", &"x".repeat(33)] {
        assert!(X.variable(name, 0).is_err(), "{name}");
    }
    for (what, missing) in [
        ("cut", C.cut().err()),
        ("find", P.find_documents(&AT, &until, Search::All).err()),
        ("copy", RO.copy().err()),
        ("daily", C.daily(Daily::Sales).err()),
        ("variable", RO.variable("nZreport", 0).err()),
        ("explain", P.explain(ErrorCode(-1)).err()),
    ] {
        assert!(matches!(missing, Some(CommandError::Unsupported { .. })), "{what}");
    }
    assert!(X.feed(0).is_err() && X.feed(100).is_err() && P.drawer(101).is_err() && X.drawer(0).is_err());
    assert!(X.set_clock(&Moment { year: 1999, ..AT }).is_err());
}

#[test]
fn closing_and_cancelling_take_no_parameters() {
    for dialect in Dialect::ALL {
        for (command, number) in [(dialect.close_receipt(), 56), (dialect.cancel_receipt(), 60)] {
            assert_eq!((command.number, command.data.len(), command.effect), (number, 0, Effect::Fiscal));
        }
        for (command, number) in [(dialect.open_free(), 38), (dialect.close_free(), 39)] {
            assert_eq!((command.number, command.data.len(), command.effect), (number, 0, Effect::Paper));
        }
    }
}

#[test]
fn an_operators_password_is_covered_and_the_rest_is_not() {
    use outlet_protocols::datecs::{Frame, Framing, shown};
    let operator = Operator { password: "8642".to_owned(), ..operator() };
    for (dialect, framing) in
        [(&X, Framing::Wide), (&RO, Framing::Wide), (&P, Framing::Narrow), (&C, Framing::Narrow)]
    {
        let commands = [dialect.open_receipt(&opening(&operator)), dialect.open_storno(&storno(&operator))];
        for command in commands.into_iter().flatten() {
            // 2Ch is a comma, too.
            let frame = Frame::new(framing, 0x2c, command.number, &command.data).unwrap().bytes().to_vec();
            let shown = shown(&frame).into_owned();
            let differ: Vec<usize> = (0..frame.len()).filter(|&at| frame[at] != shown[at]).collect();
            assert_eq!(differ.len(), 4, "{framing:?} {}", command.number);
            assert_eq!(differ.iter().map(|&at| frame[at]).collect::<Vec<u8>>(), b"8642");
        }
    }
    let tea = X.item(&tea()).unwrap();
    let frame = Frame::new(Framing::Wide, 0x20, tea.number, &tea.data).unwrap();
    assert_eq!(shown(frame.bytes()), frame.bytes());
}
