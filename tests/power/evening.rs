//! What an outlet does while its power fails: tickets, receipts, weights, codes; and the audit of what came of them.

use std::collections::{BTreeMap, BTreeSet};

use outlet_protocols::fiscal::Tag;
use outlet_simulators::printer::{Fault, Printer, PrinterSpec};
use outlet_simulators::register::{Register, RegisterSpec};
use outlet_simulators::scale::{Scale, ScaleSpec};
use outletd::bus::contract::{JobDocument, State};
use serde_json::{Value, json};

use crate::machine::{Outside, Running};
use crate::register::{bears, is_receipt};
use crate::till::{Book, SharedBook, Till};

/// Jobs that a device has at a time.
const AT_A_TIME: usize = 3;
/// The devices that get jobs.
const DEVICES: [&str; 3] = ["kitchen", "bar", "till"];

/// The devices outside, and all that was ever asked of them.
pub struct Evening {
    pub kitchen: Printer,
    pub bar: Printer,
    pub till: Register,
    pub scale: Scale,
    pub book: SharedBook,
    /// Each job that was submitted, answered or not: its device, and what was published.
    sent: BTreeMap<String, (&'static str, Value)>,
    /// Receipts that were compared with the storage, and stay as they are.
    judged: BTreeSet<String>,
    chance: fastrand::Rng,
}

/// What an audit has found.
#[derive(Debug, Default)]
pub struct Tally {
    pub jobs: usize,
    pub unanswered: usize,
    pub uncertain: usize,
}

impl Evening {
    pub async fn new(seed: u64) -> (Self, Outside) {
        let mut spec = PrinterSpec::epson_80mm();
        // A ticket takes a second, and does not fit into the buffer: cuts come upon printers that print.
        spec.speed = Some(900);
        spec.buffer = 256;
        let (kitchen, bar) = (Printer::new(spec.clone()), Printer::new(spec));
        let till = Register::open(RegisterSpec::shtrih_v1()).unwrap();
        let scale = Scale::new(ScaleSpec::cas());
        let outside = Outside {
            kitchen: kitchen.serve_tcp("127.0.0.1:0").await.unwrap(),
            bar: bar.serve_tcp("127.0.0.1:0").await.unwrap(),
            scale: scale.serve_tcp("127.0.0.1:0").await.unwrap(),
            till: till.serve_tcp("127.0.0.1:0").await.unwrap(),
        };
        let (book, sent) = (SharedBook::new(), BTreeMap::new());
        let (judged, chance) = (BTreeSet::new(), fastrand::Rng::with_seed(seed));
        (Self { kitchen, bar, till, scale, book, sent, judged, chance }, outside)
    }

    /// Submits job after job to each device, and never ends.
    pub async fn work(&mut self, connection: &Till, round: u64) {
        for number in 0.. {
            let free = |book: &Book| DEVICES.into_iter().find(|device| self.open(book, device) < AT_A_TIME);
            let device = self.book.wait("room for a job", free).await;
            self.submit(connection, device, &format!("{device}-{round}-{number}")).await;
        }
    }

    /// Submits a job. It is known as sent before it leaves.
    pub async fn submit(&mut self, connection: &Till, device: &'static str, id: &str) {
        let job = if device == "till" { receipt(id) } else { ticket(id, self.chance.usize(1..20)) };
        self.sent.insert(id.to_owned(), (device, job.clone()));
        connection.submit(device, &job).await;
    }

    fn open(&self, book: &Book, device: &str) -> usize {
        let open = |id: &String| !book.jobs.get(id).is_some_and(is_over);
        self.sent.iter().filter(|(id, (of, _))| *of == device && open(id)).count()
    }

    /// Waits until a job has ended well.
    pub async fn done(&self, id: &str) {
        let ended = |book: &Book| book.jobs.get(id).filter(|job| is_over(job)).cloned();
        let end = self.book.wait(&format!("the end of {id}"), ended).await;
        assert_eq!(end.state, State::Succeeded, "{end:#?}");
    }

    /// A new weight and new codes are told.
    pub async fn measure(&mut self, connection: &Till, machine: &mut Running) {
        let grams = 100 + 5 * self.chance.i32(0..500);
        self.scale.put(grams);
        let kilograms = format!("{}.{:03}", grams / 1000, grams % 1000);
        let weighed = |book: &Book| {
            let reading = book.of(&connection.topics.device_reading("scale"));
            (reading["weight"]["value"] == json!(kilograms) && reading["stable"] == json!(true)).then_some(())
        };
        self.book.wait(&format!("{kilograms} kg on the scale"), weighed).await;

        for scanner in ["scanner", "hand-scanner"] {
            let code = format!("{:06}", self.chance.u32(..1_000_000));
            match scanner {
                "scanner" => machine.types(&code).await,
                _ => drop(machine.run(&format!("echo {code} >/dev/ttyGS0")).await),
            }
            let scanned = |book: &Book| {
                let reading = book.of(&connection.topics.device_reading(scanner));
                (reading["text"] == json!(code)).then_some(())
            };
            self.book.wait(&format!("the code {code} of {scanner}"), scanned).await;
        }
    }

    /// The power of the devices fails, too, and comes back.
    pub fn power_off(&self) {
        self.kitchen.inject(Fault::PowerOff);
        self.bar.inject(Fault::PowerOff);
        self.till.power_off();
    }

    pub fn power_on(&self) {
        self.kitchen.inject(Fault::PowerOn);
        self.bar.inject(Fault::PowerOn);
        self.till.power_on();
    }

    /// Compares what the till was told before the cut with what the journal has now, repeats what was not answered,
    /// waits for the end of all, and compares the ends with paper and fiscal storage.
    pub async fn audit(&mut self, connection: &mut Till) -> Tally {
        // In this order: the agent is at work again, and tells of more while it is asked.
        let told = self.book.with(|book| book.jobs.clone());
        let journal = connection.list().await;
        let mut tally = Tally::default();
        for (id, known) in told {
            let Some(kept) = journal.get(&id) else { panic!("{id} was accepted and is lost: {known:#?}") };
            assert!(kept.version >= known.version, "{id} was told as {known:#?} and went back to {kept:#?}");
            if known.state.is_final() {
                assert_eq!(kept.state, known.state, "{id} had ended: {known:#?} {kept:#?}");
            }
        }
        self.book.with(|book| journal.into_values().for_each(|job| book.note(job)));
        let over = self.book.with(|book| {
            let over = book.jobs.values().filter(|job| job.state.is_final());
            over.map(|job| job.job.clone()).collect::<Vec<_>>()
        });
        // What had no answer has to be repeated, and what had may be.
        for (id, (device, job)) in &self.sent {
            if over.contains(id) {
                continue;
            }
            tally.jobs += 1;
            tally.unanswered += usize::from(self.book.with(|book| !book.jobs.contains_key(id)));
            connection.submit(device, job).await;
        }
        let count = self.sent.len();
        let all_over = |book: &Book| {
            (book.jobs.len() == count && book.jobs.values().all(is_over)).then(|| book.jobs.clone())
        };
        let ends = self.book.wait("the end of all jobs", all_over).await;
        for printer in [&self.kitchen, &self.bar] {
            printer.wait_state(|state| state.waiting == 0).await;
        }
        let papers = [("kitchen", paper(&self.kitchen)), ("bar", paper(&self.bar))];
        let papers = BTreeMap::from(papers);
        for (id, end) in &ends {
            if self.judged.contains(id) {
                continue;
            }
            let done = match papers.get(end.device.as_str()) {
                Some(paper) => judge_ticket(id, end, paper),
                None => self.judge_receipt(connection, end).await,
            };
            if end.state == State::Uncertain {
                tally.uncertain += 1;
                self.resolve(connection, end, done).await;
            }
            if end.device == "till" {
                self.judged.insert(id.clone());
            }
        }
        let sold = self.book.with(|book| {
            let sold = |job: &&JobDocument| job.device == "till" && job.state == State::Succeeded;
            book.jobs.values().filter(sold).count()
        });
        let receipts = self.till.documents().iter().filter(|document| is_receipt(document.kind)).count();
        assert_eq!(receipts, sold, "the storage has other receipts than those that were told of");
        let journal = connection.list().await;
        assert_eq!(journal.len(), count, "the journal has jobs that nobody sent");
        tally
    }

    /// Whether the register has it, and that it has it once.
    async fn judge_receipt(&self, connection: &mut Till, end: &JobDocument) -> bool {
        let topic = connection.topics.request();
        let told = connection.ask(&topic, json!({"op": "get", "job": end.job})).await;
        let attempts = told["attempts"].as_array().unwrap();
        let tag = |attempt: &Value| Tag::new(&end.job, attempt["number"].as_u64().unwrap() as u32);
        let tags: Vec<Tag> = attempts.iter().map(tag).collect();
        let documents = self.till.documents();
        let receipts = documents.iter().filter(|document| is_receipt(document.kind));
        let ours = receipts.filter(|document| tags.iter().any(|tag| bears(document, tag))).count();
        match end.state {
            State::Succeeded => assert_eq!(ours, 1, "{} is told as done: {told:#}", end.job),
            State::Failed => assert_eq!(ours, 0, "{} is told as not done: {told:#}", end.job),
            State::Uncertain => assert!(ours <= 1, "{} is in the storage twice: {told:#}", end.job),
            other => panic!("{} ended as {other}: {told:#}", end.job),
        }
        ours == 1
    }

    /// A person has been told of a job in doubt, with evidence, looks, and answers.
    async fn resolve(&self, connection: &mut Till, end: &JobDocument, done: bool) {
        let shown = |book: &Book| {
            let list = book.of(&connection.topics.attention())["jobs"].as_array()?;
            list.iter().find(|job| job["job"] == json!(end.job)).cloned()
        };
        let shown = self.book.wait(&format!("{} in attention", end.job), shown).await;
        assert!(!shown["evidence"].is_null() && end.error.is_some(), "no evidence: {shown:#} {end:#?}");
        let answer = if done { "printed" } else { "not-printed" };
        assert!(shown["exits"].as_array().is_some_and(|exits| exits.contains(&json!(answer))), "{shown:#}");
        let topic = connection.topics.request();
        connection
            .ask(&topic, json!({"op": "resolve", "job": end.job, "answer": answer, "by": "anna"}))
            .await;
        let resolved = |book: &Book| book.jobs.get(&end.job).filter(|job| job.state.is_final()).cloned();
        self.book.wait(&format!("{} resolved", end.job), resolved).await;
    }
}

/// It has ended, or waits for a person.
fn is_over(job: &JobDocument) -> bool {
    job.state.is_final() || job.state == State::Uncertain
}

/// All that stands on the paper of a printer.
fn paper(printer: &Printer) -> String {
    let mut text: String = printer.papers().iter().map(|paper| paper.text.as_str()).collect();
    text.push_str(&printer.unfinished());
    text
}

/// Whether the whole ticket is on the paper, and that nothing of it is there twice.
fn judge_ticket(id: &str, end: &JobDocument, paper: &str) -> bool {
    let begins = paper.matches(&format!("<{id}>")).count();
    let ends = paper.matches(&format!("</{id}>")).count();
    match end.state {
        State::Succeeded => assert_eq!((begins, ends), (1, 1), "{id} is told as printed: {end:#?}"),
        // Resolved by a person after an earlier cut, who saw no end of it.
        State::Failed => assert!(begins <= 1 && ends == 0, "{id} is told as not printed: {end:#?}"),
        State::Uncertain => assert!(begins <= 1 && ends <= 1, "{id} is on the paper twice: {end:#?}"),
        other => panic!("{id} ended as {other}: {end:#?}"),
    }
    ends == 1
}

/// A ticket that can be found on the paper by both of its ends.
fn ticket(id: &str, lines: usize) -> Value {
    let text = |text: String| json!({"type": "text", "text": text});
    let mut blocks = vec![text(format!("<{id}>"))];
    blocks.extend((1..=lines).map(|line| text(format!("{line} x soup of the day, no onions, extra bread"))));
    blocks.extend([text(format!("</{id}>")), json!({"type": "cut"})]);
    json!({"id": id, "kind": "print", "document": {"blocks": blocks}})
}

fn receipt(id: &str) -> Value {
    let soup = json!({
        "type": "position", "name": "Soup", "price": 2.90, "quantity": 2.0, "amount": 5.80,
        "paymentMethod": "fullPayment", "paymentObject": "commodity", "tax": {"type": "vat20"},
    });
    let sale = json!({
        "type": "sell", "items": [soup], "payments": [{"type": "electronically", "sum": 5.80}], "total": 5.80,
    });
    json!({"id": id, "kind": "fiscal", "document": sale})
}
