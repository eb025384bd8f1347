//! Lists, and the answer per item.

use outlet_devices::error::ErrorKind;
use outlet_simulators::label_scale::{Event, Fault, ScaleSpec};
use serde_json::{Value, json};

use crate::bed::*;

#[tokio::test]
async fn an_item_is_in_the_scale_as_it_was_given() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        let answer = bed
            .loaded(changes(
                [json!({
                    "plu": 7, "code": 12345, "name": "Сыр «Гауда»\nмолодой", "price": "189.90", "unit": "piece",
                    "shelf_life_days": 10, "tare": "0.015", "group": 3, "picture": 1, "certificate": "AB12",
                    "sell_by": "2026-12-31", "text": "Состав: молоко, соль.\nХранить в холоде.",
                })],
                &[],
            ))
            .await;
        let item = bed.scale.item(7).unwrap();
        assert_eq!((item.code, item.price, item.shelf_days, item.tare), (12345, 18990, 10, 15), "{model}");
        assert_eq!(item.name, ["Сыр «Гауда»", "молодой"]);
        assert_eq!((item.group, item.message, item.image, item.piece), (3, 7, 1, true));
        assert_eq!((item.certificate.as_str(), item.sell_by), ("AB12", Some([31, 12, 26])));
        assert_eq!(bed.scale.message(7, 1).unwrap().trim_end(), "Состав: молоко, соль.");
        assert_eq!(bed.scale.message(7, 2).unwrap().trim_end(), "Хранить в холоде.");
        let counts = json!({"items": 1, "accepted": 1, "refused": 0, "not_tried": 0, "removed": 0});
        assert_eq!(answer, json!({"mode": "changes", "counts": counts, "accepted": [[7, 7]]}));
        bed.follows_the_document();
    }
}

#[tokio::test]
async fn a_whole_list_removes_what_it_does_not_have_after_the_new_items_are_there() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        bed.loaded(changes([1, 2, 3, 200].map(item), &[])).await;
        bed.events = bed.scale.events();
        let answer = bed.loaded(whole([2, 5, 6].map(item))).await;
        assert_eq!(bed.numbers(), [2, 5, 6], "{model}");
        assert_eq!(answer["removed"], json!([[1, 1], [3, 3], [200, 200]]));
        assert_eq!(answer["accepted"], json!([[2, 2], [5, 6]]));
        assert_eq!(answer["counts"]["removed"], 3);
        let mut removed_yet = false;
        while let Ok(event) = bed.events.try_recv() {
            match event {
                Event::Removed(_) => removed_yet = true,
                Event::Stored(item) => assert!(!removed_yet, "{model}: {} came after a removal", item.plu),
                Event::Cleared => panic!("{model}: the scale stood empty"),
                _ => {}
            }
        }
        assert!(removed_yet);
        bed.follows_the_document();
    }
}

#[tokio::test]
async fn changes_touch_nothing_but_what_they_name_and_tell_what_was_not_there() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        bed.loaded(changes([1, 2, 3].map(item), &[])).await;
        let mut dearer = item(2);
        dearer["price"] = json!("13.00");
        let answer = bed.loaded(changes([dearer], &[3, 99])).await;
        assert_eq!(bed.numbers(), [1, 2], "{model}");
        assert_eq!((bed.scale.item(1).unwrap().price, bed.scale.item(2).unwrap().price), (1250, 1300));
        assert_eq!((&answer["removed"], &answer["absent"]), (&json!([[3, 3]]), &json!([[99, 99]])));
    }
}

#[tokio::test]
async fn a_refused_item_is_told_with_the_scale_s_code_and_the_others_are_loaded() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        let answer = bed.loaded(whole([item(1), too_heavy(2), item(3), too_heavy(4)])).await;
        assert_eq!(bed.numbers(), [1, 3], "{model}");
        assert_eq!(answer["accepted"], json!([[1, 1], [3, 3]]));
        let refused = json!([{"code": 133, "words": "wrong tare", "plu": [[2, 2], [4, 4]]}]);
        assert_eq!(answer["refused"], refused);
        assert_eq!(answer["counts"]["refused"], 2);
    }
}

#[tokio::test]
async fn an_item_whose_text_is_refused_is_not_written_with_an_older_one() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        let mut with_text = item(1);
        with_text["text"] = json!("Milk");
        bed.scale.inject(Fault::Refuse { code: 135, times: 1 });
        let answer = bed.loaded(changes([with_text, item(2)], &[])).await;
        assert_eq!(bed.numbers(), [2], "{model}");
        assert_eq!(answer["refused"], json!([{"code": 135, "words": "wrong message", "plu": [[1, 1]]}]));
    }
}

#[tokio::test]
async fn a_list_of_which_everything_is_refused_fails_and_removes_nothing() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        bed.loaded(changes([item(9)], &[])).await;
        let error = bed.load(whole([too_heavy(1), too_heavy(2)])).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "items-refused"), "{model}");
        assert!(error.message.contains("wrong tare (error 133)"), "{error}");
        assert_eq!(error.evidence["refused"][0]["plu"], json!([[1, 2]]));
        assert_eq!(bed.numbers(), [9], "{model}: it sells what it sold");
    }
}

#[tokio::test]
async fn a_cleared_scale_that_refuses_everything_is_said_to_be_empty() {
    for (model, spec) in both() {
        let mut bed = Bed::with_options(model, spec, with(json!({"whole": "clear"}))).await;
        bed.connect().await;
        bed.loaded(changes([item(9)], &[])).await;
        let error = bed.load(whole([too_heavy(1)])).await.unwrap_err();
        assert_eq!(error.code, "items-refused", "{model}");
        assert!(error.message.contains("is empty now"), "{error}");
        assert!(bed.numbers().is_empty());
        let error = bed.load(changes([too_heavy(1)], &[])).await.unwrap_err();
        assert!(!error.message.contains("empty"), "{error}");
    }
}

#[tokio::test]
async fn a_list_that_does_not_fit_the_scale_is_refused_before_a_byte_of_it_is_sent() {
    let small = ScaleSpec { items: 100, ..ScaleSpec::shtrih_print() };
    let mut bed = Bed::new("shtrih-print", small).await;
    let error = bed.load(whole([item(1), item(101)])).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "invalid-request"));
    assert_eq!(error.message, "document: items[1].plu: 101; this scale keeps numbers up to 100");
    assert!(bed.numbers().is_empty());
    assert!(bed.journal.with(|kept| kept.begun.is_empty()));
    // What the configuration says is known at intake, without the scale.
    let error = bed.load(changes([], &[301])).await.unwrap_err();
    assert_eq!(error.message, "document: delete[0]: 301; this scale keeps numbers up to 300");
}

#[tokio::test]
async fn what_was_not_loaded_as_given_is_told() {
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    let (mut long, mut foreign) = (item(1), item(2));
    long["name"] = json!("a".repeat(80));
    foreign["name"] = json!("Brânză");
    let answer = bed.loaded(changes([long, foreign, item(3)], &[])).await;
    assert_eq!(answer["name_cut"], json!([[1, 1]]));
    let replaced = json!([{"character": "â", "plu": [[2, 2]]}, {"character": "ă", "plu": [[2, 2]]}]);
    assert_eq!(answer["replaced"], replaced);
    assert_eq!(bed.scale.item(2).unwrap().name[0], "Branza");
}

#[tokio::test]
async fn prefixes_are_set_before_the_items_and_swapped_ones_in_an_order_that_works() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        let mut list = changes([item(1)], &[]);
        list["prefixes"] = json!({"weight": 24, "piece": 25});
        bed.loaded(list.clone()).await;
        assert_eq!(bed.scale.prefixes(), [24, 25, 0], "{model}");
        list["prefixes"] = json!({"weight": 25, "piece": 26});
        bed.loaded(list).await;
        assert_eq!(bed.scale.prefixes(), [25, 26, 0], "{model}");
    }
}

#[tokio::test]
async fn a_prefix_that_the_scale_refuses_stops_the_job_before_its_items() {
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    let mut list = changes([item(1)], &[]);
    list["prefixes"] = json!({"weight": 77});
    let error = bed.load(list).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "prefix-refused"), "{error}");
    assert!(bed.numbers().is_empty());
}

#[tokio::test]
async fn a_scale_may_be_cleared_first_where_the_configuration_says_so() {
    for (model, spec) in both() {
        let mut bed = Bed::with_options(model, spec, with(json!({"whole": "clear"}))).await;
        bed.connect().await;
        bed.loaded(changes([1, 2].map(item), &[])).await;
        bed.events = bed.scale.events();
        bed.loaded(whole([2, 3].map(item))).await;
        assert_eq!(bed.numbers(), [2, 3], "{model}");
        let events: Vec<Event> = std::iter::from_fn(|| bed.events.try_recv().ok()).collect();
        assert_eq!(events.iter().filter(|event| **event == Event::Cleared).count(), 1);
        bed.follows_the_document();
    }
}

#[tokio::test]
async fn ten_thousand_items_are_loaded_and_answered_in_a_few_words() {
    let mut bed = Bed::with_options(
        "mertech",
        ScaleSpec::mertech(),
        with(json!({"highest": 10_010, "answer_ms": 5000})),
    )
    .await;
    bed.connect().await;
    bed.loaded(changes([item(10_005)], &[])).await;
    let items: Vec<Value> =
        (1..=10_000).map(|plu| if plu == 777 { too_heavy(plu) } else { item(plu) }).collect();
    let answer = bed.loaded(whole(items)).await;
    assert_eq!(bed.numbers().len(), 9_999);
    assert_eq!(answer["accepted"], json!([[1, 776], [778, 10_000]]));
    assert_eq!(answer["removed"], json!([[10_005, 10_005]]));
    assert!(answer.to_string().len() < 1000);
    let noted = bed.journal.with(|kept| kept.baseline["progress"]["items"].clone());
    assert_eq!(noted, 10_000, "how far it came is on disk");
}

#[tokio::test]
async fn nothing_else_than_a_list_is_taken() {
    let bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    let document = outlet_protocols::display::DisplayDocument::parse(&json!({"lines": ["a"]})).unwrap();
    let error = bed.check.check(&outlet_devices::Work::Display(document.into())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
}
