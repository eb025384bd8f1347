//! Item labels: what stands on them, and that nothing of it is lost or covered.

#![allow(clippy::unwrap_used)]

mod label_support;

use label_support::{black_box, printer, printer_of, scan};
use outlet_protocols::label::item::{
    Captions, Item, LaidOut, Template, captions, languages, lay_out, template, templates,
};
use outlet_protocols::label::{Element, Label, LabelError, Language, draw};
use outlet_protocols::raster::Bitmap;
use proptest::prelude::*;
use rxing::BarcodeFormat;
use serde_json::{Value, json};

fn ru() -> &'static Captions {
    captions("ru").unwrap()
}

fn weighed() -> Value {
    serde_json::from_str(include_str!("../../examples/labels/item-weighed.json")).unwrap()
}

fn item(value: Value) -> Item {
    Item::from_value(value).unwrap()
}

fn changed(field: &str, value: Value) -> Value {
    let mut item = weighed();
    item[field] = value;
    item
}

fn on(template_id: &str, value: Value) -> Result<LaidOut, LabelError> {
    lay_out(&item(value), template(template_id).unwrap(), ru(), &printer(Language::Tspl))
}

/// All texts of a label, a line each, with plain spaces.
fn texts(label: &Label) -> Vec<String> {
    let text = |element: &Element| match element {
        Element::Text(text) => Some(text.text.replace('\u{a0}', " ")),
        _ => None,
    };
    label.elements.iter().filter_map(text).collect()
}

#[test]
fn a_weighed_dish_says_all_that_its_rules_ask_for() {
    let laid = on("58x60", weighed()).unwrap();
    let all = texts(&laid.label);
    let joined = all.join("|").replace('\n', " ");
    for part in [
        "Салат «Цезарь» с курицей",
        "Масса нетто|0,350 кг",
        "Цена за кг|189,90 lei",
        "Стоимость|66,47 lei",
        "Состав: салат романо",
        "Аллергены: глютен, яйца, молоко, рыба, горчица",
        "белки 11,4 г; жиры 13,2 г; углеводы 6,1 г; 187 ккал",
        "Упаковано|22.11.2026 14:05",
        "Годен до|24.11.2026 02:05",
        "Хранение: от +2 до +6 °C",
    ] {
        assert!(joined.contains(part), "{part}: {joined}");
    }
    assert_eq!((laid.shortened, laid.left_out), (vec![], vec!["code"]));
}

#[test]
fn its_barcode_is_read_on_every_template_in_every_language_at_every_resolution() {
    for template in templates() {
        for words in languages() {
            for dpi in [203, 300, 600] {
                let printer = printer_of(dpi);
                let laid = lay_out(&item(weighed()), template, words, &printer).unwrap();
                let picture = draw(&laid.label, &printer).unwrap().picture;
                let read = scan(&picture, BarcodeFormat::EAN_13);
                assert_eq!(
                    read.as_deref(),
                    Some("2012345003507"),
                    "{} {} {dpi}",
                    template.id,
                    words.language
                );
            }
        }
    }
}

#[test]
fn the_sum_is_price_times_weight_rounded_half_up_unless_it_is_given() {
    let sum = |value: Value| texts(&on("58x60", value).unwrap().label);
    // 189.90 x 0.350 = 66.465
    assert!(sum(weighed()).contains(&"66,47 lei".to_owned()));
    assert!(sum(changed("total", json!("60"))).contains(&"60,00 lei".to_owned()));
}

#[test]
fn rows_without_anything_to_say_take_no_room() {
    let bare = json!({"name": "Соль", "barcode": "96385074"});
    let laid = on("58x60", bare).unwrap();
    assert_eq!(texts(&laid.label), ["Соль"]);
    let picture = draw(&laid.label, &printer(Language::Zpl)).unwrap().picture;
    assert_eq!(scan(&picture, BarcodeFormat::EAN_8).as_deref(), Some("96385074"));
}

#[test]
fn a_code_that_is_no_ean_becomes_code128() {
    let laid = on("58x60", changed("barcode", json!("LOT-42"))).unwrap();
    let picture = draw(&laid.label, &printer(Language::Zpl)).unwrap().picture;
    assert_eq!(scan(&picture, BarcodeFormat::CODE_128).as_deref(), Some("LOT-42"));
}

#[test]
fn a_long_name_becomes_smaller_and_wraps() {
    let long = "Филе куриное маринованное с розмарином и чесноком для запекания в рукаве";
    let size = |name: &str| {
        let laid = on("58x60", changed("name", json!(name))).unwrap();
        let name_of = |element: &Element| match element {
            Element::Text(text) if text.text.replace('\n', " ") == name => {
                Some((text.size.mm(), text.text.lines().count()))
            }
            _ => None,
        };
        laid.label.elements.iter().find_map(name_of).unwrap()
    };
    let (short, one) = size("Филе");
    let (smaller, lines) = size(long);
    assert!(smaller < short && (2..=3).contains(&lines) && one == 1, "{smaller} {lines}");
}

#[test]
fn a_name_for_which_there_is_no_room_is_an_error_that_names_it() {
    let error = on("43x25", changed("name", json!("слово ".repeat(60)))).unwrap_err();
    assert!(matches!(error, LabelError::DoesNotFit(_)), "{error:?}");
    assert_eq!(error.fault().at, "name");
}

#[test]
fn composition_is_shortened_with_a_word_and_allergens_never_are() {
    let laid = on("58x40", changed("composition", json!("сахар, мука, масло, ".repeat(30)))).unwrap();
    assert_eq!(laid.shortened.iter().map(|own| own.at.as_str()).collect::<Vec<_>>(), ["composition"]);
    assert!(texts(&laid.label).iter().any(|text| text.starts_with("Состав:") && text.ends_with('…')));
    assert!(texts(&laid.label).join(" ").replace('\n', " ").contains("глютен, яйца, молоко, рыба, горчица"));
    let many: Vec<String> = (0..60).map(|number| format!("аллерген {number}")).collect();
    for id in ["43x25", "58x40", "58x60"] {
        let error = on(id, changed("allergens", json!(many))).unwrap_err();
        assert!(matches!(error, LabelError::DoesNotFit(_)), "{error:?}");
        assert_eq!(error.fault().at, "allergens", "{id}");
    }
}

#[test]
fn a_price_label_tells_what_it_leaves_out() {
    let laid = on("price-58x40", weighed()).unwrap();
    assert!(
        laid.left_out.contains(&"allergens") && laid.left_out.contains(&"composition"),
        "{:?}",
        laid.left_out
    );
    assert!(texts(&laid.label).contains(&"189,90 lei".to_owned()));
}

#[test]
fn an_item_that_makes_no_sense_is_refused_with_its_field() {
    for (field, value, part) in [
        ("name", json!("  "), "needs the item's name"),
        ("price", json!("-1"), "less than nothing"),
        ("quantity", json!("0"), "nothing to label"),
        ("quantity", json!("0.3505"), "finer than a gram"),
        ("packed", json!(null), "counts from the time of packing"),
        ("packed", json!("2026-02-30T10:00:00"), "such as"),
        ("shelf_life", json!("two days"), "0:2:12"),
        ("shelf_life", json!("999:0:0"), "2099"),
        ("allergens", json!(["милк", " "]), "empty"),
        ("nutrition", json!({"kcal": 1}), "proteins"),
        ("weight", json!(1), "unknown field"),
    ] {
        let error = Item::from_value(changed(field, value.clone())).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(part), "{field} {value}: {error}");
    }
    let mut pieces = changed("unit", json!("piece"));
    pieces["quantity"] = json!("1.5");
    let error = Item::from_value(pieces).unwrap_err().to_string();
    assert!(error.contains("whole number of pieces"), "{error}");
    let error = on("58x60", changed("barcode", json!("2012345003508"))).unwrap_err().to_string();
    assert!(error.starts_with("barcode: ") && error.contains("should be 7"), "{error}");
}

#[test]
fn a_template_of_ones_own_is_read_and_a_wrong_one_refused_with_its_key() {
    let own = "id = 'own'\nwidth = 40\nheight = 30\nomits_allergens = true\n[[row]]\nshow = ['name']\nsize = '12pt'\n";
    let own_template = Template::from_toml(own).unwrap();
    assert!(lay_out(&item(weighed()), &own_template, ru(), &printer(Language::Epl)).is_ok());
    for (from, to, part) in [
        ("width = 40", "width = 4", "width"),
        ("height = 30", "height = 30\nrows = 4", "rows"),
        ("height = 30", "height = 30\nmargin = 30", "margin"),
        ("'12pt'", "'12'", "9pt"),
        ("['name']", "['name', 'barcode']", "row[0].show"),
    ] {
        let error = Template::from_toml(&own.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

/// Where each element alone is black.
fn boxes(label: &Label) -> Vec<(u16, u16, u16, u16)> {
    let alone = |element: &Element| {
        let label = Label { elements: vec![element.clone()], ..label.clone() };
        black_box(&draw(&label, &printer(Language::Zpl)).unwrap().picture)
    };
    label.elements.iter().filter_map(alone).collect()
}

fn margin_is_white(picture: &Bitmap, dots: u16) -> bool {
    let (left, top, right, bottom) = black_box(picture).unwrap();
    left >= dots && top >= dots && right <= picture.width() - dots && bottom <= picture.height() - dots
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_laid_out_can_be_drawn(
        name in "\\PC{1,40}|[a-z\\x00-\\x1f 米界ﷺ👩‍👩‍👧é\u{301}\u{200b}\u{202e}]{1,60}",
        text in "\\PC{0,80}|(.|\\n){0,200}",
        currency in "\\PC{0,6}|(.|\\n){0,4}",
        barcode in "[\\x00-\\x7f]{1,20}",
    ) {
        let mut value = weighed();
        for field in ["composition", "storage", "outlet", "description", "code"] {
            value[field] = json!(text);
        }
        value["currency"] = json!(currency);
        value["name"] = json!(name);
        value["barcode"] = json!(barcode);
        let Ok(item) = Item::from_value(value) else { return Ok(()) };
        for template in templates() {
            if let Ok(laid) = lay_out(&item, template, ru(), &printer(Language::Zpl)) {
                let drawn = draw(&laid.label, &printer(Language::Zpl));
                prop_assert!(drawn.is_ok(), "{}: {:?}", template.id, drawn.err());
                prop_assert_eq!(drawn.unwrap().shortened, []);
            }
        }
    }

    #[test]
    fn nothing_overlaps_and_nothing_is_lost_without_a_word(
        name in "[А-ЯA-Z][а-яa-z]{2,12}( [а-яa-zăîșț]{2,14}){0,9}",
        composition in proptest::option::of("[а-я]{3,9}(, [а-я]{3,9}){0,30}"),
        allergens in proptest::collection::vec("[а-я]{3,9}", 0..8),
        quantity in 1u32..99_999,
        price in 1u32..9_999_999,
        storage in proptest::option::of("[а-я]{3,9}( [а-я]{3,9}){0,6}"),
        outlet in proptest::option::of("[A-Z][a-z]{3,9}( [A-Z][a-z]{3,9}){0,6}"),
        nutrition: bool,
    ) {
        let mut value = weighed();
        value["name"] = json!(name);
        value["composition"] = json!(composition);
        value["allergens"] = json!(allergens);
        value["quantity"] = json!(format!("{}.{:03}", quantity / 1_000, quantity % 1_000));
        value["price"] = json!(format!("{}.{:02}", price / 100, price % 100));
        value["storage"] = json!(storage);
        value["outlet"] = json!(outlet);
        if !nutrition {
            value["nutrition"] = Value::Null;
        }
        for template in templates() {
            let laid = match lay_out(&item(value.clone()), template, ru(), &printer(Language::Zpl)) {
                Ok(laid) => laid,
                Err(LabelError::DoesNotFit(fault)) => {
                    prop_assert!(!fault.at.is_empty());
                    continue;
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            };
            let picture = draw(&laid.label, &printer(Language::Zpl)).unwrap().picture;
            prop_assert!(margin_is_white(&picture, 8), "{}", template.id);
            let boxes = boxes(&laid.label);
            for (index, a) in boxes.iter().enumerate() {
                for b in &boxes[index + 1..] {
                    let apart = a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                    prop_assert!(apart, "{}: {a:?} {b:?}", template.id);
                }
            }
            let all = texts(&laid.label).join(" ").replace('\n', " ");
            let without_spaces = |text: &str| text.replace([' ', '…'], "");
            let shown = without_spaces(&all);
            prop_assert!(shown.contains(&without_spaces(&name)), "{name}: {all}");
            if !laid.left_out.contains(&"allergens") && !allergens.is_empty() {
                prop_assert!(shown.contains(&without_spaces(&allergens.join(","))), "{all}");
            }
            for (field, text) in [("composition", &composition), ("storage", &storage), ("outlet", &outlet)] {
                let Some(text) = text.as_ref().filter(|_| !laid.left_out.contains(&field)) else { continue };
                let lost = laid.shortened.iter().find(|own| own.at == field).map_or("", |own| own.lost.as_str());
                let whole = without_spaces(text);
                let kept = whole.strip_suffix(&without_spaces(lost)).unwrap();
                prop_assert!(shown.contains(kept), "{field}: {kept:?} {lost:?} {all}");
            }
            let read = scan(&picture, BarcodeFormat::EAN_13);
            prop_assert_eq!(read.as_deref(), Some("2012345003507"));
        }
    }
}
