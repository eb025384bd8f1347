//! Ticket jobs, from their arrival to the screen that shows them, or to the paper.

use std::collections::{BTreeMap, BTreeSet};

use outlet_devices::Work;
use outlet_devices::driver::{Confidence, Outcome, Waiting};
use outlet_protocols::ticket;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::batch::{Batch, Step};
use super::change::{Placing, Route};
use super::engine::Engine;
use super::order::{Item, Order, Showing, Unseen};
use super::paper;
use super::setup::NO_ROUTE;
use crate::bus::contract::{ErrorBody, Kind, State, Submission};
use crate::clock::Timestamp;
use crate::journal::machine::{Event, Job, Mark};
use crate::screens::{Screen, View};

/// Reason of a job that no screen has shown yet.
pub const NO_SCREEN: &str = "no-screen";
/// Code of the reason of a ticket whose paper was not printed either.
pub const NO_PAPER: &str = "no-paper";
/// How long a job is not shown before it says that it waits.
const SOON_MS: u64 = 3_000;
/// How long a printer that refuses a ticket is left alone.
const REFUSED_MS: i64 = 30_000;
/// How long a ticket on paper is worth printing.
const PAPER_TTL_S: u32 = 900;

impl Engine {
    /// Puts what a job asks for on its stations.
    pub(super) async fn place(&mut self, job: Job, work: Option<Work>, batch: &mut Batch) {
        let now = (self.tools.clock)();
        if job.state.is_final() {
            return;
        }
        self.jobs.insert(job.job.clone(), job.clone());
        if job.is_held() {
            return;
        }
        let Some(ask) = self.order_of(&job, work, batch).await else { return };
        let applied = self.orders.get(&ask.order).is_some_and(|order| order.applied.contains(&job.job));
        if applied {
            self.note_end(&ask.order, &job.job, now, batch);
            return;
        }
        // The stations may be others than when it was accepted.
        if let Err(why) = self.check_routes(&ask, &job.device) {
            batch.steps.push(Step::fail(&job.job, ErrorBody::new(NO_ROUTE, why)));
            return;
        }
        let taken = match self.take(&ask, &job, now, batch) {
            Ok(taken) => taken,
            Err(why) => {
                batch.steps.push(Step::fail(&job.job, ErrorBody::new("unknown-item", why)));
                return;
            }
        };
        let delayed = job.marks.contains(&Mark::Delayed);
        let mut loads: BTreeMap<String, usize> = BTreeMap::new();
        for part in self.orders.values().flat_map(|order| &order.items).flat_map(|item| &item.parts) {
            if !part.is_gone() {
                *loads.entry(part.station.clone()).or_default() += 1;
            }
        }
        // Borrowed apart from the orders, which change meanwhile.
        let targets: BTreeMap<String, (String, Option<String>)> = self
            .setup
            .stations
            .iter()
            .map(|station| {
                let peak = self.switches.get(&station.id).is_some_and(|switch| switch.peak);
                let helper = station.peak_to.as_deref().filter(|_| peak).map(|helper| self.cooks_for(helper));
                (station.id.clone(), (self.cooks_for(&station.id), helper))
            })
            .collect();
        let setup = self.setup.clone();
        let device = job.device.clone();
        let mut route = |item: &ticket::Item| -> Vec<Route> {
            let mut routes: Vec<Route> = Vec::new();
            for mut found in setup.route(item, &device).unwrap_or_default() {
                if let Some((station, helper)) = targets.get(&found.station) {
                    let load = |station: &str| loads.get(station).copied().unwrap_or(0);
                    found.station = match helper {
                        Some(helper) if load(helper) < load(station) => helper.clone(),
                        _ => station.clone(),
                    };
                }
                *loads.entry(found.station.clone()).or_default() += 1;
                if !routes.iter().any(|known| known.station == found.station) {
                    routes.push(found);
                }
            }
            routes
        };
        let by = format!("job {}", job.by.as_deref().unwrap_or("of a till"));
        let mut too_late = Vec::new();
        let id = ask.order.clone();
        let place = |order: &mut Order| -> Result<(), ()> {
            let before = order.clone();
            let placing = Placing { job: &job.job, ask: &ask, route: &mut route, taken, delayed, now };
            too_late = order.place(placing);
            // What is to be shown is the version that this makes.
            order.ver = before.ver + 1;
            order.expect_shown(&job.job, &before, too_late.clone(), now);
            order.ver = before.ver;
            Ok(())
        };
        drop(self.change(&id, &by, None, Some(&job.job), now, batch, place));
        batch.jobs.push((job.clone(), Some(Work::Ticket(ask.clone()))));
        if self.orders.get(&id).is_some_and(|order| order.items.is_empty()) {
            self.orders.remove(&id);
        }
        let waits = self.orders.get(&id).is_some_and(|order| order.unseen.iter().any(|u| u.job == job.job));
        if !waits {
            let result = json!({"order": id, "stations": {}, "too_late": too_late});
            self.succeed(&job.job, Confidence::Confirmed, result, batch);
        }
    }

    fn check_routes(&self, ask: &ticket::Order, sent_to: &str) -> Result<(), String> {
        for item in ask.items.iter().flat_map(|item| item.separate_items().chain([item.clone()])) {
            self.setup
                .route(&item, sent_to)
                .map_err(|why| format!("{:?} can't be cooked any more: {why}", item.name))?;
        }
        Ok(())
    }

    async fn order_of(
        &mut self,
        job: &Job,
        work: Option<Work>,
        batch: &mut Batch,
    ) -> Option<std::sync::Arc<ticket::Order>> {
        if let Some(Work::Ticket(order)) = work {
            return Some(order);
        }
        let payload = match self.tools.journal.payload(&job.job).await {
            Ok(payload) => payload.unwrap_or_default(),
            Err(error) => {
                tracing::error!(job = job.job, %error, "a ticket can't be read; trying again");
                self.try_again(job.clone());
                return None;
            }
        };
        let document = serde_json::from_slice::<Submission>(&payload).ok().and_then(|job| job.document);
        match ticket::Order::parse(&document.unwrap_or(Value::Null)) {
            Ok(order) => Some(std::sync::Arc::new(order)),
            Err(error) => {
                let text = format!("its payload can't be read any more: {error}");
                batch.steps.push(Step::fail(&job.job, ErrorBody::new("internal", text)));
                None
            }
        }
    }

    /// Takes items out of other orders.
    fn take(
        &mut self,
        ask: &ticket::Order,
        job: &Job,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Vec<Item>, String> {
        let mut ids = BTreeSet::new();
        let mut sources = BTreeSet::new();
        for take in &ask.take {
            let id = take.new_id.as_ref().unwrap_or(&take.item);
            if !sources.insert((&take.order, &take.item)) || !ids.insert(id) {
                return Err(format!("item {} of order {} is taken twice", take.item, take.order));
            }
            let known = self.orders.get(&take.order).and_then(|order| order.item(&take.item));
            if known.is_none_or(|item| item.void.is_some()) {
                return Err(format!("order {} has no item {} to be taken over", take.order, take.item));
            }
            if self.orders.get(&ask.order).is_some_and(|order| order.item(id).is_some())
                || ask.items.iter().any(|item| &item.id == id)
            {
                return Err(format!("order {} has an item {id} already: name another in `as`", ask.order));
            }
        }
        let mut taken = Vec::new();
        for take in &ask.take {
            let give = |order: &mut Order| -> Result<(), ()> {
                for mut item in order.give_away(&take.item) {
                    match (&take.new_id, item.of.is_some()) {
                        (Some(id), false) => item.ask.id.clone_from(id),
                        (Some(id), true) => {
                            item.ask.id = format!("{id}-{}", item.ask.id.rsplit('-').next().unwrap_or("1"));
                            item.of = Some(id.clone());
                        }
                        (None, _) => {}
                    }
                    taken.push(item);
                }
                Ok(())
            };
            drop(self.change(&take.order, "job", None, Some(&job.job), now, batch, give));
        }
        Ok(taken)
    }

    /// A ticket job has gone on: by us, by a person, or by its deadline.
    pub(super) async fn job_changed(&mut self, job: Job, batch: &mut Batch) {
        let now = (self.tools.clock)();
        let id = job.job.clone();
        match job.state {
            State::Cancelled | State::Expired => {
                let reason = if job.state == State::Expired { "expired" } else { "cancelled" };
                self.withdraw(&id, reason, now, batch);
                self.job_over(&id);
            }
            state if state.is_final() => {
                self.job_over(&id);
                self.tools.board.attention_changed();
            }
            State::Waiting if job.is_held() => {
                self.withdraw(&id, "held", now, batch);
                self.jobs.insert(id, job);
                self.tools.board.attention_changed();
            }
            State::Accepted | State::Waiting if !job.is_begun() && job.marks.contains(&Mark::Delayed) => {
                self.jobs.insert(id.clone(), job.clone());
                match self.order_with(&id) {
                    Some(order) if self.orders.get(&order).is_some_and(|order| order.delayed) => {}
                    Some(order) => {
                        let mark = |order: &mut Order| -> Result<(), ()> {
                            order.delayed = true;
                            Ok(())
                        };
                        drop(self.change(&order, "timer", None, Some(&id), now, batch, mark));
                    }
                    None => self.place(job, None, batch).await,
                }
            }
            _ => drop(self.jobs.insert(id, job)),
        }
    }

    /// What became of jobs while it could not be written into their orders: the disk was full, or the agent was
    /// killed between both.
    pub(super) async fn catch_up(&mut self, batch: &mut Batch) {
        let now = (self.tools.clock)();
        let unseen = self.orders.values().flat_map(|order| &order.unseen);
        let behind = unseen.filter(|unseen| self.jobs.get(&unseen.job).is_none_or(Job::is_held));
        let behind: Vec<String> = behind.map(|unseen| unseen.job.clone()).collect();
        for id in behind {
            let known = match self.tools.journal.job(&id).await {
                Ok(known) => known,
                Err(error) => {
                    tracing::error!(job = id, %error, "what became of a ticket can't be read; trying again");
                    continue;
                }
            };
            let job = known.map(|(job, _)| job);
            let is_done = job.as_ref().is_none_or(|job| job.state.is_final());
            let withdrawn =
                job.filter(|job| matches!(job.state, State::Cancelled | State::Expired) || job.is_held());
            match (withdrawn, self.order_with(&id)) {
                (Some(job), _) => self.job_changed(job, batch).await,
                (None, Some(order)) if is_done => self.forget_unseen(&order, &id, now, batch),
                _ => {}
            }
        }
    }

    /// The order where a job waits to be shown.
    fn order_with(&self, job: &str) -> Option<String> {
        let waits = |order: &&Order| order.unseen.iter().any(|unseen| unseen.job == job);
        self.orders.values().find(waits).map(|order| order.order.clone())
    }

    fn withdraw(&mut self, job: &str, reason: &str, now: Timestamp, batch: &mut Batch) {
        let Some(id) = self.order_with(job) else { return };
        let mut empty = false;
        let withdraw = |order: &mut Order| -> Result<(), ()> {
            empty = order.withdraw(job, reason, now);
            Ok(())
        };
        drop(self.change(&id, "timer", None, Some(job), now, batch, withdraw));
        if empty {
            self.orders.remove(&id);
        }
    }

    /// Notes that a screen shows a version of a ticket.
    pub(super) fn note_shown(
        &mut self,
        id: &str,
        station: &str,
        ver: u64,
        screen: &str,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let Some(order) = self.orders.get(id) else { return };
        let news = |unseen: &&Unseen| {
            unseen.stations.get(station).is_some_and(|known| known.shown.is_none() && known.ver <= ver)
        };
        let jobs: Vec<String> = order.unseen.iter().filter(news).map(|unseen| unseen.job.clone()).collect();
        if jobs.is_empty() {
            return;
        }
        batch.before.entry(id.to_owned()).or_insert_with(|| Some(order.clone()));
        if let Some(order) = self.orders.get_mut(id) {
            let shown = order.unseen.iter_mut().filter(|unseen| jobs.contains(&unseen.job));
            for known in shown.filter_map(|unseen| unseen.stations.get_mut(station)) {
                known.shown = Some((now, screen.to_owned()));
            }
        }
        for job in jobs {
            self.begin(&job, batch);
            self.note_end(id, &job, now, batch);
        }
    }

    /// From here on a job can neither expire nor be cancelled.
    fn begin(&mut self, job: &str, batch: &mut Batch) {
        let Some(known) = self.jobs.get_mut(job) else { return };
        if !known.is_begun() {
            let attempt = self.tools.journal.next_attempt();
            // So that nothing begins it twice before it is on disk.
            known.begun = Some(attempt);
            batch.steps.push(Step::Begin { job: job.to_owned(), route: known.route.clone(), attempt });
        }
    }

    /// Ends a job that has been shown, or printed, everywhere.
    fn note_end(&mut self, id: &str, job: &str, now: Timestamp, batch: &mut Batch) {
        let Some(order) = self.orders.get(id) else { return };
        let Some(unseen) = order.unseen.iter().find(|unseen| unseen.job == job) else { return };
        let result = match all_seen(unseen) {
            Some(stations) => json!({"order": id, "stations": stations, "too_late": unseen.too_late}),
            None => return,
        };
        let confidence = if unseen.stations.is_empty() { Confidence::Confirmed } else { Confidence::Shown };
        self.succeed(job, confidence, result, batch);
        self.forget_unseen(id, job, now, batch);
    }

    /// Jobs wait for no station any more where nothing of their order is left: it was voided, pulled, taken over
    /// or done. Where a screen of the station did the last of it, it has seen it, though it may never have said so.
    pub(super) fn note_gone(&mut self, id: &str, by: Option<&str>, now: Timestamp, batch: &mut Batch) {
        let Some(order) = self.orders.get(id) else { return };
        let waits_for_nothing = |unseen: &&Unseen| {
            unseen.stations.iter().any(|(station, known)| is_unseen(known) && !order.is_at(station))
        };
        let jobs: Vec<String> =
            order.unseen.iter().filter(waits_for_nothing).map(|unseen| unseen.job.clone()).collect();
        if jobs.is_empty() {
            return;
        }
        let known = order.clone();
        let screen = by.and_then(|by| self.tools.screens.screen(by)).filter(|by| by.view == View::Kitchen);
        let mut seen = Vec::new();
        if let Some(order) = self.orders.get_mut(id) {
            for unseen in &mut order.unseen {
                unseen.stations.retain(|station, showing| {
                    if !is_unseen(showing) || known.is_at(station) {
                        return true;
                    }
                    let own = |by: &&Screen| by.stations.contains(station);
                    let Some(screen) = screen.as_ref().filter(own) else { return false };
                    showing.shown = Some((now, screen.screen.clone()));
                    seen.push(unseen.job.clone());
                    true
                });
            }
        }
        batch.before.entry(id.to_owned()).or_insert(Some(known));
        for job in seen {
            self.begin(&job, batch);
        }
        for job in jobs {
            self.note_end(id, &job, now, batch);
        }
    }

    fn forget_unseen(&mut self, id: &str, job: &str, _now: Timestamp, batch: &mut Batch) {
        let known = self.orders.get(id).cloned();
        batch.before.entry(id.to_owned()).or_insert(known);
        if let Some(order) = self.orders.get_mut(id) {
            order.unseen.retain(|unseen| unseen.job != job);
        }
    }

    fn succeed(&mut self, job: &str, confidence: Confidence, result: Value, batch: &mut Batch) {
        self.begin(job, batch);
        let outcome = Box::new(Outcome::new(confidence, result, Value::Null));
        batch.steps.push(Step::Succeed { job: job.to_owned(), outcome });
    }

    /// Jobs past their deadline, and those that say that they wait.
    pub(super) fn look_at_deadlines(&mut self, now: Timestamp, batch: &mut Batch) {
        for job in self.jobs.values() {
            if job.is_overdue(now) && !job.is_held() {
                batch.steps.push(Step::Job(job.job.clone(), Box::new(Event::Overdue)));
            }
        }
        let waits: Vec<(String, String)> = self
            .orders
            .values()
            .flat_map(|order| &order.unseen)
            .filter_map(|unseen| {
                let job = self.jobs.get(&unseen.job)?;
                let (station, _) = unseen.stations.iter().find(|(_, known)| {
                    let unseen = known.shown.is_none() && known.printed.is_none();
                    unseen && now.since_ms(known.since.max(self.started)) >= SOON_MS
                })?;
                let says_so = job.reason.as_ref().is_some_and(|reason| reason.code == NO_SCREEN);
                (!says_so && !job.is_held()).then(|| (job.job.clone(), station.clone()))
            })
            .collect();
        for (job, station) in waits {
            let printer = self.setup.station(&station).and_then(|station| station.printer.clone());
            let next = match printer {
                Some(printer) => format!("it is printed on {printer} when that lasts"),
                None => "no printer stands by".to_owned(),
            };
            let name = self.setup.name_of(&station);
            let message = format!("no screen of {name} has shown it: switch the screen on; {next}");
            let reason = Waiting { code: NO_SCREEN.into(), message };
            if let Some(known) = self.jobs.get_mut(&job) {
                known.reason = Some(reason.clone());
            }
            batch.steps.push(Step::wait(&job, reason));
        }
    }

    /// Prints what no screen has shown, and learns what became of what was printed.
    pub(super) async fn look_at_papers(&mut self, batch: &mut Batch) {
        let now = (self.tools.clock)();
        self.not_in_the_future(now);
        let mut wanted = Vec::new();
        let mut printing = Vec::new();
        for order in self.orders.values() {
            for unseen in &order.unseen {
                for (station, known) in unseen.stations.iter().filter(|(_, known)| known.shown.is_none()) {
                    let key = (order.order.clone(), unseen.job.clone(), station.clone());
                    match &known.printed {
                        Some(paper) => printing.push((key, paper.clone())),
                        None => {
                            let waited = now.since_ms(known.since.max(self.started));
                            wanted.push((key, waited));
                        }
                    }
                }
            }
        }
        for ((order, job, station), waited) in wanted {
            let Some(config) = self.setup.station(&station) else { continue };
            if waited < u64::from(config.print_after_s) * 1000 {
                continue;
            }
            let Some(printer) = config.printer.clone() else { continue };
            // The paper of another job of the order says it too.
            if !self.is_unprinted(&order, &job, &station) {
                continue;
            }
            // A clock that jumps makes both due at once: what this round lets expire is not printed.
            let withdrawn = self.jobs.get(&job).is_none_or(|job| job.is_held() || job.is_overdue(now));
            let again = self.refused_paper.get(&(job.clone(), station.clone()));
            if withdrawn || again.is_some_and(|again| now < *again) {
                continue;
            }
            self.print(&order, &job, &station, &printer, now, batch);
        }
        for ((order, job, station), paper) in printing {
            self.look_at_paper(&order, &job, &station, &paper, now, batch).await;
        }
    }

    /// Where the clock was set back, what waited by the old time begins to wait now: nobody waits for hours.
    fn not_in_the_future(&mut self, now: Timestamp) {
        self.started = self.started.min(now);
        let unseen = self.orders.values_mut().flat_map(|order| &mut order.unseen);
        for known in unseen.flat_map(|unseen| unseen.stations.values_mut()) {
            known.since = known.since.min(now);
        }
    }

    fn print(
        &mut self,
        id: &str,
        job: &str,
        station: &str,
        printer: &str,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let Some(order) = self.orders.get(id) else { return };
        let Some(config) = self.setup.station(station) else { return };
        let mut ticket = super::documents::ticket(order, config, &self.setup, self.epoch, 0, now);
        // What was shown or printed before is not printed again: nobody should cook it twice.
        let waiting = order.unseen.iter().filter_map(|unseen| unseen.stations.get(station));
        let since = waiting.filter(|known| is_unseen(known)).map(|known| known.ver).min().unwrap_or(0);
        ticket.lines.retain(|line| line.ver >= since);
        let document = paper::document(&ticket, config.name(), &self.setup.config.not_on_screen);
        let paper = paper_id(job, station);
        let submission = Submission {
            id: paper.clone(),
            kind: Kind::Print,
            document: Some(document),
            ttl_s: Some(PAPER_TTL_S),
            stale: None,
            priority: Some(8),
            copies: None,
            by: Some(format!("station {station}").chars().take(64).collect()),
            reply_to: None,
        };
        match self.tools.intake.judge_own(printer, submission) {
            Ok((new, work, device)) => {
                tracing::warn!(order = id, station, printer, "no screen has shown a ticket: it is printed");
                self.begin(job, batch);
                let of = job.to_owned();
                batch.steps.push(Step::Print { of, new: Box::new(new), work, printer: device });
                let mark = |order: &mut Order| -> Result<(), ()> {
                    if let Some(stand) = order.stands.get_mut(station) {
                        stand.printed = true;
                    }
                    // What lies on paper need not be printed again for another job that it shows too.
                    for known in order.unseen.iter_mut().filter_map(|unseen| unseen.stations.get_mut(station))
                    {
                        if known.shown.is_none() && known.printed.is_none() {
                            known.printed = Some(paper.clone());
                        }
                    }
                    Ok(())
                };
                drop(self.change(id, "printer", None, Some(job), now, batch, mark));
            }
            Err(error) => {
                tracing::error!(
                    order = id,
                    station,
                    printer,
                    message = error.message,
                    "a ticket can't be printed"
                );
                let key = (job.to_owned(), station.to_owned());
                self.refused_paper.insert(key, now.plus_ms(REFUSED_MS));
            }
        }
    }

    fn is_unprinted(&self, order: &str, job: &str, station: &str) -> bool {
        let unseen = self.orders.get(order).map(|order| &order.unseen);
        let known = unseen.into_iter().flatten().find(|unseen| unseen.job == job);
        known.and_then(|unseen| unseen.stations.get(station)).is_some_and(is_unseen)
    }

    /// Nobody has seen the ticket and nothing prints it any more: it waits for a screen, and says so.
    fn say_no_paper(&mut self, job: &str, station: &str, paper: &Job, batch: &mut Batch) {
        let name = self.setup.name_of(station).to_owned();
        let Some(known) = self.jobs.get_mut(job) else { return };
        if known.reason.as_ref().is_some_and(|reason| reason.code == NO_PAPER) {
            return;
        }
        let message = format!(
            "no screen of {name} has shown it and its paper, job {}, is {}: tell the cook, or switch the screen on",
            paper.job, paper.state
        );
        tracing::error!(job, station, paper = paper.job, "a ticket is neither on a screen nor on paper");
        let reason = Waiting { code: NO_PAPER.into(), message };
        known.reason = Some(reason.clone());
        batch.steps.push(Step::wait(job, reason));
    }

    async fn look_at_paper(
        &mut self,
        id: &str,
        job: &str,
        station: &str,
        paper: &str,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let Ok(Some((printed, _))) = self.tools.journal.job(paper).await else { return };
        if printed.state != State::Succeeded {
            if printed.state.is_final() {
                self.say_no_paper(job, station, &printed, batch);
            }
            return;
        }
        let Some(order) = self.orders.get(id) else { return };
        let Some(unseen) = order.unseen.iter().find(|unseen| unseen.job == job) else { return };
        let others = unseen.stations.iter().filter(|(other, _)| other.as_str() != station);
        let mut seen = true;
        for (_, other) in others {
            if other.shown.is_some() {
                continue;
            }
            let Some(paper) = &other.printed else {
                seen = false;
                break;
            };
            let state = self.tools.journal.job(paper).await;
            seen &= matches!(state, Ok(Some((job, _))) if job.state == State::Succeeded);
        }
        if !seen {
            return;
        }
        let result = json!({"order": id, "stations": seen_at(unseen), "too_late": unseen.too_late});
        self.succeed(job, printed.confidence.unwrap_or(Confidence::Sent), result, batch);
        self.forget_unseen(id, job, now, batch);
    }
}

/// Whether neither a screen nor paper shows it.
fn is_unseen(showing: &Showing) -> bool {
    showing.shown.is_none() && showing.printed.is_none()
}

/// How each station has seen a job; `None` while one has not.
fn all_seen(unseen: &Unseen) -> Option<Value> {
    unseen.stations.values().all(|known| known.shown.is_some()).then(|| seen_at(unseen))
}

fn seen_at(unseen: &Unseen) -> Value {
    let stations = unseen.stations.iter().map(|(station, known)| {
        let how = match (&known.shown, &known.printed) {
            (Some((at, screen)), _) => json!({"shown_at": at, "screen": screen}),
            (None, printed) => json!({"printed": printed}),
        };
        (station.clone(), how)
    });
    Value::Object(stations.collect())
}

/// The id of the job that prints a ticket: the same for the same, so that it is printed once.
fn paper_id(job: &str, station: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(job.as_bytes());
    hash.update([0]);
    hash.update(station.as_bytes());
    let hex: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("paper-{hex}")
}
