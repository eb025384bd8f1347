//! Requests to a scale.

use std::time::Duration;

use outlet_devices::driver::Request;
use outlet_devices::error::ErrorKind;
use outlet_simulators::scale::{Fault, ScaleSpec};
use serde_json::{Value, json};

use crate::bed::{Bed, Over, for_each_protocol, sellable};

fn kg(answer: &Value) -> String {
    let kg: rust_decimal::Decimal = answer["kg"].as_str().unwrap().parse().unwrap();
    kg.normalize().to_string()
}

#[tokio::test]
async fn weighing_answers_with_the_weight_that_lies_there() {
    for_each_protocol(|name, spec| async move {
        for over in [Over::Tcp, Over::Pty] {
            let mut bed = Bed::new(name, spec.clone(), over).await;
            bed.connect().await;
            bed.scale.put(1550);
            let answer = bed.answer(json!({"op": "weigh"})).await;
            assert_eq!(kg(&answer), "1.55", "{name}");
            assert_eq!(answer["reading"]["stable"], true, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn weighing_waits_until_the_load_is_at_rest() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.moving(true);
        bed.scale.put(1550);
        let scale = bed.scale.clone();
        let target = scale.state().asked + 2;
        let (answer, ()) = tokio::join!(bed.answer(json!({"op": "weigh", "timeout_ms": 30_000})), async {
            scale.wait_asked(target).await;
            scale.moving(false);
        });
        assert_eq!(kg(&answer), "1.55", "{name}");
    })
    .await;
}

#[tokio::test]
async fn weighing_ends_at_its_limit_when_the_load_never_rests() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.inject(Fault::NeverStable);
        bed.scale.put(1550);
        let error = bed.refusal(json!({"op": "weigh", "timeout_ms": 1000})).await;
        // Adam's scales are silent until the load is at rest.
        let expected = if name == "adam" { "nothing-new" } else { "not-stable" };
        assert_eq!((error.kind, error.code), (ErrorKind::Busy, expected), "{name}: {error}");
        bed.scale.inject(Fault::StableAgain);
        assert_eq!(kg(&bed.answer(json!({"op": "weigh"})).await), "1.55", "{name}");
    })
    .await;
}

#[tokio::test]
async fn weighing_says_what_is_in_the_way() {
    for (load, code, remedy) in [
        (0, "empty", "put the goods on it"),
        (20_000, "overload", "take something off"),
        (-250, "underload", "set zero"),
    ] {
        let mut bed = Bed::new("shtrih-pos2", ScaleSpec::shtrih_pos2(), Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(load);
        let error = bed.refusal(json!({"op": "weigh"})).await;
        assert_eq!((error.kind, error.code), (ErrorKind::Busy, code), "{error}");
        assert!(error.message.contains(remedy), "{error}");
        assert!(error.evidence["reading"].is_object(), "{error:?}");
    }
    let mut bed = Bed::new("shtrih-pos2", ScaleSpec::shtrih_pos2(), Over::Tcp).await;
    bed.connect().await;
    bed.scale.inject(Fault::Broken);
    assert_eq!(bed.refusal(json!({"op": "weigh"})).await.code, "scale-fault");
}

#[tokio::test]
async fn a_status_without_a_weight_is_not_an_empty_scale() {
    // Dialog 04 refuses with 30: nothing, or too little, lies there.
    let mut bed = Bed::new("dialog-04", ScaleSpec::dialog_04(), Over::Tcp).await;
    bed.connect().await;
    let error = bed.refusal(json!({"op": "weigh"})).await;
    assert_eq!(error.code, "no-weight", "{error}");
    assert_eq!(error.evidence["reading"].get("weight"), None);
}

#[tokio::test]
async fn a_scale_is_set_to_zero_where_its_protocol_can() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(100);
        if !bed.has("zero") {
            let error = bed.refusal(json!({"op": "zero"})).await;
            assert_eq!((error.kind, error.code), (ErrorKind::Unsupported, "unsupported"), "{name}");
            return;
        }
        let answer = bed.answer(json!({"op": "zero"})).await;
        assert_eq!(answer["confirmed"], name != "adam", "{name}");
        assert!(bed.scale.reading().zero, "{name}");
        bed.scale.put(1650);
        assert_eq!(kg(&bed.answer(json!({"op": "weigh"})).await), "1.55", "{name}");
    })
    .await;
}

#[tokio::test]
async fn packaging_is_tared_where_the_protocol_can() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(450);
        // NCI scales for cash registers answer that they don't know it, and so does this one.
        if !bed.has("tare") || name == "nci" {
            assert_eq!(bed.refusal(json!({"op": "tare"})).await.code, "unsupported", "{name}");
            return;
        }
        bed.answer(json!({"op": "tare"})).await;
        assert_eq!(bed.scale.reading().tare, 450, "{name}");
        bed.scale.put(2000);
        assert_eq!(kg(&bed.answer(json!({"op": "weigh"})).await), "1.55", "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_known_tare_is_set_and_taken_away_where_the_protocol_can() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        let request = json!({"op": "preset-tare", "tare": "0.450"});
        if !bed.has("preset-tare") {
            assert_eq!(bed.refusal(request).await.code, "unsupported", "{name}");
            return;
        }
        let error = bed.refusal(json!({"op": "preset-tare", "tare": "-0.1"})).await;
        assert_eq!(error.kind, ErrorKind::Rejected, "{name}");
        bed.scale.put(2000);
        assert_eq!(bed.answer(request).await["confirmed"], true, "{name}");
        assert_eq!(kg(&bed.answer(json!({"op": "weigh"})).await), "1.55", "{name}");
        bed.answer(json!({"op": "preset-tare", "tare": "0"})).await;
        assert_eq!(kg(&bed.answer(json!({"op": "weigh"})).await), "2", "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_bottle_is_counted_by_its_weight() {
    let mut bed = Bed::new("cas", ScaleSpec::cas(), Over::Tcp).await;
    bed.connect().await;
    bed.scale.put(850);
    let count = |gross: &str| json!({"op": "count", "tare": "0.500", "gross": gross, "in_pack": "0.7"});
    let answer = bed.answer(count("1.200")).await;
    assert_eq!((answer["quantity"].as_str(), answer["rounded"].as_bool()), (Some("0.35"), Some(false)));
    let answer = bed.answer(count("1.250")).await;
    assert_eq!((answer["quantity"].as_str(), answer["rounded"].as_bool()), (Some("0.327"), Some(true)));
    let asked = bed.scale.state().asked;
    let error = bed.refusal(count("0.500")).await;
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "invalid-request"));
    assert!(error.message.contains("check gross and tare"), "{error}");
    assert_eq!(bed.scale.state().asked, asked, "nothing is weighed for it");
    bed.scale.put(400);
    assert_eq!(bed.refusal(count("1.200")).await.code, "below-tare");
}

#[tokio::test]
async fn nothing_is_counted_while_the_scale_takes_a_tare_off_as_well() {
    let mut bed = Bed::new("massa-k-100", ScaleSpec::massa_k_100(), Over::Tcp).await;
    bed.connect().await;
    bed.answer(json!({"op": "preset-tare", "tare": "0.100"})).await;
    bed.scale.put(850);
    let request = json!({"op": "count", "tare": "0.500", "gross": "1.200", "in_pack": "0.7"});
    assert_eq!(bed.refusal(request).await.code, "tare-set");
}

#[tokio::test]
async fn a_request_that_is_dropped_halfway_leaves_a_clean_line() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(1234);
        let scale = bed.scale.clone();
        let mut target = scale.state().asked;
        for _ in 0..3 {
            target = scale.state().asked.max(target) + 1;
            tokio::select! {
                biased;
                () = scale.wait_asked(target) => {}
                _ = bed.driver.request(&Request::Weigh { timeout_ms: Some(60_000) }) => {}
                () = async { std::future::pending().await } => {}
            }
        }
        bed.scale.take_away();
        bed.asked(2).await;
        bed.scale.put(1550);
        assert_eq!(kg(&bed.answer(json!({"op": "weigh"})).await), "1.55", "{name}");
        let told: Vec<String> = bed.all_told().iter().filter_map(sellable).collect();
        assert!(told.iter().all(|kg| ["1.234", "1.55"].contains(&kg.as_str())), "{name}: {told:?}");
        assert_eq!(bed.lost, 0, "{name}");
    })
    .await;
}

#[tokio::test]
async fn status_and_identity_are_answered_by_every_scale() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(1550);
        let status = bed.answer(json!({"op": "status"})).await;
        assert_eq!(status["reading"]["stable"], true, "{name}: {status}");
        let identity = bed.answer(json!({"op": "identify"})).await;
        assert_eq!(identity["protocol"], name);
        if name != "adam" {
            assert!(identity["said"].is_string(), "{name}: {identity}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_test_of_a_good_line_finds_nothing() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(1550);
        let test = bed.answer(json!({"op": "test"})).await;
        assert_eq!(test["ok"], true, "{name}: {test}");
        assert_eq!(test["verdict"], json!([]), "{name}");
        assert!(test["scale"]["median_ms"].is_number(), "{name}: {test}");
        assert_eq!(test["scale"]["quality"]["garbled"], 0, "{name}: {test}");
    })
    .await;
}

#[tokio::test]
async fn a_test_counts_what_was_garbled_and_says_what_to_check() {
    let mut bed = Bed::new("massa-k-100", ScaleSpec::massa_k_100(), Over::Tcp).await;
    bed.connect().await;
    bed.scale.put(1550);
    bed.scale.inject(Fault::WrongChecksum);
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!(test["ok"], false, "{test}");
    assert_eq!(test["verdict"][0]["suspect"], "line", "{test}");
    assert!(test["scale"]["quality"]["ignored_bytes"].as_u64().unwrap() > 0, "{test}");
}

#[tokio::test]
async fn a_test_of_a_scale_that_is_not_there_is_a_verdict() {
    let mut bed = Bed::new("cas", ScaleSpec::cas(), Over::Tcp).await;
    bed.scale.unplug();
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!(test["ok"], false);
    assert_eq!(test["verdict"][0]["suspect"], "cable", "{test}");
}

#[tokio::test]
async fn weighing_with_a_scale_that_is_silent_says_so_at_its_limit() {
    let mut bed = Bed::new("cas", ScaleSpec::cas(), Over::Tcp).await;
    bed.connect().await;
    bed.scale.inject(Fault::Silence);
    let error = bed.refusal(json!({"op": "weigh", "timeout_ms": 200})).await;
    assert_eq!(error.code, "device-offline");
    assert!(error.message.contains("cable"), "{error}");
}

#[tokio::test]
async fn what_belongs_to_other_devices_is_refused() {
    let mut bed = Bed::new("cas", ScaleSpec::cas(), Over::Tcp).await;
    bed.connect().await;
    assert_eq!(bed.refusal(json!({"op": "accept-sums"})).await.kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_watch_is_cut_to_the_time_that_the_configuration_allows() {
    let spec = ScaleSpec::cas_stream().every(Duration::from_millis(10));
    let mut bed = Bed::with_options("cas-stream", spec, Over::Tcp, json!({"live_max_s": 5})).await;
    assert_eq!(bed.answer(json!({"op": "live", "for_s": 3600})).await, json!({"for_s": 5}));
}
