//! Any sequence of writes and restarts leaves the journal as a plain model in memory has it.

use std::collections::BTreeMap;

use outlet_devices::Confidence;
use outletd::bus::contract::{Answer, ErrorBody, EventBody, FeedEvent, State};
use outletd::clock::Timestamp;
use outletd::journal::machine::{Event, Job};
use outletd::journal::{Intake, Journal};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{DAY_MS, Shelf, doubt, reason, settled, submission, succeed, topics};

#[derive(Debug, Clone)]
enum Step {
    Accept { id: u8, text: u8, begin: bool },
    Begin { id: u8 },
    End { id: u8, how: u8 },
    Apply { id: u8, what: u8 },
    Forget { place: usize },
    Housekeep { days: i64 },
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = || 0_u8..4;
    let step = prop_oneof![
        4 => (id(), 0_u8..2, any::<bool>()).prop_map(|(id, text, begin)| Step::Accept { id, text, begin }),
        3 => id().prop_map(|id| Step::Begin { id }),
        3 => (id(), 0_u8..4).prop_map(|(id, how)| Step::End { id, how }),
        3 => (id(), 0_u8..4).prop_map(|(id, what)| Step::Apply { id, what }),
        2 => (0_usize..40).prop_map(|place| Step::Forget { place }),
        1 => (0_i64..9).prop_map(|days| Step::Housekeep { days }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(48), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_writes_and_restarts_is_kept_exactly(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let shelf = Shelf::new();
            let mut journal = shelf.open();
            let mut model = Model::default();
            for step in steps {
                shelf.pass(1);
                if matches!(step, Step::Restart) {
                    drop(journal);
                    journal = shelf.open();
                } else {
                    model.both(&step, &journal, &shelf).await;
                }
                // An acceptance may also be followed by a restart before it is told of.
                if !matches!(step, Step::Accept { .. }) {
                    model.agrees(&journal).await;
                }
            }
            model.agrees(&journal).await;
        });
    }
}

#[derive(Default)]
struct Model {
    seq: u64,
    jobs: BTreeMap<String, (u8, Job)>,
    feed: Vec<FeedEvent>,
    feed_seq: u64,
    outbox: Vec<(u64, String, Value)>,
    outbox_seq: u64,
    attempts: BTreeMap<u64, (String, bool)>,
}

impl Model {
    async fn both(&mut self, step: &Step, journal: &Journal, shelf: &Shelf) {
        let now = shelf.now();
        match *step {
            Step::Accept { id, text, begin } => self.accept(id, text, begin, journal, now).await,
            Step::Begin { id } => {
                let id = name(id);
                let attempt = journal.next_attempt();
                let expected = self.apply(&id, Event::Begin { attempt }, now);
                if expected == Some(true) {
                    self.attempts.insert(attempt, (id.clone(), false));
                }
                let done = journal.begin(&id, "kitchen", attempt, json!(attempt)).await;
                assert_eq!(done.ok().map(|done| done.changed), expected);
            }
            Step::End { id, how } => {
                let id = name(id);
                let Some(attempt) = self.jobs.get(&id).and_then(|(_, job)| job.begun) else { return };
                let event = match how {
                    0 => succeed(Confidence::Sent),
                    1 => doubt(),
                    2 => Event::NotSent { reason: reason("device-offline") },
                    _ => Event::Fail { error: ErrorBody::new("unsupported", "no"), evidence: Value::Null },
                };
                let expected = self.apply(&id, event.clone(), now);
                if expected.is_some() {
                    self.attempts.insert(attempt, (id.clone(), true));
                }
                let done = journal.end_attempt(&id, attempt, event, Vec::new()).await;
                assert_eq!(done.ok().map(|done| done.changed), expected);
            }
            Step::Apply { id, what } => {
                let id = name(id);
                let event = match what {
                    0 => Event::Wait { reason: reason("paper-out") },
                    1 => Event::Cancel { by: Some("anna".into()) },
                    2 => Event::Resolve { answer: Answer::PrintAgain, by: None },
                    _ => Event::Overdue,
                };
                let expected = self.apply(&id, event.clone(), now);
                let done = journal.apply(&id, event).await;
                assert_eq!(done.ok().map(|done| done.changed), expected);
            }
            Step::Forget { place } => {
                if place < self.outbox.len() {
                    settled(journal).await;
                    let (seq, ..) = self.outbox.remove(place);
                    journal.forget_outbox(vec![seq]);
                    journal.write(|_| Ok(())).await.unwrap();
                }
            }
            Step::Housekeep { days } => {
                shelf.pass(days * DAY_MS);
                let removed = journal.housekeep(7 * DAY_MS, 8 * DAY_MS).await.unwrap();
                assert_eq!(removed, self.housekeep(shelf.now()));
            }
            Step::Restart => {}
        }
    }

    async fn accept(&mut self, id: u8, text: u8, begin: bool, journal: &Journal, now: Timestamp) {
        let id = name(id);
        let mut new = submission(&id, &format!("text {text}"));
        let attempt = journal.next_attempt();
        new.begin = begin.then(|| (attempt, json!(attempt)));
        let taken = journal.accept(new.clone()).await.unwrap();
        match self.jobs.get(&id) {
            Some((known, _)) if *known != text => assert_eq!(taken, Intake::Conflict),
            Some((_, job)) => {
                let mut document = job.document();
                document.duplicate = true;
                self.publish(topics().job(&id), json!(document));
                assert_eq!(taken, Intake::Duplicate(Box::new(document)));
            }
            None => {
                self.seq += 1;
                let deadline = Some(now.plus_ms(900_000));
                let (seq, accepted_at, at, version) = (self.seq, now, now, 1);
                let job = Job { seq, accepted_at, at, version, deadline, ..new.job };
                self.jobs.insert(id.clone(), (text, job.clone()));
                self.tell(&job, now);
                if begin {
                    self.apply(&id, Event::Begin { attempt }, now);
                    self.attempts.insert(attempt, (id.clone(), false));
                }
                assert_eq!(taken, Intake::New(Box::new(self.jobs[&id].1.clone())));
            }
        }
    }

    /// What the state machine says to it; `None`: refused, or no such job.
    fn apply(&mut self, id: &str, event: Event, now: Timestamp) -> Option<bool> {
        let (_, job) = self.jobs.get_mut(id)?;
        let changed = job.apply(event, now).ok()?;
        let job = job.clone();
        if changed {
            self.tell(&job, now);
        }
        Some(changed)
    }

    fn tell(&mut self, job: &Job, now: Timestamp) {
        let document = job.document();
        self.publish(topics().job(&job.job), json!(document));
        self.record(EventBody::Job { job: Box::new(document) }, now);
    }

    fn record(&mut self, event: EventBody, at: Timestamp) {
        self.feed_seq += 1;
        let entry = FeedEvent { seq: self.feed_seq, at, event };
        self.publish(topics().event(), json!(entry));
        self.feed.push(entry);
    }

    fn publish(&mut self, topic: String, payload: Value) {
        self.outbox_seq += 1;
        self.outbox.push((self.outbox_seq, topic, payload));
    }

    fn housekeep(&mut self, now: Timestamp) -> (u64, u64) {
        let (jobs, events) = (self.jobs.len(), self.feed.len());
        self.jobs.retain(|_, (_, job)| !job.state.is_final() || now.since_ms(job.at) <= 7 * DAY_MS as u64);
        self.attempts.retain(|_, (id, _)| self.jobs.contains_key(id));
        self.feed.retain(|event| now.since_ms(event.at) <= 8 * DAY_MS as u64);
        let removed = ((jobs - self.jobs.len()) as u64, (events - self.feed.len()) as u64);
        if removed != (0, 0) {
            self.record(EventBody::Housekeeping { jobs: removed.0, events: removed.1 }, now);
        }
        removed
    }

    async fn agrees(&self, journal: &Journal) {
        settled(journal).await;
        let mut expected: Vec<Job> = self.jobs.values().map(|(_, job)| job.clone()).collect();
        expected.sort_by_key(|job| job.seq);
        let unfinished: Vec<Job> = expected.iter().filter(|job| !job.state.is_final()).cloned().collect();
        assert_eq!(journal.unfinished().unwrap(), unfinished);
        let attention: Vec<_> = unfinished.iter().filter_map(Job::attention).collect();
        assert_eq!(journal.attention().await.unwrap(), attention);
        expected.reverse();
        assert_eq!(journal.list(None, vec![], 500, None).await.unwrap(), (expected, None));
        let uncertain = journal.list(None, vec![State::Uncertain], 500, None).await.unwrap().0;
        assert!(uncertain.iter().all(|job| job.state == State::Uncertain));

        let (feed, newest) = journal.feed(0, 1_000).await.unwrap();
        assert_eq!((feed, newest), (self.feed.clone(), self.feed_seq));

        let told: Vec<(u64, String, Value)> = journal
            .outbox(0, 1_000)
            .await
            .unwrap()
            .into_iter()
            .map(|row| (row.seq, row.topic, serde_json::from_slice(&row.payload).unwrap()))
            .collect();
        assert_eq!(told, self.outbox);

        for id in self.jobs.keys() {
            let (_, attempts) = journal.job(id).await.unwrap().unwrap();
            let found: Vec<_> = attempts
                .iter()
                .map(|attempt| {
                    assert_eq!(attempt.baseline, json!(attempt.number));
                    (attempt.number, attempt.ended_at.is_some())
                })
                .collect();
            let expected: Vec<_> = self
                .attempts
                .iter()
                .filter(|(_, (of, _))| of == id)
                .map(|(number, (_, ended))| (*number, *ended))
                .collect();
            assert_eq!(found, expected);
        }
    }
}

fn name(id: u8) -> String {
    format!("job-{id}")
}

/// How many cases a property is tried on: a usual number, or `PROPTEST_CASES`.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}
