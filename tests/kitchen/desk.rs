//! A kitchen for tests: the daemon, somebody who hears all of it, and screens.

use std::collections::{BTreeMap, BTreeSet};

use outletd::bus::contract::State;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::PublishProperties;
use serde_json::{Value, json};

use crate::panel::{self, Panel, Way};
use crate::support::{Client, Outlet, Station};

/// Stations that most tests use.
pub const STATIONS: &str = r#"
[[station]]
id = "grill"
name = "Grill"
places = ["grill", "hot"]
cooking_s = 600
peak_to = "fry"
[[station]]
id = "cold"
name = "Cold kitchen"
places = ["cold"]
cooking_s = 300
[[station]]
id = "fry"
name = "Fry"
places = ["fry", "hot"]
[[station]]
id = "pass"
name = "Pass"
kind = "expediter"
[[station]]
id = "hall"
kind = "board"
[web]
listen = "127.0.0.1:0"
"#;

/// The same without anybody who hands the dishes over.
pub const NO_PASS: &str = r#"
[[station]]
id = "grill"
places = ["grill"]
steps = 1
[[station]]
id = "hall"
kind = "board"
[web]
listen = "127.0.0.1:0"
"#;

/// A till that hears everything and remembers what stands.
pub struct Desk {
    pub outlet: Outlet,
    pub ear: Client,
    pub seen: Seen,
    name: &'static str,
    commands: u32,
    jobs: u32,
}

/// What was heard.
#[derive(Default)]
pub struct Seen {
    pub tickets: BTreeMap<(String, String), Value>,
    pub manifests: BTreeMap<String, Value>,
    pub screens: BTreeMap<String, Value>,
    pub states: BTreeMap<String, Value>,
    pub answers: Vec<Value>,
    pub feed: Vec<Value>,
    pub jobs: BTreeMap<String, Value>,
    pub refusals: Vec<Value>,
    pub replies: Vec<Value>,
}

impl Seen {
    pub fn note(&mut self, topic: &str, value: Value) {
        let path: Vec<&str> = topic.trim_start_matches("outlet/v1/test/").split('/').collect();
        match path[..] {
            ["kitchen", "answer", _] => self.answers.push(value),
            ["kitchen", "screen", screen] => drop(self.screens.insert(screen.into(), value)),
            ["kitchen", station, "manifest"] => drop(self.manifests.insert(station.into(), value)),
            ["kitchen", station, "ticket", order] => {
                let key = (station.to_owned(), order.to_owned());
                if value.is_null() {
                    self.tickets.remove(&key);
                } else {
                    self.tickets.insert(key, value);
                }
            }
            ["device", device, "state"] => drop(self.states.insert(device.into(), value)),
            ["event"] => self.feed.push(value),
            ["reply", _] if value.get("ok").is_some() => self.replies.push(value),
            ["job", job] => {
                if value["state"] == "rejected" {
                    self.refusals.push(value.clone());
                }
                let newer = self.jobs.get(job).is_none_or(|known| {
                    value["version"].as_u64() >= known["version"].as_u64() && value["state"] != "rejected"
                        || known["version"] == 0
                });
                if newer {
                    self.jobs.insert(job.into(), value);
                }
            }
            _ => {}
        }
    }

    pub fn ticket(&self, station: &str, order: &str) -> Option<&Value> {
        self.tickets.get(&(station.to_owned(), order.to_owned()))
    }

    /// Whether the manifest names an order.
    pub fn names(&self, station: &str, order: &str) -> bool {
        self.manifests.get(station).is_some_and(|manifest| {
            manifest["tickets"].as_array().into_iter().flatten().any(|ticket| ticket[0] == order)
        })
    }

    /// Whether a job is known to have been shown or printed, in part or everywhere.
    pub fn is_begun(&self, job: &str) -> bool {
        self.jobs.get(job).is_some_and(|job| job["state"] == "running" || job["state"] == "succeeded")
    }

    /// Entries of the feed of one kind.
    pub fn told(&self, event: &str) -> Vec<&Value> {
        self.feed.iter().filter(|entry| entry["event"] == event).collect()
    }

    /// Notices of an order.
    pub fn notices(&self, order: &str) -> Vec<String> {
        let all = self.told("kitchen-notice").into_iter().filter(|entry| entry["order"] == order);
        all.map(|entry| entry["notice"].as_str().unwrap().to_owned()).collect()
    }

    /// What became of an item, as `station:from>to`.
    pub fn path(&self, order: &str, item: &str) -> Vec<String> {
        let all = self.told("kitchen").into_iter();
        all.filter(|entry| entry["order"] == order && entry["item"] == item)
            .map(|entry| {
                let word = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
                format!("{}:{}>{}", word("station"), word("from"), word("to"))
            })
            .collect()
    }
}

impl Desk {
    pub async fn open() -> Self {
        Self::with(vec![], STATIONS).await
    }

    pub async fn with(printers: Vec<Station>, toml: &str) -> Self {
        let outlet = Outlet::open_with(printers, toml).await;
        let ear = Client::connect(outlet.mqtt_addr(), "till").await;
        let mut desk = Self { outlet, ear, seen: Seen::default(), name: "till", commands: 0, jobs: 0 };
        desk.stand_up().await;
        desk
    }

    async fn stand_up(&mut self) {
        let stations = self.outlet.extra.matches("[[station]]").count();
        self.until("the manifests", |seen| (seen.manifests.len() == stations).then_some(())).await;
    }

    /// Ends the daemon in order and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.settle().await;
        self.outlet.stop().await;
        self.outlet.start().await;
        self.ear = Client::connect(self.outlet.mqtt_addr(), "till").await;
        self.seen = Seen::default();
        self.stand_up().await;
    }

    /// Listens until something is so.
    pub async fn until<T>(&mut self, what: &str, so: impl Fn(&Seen) -> Option<T>) -> T {
        let patience = tokio::time::Instant::now() + crate::support::PATIENCE;
        loop {
            if let Some(found) = so(&self.seen) {
                return found;
            }
            let heard = tokio::time::timeout_at(patience, self.ear.next(|_, _| true)).await;
            let Ok((topic, value)) = heard else {
                panic!("never came: {what}\n{:#?}\n{:#?}", self.seen.tickets, self.seen.answers)
            };
            self.seen.note(&topic, value);
        }
    }

    /// Sends a job and says its id.
    pub async fn send_to(&mut self, station: &str, document: Value) -> String {
        self.jobs += 1;
        let id = format!("J{}", self.jobs);
        self.send_job(station, json!({"id": id, "kind": "ticket", "document": document, "by": "pos-1"}))
            .await;
        id
    }

    pub async fn send_job(&mut self, station: &str, job: Value) {
        self.ear.submit(station, &job).await;
    }

    pub async fn send(&mut self, document: Value) -> String {
        self.send_to("grill", document).await
    }

    /// Waits for a job's state.
    pub async fn job(&mut self, id: &str, state: State) -> Value {
        let (id, wanted) = (id.to_owned(), json!(state));
        self.until(&format!("{id} {state}"), |seen| {
            seen.jobs.get(&id).filter(|known| known["state"] == wanted).cloned()
        })
        .await
    }

    /// The message of a job that is refused.
    pub async fn refused(&mut self, document: Value) -> Value {
        let id = self.send(document).await;
        self.job(&id, State::Rejected).await["error"].clone()
    }

    /// A ticket once it fits.
    pub async fn ticket(&mut self, station: &str, order: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.until(&format!("{order} at {station}"), |seen| {
            seen.ticket(station, order).filter(|ticket| fits(ticket)).cloned()
        })
        .await
    }

    /// A ticket as soon as it stands there and the manifest names it.
    pub async fn stands(&mut self, station: &str, order: &str) -> Value {
        self.until(&format!("{order} at {station}"), |seen| {
            seen.ticket(station, order).filter(|_| seen.names(station, order)).cloned()
        })
        .await
    }

    /// Waits until a ticket is gone: cleared, and not named.
    pub async fn gone(&mut self, station: &str, order: &str) {
        self.until(&format!("{order} gone from {station}"), |seen| {
            (seen.ticket(station, order).is_none() && !seen.names(station, order)).then_some(())
        })
        .await;
    }

    /// Asks as a program and waits for the answer.
    pub async fn ask(&mut self, command: Value) -> Value {
        self.commands += 1;
        let cmd = format!("C{}", self.commands);
        self.ask_as(self.name, &cmd, command).await
    }

    /// The same with a name and an id of its own.
    pub async fn ask_as(&mut self, name: &str, cmd: &str, mut command: Value) -> Value {
        command["cmd"] = json!(cmd);
        let known = self.seen.answers.len();
        self.say(name, command.to_string()).await;
        self.answer_after(known, cmd).await
    }

    /// Asks the agent.
    pub async fn agent(&mut self, request: Value) -> Value {
        let topic = self.ear.topics.request();
        self.request(&topic, request).await
    }

    /// Asks a station.
    pub async fn station(&mut self, station: &str, op: &str) -> Value {
        let topic = self.ear.topics.device_request(station);
        self.request(&topic, json!({"op": op})).await
    }

    async fn request(&mut self, topic: &str, request: Value) -> Value {
        let known = self.seen.replies.len();
        let response_topic = Some(self.ear.topics.reply(self.name));
        let properties = PublishProperties { response_topic, ..PublishProperties::default() };
        let payload = request.to_string();
        let asked =
            self.ear.mqtt.publish_with_properties(topic, QoS::AtLeastOnce, false, payload, properties);
        asked.await.unwrap();
        self.until("a reply", |seen| seen.replies.get(known).cloned()).await
    }

    /// Publishes a command as it is.
    pub async fn say(&mut self, name: &str, payload: impl Into<Vec<u8>>) {
        self.ear.publish(&format!("outlet/v1/test/kitchen/command/{name}"), payload).await;
    }

    pub async fn answer_after(&mut self, known: usize, cmd: &str) -> Value {
        self.until(&format!("an answer to {cmd}"), |seen| {
            seen.answers[known..].iter().find(|answer| answer["cmd"] == cmd).cloned()
        })
        .await
    }

    /// Moves lines; all of a ticket where none is named.
    pub async fn bump(&mut self, station: &str, order: &str, items: &[&str], from: &str, to: &str) -> Value {
        let mut command = json!({"op": "move", "station": station, "ticket": order, "from": from, "to": to});
        if !items.is_empty() {
            command["items"] = json!(items);
        }
        self.ask(command).await
    }

    /// The same, and it has to be done; the ticket's version.
    pub async fn bumped(&mut self, station: &str, order: &str, items: &[&str], from: &str, to: &str) -> u64 {
        let answer = self.bump(station, order, items, from, to).await;
        assert_eq!(answer["result"], "applied", "{answer}");
        answer["ver"].as_u64().unwrap()
    }

    /// Waits until the engine has done what was asked for before.
    pub async fn settle(&mut self) {
        let answer = self.ask(json!({"op": "watch"})).await;
        assert_eq!(answer["result"], "ok", "{answer}");
    }

    /// Admits a screen.
    pub async fn screen(&mut self, name: &str, view: &str, stations: &[&str]) -> Screen {
        let wanted = json!({"view": view, "stations": stations, "name": name});
        let (id, secret) = panel::admit(&self.outlet, wanted).await;
        Screen::on(&self.outlet, &id, &secret).await
    }
}

/// A screen that is signed in.
pub struct Screen {
    pub id: String,
    pub secret: String,
    pub panel: Panel,
    commands: u32,
}

impl Screen {
    pub async fn on(outlet: &Outlet, id: &str, secret: &str) -> Self {
        let way = Way::plain(outlet.screens_addr());
        let mut panel = Panel::sign_in(&way, id, secret).await.unwrap();
        panel.subscribe(&format!("kitchen/answer/{id}")).await;
        Self { id: id.into(), secret: secret.into(), panel, commands: 0 }
    }

    pub async fn ask(&mut self, mut command: Value) -> Value {
        if command["cmd"].is_null() {
            self.commands += 1;
            command["cmd"] = json!(format!("{}-{}", self.id, self.commands));
        }
        self.panel.publish(&format!("kitchen/command/{}", self.id), &command).await;
        loop {
            let answer = self.panel.hears(&format!("kitchen/answer/{}", self.id)).await.1;
            if answer["cmd"] == command["cmd"] {
                return answer;
            }
        }
    }

    /// Says that it shows a version of a ticket.
    pub async fn shows(&mut self, station: &str, order: &str, ver: u64) {
        let answer = self.ask(json!({"op": "watch", "shown": {station: {order: ver}}})).await;
        assert_eq!(answer["result"], "ok", "{answer}");
    }

    pub async fn watches(&mut self) -> Value {
        self.ask(json!({"op": "watch", "shown": {}})).await
    }
}

/// A line of a ticket.
pub fn line<'a>(ticket: &'a Value, item: &str) -> &'a Value {
    let lines = ticket["lines"].as_array().unwrap();
    lines.iter().find(|line| line["item"] == item).unwrap_or(&Value::Null)
}

/// States of a ticket's lines, by item.
pub fn states(ticket: &Value) -> BTreeMap<String, String> {
    let lines = ticket["lines"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines.iter().map(|line| (text(&line["item"]), text(&line["state"]))).collect()
}

/// Items of a ticket.
pub fn items(ticket: &Value) -> BTreeSet<String> {
    states(ticket).into_keys().collect()
}

/// An item.
pub fn dish(id: &str, name: &str, place: &str) -> Value {
    json!({"id": id, "name": name, "place": place})
}

/// A new order.
pub fn order(id: &str, items: &[Value]) -> Value {
    json!({"order": id, "number": id, "table": "12", "waiter": "Anna", "items": items})
}
