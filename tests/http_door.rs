//! The HTTP door: what a program that speaks to ATOL's web server sees of the agent's jobs.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "http_door/bed.rs"]
mod bed;
#[path = "http_door/doorway.rs"]
mod doorway;
#[path = "http_door/several.rs"]
mod several;
#[path = "journal/support.rs"]
#[allow(dead_code, reason = "shared with the journal's tests")]
mod support;

use bed::{Bed, Disk, Setting, UUID, answer, reason, request, sell, task};
use outletd::bus::contract::{Answer, Kind, State, Submission};
use outletd::journal::machine::Event;
use outletd::rights::Right;
use serde_json::{Value, json};

#[tokio::test]
async fn a_request_is_on_disk_when_it_is_answered_and_the_uuid_is_the_job() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    let reply = bed.post(&request(UUID, &[sell()])).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(
        reply.body,
        json!({"number": 1, "uuid": UUID, "isBlocked": false, "blockedUUID": "", "blockReason": ""})
    );
    let (job, _) = bed.journal.job(UUID).await.unwrap().unwrap();
    assert_eq!((job.kind, job.state, job.device.as_str()), (Kind::Fiscal, State::Accepted, "till"));
    assert_eq!((job.by.as_deref(), job.deadline), (Some("http"), None));
    assert!(job.booked, "a receipt is never done twice");
    let payload = bed.journal.payload(UUID).await.unwrap().unwrap();
    let payload: Submission = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload.document, Some(sell()));
    assert_eq!(bed.next_job().await.job, UUID);
}

#[tokio::test]
async fn a_task_goes_from_wait_over_in_progress_to_ready_with_its_document() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    bed.post(&request(UUID, &[sell()])).await;
    let no_error = json!({"code": 0, "description": "Ошибок нет"});
    let waits = json!({"results": [{"status": "wait", "error": no_error, "result": null}]});
    assert_eq!(bed.get(UUID).await.body, waits);
    bed.begin(UUID).await;
    let runs = json!({"results": [{"status": "inProgress", "error": no_error, "result": null}]});
    assert_eq!(bed.get(UUID).await.body, runs);
    let result = json!({"fiscalParams": {
        "fiscalDocumentNumber": 70, "fiscalDocumentSign": "3021226459", "fiscalReceiptNumber": 1,
        "shiftNumber": 12, "fnNumber": "9999078900000961", "total": "580.00"
    }});
    let outcome = outlet_devices::driver::Outcome::new(
        outlet_devices::Confidence::Fiscalised,
        result,
        json!({"tag": "0"}),
    );
    bed.apply(UUID, Event::Succeed { outcome }).await;
    let done = bed.get(UUID).await.body;
    let done = &done["results"][0];
    assert_eq!((&done["status"], &done["error"]), (&json!("ready"), &no_error));
    let params = &done["result"]["fiscalParams"];
    assert_eq!(params["fiscalDocumentNumber"], 70);
    assert_eq!(params["fiscalDocumentSign"], "3021226459", "ten digits keep their zeros as text");
    assert_eq!(params["total"], json!(580.0), "a sum is a number here");
    assert_eq!(done["result"]["warnings"], json!({"notPrinted": false}));
}

#[tokio::test]
async fn a_task_that_waits_is_no_error_whatever_it_waits_for() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    bed.post(&request(UUID, &[sell()])).await;
    for code in ["device-offline", "paper-out", "register-in-doubt"] {
        bed.apply(UUID, Event::Wait { reason: reason(code) }).await;
        let result = bed.get(UUID).await.body["results"][0].clone();
        assert_eq!((&result["status"], &result["error"]["code"]), (&json!("wait"), &json!(0)), "{code}");
    }
    bed.begin(UUID).await;
    bed.apply(UUID, Event::Wait { reason: reason("paper-out") }).await;
    let result = bed.get(UUID).await.body["results"][0].clone();
    assert_eq!((&result["status"], &result["error"]["code"]), (&json!("inProgress"), &json!(0)));
}

#[tokio::test]
async fn an_uncertain_task_is_blocked_and_reads_neither_as_an_error_nor_as_ready() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    bed.post(&request(UUID, &[sell()])).await;
    bed.doubt(UUID).await;
    let result = bed.get(UUID).await.body["results"][0].clone();
    assert_eq!(result["status"], "blocked");
    assert_eq!(
        result["error"]["code"], 241,
        "not 0: a program that looks at the code alone takes 0 for done"
    );
    assert!(result["error"]["description"].as_str().unwrap().contains("look what the register has"));
    assert_eq!(result["result"], Value::Null);
    assert_eq!(bed.delete(UUID).await.status, 409, "it can't be called off");
    assert_eq!(bed.statuses(UUID).await, ["blocked"]);
}

#[tokio::test]
async fn a_register_in_doubt_is_told_with_each_new_request() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    bed.post(&request(UUID, &[sell(), task("reportX")])).await;
    bed.doubt(UUID).await;
    let next = bed.post(&request("next", &[sell()])).await;
    assert_eq!(next.status, 201);
    assert_eq!(
        (&next.body["isBlocked"], &next.body["blockedUUID"], &next.body["blockReason"]),
        (&json!(true), &json!(UUID), &json!("connectionError"))
    );
    let elsewhere =
        bed.send("POST", "/api/v2/requests?deviceID=bar", &request("b", &[sell()]).to_string()).await;
    assert_eq!((elsewhere.status, &elsewhere.body["isBlocked"]), (201, &json!(false)), "{}", elsewhere.body);
}

#[tokio::test]
async fn a_doubt_that_ends_is_told_as_what_it_was() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    for (uuid, said, status, code) in
        [("was-done", Answer::Printed, "ready", 0), ("was-not", Answer::NotPrinted, "error", 249)]
    {
        bed.post(&request(uuid, &[sell()])).await;
        bed.doubt(uuid).await;
        bed.apply(uuid, answer(said)).await;
        let result = bed.get(uuid).await.body["results"][0].clone();
        assert_eq!((&result["status"], &result["error"]["code"]), (&json!(status), &json!(code)));
    }
    bed.post(&request("not-done", &[sell()])).await;
    bed.doubt("not-done").await;
    bed.apply("not-done", Event::NotDone { evidence: json!({"documents": 0}) }).await;
    let result = bed.get("not-done").await.body["results"][0].clone();
    assert_eq!((&result["status"], &result["error"]["code"]), (&json!("error"), &json!(241)));
}

#[tokio::test]
async fn what_a_register_refuses_is_an_error_with_the_number_of_atol() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    for (code, number) in [
        ("shift-expired", 68),
        ("shift-closed", 73),
        ("shift-open", 83),
        ("receipt-open", 82),
        ("no-cash", 80),
    ] {
        bed.post(&request(code, &[sell()])).await;
        bed.fail(code, code).await;
        let result = bed.get(code).await.body["results"][0].clone();
        assert_eq!(
            (&result["status"], &result["error"]["code"]),
            (&json!("error"), &json!(number)),
            "{code}"
        );
        assert_eq!(result["error"]["description"], format!("tcp://10.0.0.9:5555: {code}"));
    }
}

#[tokio::test]
async fn a_second_request_under_a_uuid_is_a_conflict_and_nothing_is_done_twice() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&request(UUID, &[sell()])).await;
    for tasks in [vec![sell()], vec![task("reportX")], vec![sell(), sell()]] {
        let again = bed.post(&request(UUID, &tasks)).await;
        assert_eq!((again.status, again.code()), (409, 505), "{}", again.body);
        assert!(again.why().contains("ask for its results with GET"), "{}", again.why());
    }
    assert_eq!(bed.waiting_jobs(), [UUID]);
    bed.succeed(UUID, Value::Null).await;
    bed.kill().await;
    let mut bed = Bed::open(&disk).await;
    assert_eq!(bed.post(&request(UUID, &[sell()])).await.status, 409, "nor after the end and a restart");
    assert_eq!(bed.statuses(UUID).await, ["ready"]);
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
}

#[tokio::test]
async fn of_requests_that_come_at_once_under_one_uuid_one_is_taken() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    for (uuid, tasks) in [("alone", vec![sell()]), ("pair", vec![sell(), task("reportX")])] {
        let body = request(uuid, &tasks);
        let replies = futures_util::future::join_all((0..8).map(|_| bed.post(&body))).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
        assert_eq!(bed.next_job().await.job, uuid);
    }
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_request_that_has_not_begun_can_be_called_off_and_no_other() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    bed.post(&request(UUID, &[sell()])).await;
    let off = bed.delete(UUID).await;
    assert_eq!((off.status, off.body), (200, json!({})));
    let result = bed.get(UUID).await.body["results"][0].clone();
    assert_eq!((&result["status"], &result["error"]["code"]), (&json!("canceled"), &json!(249)));
    assert_eq!(bed.state(UUID).await, State::Cancelled);
    assert_eq!(bed.delete(UUID).await.status, 409, "once is enough");
    bed.post(&request("begun", &[sell()])).await;
    bed.begin("begun").await;
    let late = bed.delete("begun").await;
    assert_eq!(late.status, 409);
    assert!(late.why().contains("wait for its outcome"), "{}", late.why());
    assert_eq!(bed.statuses("begun").await, ["inProgress"]);
    assert_eq!(bed.delete("no-such").await.status, 404);
}

#[tokio::test]
async fn a_fiscal_job_of_the_bus_can_be_looked_at_but_not_called_off_here() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let mut new = support::submission("over-mqtt", "{}");
    (new.job.kind, new.job.device, new.job.route) = (Kind::Fiscal, "till".into(), "till".into());
    bed.journal.accept(new).await.unwrap();
    bed.journal.accept(support::submission("a-ticket", "{}")).await.unwrap();
    assert_eq!(bed.statuses("over-mqtt").await, ["wait"]);
    assert_eq!(bed.delete("over-mqtt").await.status, 409);
    assert_eq!(bed.statuses("over-mqtt").await, ["wait"]);
    assert_eq!(bed.post(&request("over-mqtt", &[sell()])).await.status, 409);
    assert_eq!(bed.get("a-ticket").await.status, 404, "tickets are no fiscal tasks");
}

#[tokio::test]
async fn the_register_is_named_in_the_query_a_header_or_the_body_or_is_the_usual_one() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let authorization = format!("Bearer {}", bed::TOKEN);
    let headers = [("Authorization", authorization.as_str()), ("deviceID", "bar")];
    let in_body = json!({"uuid": "c", "request": sell(), "deviceID": "bar"});
    let replies = [
        bed.send("POST", "/api/v2/requests?deviceID=bar", &request("a", &[sell()]).to_string()).await,
        bed.send_with("POST", "/api/v2/requests", &headers, &request("b", &[sell()]).to_string()).await,
        bed.post(&in_body).await,
        bed.post(&request("d", &[sell()])).await,
    ];
    for (reply, (uuid, device)) in
        replies.iter().zip([("a", "bar"), ("b", "bar"), ("c", "bar"), ("d", "till")])
    {
        assert_eq!(reply.status, 201, "{}", reply.body);
        assert_eq!(bed.journal.job(uuid).await.unwrap().unwrap().0.device, device, "{uuid}");
    }
    let here = bed.send("GET", "/api/v2/requests/a?deviceID=bar", "").await;
    let elsewhere = bed.send("GET", "/api/v2/requests/a?deviceID=till", "").await;
    assert_eq!((here.status, elsewhere.status), (200, 404));
    let nowhere = bed.send("POST", "/api/v2/requests?deviceID=5", &request("e", &[sell()]).to_string()).await;
    assert_eq!(nowhere.status, 404);
    assert!(nowhere.why().contains("configured are bar, till"), "{}", nowhere.why());
}

#[tokio::test]
async fn of_two_registers_none_is_the_usual_one_unless_it_is_said() {
    let disk = Disk::new();
    let bed = Bed::open_with(&disk, Setting { default_device: None, ..Setting::default() }).await;
    let reply = bed.post(&request(UUID, &[sell()])).await;
    assert_eq!(reply.status, 404);
    assert!(reply.why().contains("deviceID=") && reply.why().contains("default_device"), "{}", reply.why());
}

#[tokio::test]
async fn what_is_wrong_with_a_task_is_said_with_its_place_and_nothing_is_kept() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    let mut dear = sell();
    dear["total"] = json!(581);
    let mut unknown = sell();
    unknown["items"][0]["colour"] = json!("red");
    let clock = json!({"type": "setDateTime", "dateTime": "2026-05-01T20:31:00"});
    for (tasks, number, word) in [
        (vec![dear], 501, "request[0]: total"),
        (vec![sell(), unknown], 501, "request[1]: items[0].colour"),
        (vec![json!({"type": "sing"})], 501, "request[0]: type: there is no task \"sing\""),
        (vec![json!("sell")], 501, "request[0]: a task is an object"),
        (vec![clock], 11, "request[0]: this register can't do it"),
    ] {
        let reply = bed.post(&request(UUID, &tasks)).await;
        assert_eq!((reply.status, reply.code()), (400, number), "{}", reply.body);
        assert!(reply.why().starts_with(word), "{}", reply.why());
    }
    assert_eq!(bed.get(UUID).await.status, 404);
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
    assert_eq!(bed.post(&request(UUID, &[sell()])).await.status, 201, "the uuid is still free");
}

#[tokio::test]
async fn a_request_of_another_form_is_refused_with_what_is_wrong() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let long = "a".repeat(65);
    let many: Vec<Value> = (0..101).map(|_| task("reportX")).collect();
    for (body, word) in [
        (String::new(), "EOF"),
        ("{".to_owned(), "EOF"),
        ("[]".to_owned(), "an object, not a list"),
        (format!("{} x", request(UUID, &[sell()])), "trailing"),
        (json!({"request": [sell()]}).to_string(), "missing field `uuid`"),
        (json!({"uuid": UUID}).to_string(), "missing field `request`"),
        (json!({"uuid": 7, "request": [sell()]}).to_string(), "uuid: invalid type"),
        (json!({"uuid": UUID, "request": "sell"}).to_string(), "neither a task nor a list"),
        (json!({"uuid": UUID, "request": []}).to_string(), "0 tasks"),
        (request(UUID, &many).to_string(), "101 tasks"),
        (request("{c232ab00}", &[sell()]).to_string(), "uuid: \"{c232ab00}\" is none"),
        (request("", &[sell()]).to_string(), "uuid: \"\" is none"),
        (request(&long, &[sell()]).to_string(), "is none"),
        (request(&"a".repeat(63), &[sell(), sell()]).to_string(), "is none"),
        (json!({"uuid": UUID, "request": [sell()], "color": 1}).to_string(), "unknown field `color`"),
        (
            json!({"uuid": UUID, "request": [sell()], "callbacks": {"resultUrl": "http://x"}}).to_string(),
            "nothing is called back",
        ),
    ] {
        let reply = bed.send("POST", "/api/v2/requests", &body).await;
        assert_eq!((reply.status, reply.code()), (400, 501), "{body}: {}", reply.body);
        assert!(reply.why().contains(word), "{body}: {}", reply.why());
    }
    let empty = json!({"uuid": UUID, "request": sell(), "callbacks": {}});
    assert_eq!(bed.post(&empty).await.status, 201, "one task may stand without its list");
}

#[tokio::test]
async fn the_door_has_the_rights_of_its_user() {
    let disk = Disk::new();
    let fiscal = Setting { rights: vec![Right::Fiscal], ..Setting::default() };
    let bed = Bed::open_with(&disk, fiscal).await;
    assert_eq!(bed.post(&request("a", &[sell()])).await.status, 201);
    let drawer = bed.post(&request("b", &[sell(), task("openCashDrawer")])).await;
    assert_eq!(drawer.status, 403);
    assert!(drawer.why().contains("\"drawer\": add it to [rights.users] http"), "{}", drawer.why());
    assert_eq!(bed.get("b").await.status, 404);
    // Once this is on disk, so is what was recorded before it.
    assert_eq!(bed.post(&request("c", &[sell()])).await.status, 201);
    let events = bed.journal.feed(1, 100).await.unwrap().0;
    let events = serde_json::to_value(events).unwrap();
    let recorded: Vec<&Value> =
        events.as_array().unwrap().iter().filter(|event| event["event"] == "audit").collect();
    let [forbidden] = recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((&forbidden["action"], &forbidden["target"]), (&json!("submit"), &json!("b-2 on till")));
    assert_eq!((&forbidden["user"], &forbidden["refused"]), (&json!("http"), &json!("forbidden")));
}

#[tokio::test]
async fn a_flood_of_forbidden_tasks_does_not_fill_the_feed() {
    let disk = Disk::new();
    let bed = Bed::open_with(&disk, Setting { rights: vec![Right::Fiscal], ..Setting::default() }).await;
    for _ in 0..50 {
        assert_eq!(bed.post(&request("a", &[task("openCashDrawer")])).await.status, 403);
    }
    assert_eq!(bed.post(&request("b", &[sell()])).await.status, 201);
    let events = serde_json::to_value(bed.journal.feed(1, 500).await.unwrap().0).unwrap();
    let recorded = events.as_array().unwrap().iter().filter(|event| event["event"] == "audit").count();
    assert_eq!(recorded, 10, "ten a minute");
}

#[tokio::test]
async fn a_register_with_too_many_jobs_is_asked_again_later() {
    let disk = Disk::new();
    let bed = Bed::open_with(&disk, Setting { max_depth: 1, ..Setting::default() }).await;
    assert_eq!(bed.post(&request("a", &[sell()])).await.status, 201);
    let later = bed.post(&request("b", &[sell()])).await;
    assert_eq!((later.status, later.code()), (503, 55));
}

#[tokio::test]
async fn a_receipt_of_a_thousand_items_is_taken_and_one_of_more_is_not() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    for (items, status) in [(1_000, 201), (1_001, 400)] {
        let mut receipt = sell();
        let positions: Vec<Value> = (0..items).map(|_| receipt["items"][0].clone()).collect();
        receipt["items"] = json!(positions);
        receipt["payments"] = json!([{"type": "electronically", "sum": items * 580}]);
        receipt["total"] = json!(items * 580);
        let reply = bed.post(&request(&format!("of-{items}"), &[receipt])).await;
        assert_eq!(reply.status, status, "{items}: {}", reply.body);
    }
}
