//! Makes the published contract of the Rust types: a JSON Schema for each payload and an AsyncAPI document.

use std::collections::BTreeMap;

use outlet_devices::driver::Request;
use outlet_protocols::display::DisplayDocument;
use outlet_protocols::document::{Document, Drawer, Raw};
use outlet_protocols::fiscal::{Task, TaskResult};
use outlet_protocols::label::LabelOrder;
use outlet_protocols::label_scale::ItemList;
use outlet_protocols::ticket::Order;
use outletd::bus::contract::{
    AgentDocument, AgentRequest, AttentionDocument, DeviceDocument, DeviceStateDocument, FeedEvent,
    JobDocument, ReadingDocument, Reply, Submission, Topics,
};
use outletd::kitchen::commands::{Command, CommandAnswer};
use outletd::kitchen::documents::{Manifest, ScreenDocument, Ticket};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// A topic of the contract.
struct Channel {
    name: &'static str,
    address: String,
    /// Whether the agent writes it; else clients do.
    by_agent: bool,
    retained: bool,
    /// Names of payload schemas.
    payloads: &'static [&'static str],
    /// Whether what is published here is answered on `reply/{client}`.
    answered: bool,
    summary: &'static str,
}

fn channels() -> Vec<Channel> {
    let topics = Topics::new("outlet/v1/{outlet}");
    let channel = |name, address, payloads, summary| Channel {
        name,
        address,
        by_agent: true,
        retained: false,
        payloads,
        answered: false,
        summary,
    };
    let kept = |channel: Channel| Channel { retained: true, ..channel };
    let asked = |channel: Channel| Channel { by_agent: false, answered: true, ..channel };
    let device = "{device}";
    vec![
        kept(channel(
            "agent",
            topics.agent(),
            &["agent"],
            "Whether the agent is there; also its will. A will of an older session is to be ignored.",
        )),
        kept(channel("device", topics.device(device), &["device"], "What a device is and can do.")),
        kept(channel(
            "deviceState",
            topics.device_state(device),
            &["device-state"],
            "How a device is and what waits for it.",
        )),
        channel(
            "deviceReading",
            topics.device_reading(device),
            &["reading"],
            "What a scale, a reader, a scanner or a sensor tells by itself.",
        ),
        asked(channel(
            "deviceJob",
            topics.device_job(device),
            &["submission"],
            "Submit a job. PUBACK does not mean accepted: repeat the same job until it is answered.",
        )),
        asked(channel(
            "deviceRequest",
            topics.device_request(device),
            &["device-request"],
            "Ask a device for something that is done now and not journaled.",
        )),
        channel("job", topics.job("{job}"), &["job"], "The whole job at each transition."),
        kept(channel("attention", topics.attention(), &["attention"], "The jobs that wait for a person.")),
        asked(channel("request", topics.request(), &["agent-request"], "Ask the agent about its jobs.")),
        channel("reply", topics.reply("{client}"), &["reply", "job"], "Answers to requests and submissions."),
        channel("event", topics.event(), &["event"], "The feed: numbered, durable, replayable."),
        kept(channel(
            "kitchenManifest",
            topics.kitchen_manifest("{station}"),
            &["kitchen-manifest"],
            "Which tickets stand at a station, in their order.",
        )),
        kept(channel(
            "kitchenTicket",
            topics.kitchen_ticket("{station}", "{order}"),
            &["kitchen-ticket"],
            "One ticket of a station, whole.",
        )),
        kept(channel(
            "kitchenScreen",
            topics.kitchen_screen("{screen}"),
            &["kitchen-screen"],
            "What a screen is for, and whether it is watching.",
        )),
        Channel {
            by_agent: false,
            ..channel(
                "kitchenCommand",
                topics.kitchen_command("{screen}"),
                &["kitchen-command"],
                "What a screen asks for; answered on `kitchen/answer/{screen}`.",
            )
        },
        channel(
            "kitchenAnswer",
            topics.kitchen_answer("{screen}"),
            &["kitchen-answer"],
            "What came of a screen's command.",
        ),
    ]
}

/// All files by their path below `docs/contract`.
pub fn files() -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = schemas()
        .into_iter()
        .map(|(name, schema)| (format!("schema/{name}.json"), pretty(&schema)))
        .collect();
    files.insert("asyncapi.json".to_owned(), pretty(&asyncapi()));
    files
}

fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("submission", taken::<Submission>()),
        ("print-document", taken::<Document>()),
        ("drawer-document", taken::<Drawer>()),
        ("raw-document", taken::<Raw>()),
        ("fiscal-document", taken::<Task>()),
        ("fiscal-result", told::<TaskResult>()),
        ("display-document", taken::<DisplayDocument>()),
        ("label-document", taken::<LabelOrder>()),
        ("items-document", taken::<ItemList>()),
        ("ticket-document", taken::<Order>()),
        ("kitchen-manifest", told::<Manifest>()),
        ("kitchen-ticket", told::<Ticket>()),
        ("kitchen-screen", told::<ScreenDocument>()),
        ("kitchen-command", taken::<Command>()),
        ("kitchen-answer", told::<CommandAnswer>()),
        ("device-request", answerable(taken::<Request>())),
        ("agent-request", answerable(taken::<AgentRequest>())),
        ("agent", told::<AgentDocument>()),
        ("device", told::<DeviceDocument>()),
        ("device-state", told::<DeviceStateDocument>()),
        ("reading", told::<ReadingDocument>()),
        ("job", told::<JobDocument>()),
        ("attention", told::<AttentionDocument>()),
        ("reply", told::<Reply>()),
        ("event", told::<FeedEvent>()),
    ]
}

/// What the agent reads. Draft 7 is what AsyncAPI's own schemas are.
fn taken<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().for_deserialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// A request with what clients of MQTT 3.1.1 say in its payload; the intake takes it out.
fn answerable(mut schema: Value) -> Value {
    let more = [
        ("reply_to", "Where the answer goes, for clients without MQTT 5; below `reply/`."),
        ("correlation", "Comes back in the answer."),
    ];
    for variant in schema["oneOf"].as_array_mut().into_iter().flatten() {
        for (name, description) in more {
            variant["properties"][name] = json!({"type": "string", "description": description});
        }
    }
    schema
}

/// What the agent writes.
fn told<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

fn asyncapi() -> Value {
    let channels = channels();
    let payloads: BTreeMap<&str, Value> = channels
        .iter()
        .flat_map(|channel| channel.payloads)
        .map(|name| (*name, json!({"payload": {"$ref": format!("schema/{name}.json")}})))
        .collect();
    let operations: Map<String, Value> = channels.iter().map(operation).collect();
    let channels: Map<String, Value> =
        channels.iter().map(|channel| (channel.name.to_owned(), described(channel))).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "outletd",
            "version": "1",
            "description": "The topic contract of an outlet's hardware agent, as the agent sees it: \
                it receives what clients publish and sends what they subscribe to. QoS 1, JSON, UTF-8, strict.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": payloads},
    })
}

fn described(channel: &Channel) -> Value {
    let messages: Map<String, Value> = channel
        .payloads
        .iter()
        .map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/messages/{name}")})))
        .collect();
    let parameters: Map<String, Value> = parameters(&channel.address)
        .map(|name| (name.to_owned(), json!({"description": described_parameter(name)})))
        .collect();
    json!({
        "address": channel.address,
        "summary": channel.summary,
        "parameters": parameters,
        "messages": messages,
    })
}

fn operation(channel: &Channel) -> (String, Value) {
    let action = if channel.by_agent { "send" } else { "receive" };
    let mut operation = json!({
        "action": action,
        "channel": {"$ref": format!("#/channels/{}", channel.name)},
        "bindings": {"mqtt": {"qos": 1, "retain": channel.retained, "bindingVersion": "0.2.0"}},
    });
    if channel.answered {
        operation["reply"] = json!({"channel": {"$ref": "#/channels/reply"}});
    }
    let mut letters = channel.name.chars();
    let capital = letters.next().map(|first| first.to_ascii_uppercase());
    let name: String = action.chars().chain(capital).chain(letters).collect();
    (name, operation)
}

/// The names between braces of an address.
pub fn parameters(address: &str) -> impl Iterator<Item = &str> {
    address.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn described_parameter(name: &str) -> &'static str {
    match name {
        "outlet" => "The outlet's name, [a-z0-9-]{1,64}.",
        "device" => "The device's id, [a-z0-9-]{1,64}.",
        "job" => "The client's id for the job, [A-Za-z0-9-]{1,64}, as given.",
        "station" => "The station's id, [a-z0-9-]{1,64}.",
        "order" => "The order's id, [A-Za-z0-9-]{1,64}, as given.",
        "screen" => "The screen's id, [a-z0-9-]{1,64}.",
        "client" => "Whatever the client chose for its answers.",
        _ => "",
    }
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap();
    text.push('\n');
    text
}
