//! HID scales, indicators on Modbus, and the registers of relays and thermometers.

#![allow(clippy::unwrap_used)]

use core::time::Duration;

use outlet_protocols::modbus::relay::{Function, RelayProfile, RelayWrite};
use outlet_protocols::modbus::sensor::{Measure, SensorProfile};
use outlet_protocols::modbus::{Area, Block, Encoding, Numbering, Span, ValueError, WordOrder, spans};
use outlet_protocols::scale::hid::{self, HidError, report};
use outlet_protocols::scale::indicator::{IndicatorOptions, IndicatorProfile, RegisterWrite};
use outlet_protocols::scale::{Ask, Failure, Kind, NotForSale, Reading};
use rust_decimal::Decimal;

const NUMBERED: hid::Numbering = hid::Numbering::Numbered(hid::DATA_REPORT);

fn shown(reading: &Reading) -> String {
    reading.weight.map_or_else(|| "no weight".into(), |weight| weight.to_string())
}

#[test]
fn a_hid_report_is_read_with_and_without_its_number() {
    // The facts sheet: .. 0B FF 34 19 is 645.2 oz.
    let numbered = report(&[3, 4, 0x0b, 0xff, 0x34, 0x19], NUMBERED).unwrap();
    assert_eq!((shown(&numbered).as_str(), numbered.stable), ("645.2 oz", true));
    let plain = report(&[4, 0x0b, 0xff, 0x34, 0x19], hid::Numbering::Plain).unwrap();
    assert_eq!(shown(&plain), "645.2 oz");
    assert_eq!(shown(&report(&[3, 4, 3, 0xfd, 0x0e, 0x06], NUMBERED).unwrap()), "1.550 kg");
    assert_eq!(shown(&report(&[3, 4, 2, 0, 0x0e, 0x06, 0, 0], NUMBERED).unwrap()), "1550 g");
    assert_eq!(shown(&report(&[3, 4, 2, 1, 0x9b, 0], NUMBERED).unwrap()), "1550 g");
}

#[test]
fn each_status_of_a_hid_scale_has_its_meaning() {
    let read = |status| report(&[3, status, 2, 0, 0x0e, 0x06], NUMBERED).unwrap();
    assert!(read(2).zero);
    assert_eq!(read(3).for_sale(), Err(NotForSale::InMotion));
    assert_eq!(read(5).for_sale(), Err(NotForSale::Underload));
    assert_eq!(read(6).for_sale(), Err(NotForSale::Overload));
    for fault in [1, 7, 8] {
        assert!(matches!(read(fault).for_sale(), Err(NotForSale::Fault(_))));
        assert_eq!(read(fault).weight, None);
    }
    assert_eq!(report(&[3, 9, 2, 0, 0, 0], NUMBERED), Err(HidError::Status(9)));
    assert!(report(&[3, 4, 6, 0, 1, 0], NUMBERED).unwrap().fault.is_some(), "grains are not weighed here");
}

#[test]
fn a_hid_report_cut_short_or_of_another_number_is_no_weight() {
    let whole = [3, 4, 0x0b, 0xff, 0x34, 0x19];
    for cut in 0..6 {
        let error = report(&whole[..cut], NUMBERED).unwrap_err();
        assert_eq!(error, HidError::Short { length: cut, needed: 6 });
    }
    assert_eq!(report(&[4, 1], NUMBERED), Err(HidError::OtherReport { heard: 4, expected: 3 }));
    assert_eq!(report(&[3, 4, 2, 0, 1, 0, 7], NUMBERED), Err(HidError::Long { length: 7 }));
    assert_eq!(report(&[3, 4, 2, 100, 1, 0], NUMBERED), Err(HidError::Power(100)));
}

fn decode(encoding: Encoding, registers: &[u16], order: WordOrder, places: u32) -> String {
    encoding
        .decode(registers, order, places)
        .map_or_else(|error| error.to_string(), |value| value.to_string())
}

#[test]
fn registers_are_decoded_in_every_encoding_and_both_orders() {
    use WordOrder::{HighFirst, LowFirst};
    assert_eq!(decode(Encoding::U16, &[0xff33], HighFirst, 1), "6533.1");
    // XY-MD02 document: FF33 is -20.5, 0131 is 30.5.
    assert_eq!(decode(Encoding::I16, &[0xff33], HighFirst, 1), "-20.5");
    assert_eq!(decode(Encoding::I16, &[0x0131], HighFirst, 1), "30.5");
    // Dini Argeo DGT1S: 350000 is 0005 5730; Líder LD2051, low word first: 500 is 01F4 0000, 0.5 is 0000 3F00.
    assert_eq!(decode(Encoding::U32, &[0x0005, 0x5730], HighFirst, 0), "350000");
    assert_eq!(decode(Encoding::I32, &[0x01f4, 0x0000], LowFirst, 0), "500");
    assert_eq!(decode(Encoding::F32, &[0x0000, 0x3f00], LowFirst, 3), "0.500");
    assert_eq!(decode(Encoding::I32, &[0xffff, 0xfffb], HighFirst, 3), "-0.005");
    // IEEE 754: 1.55 is 3FC66666.
    assert_eq!(decode(Encoding::F32, &[0x3fc6, 0x6666], HighFirst, 3), "1.550");
    assert_eq!(decode(Encoding::Bcd16, &[0x1550], HighFirst, 3), "1.550");
    assert_eq!(decode(Encoding::Bcd32, &[0x0001, 0x2345], HighFirst, 2), "123.45");
    // KinCony's SHT30: 250 is 25.0, 10250 is -25.0.
    assert_eq!(decode(Encoding::Above10000Negative, &[250], HighFirst, 1), "25.0");
    assert_eq!(decode(Encoding::Above10000Negative, &[10_250], HighFirst, 1), "-25.0");
}

#[test]
fn registers_that_hold_no_number_are_errors() {
    let order = WordOrder::HighFirst;
    assert_eq!(Encoding::Bcd16.decode(&[0x15a0], order, 0), Err(ValueError::Digit(10)));
    assert_eq!(Encoding::F32.decode(&[0x7fc0, 0], order, 0), Err(ValueError::NotFinite));
    assert_eq!(Encoding::F32.decode(&[0x7f80, 0], order, 0), Err(ValueError::NotFinite));
    // 2.4e9 x 2^63: with 18 places it has more digits than a number keeps.
    assert_eq!(Encoding::F32.decode(&[0x6e01, 0], order, 18), Err(ValueError::TooLarge(18)));
    assert_eq!(Encoding::U32.decode(&[1], order, 0), Err(ValueError::Missing));
    assert_eq!(Encoding::U16.decode(&[], order, 0), Err(ValueError::Missing));
    assert_eq!(Encoding::U16.decode(&[1], order, 60), Err(ValueError::Places(60)));
}

#[test]
fn numbers_of_documents_become_addresses_of_the_wire() {
    assert_eq!(Numbering::Reference.address(Area::Holding, 40_001), Ok(0));
    assert_eq!(Numbering::Reference.address(Area::Input, 30_005), Ok(4));
    assert_eq!(Numbering::FromOne.address(Area::Input, 81), Ok(80));
    assert_eq!(Numbering::FromZero.address(Area::Input, 0), Ok(0));
    assert!(Numbering::Reference.address(Area::Holding, 30_001).is_err(), "an input register");
    assert!(Numbering::Reference.address(Area::Input, 40_001).is_err(), "a holding register");
    assert!(Numbering::FromOne.address(Area::Holding, 0).is_err());
}

#[test]
fn neighbours_are_read_at_once_and_others_apart() {
    let span = |address, count| Span { area: Area::Input, address, count };
    assert_eq!(spans(Area::Input, &[(2, 2), (0, 2), (4, 1)], 0), [span(0, 5)]);
    assert_eq!(spans(Area::Input, &[(0, 2), (4, 1)], 0), [span(0, 2), span(4, 1)]);
    assert_eq!(spans(Area::Input, &[(0, 2), (4, 1)], 2), [span(0, 5)]);
    assert_eq!(spans(Area::Input, &[(0, 100), (100, 100)], 0), [span(0, 100), span(100, 100)], "125 at most");
}

fn indicator(id: &str, decimals: u32) -> IndicatorProfile {
    let options = IndicatorOptions { decimals: Some(decimals), ..IndicatorOptions::default() };
    let found = IndicatorProfile::built_in().into_iter().find(|profile| profile.id == id);
    found.unwrap().with(&options).unwrap()
}

#[test]
fn every_profile_that_comes_along_is_read_and_is_named_like_its_file() {
    let ids = |folder: &str| -> Vec<String> {
        let folder = format!("{}/src/{folder}/profiles", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let indicators = IndicatorProfile::built_in().into_iter().map(|profile| profile.id).collect();
    assert_eq!(sorted(indicators), ids("scale"));
    let relays = RelayProfile::built_in().into_iter().map(|profile| profile.id);
    let sensors = SensorProfile::built_in().into_iter().map(|profile| profile.id);
    assert_eq!(sorted(relays.chain(sensors).collect()), ids("modbus"));
}

#[test]
fn an_indicator_without_decimals_asks_for_them() {
    let profile =
        IndicatorProfile::built_in().into_iter().find(|profile| profile.id == "cas-ci-600d").unwrap();
    assert_eq!(profile.with(&IndicatorOptions::default()).unwrap_err().field, "decimals");
}

#[test]
fn ci_600d_weights_are_two_registers_and_never_at_rest() {
    let profile = indicator("cas-ci-600d", 2);
    assert_eq!(profile.spans(), [Span { area: Area::Holding, address: 7, count: 4 }]);
    let read = |registers: &[u16]| profile.reading(&[Block { address: 7, registers }]).unwrap();
    let gross = read(&[0, 1350, 0, 1350]);
    assert_eq!((shown(&gross), gross.kind), ("13.50 kg".into(), Some(Kind::Gross)));
    assert_eq!(gross.for_sale(), Err(NotForSale::InMotion), "no register says that it rests");
    let net = read(&[0, 1350, 0xffff, 0xfff6]);
    assert_eq!((shown(&net), net.kind), ("-0.10 kg".into(), Some(Kind::Net)));
    assert_eq!(net.raw, [0, 0, 5, 0x46, 0xff, 0xff, 0xff, 0xf6]);
}

#[test]
fn id551_status_bits_are_read() {
    let profile = indicator("tuna-id551", 3);
    assert_eq!(profile.spans(), [Span { area: Area::Holding, address: 0, count: 5 }]);
    let read = |status| {
        let registers = [0x3fc6, 0x6666, 0x3fc6, 0x6666, status];
        profile.reading(&[Block { address: 0, registers: &registers }]).unwrap()
    };
    let good = read(0x8000);
    assert_eq!((shown(&good), good.stable, good.kind), ("1.550 kg".into(), true, Some(Kind::Gross)));
    assert_eq!(read(0x8800).kind, Some(Kind::Net));
    assert_eq!(read(0x9000).for_sale(), Err(NotForSale::InMotion));
    assert_eq!(read(0x8400).for_sale(), Err(NotForSale::Overload));
    assert_eq!(read(0x8200).for_sale(), Err(NotForSale::Underload));
    assert_eq!(read(0x8400).weight, None);
    assert!(matches!(read(0x0000).for_sale(), Err(NotForSale::Fault(_))), "the data are not valid");
    let writes = profile.writes(&Ask::Zero, &[]).unwrap();
    let write = |value| RegisterWrite { address: 5, registers: vec![value] };
    assert_eq!(writes, [write(0), write(0x0800)], "a command is a bit that rises");
}

#[test]
fn dini_argeo_signs_are_in_the_status() {
    let profile = indicator("dini-argeo-dgt1s", 3);
    assert_eq!(profile.spans(), [Span { area: Area::Holding, address: 100, count: 7 }]);
    let read = |status| {
        let registers = [0, 6000, 0, 1000, 0, 5000, status];
        profile.reading(&[Block { address: 100, registers: &registers }]).unwrap()
    };
    assert_eq!((shown(&read(0x04)), read(0x04).kind), ("6.000 kg".into(), Some(Kind::Gross)));
    assert_eq!((shown(&read(0x24)), read(0x24).kind), ("1.000 kg".into(), Some(Kind::Net)));
    assert_eq!(shown(&read(0x26)), "1.000 kg", "the sign of the gross weight");
    assert_eq!(shown(&read(0x25)), "-1.000 kg");
    assert_eq!(read(0x24).tare.unwrap().to_string(), "5.000 kg");
    assert_eq!(read(0x20).for_sale(), Err(NotForSale::InMotion));
    assert_eq!(read(0x14).for_sale(), Err(NotForSale::Overload));
    assert_eq!(read(0x0c).for_sale(), Err(NotForSale::Underload));
    assert!(read(0x84).zero);
}

#[test]
fn dini_argeo_commands_follow_no_command() {
    // DGT1S quick start guide: preset tare of 1000 is 40001 = 0003, 40002 = 0000 03E8; "no command" comes before.
    let write = |address, registers: &[u16]| RegisterWrite { address, registers: registers.to_vec() };
    for id in ["dini-argeo-dgt1s", "dini-argeo-dgt4x"] {
        let profile = indicator(id, 0);
        assert_eq!(profile.writes(&Ask::Zero, &[]).unwrap(), [write(0, &[0]), write(0, &[1])]);
        assert_eq!(profile.writes(&Ask::Tare, &[]).unwrap(), [write(0, &[0]), write(0, &[2])]);
        let preset = profile.writes(&Ask::PresetTare(Decimal::from(1000)), &[]).unwrap();
        assert_eq!(preset, [write(1, &[0, 0x03e8]), write(0, &[0]), write(0, &[3])]);
        let fine = profile.writes(&Ask::PresetTare(Decimal::new(1, 1)), &[]);
        assert!(matches!(fine, Err(Failure::Refused(_))), "it counts kilograms");
    }
    let weights_only = indicator("cas-ci-600d", 2).writes(&Ask::Zero, &[]);
    assert!(matches!(weights_only, Err(Failure::Unsupported { .. })));
}

#[test]
fn decimals_may_be_in_a_register() {
    let text = r#"
        id = "own"
        source = "the indicator's manual"
        unit_id = 1
        area = "input"
        numbering = "from-one"
        unit = "kg"
        decimals_at = { register = 10, encoding = "u16" }
        display = { register = 11, encoding = "i32" }
    "#;
    let profile = IndicatorProfile::from_toml(text).unwrap();
    let read = |registers: &[u16]| profile.reading(&[Block { address: 9, registers }]);
    assert_eq!(shown(&read(&[2, 0, 3500]).unwrap()), "35.00 kg");
    assert_eq!(read(&[9, 0, 3500]).unwrap_err().what, "decimals");
    assert_eq!(read(&[2, 0]).unwrap_err().source, ValueError::Missing);
}

#[test]
fn a_profile_that_cannot_be_right_names_the_field() {
    let good = "id = \"x\"\nsource = \"manual\"\nunit_id = 1\narea = \"holding\"\nnumbering = \"reference\"\nunit = \"kg\"\ndecimals = 3\n";
    let field = |more: &str| IndicatorProfile::from_toml(&format!("{good}{more}")).unwrap_err().to_string();
    assert!(field("").starts_with("gross:"));
    assert!(field("gross = { register = 30001, encoding = \"i32\" }").starts_with("gross.register:"));
    let gross = "gross = { register = 40001, encoding = \"i32\" }\n";
    assert!(field(&format!("{gross}[status]\nregister = 40003\nmotion = 16")).starts_with("status:"));
    assert!(field(&format!("{gross}colour = 1")).contains("colour"));
    assert!(IndicatorProfile::from_toml(&format!("{good}{gross}")).is_ok());
}

#[test]
fn relays_are_switched_as_their_documents_show() {
    let board = |id: &str| RelayProfile::built_in().into_iter().find(|board| board.id == id).unwrap();
    let write = |function, address, value| Some(RelayWrite { function, address, value });
    let waveshare = board("waveshare-modbus-rtu-relay");
    // The facts sheet: 01 05 00 00 FF 00; Waveshare wiki: 01 05 02 00 00 07 switches relay 1 on for 700 ms.
    assert_eq!(waveshare.switch(1, true), write(Function::Coil, 0, 0xff00));
    assert_eq!(waveshare.switch(8, false), write(Function::Coil, 7, 0));
    assert_eq!(waveshare.pulse(1, Duration::from_millis(700)), write(Function::Coil, 0x0200, 7));
    assert_eq!(waveshare.pulse(3, Duration::from_millis(701)), write(Function::Coil, 0x0202, 8));
    assert_eq!((waveshare.switch(0, true), waveshare.switch(9, true)), (None, None));
    assert_eq!(waveshare.pulse(1, Duration::ZERO), None);
    assert_eq!(waveshare.pulse(1, Duration::from_secs(3600)), None, "longer than it can count");
    assert_eq!(board("lctech-relay").pulse(1, Duration::from_secs(1)), None, "it has no such command");
    assert_eq!(board("register-relay").switch(2, true), write(Function::Register, 1, 1));
}

#[test]
fn thermometers_tell_values_that_can_be_and_no_others() {
    let sensor = |id: &str| SensorProfile::built_in().into_iter().find(|sensor| sensor.id == id).unwrap();
    let read = |id: &str, address, registers: &[u16]| -> Vec<Option<String>> {
        let measured = sensor(id).measured(&[Block { address, registers }]).unwrap();
        measured.into_iter().map(|measured| measured.value.map(|value| value.to_string())).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(read("xy-md02", 1, &[0xff33, 0x0222]), [some("-20.5"), some("54.6")]);
    assert_eq!(read("sht30-logger", 0, &[10_180, 500]), [some("-18.0"), some("50.0")]);
    assert_eq!(read("xy-md02", 1, &[0x7fff, 0xffff]), [None, None], "a sensor that is not connected");
    let spans = sensor("siemens-qfa3150").spans();
    assert_eq!(spans.iter().map(|span| (span.address, span.count)).collect::<Vec<_>>(), [(0, 1), (2, 1)]);
    assert_eq!(sensor("xy-md02").values[0].measures, Measure::Temperature);
    assert!(sensor("xy-md02").measured(&[]).is_err());
}

#[test]
fn values_of_one_sensor_have_names_of_their_own() {
    let two = |second: &str| {
        let value = |name: &str| {
            format!(
                "[[values]]\n{name}\nmeasures = \"temperature\"\nat = {{ register = 0, encoding = \"i16\" }}\n\
                 decimals = 1\nlowest = \"-40\"\nhighest = \"125\"\n"
            )
        };
        let head = "id = \"two\"\nsource = \"its manual\"\nunit_id = 1\narea = \"input\"\n";
        SensorProfile::from_toml(&format!("{head}{}{}", value(""), value(second)))
    };
    let profile = two("name = \"freezer\"").unwrap();
    assert_eq!(
        profile.values.iter().map(|value| value.name()).collect::<Vec<_>>(),
        ["temperature", "freezer"]
    );
    for wrong in ["", "name = \"temperature\"", "name = \"Freezer\"", "name = \"\""] {
        assert_eq!(two(wrong).unwrap_err().field, "values.name", "{wrong}");
    }
}
