//! Relays: what is asked for is switched and read back, and no pulse goes on for ever.

use std::time::Duration;

use outlet_devices::error::ErrorKind;
use outlet_simulators::modbus::{Fault, Station, Table};
use serde_json::{Value, json};

use crate::bed::{ALL, Bed, Over, line};

const WAVESHARE: Option<&str> = Some("waveshare-modbus-rtu-relay");
/// Its unit is 255, and it can't end a pulse by itself.
const LCTECH: Option<&str> = Some("lctech-relay");

fn door() -> Value {
    json!({"poll_ms": 100, "outputs": {"bell": {"channel": 1, "pulse_ms": 200}, "lock": {"channel": 3}}})
}

async fn waveshare(over: Over) -> Bed {
    let mut bed =
        Bed::new("relay", WAVESHARE, line(over).with(1, Station::relay_board(8)), over, door()).await;
    bed.connect().await;
    bed
}

async fn lctech(over: Over) -> Bed {
    let mut bed =
        Bed::new("relay", LCTECH, line(over).with(255, Station::plain_coils(8)), over, door()).await;
    bed.connect().await;
    bed
}

#[tokio::test]
async fn an_output_is_switched_by_its_name_and_read_back() {
    for over in ALL {
        let mut bed = waveshare(over).await;
        let on = bed.answer(json!({"op": "switch", "output": "lock", "on": true})).await;
        assert_eq!(on, json!({"output": "lock", "on": true, "read_back": true}), "{over:?}");
        assert_eq!((bed.line.coil(1, 2), bed.line.coil(1, 0)), (Some(true), Some(false)));
        let status = bed.answer(json!({"op": "status"})).await;
        assert_eq!(status["outputs"]["lock"]["on"], true);
        assert_eq!(status["outputs"]["bell"]["on"], false);
        bed.answer(json!({"op": "switch", "output": "lock", "on": false})).await;
        assert_eq!(bed.line.coil(1, 2), Some(false));
        assert_eq!(bed.line.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn a_board_whose_relays_are_registers_is_switched_too() {
    let line = line(Over::Pty).with(1, Station::with_registers(8));
    let mut bed = Bed::new("relay", Some("register-relay"), line, Over::Pty, door()).await;
    bed.connect().await;
    let on = bed.answer(json!({"op": "switch", "output": "lock", "on": true})).await;
    assert_eq!(on["read_back"], true);
    assert_eq!(bed.line.register(1, Table::Holding, 2), Some(1));
}

#[tokio::test]
async fn a_bell_is_ended_by_the_board_itself_where_it_can_whatever_becomes_of_the_agent() {
    for over in ALL {
        let mut bed = waveshare(over).await;
        let rung = bed.answer(json!({"op": "pulse", "output": "bell"})).await;
        assert_eq!(rung, json!({"output": "bell", "for_ms": 200, "ended_by": "device"}), "{over:?}");
        // The driver does nothing any more.
        bed.line.wait_coil(1, 0, false).await;
        let flash = bed.line.requests().into_iter().find(|(_, function, _)| *function == 5);
        assert_eq!(flash, Some((1, 5, vec![0x02, 0x00, 0x00, 0x02])));
    }
}

#[tokio::test]
async fn a_bell_is_ended_by_the_agent_where_the_board_can_not() {
    for over in [Over::Tcp, Over::Pty] {
        let mut bed = lctech(over).await;
        let rung = bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 300})).await;
        assert_eq!(rung["ended_by"], "agent");
        assert_eq!(bed.line.coil(255, 0), Some(true));
        let line = bed.line.clone();
        bed.run_until(async move { line.wait_coil(255, 0, false).await }).await;
    }
}

#[tokio::test]
async fn a_bell_that_rings_while_the_line_is_pulled_is_ended_when_it_is_back() {
    let mut bed = lctech(Over::Pty).await;
    bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 50})).await;
    bed.line.inject(Fault::Unplug);
    let mut status = bed.status.clone();
    bed.run_until(async move { status.wait_for(|status| !status.online).await.map(drop).unwrap() }).await;
    assert_eq!(bed.line.coil(255, 0), Some(true));
    bed.line.inject(Fault::Replug);
    let line = bed.line.clone();
    bed.run_until(async move { line.wait_coil(255, 0, false).await }).await;
    bed.conditions(&[]).await;
}

#[tokio::test]
async fn a_bell_that_could_not_be_switched_off_still_comes_to_its_end() {
    let mut bed = lctech(Over::Tcp).await;
    bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 60_000})).await;
    bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 500})).await;
    bed.line.inject(Fault::Silence { unit: 255 });
    bed.refusal(json!({"op": "switch", "output": "bell", "on": false})).await;
    bed.line.inject(Fault::Speak { unit: 255 });
    let line = bed.line.clone();
    bed.run_until(async move { line.wait_coil(255, 0, false).await }).await;
}

#[tokio::test]
async fn a_request_that_comes_before_the_session_is_not_undone_by_it() {
    let line = line(Over::Tcp).with(255, Station::plain_coils(8));
    let mut bed = Bed::new("relay", LCTECH, line, Over::Tcp, door()).await;
    bed.answer(json!({"op": "switch", "output": "bell", "on": true})).await;
    bed.connect().await;
    assert_eq!(bed.line.coil(255, 0), Some(true));
}

#[tokio::test]
async fn a_pulse_that_the_board_refuses_to_end_is_a_condition_until_it_ends() {
    let mut bed = lctech(Over::Tcp).await;
    bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 50})).await;
    bed.line.inject(Fault::Exception { code: 4, times: 3 });
    bed.conditions(&["output-stuck"]).await;
    bed.conditions(&[]).await;
    assert_eq!(bed.line.coil(255, 0), Some(false));
}

#[tokio::test]
async fn after_a_start_a_bell_does_not_ring_on_and_other_outputs_are_left_as_they_are() {
    let line = line(Over::Pty).with(255, Station::plain_coils(8));
    line.press(255, 0, true);
    line.press(255, 2, true);
    let mut bed = Bed::new("relay", LCTECH, line, Over::Pty, door()).await;
    bed.connect().await;
    assert_eq!((bed.line.coil(255, 0), bed.line.coil(255, 2)), (Some(false), Some(true)));
}

#[tokio::test]
async fn a_bell_that_a_busy_board_does_not_switch_off_after_a_start_is_switched_off_later() {
    let line = line(Over::Tcp).with(255, Station::plain_coils(8));
    line.press(255, 0, true);
    // The first question, and the command to switch it off.
    line.inject(Fault::Exception { code: 6, times: 2 });
    let mut bed = Bed::new("relay", LCTECH, line, Over::Tcp, door()).await;
    bed.connect().await;
    assert_eq!(bed.line.coil(255, 0), Some(true));
    bed.conditions(&["output-stuck"]).await;
    bed.conditions(&[]).await;
    assert_eq!(bed.line.coil(255, 0), Some(false));
}

#[tokio::test]
async fn a_light_that_a_busy_board_does_not_switch_on_after_a_start_is_switched_on_later() {
    let line = line(Over::Tcp).with(255, Station::plain_coils(8));
    // The first question, and the commands for the bell and the light.
    line.inject(Fault::Exception { code: 6, times: 3 });
    let options = json!({"poll_ms": 100, "outputs": {
        "light": {"channel": 2, "rest": "on"}, "bell": {"channel": 1, "pulse_ms": 200},
    }});
    let mut bed = Bed::new("relay", LCTECH, line, Over::Tcp, options).await;
    bed.connect().await;
    assert_eq!(bed.line.coil(255, 1), Some(false));
    let line = bed.line.clone();
    bed.run_until(async move { line.wait_coil(255, 1, true).await }).await;
    // Once: later the outputs are as somebody wants them.
    bed.answer(json!({"op": "switch", "output": "light", "on": false})).await;
    bed.answer(json!({"op": "switch", "output": "bell", "on": true})).await;
    bed.asked(4).await;
    assert_eq!((bed.line.coil(255, 0), bed.line.coil(255, 1)), (Some(true), Some(false)));
}

#[tokio::test]
async fn a_pulse_that_may_have_begun_despite_an_exception_is_ended() {
    for (code, may_have_begun) in [(1, false), (2, false), (3, false), (4, true), (5, true), (6, false)] {
        let mut bed = lctech(Over::Tcp).await;
        bed.line.inject(Fault::Exception { code, times: 1 });
        bed.refusal(json!({"op": "pulse", "output": "bell"})).await;
        let status = bed.answer(json!({"op": "status"})).await;
        assert_eq!(status["outputs"]["bell"]["ends_in_ms"].is_u64(), may_have_begun, "{code}: {status}");
        if may_have_begun {
            bed.line.press(255, 0, true);
            let line = bed.line.clone();
            bed.run_until(async move { line.wait_coil(255, 0, false).await }).await;
        }
    }
}

#[tokio::test]
async fn a_pulse_that_only_the_agent_would_end_is_refused_where_the_output_has_no_state_of_rest() {
    let mut bed = lctech(Over::Tcp).await;
    let error = bed.refusal(json!({"op": "pulse", "output": "lock", "for_ms": 100})).await;
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "invalid-request"));
    assert!(error.message.contains("rest = \"off\"") && error.message.contains("\"lock\""), "{error}");
    assert!(bed.line.requests().iter().all(|(_, function, _)| *function == 1), "nothing was switched");
    let mut bed = waveshare(Over::Tcp).await;
    let pulsed = bed.answer(json!({"op": "pulse", "output": "lock", "for_ms": 100})).await;
    assert_eq!(pulsed["ended_by"], "device");
}

#[tokio::test]
async fn a_pulse_that_is_due_does_not_wait_for_requests() {
    let mut bed = lctech(Over::Tcp).await;
    bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 50})).await;
    // The driver does nothing but what it is asked for.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let status = bed.answer(json!({"op": "status"})).await;
    assert_eq!(status["outputs"]["bell"], json!({"channel": 1, "on": false, "ends_in_ms": null}));
    assert_eq!(bed.line.coil(255, 0), Some(false));
}

#[tokio::test]
async fn a_pulse_that_is_due_does_not_wait_for_the_end_of_a_test() {
    let mut bed = lctech(Over::Tcp).await;
    bed.answer(json!({"op": "pulse", "output": "bell", "for_ms": 250})).await;
    // The first question of the test takes longer than the pulse.
    bed.line.inject(Fault::LoseAnswers { times: 1 });
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!(test["details"]["outputs"]["bell"], false, "{test}");
    assert_eq!(bed.line.coil(255, 0), Some(false));
}

#[tokio::test]
async fn what_a_board_said_before_it_fell_silent_is_not_told_as_what_is_now() {
    for over in ALL {
        let mut bed = waveshare(over).await;
        bed.line.inject(Fault::Silence { unit: 1 });
        let status = bed.answer(json!({"op": "status"})).await;
        assert_eq!(status["outputs"]["lock"]["on"], Value::Null, "{over:?}");
        bed.line.inject(Fault::Speak { unit: 1 });
        let status = bed.answer(json!({"op": "status"})).await;
        assert_eq!(status["outputs"]["lock"]["on"], false, "{over:?}");
    }
}

#[tokio::test]
async fn an_output_that_was_switched_on_stays_on_when_the_line_is_plugged_in_again() {
    let mut bed = lctech(Over::Pty).await;
    bed.answer(json!({"op": "switch", "output": "bell", "on": true})).await;
    bed.line.inject(Fault::Unplug);
    let mut status = bed.status.clone();
    bed.run_until(async move { status.wait_for(|status| !status.online).await.map(drop).unwrap() }).await;
    bed.line.inject(Fault::Replug);
    bed.conditions(&[]).await;
    assert_eq!(bed.line.coil(255, 0), Some(true));
}

#[tokio::test]
async fn an_output_that_is_not_there_is_named_together_with_those_that_are() {
    let mut bed = waveshare(Over::Tcp).await;
    for op in ["switch", "pulse"] {
        let mut request = json!({"op": op, "output": "doorbell"});
        if op == "switch" {
            request["on"] = json!(true);
        }
        let error = bed.refusal(request).await;
        assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "unknown-output"));
        assert!(error.message.contains("\"doorbell\"") && error.message.contains("bell, lock"), "{error}");
    }
    let error = bed.refusal(json!({"op": "weigh"})).await;
    assert_eq!(error.kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_board_that_confirms_and_switches_nothing_is_found_out() {
    let line = line(Over::Pty).with(255, Station::without_supply(8));
    let mut bed = Bed::new("relay", LCTECH, line, Over::Pty, door()).await;
    bed.connect().await;
    let error = bed.refusal(json!({"op": "switch", "output": "lock", "on": true})).await;
    assert_eq!(error.code, "not-switched");
    assert!(error.message.contains("supply"), "{error}");
}

#[tokio::test]
async fn an_exception_is_told_with_its_code_and_its_meaning() {
    for over in ALL {
        let mut bed = waveshare(over).await;
        for (code, kind, word) in [
            (2, ErrorKind::Rejected, "illegal data address"),
            (4, ErrorKind::Busy, "server device failure"),
            (6, ErrorKind::Busy, "server device busy"),
        ] {
            bed.line.inject(Fault::Exception { code, times: 1 });
            let error = bed.refusal(json!({"op": "switch", "output": "lock", "on": true})).await;
            assert_eq!(error.kind, kind, "{over:?}: {error}");
            assert!(error.message.contains(&format!("exception {code} ({word})")), "{error}");
            // Also of the command that the standard does not know.
            bed.line.inject(Fault::Exception { code, times: 1 });
            let error = bed.refusal(json!({"op": "pulse", "output": "bell"})).await;
            assert!(error.message.contains(&format!("exception {code} ({word})")), "{error}");
        }
        assert_eq!((bed.line.coil(1, 2), bed.line.coil(1, 0)), (Some(false), Some(false)));
    }
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_in_doubt() {
    for over in ALL {
        let mut bed = waveshare(over).await;
        bed.line.inject(Fault::LoseAnswers { times: 2 });
        let error = bed.refusal(json!({"op": "switch", "output": "lock", "on": true})).await;
        assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{over:?}: {error}");
        // A bell is not rung twice.
        let before = bed.line.requests().len();
        bed.line.inject(Fault::LoseAnswers { times: 1 });
        let error = bed.refusal(json!({"op": "pulse", "output": "bell"})).await;
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
        let written = bed.line.requests().into_iter().skip(before).filter(|(_, function, _)| *function == 5);
        assert_eq!(written.count(), 1, "{over:?}");
    }
}

#[tokio::test]
async fn what_can_not_be_sent_is_not_in_doubt_and_is_not_done_later() {
    for over in ALL {
        let mut bed = lctech(over).await;
        bed.line.inject(Fault::Unplug);
        // Until the system has noticed it too.
        let gone = |message: &str| message.contains("refused") || message.contains("No such file");
        while !gone(&bed.driver.connect().await.unwrap_err().message) {}
        for request in
            [json!({"op": "switch", "output": "lock", "on": true}), json!({"op": "pulse", "output": "bell"})]
        {
            let error = bed.refusal(request).await;
            assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"), "{over:?}: {error}");
        }
        bed.line.inject(Fault::Replug);
        bed.connect().await;
        bed.asked(3).await;
        assert!(bed.line.requests().iter().all(|(_, function, data)| *function == 1 || data[2] == 0));
    }
}

#[tokio::test]
async fn a_lost_answer_is_made_good_by_switching_again() {
    for over in ALL {
        let mut bed = waveshare(over).await;
        bed.line.inject(Fault::LoseAnswers { times: 1 });
        let on = bed.answer(json!({"op": "switch", "output": "lock", "on": true})).await;
        assert_eq!(on["read_back"], true, "{over:?}");
    }
}

#[tokio::test]
async fn an_echo_is_not_taken_for_the_boards_confirmation() {
    let line = line(Over::Pty).with(1, Station::relay_board(8));
    line.inject(Fault::Echo);
    let mut bed = Bed::new("relay", WAVESHARE, line, Over::Pty, door()).await;
    bed.connect().await;
    let on = bed.answer(json!({"op": "switch", "output": "lock", "on": true})).await;
    assert_eq!(on["read_back"], true);
    let rung = bed.answer(json!({"op": "pulse", "output": "bell"})).await;
    assert_eq!(rung["ended_by"], "device");
    bed.line.inject(Fault::Silence { unit: 1 });
    let error = bed.refusal(json!({"op": "switch", "output": "lock", "on": false})).await;
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
}

#[tokio::test]
async fn an_output_that_is_switched_by_hand_is_told() {
    let mut bed = waveshare(Over::Pty).await;
    bed.asked(1).await;
    bed.line.press(1, 2, true);
    assert_eq!(bed.value().await, "lock 1 ");
    bed.line.press(1, 2, false);
    assert_eq!(bed.value().await, "lock 0 ");
}

#[tokio::test]
async fn a_board_says_who_it_is_and_a_test_switches_nothing() {
    let mut bed = waveshare(Over::Pty).await;
    let identity = bed.answer(json!({"op": "identify"})).await;
    assert_eq!((&identity["unit_id"], &identity["protocol"]), (&json!(1), &json!("Modbus RTU")));
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!((&test["ok"], &test["quality"]["answered"]), (&json!(true), &json!(10)), "{test}");
    assert!(bed.line.requests().iter().all(|(_, function, _)| *function == 1 || *function == 5));
    bed.line.inject(Fault::Silence { unit: 1 });
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("cable")), "{test}");
    assert_eq!(test["verdict"][0]["rank"], 1);
}
