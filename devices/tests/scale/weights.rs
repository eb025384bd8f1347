//! What is told of the weight on the pan.

use outlet_devices::reading::{Reading, Weighed};
use outlet_simulators::scale::Fault;
use serde_json::json;

use crate::bed::{Bed, Over, for_each_protocol, sellable};

#[tokio::test]
async fn a_weight_at_rest_is_told_once_over_tcp() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        told_once(name, &mut bed).await;
    })
    .await;
}

#[tokio::test]
async fn a_weight_at_rest_is_told_once_over_a_serial_line() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Pty).await;
        told_once(name, &mut bed).await;
    })
    .await;
}

async fn told_once(name: &str, bed: &mut Bed) {
    bed.connect().await;
    bed.scale.put(1550);
    assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
    bed.asked(4).await;
    assert_eq!(bed.all_told(), [], "{name} tells it again");
    bed.scale.put(2345);
    assert_eq!(bed.told_kg("2.345").await, [""; 0], "{name}");
    assert_eq!(bed.lost, 0, "{name}");
    assert_eq!(bed.scale.violations(), [""; 0], "{name}");
}

#[tokio::test]
async fn the_same_weight_is_told_again_after_the_pan_was_empty() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        for _ in 0..2 {
            bed.scale.put(1550);
            assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
            bed.scale.take_away();
            // Adam's scales are silent when they are empty; all others show it.
            if name == "adam" {
                bed.asked(2).await;
            } else {
                let Reading::Weight(Weighed { reading, live: false }) = bed.told().await else {
                    panic!("{name}: not a weight")
                };
                assert!(reading.for_sale().is_err() && reading.stable, "{name}: {reading:?}");
                assert!(reading.weight.is_none_or(|weight| weight.value.is_zero()), "{name}: {reading:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_told_while_the_load_moves() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.scale.moving(true);
        bed.scale.put(1550);
        bed.connect().await;
        bed.asked(4).await;
        bed.scale.put(1650);
        bed.asked(4).await;
        assert_eq!(bed.all_told(), [], "{name}");
        bed.scale.moving(false);
        assert_eq!(bed.told_kg("1.65").await, [""; 0], "{name}");
    })
    .await;
}

#[tokio::test]
async fn while_somebody_watches_every_reading_is_told_and_marked() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(1550);
        bed.told_kg("1.55").await;
        assert_eq!(bed.answer(json!({"op": "live", "for_s": 60})).await["for_s"], 60);
        if name == "adam" {
            // It says each load once.
            bed.scale.put(1650);
            bed.told_kg("1.65").await;
            return;
        }
        for _ in 0..3 {
            let Reading::Weight(Weighed { reading, live }) = bed.told().await else { panic!("{name}") };
            assert!(live, "{name}");
            assert_eq!(reading.for_sale().unwrap().normalize().to_string(), "1.55", "{name}");
        }
        assert_eq!(bed.answer(json!({"op": "live", "for_s": 0})).await["for_s"], 0);
        bed.all_told();
        bed.asked(4).await;
        assert_eq!(bed.all_told(), [], "{name}");
    })
    .await;
}

#[tokio::test]
async fn with_publish_off_readings_are_told_only_while_somebody_watches() {
    let options = json!({"poll_ms": 20, "publish": false});
    let spec = outlet_simulators::scale::ScaleSpec::cas();
    let mut bed = Bed::with_options("cas", spec, Over::Tcp, options).await;
    bed.connect().await;
    bed.scale.put(1550);
    bed.asked(4).await;
    assert_eq!(bed.all_told(), []);
    bed.answer(json!({"op": "live", "for_s": 60})).await;
    let Reading::Weight(Weighed { live, .. }) = bed.told().await else { panic!("not a weight") };
    assert!(live);
}

/// Protocols that say overload; the others say a status without a weight, or nothing.
const SAY_OVERLOAD: [&str; 7] =
    ["massa-k-100", "shtrih-pos2", "cas", "mt-sics", "nci", "toledo-8217", "dialog-04"];

#[tokio::test]
async fn an_overload_is_a_condition_and_told_without_a_weight_until_it_is_over() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(20_000);
        if SAY_OVERLOAD.contains(&name) {
            bed.conditions(&["overload"]).await;
            let told = bed.all_told();
            assert!(
                told.iter().any(|told| matches!(told, Reading::Weight(weighed) if weighed.reading.overload)),
                "{name}: {told:?}"
            );
            assert_eq!(told.iter().find_map(sellable), None, "{name}");
        } else {
            bed.asked(4).await;
        }
        bed.scale.put(1550);
        assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
        bed.conditions(&[]).await;
    })
    .await;
}

#[tokio::test]
async fn below_zero_nothing_is_told_that_could_be_sold() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.put(-250);
        bed.asked(4).await;
        assert_eq!(bed.all_told().iter().find_map(sellable), None, "{name}");
        if ["shtrih-pos2", "mt-sics", "nci", "toledo-8217", "dialog-04"].contains(&name) {
            bed.conditions(&["underload"]).await;
        }
        bed.scale.put(1550);
        assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
        bed.conditions(&[]).await;
    })
    .await;
}

#[tokio::test]
async fn a_scale_that_can_not_measure_tells_no_weight_and_is_well_again_when_repaired() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.asked(2).await;
        bed.scale.inject(Fault::Broken);
        bed.all_told();
        bed.asked(4).await;
        assert_eq!(bed.all_told().iter().find_map(sellable), None, "{name}");
        if ["shtrih-pos2", "dialog-04"].contains(&name) {
            bed.conditions(&["scale-fault"]).await;
        }
        bed.scale.inject(Fault::Repaired);
        bed.scale.put(1550);
        assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
        bed.conditions(&[]).await;
    })
    .await;
}
