//! Bad lines and bad scales: readings go on, and no weight is told that did not lie on the pan.

use outlet_devices::reading::Reading;
use outlet_simulators::scale::{Fault, ScaleSpec};

use crate::bed::{Bed, Over, for_each_protocol, sellable};

/// A weight is laid on the pan while the fault strikes, and another one afterwards. Only these may be told.
async fn survives(name: &'static str, spec: ScaleSpec, over: Over, fault: Fault) {
    let mut bed = Bed::new(name, spec, over).await;
    bed.connect().await;
    bed.asked(2).await;
    bed.scale.inject(fault);
    // Twice, for scales that say each load once: the first may be lost.
    for _ in 0..2 {
        bed.scale.put(1234);
        bed.asked(4).await;
        bed.scale.take_away();
        bed.asked(2).await;
    }
    bed.scale.put(1550);
    let mut told: Vec<String> = bed.all_told().iter().filter_map(sellable).collect();
    told.extend(bed.told_kg("1.55").await);
    assert!(told.iter().all(|kg| kg == "1.234"), "{name}, {fault:?}: {told:?}");
}

async fn all_survive(over: Over, fault: Fault) {
    for_each_protocol(|name, spec| survives(name, spec, over, fault)).await;
}

#[tokio::test]
async fn a_line_that_echoes_tells_no_wrong_weight() {
    for_each_protocol(|name, spec| async move {
        // Of this one an echo looks like a part of the answer: it can't be read, and nothing is told.
        if name != "massa-k-j" {
            return survives(name, spec, Over::Pty, Fault::Echo).await;
        }
        let mut bed = Bed::new(name, spec, Over::Pty).await;
        bed.scale.inject(Fault::Echo);
        bed.scale.put(1234);
        bed.driver.connect().await.unwrap_err();
        assert_eq!(bed.all_told(), [], "{name}");
    })
    .await;
}

#[tokio::test]
async fn parity_bits_that_leak_tell_no_wrong_weight() {
    tokio::join!(all_survive(Over::Tcp, Fault::ParityLeak), all_survive(Over::Tcp, Fault::ParityLeakAll));
}

#[tokio::test]
async fn meaningless_bytes_before_an_answer_tell_no_wrong_weight() {
    all_survive(Over::Pty, Fault::Garbage { bytes: 40, seed: 7 }).await;
}

#[tokio::test]
async fn an_answer_that_comes_late_is_not_taken_for_another_question() {
    all_survive(Over::Tcp, Fault::LateAnswer).await;
}

#[tokio::test]
async fn the_answer_of_another_scale_or_to_another_question_is_not_told() {
    all_survive(Over::Tcp, Fault::ForeignAnswer).await;
}

#[tokio::test]
async fn an_answer_with_a_wrong_checksum_is_not_told() {
    all_survive(Over::Tcp, Fault::WrongChecksum).await;
}

#[tokio::test]
async fn half_an_answer_and_a_lost_one_are_not_told() {
    tokio::join!(all_survive(Over::Pty, Fault::HalfAnswer), all_survive(Over::Tcp, Fault::LoseAnswer));
}

#[tokio::test]
async fn a_scale_that_puts_questions_off_is_asked_again() {
    all_survive(Over::Tcp, Fault::Busy { times: 3 }).await;
}

#[tokio::test]
async fn a_link_that_is_cut_is_opened_again() {
    tokio::join!(all_survive(Over::Tcp, Fault::CutMidFrame), all_survive(Over::Tcp, Fault::CutLink));
}

#[tokio::test]
async fn a_broken_bit_makes_no_weight() {
    // Adam's scales print a load once, without a checksum: no second answer could confirm it.
    for_each_protocol(|name, spec| async move {
        for seed in 0..8 {
            if name != "adam" {
                survives(name, spec.clone(), Over::Tcp, Fault::FlipBit { seed }).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn on_a_noisy_line_no_wrong_weight_is_told_and_readings_go_on_when_it_is_clean() {
    for_each_protocol(|name, spec| async move {
        if name == "adam" {
            return;
        }
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.scale.inject(Fault::Noise { seed: 11, one_in: 60 });
        bed.scale.put(1234);
        bed.asked(40).await;
        bed.scale.inject(Fault::NoNoise);
        bed.scale.put(1550);
        let mut told: Vec<String> = bed.all_told().iter().filter_map(sellable).collect();
        told.extend(bed.told_kg("1.55").await);
        assert!(told.iter().all(|kg| kg == "1.234"), "{name}: {told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_begins_in_the_middle_of_a_frame_finds_into_step() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.scale.put(1550);
        bed.scale.inject(Fault::StartMidFrame);
        bed.connect().await;
        assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_scale_that_falls_silent_is_lost_and_its_readings_go_on_when_it_speaks_again() {
    for_each_protocol(|name, spec| async move {
        let mut bed = Bed::new(name, spec, Over::Tcp).await;
        bed.connect().await;
        bed.asked(2).await;
        bed.all_told();
        bed.scale.inject(Fault::Silence);
        if name == "adam" {
            // Silence is all that it says when there is no new weight.
            bed.asked(3).await;
        } else {
            let error = bed.driver.idle().await;
            assert_eq!(error.code, "device-offline", "{name}");
            assert!(!bed.status.borrow().online, "{name}");
            let text = error.message;
            assert!(text.contains("tcp://") && text.contains("check"), "{name}: {text}");
        }
        bed.scale.inject(Fault::Speak);
        bed.scale.put(1550);
        bed.connect().await;
        assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
        assert!(bed.status.borrow().online, "{name}");
    })
    .await;
}

async fn replug(name: &'static str, spec: ScaleSpec, over: Over) {
    let mut bed = Bed::new(name, spec, over).await;
    bed.connect().await;
    bed.scale.put(1234);
    bed.told_kg("1.234").await;
    bed.scale.unplug();
    let error = bed.driver.idle().await;
    assert_eq!(error.code, "device-offline", "{name}");
    bed.scale.plug_in();
    bed.connect().await;
    bed.asked(3).await;
    let again: Vec<String> = bed.all_told().iter().filter_map(sellable).collect();
    // Adam's scales say each load once, and not which.
    assert_eq!(again, [""; 0], "{name} tells the same weight again");
    bed.scale.put(1550);
    assert_eq!(bed.told_kg("1.55").await, [""; 0], "{name}");
}

#[tokio::test]
async fn readings_go_on_after_a_network_cable_was_out() {
    for_each_protocol(|name, spec| replug(name, spec, Over::Tcp)).await;
}

#[tokio::test]
async fn readings_go_on_after_a_serial_adapter_was_out() {
    for_each_protocol(|name, spec| replug(name, spec, Over::Pty)).await;
}

#[tokio::test]
async fn a_stream_of_another_number_is_told_of_and_never_for_a_weight() {
    let spec = ScaleSpec { id: b'2', ..ScaleSpec::cas_stream().every(std::time::Duration::from_millis(10)) };
    let mut bed = Bed::with_options("cas-stream", spec, Over::Tcp, serde_json::json!({"id": 49})).await;
    bed.scale.put(1550);
    let error = bed.driver.connect().await.unwrap_err();
    assert!(error.message.contains("option `id`"), "{error}");
    let told = bed.all_told();
    assert!(
        matches!(&told[..], [Reading::Unusable(unusable)] if unusable.code == "other-device"),
        "{told:?}"
    );
}
