//! Sensors: what is told is what was measured, and what can't be is a fault.

use outlet_devices::reading::Reading;
use outlet_simulators::modbus::{Fault, Modbus, Station, Table};
use serde_json::{Value, json};

use crate::bed::{ALL, Bed, Over, line};

const XY_MD02: Option<&str> = Some("xy-md02");

/// A fridge at 4.0 °C and 50 %.
fn fridge(over: Over) -> Modbus {
    let line = line(over).with(1, Station::with_registers(16));
    line.set(1, Table::Input, 1, &[40, 500]);
    line
}

fn quick() -> Value {
    json!({"poll_ms": 100})
}

async fn connected(over: Over, options: Value) -> Bed {
    let mut bed = Bed::new("sensor", XY_MD02, fridge(over), over, options).await;
    bed.connect().await;
    bed
}

/// Makes it warmer or colder, in tenths of a degree, as the sensor writes it.
fn set(bed: &Bed, tenths: i16) {
    bed.line.set(1, Table::Input, 1, &[tenths.cast_unsigned()]);
}

#[tokio::test]
async fn values_are_told_at_first_and_when_they_have_changed_by_their_step() {
    for over in ALL {
        let mut bed = connected(over, quick()).await;
        assert_eq!(bed.value().await, "temperature 4.0 °C", "{over:?}");
        assert_eq!(bed.value().await, "humidity 50.0 %");
        set(&bed, 41);
        bed.asked(3).await;
        assert_eq!(bed.all_told(), []);
        set(&bed, 42);
        assert_eq!(bed.value().await, "temperature 4.2 °C");
    }
}

#[tokio::test]
async fn below_zero_each_sensor_has_its_own_way_to_write_it() {
    // XY-MD02: FF33 (hex) is -20.5. SHT30: 10250 is -25.0.
    let line = line(Over::Pty).with(1, Station::with_registers(4)).with(2, Station::with_registers(4));
    line.set(1, Table::Input, 1, &[0xFF33, 0]);
    line.set(2, Table::Input, 0, &[10_250, 0]);
    let link = crate::bed::serve(&line, Over::Pty).await;
    let mut first = Bed::on("sensor", XY_MD02, line.clone(), Over::Pty, &link, quick());
    first.connect().await;
    assert_eq!(first.value().await, "temperature -20.5 °C");
    let options = json!({"poll_ms": 100, "unit_id": 2});
    let mut second = Bed::on("sensor", Some("sht30-logger"), line, Over::Pty, &link, options);
    second.connect().await;
    assert_eq!(second.value().await, "temperature -25.0 °C");
}

#[tokio::test]
async fn a_sensor_is_corrected_by_its_offset() {
    let options = json!({"poll_ms": 100, "values": {"temperature": {"offset": -0.5}}});
    let mut bed = connected(Over::Tcp, options).await;
    assert_eq!(bed.value().await, "temperature 3.5 °C");
}

#[tokio::test]
async fn while_somebody_watches_everything_is_told() {
    let mut bed = connected(Over::Tcp, quick()).await;
    bed.asked(1).await;
    bed.all_told();
    assert_eq!(bed.answer(json!({"op": "live", "for_s": 60})).await, json!({"for_s": 60}));
    for _ in 0..2 {
        assert_eq!(bed.value().await, "temperature 4.0 °C");
        assert_eq!(bed.value().await, "humidity 50.0 %");
    }
    bed.answer(json!({"op": "live", "for_s": 0})).await;
    bed.asked(1).await;
    bed.all_told();
    bed.asked(3).await;
    assert_eq!(bed.all_told(), []);
}

#[tokio::test]
async fn a_fridge_that_is_too_warm_or_too_cold_is_a_condition_until_it_is_right_again() {
    let limits = json!({"min": 1, "max": 6, "hysteresis": 0.5});
    let mut bed = connected(Over::Pty, json!({"poll_ms": 100, "values": {"temperature": limits}})).await;
    bed.conditions(&[]).await;
    set(&bed, 61);
    bed.conditions(&["temperature-high"]).await;
    assert_eq!(bed.told_value("temperature 6.1").await, ["temperature 4.0", "humidity 50.0"]);
    // Not far enough back.
    set(&bed, 58);
    bed.told_value("temperature 5.8").await;
    bed.conditions(&["temperature-high"]).await;
    set(&bed, 55);
    bed.conditions(&[]).await;
    set(&bed, 9);
    bed.conditions(&["temperature-low"]).await;
    let status = bed.answer(json!({"op": "status"})).await;
    assert_eq!(status["conditions"], json!(["temperature-low"]));
    assert_eq!(status["values"][0]["value"], "0.9");
}

#[tokio::test]
async fn a_probe_that_is_open_or_shorted_is_a_fault_and_never_a_temperature() {
    for open in [0x7FFF, 0x8000, 0x0FA0] {
        let mut bed = connected(Over::Pty, quick()).await;
        bed.told_value("humidity 50.0").await;
        bed.line.set(1, Table::Input, 1, &[open]);
        bed.conditions(&["sensor-fault"]).await;
        match bed.all_told().as_slice() {
            [Reading::Unusable(told)] => assert_eq!(told.code, "sensor-fault"),
            other => panic!("{open:#06x}: {other:?}"),
        }
        let status = bed.answer(json!({"op": "status"})).await;
        assert_eq!(
            (&status["values"][0]["value"], &status["values"][0]["fault"]),
            (&Value::Null, &json!(true))
        );
        let test = bed.answer(json!({"op": "test"})).await;
        assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("probe")));
        // Repaired, it is told although it is what it was.
        set(&bed, 40);
        assert_eq!(bed.value().await, "temperature 4.0 °C");
        bed.conditions(&[]).await;
    }
}

#[tokio::test]
async fn a_fault_does_not_take_back_what_the_limits_had_told() {
    let limits = json!({"values": {"temperature": {"max": 6}}, "poll_ms": 100});
    let mut bed = connected(Over::Tcp, limits).await;
    set(&bed, 90);
    bed.conditions(&["temperature-high"]).await;
    bed.line.set(1, Table::Input, 1, &[0x7FFF]);
    bed.conditions(&["sensor-fault", "temperature-high"]).await;
}

#[tokio::test]
async fn a_device_without_these_registers_is_not_connected_and_the_profile_is_named_as_the_cause() {
    for over in ALL {
        let line = line(over).with(1, Station::with_registers(1));
        let mut bed = Bed::new("sensor", XY_MD02, line, over, quick()).await;
        let error = bed.driver.connect().await.unwrap_err();
        assert!(error.message.contains("exception 2 (illegal data address)"), "{error}");
        assert!(error.message.contains("profile"), "{error}");
        assert!(!bed.status.borrow().online);
    }
}

#[tokio::test]
async fn a_sensor_that_says_it_has_failed_is_at_fault_and_one_that_is_busy_is_not() {
    let mut bed = connected(Over::Pty, quick()).await;
    bed.asked(1).await;
    bed.all_told();
    bed.line.inject(Fault::Exception { code: 6, times: 4 });
    bed.asked(5).await;
    assert_eq!(bed.all_told(), []);
    assert!(bed.status.borrow().online && bed.status.borrow().conditions.is_empty());
    bed.line.inject(Fault::Exception { code: 4, times: 4 });
    bed.conditions(&["sensor-fault"]).await;
    bed.conditions(&[]).await;
}

#[tokio::test]
async fn a_sensor_that_answers_nothing_but_exceptions_is_at_fault_until_there_are_values_again() {
    for code in [1, 2, 3, 5, 6] {
        let mut bed = connected(Over::Tcp, quick()).await;
        bed.told_value("humidity 50.0").await;
        bed.line.inject(Fault::Exception { code, times: u32::MAX });
        bed.conditions(&["sensor-fault"]).await;
        match bed.all_told().as_slice() {
            [Reading::Unusable(told), Reading::Unusable(_)] => {
                assert_eq!(told.code, "sensor-fault");
                assert!(told.message.contains(&format!("exception {code}")), "{}", told.message);
            }
            other => panic!("{code}: {other:?}"),
        }
        let test = bed.answer(json!({"op": "test"})).await;
        assert_eq!((&test["verdict"][0]["suspect"], &test["verdict"][1]), (&json!("profile"), &Value::Null));
        bed.line.inject(Fault::Exception { code, times: 0 });
        assert_eq!(bed.value().await, "temperature 4.0 °C");
        bed.conditions(&[]).await;
    }
}

/// Two values far apart in the registers, so that each is asked for alone and the answers look the same.
fn two_questions() -> Value {
    let value = |name: &str, register: u16| {
        json!({
            "name": name, "measures": "temperature", "decimals": 1, "lowest": "-50", "highest": "150",
            "at": {"register": register, "encoding": "i16"},
        })
    };
    json!({"poll_ms": 100, "profile": {
        "id": "two", "source": "this test", "unit_id": 1, "area": "input",
        "values": [value("fridge", 0), value("oven", 100)],
    }})
}

async fn no_wrong_value(over: Over, fault: Fault) {
    let line = line(over).with(1, Station::with_registers(101));
    line.set(1, Table::Input, 0, &[40]);
    line.set(1, Table::Input, 100, &[1000]);
    let mut bed = Bed::new("sensor", None, line, over, two_questions()).await;
    bed.connect().await;
    for round in 0..2 {
        bed.line.inject(fault);
        bed.asked(1 + round).await;
    }
    bed.line.set(1, Table::Input, 0, &[60]);
    bed.line.set(1, Table::Input, 100, &[1200]);
    let mut told = bed.told_value("oven 120.0").await;
    bed.line.set(1, Table::Input, 0, &[70]);
    told.extend(bed.told_value("fridge 7.0").await);
    let right = ["fridge 4.0", "fridge 6.0", "oven 100.0", "oven 120.0"];
    assert!(told.iter().all(|value| right.contains(&value.as_str())), "{over:?}, {fault:?}: {told:?}");
}

#[tokio::test]
async fn whatever_happens_on_the_line_no_value_is_told_that_was_not_measured() {
    let faults = [
        Fault::LoseAnswers { times: 1 },
        Fault::LateAnswer,
        Fault::OtherUnit,
        Fault::OtherTransaction,
        Fault::OtherFunction,
        Fault::OneMore,
        Fault::HalfAnswer,
        Fault::WrongChecksum,
        Fault::Noise { bytes: 5, seed: 7 },
        Fault::Noise { bytes: 60, seed: 8 },
        Fault::Echo,
        Fault::CutAtAnswer,
        Fault::CutLink,
        Fault::Exception { code: 5, times: 1 },
    ];
    let mut all = tokio::task::JoinSet::new();
    for over in ALL {
        // An echo is one of a serial line.
        for fault in faults.into_iter().filter(|fault| over != Over::Tcp || *fault != Fault::Echo) {
            all.spawn(no_wrong_value(over, fault));
        }
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}
