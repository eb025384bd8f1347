use serde_json::{Value, json};

use super::page::Piece;
use super::*;

fn document(blocks: &Value) -> Document {
    Document::from_value(json!({ "blocks": blocks })).expect("a document")
}

/// The lines of each page, runs separated by a bar.
fn pages(blocks: &Value, heading: &[&str]) -> Vec<Vec<String>> {
    let mut report = EncodeReport::default();
    let heading: Vec<String> = heading.iter().map(|&line| line.to_owned()).collect();
    let heading = groups(&super::heading(&heading), &mut report).expect("a heading");
    let body = groups(&document(blocks), &mut report).expect("it can be printed");
    let line = |piece: &Piece| match piece {
        Piece::Text(runs) => Some(runs.iter().map(|run| run.text.as_str()).collect::<Vec<_>>().join("|")),
        Piece::Picture { .. } => Some("[picture]".to_owned()),
        Piece::Bars { .. } => Some("[bars]".to_owned()),
        Piece::Space => None,
    };
    let pages = page::paginate(&heading, &body).expect("it has few pages");
    pages.iter().map(|page| page.pieces.iter().filter_map(|(piece, ..)| line(piece)).collect()).collect()
}

fn table(rows: usize) -> Value {
    let mut all = vec![json!({"rule": "-"})];
    all.extend((1..=rows).map(|row| json!([row.to_string(), "a dish\nwith a second line", "450,00"])));
    json!({"type": "table", "columns": [{"align": "right"}, {"width": "fill"}, {"align": "right"}],
           "header": ["No", "What", "Sum"], "rows": all})
}

#[test]
fn a_long_table_has_its_header_on_every_page_and_no_row_is_divided() {
    let pages = pages(&json!([{"type": "text", "text": "Invoice"}, table(70)]), &[]);
    assert_eq!(pages.len(), 3);
    assert_eq!(pages[0][..2], ["Invoice", "No|What|Sum"]);
    for page in &pages[1..] {
        assert_eq!(page[0], "No|What|Sum");
        assert!(page[1].starts_with("-----"), "the rule below the header comes with it: {}", page[1]);
    }
    for page in &pages {
        let firsts = page.iter().filter(|line| line.contains("a dish")).count();
        let seconds = page.iter().filter(|line| line.contains("with a second line")).count();
        assert_eq!(firsts, seconds);
    }
    let dishes: usize = pages.iter().flatten().filter(|line| line.contains("450,00")).count();
    assert_eq!(dishes, 70);
}

#[test]
fn what_follows_a_table_on_a_new_page_has_no_header_of_it() {
    let text: Vec<String> = (0..200).map(|line| line.to_string()).collect();
    let pages = pages(&json!([table(3), {"type": "text", "text": text.join("\n")}]), &[]);
    assert!(pages.len() > 2);
    assert!(pages[1..].iter().flatten().all(|line| !line.contains("What")));
}

#[test]
fn a_cut_between_two_texts_begins_a_page_and_one_at_the_end_does_not() {
    let text = |text: &str| json!({"type": "text", "text": text});
    let cut = || json!({"type": "cut"});
    let pages = pages(&json!([text("one"), cut(), {"type": "feed", "lines": 3}, text("two"), cut()]), &[]);
    assert_eq!(pages, [vec!["one"], vec!["two"]]);
}

#[test]
fn the_heading_stands_on_every_page() {
    let blocks = json!([{"type": "text", "text": "one"}, {"type": "cut"}, {"type": "text", "text": "two"}]);
    assert_eq!(pages(&blocks, &["COPY"]), [vec!["COPY", "one"], vec!["COPY", "two"]]);
}

#[test]
fn the_digits_of_a_barcode_stay_with_its_bars() {
    let text: Vec<String> = (0..64).map(|line| line.to_string()).collect();
    let code = json!({"type": "barcode", "symbology": "ean13", "data": "460123456789"});
    let pages = pages(&json!([{"type": "text", "text": text.join("\n")}, code]), &[]);
    assert_eq!(pages[1], ["[bars]", "4601234567893"]);
}
