//! Readers on USB, over buses and boxes that are not there.

use std::sync::Arc;
use std::time::Duration;

use outlet_simulators::reader::hid::{MoreFlag, magtek, magtek_misread, scanner};
use outlet_simulators::reader::keyboard::{GroupSeparator, KeyEvent, Speed, type_text};
use outlet_simulators::reader::{Tracks, keyboard};
use tokio::sync::watch;

use super::*;
use crate::driver::{DeviceStatus, Driver, Request};
use crate::reading::{ReadingSink, Readings};
use crate::transport::Fault;
use crate::transport::evdev::Event;
use crate::transport::evdev::fake::{FakeBox, node};
use crate::transport::hid::fake::{FakeBus, interface};

/// The card of the facts sheet.
const TRACK_1: &str = "%B4111111111111111^IVANOVA/ANNA^25121010000000000000?";
const TRACK_2: &str = ";4111111111111111=25121010000000000000?";
const NUMBER: &str = "4111111111111111";

struct Bed {
    bus: Arc<FakeBus>,
    keys: Arc<FakeBox>,
    device: Device,
    readings: Readings,
    status: watch::Receiver<DeviceStatus>,
}

fn bed(kind: Kind, link: &str, options: Value) -> Bed {
    let settings = Settings {
        id: "reader".into(),
        model: None,
        link: link.to_owned(),
        options,
        codes: Default::default(),
    };
    let (bus, keys) = (Arc::new(FakeBus::default()), Arc::new(FakeBox::default()));
    let reach = Reach::new(link, kind).unwrap();
    let language = match kind.driver {
        "scanner" => code_language(reach.way, &settings).unwrap().0,
        _ => swipe_language(reach.way, &settings).unwrap().0,
    };
    let reach = reach.over(Arc::clone(&bus) as _, Arc::clone(&keys) as _);
    let (sink, readings) = ReadingSink::new();
    let (sender, status) = watch::channel(DeviceStatus::default());
    let report = Report { status: sender, readings: sink };
    let device = Device::new(kind, reach, settings.options, language, report);
    Bed { bus, keys, device, readings, status }
}

impl Bed {
    async fn next(&mut self) -> Value {
        tokio::select! {
            biased;
            reading = self.readings.recv() => serde_json::to_value(reading.unwrap()).unwrap(),
            lost = self.device.idle() => panic!("{lost}"),
        }
    }

    async fn test(&mut self) -> Value {
        self.device.request(&Request::Test).await.unwrap()
    }

    /// Listens until so many keys were counted.
    async fn until(&mut self, what: &str, count: u64) {
        while self.device.request(&Request::Status).await.unwrap()["received"][what].as_u64() != Some(count) {
            tokio::select! {
                lost = self.device.idle() => panic!("{lost}"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
    }
}

/// Reports 2 with 63 bytes of the page 8C.
const SCANNER_DESCRIPTOR: [u8; 16] =
    [0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x09, 0xfe, 0x75, 0x08, 0x95, 0x3f, 0x81, 0x02];

async fn hid_scanner() -> Bed {
    let mut bed = bed(SCANNER, "hid://0c2e:0b61", Value::Null);
    plug_scanner(&bed);
    bed.device.connect().await.unwrap();
    bed
}

fn plug_scanner(bed: &Bed) {
    bed.bus.plug(interface(0x0c2e, 0x0b61, Some("S1"), &[(0x8c, 2)]), &SCANNER_DESCRIPTOR);
}

#[tokio::test]
async fn a_code_of_one_report_and_one_of_three_are_told_with_their_symbology() {
    let mut bed = hid_scanner().await;
    for report in scanner("]E0", b"4006381333931", MoreFlag::Byte63) {
        bed.bus.report(&report);
    }
    let told = bed.next().await;
    assert_eq!((&told["symbology"], &told["text"]), (&json!("ean-13"), &json!("4006381333931")), "{told}");
    let long = "https://outlet.example/".to_owned() + &"x".repeat(120);
    for report in scanner("]Q1", long.as_bytes(), MoreFlag::Byte63) {
        bed.bus.report(&report);
    }
    assert_eq!(bed.next().await["text"], long);
}

#[tokio::test]
async fn reports_that_are_cut_too_long_or_of_no_code_are_told_and_the_next_code_is_read() {
    let mut bed = hid_scanner().await;
    let code = scanner("]E0", b"4006381333931", MoreFlag::Byte63)[0];
    let [mut no_mark, mut too_much] = [code; 2];
    no_mark[2..5].copy_from_slice(b"abc");
    too_much[1] = 57;
    for wrong in [&code[..40], &[&code[..], &[0; 40]].concat(), &no_mark, &too_much] {
        bed.bus.report(wrong);
        let told = bed.next().await;
        assert_eq!((&told["type"], &told["code"]), (&json!("unusable"), &json!("unreadable")), "{told}");
        bed.bus.report(&code);
        assert_eq!(bed.next().await["text"], "4006381333931");
    }
    // The first of three, and nothing more.
    bed.bus.report(&scanner("]Q1", &[b'x'; 120], MoreFlag::Byte63)[0]);
    assert_eq!(bed.next().await["code"], "unreadable");
    // Reports of other ids are none of codes.
    bed.bus.report(&[4, 1]);
    bed.bus.report(&code);
    assert_eq!(bed.next().await["text"], "4006381333931");
}

#[tokio::test]
async fn an_unplugged_scanner_is_lost_at_once_and_goes_on_when_it_is_back() {
    let mut bed = hid_scanner().await;
    bed.bus.report(&scanner("]Q1", &[b'x'; 120], MoreFlag::Byte63)[0]);
    bed.until("bytes", 64).await;
    bed.bus.unplug();
    let lost = bed.device.idle().await;
    assert!(lost.message.contains("hid://0c2e:0b61"), "{lost}");
    let told = bed.readings.try_recv().map(|reading| serde_json::to_value(reading).unwrap()).unwrap();
    assert_eq!(told["code"], "unreadable");
    assert!(!bed.status.borrow().online);
    assert!(bed.device.connect().await.unwrap_err().message.contains("plugged in"));
    plug_scanner(&bed);
    bed.device.connect().await.unwrap();
    bed.bus.report(&scanner("]E0", b"4006381333931", MoreFlag::Byte63)[0]);
    assert_eq!(bed.next().await["text"], "4006381333931");
    let identity = bed.device.request(&Request::Identify).await.unwrap();
    assert_eq!(identity["name"], "Maker Device");
    assert_eq!((&bed.test().await["received"]["read"], &bed.status.borrow().online), (&json!(1), &true));
}

async fn hid_card_reader() -> Bed {
    let mut bed = bed(CARD_READER, "hid://0801:0002", Value::Null);
    bed.bus.plug(interface(0x0801, 0x0002, None, &[(0xff00, 1)]), &[]);
    bed.device.connect().await.unwrap();
    bed
}

#[tokio::test]
async fn a_bank_card_in_a_report_is_told_masked() {
    let mut bed = hid_card_reader().await;
    bed.bus.report(&magtek(&Tracks::new(TRACK_1, TRACK_2, "")));
    let told = bed.next().await;
    assert_eq!((&told["kind"], &told["masked"]), (&json!("bank"), &json!("411111******1111")));
    assert!(!told.to_string().contains(NUMBER), "{told}");
    bed.bus.report(&magtek(&Tracks::new("", ";0017=3?", "")));
    assert_eq!(bed.next().await["number"], "0017");
    bed.bus.report(&magtek_misread(&Tracks::new(TRACK_1, TRACK_2, ""), &[1, 2]));
    assert_eq!(bed.next().await["kind"], "unreadable");
}

#[tokio::test]
async fn a_swipe_report_that_is_cut_or_too_long_shows_nothing_of_the_card() {
    let mut bed = hid_card_reader().await;
    let report = magtek(&Tracks::new(TRACK_1, TRACK_2, ""));
    let mut claims_more = report;
    claims_more[4] = 111;
    for wrong in [&report[..200], &[&report[..], &[0; 8]].concat(), &claims_more, &report[..3]] {
        bed.bus.report(wrong);
        let told = bed.next().await;
        assert_eq!(told["code"], "unreadable");
        assert!(!told.to_string().contains("1111"), "{told}");
    }
}

async fn wedge(kind: Kind, options: Value) -> Bed {
    let mut bed = bed(kind, "evdev://0c2e:0200", options);
    bed.keys.plug(node(0x0c2e, 0x0200, None, "event3"));
    bed.device.connect().await.unwrap();
    bed
}

fn typed(text: &str) -> Vec<KeyEvent> {
    type_text(text, Speed::Scanner, GroupSeparator::ControlBracket).unwrap()
}

/// The same keys, so much later.
fn later(keys: &[KeyEvent], by: Duration) -> Vec<KeyEvent> {
    keys.iter().map(|key| KeyEvent { at: key.at + by, ..*key }).collect()
}

#[tokio::test]
async fn a_code_that_is_typed_is_told() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    bed.keys.type_keys(&typed("4006381333931\r"));
    let told = bed.next().await;
    assert_eq!((&told["text"], &told["guessed"]), (&json!("4006381333931"), &json!(true)), "{told}");
    bed.keys.type_keys(&later(&typed("]Q1Straße?".replace('ß', "ss").as_str()), Duration::from_secs(1)));
    bed.keys.type_keys(&later(&typed("\t"), Duration::from_millis(1011)));
    assert_eq!((&bed.next().await["text"]), "Strasse?");
    assert_eq!(bed.device.request(&Request::Identify).await.unwrap()["name"], "Maker Wedge");
}

#[tokio::test]
async fn a_marking_code_keeps_its_separators_where_the_scanner_types_them() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    // Water, of the operator's description of structures, 1.2.
    bed.keys.type_keys(&typed("]d20104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP\r"));
    let told = bed.next().await;
    assert_eq!(told["meaning"]["type"], "marking", "{told}");
    assert!(told["text"].as_str().unwrap().contains('\u{1d}'), "{told}");
}

#[tokio::test]
async fn a_persons_keys_are_no_code_and_the_test_says_whose_they_are() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    let slow = type_text("hello there\r", Speed::Person, GroupSeparator::Dropped).unwrap();
    let pressed = slow.iter().filter(|key| (key.kind, key.value) == (1, 1)).count() as u64;
    bed.keys.type_keys(&slow);
    bed.until("by_hand", pressed).await;
    assert!(bed.readings.try_recv().is_none());
    let test = bed.test().await;
    assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("keyboard")), "{test}");
    assert!(!test.to_string().contains("hello"), "{test}");
}

#[tokio::test]
async fn a_burst_without_enter_is_told_with_what_to_program() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    bed.keys.type_keys(&typed("4006381333931"));
    let told = bed.next().await;
    assert_eq!(told["code"], "unreadable");
    assert!(told["message"].as_str().unwrap().contains("type Enter"), "{told}");
    assert_eq!(bed.test().await["verdict"][0]["suspect"], "suffix");
    let mut bed = wedge(SCANNER, json!({"suffix": "none"})).await;
    bed.keys.type_keys(&typed("4006381333931"));
    assert_eq!(bed.next().await["text"], "4006381333931");
}

#[tokio::test]
async fn a_code_of_which_the_kernel_dropped_keys_is_told_in_no_part_and_a_shift_that_was_down_is_forgotten() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    let code = typed("ABCD\r");
    bed.keys.type_keys(&code[..6]);
    let at = Duration::from_millis(2);
    bed.keys.event(Event { kind: 0, code: 3, value: 0, at });
    bed.keys.event(Event { kind: 0, code: 0, value: 0, at });
    bed.keys.type_keys(&later(&typed("MNOPQ\r"), Duration::from_millis(10)));
    bed.keys.type_keys(&later(&typed("abcd\r"), Duration::from_secs(1)));
    assert_eq!(bed.next().await["code"], "unreadable");
    assert_eq!(bed.next().await["text"], "abcd");
}

#[tokio::test]
async fn a_prefix_that_does_not_come_shows_that_a_part_was_lost() {
    let mut bed = wedge(SCANNER, json!({"prefix": "~"})).await;
    bed.keys.type_keys(&typed("~40063813\r"));
    assert_eq!(bed.next().await["text"], "40063813");
    bed.keys.type_keys(&later(&typed("40063813\r"), Duration::from_secs(1)));
    let told = bed.next().await;
    assert!(told["message"].as_str().unwrap().contains("`prefix`"), "{told}");
}

#[tokio::test]
async fn a_bank_card_that_is_typed_is_masked_whichever_driver_reads_it() {
    for (kind, options) in
        [(SCANNER, Value::Null), (CARD_READER, Value::Null), (CARD_READER, json!({"lines": "track"}))]
    {
        let mut bed = wedge(kind, options.clone()).await;
        let text = match options.is_null() {
            true => format!("{TRACK_1}{TRACK_2}\r"),
            false => format!("{TRACK_1}\r{TRACK_2}\r"),
        };
        bed.keys.type_keys(&typed(&text));
        let told = bed.next().await;
        assert_eq!((&told["kind"], &told["masked"]), (&json!("bank"), &json!("411111******1111")), "{told}");
        assert!(!told.to_string().contains(NUMBER), "{told}");
        // Cut in the middle, and slow as a person.
        bed.keys.type_keys(&later(&typed(&TRACK_2[..30]), Duration::from_secs(5)));
        let told = bed.next().await;
        assert_eq!(told["code"], "unreadable");
        assert!(!told.to_string().contains("1111"), "{told}");
        let slow = type_text(&format!("{NUMBER}\r"), Speed::Person, GroupSeparator::Dropped).unwrap();
        bed.keys.type_keys(&later(&slow, Duration::from_secs(10)));
        bed.until("by_hand", 17).await;
        assert!(bed.readings.try_recv().is_none());
        let all = format!("{} {:?}", bed.test().await, bed.status.borrow());
        assert!(!all.contains(NUMBER), "{all}");
    }
}

#[tokio::test]
async fn a_wedge_that_is_unplugged_in_the_middle_of_a_code_says_so_and_goes_on_when_it_is_back() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    bed.keys.type_keys(&typed("400638"));
    bed.until("bytes", 6).await;
    bed.keys.unplug();
    let lost = bed.device.idle().await;
    assert!(lost.message.contains("unplugged"), "{lost}");
    let told = bed.readings.try_recv().map(|reading| serde_json::to_value(reading).unwrap()).unwrap();
    assert!(told["message"].as_str().unwrap().contains("link was lost"), "{told}");
    bed.keys.plug(node(0x0c2e, 0x0200, None, "event9"));
    bed.keys.obstruct("event9", Fault::KeyHeld);
    assert!(bed.device.connect().await.unwrap_err().message.contains("let its keys go"));
    bed.device.connect().await.unwrap();
    bed.keys.type_keys(&typed("4006381333931\r"));
    assert_eq!(bed.next().await["text"], "4006381333931");
    assert_eq!(bed.keys.grabbed(), ["/dev/input/event9"]);
}

#[tokio::test]
async fn a_flood_of_codes_is_read_code_by_code() {
    let mut bed = wedge(SCANNER, Value::Null).await;
    let codes: Vec<String> = (0..200).map(|number| format!("CODE{number:04}")).collect();
    for (number, code) in (0_u32..).zip(&codes) {
        let keys: Vec<keyboard::KeyEvent> = typed(&format!("{code}\r"));
        bed.keys.type_keys(&later(&keys, Duration::from_millis(10) * number));
    }
    for code in &codes {
        assert_eq!(bed.next().await["text"], *code);
    }
}

#[test]
fn each_way_has_its_own_options() {
    let fault = |kind: Kind, link: &str, options: Value| {
        let settings =
            Settings { id: "r".into(), model: None, link: link.into(), options, codes: Default::default() };
        let way = Reach::new(link, kind).unwrap().way;
        let error = match kind.driver {
            "scanner" => code_language(way, &settings).err(),
            _ => swipe_language(way, &settings).err(),
        };
        let error = error.unwrap();
        (error.key, error.message)
    };
    for (kind, link, options, key, hint) in [
        (SCANNER, "hid://0c2e:0b61", json!({"suffix": "cr"}), "options.suffix", "there are none"),
        (SCANNER, "evdev://0c2e:0200", json!({"suffix": "cr"}), "options.suffix", "enter"),
        (SCANNER, "evdev://0c2e:0200", json!({"silence_ms": 50}), "options.silence_ms", "gap_ms"),
        (SCANNER, "evdev://0c2e:0200", json!({"gap_ms": 2}), "options.gap_ms", "5 to 500"),
        (SCANNER, "evdev://0c2e:0200", json!({"min_characters": 0}), "options.min_characters", "1 to 64"),
        (CARD_READER, "hid://0801:0002", json!({"framing": "plain"}), "options.framing", "hash_key_file"),
        (
            CARD_READER,
            "evdev://0801:0001",
            json!({"hash_key_file": "/no/key"}),
            "options.hash_key_file",
            "/no/key",
        ),
    ] {
        let (found, message) = fault(kind, link, options);
        assert_eq!(found, key);
        assert!(message.contains(hint), "{message}");
    }
    let error = Reach::new("evdev://0801:0001", RFID_READER).err().unwrap();
    assert!(error.message.contains("serial:// or tcp://"), "{error}");
}
