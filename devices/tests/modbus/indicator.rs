//! Indicators as scales: the same readings and requests as of every scale, and never a wrong weight.

use outlet_devices::error::ErrorKind;
use outlet_devices::reading::Reading;
use outlet_simulators::modbus::{Fault, Modbus, Station, Table};
use serde_json::{Value, json};

use crate::bed::{ALL, Bed, Over, line};

const DGT1S: Option<&str> = Some("dini-argeo-dgt1s");
/// Stable, in the status of Dini Argeo's indicators.
const STABLE: u16 = 1 << 2;
const OVERLOAD: u16 = 1 << 4;
const NET: u16 = 1 << 5;

/// Gross 1.550 kg without a tare, at rest.
fn counter(over: Over) -> Modbus {
    let line = line(over).with(1, Station::with_registers(120));
    show(&line, 1550, 0, STABLE);
    line
}

/// What a DGT1S shows, in grams: 40101 gross, 40103 net, 40105 tare, 40107 status.
fn show(line: &Modbus, gross: u16, tare: u16, status: u16) {
    line.set(1, Table::Holding, 100, &[0, gross, 0, gross - tare, 0, tare, status]);
}

fn three_decimals() -> Value {
    json!({"poll_ms": 50, "decimals": 3})
}

async fn connected(over: Over) -> Bed {
    let mut bed = Bed::new("scale", DGT1S, counter(over), over, three_decimals()).await;
    bed.connect().await;
    bed
}

#[tokio::test]
async fn a_weight_at_rest_is_told_and_weighed() {
    for over in ALL {
        let mut bed = connected(over).await;
        assert_eq!(bed.told_kg("1.55").await, [""; 0], "{over:?}");
        show(&bed.line, 700, 0, 0);
        show(&bed.line, 820, 0, STABLE);
        let weighed = bed.answer(json!({"op": "weigh"})).await;
        assert_eq!(weighed["kg"], "0.820");
        assert_eq!(weighed["reading"]["kind"], "gross");
        show(&bed.line, 820, 20, STABLE | NET);
        let weighed = bed.answer(json!({"op": "weigh"})).await;
        assert_eq!((&weighed["kg"], &weighed["reading"]["kind"]), (&json!("0.800"), &json!("net")));
        assert_eq!(bed.description.limits["unit_id"], 1);
    }
}

#[tokio::test]
async fn a_weight_that_moves_is_not_sold() {
    let mut bed = connected(Over::Tcp).await;
    show(&bed.line, 1000, 0, 0);
    let error = bed.refusal(json!({"op": "weigh", "timeout_ms": 300})).await;
    assert_eq!(error.code, "not-stable");
}

#[tokio::test]
async fn overload_is_a_condition_and_no_weight() {
    let mut bed = connected(Over::Pty).await;
    bed.told_kg("1.55").await;
    show(&bed.line, 9999, 0, STABLE | OVERLOAD);
    bed.conditions(&["overload"]).await;
    let error = bed.refusal(json!({"op": "weigh"})).await;
    assert_eq!(error.code, "overload");
    show(&bed.line, 1550, 0, STABLE);
    bed.conditions(&[]).await;
}

#[tokio::test]
async fn an_indicator_that_does_not_say_when_it_rests_is_watched() {
    // CI-600D: 40008 gross, 40010 net, and no status.
    let line = line(Over::Tcp).with(1, Station::with_registers(20));
    line.set(1, Table::Holding, 7, &[0, 2000, 0, 2000]);
    let mut bed = Bed::new("scale", Some("cas-ci-600d"), line, Over::Tcp, three_decimals()).await;
    bed.connect().await;
    let error = bed.refusal(json!({"op": "weigh", "timeout_ms": 100})).await;
    assert_eq!(error.code, "not-stable");
    assert_eq!(bed.told_kg("2").await, [""; 0]);
    assert_eq!(bed.answer(json!({"op": "weigh"})).await["kg"], "2.000");
}

#[tokio::test]
async fn zero_and_tare_are_written_to_the_register_of_commands() {
    let mut bed = connected(Over::Pty).await;
    for (request, command) in [(json!({"op": "zero"}), 1), (json!({"op": "tare"}), 2)] {
        assert_eq!(bed.answer(request).await, json!({"confirmed": false}));
        assert_eq!(bed.line.register(1, Table::Holding, 0), Some(command));
    }
    // The parameter first, then "no command", then the command.
    let before = bed.line.requests().len();
    bed.answer(json!({"op": "preset-tare", "tare": "0.250"})).await;
    let written: Vec<(u8, Vec<u8>)> = bed
        .line
        .requests()
        .into_iter()
        .skip(before)
        .filter(|(_, function, _)| *function != 3)
        .map(|(_, function, data)| (function, data))
        .collect();
    assert_eq!(
        written,
        [(16, vec![0, 1, 0, 2, 4, 0, 0, 0, 250]), (6, vec![0, 0, 0, 0]), (6, vec![0, 0, 0, 3])]
    );
    assert!(
        ["zero", "tare", "preset-tare"]
            .iter()
            .all(|word| { bed.description.capabilities.iter().any(|has| has == word) })
    );
}

#[tokio::test]
async fn a_command_without_an_answer_is_in_doubt_and_one_that_is_not_there_is_refused() {
    let mut bed = connected(Over::Tcp).await;
    bed.line.inject(Fault::Exception { code: 1, times: 9 });
    let error = bed.refusal(json!({"op": "zero"})).await;
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "refused"));
    assert!(error.message.contains("illegal function"), "{error}");
    let ci = line(Over::Tcp).with(1, Station::with_registers(20));
    let mut bed = Bed::new("scale", Some("cas-ci-600d"), ci, Over::Tcp, three_decimals()).await;
    bed.connect().await;
    let error = bed.refusal(json!({"op": "tare"})).await;
    assert_eq!(error.kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn an_indicator_of_ones_own_is_described_in_the_options() {
    let profile = json!({
        "id": "own", "source": "its manual", "unit_id": 4, "area": "input", "unit": "g", "decimals": 0,
        "net": {"register": 3, "encoding": "i32", "order": "low-first"},
        "status": {"register": 5, "motion": 0},
    });
    let line = line(Over::Pty).with(4, Station::with_registers(8));
    line.set(4, Table::Input, 3, &[0x86A0, 0x0001, 0]);
    let mut bed = Bed::new("scale", None, line, Over::Pty, json!({"profile": profile})).await;
    bed.connect().await;
    assert_eq!(bed.answer(json!({"op": "weigh"})).await["kg"], "100.000");
    assert_eq!(bed.description.model.as_deref(), Some("own"));
}

#[tokio::test]
async fn a_weight_whose_status_is_asked_for_alone_is_told_when_it_was_read_twice() {
    let profile = |status: u16| {
        json!({"poll_ms": 50, "profile": {
            "id": "own", "source": "its manual", "unit_id": 1, "area": "holding", "unit": "g", "decimals": 0,
            "net": {"register": 0, "encoding": "u16"}, "status": {"register": status, "stable": 0},
        }})
    };
    for (status, weighed) in [(1, 1), (50, 2)] {
        let line = line(Over::Tcp).with(1, Station::with_registers(60));
        line.set(1, Table::Holding, 0, &[500]);
        line.set(1, Table::Holding, status, &[1]);
        let mut bed = Bed::new("scale", None, line, Over::Tcp, profile(status)).await;
        bed.connect().await;
        assert_eq!(bed.told_kg("0.5").await, [""; 0]);
        let requests = bed.line.requests();
        assert_eq!(requests.iter().filter(|(_, _, data)| data.starts_with(&[0, 0])).count(), weighed);
    }
}

#[tokio::test]
async fn an_indicator_with_another_profile_is_not_connected() {
    for over in ALL {
        let line = line(over).with(1, Station::with_registers(50));
        let mut bed = Bed::new("scale", DGT1S, line, over, three_decimals()).await;
        let error = bed.driver.connect().await.unwrap_err();
        assert!(error.message.contains("exception 2 (illegal data address)"), "{over:?}: {error}");
    }
}

async fn survives(over: Over, fault: Fault) {
    let mut bed = connected(over).await;
    bed.asked(2).await;
    bed.line.inject(fault);
    for _ in 0..2 {
        show(&bed.line, 1234, 0, STABLE);
        bed.asked(2).await;
    }
    show(&bed.line, 820, 0, STABLE);
    let told = bed.told_kg("0.82").await;
    assert!(told.iter().all(|kg| kg == "1.55" || kg == "1.234"), "{over:?}, {fault:?}: {told:?}");
}

#[tokio::test]
async fn whatever_happens_on_the_line_no_weight_is_told_that_did_not_lie_on_the_scale() {
    let faults = [
        Fault::LoseAnswers { times: 1 },
        Fault::LateAnswer,
        Fault::OtherUnit,
        Fault::OtherTransaction,
        Fault::OtherFunction,
        Fault::OneMore,
        Fault::HalfAnswer,
        Fault::WrongChecksum,
        Fault::Noise { bytes: 5, seed: 3 },
        Fault::Echo,
        Fault::CutAtAnswer,
        Fault::CutLink,
        Fault::Exception { code: 4, times: 2 },
        Fault::Exception { code: 6, times: 2 },
    ];
    let mut all = tokio::task::JoinSet::new();
    for over in ALL {
        // An echo is one of a serial line.
        for fault in faults.into_iter().filter(|fault| over != Over::Tcp || *fault != Fault::Echo) {
            all.spawn(survives(over, fault));
        }
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn the_answer_of_another_unit_is_told_as_what_it_is() {
    let mut bed = connected(Over::Pty).await;
    bed.told_kg("1.55").await;
    bed.line.inject(Fault::OtherUnit);
    match bed.told().await {
        Reading::Unusable(told) => {
            assert_eq!(told.code, "other-device");
            assert!(told.message.contains("unit_id"), "{}", told.message);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_technician_learns_which_profile_is_used_and_how_the_line_is() {
    let mut bed = connected(Over::Pty).await;
    let identity = bed.answer(json!({"op": "identify"})).await;
    assert_eq!(
        (&identity["protocol"], &identity["vendor"]),
        (&json!("dini-argeo-dgt1s"), &json!("Modbus RTU"))
    );
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!((&test["ok"], &test["scale"]["questions"]), (&json!(true), &json!(10)), "{test}");
    bed.line.inject(Fault::Silence { unit: 1 });
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!(test["ok"], false);
    assert!(test["verdict"][0]["why"].as_str().unwrap().contains("unit number (asked is 1)"), "{test}");
}
