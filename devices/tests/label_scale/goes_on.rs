//! Lists that are broken off and go on.

use outlet_devices::driver::{Attempt, Resolution};
use outlet_devices::error::ErrorKind;
use outlet_simulators::label_scale::{Fault, ScaleSpec};
use serde_json::json;

use crate::bed::*;

/// Breaks a list of 20 items off after some.
async fn broken_off(bed: &mut Bed) -> usize {
    bed.stored();
    bed.scale.inject(Fault::PowerOffAfter(10));
    let error = bed.load(whole((1..=20).map(item))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent, "{error}");
    let loaded = bed.stored().len();
    assert!((1..20).contains(&loaded), "{loaded}");
    assert!(error.message.contains("of 20 items are loaded; the rest follows"), "{error}");
    bed.scale.inject(Fault::PowerOn);
    bed.connect().await;
    loaded
}

#[tokio::test]
async fn a_list_goes_on_where_the_scale_was_switched_off() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        bed.loaded(changes([item(250)], &[])).await;
        let loaded = broken_off(&mut bed).await;
        assert!(bed.numbers().contains(&250), "{model}: nothing is removed by half a list");
        let answer = bed.loaded(whole((1..=20).map(item))).await;
        let later = bed.stored();
        assert!(!later.contains(&1) && later.contains(&20), "{model}: {later:?} after {loaded}");
        assert_eq!(answer["accepted"], json!([[1, 20]]), "{model}: the answer is that of the whole list");
        assert_eq!(bed.numbers(), (1..=20).collect::<Vec<u16>>());
        bed.follows_the_document();
    }
}

#[tokio::test]
async fn a_list_begins_anew_where_the_scale_has_forgotten_what_it_had() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        broken_off(&mut bed).await;
        // Another scale stands there now, or this one was cleared at its menu.
        bed.loaded_by_another("02JOB", changes([item(30)], &(1..=20).collect::<Vec<u16>>())).await;
        bed.stored();
        bed.loaded(whole((1..=20).map(item))).await;
        assert!(bed.stored().contains(&1), "{model}");
        assert_eq!(bed.numbers(), (1..=20).collect::<Vec<u16>>());
    }
}

#[tokio::test]
async fn another_list_begins_at_its_own_beginning() {
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    broken_off(&mut bed).await;
    bed.stored();
    let command = command("02JOB", whole((1..=20).map(item)));
    bed.driver.execute(&command, &bed.journal).await.unwrap();
    assert!(bed.stored().contains(&1));
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_is_made_anew_and_the_list_goes_on() {
    let mut bed = Bed::new("mertech", ScaleSpec::mertech()).await;
    let items = || whole((1..=200).map(item));
    let scale = bed.scale.clone();
    let executed = scale.executed();
    let (first, ()) = tokio::join!(bed.load(items()), async {
        scale.wait_executed(executed + 20).await;
        scale.inject(Fault::CutLink);
    });
    assert_eq!(first.unwrap_err().kind, ErrorKind::NotSent);
    bed.connect().await;
    bed.loaded(items()).await;
    assert_eq!(bed.numbers().len(), 200);
}

#[tokio::test]
async fn after_a_restart_of_the_agent_a_list_goes_on_with_what_was_noted() {
    for (model, spec) in both() {
        let mut bed = Bed::with_options(model, spec, with(json!({"highest": 1200}))).await;
        bed.connect().await;
        bed.scale.inject(Fault::PowerOffAfter(700));
        let list = || whole((1..=1000).map(item));
        bed.load(list()).await.unwrap_err();
        bed.scale.inject(Fault::PowerOn);
        bed.restart_agent();
        bed.connect().await;
        bed.stored();
        let baseline = bed.journal.with(|kept| kept.baseline.clone());
        let attempt = Attempt { baseline, ..Attempt::unknown(1) };
        let resolution = bed.driver.resolve(&command("01JOB", list()), &attempt).await.unwrap();
        let Resolution::NotDone(evidence) = resolution else { panic!("{model}: {resolution:?}") };
        assert_eq!(evidence["tried"], 500);
        let answer = bed.loaded(list()).await;
        let later = bed.stored();
        assert_eq!(later.first(), Some(&501), "{model}");
        assert_eq!(answer["counts"]["accepted"], 1000);
        assert_eq!(bed.numbers().len(), 1000);
    }
}

#[tokio::test]
async fn an_attempt_of_which_nothing_was_noted_is_done_anew() {
    let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
    let resolution =
        bed.driver.resolve(&command("01JOB", whole([item(1)])), &Attempt::unknown(1)).await.unwrap();
    assert!(matches!(resolution, Resolution::NotDone(_)));
    bed.loaded(whole([item(1)])).await;
    assert_eq!(bed.numbers(), [1]);
}

impl Bed {
    /// Another agent loads the scale meanwhile.
    async fn loaded_by_another(&mut self, job: &str, document: serde_json::Value) {
        let (mut built, _) = build(self.model, &self.link, self.options.clone()).unwrap();
        // Mertech takes one host at a time.
        self.scale.inject(Fault::CutLink);
        while built.driver.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
        built.driver.execute(&command(job, document), &Journal::default()).await.unwrap();
        drop(built);
        self.connect().await;
    }
}
