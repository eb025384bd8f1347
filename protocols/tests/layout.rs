//! What stands on paper, looked at as text.

use std::convert::Infallible;

use outlet_protocols::document::{Barcode, Beep, Cut, Document, Drawer, Image, Qr, Raw};
use outlet_protocols::layout::{Layout, Report, lay_out, text};
use outlet_protocols::paper::{Cell, Line, Metrics, Paper, Style};
use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

fn metrics(columns: u16) -> Metrics {
    Metrics {
        dots: columns * 12,
        font_a: Cell { width: 12, height: 24 },
        font_b: Cell { width: 9, height: 17 },
    }
}

fn document(blocks: Value) -> Document {
    Document::from_value(json!({ "blocks": blocks })).expect("a valid document")
}

fn printed(columns: u16, blocks: Value) -> String {
    text(&document(blocks), &metrics(columns))
}

fn report(columns: u16, blocks: Value) -> Report {
    lay_out(&document(blocks), &metrics(columns), &mut Sheet::default()).expect("a sheet takes anything")
}

/// A run as it was put on paper.
#[derive(Debug, Clone)]
struct Placed {
    x: u32,
    width: u32,
    text: String,
    style: Style,
}

/// Keeps every line.
#[derive(Debug, Default)]
struct Sheet {
    lines: Vec<Vec<Placed>>,
}

impl Sheet {
    fn of(columns: u16, blocks: Value) -> Self {
        let mut sheet = Self::default();
        Layout::new(metrics(columns)).run(&document(blocks), &mut sheet).expect("a sheet takes anything");
        sheet
    }

    fn text(&self) -> String {
        self.lines.iter().flatten().map(|run| run.text.as_str()).collect()
    }
}

impl Paper for Sheet {
    type Error = Infallible;

    fn line(&mut self, line: &Line<'_>) -> Result<(), Infallible> {
        let placed = |run: &outlet_protocols::paper::Run<'_>| Placed {
            x: u32::from(run.x),
            width: u32::from(run.width),
            text: run.text.to_owned(),
            style: run.style,
        };
        self.lines.push(line.runs.iter().map(placed).collect());
        Ok(())
    }
    fn qr(&mut self, _: &Qr) -> Result<(), Infallible> {
        Ok(())
    }
    fn barcode(&mut self, _: &Barcode) -> Result<(), Infallible> {
        Ok(())
    }
    fn image(&mut self, _: &Image) -> Result<(), Infallible> {
        Ok(())
    }
    fn feed(&mut self, _: u8) -> Result<(), Infallible> {
        Ok(())
    }
    fn cut(&mut self, _: &Cut) -> Result<(), Infallible> {
        Ok(())
    }
    fn drawer(&mut self, _: &Drawer) -> Result<(), Infallible> {
        Ok(())
    }
    fn beep(&mut self, _: &Beep) -> Result<(), Infallible> {
        Ok(())
    }
    fn raw(&mut self, _: &Raw) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Expected lines, the first of which starts below the quote.
fn lines(expected: &str) -> &str {
    expected.trim_start_matches('\n')
}

fn bill() -> Value {
    json!([
        {"type": "text", "text": "Тратория «У моста»", "align": "center", "style": {"bold": true, "height": 2}},
        {"type": "text", "text": "str. Pușkin 12, Chișinău", "align": "center"},
        {"type": "rule", "character": "="},
        {"type": "columns", "columns": [{"text": "Стол 7\nГостей: 4"}, {"align": "right", "text": "Счёт № 118\n22.11.2026"}]},
        {"type": "table",
         "columns": [{}, {"align": "right", "nowrap": true}, {"align": "right", "nowrap": true}],
         "header": ["Наименование", "Кол", "Сумма"],
         "rows": [{"rule": "-"},
            ["Пицца «Четыре сезона» большая с двойным сыром", "2", "1 240.00"],
            [{"text": "  + моцарелла", "colspan": 2}, "80.00"],
            ["寿司盛り合わせ", "1", "900.00"],
            {"rule": "-"}]},
        {"type": "pair", "left": "Скидка 10 %", "right": "-222.00", "fill": "."},
        {"type": "pair", "left": "Обслуживание банкета в отдельном зале", "right": "1 000.00", "fill": "."},
        {"type": "pair", "left": "ИТОГО", "right": "2 998.00", "style": {"width": 2, "height": 2}},
        {"type": "feed", "lines": 1},
        {"type": "text", "align": "center", "text": "Спасибо, ждём вас снова!"},
        {"type": "qr", "data": "https://example.com/118"},
        {"type": "cut"}
    ])
}

#[test]
fn a_bill_on_48_columns() {
    let expected = "
               Тратория «У моста»
            str. Pușkin 12, Chișinău
================================================
Стол 7                                Счёт № 118
Гостей: 4                             22.11.2026
Наименование                        Кол    Сумма
------------------------------------------------
Пицца «Четыре сезона» большая с       2 1 240.00
двойным сыром
  + моцарелла                              80.00
寿司盛り合わせ                        1   900.00
------------------------------------------------
Скидка 10 % ............................ -222.00
Обслуживание банкета в отдельном зале . 1 000.00
И Т О Г О                       2   9 9 8 . 0 0

            Спасибо, ждём вас снова!
          [QR https://example.com/118]
                 [partial cut]
";
    assert_eq!(printed(48, bill()), lines(expected));
}

#[test]
fn a_bill_on_32_columns() {
    let expected = "
       Тратория «У моста»
    str. Pușkin 12, Chișinău
================================
Стол 7                Счёт № 118
Гостей: 4             22.11.2026
Наименование        Кол    Сумма
--------------------------------
Пицца «Четыре         2 1 240.00
сезона» большая с
двойным сыром
  + моцарелла              80.00
寿司盛り合わせ        1   900.00
--------------------------------
Скидка 10 % ............ -222.00
Обслуживание банкета в
отдельном зале ........ 1 000.00
И Т О Г О       2   9 9 8 . 0 0

    Спасибо, ждём вас снова!
  [QR https://example.com/118]
         [partial cut]
";
    assert_eq!(printed(32, bill()), lines(expected));
}

#[test]
fn a_service_ticket_with_modifiers_allergens_and_a_mix() {
    let ticket = json!([
        {"type": "text", "text": "КУХНЯ", "align": "center", "style": {"width": 2, "height": 2, "bold": true}},
        {"type": "pair", "left": "Стол 7, зал", "right": "19:42"},
        {"type": "pair", "left": "Официант Ана", "right": "№ 118"},
        {"type": "rule"},
        {"type": "table", "columns": [{"width": 3, "align": "right", "nowrap": true}, {"width": "fill"}], "rows": [
            [{"text": "2", "style": {"height": 2}}, {"text": "P MARGAR LAR", "style": {"height": 2}}],
            ["", "+ моцарелла x2"],
            ["", "без лука"],
            ["", "соус на выбор: чесночный, острый, барбекю"],
            ["", {"text": "АЛЛЕРГЕНЫ: глютен, молоко", "style": {"invert": true}}]]},
        {"type": "rule"},
        {"type": "text", "text": "Coca-Cola (Бар) MIX Cheesecake (Кухня)", "indent": 4},
        {"type": "beep"},
        {"type": "cut"}
    ]);
    let expected = "
           К У Х Н Я
Стол 7, зал                19:42
Официант Ана               № 118
--------------------------------
  2 P MARGAR LAR
    + моцарелла x2
    без лука
    соус на выбор: чесночный,
    острый, барбекю
    АЛЛЕРГЕНЫ: глютен, молоко
--------------------------------
    Coca-Cola (Бар) MIX
    Cheesecake (Кухня)
[beep x1]
         [partial cut]
";
    assert_eq!(printed(32, ticket), lines(expected));
}

#[test]
fn words_are_broken_only_where_they_are_longer_than_the_line() {
    let block = json!([{"type": "text", "text": "суп рентгеноэлектрокардиографический с хреном"}]);
    assert_eq!(printed(16, block), "суп\nрентгеноэлектрок\nардиографический\nс хреном\n");
}

#[test]
fn a_line_may_end_after_a_hyphen_and_between_wide_characters() {
    assert_eq!(
        printed(16, json!([{"type": "text", "text": "Соус кисло-сладкий"}])),
        "Соус кисло-\nсладкий\n"
    );
    assert_eq!(
        printed(16, json!([{"type": "text", "text": "寿司盛り合わせ特上"}])),
        "寿司盛り合わせ特\n上\n"
    );
}

#[test]
fn text_may_be_broken_at_the_edge_or_cropped_as_its_author_says() {
    let text = "Салат из свежих овощей";
    assert_eq!(
        printed(16, json!([{"type": "text", "text": text, "wrap": "char"}])),
        "Салат из свежих\nовощей\n"
    );
    let cut = json!([{"type": "text", "text": text, "wrap": "cut"}]);
    assert_eq!(printed(16, cut.clone()), "Салат из свежих~\n");
    assert_eq!(report(16, cut).cropped, 1);
    assert_eq!(report(32, json!([{"type": "text", "text": text, "wrap": "cut"}])).cropped, 0);
}

#[test]
fn spaces_stand_as_written_and_are_dropped_at_line_ends() {
    assert_eq!(printed(16, json!([{"type": "text", "text": "  - без   лука  "}])), "  - без   лука\n");
    let sheet = Sheet::of(16, json!([{"type": "text", "text": "  centred  ", "align": "center"}]));
    assert_eq!(sheet.text(), "centred");
    let kept = Sheet::of(16, json!([{"type": "text", "text": "0123456789abcde   f", "preserve": true}]));
    assert_eq!(kept.text(), "0123456789abcde   f");
}

#[test]
fn justified_lines_reach_both_margins_but_the_last() {
    let block = json!([{"type": "text", "align": "justify", "text": "one two three four five six"}]);
    assert_eq!(printed(16, block), "one   two  three\nfour five six\n");
}

#[test]
fn spans_keep_their_styles_across_line_breaks() {
    let blocks = json!([{"type": "text", "text": [
        {"text": "Без "}, {"text": "ОРЕХОВ\nи", "style": {"bold": true}}, {"text": " молока"}]}]);
    let sheet = Sheet::of(16, blocks);
    let seen: Vec<Vec<(&str, bool)>> = sheet
        .lines
        .iter()
        .map(|line| line.iter().map(|run| (run.text.as_str(), run.style.bold)).collect())
        .collect();
    assert_eq!(seen, [vec![("Без ", false), ("ОРЕХОВ", true)], vec![("и", true), (" молока", false)]]);
}

#[test]
fn control_characters_are_shown_and_never_sent() {
    let blocks = json!([{"type": "text", "text": "a\u{1b}p\u{0}\u{7f}\u{9b}b\tc\r\nd\re\u{2028}f"}]);
    assert_eq!(printed(32, blocks.clone()), "a␛p␀␡\u{fffd}b c\nd\ne\nf\n");
    assert_eq!(report(32, blocks).shown, 4);
    let cell = json!([{"type": "table", "columns": [{}], "rows": [["\u{10}\u{4}"]]}]);
    assert_eq!(printed(32, cell), "␐␄\n");
    let pair = json!([{"type": "pair", "left": "\u{1d}V", "right": "1\n0.00"}]);
    assert_eq!(printed(16, pair), "␝V        1 0.00\n");
}

#[test]
fn nothing_invisible_reorders_a_price() {
    let blocks = json!([{"type": "pair", "left": "\u{feff}Чай", "right": "\u{202e}100.00\u{200b}"}]);
    assert_eq!(printed(16, blocks.clone()), "Чай       100.00\n");
    assert_eq!(report(16, blocks).omitted, 3);
}

#[test]
fn a_price_that_leaves_no_room_gets_its_own_line() {
    let block = json!([{"type": "pair", "left": "Бефстроганов из говядины", "right": "12 345 678.00"}]);
    assert_eq!(printed(16, block), "Бефстроганов из\nговядины\n   12 345 678.00\n");
    let wide =
        json!([{"type": "pair", "left": "ИТОГО", "right": "1 240.00", "style": {"width": 8, "height": 8}}]);
    let sheet = Sheet::of(16, wide);
    assert!(sheet.lines.iter().flatten().any(|run| run.text == "1 240.00"), "{sheet:?}");
}

#[test]
fn a_pair_may_keep_its_left_side_instead() {
    let block =
        json!([{"type": "pair", "fit": "left", "left": "Адрес:", "right": "str. Pușkin 12, Chișinău"}]);
    assert_eq!(printed(20, block), "Адрес:   str. Pușkin\n        12, Chișinău\n");
}

#[test]
fn the_widest_column_gives_way_and_free_cells_go_to_the_text() {
    let rows = json!([["Салат", "1", "450.00"], ["Суп дня со сметаной", "10", "1 250.00"]]);
    let columns = json!([{}, {"align": "right", "nowrap": true}, {"align": "right", "nowrap": true}]);
    let table = json!([{"type": "table", "columns": columns, "rows": rows}]);
    let wide = "Салат                 1   450.00\nСуп дня со сметаной  10 1 250.00\n";
    assert_eq!(printed(32, table.clone()), wide);
    assert_eq!(printed(24, table), "Салат         1   450.00\nСуп дня со   10 1 250.00\nсметаной\n");
}

#[test]
fn a_table_too_wide_for_the_paper_is_stacked() {
    let columns = json!([{}, {"align": "right", "nowrap": true}, {"align": "right", "nowrap": true}]);
    let table = json!([{"type": "table", "columns": columns, "rows": [["Пельмени", "1.250", "12 345.00"]]}]);
    assert_eq!(printed(16, table.clone()), "Пельмени\n 1.250 12 345.00\n");
    assert_eq!(report(16, table.clone()).stacked, 1);
    assert_eq!(report(48, table).stacked, 0);
    let four = json!([{"type": "table", "columns": [{}, {"nowrap": true}, {"nowrap": true, "align": "right"}],
        "rows": [["Пельмени", "1234567890", "123456789"]]}]);
    assert_eq!(printed(16, four), "Пельмени\n1234567890\n       123456789\n");
}

#[test]
fn columns_nest() {
    let blocks = json!([{"type": "columns", "columns": [
        {"width": "1/2", "blocks": [
            {"type": "text", "text": "Левый зал"},
            {"type": "columns", "columns": [{"width": 2, "text": "-"}, {"text": "терраса у реки, три стола"}]}]},
        {"blocks": [{"type": "pair", "left": "Чай", "right": "50"}, {"type": "rule"}, {"type": "text", "text": "ok", "align": "right"}]}]}]);
    let expected = "
Левый зал       Чай           50
-  терраса у    ----------------
   реки, три                  ok
   стола
";
    assert_eq!(printed(32, blocks), lines(expected));
}

#[test]
fn the_small_font_takes_more_cells_and_ends_at_the_same_edge() {
    let sheet = Sheet::of(
        48,
        json!([
        {"type": "pair", "left": "a", "right": "1.00"},
        {"type": "pair", "left": "a", "right": "1.00", "style": {"font": "b"}}]),
    );
    let edges: Vec<_> =
        sheet.lines.iter().filter_map(|line| line.last()).map(|run| run.x + run.width).collect();
    assert_eq!(edges, [576, 576]);
}

#[test]
fn an_empty_text_is_an_empty_line_of_its_height() {
    let sheet = Sheet::of(32, json!([{"type": "text", "text": "a\n\nb", "style": {"height": 2}}]));
    let heights: Vec<_> = sheet.lines.iter().flatten().map(|run| run.style.height).collect();
    assert_eq!(heights, [2, 2, 2]);
}

#[test]
fn a_layout_can_be_used_again_and_again() {
    let mut layout = Layout::new(metrics(32));
    for _ in 0..3 {
        let mut sheet = Sheet::default();
        let report = layout.run(&document(json!([{"type": "text", "text": "\u{7}x"}])), &mut sheet).unwrap();
        assert_eq!((report.shown, sheet.text()), (1, "\u{2407}x".to_owned()));
    }
}

/// Letters people write on menus, and what breaks naive layouts: wide, combining, joined.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9,.«»—-]{1,12}",
        "[а-яА-ЯёҚәҢțșăîâ]{1,24}",
        "[ა-ჰԱ-Ֆ]{1,8}",
        "[寿司盛合特上]{1,9}",
        "(e\u{301}|a\u{308}\u{304}|и\u{306}){1,9}",
        "(👨‍👩‍👧|🇲🇩|👍🏽|❤️){1,4}",
        "[ \n]{1,4}",
        "\\PC{1,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

fn any_style() -> impl Strategy<Value = Value> {
    (prop::bool::ANY, 1u8..=8, 1u8..=8, prop::bool::ANY).prop_map(|(small, width, height, bold)| {
        json!({"font": if small { "b" } else { "a" }, "width": width, "height": height, "bold": bold})
    })
}

fn any_flow() -> impl Strategy<Value = Value> {
    let align = || prop::sample::select(vec!["left", "center", "right", "justify"]);
    let plain_style = || prop_oneof![4 => Just(json!({})), 1 => any_style()];
    let leaf = prop_oneof![
        (any_text(), plain_style(), align(), prop::sample::select(vec!["word", "char"]), 0u8..6).prop_map(
            |(text, style, align, wrap, indent)| {
                json!({"type": "text", "text": text, "style": style, "align": align, "wrap": wrap, "indent": indent})
            }
        ),
        (prop::collection::vec((any_text(), any_style()), 0..4), align()).prop_map(|(spans, align)| {
            let spans: Vec<_> = spans.iter().map(|(text, style)| json!({"text": text, "style": style})).collect();
            json!({"type": "text", "text": spans, "align": align})
        }),
        (any_text(), any_text(), plain_style(), prop::bool::ANY).prop_map(|(left, right, style, fit)| {
            json!({"type": "pair", "left": left, "right": right, "style": style, "fit": if fit { "left" } else { "right" }})
        }),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let width = || {
            prop_oneof![
                Just(json!("auto")),
                Just(json!("fill")),
                Just(json!("1/3")),
                (1u8..40).prop_map(|n| json!(n))
            ]
        };
        let columns = prop::collection::vec((width(), any_text(), prop::collection::vec(inner, 0..3)), 1..4);
        let cells = prop::collection::vec(prop::collection::vec((any_text(), plain_style()), 0..4), 0..4);
        let tracks = prop::collection::vec((width(), align(), prop::bool::ANY), 4);
        prop_oneof![
            (columns, 0u8..3).prop_map(|(columns, gap)| {
                let columns: Vec<_> = columns
                    .into_iter()
                    .map(|(width, text, blocks)| json!({"width": width, "text": text, "blocks": blocks}))
                    .collect();
                json!({"type": "columns", "columns": columns, "gap": gap})
            }),
            (tracks, cells).prop_map(|(tracks, rows)| {
                let columns: Vec<_> = tracks
                    .into_iter()
                    .map(|(width, align, nowrap)| json!({"width": width, "align": align, "nowrap": nowrap}))
                    .collect();
                let rows: Vec<Vec<_>> = rows
                    .into_iter()
                    .map(|row| {
                        row.into_iter().map(|(text, style)| json!({"text": text, "style": style})).collect()
                    })
                    .collect();
                json!({"type": "table", "columns": columns, "rows": rows})
            }),
        ]
    })
}

/// The visible characters of a document's texts, sorted: columns print them in another order.
fn letters_of(value: &Value, letters: &mut Vec<char>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| letters_of(value, letters)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "text" | "left" | "right") => {
                        letters.extend(text.chars().filter(|character| is_letter(*character)));
                    }
                    Value::String(_) => {}
                    other => letters_of(other, letters),
                }
            }
        }
        _ => {}
    }
}

fn is_letter(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '\u{300}'..='\u{36f}' | '👨' | '👩' | '👧' | '👍' | '🇲' | '🇩')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), ..ProptestConfig::default() })]

    #[test]
    fn no_letter_is_ever_lost(blocks in prop::collection::vec(any_flow(), 1..4), columns in 16u16..64) {
        let blocks = json!(blocks);
        let mut written = Vec::new();
        letters_of(&blocks, &mut written);
        let mut seen: Vec<char> = Sheet::of(columns, blocks).text().chars().filter(|c| is_letter(*c)).collect();
        written.sort_unstable();
        seen.sort_unstable();
        prop_assert_eq!(written, seen);
    }

    #[test]
    fn no_run_leaves_the_paper_or_covers_another(blocks in prop::collection::vec(any_flow(), 1..4), columns in 16u16..64) {
        let sheet = Sheet::of(columns, json!(blocks));
        for line in &sheet.lines {
            let mut free_from = 0;
            for run in line {
                prop_assert!(run.x >= free_from, "{:?}", line);
                free_from = run.x + run.width;
                prop_assert!(free_from <= u32::from(columns) * 12, "{:?}", line);
                prop_assert!(!run.text.chars().any(char::is_control), "{:?}", line);
            }
        }
    }

    #[test]
    fn text_alone_keeps_its_order_and_its_clusters(text in any_text(), columns in 16u16..64) {
        let sheet = Sheet::of(columns, json!([{"type": "text", "text": text}]));
        let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let visible: String = text.chars().filter(|c| !omitted(*c)).collect();
        prop_assert_eq!(squeezed(&sheet.text()), squeezed(&visible));
        let mut ends = Vec::new();
        for run in sheet.lines.iter().flatten() {
            ends.push(squeezed(&run.text).len());
        }
        let whole = squeezed(&visible);
        let mut at = 0;
        let boundaries: Vec<usize> = visible
            .split('\n')
            .flat_map(|line| line.graphemes(true))
            .map(|cluster| { at += squeezed(cluster).len(); at })
            .collect();
        let mut end = 0;
        for length in ends {
            end += length;
            prop_assert!(end == 0 || end == whole.len() || boundaries.contains(&end), "{:?}", sheet);
        }
    }

    #[test]
    fn a_price_is_never_broken(left in any_text(), price in "[0-9]{1,3}( [0-9]{3}){0,2}\\.[0-9]{2}", style in any_style(), columns in 16u16..64) {
        let sheet = Sheet::of(columns, json!([{"type": "pair", "left": left, "right": price, "style": style}]));
        prop_assert!(sheet.lines.iter().flatten().any(|run| run.text == price), "{:?}", sheet);
        let last = sheet.lines.last().and_then(|line| line.last()).unwrap();
        prop_assert_eq!(last.x + last.width, u32::from(columns) * 12);
    }

    #[test]
    fn the_width_of_a_run_is_that_of_its_text(text in any_text(), columns in 16u16..64) {
        for run in Sheet::of(columns, json!([{"type": "text", "text": text}])).lines.iter().flatten() {
            let cells: usize = run.text.graphemes(true).map(UnicodeWidthStr::width).sum();
            prop_assert_eq!(run.width as usize, cells * 12, "{:?}", run);
        }
    }
}

fn omitted(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// How many cases a property is tried on: a usual number, or `PROPTEST_CASES`.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}
