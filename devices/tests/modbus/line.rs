//! One line, several devices: each gets its own answers, and none waits for ever because of another.

use std::time::Duration;

use outlet_simulators::modbus::{Fault, Modbus, Station, Table};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::bed::{ALL, Bed, Over, line, serve};

/// A relay board as unit 1, two thermometers as 2 and 3, and an indicator as 4.
fn full(over: Over) -> Modbus {
    let line = line(over)
        .with(1, Station::relay_board(8))
        .with(2, Station::with_registers(8))
        .with(3, Station::with_registers(8))
        .with(4, Station::with_registers(120));
    line.set(2, Table::Input, 1, &[40, 500]);
    line.set(3, Table::Input, 1, &[(-180_i16).cast_unsigned(), 300]);
    line.set(4, Table::Holding, 100, &[0, 1550, 0, 1550, 0, 0, 1 << 2]);
    line
}

struct Devices {
    relay: Bed,
    fridge: Bed,
    freezer: Bed,
    scale: Bed,
}

async fn all_on(line: &Modbus, over: Over) -> Devices {
    let link = serve(line, over).await;
    let on =
        |driver: &str, model: &str, options| Bed::on(driver, Some(model), line.clone(), over, &link, options);
    Devices {
        relay: on("relay", "waveshare-modbus-rtu-relay", json!({"poll_ms": 100})),
        fridge: on("sensor", "xy-md02", json!({"poll_ms": 100, "unit_id": 2})),
        freezer: on("sensor", "xy-md02", json!({"poll_ms": 100, "unit_id": 3})),
        scale: on("scale", "dini-argeo-dgt1s", json!({"poll_ms": 50, "unit_id": 4, "decimals": 3})),
    }
}

#[tokio::test]
async fn several_devices_share_a_line_and_each_gets_its_own_answers() {
    for over in ALL {
        let line = full(over);
        let mut devices = all_on(&line, over).await;
        let relay = async {
            devices.relay.connect().await;
            for on in [true, false, true] {
                let done = devices.relay.answer(json!({"op": "switch", "output": "5", "on": on})).await;
                assert_eq!(done["read_back"], true);
                devices.relay.asked(4).await;
            }
        };
        let fridge = async {
            devices.fridge.connect().await;
            devices.fridge.asked(30).await;
            devices.fridge.all_told()
        };
        let freezer = async {
            devices.freezer.connect().await;
            devices.freezer.asked(30).await;
            devices.freezer.all_told()
        };
        let scale = async {
            devices.scale.connect().await;
            assert_eq!(devices.scale.told_kg("1.55").await, [""; 0]);
            devices.scale.asked(30).await;
        };
        let ((), fridge, freezer, ()) = tokio::join!(relay, fridge, freezer, scale);
        let told = |readings: &[_]| serde_json::to_string(readings).unwrap();
        assert_eq!(fridge.len(), 2, "{over:?}: {}", told(&fridge));
        assert!(told(&fridge).contains("\"4.0\"") && told(&freezer).contains("\"-18.0\""), "{over:?}");
        assert_eq!(line.coil(1, 4), Some(true));
        assert_eq!(line.violations(), [""; 0], "{over:?}");
        drop(devices);
        // Only now, when nobody uses it any more, is the link given up.
        if over != Over::Pty {
            line.wait_connected(false).await;
        }
    }
}

#[tokio::test]
async fn a_device_without_power_does_not_keep_the_others_from_their_readings() {
    for over in ALL {
        let line = full(over);
        let mut devices = all_on(&line, over).await;
        devices.fridge.connect().await;
        devices.freezer.connect().await;
        line.inject(Fault::Silence { unit: 2 });
        let (stop, stopped) = oneshot::channel::<()>();
        let silent = devices.fridge.run_until(stopped);
        let others = async {
            for tenths in [-180_i16, -175, -170] {
                line.set(3, Table::Input, 1, &[tenths.cast_unsigned()]);
                let text = format!("temperature {}.{}", tenths / 10, (tenths % 10).abs());
                devices.freezer.told_value(&text).await;
            }
            drop(stop);
        };
        let (ended, ()) = tokio::join!(silent, others);
        assert!(ended.is_err());
        line.inject(Fault::Speak { unit: 2 });
        devices.fridge.conditions(&[]).await;
    }
}

#[tokio::test]
async fn all_devices_of_a_line_go_on_when_it_was_pulled_and_is_plugged_in_again() {
    for over in ALL {
        let line = full(over);
        let mut devices = all_on(&line, over).await;
        devices.fridge.connect().await;
        devices.scale.connect().await;
        line.inject(Fault::Unplug);
        let gone = |bed: &Bed| {
            let mut status = bed.status.clone();
            async move { status.wait_for(|status| !status.online).await.map(drop).unwrap() }
        };
        let (fridge, scale) = (gone(&devices.fridge), gone(&devices.scale));
        tokio::join!(devices.fridge.run_until(fridge), devices.scale.run_until(scale));
        line.inject(Fault::Replug);
        line.set(2, Table::Input, 1, &[77]);
        line.set(4, Table::Holding, 100, &[0, 820, 0, 820, 0, 0, 1 << 2]);
        tokio::join!(async { drop(devices.fridge.told_value("temperature 7.7").await) }, async {
            drop(devices.scale.told_kg("0.82").await)
        });
    }
}

#[tokio::test]
async fn a_question_that_is_given_up_leaves_no_answer_for_the_next_one() {
    for over in ALL {
        let line = full(over);
        let mut devices = all_on(&line, over).await;
        devices.scale.connect().await;
        for _ in 0..5 {
            // As the worker does when a request comes while the scale is asked.
            devices.scale.asked(1).await;
            line.set(4, Table::Holding, 100, &[0, 820, 0, 820, 0, 0, 1 << 2]);
            let weighed = devices.scale.answer(json!({"op": "weigh"})).await;
            assert_eq!(weighed["kg"], "0.820", "{over:?}");
            line.set(4, Table::Holding, 100, &[0, 1550, 0, 1550, 0, 0, 1 << 2]);
            let weighed = devices.scale.answer(json!({"op": "weigh"})).await;
            assert_eq!(weighed["kg"], "1.550", "{over:?}");
        }
    }
}

/// A converter before a line: the first answer waits for the second question, and every other one takes its time.
async fn slow_converter(line: Modbus) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut host, _) = listener.accept().await.unwrap();
        let mut late = None;
        // A question for registers has eight bytes.
        let mut question = [0; 8];
        while host.read_exact(&mut question).await.is_ok() {
            let answer = line.feed(&question);
            match late.replace(Vec::new()) {
                None => late = Some(answer),
                Some(late) => {
                    host.write_all(&late).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    host.write_all(&answer).await.unwrap();
                }
            }
        }
    });
    link
}

#[tokio::test]
async fn a_line_whose_first_answer_came_late_is_not_one_answer_behind_afterwards() {
    let line = line(Over::Converter).with(1, Station::with_registers(101));
    line.set(1, Table::Input, 0, &[40]);
    line.set(1, Table::Input, 100, &[1000]);
    let link = slow_converter(line.clone()).await;
    let value = |name: &str, register: u16| {
        json!({
            "name": name, "measures": "temperature", "decimals": 1, "lowest": "-50", "highest": "150",
            "at": {"register": register, "encoding": "i16"},
        })
    };
    let options = json!({"poll_ms": 100, "timeout_ms": 500, "profile": {
        "id": "two", "source": "this test", "unit_id": 1, "area": "input",
        "values": [value("fridge", 0), value("oven", 100)],
    }});
    let mut sensor = Bed::on("sensor", None, line, Over::Converter, &link, options);
    sensor.connect().await;
    assert_eq!(sensor.told_value("oven 100.0").await, ["fridge 4.0"]);
}

#[tokio::test]
async fn a_connection_that_the_gateway_closed_meanwhile_is_opened_again_unnoticed() {
    for over in [Over::Tcp, Over::Converter] {
        let line = full(over);
        let mut devices = all_on(&line, over).await;
        devices.relay.connect().await;
        line.wait_connected(true).await;
        line.inject(Fault::CutLink);
        line.wait_connected(false).await;
        let status = devices.relay.answer(json!({"op": "status"})).await;
        assert_eq!(status["outputs"]["1"]["on"], false, "{over:?}");
        assert!(devices.relay.status.borrow().online);
    }
}
