//! The life of a job, held against a model written from the topic contract alone.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::collections::{BTreeSet, HashSet};

use outlet_devices::driver::{Confidence, Outcome, Waiting};
use outletd::bus::contract::{Answer, ErrorBody, Kind, Stale, State};
use outletd::clock::Timestamp;
use outletd::journal::machine::{Event, HELD, Job, MAY_BE_DONE, Mark, Refused};
use proptest::prelude::*;
use serde_json::{Value, json};

const MEANT_FOR: &str = "kitchen";
const ACCEPTED_AT: Timestamp = Timestamp(1_000_000);

/// What the contract tells apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    Queued,
    /// Not begun, and something is the matter with its device.
    Blocked(String),
    /// Not begun, and only a person lets it go.
    Held,
    /// The same, because it may have been done.
    Unsure,
    Running,
    /// Begun, and its device needs paper or the like.
    Paused(String),
    Doubtful,
    Ended(State),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Changed,
    Unchanged,
    Refused,
}

#[derive(Debug, Clone)]
struct Model {
    phase: Phase,
    kind: Kind,
    stale: Stale,
    deadline: Option<Timestamp>,
    version: u32,
    attempts: u32,
    route: String,
    copy: bool,
    delayed: bool,
    moved: bool,
}

impl Model {
    fn of(job: &Job) -> Self {
        Self {
            phase: Phase::Queued,
            kind: job.kind,
            stale: job.stale,
            deadline: job.deadline,
            version: job.version,
            attempts: 0,
            route: job.route.clone(),
            copy: false,
            delayed: false,
            moved: false,
        }
    }

    fn step(&mut self, event: &Event, now: Timestamp) -> Verdict {
        let before = self.phase.clone();
        let Some(next) = self.follow(event, now) else { return Verdict::Refused };
        let marked = matches!(event, Event::Overdue) && next == before && self.delay_if_late(now);
        if next == before && !marked && !matches!(event, Event::Reroute { .. }) {
            return Verdict::Unchanged;
        }
        self.phase = next;
        self.version += 1;
        Verdict::Changed
    }

    /// What may follow. `None`: the contract forbids it.
    fn follow(&mut self, event: &Event, now: Timestamp) -> Option<Phase> {
        use Phase::{Blocked, Doubtful, Ended, Held, Paused, Queued, Running, Unsure};
        let late = self.deadline.is_some_and(|deadline| deadline <= now);
        match (self.phase.clone(), event) {
            (Ended(_), _) => None,

            (Queued | Blocked(_), Event::Begin { .. }) if !late => {
                self.attempts += 1;
                Some(Running)
            }
            (_, Event::Begin { .. }) => None,

            (Running | Paused(_), Event::NotSent { reason }) => Some(Blocked(reason.code.clone())),
            (Queued | Blocked(_), Event::Wait { reason }) => Some(Blocked(reason.code.clone())),
            (Running | Paused(_), Event::Wait { reason }) => Some(Paused(reason.code.clone())),
            (Running | Paused(_), Event::Resume) => Some(Running),
            (_, Event::NotSent { .. } | Event::Wait { .. } | Event::Resume) => None,

            (Running | Paused(_) | Doubtful, Event::Succeed { .. }) => Some(Ended(State::Succeeded)),
            (Running | Paused(_) | Queued | Blocked(_), Event::Fail { .. }) => Some(Ended(State::Failed)),
            (Running | Paused(_), Event::Doubt { .. }) => Some(Doubtful),
            (_, Event::Succeed { .. } | Event::Fail { .. } | Event::Doubt { .. }) => None,

            (Running | Paused(_), Event::NotDone { .. }) => Some(Queued),
            (Doubtful, Event::NotDone { .. }) => Some(Ended(State::Failed)),
            (_, Event::NotDone { .. }) => None,

            (Queued | Blocked(_), Event::Overdue) if late => Some(match self.stale {
                Stale::Expire => Ended(State::Expired),
                Stale::Hold => Held,
                Stale::Banner => self.phase.clone(),
            }),
            (Queued | Blocked(_) | Held | Unsure, Event::Overdue) => Some(self.phase.clone()),
            (_, Event::Overdue) => None,

            (Queued | Blocked(_) | Held | Unsure, Event::Cancel { .. }) => Some(Ended(State::Cancelled)),
            (_, Event::Cancel { .. }) => None,

            (Queued | Blocked(_), Event::Hold { .. }) => Some(Unsure),
            (_, Event::Hold { .. }) => None,

            (Unsure, Event::Release { .. }) => {
                self.deadline = None;
                self.copy = true;
                Some(Queued)
            }
            (Held, Event::Release { .. }) => {
                self.deadline = None;
                self.delayed = true;
                Some(Queued)
            }
            (_, Event::Release { .. }) => None,

            (Doubtful, Event::Resolve { answer: Answer::Printed, .. }) => Some(Ended(State::Succeeded)),
            (Doubtful, Event::Resolve { answer: Answer::NotPrinted, .. }) => Some(Ended(State::Failed)),
            (Doubtful, Event::Resolve { answer: Answer::PrintAgain, .. }) if self.kind != Kind::Fiscal => {
                self.deadline = None;
                self.copy = true;
                Some(Queued)
            }
            (_, Event::Resolve { .. }) => None,

            (Queued | Blocked(_), Event::Reroute { to, .. }) => {
                self.route = to.clone();
                self.moved = true;
                Some(Queued)
            }
            (_, Event::Reroute { .. }) => None,
        }
    }

    /// The banner that a late job gets once, after which it has no deadline any more.
    fn delay_if_late(&mut self, now: Timestamp) -> bool {
        let late = self.deadline.is_some_and(|deadline| deadline <= now);
        let open = matches!(self.phase, Phase::Queued | Phase::Blocked(_));
        if open && late && self.stale == Stale::Banner {
            self.deadline = None;
            self.delayed = true;
            return true;
        }
        false
    }

    fn state(&self) -> State {
        match &self.phase {
            Phase::Queued => State::Accepted,
            Phase::Blocked(_) | Phase::Held | Phase::Unsure | Phase::Paused(_) => State::Waiting,
            Phase::Running => State::Running,
            Phase::Doubtful => State::Uncertain,
            Phase::Ended(state) => *state,
        }
    }

    fn is_begun(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Paused(_) | Phase::Doubtful)
    }

    fn marks(&self) -> BTreeSet<String> {
        let marks = [(self.copy, "COPY"), (self.delayed, "DELAYED"), (self.moved, "FOR kitchen")];
        marks.into_iter().filter(|(set, _)| *set).map(|(_, mark)| mark.to_owned()).collect()
    }

    fn exits(&self) -> Option<Vec<&'static str>> {
        match (&self.phase, self.kind) {
            (Phase::Held | Phase::Unsure, _) => Some(vec!["release", "cancel"]),
            (Phase::Doubtful, Kind::Fiscal) => Some(vec!["printed", "not-printed"]),
            (Phase::Doubtful, _) => Some(vec!["printed", "not-printed", "print-again"]),
            _ => None,
        }
    }

    fn agrees(&self, job: &Job) {
        assert_eq!(job.state, self.state());
        assert_eq!(job.version, self.version);
        assert_eq!(job.attempts, self.attempts);
        assert_eq!(job.deadline, self.deadline);
        assert_eq!(job.is_begun(), self.is_begun());
        assert_eq!(job.is_held(), matches!(self.phase, Phase::Held | Phase::Unsure));
        assert_eq!(job.device, MEANT_FOR, "a job keeps the device it was sent to");
        assert_eq!(job.route, self.route);
        assert_eq!(marks(job), self.marks());
        let reason = match &self.phase {
            Phase::Blocked(code) | Phase::Paused(code) => Some(code.as_str()),
            Phase::Held => Some(HELD),
            Phase::Unsure => Some(MAY_BE_DONE),
            _ => None,
        };
        assert_eq!(job.reason.as_ref().map(|reason| reason.code.as_str()), reason);
        let explained = matches!(self.state(), State::Uncertain | State::Failed | State::Expired);
        assert_eq!(job.error.is_some(), explained, "{:?}", job.error);
        assert_eq!(job.confidence.is_some(), self.state() == State::Succeeded);
        let exits = job.attention().map(|place| place.exits);
        let expected = self.exits().map(|exits| exits.into_iter().map(str::to_owned).collect());
        assert_eq!(exits, expected);
        let document = job.document();
        assert_eq!((document.state, document.version), (job.state, job.version));
        assert!(!document.duplicate);
    }
}

fn marks(job: &Job) -> BTreeSet<String> {
    let words = job.marks.iter().map(|mark| match mark {
        Mark::Copy => "COPY".to_owned(),
        Mark::Delayed => "DELAYED".to_owned(),
        Mark::For(device) => format!("FOR {device}"),
    });
    words.collect()
}

fn job(kind: Kind, stale: Stale, ttl_ms: Option<i64>) -> Job {
    Job {
        job: "01JA".into(),
        seq: 1,
        device: MEANT_FOR.into(),
        route: MEANT_FOR.into(),
        kind,
        booked: false,
        state: State::Accepted,
        version: 1,
        at: ACCEPTED_AT,
        attempts: 0,
        begun: None,
        priority: 5,
        copies: 1,
        stale,
        by: Some("pos-1".into()),
        user: None,
        accepted_at: ACCEPTED_AT,
        deadline: ttl_ms.map(|ms| ACCEPTED_AT.plus_ms(ms)),
        marks: Vec::new(),
        confidence: None,
        result: None,
        error: None,
        reason: None,
        evidence: serde_json::Map::new(),
        rerouted: None,
    }
}

fn ticket() -> Job {
    job(Kind::Print, Stale::Expire, Some(900_000))
}

fn reason(code: &str) -> Waiting {
    Waiting { code: code.into(), message: format!("{code}: do something about it") }
}

fn begin(attempt: u64) -> Event {
    Event::Begin { attempt }
}

fn wait(code: &str) -> Event {
    Event::Wait { reason: reason(code) }
}

fn succeed(evidence: Value) -> Event {
    Event::Succeed { outcome: Outcome::new(Confidence::Printed, Value::Null, evidence) }
}

fn doubt(evidence: Value) -> Event {
    Event::Doubt { error: ErrorBody::new("in-doubt", "the link was cut"), evidence }
}

fn fail(evidence: Value) -> Event {
    Event::Fail { error: ErrorBody::new("unsupported", "no such symbol"), evidence }
}

fn resolve(answer: Answer, by: &str) -> Event {
    Event::Resolve { answer, by: Some(by.into()) }
}

fn reroute() -> Event {
    Event::Reroute { to: "bar".into(), reason: reason("device-offline") }
}

/// One event of each sort. What it tells carries `token`, so that its trace can be found again.
fn events(token: usize) -> Vec<Event> {
    let said = json!({"said": format!("<{token}>")});
    let by = format!("<{token}>");
    let outcome = Outcome::new(Confidence::Sent, json!(token), said.clone());
    let unavailable = reason("device-offline");
    vec![
        begin(token as u64),
        Event::NotSent { reason: unavailable.clone() },
        wait("paper-out"),
        wait("cover-open"),
        Event::Resume,
        Event::Succeed { outcome },
        Event::Fail { error: ErrorBody::new("unsupported", "no such symbol"), evidence: said.clone() },
        doubt(said.clone()),
        Event::NotDone { evidence: said },
        Event::Overdue,
        Event::Cancel { by: Some(by.clone()) },
        Event::Hold { why: "look whether it was done".into() },
        Event::Release { by: Some(by.clone()) },
        resolve(Answer::Printed, &by),
        resolve(Answer::NotPrinted, &by),
        resolve(Answer::PrintAgain, &by),
        Event::Reroute {
            to: if token.is_multiple_of(2) { "bar" } else { "hall" }.into(),
            reason: unavailable,
        },
    ]
}

/// Whether a person or device has told something with this event that has to stay on record.
fn tells(event: &Event) -> bool {
    matches!(
        event,
        Event::Succeed { .. }
            | Event::Fail { .. }
            | Event::Doubt { .. }
            | Event::Cancel { .. }
            | Event::Release { .. }
            | Event::Resolve { .. }
    )
}

/// Applies an event to both and compares all that can be seen.
fn both(job: &mut Job, model: &mut Model, event: &Event, now: Timestamp) -> Verdict {
    let before = job.clone();
    let expected = model.step(event, now);
    let verdict = match job.apply(event.clone(), now) {
        Ok(true) => Verdict::Changed,
        Ok(false) => Verdict::Unchanged,
        Err(_) => Verdict::Refused,
    };
    assert_eq!(verdict, expected, "{event:?} in {before:?}");
    if verdict == Verdict::Changed {
        assert_eq!(job.version, before.version + 1);
        assert_eq!(job.at, now);
    } else {
        assert_eq!(*job, before, "{event:?} left a trace although nothing changed");
    }
    model.agrees(job);
    verdict
}

fn any_job() -> impl Strategy<Value = Job> {
    let kind = prop_oneof![4 => Just(Kind::Print), 1 => Just(Kind::Drawer), 1 => Just(Kind::Fiscal)];
    let stale = prop_oneof![Just(Stale::Expire), Just(Stale::Hold), Just(Stale::Banner)];
    let ttl = prop_oneof![1 => Just(None), 3 => (1_i64..2_000).prop_map(Some)];
    (kind, stale, ttl).prop_map(|(kind, stale, ttl)| job(kind, stale, ttl))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2_000), ..ProptestConfig::default() })]

    #[test]
    fn any_life_is_one_that_the_contract_allows(
        job in any_job(),
        steps in proptest::collection::vec((0..events(0).len(), 0_i64..400), 1..40),
    ) {
        let (mut job, mut model) = (job.clone(), Model::of(&job));
        let mut now = ACCEPTED_AT;
        let mut told = Vec::new();
        for (token, (sort, ms)) in steps.into_iter().enumerate() {
            now = now.plus_ms(ms);
            let event = events(token).swap_remove(sort);
            if both(&mut job, &mut model, &event, now) == Verdict::Changed && tells(&event) {
                told.push(format!("<{token}>"));
            }
            let record = Value::Object(job.evidence.clone()).to_string();
            for token in &told {
                prop_assert!(record.contains(token.as_str()), "{token} is lost: {record}");
            }
        }
    }
}

#[test]
fn all_lives_of_up_to_five_events_are_as_the_contract_says_and_reach_every_state() {
    let mut reached = HashSet::new();
    for kind in [Kind::Print, Kind::Fiscal] {
        for stale in [Stale::Expire, Stale::Hold, Stale::Banner] {
            let start = job(kind, stale, Some(3));
            let model = Model::of(&start);
            explore(&start, &model, ACCEPTED_AT, 5, &mut reached);
        }
    }
    let ends = [State::Succeeded, State::Failed, State::Expired, State::Cancelled].map(Phase::Ended);
    for phase in
        [Phase::Queued, Phase::Held, Phase::Unsure, Phase::Running, Phase::Doubtful].into_iter().chain(ends)
    {
        assert!(reached.contains(&phase), "{phase:?} was never reached");
    }
}

fn explore(job: &Job, model: &Model, now: Timestamp, depth: usize, reached: &mut HashSet<Phase>) {
    reached.insert(model.phase.clone());
    if depth == 0 {
        return;
    }
    let now = now.plus_ms(1);
    for event in events(depth) {
        let (mut job, mut model) = (job.clone(), model.clone());
        if both(&mut job, &mut model, &event, now) == Verdict::Changed {
            explore(&job, &model, now, depth - 1, reached);
        }
    }
}

fn after(mut job: Job, events: impl IntoIterator<Item = Event>) -> Job {
    for event in events {
        let said = format!("{event:?}");
        assert_eq!(job.apply(event, ACCEPTED_AT), Ok(true), "{said}");
    }
    job
}

#[test]
fn a_job_that_has_begun_is_not_called_off_expired_or_taken_elsewhere() {
    let late = ACCEPTED_AT.plus_ms(1_000_000);
    for mut job in [
        after(ticket(), [begin(1)]),
        after(ticket(), [begin(1), wait("paper-out")]),
        after(ticket(), [begin(1), doubt(Value::Null)]),
    ] {
        for event in [Event::Cancel { by: None }, Event::Overdue, reroute(), begin(2)] {
            let state = job.state;
            assert_eq!(job.apply(event, late), Err(Refused::Begun(state)));
        }
    }
}

#[test]
fn a_job_is_begun_before_its_deadline_and_not_at_it() {
    let deadline = ACCEPTED_AT.plus_ms(900_000);
    assert_eq!(ticket().apply(begin(1), deadline.plus_ms(-1)), Ok(true));
    assert_eq!(ticket().apply(begin(1), deadline), Err(Refused::Overdue));
}

#[test]
fn a_job_without_a_deadline_is_never_late() {
    let mut job = job(Kind::Fiscal, Stale::Expire, None);
    let much_later = ACCEPTED_AT.plus_ms(i64::MAX / 2);
    assert_eq!(job.apply(Event::Overdue, much_later), Ok(false));
    assert_eq!(job.apply(begin(1), much_later), Ok(true));
}

#[test]
fn a_job_printed_again_is_marked_as_a_copy_however_often_its_outcome_is_unknown() {
    let again = || resolve(Answer::PrintAgain, "anna");
    let mut job = after(ticket(), [begin(1), doubt(json!({"bytes": 120})), again()]);
    assert_eq!(job.marks, [Mark::Copy]);
    job = after(job, [begin(2), doubt(json!({"bytes": 40})), again(), begin(3)]);
    assert_eq!(job.marks, [Mark::Copy]);
    assert_eq!(job.attempts, 3);
}

#[test]
fn printing_again_keeps_what_is_known_of_each_earlier_attempt() {
    let job = after(
        ticket(),
        [
            begin(1),
            doubt(json!({"bytes": 120})),
            resolve(Answer::PrintAgain, "anna"),
            begin(2),
            doubt(json!({"bytes": 40})),
            resolve(Answer::PrintAgain, "boris"),
            begin(3),
            succeed(json!({"process_id": "0003"})),
        ],
    );
    let earlier = &job.evidence["earlier"];
    assert_eq!(earlier[0]["device"], json!({"bytes": 120}));
    assert_eq!(earlier[0]["error"]["code"], "in-doubt");
    assert_eq!(earlier[0]["resolution"]["by"], "anna");
    assert_eq!(earlier[1]["device"], json!({"bytes": 40}));
    assert_eq!(earlier[1]["resolution"]["by"], "boris");
    assert_eq!(job.evidence["device"], json!({"process_id": "0003"}));
}

#[test]
fn a_late_job_with_a_banner_is_printed_with_delayed_above_it() {
    let mut job = job(Kind::Print, Stale::Banner, Some(1));
    let late = ACCEPTED_AT.plus_ms(5);
    assert_eq!(job.apply(Event::Overdue, late), Ok(true));
    assert_eq!((job.state, job.marks.as_slice()), (State::Accepted, [Mark::Delayed].as_slice()));
    assert_eq!(job.apply(begin(1), late), Ok(true));
}

#[test]
fn a_held_job_waits_until_a_person_releases_or_cancels_it() {
    let mut held = job(Kind::Print, Stale::Hold, Some(1));
    let late = ACCEPTED_AT.plus_ms(5);
    held.apply(Event::Overdue, late).unwrap();
    assert_eq!(held.clone().apply(begin(1), late), Err(Refused::Held));
    for event in [wait("paper-out"), fail(Value::Null), reroute(), Event::Resume] {
        assert_eq!(held.clone().apply(event, late), Err(Refused::NotNow(State::Waiting)));
    }
    let mut called_off = held.clone();
    assert_eq!(called_off.apply(Event::Cancel { by: None }, late), Ok(true));
    assert_eq!(called_off.state, State::Cancelled);
    assert_eq!(held.apply(Event::Release { by: Some("anna".into()) }, late), Ok(true));
    assert_eq!((held.state, held.marks.as_slice()), (State::Accepted, [Mark::Delayed].as_slice()));
    assert_eq!(held.apply(begin(1), late.plus_ms(1_000_000)), Ok(true));
}

#[test]
fn a_printer_that_says_held_in_the_middle_of_a_job_does_not_let_it_be_released() {
    let mut job = after(ticket(), [begin(1), wait(HELD)]);
    assert!(!job.is_held());
    assert_eq!(job.apply(Event::Release { by: None }, ACCEPTED_AT), Err(Refused::NotNow(State::Waiting)));
    assert_eq!(job.apply(Event::Resume, ACCEPTED_AT), Ok(true));
}

#[test]
fn an_uncertain_job_leaves_its_state_only_by_the_device_or_by_a_persons_answer() {
    let uncertain = || after(ticket(), [begin(1), doubt(json!({"bytes": 12}))]);
    for event in [wait("paper-out"), Event::Resume, fail(Value::Null), doubt(Value::Null)] {
        assert_eq!(uncertain().apply(event, ACCEPTED_AT), Err(Refused::NotNow(State::Uncertain)));
    }
    let reconciled = after(uncertain(), [succeed(json!({"process_id": "0001"}))]);
    assert_eq!(reconciled.state, State::Succeeded);
    assert_eq!(reconciled.evidence["device"], json!({"bytes": 12}));
    assert_eq!(reconciled.evidence["reconciled"], json!({"process_id": "0001"}));
    let seen = after(uncertain(), [resolve(Answer::Printed, "anna")]);
    assert_eq!((seen.state, seen.confidence), (State::Succeeded, Some(Confidence::Printed)));
    let missing = after(uncertain(), [resolve(Answer::NotPrinted, "anna")]);
    assert_eq!(missing.state, State::Failed);
    assert_eq!(missing.evidence["resolution"]["by"], "anna");
}

#[test]
fn a_fiscal_job_is_never_sent_again_on_a_persons_word() {
    let mut sale = after(job(Kind::Fiscal, Stale::Expire, None), [begin(1), doubt(Value::Null)]);
    assert_eq!(sale.apply(resolve(Answer::PrintAgain, "anna"), ACCEPTED_AT), Err(Refused::Fiscal));
    assert_eq!(sale.apply(resolve(Answer::Printed, "anna"), ACCEPTED_AT), Ok(true));
}

#[test]
fn a_job_taken_over_names_both_devices_and_says_so_on_paper() {
    let job = after(ticket(), [wait("device-offline"), reroute()]);
    let document = job.document();
    let rerouted = document.rerouted.unwrap();
    assert_eq!((rerouted.from.as_str(), rerouted.to.as_str()), ("kitchen", "bar"));
    assert_eq!(document.device, "kitchen");
    assert_eq!(job.route, "bar");
    assert_eq!(job.marks, [Mark::For("kitchen".into())]);
}

#[test]
fn an_attempt_of_which_nothing_was_sent_may_be_called_off_or_expire() {
    let waiting = after(ticket(), [begin(1), Event::NotSent { reason: reason("device-offline") }]);
    assert_eq!(waiting.state, State::Waiting);
    assert_eq!(after(waiting.clone(), [Event::Cancel { by: None }]).state, State::Cancelled);
    let mut late = waiting;
    assert_eq!(late.apply(Event::Overdue, ACCEPTED_AT.plus_ms(900_000)), Ok(true));
    assert_eq!(late.state, State::Expired);
    assert_eq!(late.error.map(|error| error.code).as_deref(), Some("expired"));
}

#[test]
fn waiting_for_the_same_thing_again_is_told_once() {
    let mut job = after(ticket(), [begin(1), wait("paper-out")]);
    assert_eq!(job.apply(wait("paper-out"), ACCEPTED_AT), Ok(false));
    assert_eq!(job.apply(wait("cover-open"), ACCEPTED_AT), Ok(true));
}

/// How many cases a property is tried on: a usual number, or `PROPTEST_CASES`.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}
