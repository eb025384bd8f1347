//! Customer displays: documents, frames and bytes.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use outlet_protocols::codepage::Page;
use outlet_protocols::display::model::DisplayModelError;
use outlet_protocols::display::{DisplayDocument, DisplayModel, Encoder, Frame, Layout, Report};
use proptest::prelude::*;
use serde_json::{Value, json};

fn model(id: &str) -> &'static DisplayModel {
    DisplayModel::find(id).unwrap()
}

fn document(value: &Value) -> DisplayDocument {
    DisplayDocument::parse(value).unwrap()
}

fn laid(value: &Value, page: Page) -> (Layout, Report) {
    Layout::new(&document(value), model("epson-dm-d110"), page).unwrap()
}

/// A frame as people see it.
fn seen(frame: &Frame, page: Page) -> Vec<String> {
    let row = |row: &Vec<u8>| row.iter().map(|byte| page.decode(*byte).unwrap()).collect();
    frame.rows.iter().map(row).collect()
}

fn refused(value: &Value) -> String {
    DisplayDocument::parse(value).expect_err("should be refused").to_string()
}

// Partner Tech, CD5220 manual, table 6-1: ESC Q A [n]x20 CR, ESC Q B [n]x20 CR.
#[test]
fn a_cd5220_gets_both_lines_as_strings_of_twenty() {
    let encoder = Encoder::new(model("partner-cd5220"), None).unwrap();
    let (layout, _) = Layout::new(
        &document(&json!({"lines": ["Coffee\t250.00", "Total"]})),
        model("partner-cd5220"),
        encoder.page(),
    )
    .unwrap();
    assert_eq!(
        encoder.show(&layout.frame_at(0)),
        b"\x1bQACoffee        250.00\x0d\x1bQBTotal               \x0d"
    );
}

// P07303 manual, 7.2: in string mode only CLR is taken.
#[test]
fn a_cd5220_is_cleared_before_any_command_that_is_no_string() {
    let encoder = Encoder::new(model("partner-cd5220"), Some(Page::Cp866)).unwrap();
    let init = encoder.init();
    assert_eq!(&init[..3], [0x0C, 0x1B, 0x40]);
    assert!(init.windows(3).any(|bytes| bytes == [0x1B, 0x63, 0x52]), "the Russian font: {init:x?}");
    assert_eq!(encoder.clear(), [0x0C]);
    assert_eq!(encoder.brightness(4), [0x0C, 0x1B, 0x2A, 4]);
    assert_eq!(encoder.brightness(0), [0x0C, 0x1B, 0x2A, 1]);
}

// The sheet: 1F 24 x y, 1F 58 n, 1B 74 n, 1B 3D 2; Epson, DM-D110 Specification, section 5.
#[test]
fn a_display_behind_a_printer_is_chosen_before_and_left_after() {
    let encoder = Encoder::new(model("epson-dm-d110"), Some(Page::Cp866)).unwrap();
    let (layout, report) = laid(&json!({"lines": ["Итого", "1 250.00"]}), Page::Cp866);
    assert_eq!(report, Report::default());
    let mut wanted = b"\x1b=\x02\x1f$\x01\x01".to_vec();
    wanted.extend([0x88, 0xE2, 0xAE, 0xA3, 0xAE]);
    wanted.extend(b"               \x1f$\x01\x021 250.00            \x1b=\x01");
    assert_eq!(encoder.show(&layout.frame_at(0)), wanted);
    assert_eq!(encoder.brightness(2), b"\x1b=\x02\x1fX\x02\x1b=\x01");
    let init = encoder.init();
    assert!(init.starts_with(b"\x1b=\x02\x1b@") && init.ends_with(b"\x1b=\x01"));
    assert!(init.windows(3).any(|bytes| bytes == [0x1B, 0x74, 17]));
}

#[test]
fn a_display_with_its_own_line_gets_the_same_commands_without_a_choice() {
    let encoder = Encoder::new(model("escpos-2x20"), None).unwrap();
    assert_eq!(encoder.clear(), [0x0C]);
    let (layout, _) = laid(&json!({"lines": ["A"]}), Page::Cp437);
    assert!(encoder.show(&layout.frame_at(0)).starts_with(b"\x1f$\x01\x01A "));
}

#[test]
fn every_frame_is_padded_to_the_columns_and_rows() {
    for lines in [json!([""]), json!(["a"]), json!(["a", "b"]), json!(["x".repeat(60), "\ty"])] {
        for overflow in ["cut", "scroll"] {
            let (layout, _) = laid(&json!({"lines": lines, "overflow": overflow}), Page::Cp437);
            for step in [0, 1, 7, 63, 64, 65, u64::MAX] {
                let frame = layout.frame_at(step);
                assert_eq!(frame.rows.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20]);
            }
        }
    }
}

#[test]
fn lines_stand_left_right_or_in_the_middle() {
    for (align, row) in [
        ("left", "Total               "),
        ("center", "       Total        "),
        ("right", "               Total"),
    ] {
        let (layout, _) = laid(&json!({"lines": ["Total"], "align": align}), Page::Cp437);
        assert_eq!(seen(&layout.frame_at(0), Page::Cp437)[0], row);
    }
}

#[test]
fn a_long_line_is_cut_and_said_so_and_its_price_stays() {
    let lines = json!({"lines": ["Капучино большой с сиропом\t350.00", "Чизкейк классический Нью-Йорк"]});
    let (layout, report) = laid(&lines, Page::Cp866);
    assert_eq!(seen(&layout.frame_at(3), Page::Cp866), ["Капучино боль 350.00", "Чизкейк классический"]);
    assert_eq!((report.cut, layout.moves()), (vec![0, 1], false));
}

#[test]
fn a_long_line_scrolls_round_and_round_beside_its_price() {
    let (layout, report) =
        laid(&json!({"lines": ["Cappuccino large\t350.00", "Hi"], "overflow": "scroll"}), Page::Cp437);
    assert!(layout.moves() && report.cut.is_empty());
    let first = |step| seen(&layout.frame_at(step), Page::Cp437)[0].clone();
    assert_eq!(first(0), "Cappuccino la 350.00");
    assert_eq!(first(1), "appuccino lar 350.00");
    assert_eq!(first(12), "arge    Cappu 350.00");
    // 16 letters and a gap of 4.
    assert_eq!(first(20), first(0));
    assert_eq!(seen(&layout.frame_at(5), Page::Cp437)[1], "Hi                  ");
}

#[test]
fn what_the_page_lacks_is_replaced_and_reported() {
    let (layout, report) = laid(&json!({"lines": ["Чай € — «5» 茶茶"]}), Page::Cp866);
    assert_eq!(seen(&layout.frame_at(0), Page::Cp866)[0], "Чай EUR - \"5\" ??    ");
    assert_eq!(report.replaced, ['茶']);
    let (_, report) = laid(&json!({"lines": ["Чай"]}), Page::Cp437);
    assert_eq!(report.replaced, ['Ч', 'а', 'й']);
}

#[test]
fn a_document_is_strict_and_its_errors_name_the_field() {
    assert_eq!(
        refused(&json!({"lines": ["a"], "scroll": true})).split(',').next().unwrap(),
        "scroll: unknown field `scroll`"
    );
    assert!(refused(&json!({"lines": ["a", 5]})).starts_with("lines[1]: invalid type: integer `5`"));
    assert!(
        refused(&json!({"lines": ["a"], "align": "middle"})).starts_with("align: unknown variant `middle`")
    );
    assert_eq!(refused(&json!({"lines": []})), "lines: 0 lines; 1 to 8 are allowed");
    assert_eq!(refused(&json!({"lines": ["a"], "brightness": 5})), "brightness: must be 1 to 4");
    assert_eq!(
        refused(&json!({"lines": ["ok", "a\u{1b}"]})),
        "lines[1]: has '\\u{1b}'; of control characters only a tab is allowed"
    );
    assert_eq!(
        refused(&json!({"lines": ["a\tb\tc"]})),
        "lines[0]: has several tabs; one parts the line into left and right"
    );
    assert!(refused(&json!({"lines": ["a".repeat(600)]})).starts_with("lines[0]: 600 characters"));
    assert!(refused(&json!({})).contains("missing field `lines`"));
    assert!(refused(&json!("text")).contains("invalid type"));
    let schema = serde_json::to_string(&schemars::schema_for!(DisplayDocument)).unwrap();
    assert!(schema.contains("\"additionalProperties\":false"), "{schema}");
}

#[test]
fn what_a_model_cannot_do_is_refused() {
    let three = document(&json!({"lines": ["a", "b", "c"]}));
    let error = Layout::new(&three, model("cd5220"), Page::Cp437).unwrap_err();
    assert_eq!(error.to_string(), "lines: 3 lines; display of the CD5220 command set has 2");
    let error = Encoder::new(model("bematech-ldx1000"), Some(Page::Cp866)).unwrap_err();
    assert_eq!(error.to_string(), "page: LDX1000 doesn't have cp866; it has cp437");
    let dim = DisplayModel { brightness: false, ..model("cd5220").clone() };
    let error =
        Layout::new(&document(&json!({"lines": ["a"], "brightness": 2})), &dim, Page::Cp437).unwrap_err();
    assert!(error.to_string().starts_with("brightness: "), "{error}");
}

#[test]
fn every_model_file_is_a_model_named_like_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/display/models");
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let model = DisplayModel::from_toml(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(Some(model.id.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        assert!(Encoder::new(&model, None).is_ok());
        files.insert(model.id);
    }
    let known: BTreeSet<String> = DisplayModel::all().iter().map(|model| model.id.clone()).collect();
    assert_eq!(files, known);
    assert!(DisplayModel::all().iter().filter(|model| model.pages.contains_key(&Page::Cp866)).count() >= 4);
}

#[test]
fn a_wrong_model_names_the_key() {
    let good = "id = \"x\"\nname = \"X\"\nvendor = \"V\"\nsource = \"S\"\ncommands = \"cd5220\"\n\
                default_page = \"cp437\"\n[pages]\ncp437 = \"\"";
    assert!(DisplayModel::from_toml(good).is_ok());
    for (from, to, words) in [
        ("\"x\"", "\"X\"", "id must be"),
        ("\"S\"", "\" \"", "source must name"),
        ("vendor", "rows = 4\nvendor", "rows must be 1 or 2"),
        ("vendor", "columns = 4\nvendor", "columns must be 8 to 80"),
        ("default_page = \"cp437\"", "default_page = \"cp866\"", "default_page is not among the pages"),
        ("cp437 = \"\"", "cp437 = \"1b zz\"", "pages.cp437: \"1b zz\" is not bytes in hexadecimal"),
        ("vendor", "colour = 1\nvendor", "unknown field `colour`"),
    ] {
        let error = DisplayModel::from_toml(&good.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(matches!(error, DisplayModelError::Syntax(_) | DisplayModelError::Value { .. }));
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_frame_of_another_size_or_with_control_bytes(
        left in "\\PC{0,60}", right in "\\PC{0,30}", scroll in any::<bool>(), step in any::<u64>()
    ) {
        let overflow = if scroll { "scroll" } else { "cut" };
        let document = document(&json!({"lines": [format!("{left}\t{right}"), left], "overflow": overflow}));
        for model in DisplayModel::all() {
            let (layout, _) = Layout::new(&document, model, model.default_page).unwrap();
            for row in layout.frame_at(step).rows {
                prop_assert_eq!(row.len(), usize::from(model.columns));
                prop_assert!(row.iter().all(|byte| *byte >= 0x20));
            }
        }
    }
}
