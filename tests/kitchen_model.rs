//! Orders against a simple model: whatever jobs and screens do, nothing is lost, nothing is there twice, versions
//! grow, and what the feed says is what has happened.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use outlet_protocols::ticket;
use outletd::clock::Timestamp;
use outletd::kitchen::change::{Placing, Route};
use outletd::kitchen::moves::{Refusal, Scope, Which};
use outletd::kitchen::order::{Change, Effects, ItemState, Order};
use proptest::prelude::*;
use serde_json::{Value, json};

use ItemState::{Cooking, Held, Queued, Ready, Served, Voided};

const STATIONS: [&str; 2] = ["grill", "cold"];

#[derive(Debug, Clone)]
enum Step {
    /// An item for one station or both, in a course.
    Add(u8, u8, u8),
    Void(u8),
    Move(u8, usize, ItemState, ItemState),
    Hold(u8, usize),
    Fire(u8, usize),
    Recall(usize),
    Acknowledge(usize),
    /// Takes back the step that lies so far behind.
    Undo(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let item = 0..5u8;
    let station = 0..2usize;
    let state = || prop::sample::select(vec![Queued, Cooking, Ready, Served]);
    prop_oneof![
        3 => (item.clone(), 1..4u8, 0..3u8).prop_map(|(item, at, course)| Step::Add(item, at, course)),
        1 => item.clone().prop_map(Step::Void),
        6 => (item.clone(), station.clone(), state(), state()).prop_map(|(i, s, f, t)| Step::Move(i, s, f, t)),
        1 => (item.clone(), station.clone()).prop_map(|(item, station)| Step::Hold(item, station)),
        1 => (item, station.clone()).prop_map(|(item, station)| Step::Fire(item, station)),
        1 => station.clone().prop_map(Step::Recall),
        1 => station.prop_map(Step::Acknowledge),
        3 => (0..4usize).prop_map(Step::Undo),
    ]
}

/// A line at a station.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    state: ItemState,
    seen: bool,
    /// The version that changed it last.
    touched: u64,
}

type Lines = BTreeMap<(String, &'static str), Line>;

#[derive(Debug, Default, Clone)]
struct Model {
    lines: Lines,
    first_course: Option<u8>,
}

impl Model {
    fn of(&self, item: &str) -> Vec<((String, &'static str), Line)> {
        self.lines
            .iter()
            .filter(|((known, _), _)| known == item)
            .map(|(key, line)| (key.clone(), *line))
            .collect()
    }

    fn has(&self, item: &str) -> bool {
        !self.of(item).is_empty()
    }

    fn is_void(&self, item: &str) -> bool {
        self.of(item).iter().any(|(_, line)| line.state == Voided)
    }

    /// What a step makes of the lines; `None` where it is refused.
    fn after(&self, step: &Step, earlier: &[Option<(u64, Lines, Lines)>]) -> Option<Self> {
        let mut next = self.clone();
        match step {
            Step::Add(item, at, course) => {
                let item = item.to_string();
                if !self.has(&item) {
                    let first = *next.first_course.get_or_insert(*course);
                    let state = if *course <= first { Queued } else { Held };
                    for station in stations(*at) {
                        next.lines.insert((item.clone(), station), Line { state, seen: false, touched: 0 });
                    }
                }
            }
            Step::Void(item) => {
                let lines = self.of(&item.to_string());
                let late = lines.iter().all(|(_, line)| line.state == Served);
                for (key, line) in lines.into_iter().filter(|(_, line)| !late && line.state != Voided) {
                    let seen = matches!(line.state, Ready | Served);
                    next.lines.insert(key, Line { state: Voided, seen, touched: 0 });
                }
            }
            Step::Move(item, station, from, to) => {
                let line = next.lines.get_mut(&(item.to_string(), STATIONS[*station]))?;
                if line.state == *to || line.state != *from {
                    return None;
                }
                line.state = *to;
            }
            Step::Hold(item, station) => {
                let line = next.lines.get_mut(&(item.to_string(), STATIONS[*station]))?;
                (line.state == Queued).then(|| line.state = Held)?;
            }
            Step::Fire(item, station) => {
                let line = next.lines.get_mut(&(item.to_string(), STATIONS[*station]))?;
                (line.state == Held).then(|| line.state = Queued)?;
            }
            Step::Recall(station) => {
                let there = |(key, line): &(&(String, &str), &mut Line)| {
                    key.1 == STATIONS[*station]
                        && matches!(line.state, Ready | Served)
                        && !self.is_void(&key.0)
                };
                let back: Vec<_> = next.lines.iter_mut().filter(there).collect();
                if back.is_empty() {
                    return None;
                }
                back.into_iter().for_each(|(_, line)| line.state = Queued);
            }
            Step::Acknowledge(station) => {
                let struck: Vec<_> = next
                    .lines
                    .iter_mut()
                    .filter(|(key, line)| key.1 == STATIONS[*station] && line.state == Voided && !line.seen)
                    .collect();
                if struck.is_empty() {
                    return None;
                }
                struck.into_iter().for_each(|(_, line)| line.seen = true);
            }
            Step::Undo(back) => {
                let (ver, before, after) = earlier.iter().rev().nth(*back)?.as_ref()?;
                for (key, was) in before {
                    if after.get(key) == Some(was) {
                        continue;
                    }
                    let line = next.lines.get_mut(key)?;
                    if line.touched != *ver {
                        return None;
                    }
                    (line.state, line.seen) = (was.state, was.seen);
                }
            }
        }
        Some(next)
    }

    /// Notes which version changed what, and says what the feed has to say.
    fn seal(&mut self, before: &Lines, ver: u64) -> BTreeSet<(String, String, Option<ItemState>, ItemState)> {
        let mut told = BTreeSet::new();
        for (key, line) in &mut self.lines {
            let was = before.get(key);
            if was.is_some_and(|was| (was.state, was.seen) == (line.state, line.seen)) {
                continue;
            }
            line.touched = ver;
            if was.map(|was| was.state) != Some(line.state) {
                told.insert((key.0.clone(), key.1.to_owned(), was.map(|was| was.state), line.state));
            }
        }
        told
    }
}

fn stations(at: u8) -> Vec<&'static str> {
    STATIONS.into_iter().enumerate().filter(|(n, _)| at & (1 << n) != 0).map(|(_, station)| station).collect()
}

fn job(order: &mut Order, number: usize, ask: &Value, at: u8, now: Timestamp) {
    let ask = ticket::Order::parse(ask).unwrap();
    let mut route = |_: &ticket::Item| {
        stations(at).into_iter().map(|station| Route { station: station.into(), cooking_s: 60 }).collect()
    };
    let name = format!("J{number}");
    order.place(Placing { job: &name, ask: &ask, route: &mut route, taken: Vec::new(), delayed: false, now });
}

/// What a step makes of an order: what has changed, and what would undo it.
fn does(
    order: &Order,
    number: usize,
    step: &Step,
    earlier: &[Option<(u64, Effects)>],
    now: Timestamp,
) -> Result<(Order, Vec<Change>, Effects), Refusal> {
    let mut next = order.clone();
    match step {
        Step::Add(item, at, course) => {
            let item = json!({"id": item.to_string(), "name": "Soup", "course": course});
            job(&mut next, number, &json!({"order": "A", "items": [item]}), *at, now);
        }
        Step::Void(item) => {
            job(&mut next, number, &json!({"order": "A", "voids": [{"item": item.to_string()}]}), 0, now);
        }
        Step::Move(item, station, from, to) => {
            next.move_items(
                Scope::Station(STATIONS[*station]),
                Some(&[item.to_string()]),
                &[*from],
                *to,
                now,
            )?;
        }
        Step::Hold(item, station) => {
            next.hold(Scope::Station(STATIONS[*station]), Which::Items(&[item.to_string()]), now)?;
        }
        Step::Fire(item, station) => {
            next.fire(Scope::Station(STATIONS[*station]), Which::Items(&[item.to_string()]), now)?;
        }
        Step::Recall(station) => next.recall(Scope::Station(STATIONS[*station]), now)?,
        Step::Acknowledge(station) => next.acknowledge(Scope::Station(STATIONS[*station]), None)?,
        Step::Undo(back) => {
            let known = earlier.iter().rev().nth(*back).and_then(Option::as_ref);
            let (ver, effects) = known.ok_or_else(|| Refusal::Conflict("nothing".into()))?;
            next.undo(effects, *ver)?;
        }
    }
    let (changes, effects) = next.seal(order, now, true);
    Ok((next, changes, effects))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn orders_do_as_the_model_does(steps in prop::collection::vec(step(), 1..40)) {
        let mut order = Order::new("A", Timestamp(1_000));
        let mut model = Model::default();
        // Commands, which can be undone, in the order of their answers; jobs can't.
        let mut commands: Vec<Option<(u64, Effects)>> = Vec::new();
        let mut pictures: Vec<Option<(u64, Lines, Lines)>> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let now = Timestamp(1_000 + 1_000 * i64::try_from(number).unwrap());
            let expected = model.after(step, &pictures);
            let done = does(&order, number, step, &commands, now);
            prop_assert_eq!(expected.is_some(), done.is_ok(), "{:?}: {:?} {:?}", step, &model, &done);
            let command = !matches!(step, Step::Add(..) | Step::Void(_));
            let (Some(mut expected), Ok((next, changes, effects))) = (expected, done) else { continue };
            prop_assert_eq!(next.ver, order.ver + u64::from(next.ver != order.ver));
            let told: BTreeSet<_> = changes
                .iter()
                .map(|change| (change.item.clone(), change.station.clone(), change.from, change.to.unwrap()))
                .collect();
            prop_assert_eq!(told.len(), changes.len(), "told twice");
            prop_assert_eq!(expected.seal(&model.lines, next.ver), told);
            if command {
                prop_assert_eq!(next.ver, order.ver + 1, "what is done is a new version");
                commands.push(Some((next.ver, effects)));
                pictures.push(Some((next.ver, model.lines.clone(), expected.lines.clone())));
            }
            (order, model) = (next, expected);
            let lines: BTreeMap<(String, String), (ItemState, u64)> = order
                .items
                .iter()
                .flat_map(|item| item.parts.iter().map(move |part| {
                    ((item.id().to_owned(), part.station.clone()), (part.state, part.ver))
                }))
                .collect();
            let modelled: BTreeMap<(String, String), (ItemState, u64)> = model
                .lines
                .iter()
                .map(|((item, station), line)| ((item.clone(), (*station).to_owned()), (line.state, line.touched)))
                .collect();
            prop_assert_eq!(lines, modelled);
            let parts: usize = order.items.iter().map(|item| item.parts.len()).sum();
            prop_assert_eq!(parts, model.lines.len(), "nothing twice");
            for station in STATIONS {
                let open = model.lines.iter().any(|((_, at), line)| {
                    *at == station
                        && (matches!(line.state, Held | Queued | Cooking) || line.state == Voided && !line.seen)
                });
                prop_assert_eq!(order.is_at(station), open, "{}", station);
            }
            let kept: Order = serde_json::from_str(&serde_json::to_string(&order).unwrap()).unwrap();
            prop_assert_eq!(&kept, &order);
        }
    }
}
