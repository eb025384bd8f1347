//! Requests to a label scale.

use outlet_devices::error::ErrorKind;
use outlet_simulators::label_scale::{Fault, ScaleSpec};
use serde_json::json;

use crate::bed::*;

#[tokio::test]
async fn a_scale_says_what_it_is_and_how_much_it_keeps() {
    for (model, spec) in both() {
        let (name, items) = (spec.name.clone(), spec.items);
        let mut bed = Bed::new(model, spec).await;
        let answer = bed.request("identify").await.unwrap();
        assert_eq!((&answer["device"]["name"], &answer["items"]), (&json!(name), &json!(items)));
        assert_eq!((&answer["model"], &answer["message_lines"]), (&json!(model), &json!(8)));
        assert_eq!(answer["link"], bed.link);
    }
}

#[tokio::test]
async fn the_status_says_whether_the_password_is_taken_and_which_list_goes_on() {
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    let answer = bed.request("status").await.unwrap();
    assert_eq!((&answer["conditions"], &answer["mode"]), (&json!([]), &json!([])));
    assert_eq!((&answer["password"], &answer["goes_on"]), (&json!("accepted"), &json!(null)));
    bed.scale.inject(Fault::PowerOffAfter(5));
    bed.load(changes((1..=10).map(item), &[])).await.unwrap_err();
    bed.scale.inject(Fault::PowerOn);
    bed.connect().await;
    assert_eq!(bed.request("status").await.unwrap()["goes_on"]["job"], "01JOB");
}

#[tokio::test]
async fn a_test_of_a_good_scale_finds_nothing_and_loads_nothing() {
    for (model, spec) in both() {
        let mut bed = Bed::with_options(model, spec, with(json!({"answer_ms": 10_000}))).await;
        bed.connect().await;
        let answer = bed.request("test").await.unwrap();
        assert_eq!((&answer["ok"], &answer["verdict"]), (&json!(true), &json!([])), "{model}: {answer}");
        assert_eq!(answer["prefixes"], json!({"weight": 20, "piece": 21, "total": 0}));
        assert_eq!(answer["quality"]["answered"], 21);
        assert!(bed.numbers().is_empty());
        assert_eq!(bed.scale.beeps(), 0);
    }
}

async fn verdict(bed: &mut Bed) -> (String, String) {
    let answer = bed.request("test").await.unwrap();
    assert_eq!(answer["ok"], false, "{answer}");
    let first = &answer["verdict"][0];
    assert_eq!(first["rank"], 1);
    for field in ["likelihood", "why", "remedy"] {
        assert!(!first[field].as_str().unwrap().is_empty(), "{first}");
    }
    (first["suspect"].as_str().unwrap().to_owned(), first["why"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_test_says_what_is_wrong() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec.clone()).await;
        bed.scale.inject(Fault::Silence);
        assert_eq!(verdict(&mut bed).await.0, "network", "{model}");

        let mut bed = Bed::new(model, ScaleSpec { password: *b"7391", ..spec.clone() }).await;
        assert_eq!(verdict(&mut bed).await.0, "password", "{model}");

        let mut bed = Bed::new(model, ScaleSpec { prefixes: [27, 21, 0], ..spec }).await;
        let (suspect, why) = verdict(&mut bed).await;
        assert_eq!(suspect, "prefix", "{model}");
        assert!(why.contains("begin with 27"), "{why}");
    }
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    bed.scale.inject(Fault::LoseAnswers(1));
    let (suspect, why) = verdict(&mut bed).await;
    assert_eq!((suspect.as_str(), why.as_str()), ("network", "1 of the datagrams had to be sent again"));
}

#[tokio::test]
async fn a_test_tries_a_refused_password_once_more() {
    let mut bed =
        Bed::new("shtrih-print", ScaleSpec { password: *b"7391", ..ScaleSpec::shtrih_print() }).await;
    // Attempts two to five; with the next the scale says that none is left.
    for _ in 0..4 {
        assert!(verdict(&mut bed).await.1.contains("wrong password (error 122)"));
    }
    assert!(verdict(&mut bed).await.1.contains("no attempt at the password is left (error 170)"));
}

#[tokio::test]
async fn a_request_of_other_devices_is_not_for_a_label_scale() {
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    let error = bed.request("weigh").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert_eq!(error.message, "weigh is nothing that a label scale does");
}
