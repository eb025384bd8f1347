//! The messages of label scales, and lists of items made into them.
//!
//! Vectors are put together by hand from the tables of "Протокол обмена весов «Штрих-Принт»" 1.3 (document 1.10) and of
//! Mertech's "Руководство программиста" 1.0.1; where another program publishes one, that is said.

#![allow(clippy::unwrap_used)]

use outlet_protocols::label_scale::*;
use serde_json::{Value, json};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn password() -> Password {
    Password::new("0030").unwrap()
}

const LIMITS: Limits = Limits {
    items: Some(4000),
    messages: Some(1000),
    message_lines: Some(4),
    tare_g: Some(1500),
    decimals: 2,
};

fn list(document: Value) -> ItemList {
    ItemList::parse(&document).unwrap()
}

fn one(item: Value) -> Prepared {
    list(json!({"mode": "changes", "items": [item]})).prepare(&LIMITS).unwrap().remove(0)
}

fn cheese() -> Value {
    json!({
        "plu": 7, "code": 12345, "name": "Сыр\nмолодой", "price": "123.45", "unit": "piece", "shelf_life_days": 10,
        "tare": "0.015", "group": 3, "message": 7, "picture": 1, "certificate": "AB12", "sell_by": "2026-12-31",
    })
}

#[test]
fn an_item_is_written_as_the_table_of_command_57_says() {
    let expected = hex("02 57 57 30303330 0700 39300000
         D1FBF0 20202020202020202020202020202020202020202020202020
         ECEEEBEEE4EEE9 202020202020202020202020202020202020202020
         39300000 0A00 0F00 0300 0700 81 41423132 1F0C1A");
    let message = Command::write_item(password(), &one(cheese()).record).message(Carrier::Udp);
    assert_eq!(message, expected);
    assert_eq!(message.len(), 2 + 87, "the document: 57h has a length of 87");
}

#[test]
fn over_tcp_the_length_of_all_that_follows_stands_in_front_in_four_bytes() {
    let record = one(cheese()).record;
    let over_tcp = Command::write_item(password(), &record).message(Carrier::Tcp);
    assert_eq!(over_tcp.get(..4), Some(&hex("59000000")[..]));
    assert_eq!(over_tcp.get(4..), Some(&Command::write_item(password(), &record).message(Carrier::Udp)[..]));
}

#[test]
fn commands_have_the_bytes_of_the_document() {
    let line = |text: &str| {
        let mut line = [b' '; 50];
        line.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        line
    };
    let zeros = Password::new("0000").unwrap();
    for (command, expected) in [
        // The facts sheet's 0201FCFD of the serial line, without its checksum.
        (Command::device_type(), "02 01 FC"),
        // These three stand in the tests of the public program j-shtrih-print-protocol.
        (Command::mode(), "02 01 12"),
        (Command::state(), "02 01 11"),
        (Command::clear_all(zeros), "02 05 18 30303030"),
        (Command::most_items(password()), "02 05 D0 30303330"),
        (Command::most_messages(password()), "02 05 D1 30303330"),
        (Command::message_lines(password()), "02 05 D2 30303330"),
        (Command::prefixes(password()), "02 05 76 30303330"),
        (Command::set_prefix(password(), Prefix::Weight, 20), "02 07 77 30303330 00 14"),
        (Command::set_prefix(password(), Prefix::Piece, 21), "02 07 77 30303330 01 15"),
        (Command::set_prefix(password(), Prefix::Total, 25), "02 07 77 30303330 02 19"),
        (Command::read_item(password(), 4000), "02 07 58 30303330 A00F"),
        (Command::clear_item(password(), 7), "02 07 54 30303330 0700"),
        (Command::delete_item(password(), 7), "02 09 FF0F 30303330 01 0700"),
        (
            Command::write_line(password(), 258, 2, &line("salt")),
            &format!("02 3A 52 30303330 0201 02 73616C74 {}", "20".repeat(46)),
        ),
    ] {
        assert_eq!(command.message(Carrier::Udp), hex(expected), "{command:?}");
    }
}

#[test]
fn a_password_is_four_digits_and_is_never_shown() {
    for wrong in ["", "003", "00301", "003x", "٠٠٣٠"] {
        assert_eq!(Password::new(wrong), Err(PasswordError), "{wrong:?}");
    }
    let secret = Password::new("7391").unwrap();
    let command = Command::read_item(secret, 7);
    assert!(!format!("{secret:?} {command:?}").contains("7391"));
    assert_eq!(command.shown(Carrier::Udp), hex("02 07 58 2A2A2A2A 0700"));
    assert_eq!(command.shown(Carrier::Tcp), hex("09000000 02 07 58 2A2A2A2A 0700"));
    assert_eq!(command.message(Carrier::Udp), hex("02 07 58 37333931 0700"));
}

#[test]
fn answers_are_taken_apart_by_the_command_that_was_asked() {
    let Ok(Incoming::Answer(body)) = Incoming::datagram(&hex("02 02 57 00")) else { panic!() };
    assert_eq!(Answer::to(&[0x57], &body), Ok(Answer { error: 0, data: vec![] }));
    assert_eq!(Answer::to(&[0x54], &body), Err(Garbled::Other(0x57)));
    let Ok(Incoming::Answer(body)) = Incoming::datagram(&hex("02 04 D0 00 A00F")) else { panic!() };
    assert_eq!(Answer::to(&[0xD0], &body).unwrap().number(), Some(4000));
    let Ok(Incoming::Answer(body)) = Incoming::datagram(&hex("02 03 FF0F 00")) else { panic!() };
    assert_eq!(Answer::to(&[0xFF, 0x0F], &body), Ok(Answer { error: 0, data: vec![] }));
    assert_eq!(
        Answer::to(&[0xFF, 0x0F], &[0xFF, 120]).unwrap().error,
        120,
        "codes of two bytes are not known there"
    );
    assert_eq!(Answer::to(&[0xFF, 0x0F], &[0xFF, 0]), Err(Garbled::Other(0xFF)));
}

#[test]
fn service_messages_say_whether_the_scale_is_free_and_who_holds_it() {
    assert_eq!(Incoming::datagram(&[0x06]), Ok(Incoming::Ready));
    assert_eq!(Incoming::datagram(&[0x15]), Ok(Incoming::NotReady));
    // Second, first, fourth and third byte of 192.168.1.5; port 1111.
    let held = Incoming::datagram(&hex("0B A8 C0 05 01 5704"));
    assert_eq!(held, Ok(Incoming::Held { address: [192, 168, 1, 5], port: 1111 }));
}

#[test]
fn cut_and_foreign_datagrams_are_no_answers() {
    for (bytes, expected) in [
        ("02 05 12 00 00 00", Garbled::Length { declared: 5, there: 4 }),
        ("02 02 57 00 00", Garbled::Length { declared: 2, there: 3 }),
        ("02 01 57", Garbled::Short),
        ("02", Garbled::Short),
        ("", Garbled::Short),
        ("0B A8 C0", Garbled::Start(0x0B)),
        ("48 54 54 50", Garbled::Start(0x48)),
    ] {
        assert_eq!(Incoming::datagram(&hex(bytes)), Err(expected), "{bytes}");
    }
}

#[test]
fn messages_over_tcp_are_found_however_they_are_cut() {
    let answer = |error: u8| Incoming::Answer(vec![0x57, error]);
    // With the length in front, as the document has it for commands; and without.
    for bytes in ["04000000 02 02 57 00 04000000 02 02 57 83", "02 02 57 00 02 02 57 83"] {
        let bytes = hex(bytes);
        for size in 1..=bytes.len() {
            let (mut frames, mut seen) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(size) {
                frames.push(piece);
                while let Some(message) = frames.next_message().unwrap() {
                    seen.push(message);
                }
            }
            assert_eq!(seen, [answer(0), answer(131)], "pieces of {size}");
            assert_eq!(frames.left(), 0);
        }
    }
    let mut foreign = Frames::default();
    foreign.push(b"HTTP/1.1 400 Bad Request\r\n");
    assert_eq!(foreign.next_message(), Err(Garbled::Start(b'H')));
}

#[test]
fn a_scale_says_what_it_is_and_in_which_mode() {
    let told = hex("01 01 01 03 00 00 D8F2F0E8F52D CFF0E8EDF2 0000");
    let device = DeviceType::read(&told).unwrap();
    assert_eq!((device.name.as_str(), device.protocol, device.model), ("Штрих-Принт", (1, 3), 0));
    assert!(device.is_label_scale());
    assert!(
        !DeviceType::read(&hex("00 00 01 0C 05 00")).unwrap().is_label_scale(),
        "type 0 is a fiscal register"
    );
    assert_eq!(DeviceType::read(&hex("01 01 01 03 00")), None);

    let mode = |bytes: &str| ScaleMode::read(&hex(bytes));
    assert_eq!(mode("0000 00").unwrap().words(), [""; 0]);
    assert_eq!(mode("0010 00").unwrap().words(), ["in-the-menu"], "bit 12");
    assert!(mode("0004 00").unwrap().is_calibrating(), "bit 10");
    assert!(mode("0000 01").unwrap().is_clearing());
    assert!(mode("0000 08").unwrap().clearing_failed());
    assert_eq!(mode("0000"), None);
}

#[test]
fn the_state_of_version_1_3_is_read_and_any_other_length_is_not() {
    let mut data = hex("3435 0200 1E070A A00F E803 08 0F 07 01 0000 0000 00 00 160B1A 0E0500 00 01 00 02");
    data.extend(hex("00 00 01 0000 09"));
    data.resize(72, 0);
    let state = ScaleState::read(&data).unwrap();
    assert_eq!(
        (state.software.as_str(), state.items, state.messages, state.message_lines),
        ("4.5", 4000, 1000, 8)
    );
    assert_eq!((state.max_load_kg, state.number, state.decimals), (15, 1, 2));
    assert_eq!((state.paper, state.head_open), (true, true));
    assert_eq!(ScaleState::read(&data[..71]), None);
    data[30] = 7;
    assert_eq!(ScaleState::read(&data), None, "no scale has seven decimals");
}

#[test]
fn an_item_that_was_written_is_known_again_when_it_is_read() {
    let record = one(cheese()).record;
    let mut data = record.bytes()[2..].to_vec();
    let kept = Kept::read(&data).unwrap();
    assert_eq!((kept.code, kept.price, kept.tare_g, kept.piece), (12345, 12345, 15, true));
    assert_eq!(kept.name, ["Сыр", "молодой"]);
    assert!(record.is(&kept));
    // A name that is filled up with zeros, as another program writes it.
    data[4 + 3..4 + 28].fill(0);
    assert!(record.is(&Kept::read(&data).unwrap()));
    data[60] = 0;
    assert!(!record.is(&Kept::read(&data).unwrap()), "another price");
    assert_eq!(Kept::read(&data[1..]), None);
}

#[test]
fn errors_say_what_follows_for_the_rest_of_a_list() {
    for (code, expected) in [
        (0, Weight::Done),
        (131, Weight::Item),
        (128, Weight::Item),
        (142, Weight::Item),
        (140, Weight::Empty),
        (123, Weight::NotNow),
        (122, Weight::Password),
        (170, Weight::Password),
        (120, Weight::Unknown),
        (168, Weight::Scale),
    ] {
        assert_eq!(weight(code), expected, "{code}");
    }
    assert_eq!(words(131), "wrong price");
    assert_eq!(words(170), "no attempt at the password is left");
    assert_eq!(words(250), "an error of a meaning that is not known");
}

#[test]
fn names_are_wrapped_into_two_lines_and_what_is_cut_is_told() {
    let named = |name: &str| {
        let mut item = cheese();
        item["name"] = json!(name);
        let prepared = one(item);
        let kept = Kept::read(&prepared.record.bytes()[2..]).unwrap();
        (kept.name, prepared.remarks.cut)
    };
    let of = |first: &str, second: &str| [first.to_owned(), second.to_owned()];
    assert_eq!(named("Milk"), (of("Milk", ""), false));
    assert_eq!(
        named("Колбаса сыровяленая мраморная нарезка"),
        (of("Колбаса сыровяленая", "мраморная нарезка"), false)
    );
    assert_eq!(named("first\nsecond"), (of("first", "second"), false));
    assert_eq!(named(&"a".repeat(30)), (of(&"a".repeat(28), "aa"), false));
    assert_eq!(named(&"a".repeat(57)), (of(&"a".repeat(28), &"a".repeat(28)), true));
    assert_eq!(named("one\ntwo\nthree"), (of("one", "two"), true));
}

#[test]
fn letters_that_the_scale_lacks_are_told() {
    let mut item = cheese();
    item["name"] = json!("Brânză țărănească 乳");
    item["text"] = json!("lapte, sare… 乳");
    let prepared = one(item);
    let kept = Kept::read(&prepared.record.bytes()[2..]).unwrap();
    assert_eq!(kept.name[0], "Branza taraneasca ?");
    assert_eq!(prepared.remarks.replaced, ['â', 'ă', 'ț', '乳']);
}

#[test]
fn a_text_fills_all_lines_of_its_message_so_that_nothing_of_an_older_one_is_left() {
    let mut item = cheese();
    item["message"] = Value::Null;
    item["text"] = json!("Milk, salt.\nKeep cool.");
    let prepared = one(item);
    let message = prepared.message.unwrap();
    assert_eq!(
        (message.number, message.lines.len()),
        (7, 4),
        "its own number, and the lines that the scale has"
    );
    let lines: Vec<_> =
        message.lines.iter().map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect();
    assert_eq!(lines, ["Milk, salt.", "Keep cool.", "", ""]);
    assert_eq!(prepared.record.bytes()[72..74], [7, 0], "the record names the message");
    assert_eq!(one(cheese()).message, None);
}

/// Where a scale with these limits refuses the only item of a list, and how.
fn refused_by_scale(change: Value, limits: &Limits) -> String {
    let mut item = cheese();
    item.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let list = list(json!({"mode": "changes", "items": [item]}));
    list.prepare(limits).unwrap_err().to_string()
}

#[test]
fn a_list_that_one_scale_can_not_keep_is_refused_before_anything_is_sent() {
    let no_decimals = Limits { decimals: 0, ..LIMITS };
    let no_messages = Limits { message_lines: Some(0), ..LIMITS };
    for (change, limits, expected) in [
        (json!({"plu": 4001}), LIMITS, "items[0].plu: 4001; this scale keeps numbers up to 4000"),
        (json!({"message": 1001}), LIMITS, "items[0].message: 1001; this scale keeps messages up to 1000"),
        (json!({"tare": "1.501"}), LIMITS, "items[0].tare: 1501 g; this scale takes up to 1500 g"),
        (json!({"price": "10000"}), LIMITS, "items[0].price: 10000; this scale takes at most 9999.99"),
        (
            json!({"price": "1.50"}),
            no_decimals,
            "items[0].price: 1.5; this scale takes at most 999999, with 0",
        ),
        (
            json!({"text": "a\nb\nc\nd\ne"}),
            LIMITS,
            "items[0].text: needs 5 lines of 50 characters; this scale keeps 4",
        ),
        (json!({"text": "a"}), no_messages, "items[0].text: this scale keeps no messages"),
    ] {
        let refused = refused_by_scale(change, &limits);
        assert!(refused.starts_with(expected), "{refused}");
    }
    let list = list(json!({"mode": "changes", "delete": [5, 4001]}));
    let refused = list.prepare(&LIMITS).unwrap_err();
    assert_eq!(refused.to_string(), "delete[1]: 4001; this scale keeps numbers up to 4000");
}

#[test]
fn a_price_is_exact_in_the_scale_s_smallest_unit() {
    for (price, decimals, units) in
        [("0.01", 2, 1), ("9999.99", 2, 999_999), ("12.5", 1, 125), ("999999", 0, 999_999), ("0", 2, 0)]
    {
        let mut item = cheese();
        item["price"] = json!(price);
        let list = list(json!({"mode": "changes", "items": [item]}));
        let prepared = list.prepare(&Limits { decimals, ..LIMITS }).unwrap();
        assert_eq!(Kept::read(&prepared[0].record.bytes()[2..]).unwrap().price, units, "{price}");
    }
}

fn refused(document: Value) -> String {
    ItemList::parse(&document).unwrap_err().to_string()
}

#[test]
fn errors_of_a_list_name_the_place() {
    let with = |change: Value| {
        let mut item = cheese();
        item.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"mode": "whole", "items": [item]})
    };
    for (document, expected) in [
        (json!({"items": []}), "missing field `mode`"),
        (json!({"mode": "all"}), "mode: unknown variant `all`"),
        (json!({"mode": "whole", "items": [], "extra": 1}), "extra: unknown field `extra`"),
        (json!({"mode": "whole"}), "items: a whole list without items would empty the scale"),
        (json!({"mode": "changes"}), "nothing is to be changed"),
        (
            json!({"mode": "whole", "items": [cheese()], "delete": [1]}),
            "delete: a whole list removes by itself",
        ),
        (
            json!({"mode": "changes", "items": [cheese()], "delete": [3, 7]}),
            "delete[1]: 7 is to be set as well",
        ),
        (json!({"mode": "changes", "delete": [0]}), "delete[0]: numbers begin with 1"),
        (json!({"mode": "changes", "prefixes": {"weight": 100}}), "prefixes.weight: 100 is no prefix"),
        (with(json!({"plu": 0})), "items[0].plu: numbers begin with 1"),
        (with(json!({"plu": 65536})), "items[0].plu: invalid value"),
        (with(json!({"code": 1_000_000})), "items[0].code: 1000000 is no code"),
        (with(json!({"name": " "})), "items[0].name: is empty"),
        (with(json!({"name": "a\u{7}b"})), "items[0].name: has '\\u{7}'"),
        (with(json!({"name": "a".repeat(201)})), "items[0].name: 201 characters; 200 are the most"),
        (with(json!({"price": "-1"})), "items[0].price: -1 is below zero"),
        (with(json!({"price": "1.005"})), "items[0].price: 1.005 is no price"),
        (with(json!({"price": "79228162514264337593543950335"})), "items[0].price: "),
        (with(json!({"unit": "lb"})), "items[0].unit: unknown variant `lb`"),
        (with(json!({"tare": "0.0005"})), "items[0].tare: 0.0005 kg is no tare"),
        (with(json!({"tare": "-0.001"})), "items[0].tare: -0.001 kg is no tare"),
        (with(json!({"tare": "65.536"})), "items[0].tare: 65.536 kg is no tare"),
        (with(json!({"shelf_life_days": 10000})), "items[0].shelf_life_days: 10000 days"),
        (with(json!({"sell_by": "2026-02-30"})), "items[0].sell_by: "),
        (with(json!({"group": 10000})), "items[0].group: 10000 is no group"),
        (with(json!({"message": 0})), "items[0].message: messages begin with 1"),
        (with(json!({"text": "a".repeat(401)})), "items[0].text: 401 characters"),
        (with(json!({"picture": 3})), "items[0].picture: 3 is no picture"),
        (with(json!({"certificate": "ABCDE"})), "items[0].certificate: must be one to four"),
        (with(json!({"colour": "red"})), "items[0].colour: unknown field `colour`"),
    ] {
        let refused = refused(document);
        assert!(refused.starts_with(expected), "{refused}\n{expected}");
    }
}

#[test]
fn numbers_and_codes_are_given_once_and_a_message_has_one_text() {
    let two = |change: Value| {
        let mut other = json!({"plu": 8, "code": 8, "name": "b", "price": "1", "unit": "kg"});
        other.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let mut first = cheese();
        first["text"] = json!("milk");
        json!({"mode": "changes", "items": [first, other]})
    };
    assert_eq!(refused(two(json!({"plu": 7}))), "items[1].plu: 7 is already that of items[0]");
    assert_eq!(refused(two(json!({"code": 12345}))), "items[1].code: 12345 is already that of items[0]");
    let other = refused(two(json!({"message": 7, "text": "salt"})));
    assert!(other.starts_with("items[1].text: message 7 has another text in items[0]"), "{other}");
    assert!(
        ItemList::parse(&two(json!({"message": 7, "text": "milk"}))).is_ok(),
        "the same text may be shared"
    );
}

#[test]
fn ten_thousand_items_are_the_most() {
    let items = |count: u32| {
        let item = |n: u32| json!({"plu": n, "code": n, "name": "a", "price": "1", "unit": "kg"});
        json!({"mode": "whole", "items": (1..=count).map(item).collect::<Vec<_>>()})
    };
    assert_eq!(list(items(10_000)).items.len(), MOST_ITEMS);
    assert_eq!(refused(items(10_001)), "items: 10001 are too many; send at most 10000 in one job");
}

#[test]
fn the_published_examples_are_lists_and_come_back_as_they_were() {
    for text in
        [include_str!("../../examples/items/whole.json"), include_str!("../../examples/items/changes.json")]
    {
        let document: Value = serde_json::from_str(text).unwrap();
        let parsed = list(document);
        assert!(parsed.prepare(&LIMITS).is_ok());
        assert_eq!(ItemList::parse(&serde_json::to_value(&parsed).unwrap()), Ok(parsed));
    }
}
