//! What a label job asks for: reading it, completing an item, and the labels that are printed of it.

#![allow(clippy::unwrap_used)]

mod label_support;

use label_support::{printer, scan};
use outlet_protocols::code::{Patterns, PatternsConfig};
use outlet_protocols::fiscal::DateTime;
use outlet_protocols::label::item::Item;
use outlet_protocols::label::{
    Element, ItemOrder, LabelError, LabelOrder, LabelSetup, Language, Prepared, draw,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use rxing::BarcodeFormat;
use serde_json::{Value, json};

fn now() -> DateTime {
    "2026-11-22T14:05:00".parse().unwrap()
}

fn order(value: Value) -> ItemOrder {
    match LabelOrder::from_value(value) {
        Ok(LabelOrder::Item(order)) => *order,
        other => panic!("{other:?}"),
    }
}

fn wrong(value: Value) -> String {
    LabelOrder::from_value(value).unwrap_err().to_string()
}

fn kg(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A dish that is weighed, with something changed.
fn dish(path: &str, value: Value) -> Value {
    let mut order = json!({
        "item": {"name": "Салат", "code": "12345", "price": "189.90", "shelf_life": "0:2:12"},
        "weigh": {"scale": "scale"}
    });
    if let Some(place) = order.pointer_mut(path) {
        *place = value;
    } else {
        let (parent, key) = path.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[key] = value;
    }
    order
}

fn complete(order: &ItemOrder, weighed: Option<&str>) -> Result<Item, LabelError> {
    order.complete(weighed.map(kg), now(), &Patterns::default())
}

fn prepared(order: &ItemOrder, item: &Item, words: &[&str]) -> Prepared {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    order.prepare(item, &LabelSetup::default(), &printer(Language::Tspl), 1, &words).unwrap()
}

/// The vectors of the restaurant's weight barcode.
#[test]
fn a_weighed_item_has_the_code_of_its_weight_and_one_by_piece_that_of_its_number() {
    for (code, weighed, expected) in [("12345", "1.550", "2012345015500"), ("1", "1.55", "2000001015506")] {
        let order = order(dish("/item/code", json!(code)));
        let item = complete(&order, Some(weighed)).unwrap();
        assert_eq!(item.barcode.as_deref(), Some(expected), "{code} {weighed}");
    }
    let pieces = json!({"item": {"name": "Plăcintă", "code": "00042", "unit": "piece", "quantity": "3"}});
    let item = complete(&order(pieces), None).unwrap();
    assert_eq!(item.barcode.as_deref(), Some("2100042000032"));
}

#[test]
fn weight_sum_and_time_of_packing_are_added() {
    let item = complete(&order(dish("/weigh/timeout_ms", json!(5000))), Some("0.350")).unwrap();
    // 189.90 x 0.350 = 66.465
    assert_eq!((item.quantity, item.total), (Some(kg("0.350")), Some(kg("66.47"))));
    assert_eq!((item.packed, item.expires()), (Some(now()), "2026-11-25T02:05:00".parse().ok()));
    let given = order(dish("/item/packed", json!("2026-11-20T08:00:00")));
    assert_eq!(complete(&given, Some("0.350")).unwrap().packed, "2026-11-20T08:00:00".parse().ok());
}

#[test]
fn a_weight_finer_than_a_gram_is_rounded_half_up() {
    let order = order(dish("/item/price", json!("100")));
    let quantity = |weighed: &str| complete(&order, Some(weighed)).map(|item| item.quantity.unwrap());
    assert_eq!(quantity("0.5604").unwrap(), kg("0.560"));
    assert_eq!(quantity("0.5605").unwrap(), kg("0.561"));
    // Less than half a gram is nothing, and nothing is not labelled.
    assert_eq!(quantity("0.0004").unwrap_err().fault().at, "item.quantity");
}

#[test]
fn the_pattern_may_be_named_or_written_or_left_out() {
    let patterns: PatternsConfig = serde_json::from_value(json!({
        "weight_prefixes": ["20", "22"],
        "pattern": [{"name": "price", "pattern": "23CCCCCPPPPPK", "unit": "RUB"},
                    {"name": "grams", "pattern": "24CCCCCWWWWWK", "unit": "g", "decimals": 0}]
    }))
    .unwrap();
    let patterns = Patterns::new(patterns).unwrap();
    let code = |pattern: Value| {
        let order = order(dish("/pattern", pattern));
        order.complete(Some(kg("1.550")), now(), &patterns).map(|item| item.barcode)
    };
    assert_eq!(code(json!(null)).unwrap().as_deref(), Some("2012345015500"));
    assert!(code(json!("weight-22")).unwrap().unwrap().starts_with("221234501550"));
    assert!(code(json!("22CCCCCWWWWWK")).unwrap().unwrap().starts_with("221234501550"));
    // 1.550 x 189.90 = 294.345
    assert!(code(json!("price")).unwrap().unwrap().starts_with("231234529435"));
    assert!(code(json!("grams")).unwrap().unwrap().starts_with("241234501550"));
    assert_eq!(code(json!("none")).unwrap(), None);
    let error = code(json!("weight-29")).unwrap_err();
    assert!(error.to_string().contains("weight-20, weight-22"), "{error}");
    let error = code(json!("pieces-21")).unwrap_err();
    assert_eq!(error.fault().at, "pattern");
}

#[test]
fn a_quantity_that_the_code_can_not_hold_is_refused_with_its_place() {
    let error = complete(&order(dish("/item/price", json!("1"))), Some("100")).unwrap_err();
    assert_eq!(error.fault().at, "item.quantity", "{error}");
    for code in ["1234567", "A-17"] {
        let error = complete(&order(dish("/item/code", json!(code))), Some("1")).unwrap_err();
        assert_eq!(error.fault().at, "item.code", "{error}");
    }
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    let by_piece = |more: Value| {
        let mut value =
            json!({"item": {"name": "x", "unit": "piece", "code": "1", "barcode": "4840001000014"}});
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        value
    };
    for (value, place) in [
        // R5: barcodes of what is weighed are not typed.
        (dish("/item/barcode", json!("2012345015500")), "item.barcode"),
        (dish("/item/quantity", json!("0.350")), "item.quantity"),
        (dish("/item/total", json!("60")), "item.total"),
        (dish("/item/unit", json!("piece")), "item.unit"),
        (dish("/item/code", json!(null)), "item.code"),
        (dish("/item/name", json!(" ")), "item.name"),
        (dish("/item/colour", json!("red")), "item.colour"),
        (dish("/item/shelf_life", json!("2 days")), "item.shelf_life"),
        (dish("/weigh/scale", json!("Scale 1")), "weigh.scale"),
        (dish("/weigh/timeout_ms", json!(5)), "weigh.timeout_ms"),
        (dish("/weigh/minimum", json!("-1")), "weigh.minimum"),
        (dish("/weigh/tare", json!("1")), "weigh.tare"),
        (dish("/template", json!("60x60")), "template"),
        (dish("/template", json!(7)), "template"),
        (dish("/language", json!("fr")), "language"),
        (dish("/width", json!(5)), "width"),
        (dish("/media", json!({"type": "gap", "mm": 0.1})), "media.mm"),
        (dish("/copies", json!(0)), "copies"),
        (dish("/colour", json!("red")), "colour"),
        (by_piece(json!({"pattern": "pieces-21"})), "pattern"),
        (json!({"item": {"name": "x", "code": "1"}, "pattern": "weight-20"}), "pattern"),
        (json!({"label": {"width": 58, "height": 40, "elements": []}, "item": {"name": "x"}}), "item"),
        (json!({"label": {"width": 5, "height": 40, "elements": []}}), "label.width"),
    ] {
        let error = LabelOrder::from_value(value.clone()).unwrap_err();
        assert_eq!(error.fault().at, place, "{value}: {error}");
    }
    assert!(wrong(json!({})).contains("neither"));
    assert!(wrong(json!("label")).contains("neither"));
}

#[test]
fn a_price_label_has_no_code_of_a_quantity_and_a_pack_keeps_its_own() {
    let shelf =
        order(json!({"item": {"name": "Сыр", "code": "77", "price": "900"}, "template": "price-58x40"}));
    assert_eq!(complete(&shelf, None).unwrap().barcode, None);
    // Nobody has asked for the time of packing on it.
    assert_eq!(prepared(&shelf, &complete(&shelf, None).unwrap(), &[]).left_out, ["code"]);
    let pack = json!({"item": {"name": "Apă", "unit": "piece", "quantity": "6", "code": "77",
                               "barcode": "4840001000014"}});
    assert_eq!(complete(&order(pack), None).unwrap().barcode.as_deref(), Some("4840001000014"));
}

#[test]
fn a_template_of_ones_own_is_read_and_its_mistakes_are_named() {
    let own = |template: Value| dish("/template", template);
    let rows = json!([{"show": ["name"], "size": 5, "bold": true}, {"show": ["allergens"]},
                      {"show": ["barcode"], "height": 10, "bottom": true}]);
    let order = order(own(json!({"id": "own", "width": 50, "height": 30, "row": rows})));
    let item = complete(&order, Some("1.550")).unwrap();
    let labels = prepared(&order, &item, &[]).labels;
    let picture = draw(&labels[0], &printer(Language::Tspl)).unwrap().picture;
    assert_eq!((picture.width(), picture.height()), (400, 240));
    assert_eq!(scan(&picture, BarcodeFormat::EAN_13).as_deref(), Some("2012345015500"));
    let error =
        wrong(own(json!({"id": "own", "width": 50, "height": 30, "row": [{"show": ["name"], "colour": 1}]})));
    assert!(error.starts_with("template.row[0]") && error.contains("colour"), "{error}");
    let error = wrong(own(json!({"id": "own", "width": 50, "height": 30, "row": [{"show": ["name"]}]})));
    assert!(error.contains("omits_allergens"), "{error}");
}

#[test]
fn size_and_material_of_the_order_count_more_than_those_of_template_and_printer() {
    let order = order(dish("/height", json!(60)));
    let item = complete(&order, Some("1.550")).unwrap();
    let setup = LabelSetup {
        media: Some(serde_json::from_value(json!({"type": "black-mark", "mm": 3})).unwrap()),
        ..LabelSetup::default()
    };
    let prepared = order.prepare(&item, &setup, &printer(Language::Tspl), 2, &[]).unwrap();
    let label = &prepared.labels[0];
    assert_eq!((label.width, label.height, label.copies), (58.0, 60.0, 2));
    assert_eq!(Some(label.media), setup.media);
}

#[test]
fn words_stand_above_the_item_where_nothing_of_it_is_lost_and_else_in_front() {
    let order = order(dish("/item/allergens", json!(["яйца", "рыба"])));
    let item = complete(&order, Some("1.550")).unwrap();
    let with = prepared(&order, &item, &["КОПИЯ", "ОПОЗДАНИЕ 14:02"]);
    assert_eq!(with.labels.len(), 1);
    let texts: Vec<&str> = with.labels[0].elements.iter().filter_map(text).collect();
    assert_eq!(texts[0], "КОПИЯ · ОПОЗДАНИЕ 14:02");
    let picture = draw(&with.labels[0], &printer(Language::Tspl)).unwrap().picture;
    assert_eq!(scan(&picture, BarcodeFormat::EAN_13).as_deref(), Some("2012345015500"));
    // A label that is full already.
    let names: Vec<String> = (1..=17).map(|number| format!("аллерген номер {number}")).collect();
    let full = Item { allergens: names, ..item };
    let front = prepared(&order, &full, &["КОПИЯ"]);
    assert_eq!(front.labels.len(), 2);
    assert_eq!(front.labels[0].elements.iter().filter_map(text).collect::<Vec<_>>(), ["КОПИЯ"]);
    draw(&front.labels[0], &printer(Language::Tspl)).unwrap();
    assert_eq!(front.labels[1], prepared(&order, &full, &[]).labels[0]);
}

fn text(element: &Element) -> Option<&str> {
    match element {
        Element::Text(text) => Some(&text.text),
        _ => None,
    }
}

proptest! {
    #[test]
    fn the_code_on_the_label_always_reads_back_as_code_and_weight(code in 1u32..=99_999, grams in 1u32..=99_999) {
        let order = order(dish("/item/code", json!(code.to_string())));
        let weighed = Decimal::new(grams.into(), 3);
        let item = order.complete(Some(weighed), now(), &Patterns::default()).unwrap();
        let read = Patterns::default().read(item.barcode.as_deref().unwrap()).unwrap().unwrap();
        prop_assert_eq!(read.code, format!("{:05}", code));
        let value = serde_json::to_value(read.quantity).unwrap()["value"].as_str().unwrap().to_owned();
        prop_assert_eq!(kg(&value), weighed);
    }
}
