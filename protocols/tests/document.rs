//! The print document in JSON: what is taken, what is refused, and what the refusal says.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_protocols::document::{
    Block, Content, Document, DocumentErrorKind, Fill, ImageData, Width, limits,
};
use serde_json::{Value, json};

fn refusal(document: Value) -> String {
    Document::from_value(document).expect_err("should be refused").to_string()
}

fn accepted(blocks: Value) -> Document {
    Document::from_value(json!({ "blocks": blocks })).expect("should be accepted")
}

#[test]
fn every_block_survives_being_written_and_read_again() {
    let document = accepted(json!([
        {"type": "text", "text": "Bill", "style": {"bold": true, "height": 2}, "align": "center"},
        {"type": "text", "text": [{"text": "a"}, {"text": "b", "style": {"font": "b"}}], "wrap": "char", "indent": 2},
        {"type": "columns", "columns": [{"width": "1/3", "text": "a"}, {"blocks": [{"type": "rule"}]}], "gap": 2},
        {"type": "pair", "left": "Soup", "right": "9.00", "fill": ".", "fit": "left"},
        {"type": "table", "columns": [{"width": 8, "align": "right", "nowrap": true}, {"width": "fill", "min": 3}],
         "header": ["a", "b"],
         "rows": [["a", {"text": "b", "align": "left"}], {"rule": "="}, [{"text": "both", "colspan": 2}]]},
        {"type": "rule", "character": "*"},
        {"type": "qr", "data": "x", "size": 4, "correction": "h"},
        {"type": "barcode", "symbology": "ean13", "data": "4006381333931"},
        {"type": "image", "data": "aGVsbG8=", "dither": "ordered"},
        {"type": "feed", "lines": 3},
        {"type": "cut", "mode": "full"},
        {"type": "drawer", "pin": 5},
        {"type": "beep", "times": 2},
        {"type": "raw", "data": "G0A="}
    ]));
    let written = serde_json::to_vec(&document).unwrap();
    assert_eq!(Document::parse(&written), Ok(document));
}

#[test]
fn a_refusal_names_the_field_and_what_is_allowed() {
    let cases = [
        (
            json!({"blocks": [{"type": "cut"}, {"type": "columns", "columns": [{"text": "a"}, {"widht": 3}]}]}),
            "blocks[1].columns[1].widht: unknown field `widht`, expected one of `width`",
        ),
        (
            json!({"blocks": [{"type": "columns", "columns": [
                {"blocks": [{"type": "text", "text": [{"text": "a", "style": {"bald": true}}]}]}]}]}),
            "blocks[0].columns[0].blocks[0].text[0].style.bald: unknown field `bald`",
        ),
        (
            json!({"blocks": [{"type": "tekst"}]}),
            "blocks[0].type: there is no block \"tekst\"; allowed here: text",
        ),
        (json!({"blocks": [{"text": "x"}]}), "blocks[0].type: missing"),
        (json!({"blocks": [{"type": "text"}]}), "blocks[0]: missing field `text`"),
        (json!({"blocks": [{"type": "text", "text": 5}]}), "blocks[0].text: invalid type: integer `5`"),
        (json!({"blocks": "x"}), "blocks: invalid type: string \"x\""),
        (json!({"bloks": []}), "bloks: unknown field `bloks`, expected `blocks` or `xml`"),
        (json!({}), "a document needs `blocks` or `xml`"),
        (json!([]), "a document is an object"),
        (json!({"blocks": [], "xml": "<doc/>"}), "xml: a document has `blocks` or `xml`, not both"),
        (
            json!({"blocks": [{"type": "table", "columns": [{}], "rows": [["a", "b"]]}]}),
            "blocks[0].rows[0][1]: a cell too many: the table has 1 columns",
        ),
        (
            json!({"blocks": [{"type": "table", "columns": [{"width": "1/0"}], "rows": []}]}),
            "blocks[0].columns[0].width: invalid value: string \"1/0\"",
        ),
        (
            json!({"blocks": [{"type": "rule", "character": "\u{1b}"}]}),
            "blocks[0].character: \"\\u{1b}\" isn't one",
        ),
    ];
    for (document, beginning) in cases {
        let refusal = refusal(document);
        assert!(refusal.starts_with(beginning), "{refusal}");
    }
}

#[test]
fn the_place_is_named_when_a_document_is_read_as_part_of_something_else() {
    #[derive(Debug, serde::Deserialize)]
    struct Job {
        #[allow(dead_code)]
        document: Document,
    }
    let error = serde_json::from_value::<Job>(json!({"document": {"blocks": [{"type": "feed", "line": 1}]}}));
    assert!(error.unwrap_err().to_string().contains(".blocks[0].line: unknown field `line`"));
}

#[test]
fn only_text_stands_in_columns_and_cells() {
    for block in ["qr", "barcode", "image", "feed", "cut", "drawer", "beep", "raw"] {
        let refusal =
            refusal(json!({"blocks": [{"type": "columns", "columns": [{"blocks": [{"type": block}]}]}]}));
        let expected =
            format!("blocks[0].columns[0].blocks[0].type: a `{block}` block can't stand in a column");
        assert!(refusal.starts_with(&expected), "{refusal}");
    }
}

#[test]
fn values_outside_their_range_are_refused() {
    let barcode = |height| json!({"type": "barcode", "symbology": "code39", "data": "A", "height": height});
    let cases = [
        (
            json!({"type": "text", "text": "x", "style": {"width": 9}}),
            "blocks[0].style.width: 9; allowed are 1 to 8",
        ),
        (json!({"type": "text", "text": "x", "style": {"height": 0}}), "blocks[0].style.height: 0"),
        (json!({"type": "feed", "lines": 0}), "blocks[0].lines: 0"),
        (json!({"type": "drawer", "pin": 3}), "blocks[0].pin: 3; a drawer is at pin 2 or 5"),
        (json!({"type": "drawer", "pulse_ms": 511}), "blocks[0].pulse_ms: 511; allowed are 2 to 510"),
        (json!({"type": "beep", "times": 10}), "blocks[0].times: 10"),
        (json!({"type": "beep", "duration_ms": 49}), "blocks[0].duration_ms: 49"),
        (json!({"type": "qr", "data": ""}), "blocks[0].data: empty"),
        (json!({"type": "qr", "data": "x", "size": 17}), "blocks[0].size: 17"),
        (barcode(0), "blocks[0].height: 0"),
        (json!({"type": "barcode", "symbology": "ean13", "data": "4006381333932"}), "blocks[0].data: "),
        (json!({"type": "barcode", "symbology": "code39", "data": "a"}), "blocks[0].data: "),
        (json!({"type": "image", "data": "not base64!"}), "blocks[0].data: not base64"),
        (json!({"type": "raw", "data": "G0"}), "blocks[0].data: not base64"),
        (json!({"type": "columns", "columns": []}), "blocks[0].columns: 0 columns; allowed are 1 to 16"),
        (
            json!({"type": "table", "columns": [{}], "rows": [[{"text": "x", "colspan": 0}]]}),
            "blocks[0].rows[0][0].colspan: 0",
        ),
    ];
    for (block, beginning) in cases {
        let error = Document::from_value(json!({ "blocks": [block] })).expect_err("should be refused");
        assert!(error.to_string().starts_with(beginning), "{error}");
        assert_eq!(error.kind(), DocumentErrorKind::Invalid, "{error}");
    }
}

#[test]
fn too_much_of_anything_is_refused_as_too_large() {
    let nested = (0..limits::NESTING).fold(
        json!({"type": "columns", "columns": [{"text": "x"}]}),
        |inner, _| json!({"type": "columns", "columns": [{"blocks": [inner]}]}),
    );
    let cases = [
        vec![json!({"type": "cut"}); limits::BLOCKS + 1],
        vec![json!({"type": "text", "text": "x".repeat(limits::TEXT + 1)})],
        vec![json!({"type": "qr", "data": "x".repeat(limits::QR + 1)})],
        vec![json!({"type": "image", "data": "A".repeat(limits::IMAGE + 4)})],
        vec![json!({"type": "raw", "data": "A".repeat(limits::RAW + 4)})],
        vec![json!({"type": "table", "columns": [{}], "rows": vec![json!(["x"]); limits::ROWS + 1]})],
        vec![nested],
    ];
    for blocks in cases {
        let error = Document::from_value(json!({ "blocks": blocks })).expect_err("should be refused");
        assert_eq!(error.kind(), DocumentErrorKind::TooLarge, "{error}");
    }
    accepted(json!([{"type": "qr", "data": "x".repeat(limits::QR)}]));
    accepted(json!(vec![json!({"type": "cut"}); limits::BLOCKS]));
}

#[test]
fn json_nested_ten_thousand_deep_is_an_error() {
    let deep = format!("{{\"blocks\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let columns = "{\"type\":\"columns\",\"columns\":[{\"blocks\":[";
    let typed = format!("{{\"blocks\":[{}{}]}}", columns.repeat(10_000), "]}]}".repeat(10_000));
    for json in [deep, typed] {
        let error = Document::parse(json.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("recursion limit exceeded"), "{error}");
    }
}

#[test]
fn broken_json_is_refused_with_its_line() {
    let error = Document::parse(b"{\"blocks\": [\n{]}").unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
    assert!(Document::parse(b"\xff\xfe").is_err());
    assert!(Document::parse(b"").is_err());
}

#[test]
fn rights_are_asked_for_where_bytes_or_the_drawer_are_used() {
    let plain = accepted(json!([{"type": "text", "text": "x"}]));
    assert!(!plain.needs_raw() && !plain.opens_drawer());
    assert!(accepted(json!([{"type": "raw", "data": "G0A="}])).needs_raw());
    assert!(accepted(json!([{"type": "drawer"}])).opens_drawer());
    let xml = Document::from_value(json!({"xml": "<doc><pulse/></doc>"})).unwrap();
    assert!(xml.opens_drawer());
}

#[test]
fn equal_pictures_have_equal_keys_and_json_keeps_them_a_string() {
    let file = BASE64_STANDARD.encode([7; 1000]);
    let one: ImageData = serde_json::from_value(json!(file)).unwrap();
    let same = ImageData::from(file.as_str());
    assert_eq!((one.key(), &one), (same.key(), &same));
    assert_ne!(one.key(), ImageData::from("AAAA").key());
    assert_eq!(serde_json::to_value(&one).unwrap(), json!(file));
}

#[test]
fn a_fill_is_one_character_of_one_cell() {
    assert_eq!(Fill::new('─').map(|fill| fill.repeated().chars().count()), Some(Fill::REPEATED));
    assert_eq!(Fill::new('#').map(|fill| fill.character()), Some('#'));
    for refused in ['\u{1b}', '\n', '\u{301}', '寿', '\u{200b}'] {
        assert_eq!(Fill::new(refused), None, "{refused:?}");
    }
}

#[test]
fn widths_are_read_from_what_people_write() {
    let width = |value| serde_json::from_value::<Width>(value).ok();
    assert_eq!(width(json!(12)), Some(Width::Cells(12)));
    assert_eq!(width(json!("auto")), Some(Width::Auto));
    assert_eq!(width(json!("2/3")), Some(Width::Fraction { part: 2, of: 3 }));
    for refused in [json!(0), json!(-1), json!(1.5), json!("3/2"), json!("x"), json!(null)] {
        assert_eq!(width(refused.clone()), None, "{refused}");
    }
}

#[test]
fn a_string_stands_for_text_and_for_a_cell() {
    let document = accepted(json!([{"type": "table", "columns": [{}], "rows": [["short"]]}]));
    let Some(Block::Table(table)) = document.blocks.first() else { panic!("not a table") };
    let written = serde_json::to_value(&table.rows).unwrap();
    assert_eq!(written, json!([[{"text": "short", "colspan": 1}]]));
    assert_eq!(Content::from("x"), serde_json::from_value(json!("x")).unwrap());
}

#[test]
fn the_schema_lists_every_block_by_its_type() {
    let schema = serde_json::to_value(schemars::schema_for!(Document)).unwrap();
    let variants = schema["$defs"]["Block"]["oneOf"].as_array().unwrap();
    let types: Vec<_> =
        variants.iter().filter_map(|variant| variant["properties"]["type"]["const"].as_str()).collect();
    let expected = [
        "text", "columns", "pair", "table", "rule", "qr", "barcode", "image", "feed", "cut", "drawer",
        "beep", "raw",
    ];
    assert_eq!(types, expected);
}
