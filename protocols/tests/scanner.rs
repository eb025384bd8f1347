//! Scanners on serial lines, in HID reports, and as keyboards.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::scanner::hid_pos::{self, ENABLE, HidPosError};
use outlet_protocols::scanner::line::{self, Event, Receiver};
use outlet_protocols::scanner::wedge::{self, WedgeEnd};
use outlet_protocols::scanner::{Data, KeyEvent, LineEnd, LineOptions, Wedge, WedgeOptions, keys};

fn code(text: &str) -> Event {
    Event::Line(Data(text.as_bytes().to_vec()))
}

fn with_end(end: LineEnd) -> Receiver {
    Receiver::new(LineOptions { end, ..LineOptions::default() })
}

#[test]
fn cr_lf_or_both_end_a_code() {
    let events = with_end(LineEnd::Any).received(b"one\rtwo\nthree\r\nfour\n\r");
    assert_eq!(events, [code("one"), code("two"), code("three"), code("four")]);
}

#[test]
fn one_configured_end_leaves_the_other_in_the_code() {
    assert_eq!(with_end(LineEnd::Cr).received(b"a\nb\r"), [code("a\nb")]);
    assert_eq!(with_end(LineEnd::Lf).received(b"a\rb\n"), [code("a\rb")]);
    assert_eq!(with_end(LineEnd::CrLf).received(b"a\rb\nc\r\n"), [code("a\rb\nc")]);
}

#[test]
fn separators_inside_a_code_are_kept() {
    let marking = "]d20104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP";
    assert_eq!(with_end(LineEnd::Any).received(format!("{marking}\r\n").as_bytes()), [code(marking)]);
}

#[test]
fn between_stx_and_etx_stands_a_code_and_outside_nothing() {
    let mut receiver = with_end(LineEnd::StxEtx);
    assert_eq!(receiver.received(b"noise\x02one\x03\r\n\x02t\rwo\x03"), [code("one"), code("t\rwo")]);
    assert_eq!(receiver.received(b"\x02cut\x02whole\x03"), [Event::Cut { bytes: 3 }, code("whole")]);
    assert!(receiver.received(b"\x02half").is_empty());
    assert_eq!(receiver.elapsed(), Some(Event::Cut { bytes: 4 }));
}

#[test]
fn silence_ends_a_code_where_the_caller_says_so() {
    let mut receiver = with_end(LineEnd::Silence);
    assert!(receiver.received(b"4006381333931\r").is_empty() && receiver.is_waiting());
    assert_eq!(receiver.elapsed(), Some(code("4006381333931\r")));
    assert!(receiver.elapsed().is_none() && !receiver.is_waiting());
}

#[test]
fn a_code_without_its_prefix_or_suffix_was_cut_and_is_not_taken() {
    let options = LineOptions { prefix: "<".into(), suffix: "\t".into(), ..LineOptions::default() };
    let mut receiver = Receiver::new(options);
    assert_eq!(receiver.received(b"<4006381333931\t\r"), [code("4006381333931")]);
    assert_eq!(
        receiver.received(b"381333931\t\r<4006381\r"),
        [Event::Cut { bytes: 10 }, Event::Cut { bytes: 8 }]
    );
}

#[test]
fn more_than_a_code_has_is_dropped_up_to_its_end_and_said_once() {
    let mut receiver = Receiver::new(LineOptions { most: 100, ..LineOptions::default() });
    let mut events = receiver.received(&[b'7'; 3000]);
    events.extend(receiver.received(b"\r4006381333931\r"));
    assert_eq!(events, [Event::TooLong { bytes: 3000 }, code("4006381333931")]);
}

#[test]
fn ten_thousand_codes_in_one_piece_are_ten_thousand_codes() {
    let flood: Vec<u8> = (0..10_000).flat_map(|number| format!("{number:013}\r").into_bytes()).collect();
    let events = with_end(LineEnd::Any).received(&flood);
    assert_eq!(events.len(), 10_000);
    assert_eq!(events[9_999], code("0000000009999"));
}

#[test]
fn a_card_number_in_a_line_is_masked_where_it_is_formatted() {
    let events = with_end(LineEnd::Any).received(b";4111111111111111=25121010000000000000?\r");
    assert_eq!(format!("{events:?}"), "[Line(\";411111******1111=********************?\")]");
    assert_eq!(events, [code(";4111111111111111=25121010000000000000?")]);
    let mut half = with_end(LineEnd::Any);
    half.received(b";4111111111");
    assert!(!format!("{half:?}").contains("4111"), "{half:?}");
}

#[test]
fn line_options_are_strict_and_have_defaults() {
    let options: LineOptions = toml::from_str("end = \"stx-etx\"\nprefix = \"\\u0002\"").unwrap();
    assert_eq!((options.end, options.prefix.as_str(), options.most), (LineEnd::StxEtx, "\u{2}", 4096));
    assert!(
        toml::from_str::<LineOptions>("prefx = \"\"")
            .unwrap_err()
            .to_string()
            .contains("unknown field `prefx`")
    );
}

/// A report as in Access-IS, LSR118 Product Manual, B.1, without the id: length, mark, 56 bytes, maker's
/// symbology, reserved, more.
fn report(mark: &str, data: &str, more: bool) -> Vec<u8> {
    let mut report = vec![data.len() as u8];
    report.extend(mark.as_bytes());
    report.extend(data.as_bytes());
    report.resize(60, 0);
    report.extend([0x73, 0, u8::from(more)]);
    assert_eq!(report.len(), 63);
    report
}

// The example of that manual: 60 bytes of a boarding pass in two reports, the second with 4 of them.
#[test]
fn a_code_in_two_reports_is_one_code() {
    let pass = "M1GATHERGOOD/MICHAEL YABCDEF LHRDURAK 3542 052Y003D23   100";
    let (first, second) = pass.split_at(56);
    for numbered in [false, true] {
        let mut receiver = hid_pos::Receiver::new(numbered);
        let with_id = |report: Vec<u8>| if numbered { [vec![2], report].concat() } else { report };
        assert_eq!(receiver.received(&with_id(report("]Q0", first, true))), None);
        assert!(receiver.is_waiting());
        let scan = receiver.received(&with_id(report("]Q0", second, false))).unwrap().unwrap();
        assert_eq!((scan.aim.as_text().as_str(), scan.data.0.as_slice()), ("]Q0", pass.as_bytes()));
    }
}

#[test]
fn a_report_of_a_maker_who_begins_one_byte_later_is_read_as_well() {
    let mut shifted = report("]E0", "4006381333931", false);
    shifted.insert(1, 0);
    shifted.remove(60);
    let scan = hid_pos::Receiver::new(false).received(&shifted).unwrap().unwrap();
    assert_eq!(scan.data.0, b"4006381333931");
}

#[test]
fn a_line_end_behind_the_data_is_the_scanners_and_is_cut_off() {
    for data in ["4006381333931\r", "4006381333931\r\n"] {
        let scan = hid_pos::Receiver::new(false).received(&report("]E0", data, false)).unwrap().unwrap();
        assert_eq!(scan.data.0, b"4006381333931");
    }
}

#[test]
fn reports_cut_short_or_of_another_kind_are_no_code() {
    let whole = report("]E0", "4006381333931", false);
    let mut receiver = hid_pos::Receiver::new(false);
    for length in 0..63 {
        assert_eq!(receiver.received(&whole[..length]), Some(Err(HidPosError::Short { bytes: length })));
    }
    assert_eq!(hid_pos::Receiver::new(true).received(&[vec![5], whole.clone()].concat()), None);
    let mut long = whole.clone();
    long[0] = 57;
    assert_eq!(receiver.received(&long), Some(Err(HidPosError::Length { bytes: 57 })));
    let mut unmarked = whole.clone();
    unmarked[1] = b' ';
    assert_eq!(receiver.received(&unmarked), Some(Err(HidPosError::NoSymbology)));
    assert!(receiver.received(&whole).unwrap().is_ok(), "the next one is read");
}

#[test]
fn a_code_whose_rest_never_comes_is_lost_alone() {
    let mut receiver = hid_pos::Receiver::new(false);
    let first = "A".repeat(56);
    assert_eq!(receiver.received(&report("]Q0", &first, true)), None);
    assert_eq!(receiver.received(&report("]E0", "4006381333931", false)), Some(Err(HidPosError::Incomplete)));
    assert_eq!(receiver.received(&report("]Q0", &first, true)), None);
    assert_eq!(receiver.elapsed(), Some(HidPosError::Incomplete));
    assert!(!receiver.is_waiting());
    let endless = (0..1_000).find_map(|_| receiver.received(&report("]Q0", &first, true)));
    assert!(matches!(endless, Some(Err(HidPosError::TooLong { .. }))), "{endless:?}");
}

// Honeywell and Youjie scanners, as in WebHidBarcodeScanner's `open`: feature report 254 with one byte 1.
#[test]
fn the_feature_report_that_some_scanners_need_is_fe_01() {
    assert_eq!(ENABLE, [0xFE, 0x01]);
}

const SHIFT: u16 = 42;
const CONTROL: u16 = 29;
const ALT: u16 = 56;
/// 0 to 9 of the number pad.
const PAD: [u16; 10] = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];

/// Keys with a pause of `every_ms` in front of each.
struct Typist {
    at_ms: u64,
    every_ms: u64,
    keys: Vec<KeyEvent>,
}

impl Typist {
    fn new(every_ms: u64) -> Self {
        Self { at_ms: 1_000, every_ms, keys: Vec::new() }
    }

    fn event(&mut self, code: u16, value: i32) {
        self.keys.push(KeyEvent { code, value, at_ms: self.at_ms });
    }

    fn press(mut self, code: u16) -> Self {
        self.at_ms += self.every_ms;
        self.event(code, 1);
        self.event(code, 0);
        self
    }

    fn held(mut self, modifier: u16, press: &[u16]) -> Self {
        self.at_ms += self.every_ms;
        self.event(modifier, 1);
        let mut typist = press.iter().fold(self, |typist, code| typist.press(*code));
        typist.event(modifier, 0);
        typist
    }

    fn text(self, text: &str) -> Self {
        text.bytes().fold(self, |typist, byte| {
            let of = |shift| (0..128).find(|code| keys::character(*code, shift) == Some(byte));
            match (of(false), of(true)) {
                (Some(code), _) => typist.press(code),
                (None, Some(code)) => typist.held(SHIFT, &[code]),
                (None, None) => panic!("{byte} is on no key"),
            }
        })
    }

    fn enter(self) -> Self {
        self.press(keys::ENTER)
    }

    fn into(self, wedge: &mut Wedge) -> Vec<wedge::Event> {
        self.keys.into_iter().flat_map(|key| wedge.key(key)).collect()
    }
}

fn scan(text: &str) -> wedge::Event {
    wedge::Event::Scan(Data(text.as_bytes().to_vec()))
}

fn type_all(typist: Typist) -> Vec<wedge::Event> {
    typist.into(&mut Wedge::new(WedgeOptions::default()))
}

// linux/input-event-codes.h: KEY_4 is 5, KEY_0 11, KEY_ENTER 28, KEY_B 48, KEY_LEFTSHIFT 42.
#[test]
fn a_burst_that_ends_with_enter_is_a_code() {
    let burst = [5, 11, 11, 7].into_iter().fold(Typist::new(5), Typist::press).enter();
    assert_eq!(type_all(burst), [scan("4006")]);
    let card = Typist::new(5).held(SHIFT, &[6]).held(SHIFT, &[48]).press(5).press(2).enter();
    assert_eq!(type_all(card), [scan("%B41")]);
    assert_eq!(
        type_all(Typist::new(5).text("]E04006381333931").press(keys::TAB)),
        [scan("]E04006381333931")]
    );
}

#[test]
fn every_character_of_a_track_and_of_a_marking_code_is_on_a_key() {
    let text = "%B4111^IVANOVA/ANNA^2512?;4111=2512?!\"%&'()*+,-./:;<=>?_abcXYZ@#$[]{}|~`\\";
    assert_eq!(type_all(Typist::new(3).text(text).enter()), [scan(text)]);
}

#[test]
fn slow_keys_are_a_person_and_are_given_back_as_they_came() {
    let typist = Typist::new(180).text("4006").enter();
    let typed = typist.keys.clone();
    let mut wedge = Wedge::new(WedgeOptions::default());
    let mut events = typist.into(&mut wedge);
    events.extend(wedge.elapsed(60_000));
    let mut passed = Vec::new();
    for event in events {
        let wedge::Event::Person(keys) = event else { panic!("{event:?}") };
        passed.extend(keys);
    }
    assert_eq!(passed, typed);
    assert!(!wedge.is_waiting());
}

#[test]
fn a_code_right_after_a_persons_key_is_a_code_without_it() {
    let mut wedge = Wedge::new(WedgeOptions::default());
    let person = Typist::new(100).text("a").into(&mut wedge);
    assert!(person.is_empty());
    let mut scanner = Typist::new(4).text("4006381333931").enter();
    scanner.keys.iter_mut().for_each(|key| key.at_ms += 500);
    let events = scanner.into(&mut wedge);
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(matches!(&events[0], wedge::Event::Person(keys) if keys.len() == 2), "{events:?}");
    assert_eq!(events[1], scan("4006381333931"));
}

#[test]
fn enter_alone_and_a_few_quick_keys_are_a_persons() {
    for typist in [Typist::new(5).enter(), Typist::new(5).text("12").enter()] {
        let events = type_all(typist);
        assert!(!events.is_empty() && events.iter().all(|event| matches!(event, wedge::Event::Person(_))));
    }
}

#[test]
fn a_burst_without_enter_is_no_code_unless_silence_ends_it() {
    let burst = || Typist::new(5).text("4006381333931");
    let mut wedge = Wedge::new(WedgeOptions::default());
    assert!(burst().into(&mut wedge).is_empty());
    assert!(wedge.elapsed(1_060).is_none(), "the gap is not over");
    assert!(matches!(wedge.elapsed(5_000), Some(wedge::Event::Person(_))));
    let mut wedge = Wedge::new(WedgeOptions { end: WedgeEnd::Silence, ..WedgeOptions::default() });
    assert!(burst().into(&mut wedge).is_empty());
    assert_eq!(wedge.elapsed(5_000), Some(scan("4006381333931")));
}

#[test]
fn gs_comes_as_control_and_bracket_or_as_alt_and_its_number() {
    let bracket = 27;
    let by_control = Typist::new(5).text("93zFAP").held(CONTROL, &[bracket]).text("x").enter();
    let by_alt = Typist::new(5).text("93zFAP").held(ALT, &[PAD[0], PAD[2], PAD[9]]).text("x").enter();
    for typist in [by_control, by_alt] {
        assert_eq!(type_all(typist), [scan("93zFAP\u{1d}x")]);
    }
}

#[test]
fn a_key_that_is_held_repeats_nothing() {
    let mut typist = Typist::new(5).text("400");
    typist.event(7, 1);
    typist.event(7, 2);
    typist.event(7, 2);
    typist.event(7, 0);
    assert_eq!(type_all(typist.enter()), [scan("4006")]);
}

#[test]
fn a_burst_longer_than_any_code_is_dropped_and_said_once() {
    let mut wedge = Wedge::new(WedgeOptions { most: 50, ..WedgeOptions::default() });
    let events =
        Typist::new(2).text(&"7".repeat(3_000)).enter().text("4006381333931").enter().into(&mut wedge);
    assert_eq!(events, [wedge::Event::TooLong { characters: 3_000 }, scan("4006381333931")]);
}

#[test]
fn neither_cards_nor_a_persons_keys_are_formatted() {
    let events = type_all(Typist::new(5).text(";4111111111111111=2512101?").enter());
    assert_eq!(format!("{events:?}"), "[Scan(\";411111******1111=*******?\")]");
    let events = type_all(Typist::new(5).text("no").enter());
    assert_eq!(format!("{events:?}"), "[Person(5 key events), Person(1 key events)]");
}

#[test]
fn wedge_options_are_strict_and_have_defaults() {
    let options: WedgeOptions = toml::from_str("gap_ms = 90\nend = \"tab\"").unwrap();
    assert_eq!((options.gap_ms, options.end, options.least), (90, WedgeEnd::Tab, 4));
    assert!(toml::from_str::<WedgeOptions>("gap = 1").is_err());
    let schema = serde_json::to_string(&schemars::schema_for!(WedgeOptions)).unwrap();
    assert!(schema.contains("gap_ms"));
    let _: line::LineOptions = LineOptions::default();
}
