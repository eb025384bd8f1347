//! The iiko-style tags: what becomes of them on paper, and what is refused where.

use outlet_protocols::document::xml::{XmlError, parse};
use outlet_protocols::document::{Block, Document, DocumentErrorKind};
use outlet_protocols::layout::text;
use outlet_protocols::paper::{Cell, Metrics};
use serde_json::{Value, json};

fn printed(columns: u16, xml: &str) -> String {
    let metrics = Metrics {
        dots: columns * 12,
        font_a: Cell { width: 12, height: 24 },
        font_b: Cell { width: 9, height: 17 },
    };
    let document = Document::from_value(json!({ "xml": xml })).expect("a valid document");
    text(&document, &metrics)
        .lines()
        .filter(|line| line.trim() != "[partial cut]")
        .map(|line| format!("{line}\n"))
        .collect()
}

fn blocks(xml: &str) -> Vec<Value> {
    let document = parse(xml).expect("valid tags");
    let Value::Array(blocks) = serde_json::to_value(document.blocks).expect("blocks are JSON") else {
        panic!("not a list")
    };
    blocks
}

fn refusal(xml: &str) -> String {
    parse(xml).expect_err("should be refused").to_string()
}

const SERVICE_TICKET: &str = r#"
<doc bell="" formatter="split">
  22.11.2026 19:42 Заказ 118
  <np/>
  Официант Ана
  <np/>
  <np/>
  <f1><split>Стол 7, зал, гостей 4</split></f1>
  <np/>
  <f1>
    <table>
      <columns>
        <column autowidth="" minwidth="4"/>
        <column formatter="split"/>
        <column autowidth=""/>
      </columns>
      <cells>
        <ct>12</ct>
        <c>P MARGAR LAR</c>
        <ct>2</ct>
      </cells>
    </table>
  </f1>
  <f0>
    <table>
      <columns>
        <column autowidth="" minwidth="4"/>
        <column formatter="split"/>
        <column autowidth=""/>
      </columns>
      <cells>
        <ct/>
        <c>моцарелла дополнительная порция</c>
        <ct>x2</ct>
      </cells>
    </table>
  </f0>
  <pair fit="right" left="Место" right="3"/>
</doc>"#;

#[test]
fn a_service_ticket_of_a_kitchen_template() {
    let expected = "\
[beep x1]
22.11.2026 19:42 Заказ 118
Официант Ана

Стол 7, зал, гостей 4
12   P MARGAR LAR              2
     моцарелла дополнительная x2
     порция
Место                          3
";
    assert_eq!(printed(32, SERVICE_TICKET), expected);
}

const BILL: &str = r#"
<doc>
  <center><f1>Счёт</f1></center>
  <pair fit="right" left="Официант: Ана" right="Стол: 7"/>
  <table>
    <columns>
      <column formatter="split"/>
      <column align="right" autowidth=""/>
      <column align="right" autowidth=""/>
    </columns>
    <cells>
      <linecell/>
      <ct>Наименование</ct><ct>Кол</ct><ct>Сумма</ct>
      <linecell/>
      <c colspan="0">Гость 1</c>
      <ct>Пицца Маргарита большая</ct><ct>2</ct><ct>240.00</ct>
      <c>
        <table cellspacing="0">
          <columns><column width="2"/><column/></columns>
          <cells><c/><c>- без лука</c></cells>
        </table>
      </c>
      <c colspan="2"></c>
      <ct><whitespace-preserve> - сыр</whitespace-preserve></ct><ct></ct><ct>80.00</ct>
      <linecell symbols=" "/>
      <c colspan="2">Итого</c><ct>1 320.00</ct>
      <c colspan="2"/><c><line symbols="="/></c>
    </cells>
  </table>
  <np/>
  <center><split><whitespace-preserve>Спасибо!
Ждём вас</whitespace-preserve></split></center>
  <qrcode size="small" correction="ultra">https://example.com/?a=1&amp;b=2</qrcode>
</doc>"#;

#[test]
fn a_bill_template_with_nested_tables() {
    let expected = "
              Счёт
Официант: Ана            Стол: 7
--------------------------------
Наименование        Кол    Сумма
--------------------------------
Гость 1
Пицца Маргарита       2   240.00
большая
  - без лука
 - сыр                     80.00

Итого                   1 320.00
                        ========

            Спасибо!
            Ждём вас
[QR https://example.com/?a=1&b=2]
";
    assert_eq!(printed(32, BILL), expected.trim_start_matches('\n'));
}

#[test]
fn whitespace_collapses_but_where_it_is_preserved() {
    assert_eq!(printed(32, "<doc>\n  a   b\n\tc  </doc>"), "a b c\n");
    assert_eq!(
        printed(32, "<doc><whitespace-preserve>a   b\n  c</whitespace-preserve></doc>"),
        "a   b\n  c\n"
    );
}

#[test]
fn fonts_and_weights_nest() {
    let blocks = blocks("<doc>a <b>b <u>c</u></b><f2>d</f2></doc>");
    let spans = blocks[0]["text"].as_array().unwrap();
    let seen: Vec<_> = spans
        .iter()
        .map(|span| {
            let style = &span["style"];
            (
                span["text"].as_str().unwrap(),
                style["bold"] == true,
                style["underline"] == true,
                &style["width"],
            )
        })
        .collect();
    let (one, two) = (&json!(1), &json!(2));
    assert_eq!(
        seen,
        [
            ("a ", false, false, one),
            ("b ", true, false, one),
            ("c", true, true, one),
            ("d", false, false, two)
        ]
    );
}

#[test]
fn devices_have_their_tags() {
    let blocks = blocks("<doc bell=''><pulse/><bell/>x<pagecut/>y<pagecut/></doc>");
    let types: Vec<_> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["beep", "drawer", "beep", "text", "cut", "text", "cut"]);
}

#[test]
fn a_document_ends_with_a_cut() {
    assert!(matches!(parse("<doc>x</doc>").unwrap().blocks.last(), Some(Block::Cut(_))));
}

#[test]
fn barcodes_find_their_symbology() {
    let symbology = |data: &str| {
        blocks(&format!("<doc><barcode hri='none' heightRatio='0.5'>{data}</barcode></doc>"))[0].clone()
    };
    let ean = symbology("4006381333931");
    assert_eq!(
        (&ean["symbology"], &ean["text"], &ean["height"]),
        (&json!("ean13"), &json!("none"), &json!(40))
    );
    assert_eq!(symbology("4006381333932")["symbology"], "code128");
    assert_eq!(symbology("96385074")["symbology"], "ean8");
    assert_eq!(symbology("A-118")["symbology"], "code128");
}

#[test]
fn codes_and_pictures_stand_where_their_attribute_or_the_tags_around_them_say() {
    let align = |xml: &str| blocks(xml)[0]["align"].clone();
    assert_eq!(align("<doc><qrcode>x</qrcode></doc>"), "center");
    assert_eq!(align("<doc><right><qrcode>x</qrcode></right></doc>"), "right");
    assert_eq!(align("<doc><right><qrcode align='left'>x</qrcode></right></doc>"), "left");
    assert_eq!(align("<doc><image align='right' resizeMode='fit'>aGVs\nbG8=</image></doc>"), "right");
}

#[test]
fn what_nobody_knows_is_refused_with_its_place_and_the_remedy() {
    let cases = [
        ("<doc>\n  <blink>x</blink></doc>", "line 2, column 3: <blink>: there is no such tag"),
        (
            "<doc><pair left='a' rihgt='b'/></doc>",
            "line 1, column 6: rihgt of <pair>: unknown; allowed are fit, left, right",
        ),
        ("<doc><pair left='a'/></doc>", "line 1, column 6: right of <pair>: missing"),
        (
            "<doc><pair left='a' right='b' fit='both'/></doc>",
            "line 1, column 6: fit of <pair>: \"both\"; allowed: left or right",
        ),
        (
            "<doc><center align='x'>a</center></doc>",
            "line 1, column 6: align of <center>: unknown: this tag has no attributes",
        ),
        ("<doc font='f9'/>", "line 1, column 1: font of <doc>: \"f9\"; allowed: f0, f1 or f2"),
        ("<doc><np>x</np></doc>", "line 1, column 6: <np>: holds nothing"),
        (
            "<doc><line symbols='--'/></doc>",
            "line 1, column 6: symbols of <line>: \"--\"; allowed: one printable character",
        ),
        ("<doc><ct>x</ct></doc>", "line 1, column 6: <ct>: stands in <table> only"),
        ("<doc><table/></doc>", "line 1, column 6: <table>: needs <columns>"),
        ("<doc><table><columns>x</columns></table></doc>", "line 1, column 13: <columns>: holds tags only"),
        (
            "<doc><table><columns><column/></columns><cells><c colspan='2'/></cells></table></doc>",
            "line 1, column 48: colspan of <c>: \"2\"; allowed: 0 for the rest of the row, or 1 to 1 here",
        ),
        (
            "<doc><table><columns><column/></columns><cells><c><qrcode>x</qrcode></c></cells></table></doc>",
            "line 1, column 51: <qrcode>: can't stand in a cell",
        ),
        ("<html/>", "line 1, column 1: <html>: the outermost tag is `doc`"),
    ];
    for (xml, beginning) in cases {
        let refusal = refusal(xml);
        assert!(refusal.starts_with(beginning), "{refusal}");
    }
}

#[test]
fn xml_that_is_broken_is_refused_with_its_place() {
    for xml in [
        "",
        "<doc>",
        "<doc>\n<b></doc>",
        "x",
        "<doc>&nope;</doc>",
        "<doc a='1' a='2'/>",
        "<doc><",
        "<doc a='",
    ] {
        assert!(matches!(parse(xml), Err(XmlError::Malformed { .. })), "{xml:?}: {:?}", parse(xml));
    }
}

#[test]
fn a_document_type_is_refused() {
    let bomb = "<!DOCTYPE doc [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><doc>&b;</doc>";
    assert!(matches!(parse(bomb), Err(XmlError::Malformed { .. })));
}

#[test]
fn ten_thousand_nested_tags_are_an_error() {
    let deep = format!("<doc>{}{}</doc>", "<b>".repeat(10_000), "</b>".repeat(10_000));
    assert!(matches!(parse(&deep), Err(XmlError::TooDeep { .. })));
    assert!(matches!(parse(&"<b>".repeat(10_000)), Err(XmlError::TooDeep { .. })));
    let error = Document::from_value(json!({ "xml": deep })).unwrap_err();
    assert_eq!(error.kind(), DocumentErrorKind::TooLarge);
    let wide = format!("<doc>{}</doc>", "<b>x</b><!-- < --><np/>".repeat(500));
    assert!(parse(&wide).is_ok());
}

#[test]
fn tables_nested_deeper_than_a_document_may_are_too_large() {
    let open = "<table><columns><column/></columns><cells><c>";
    let close = "</c></cells></table>";
    let xml = |depth: usize| format!("<doc>{}x{}</doc>", open.repeat(depth), close.repeat(depth));
    assert!(Document::from_value(json!({"xml": xml(4)})).is_ok());
    let error = Document::from_value(json!({"xml": xml(5)})).unwrap_err();
    assert_eq!(error.kind(), DocumentErrorKind::TooLarge);
}

#[test]
fn a_logo_in_the_printers_memory_is_not_supported() {
    let error = Document::from_value(json!({"xml": "<doc><logo>1</logo></doc>"})).unwrap_err();
    assert_eq!(error.kind(), DocumentErrorKind::Unsupported);
    assert!(error.to_string().starts_with("xml: line 1, column 6: <logo>:"), "{error}");
}
