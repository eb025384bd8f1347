//! The published contract is the one that the code keeps. `BLESS=1` writes the files of `docs/contract` anew.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "contract/generate.rs"]
mod generate;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use outlet_devices::driver::{Confidence, DeviceStatus, Outcome, Report, Settings, Waiting};
use outlet_devices::{models, registry};
use outletd::bus::contract::{
    AgentDocument, AgentRequest, AgentState, Answer, AttentionDocument, DeviceDocument, DeviceState,
    DeviceStateDocument, ErrorBody, EventBody, FeedEvent, JobDocument, Kind, QueueState, Reply, Stale, State,
    Submission, Topics,
};
use outletd::clock::Timestamp;
use outletd::journal::machine::{Event, Job};
use serde::Serialize;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_777_660_200_250);

#[test]
fn the_published_files_are_those_of_the_code() {
    let folder = folder();
    let generated = generate::files();
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(folder.join("schema")).unwrap();
        for stale in published(&folder).difference(&generated.keys().cloned().collect()) {
            fs::remove_file(folder.join(stale)).unwrap();
        }
        for (name, text) in &generated {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let names = generated.keys().cloned().collect();
    assert_eq!(published(&folder), names, "run BLESS=1 cargo test --test contract");
    for (name, text) in generated {
        let published = fs::read_to_string(folder.join(&name)).unwrap();
        assert!(published == text, "docs/contract/{name} is stale: run BLESS=1 cargo test --test contract");
    }
}

fn published(folder: &Path) -> BTreeSet<String> {
    let schemas = fs::read_dir(folder.join("schema")).unwrap();
    let schemas = schemas.map(|entry| format!("schema/{}", entry.unwrap().file_name().to_string_lossy()));
    schemas.chain(["asyncapi.json".to_owned()]).collect()
}

#[test]
fn each_topic_has_the_writer_and_the_retention_of_the_contract() {
    let document = asyncapi();
    let mut found = BTreeMap::new();
    for operation in document["operations"].as_object().unwrap().values() {
        let channel = resolve(&document, &operation["channel"]["$ref"]);
        let address = channel["address"].as_str().unwrap();
        let topic = address.strip_prefix("outlet/v1/{outlet}/").unwrap().to_owned();
        let retained = operation["bindings"]["mqtt"]["retain"] == true;
        let again = found.insert(topic, (operation["action"].as_str().unwrap(), retained));
        assert_eq!(again, None, "{address} has one writer");
        assert_eq!(operation["bindings"]["mqtt"]["qos"], 1);
    }
    let (kept, told, taken) = (("send", true), ("send", false), ("receive", false));
    let expected = [
        ("agent", kept),
        ("device/{device}", kept),
        ("device/{device}/state", kept),
        ("device/{device}/reading", told),
        ("device/{device}/job", taken),
        ("device/{device}/request", taken),
        ("job/{job}", told),
        ("attention", kept),
        ("request", taken),
        ("reply/{client}", told),
        ("event", told),
        ("kitchen/{station}/manifest", kept),
        ("kitchen/{station}/ticket/{order}", kept),
        ("kitchen/screen/{screen}", kept),
        ("kitchen/command/{screen}", taken),
        ("kitchen/answer/{screen}", told),
    ];
    let expected = expected.map(|(topic, how)| (topic.to_owned(), how));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn every_topic_that_the_code_guards_or_listens_to_is_described() {
    let topics = Topics::new("outlet/v1/{outlet}");
    let document = asyncapi();
    let described: Vec<String> = document["channels"]
        .as_object()
        .unwrap()
        .values()
        .map(|channel| {
            let levels = channel["address"].as_str().unwrap().strip_prefix("outlet/v1/{outlet}").unwrap();
            let levels = levels.split('/').map(|level| if level.starts_with('{') { "+" } else { level });
            format!("outlet/v1/{{outlet}}{}", levels.collect::<Vec<_>>().join("/"))
        })
        .collect();
    for filter in topics.agent_filters().into_iter().chain(topics.command_filters()) {
        let filter = filter.replace("reply/#", "reply/+");
        assert!(described.contains(&filter), "{filter} is not described");
    }
}

#[test]
fn every_reference_leads_to_something() {
    let document = asyncapi();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference}"),
            None => assert!(generate::files().contains_key(&reference), "{reference}"),
        }
    }
    for name in schema_names() {
        let schema = schema(&name);
        let mut references = Vec::new();
        collect_references(&schema, &mut references);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{name}: {reference}");
        }
    }
}

#[test]
fn every_channel_declares_its_parameters_and_has_an_operation() {
    let document = asyncapi();
    let used: BTreeSet<&str> = document["operations"]
        .as_object()
        .unwrap()
        .values()
        .map(|operation| operation["channel"]["$ref"].as_str().unwrap())
        .collect();
    for (name, channel) in document["channels"].as_object().unwrap() {
        let declared: BTreeSet<&str> =
            channel["parameters"].as_object().unwrap().keys().map(String::as_str).collect();
        let needed = generate::parameters(channel["address"].as_str().unwrap()).collect();
        assert_eq!(declared, needed, "{name}");
        for parameter in channel["parameters"].as_object().unwrap().values() {
            assert_ne!(parameter["description"], "", "{name}");
        }
        assert!(used.contains(format!("#/channels/{name}").as_str()), "{name} has no operation");
        assert!(!channel["messages"].as_object().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_schema_is_a_valid_schema() {
    for name in schema_names() {
        let schema = schema(&name);
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        assert!(schema["title"].is_string(), "{name}");
    }
}

#[test]
fn the_examples_are_submissions_that_the_schemas_and_the_agent_accept() {
    let folders = [root().join("examples"), root().join("examples/fiscal")];
    let mut seen = 0;
    for entry in folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut example: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if example.get("id").is_none() {
            example["id"] = json!("01JAEXAMPLE");
        }
        let place = path.display().to_string();
        conforms("submission", &example, &place);
        let submission: Submission = serde_json::from_value(example.clone()).unwrap();
        if let Some(document) = &submission.document {
            conforms(document_schema(submission.kind), document, &place);
        }
        outletd::intake::work_of(submission.kind, submission.document)
            .unwrap_or_else(|error| panic!("{place}: {}", error.message));
        seen += 1;
    }
    assert!(seen >= 40, "{seen} examples");
}

#[test]
fn the_examples_of_the_contract_page_are_what_the_schemas_say_and_what_the_page_quotes() {
    let docs = root().join("docs");
    let pages = ["contract.md", "kitchen.md"].map(|page| fs::read_to_string(docs.join(page)).unwrap());
    let page = pages.concat();
    let mut names: Vec<_> = schema_names();
    // The longest first: `device-state-1.json` is no `device`.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut seen = 0;
    for entry in std::fs::read_dir(docs.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let name = names.iter().find(|name| stem.starts_with(name.as_str()));
        conforms(name.unwrap_or_else(|| panic!("{stem}: no such schema")), &value, &stem);
        let link = format!("](examples/{stem}.json)");
        let quoted = page.split(&format!("[examples/{stem}.json{link}")).nth(1);
        if let Some(block) = quoted.and_then(|rest| rest.split("```json\n").nth(1)) {
            let quote: Value = serde_json::from_str(block.split("```").next().unwrap()).unwrap();
            assert_eq!(quote, value, "a page quotes examples/{stem}.json otherwise");
        }
        seen += 1;
    }
    assert!(seen >= 20, "{seen} examples");
}

#[test]
fn the_schemas_refuse_what_the_agent_refuses() {
    let good =
        json!({"id": "01JA", "kind": "print", "document": {"blocks": [{"type": "text", "text": "tea"}]}});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        value
    };
    conforms("submission", &good, "the good one");
    let envelope = [
        with(&|value| value["colour"] = json!("red")),
        with(&|value| value["kind"] = json!("poem")),
        with(&|value| value["id"] = json!(7)),
        with(&|value| value["stale"] = json!("never")),
        with(&|value| value["copies"] = json!(-1)),
        with(&|value| drop(value.as_object_mut().unwrap().remove("id"))),
        with(&|value| drop(value.as_object_mut().unwrap().remove("kind"))),
    ];
    for bad in envelope {
        assert!(!validator("submission").is_valid(&bad), "{bad}");
        assert!(serde_json::from_value::<Submission>(bad.clone()).is_err(), "{bad}");
    }
    let documents = [
        json!({}),
        json!({"blocks": "tea"}),
        json!({"blocks": [{"type": "poem"}]}),
        json!({"blocks": [{"type": "text", "text": "tea", "colour": "red"}]}),
        json!({"blocks": [{"type": "text"}]}),
        json!({"blocks": [], "colour": "red"}),
    ];
    for bad in documents {
        assert!(!validator("print-document").is_valid(&bad), "{bad}");
        let asked = with(&|value| value["document"] = bad.clone());
        let submission: Submission = serde_json::from_value(asked).unwrap();
        assert!(outletd::intake::work_of(submission.kind, submission.document).is_err(), "{bad}");
    }
}

#[test]
fn an_id_of_the_schema_is_an_id_of_the_agent() {
    for id in [
        "01JD9ZK2M4",
        "6f1c0b52-7c0e-4a57-9f0e-0a4c2f2b7c11",
        "a",
        "",
        "ü",
        "a/b",
        "a b",
        "+",
        &"x".repeat(65),
    ] {
        let submission = json!({"id": id, "kind": "drawer"});
        let agent = outletd::bus::contract::is_job_id(id);
        assert_eq!(validator("submission").is_valid(&submission), agent, "{id:?}");
    }
}

#[test]
fn what_the_agent_tells_of_jobs_is_what_the_schemas_say() {
    let mut attention = AttentionDocument::default();
    let mut states = BTreeSet::new();
    for job in lives() {
        let document = job.document();
        tells("job", &document);
        tells("event", &FeedEvent { seq: 1, at: NOW, event: EventBody::Job { job: Box::new(document) } });
        states.insert(job.state);
        attention.jobs.extend(job.attention());
    }
    assert_eq!(states.len(), 8, "every state but rejected: {states:?}");
    assert_eq!(attention.jobs.len(), 2);
    tells("attention", &attention);
    tells("attention", &AttentionDocument::default());
    tells("event", &FeedEvent { seq: 2, at: NOW, event: EventBody::Housekeeping { jobs: 3, events: 4 } });
    let refusal = JobDocument {
        job: String::new(),
        device: "kitchen".into(),
        kind: None,
        state: State::Rejected,
        version: 0,
        duplicate: true,
        error: Some(ErrorBody::retryable("throttled", "try again later")),
        ..lives().remove(0).document()
    };
    tells("job", &refusal);
}

#[test]
fn what_the_agent_tells_of_itself_and_its_devices_is_what_the_schemas_say() {
    let agent = AgentDocument {
        state: AgentState::Offline,
        session: "01JD".into(),
        version: "0.1.0".into(),
        started_at: NOW,
        warnings: vec!["web-without-tls".into()],
    };
    tells("agent", &agent);
    for (state, active) in [(DeviceState::Ready, None), (DeviceState::Busy, Some("01JA".to_owned()))] {
        let oldest_at = active.is_some().then_some(NOW);
        let queue = QueueState { depth: 1, active, oldest_at };
        let conditions = vec!["paper-near-end".to_owned()];
        tells(
            "device-state",
            &DeviceStateDocument {
                state,
                conditions,
                problem: None,
                drawer_open: Some(false),
                queue,
                version: 1,
                at: NOW,
            },
        );
    }
    for reply in [Reply::done(json!({"jobs": []})), Reply::refused(ErrorBody::new("forbidden", "no"))] {
        tells("reply", &reply);
    }
    for model in models::all() {
        let settings = Settings {
            id: "kitchen".into(),
            model: Some(model.id.clone()),
            link: "tcp://10.0.0.20:9100".into(),
            options: Value::Null,
            codes: Default::default(),
        };
        let (status, _) = tokio::sync::watch::channel(DeviceStatus::default());
        let built = registry::find("escpos").unwrap().build(&settings, Report::of_status(status)).unwrap();
        let fallback = Some("bar".to_owned());
        tells(
            "device",
            &DeviceDocument { device: "kitchen".into(), description: built.description, fallback },
        );
    }
}

#[test]
fn requests_that_the_agent_understands_are_those_of_the_schema() {
    let requests = [
        json!({"op": "get", "job": "01JA", "trace": true}),
        json!({"op": "list", "device": "bar", "states": ["uncertain"], "limit": 5, "before": 9}),
        json!({"op": "list"}),
        json!({"op": "cancel", "job": "01JA", "by": "anna"}),
        json!({"op": "release", "job": "01JA"}),
        json!({"op": "resolve", "job": "01JA", "answer": "print-again"}),
        json!({"op": "replay", "from": 1, "limit": 2}),
        json!({"op": "diagnose"}),
        json!({"op": "dance"}),
        json!({"op": "get"}),
        json!({"op": "get", "job": "01JA", "colour": "red"}),
        json!({"op": "resolve", "job": "01JA", "answer": "maybe"}),
        json!({"job": "01JA"}),
    ];
    let (mut understood, all) = (0, requests.len());
    for request in requests {
        let agent = serde_json::from_value::<AgentRequest>(request.clone()).is_ok();
        assert_eq!(validator("agent-request").is_valid(&request), agent, "{request}");
        let mut addressed = request.clone();
        addressed["reply_to"] = json!("outlet/v1/demo/reply/pos-1");
        addressed["correlation"] = json!("7");
        assert_eq!(validator("agent-request").is_valid(&addressed), agent, "{addressed}");
        understood += usize::from(agent);
    }
    assert_eq!((understood, all), (8, 13));
}

/// A job in each of its states.
fn lives() -> Vec<Job> {
    let reason = || Waiting { code: "paper-out".into(), message: "put paper in".into() };
    let begin = || Event::Begin { attempt: 1 };
    let doubt = || Event::Doubt { error: ErrorBody::new("in-doubt", "cut"), evidence: json!({"bytes": 3}) };
    let outcome = Outcome::new(Confidence::Printed, json!({"n": 1}), json!(null));
    let succeed = Event::Succeed { outcome };
    let fail = Event::Fail { error: ErrorBody::new("unsupported", "no"), evidence: Value::Null };
    let again = Event::Resolve { answer: Answer::PrintAgain, by: Some("anna".into()) };
    let reroute = Event::Reroute { to: "bar".into(), reason: reason() };
    let lives: Vec<(Stale, Vec<Event>)> = vec![
        (Stale::Expire, vec![]),
        (Stale::Expire, vec![Event::Wait { reason: reason() }]),
        (Stale::Expire, vec![begin()]),
        (Stale::Expire, vec![begin(), doubt()]),
        (Stale::Expire, vec![begin(), doubt(), again]),
        (Stale::Expire, vec![begin(), succeed]),
        (Stale::Expire, vec![fail]),
        (Stale::Expire, vec![Event::Cancel { by: None }]),
        (Stale::Expire, vec![reroute]),
        (Stale::Expire, vec![Event::Overdue]),
        (Stale::Hold, vec![Event::Overdue]),
        (Stale::Banner, vec![Event::Overdue]),
    ];
    lives.into_iter().map(|(stale, events)| life(stale, events)).collect()
}

fn life(stale: Stale, events: Vec<Event>) -> Job {
    let mut job = Job {
        job: "01JA".into(),
        seq: 1,
        device: "kitchen".into(),
        route: "kitchen".into(),
        kind: Kind::Print,
        booked: false,
        state: State::Accepted,
        version: 1,
        at: NOW,
        attempts: 0,
        begun: None,
        priority: 5,
        copies: 1,
        stale,
        by: Some("pos-1".into()),
        user: None,
        accepted_at: NOW,
        deadline: Some(NOW.plus_ms(10)),
        marks: Vec::new(),
        confidence: None,
        result: None,
        error: None,
        reason: None,
        evidence: serde_json::Map::new(),
        rerouted: None,
    };
    for event in events {
        let now = if event == Event::Overdue { NOW.plus_ms(10) } else { NOW };
        job.apply(event, now).unwrap();
    }
    job
}

fn document_schema(kind: Kind) -> &'static str {
    match kind {
        Kind::Drawer => "drawer-document",
        Kind::Raw => "raw-document",
        Kind::Fiscal => "fiscal-document",
        Kind::Label => "label-document",
        Kind::Items => "items-document",
        Kind::Ticket => "ticket-document",
        _ => "print-document",
    }
}

fn tells(schema: &str, payload: &impl Serialize) {
    conforms(schema, &serde_json::to_value(payload).unwrap(), schema);
}

#[track_caller]
fn conforms(schema: &str, value: &Value, place: &str) {
    let errors: Vec<String> = validator(schema)
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{place} is no {schema}: {errors:#?}\n{value:#}");
}

fn validator(name: &str) -> Validator {
    jsonschema::options().should_validate_formats(true).build(&schema(name)).unwrap()
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&generate::files()[&format!("schema/{name}.json")]).unwrap()
}

fn schema_names() -> Vec<String> {
    let files = generate::files();
    let names = files.keys().filter_map(|name| name.strip_prefix("schema/")?.strip_suffix(".json"));
    names.map(str::to_owned).collect()
}

fn asyncapi() -> Value {
    serde_json::from_str(&generate::files()["asyncapi.json"]).unwrap()
}

fn resolve<'a>(document: &'a Value, reference: &Value) -> &'a Value {
    document.pointer(reference.as_str().unwrap().strip_prefix('#').unwrap()).unwrap()
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

fn folder() -> PathBuf {
    root().join("docs/contract")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
