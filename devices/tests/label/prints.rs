//! Labels that come out.

use outlet_devices::driver::Confidence;
use serde_json::{Value, json};

use super::bed::*;

#[tokio::test]
async fn a_label_comes_out_once_in_every_language_over_every_link() {
    for over in [Over::Tcp, Over::Pty] {
        for (model, spec) in languages() {
            let mut bed = Bed::new(model, spec, over).await;
            let notes = Notes::new();
            bed.print(&job(drawn(1)), &notes).await.unwrap_or_else(|error| panic!("{model}: {error:?}"));
            let label = bed.printer.wait_label(1).await;
            assert_eq!(scan(&label).as_deref(), Some("2012345015500"), "{model} {over:?}");
            assert_eq!(bed.printer.state().labels, 1, "{model} {over:?}");
            assert_eq!(bed.printer.violations(), Vec::<String>::new(), "{model} {over:?}");
        }
    }
}

#[tokio::test]
async fn nothing_but_questions_leaves_before_the_attempt_is_on_disk() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        let notes = Notes::new();
        bed.print(&job(drawn(1)), &notes).await.unwrap();
        let early = notes.early.lock().unwrap().clone();
        let question: &[u8] = match model {
            "generic-tspl" => b"\x1b!?",
            "generic-zpl" => b"~HS\r\n",
            _ => b"\n^ee\n",
        };
        assert!(!early.is_empty() && early.chunks(question.len()).all(|part| part == question), "{early:?}");
    }
}

#[tokio::test]
async fn what_the_printer_has_shown_to_be_printed_is_told_as_printed() {
    for (model, spec, expected) in [
        ("generic-tspl", slow(languages()[0].1.clone()), Confidence::Printed),
        ("tsc-te200", slow(languages()[0].1.clone()), Confidence::Printed),
        ("generic-zpl", slow(languages()[1].1.clone()), Confidence::Printed),
        ("generic-zpl", languages()[1].1.clone(), Confidence::Printed),
        // Too quick to be seen at work, and EPL never tells.
        ("generic-tspl", languages()[0].1.clone(), Confidence::Sent),
        ("generic-epl", slow(languages()[2].1.clone()), Confidence::Sent),
    ] {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        let outcome = bed.print(&job(drawn(2)), &Notes::new()).await.unwrap();
        assert_eq!(outcome.confidence, expected, "{model}: {outcome:?}");
        if expected == Confidence::Printed {
            assert_eq!(bed.printer.state().labels, 2, "{model}: it was followed to its end");
        }
    }
}

#[tokio::test]
async fn copies_of_the_job_and_of_the_label_multiply() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        let mut command = job(drawn(2));
        command.copies = 3;
        let outcome = bed.print(&command, &Notes::new()).await.unwrap();
        bed.printer.wait_label(6).await;
        assert_eq!((bed.printer.state().labels, &outcome.result["labels"]), (6, &json!(6)), "{model}");
    }
    let mut bed = Bed::new("generic-zpl", languages()[1].1.clone(), Over::Tcp).await;
    let mut command = job(drawn(900));
    command.copies = 2;
    let error = bed.print(&command, &Notes::new()).await.unwrap_err();
    assert!(error.message.contains("several jobs"), "{error}");
    assert_eq!(bed.printer.state().labels, 0);
}

#[tokio::test]
async fn words_such_as_copy_stand_on_the_label_of_an_item_or_on_one_in_front() {
    let item = || {
        let pack = json!({"name": "Plăcintă", "code": "42", "price": "24.50", "unit": "piece", "quantity": "3",
                          "packed": "2026-11-22T08:30:00", "shelf_life": "0:0:18"});
        json!({"item": pack, "template": "58x40", "language": "ro"})
    };
    for (document, labels) in [(item(), 1), (drawn(1), 2)] {
        let mut bed = Bed::new("generic-zpl", languages()[1].1.clone(), Over::Tcp).await;
        let plain = bed.print(&job(document.clone()), &Notes::new()).await.unwrap();
        let first = bed.printer.wait_label(1).await;
        let mut copy = job(document);
        copy.job = "01JM".into();
        copy.heading = vec!["COPY".into(), "DELAYED 14:02".into()];
        bed.print(&copy, &Notes::new()).await.unwrap();
        let last = bed.printer.wait_label(1 + labels).await;
        assert_eq!(bed.printer.state().labels, 1 + labels);
        assert_eq!(scan(&first), scan(&last), "{plain:?}");
        assert_eq!(first.raster == last.raster, labels == 2, "the words stand on it, or in front");
    }
}

#[tokio::test]
async fn the_time_of_packing_is_that_of_the_outlet_where_the_job_says_none() {
    let mut bed = Bed::new("generic-tspl", languages()[0].1.clone(), Over::Tcp).await;
    let document = json!({"item": {"name": "Борщ", "shelf_life": "0:1:0"}, "language": "ru"});
    let outcome = bed.print(&job(document), &Notes::new()).await.unwrap();
    let time =
        |key: &str| -> jiff::civil::DateTime { outcome.result[key].as_str().unwrap().parse().unwrap() };
    let (packed, expires) = (time("packed"), time("expires"));
    assert_eq!(packed + jiff::Span::new().days(1), expires);
    let now = jiff::Zoned::now().datetime();
    assert!(packed <= now && now < expires, "{packed} {now}");
}

#[tokio::test]
async fn a_printer_that_answers_nothing_is_used_as_it_is_set() {
    let spec = || {
        let mut spec = languages()[0].1.clone();
        spec.answers = false;
        spec
    };
    let mut options = quick();
    options["status"] = json!(false);
    let mut bed = Bed::unconnected("generic-tspl", spec(), Over::Tcp, options).await;
    bed.driver.connect().await.unwrap();
    let outcome = bed.print(&job(drawn(1)), &Notes::new()).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Sent);
    bed.printer.wait_label(1).await;
    // Set to answer, it is not taken for a printer that works.
    let mut silent = Bed::unconnected("generic-tspl", spec(), Over::Tcp, quick()).await;
    let error = silent.driver.connect().await.unwrap_err();
    assert!(error.message.contains("status = false"), "{error}");
}

#[tokio::test]
async fn texts_that_were_cut_are_told_in_the_result() {
    let mut bed = Bed::new("generic-zpl", languages()[1].1.clone(), Over::Tcp).await;
    let item =
        json!({"name": "Торт", "composition": "сахар, мука, масло, ".repeat(40), "storage": "в холоде"});
    let outcome = bed.print(&job(json!({"item": item, "language": "ru"})), &Notes::new()).await.unwrap();
    let fields: Vec<&Value> =
        outcome.result["shortened"].as_array().unwrap().iter().map(|s| &s["field"]).collect();
    assert_eq!(fields, [&json!("composition")], "{:#}", outcome.result);
}
