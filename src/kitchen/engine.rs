//! The one writer of the kitchen: takes jobs and commands in rounds, keeps them, tells them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use outlet_devices::driver::{DeviceStatus, Request};
use outlet_devices::{DeviceError, Work};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::batch::{self, Answer, Batch, Followed, Rows, Step};
use super::commands::{CommandAnswer, CommandResult, Done};
use super::documents::{self, Manifest, OtherStation, Recall, ScreenDocument, StationLine, Ticket};
use super::order::{Effects, ItemState, Order};
use super::setup::{OrderCheck, Setup};
use super::stations::{StationConfig, StationKind};
use crate::audit::{Asked, Recorder};
use crate::board::Board;
use crate::bus::Bus;
use crate::bus::contract::{EventBody, KitchenNotice, QueueState, Topics};
use crate::clock::{Clock, Timestamp};
use crate::intake::{Device, Intake, Readiness, ToWorker};
use crate::journal::machine::Job;
use crate::journal::{Journal, JournalError};
use crate::screens::Registry;

/// Commands and jobs of one round.
const ROUND: usize = 64;
/// How often what depends on time is looked at.
const TICK: Duration = Duration::from_millis(250);
/// A screen that has said nothing for so long does not watch.
const WATCHES: Duration = Duration::from_secs(15);
/// How often what is old is forgotten.
const HOUSEKEEPING_MS: i64 = 600_000;
/// How long the id of a command is known.
const KEEP_COMMANDS_MS: i64 = 24 * 3600 * 1000;
/// Tickets that can be recalled.
const RECALL: usize = 20;

/// Who gave a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Giver {
    /// A screen that the door has let in.
    Screen,
    /// Another program with the right to.
    Program,
    /// Somebody on a broker that does not tell who published.
    Unknown {
        /// Whether programs there have the right to.
        program: bool,
    },
    /// A program without the right to.
    Nobody,
}

/// What the engine is told.
pub enum Told {
    /// From the queue of a station.
    Worker(String, ToWorker),
    /// A command of a screen.
    Command {
        /// The screen that its topic names.
        screen: String,
        /// What it is.
        giver: Giver,
        /// Who gave it, for the feed.
        asked: Asked,
        /// The command, JSON.
        payload: bytes::Bytes,
        /// Resolved when it was dealt with.
        heard: oneshot::Sender<()>,
    },
}

/// How others reach the engine. Clones share it.
#[derive(Clone)]
pub struct Door(mpsc::UnboundedSender<Told>);

impl Door {
    /// Hands a command over; resolves when it has been dealt with.
    pub async fn command(self, screen: String, giver: Giver, asked: Asked, payload: bytes::Bytes) {
        let (heard, done) = oneshot::channel();
        drop(self.0.send(Told::Command { screen, giver, asked, payload, heard }));
        drop(done.await);
    }
}

/// What is switched at a station.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Switch {
    pub(super) peak: bool,
    pub(super) pulled_by: Option<String>,
}

/// A screen that has said that it is there.
pub(super) struct Watcher {
    pub(super) until: Instant,
    pub(super) stations: Vec<String>,
}

/// The kitchen before it is opened.
pub struct Closed {
    setup: Arc<Setup>,
    told: mpsc::UnboundedReceiver<Told>,
    door: Door,
    devices: Vec<(Arc<Device>, mpsc::UnboundedReceiver<ToWorker>)>,
}

impl Closed {
    /// The stations of a configuration, as devices that take jobs.
    pub fn new(setup: Setup, max_depth: u64) -> Self {
        let setup = Arc::new(setup);
        let (sender, told) = mpsc::unbounded_channel();
        let devices = setup.stations.iter().map(|station| {
            let (worker, inbox) = mpsc::unbounded_channel();
            let check = OrderCheck { setup: setup.clone(), station: station.id.clone() };
            let device = Device {
                id: station.id.clone(),
                description: setup.description(station),
                check: Arc::new(check),
                fallback: None,
                worker,
                readiness: Readiness::default(),
                depth: AtomicU64::new(0),
                max_depth,
            };
            (Arc::new(device), inbox)
        });
        let devices = devices.collect();
        Self { setup, told, door: Door(sender), devices }
    }

    /// The stations, for the intake.
    pub fn devices(&self) -> impl Iterator<Item = &Arc<Device>> {
        self.devices.iter().map(|(device, _)| device)
    }

    /// How others reach the kitchen.
    pub fn door(&self) -> Door {
        self.door.clone()
    }
}

/// What the engine works with.
pub struct Tools {
    /// Where all of it is kept.
    pub journal: Journal,
    /// Where it is told.
    pub bus: Bus,
    /// Below which topics.
    pub topics: Topics,
    /// The time.
    pub clock: Clock,
    /// The screens that were admitted.
    pub screens: Registry,
    /// Judges what is printed.
    pub intake: Arc<Intake>,
    /// How stations are.
    pub board: Board,
    /// Told of commands that are forbidden.
    pub audit: Recorder,
}

/// The engine.
pub struct Engine {
    pub(super) tools: Tools,
    pub(super) setup: Arc<Setup>,
    told: mpsc::UnboundedReceiver<Told>,
    door: Door,
    devices: HashMap<String, Arc<Device>>,
    inboxes: Vec<(String, mpsc::UnboundedReceiver<ToWorker>)>,
    pub(super) epoch: u64,
    pub(super) orders: HashMap<String, Order>,
    pub(super) done: HashMap<String, Done>,
    pub(super) switches: BTreeMap<String, Switch>,
    pub(super) watchers: HashMap<String, Watcher>,
    /// Ticket jobs that have not ended.
    pub(super) jobs: HashMap<String, Job>,
    /// Jobs that could not be placed because the journal could not be written.
    waiting: Vec<(Job, Option<Work>)>,
    revs: HashMap<String, u64>,
    /// Tickets as they were published last, by station.
    published: HashMap<String, BTreeMap<String, Ticket>>,
    shown_screens: BTreeMap<String, ScreenDocument>,
    /// When this run began: what came before it gets its time to be shown anew.
    pub(super) started: Timestamp,
    /// Tickets whose paper was refused, and when that is tried again.
    pub(super) refused_paper: HashMap<(String, String), Timestamp>,
    housekept: Timestamp,
    screens_changed: watch::Receiver<u64>,
}

impl Engine {
    /// Takes up what the journal has. Nothing is told before [`introduce`](Self::introduce).
    ///
    /// # Errors
    /// The journal can't be read or written.
    pub async fn open(closed: Closed, tools: Tools, left: Vec<Job>) -> Result<Self, JournalError> {
        let Closed { setup, told, door, devices } = closed;
        let journal = tools.journal.clone();
        // Where the last one is lost, the seconds since 1970 lie far behind all that were.
        let unknown = (tools.clock)().0.unsigned_abs() / 1000;
        let epoch = journal.kitchen_left("epoch", unknown).await?.unwrap_or(0).saturating_add(1);
        journal.write(move |tx| tx.keep_kitchen_value("epoch", &epoch.to_string())).await?;
        let orders: Vec<Order> = journal.kitchen_orders().await?;
        let done: Vec<Done> = journal.kitchen_commands().await?;
        let switches = journal.kitchen_left("switches", BTreeMap::new()).await?.unwrap_or_default();
        let started = (tools.clock)();
        let screens_changed = tools.screens.changes();
        let mut engine = Self {
            setup,
            told,
            door,
            devices: devices.iter().map(|(device, _)| (device.id.clone(), device.clone())).collect(),
            inboxes: devices.into_iter().map(|(device, inbox)| (device.id.clone(), inbox)).collect(),
            epoch,
            orders: orders.into_iter().map(|order| (order.order.clone(), order)).collect(),
            done: done.into_iter().map(|done| (done.answer.cmd.clone(), done)).collect(),
            switches,
            watchers: HashMap::new(),
            jobs: HashMap::new(),
            waiting: Vec::new(),
            revs: HashMap::new(),
            published: HashMap::new(),
            shown_screens: BTreeMap::new(),
            started,
            refused_paper: HashMap::new(),
            housekept: Timestamp::default(),
            screens_changed,
            tools,
        };
        for job in left {
            if let Some(device) = engine.devices.get(&job.route) {
                device.depth.fetch_add(1, Ordering::Relaxed);
            }
            engine.waiting.push((job, None));
        }
        Ok(engine)
    }

    /// Puts everything that stands at stations on the bus.
    pub fn introduce(&mut self) {
        let now = (self.tools.clock)();
        let all: BTreeSet<String> = self.setup.stations.iter().map(|station| station.id.clone()).collect();
        for order in self.orders.keys().cloned().collect::<Vec<_>>() {
            self.publish_order(&order, now);
        }
        self.publish_manifests(&all, now);
        self.publish_screens(now);
    }

    /// Works until told to stop: the round that was begun is ended.
    pub async fn run(mut self, stop: CancellationToken) {
        for (station, mut inbox) in std::mem::take(&mut self.inboxes) {
            let door = self.door.clone();
            tokio::spawn(async move {
                while let Some(message) = inbox.recv().await {
                    if door.0.send(Told::Worker(station.clone(), message)).is_err() {
                        return;
                    }
                }
            });
        }
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Vec::with_capacity(ROUND);
        loop {
            let mut batch = Batch::default();
            let resting = crate::pulse::resting();
            tokio::select! {
                () = stop.cancelled() => return,
                count = self.told.recv_many(&mut heard, ROUND) => {
                    drop(resting);
                    if count == 0 {
                        return;
                    }
                    for told in heard.drain(..) {
                        self.hear(told, &mut batch).await;
                    }
                }
                _ = tick.tick() => {
                    drop(resting);
                    self.tick(&mut batch).await;
                }
                Ok(()) = self.screens_changed.changed() => self.publish_screens((self.tools.clock)()),
            }
            self.finish(batch).await;
        }
    }

    async fn hear(&mut self, told: Told, batch: &mut Batch) {
        match told {
            Told::Worker(_, ToWorker::Job { job, work }) => self.place(*job, work, batch).await,
            Told::Worker(_, ToWorker::Changed(job)) => self.job_changed(*job, batch).await,
            Told::Worker(station, ToWorker::Request(request, answer)) => {
                drop(answer.send(self.request(&station, &request)));
            }
            Told::Worker(_, ToWorker::Wake) => {}
            Told::Command { screen, giver, asked, payload, heard } => {
                self.command(screen, (giver, asked), &payload, heard, batch);
            }
        }
    }

    /// What depends on time.
    async fn tick(&mut self, batch: &mut Batch) {
        for (job, work) in std::mem::take(&mut self.waiting) {
            self.place(job, work, batch).await;
        }
        let now = (self.tools.clock)();
        self.forget_watchers(now, batch);
        self.catch_up(batch).await;
        self.look_at_deadlines(now, batch);
        let open: Vec<String> =
            self.orders.values().filter(|order| order.is_open()).map(|order| order.order.clone()).collect();
        for order in open {
            self.look_at_order(&order, now, batch);
        }
        self.look_at_papers(batch).await;
        self.clear_boards(now);
        if now.0 - self.housekept.0 >= HOUSEKEEPING_MS {
            self.housekept = now;
            self.housekeep(now, batch);
        }
    }

    /// What time does to an order: courses that are due, the time it should be ready.
    fn look_at_order(&mut self, id: &str, now: Timestamp, batch: &mut Batch) {
        let Some(order) = self.orders.get(id) else { return };
        let due = order
            .items
            .iter()
            .flat_map(|item| &item.parts)
            .any(|part| part.state == ItemState::Held && part.fire_at.is_some_and(|at| at <= now));
        if due {
            let changed = |order: &mut Order| order.fire_due(now).then_some(()).ok_or(());
            drop(self.change(id, "timer", None, None, now, batch, changed));
        }
        if self.orders.get(id).is_some_and(|order| order.is_overdue(now) && !order.told.overdue) {
            let overdue = |order: &mut Order| -> Result<(), ()> {
                order.told.overdue = true;
                Ok(())
            };
            drop(self.change(id, "timer", None, None, now, batch, overdue));
            self.notice(id, KitchenNotice::Overdue, batch);
        }
    }

    /// Changes an order: the next version, the feed, the notices, what is to be published.
    #[expect(clippy::too_many_arguments, reason = "each is told to the feed")]
    pub(super) fn change<E>(
        &mut self,
        id: &str,
        by: &str,
        screen: Option<&str>,
        job: Option<&str>,
        now: Timestamp,
        batch: &mut Batch,
        change: impl FnOnce(&mut Order) -> Result<(), E>,
    ) -> Result<Effects, E> {
        let expedited = self.setup.has_expediter();
        let known = self.orders.get(id).cloned();
        let before = known.clone().unwrap_or_else(|| Order::new(id, now));
        let mut order = before.clone();
        change(&mut order)?;
        let (changes, effects) = order.seal(&before, now, expedited);
        let mut notices = Vec::new();
        let begun = |state: Option<ItemState>| matches!(state, Some(ItemState::Cooking | ItemState::Ready));
        if !order.told.cooking && changes.iter().any(|change| begun(change.to)) {
            order.told.cooking = true;
            notices.push(KitchenNotice::Cooking);
        }
        let wanted = order.items.iter().any(|item| item.void.is_none());
        let ready = wanted && order.state() >= ItemState::Ready;
        if ready && !order.told.ready {
            notices.push(KitchenNotice::Ready);
        }
        // A recall or an undo is no news to the guest; an add-on that is ready later is.
        order.told.ready = ready || order.told.ready && order.rounds == before.rounds;
        batch.before.entry(id.to_owned()).or_insert(known);
        for change in changes {
            let event = EventBody::Kitchen {
                order: id.to_owned(),
                number: order.number.clone(),
                station: change.station,
                item: change.item,
                name: change.name,
                quantity: change.quantity,
                from: change.from,
                to: change.to,
                by: by.to_owned(),
                screen: screen.map(str::to_owned),
                job: job.map(str::to_owned),
                reason: change.reason,
            };
            batch.steps.push(Step::Tell(Box::new(event)));
        }
        self.orders.insert(id.to_owned(), order);
        for notice in notices {
            self.notice(id, notice, batch);
        }
        self.note_gone(id, screen, now, batch);
        Ok(effects)
    }

    fn notice(&self, id: &str, notice: KitchenNotice, batch: &mut Batch) {
        let number = self.orders.get(id).map(|order| order.number.clone()).unwrap_or_default();
        let event = EventBody::KitchenNotice { order: id.to_owned(), number, notice };
        batch.steps.push(Step::Tell(Box::new(event)));
    }

    /// Puts a round on disk and tells of it; what could not be written was never done.
    async fn finish(&mut self, mut batch: Batch) {
        let mut rounds = 0;
        loop {
            let Some(followed) = self.write(batch).await else { return };
            batch = Batch::default();
            for followed in followed {
                match followed {
                    Followed::Print(job, work, printer) => {
                        printer.depth.fetch_add(1, Ordering::Relaxed);
                        printer.tell(ToWorker::Job { job, work: Some(work) });
                    }
                    Followed::Job(job) => {
                        let (over, route) = (job.state.is_final(), job.route.clone());
                        self.job_changed(*job, &mut batch).await;
                        if let Some(station) = self.setup.station(&route).filter(|_| over) {
                            self.tell_board(station);
                        }
                    }
                }
            }
            rounds += 1;
            if rounds > 10 {
                tracing::error!("the kitchen's jobs do not settle; please report it");
                return;
            }
        }
    }

    /// One commit. Returns what follows from it; `None` where nothing does.
    async fn write(&mut self, batch: Batch) -> Option<Vec<Followed>> {
        let Batch { before, steps, answers, mut stations, switched, jobs } = batch;
        let begun: Vec<String> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Begin { job, .. } => Some(job.clone()),
                _ => None,
            })
            .collect();
        let mut failed = None;
        let mut followed = Vec::new();
        if !before.is_empty() || !steps.is_empty() || switched {
            match self.rows(&before, switched) {
                Ok(rows) => match self.tools.journal.write(move |tx| batch::write(tx, steps, rows)).await {
                    Ok(done) => followed = done,
                    Err(error) => failed = Some(error),
                },
                Err(error) => failed = Some(error),
            }
        }
        let now = (self.tools.clock)();
        if let Some(error) = failed {
            tracing::error!(%error, "the kitchen could not be written: nothing of it was done");
            for (id, order) in before {
                match order {
                    Some(order) => drop(self.orders.insert(id, order)),
                    None => drop(self.orders.remove(&id)),
                }
            }
            if switched && let Ok(Some(text)) = self.tools.journal.kitchen_value("switches") {
                self.switches = parse(&text).unwrap_or_default();
            }
            for job in begun {
                if let Some(known) = self.jobs.get_mut(&job) {
                    known.begun = None;
                }
            }
            self.waiting.extend(jobs);
            for Answer { screen, answer, heard } in answers {
                self.done.remove(&answer.cmd);
                let answer = match answer.result {
                    CommandResult::Ok | CommandResult::Forbidden | CommandResult::Invalid => answer,
                    _ => CommandAnswer {
                        result: CommandResult::Unavailable,
                        ver: None,
                        message: Some(error.to_string()),
                        ..answer
                    },
                };
                self.answer(&screen, &answer);
                let _ = heard.map(|heard| heard.send(()));
            }
            return None;
        }
        for order in before.keys() {
            stations.extend(self.publish_order(order, now));
        }
        self.publish_manifests(&stations, now);
        for Answer { screen, answer, heard } in answers {
            self.answer(&screen, &answer);
            let _ = heard.map(|heard| heard.send(()));
        }
        (!followed.is_empty()).then_some(followed)
    }

    fn rows(&self, before: &BTreeMap<String, Option<Order>>, switched: bool) -> Result<Rows, JournalError> {
        let orders = before.keys().map(|id| {
            let record = match self.orders.get(id) {
                Some(order) => Some((order.closed_at, batch::record(order)?)),
                None => None,
            };
            Ok((id.clone(), record))
        });
        let orders = orders.collect::<Result<_, JournalError>>()?;
        let switches = if switched { Some(batch::record(&self.switches)?) } else { None };
        Ok(Rows { orders, switches })
    }

    fn answer(&self, screen: &str, answer: &CommandAnswer) {
        if let Ok(payload) = serde_json::to_vec(answer) {
            self.tools.bus.answer(self.tools.topics.kitchen_answer(screen), payload, None);
        }
    }

    /// Publishes an order's ticket at every station, or clears it there. Returns the stations that changed.
    fn publish_order(&mut self, id: &str, now: Timestamp) -> Vec<String> {
        let setup = self.setup.clone();
        let mut touched = Vec::new();
        for station in &setup.stations {
            let topic = self.tools.topics.kitchen_ticket(&station.id, id);
            let published = self.published.entry(station.id.clone()).or_default();
            let order = self.orders.get(id);
            match order.filter(|order| documents::stands_at(order, station, &setup, now)) {
                Some(order) => {
                    let rev = self.revs.get(&station.id).copied().unwrap_or(0) + 1;
                    let mut ticket = documents::ticket(order, station, &setup, self.epoch, rev, now);
                    if let Some(known) = published.get(id) {
                        ticket.rev = known.rev;
                        if ticket == *known {
                            continue;
                        }
                        ticket.rev = rev;
                    }
                    self.tools.bus.retain(topic, serde_json::to_vec(&ticket).unwrap_or_default());
                    published.insert(id.to_owned(), ticket);
                }
                None if published.remove(id).is_some() => self.tools.bus.clear(topic),
                None => continue,
            }
            touched.push(station.id.clone());
        }
        touched
    }

    fn publish_manifests(&mut self, stations: &BTreeSet<String>, now: Timestamp) {
        let setup = self.setup.clone();
        // An expediter sees how all stations are.
        let concerned = setup.stations.iter().filter(|station| {
            stations.contains(&station.id) || !stations.is_empty() && station.kind == StationKind::Expediter
        });
        for station in concerned {
            let rev = self.revs.entry(station.id.clone()).or_default();
            *rev += 1;
            let manifest = self.manifest(station, *self.revs.get(&station.id).unwrap_or(&0), now);
            let topic = self.tools.topics.kitchen_manifest(&station.id);
            self.tools.bus.retain(topic, serde_json::to_vec(&manifest).unwrap_or_default());
            self.tell_board(station);
        }
    }

    fn manifest(&self, station: &StationConfig, rev: u64, now: Timestamp) -> Manifest {
        let published = self.published.get(&station.id);
        let mut open: Vec<&Order> =
            published.into_iter().flatten().filter_map(|(id, _)| self.orders.get(id)).collect();
        let since = |order: &Order| match station.kind {
            StationKind::Kitchen => {
                order.stands.get(&station.id).map_or(order.placed_at, |stand| stand.since)
            }
            _ => order.placed_at,
        };
        open.sort_by_cached_key(|order| {
            (!order.rush, !order.is_overdue(now), since(order), order.order.clone())
        });
        let switch = self.switches.get(&station.id).cloned().unwrap_or_default();
        Manifest {
            station: station.id.clone(),
            name: station.name().to_owned(),
            kind: station.kind,
            epoch: self.epoch,
            rev,
            at: now,
            language: self.setup.config.language.clone(),
            steps: station.steps,
            cooking_s: station.cooking_s,
            undo_s: self.setup.config.undo_s,
            peak: switch.peak,
            peak_to: station.peak_to.clone(),
            pulled_by: switch.pulled_by,
            printer: station.printer.is_some(),
            tickets: open.iter().map(|order| (order.order.clone(), order.ver)).collect(),
            recall: self.recall(station),
            pulls: self.pulls(station),
            others: self.others(station),
            stations: match station.kind {
                StationKind::Expediter => self.station_lines(),
                _ => Vec::new(),
            },
        }
    }

    /// The stations whose work one does.
    fn pulls(&self, station: &StationConfig) -> Vec<String> {
        let pulled =
            self.switches.iter().filter(|(_, switch)| switch.pulled_by.as_ref() == Some(&station.id));
        pulled.map(|(id, _)| id.clone()).collect()
    }

    /// The stations whose work one can take.
    fn others(&self, station: &StationConfig) -> Vec<OtherStation> {
        let cooks = |known: &&StationConfig| known.kind == StationKind::Kitchen && known.id != station.id;
        let others =
            self.setup.stations.iter().filter(cooks).filter(|_| station.kind == StationKind::Kitchen);
        let named =
            others.map(|known| OtherStation { station: known.id.clone(), name: known.name().to_owned() });
        named.collect()
    }

    fn recall(&self, station: &StationConfig) -> Vec<Recall> {
        let left = |order: &Order| match station.kind {
            StationKind::Kitchen => order.stands.get(&station.id).and_then(|stand| stand.left_at),
            StationKind::Expediter => order.closed_at,
            StationKind::Board => None,
        };
        let mut gone: Vec<(Timestamp, &Order)> =
            self.orders.values().filter_map(|order| Some((left(order)?, order))).collect();
        gone.sort_unstable_by(|(a, x), (b, y)| (b, &y.order).cmp(&(a, &x.order)));
        let line = |(at, order): (Timestamp, &Order)| Recall {
            ticket: order.order.clone(),
            number: order.number.clone(),
            table: order.table.clone(),
            at,
            items: match station.kind {
                StationKind::Kitchen => order.parts_at(&station.id).count(),
                _ => order.items.len(),
            },
        };
        gone.into_iter().take(RECALL).map(line).collect()
    }

    fn station_lines(&self) -> Vec<StationLine> {
        let cooks = self.setup.stations.iter().filter(|station| station.kind == StationKind::Kitchen);
        cooks
            .map(|station| {
                let there = self.published.get(&station.id);
                let orders = || there.into_iter().flatten().filter_map(|(id, _)| self.orders.get(id));
                let switch = self.switches.get(&station.id).cloned().unwrap_or_default();
                StationLine {
                    station: station.id.clone(),
                    name: station.name().to_owned(),
                    kind: station.kind,
                    open: orders().count(),
                    cooking: orders()
                        .filter(|order| order.state_at(&station.id) == ItemState::Cooking)
                        .count(),
                    peak: switch.peak,
                    peak_to: station.peak_to.clone(),
                    pulled_by: switch.pulled_by,
                    watched: self.is_watched(&station.id),
                }
            })
            .collect()
    }

    /// Whether a screen that is there shows a station.
    pub(super) fn is_watched(&self, station: &str) -> bool {
        self.watchers.values().any(|watcher| watcher.stations.iter().any(|known| known == station))
    }

    fn tell_board(&self, station: &StationConfig) {
        let online = self.is_watched(&station.id);
        let problem = (!online).then(|| {
            format!("no screen shows {}: switch one on, or admit one (outletd screens)", station.name())
        });
        let conditions = (!online).then(|| "no-screen".to_owned()).into_iter().collect();
        let status = DeviceStatus { online, conditions, problem, ..DeviceStatus::default() };
        let jobs = || self.jobs.values().filter(|job| job.route == station.id);
        let queue = QueueState {
            depth: jobs().count() as u64,
            active: None,
            oldest_at: jobs().map(|job| job.accepted_at).min(),
        };
        self.tools.board.set(&station.id, &status, queue);
    }

    /// Notes that a screen is there. Returns whether that is news.
    pub(super) fn heard_of(&mut self, screen: &str, stations: Vec<String>, batch: &mut Batch) {
        let watcher = Watcher { until: Instant::now() + WATCHES, stations: stations.clone() };
        let unwatched: Vec<String> =
            stations.iter().filter(|station| !self.is_watched(station)).cloned().collect();
        let known = self.watchers.insert(screen.to_owned(), watcher);
        if known.is_none() {
            self.tools.screens.note_watching(screen, true);
            batch.stations.extend(stations);
        }
        for station in unwatched {
            self.tell_station(&station, "watched", screen, batch);
        }
        if known.is_none() {
            self.publish_screens((self.tools.clock)());
        }
    }

    fn forget_watchers(&mut self, now: Timestamp, batch: &mut Batch) {
        let moment = Instant::now();
        let screens = self.tools.screens.clone();
        let here = |id: &str| screens.screen(id).is_some();
        let gone: Vec<(String, Watcher)> =
            self.watchers.extract_if(|id, watcher| watcher.until <= moment || !here(id)).collect();
        if gone.is_empty() {
            return;
        }
        for (screen, watcher) in gone {
            self.tools.screens.note_watching(&screen, false);
            for station in watcher.stations {
                if !self.is_watched(&station) {
                    self.tell_station(&station, "unwatched", &screen, batch);
                }
                batch.stations.insert(station);
            }
        }
        self.publish_screens(now);
    }

    /// Puts what has become of a station into the feed.
    pub(super) fn tell_station(&self, station: &str, change: &str, by: &str, batch: &mut Batch) {
        let (station, change, by) = (station.to_owned(), change.to_owned(), by.to_owned());
        batch.steps.push(Step::Tell(Box::new(EventBody::KitchenStation { station, change, by })));
    }

    fn publish_screens(&mut self, now: Timestamp) {
        let mut known = std::mem::take(&mut self.shown_screens);
        for screen in self.tools.screens.all() {
            let earlier = known.remove(&screen.screen);
            let document = ScreenDocument {
                watching: self.watchers.contains_key(&screen.screen),
                screen: screen.screen.clone(),
                name: screen.name,
                view: screen.view,
                stations: screen.stations,
                language: screen.language.unwrap_or_else(|| self.setup.config.language.clone()),
                at: earlier.as_ref().map_or(now, |earlier| earlier.at),
                // Grows over restarts too.
                version: earlier.as_ref().map_or(now.0.unsigned_abs(), |earlier| earlier.version),
            };
            let document = if earlier.as_ref().is_some_and(|earlier| *earlier != document) {
                ScreenDocument { at: now, version: document.version + 1, ..document }
            } else {
                document
            };
            let topic = self.tools.topics.kitchen_screen(&screen.screen);
            self.tools.bus.retain(topic, serde_json::to_vec(&document).unwrap_or_default());
            self.shown_screens.insert(screen.screen, document);
        }
        for revoked in known.into_keys() {
            self.tools.bus.clear(self.tools.topics.kitchen_screen(&revoked));
        }
    }

    fn request(&self, station: &str, request: &Request) -> Result<Value, DeviceError> {
        let Some(config) = self.setup.station(station) else {
            return Err(request.not_for("a station that is not configured"));
        };
        let watching: Vec<&String> = self
            .watchers
            .iter()
            .filter(|(_, watcher)| watcher.stations.iter().any(|known| known == station))
            .map(|(screen, _)| screen)
            .collect();
        let open = self.published.get(station).map_or(0, BTreeMap::len);
        match request {
            Request::Status | Request::Identify => Ok(json!({
                "station": station, "name": config.name(), "kind": config.kind, "tickets": open,
                "screens": watching, "printer": config.printer,
            })),
            Request::Test => {
                let mut verdict = Vec::new();
                if watching.is_empty() {
                    verdict.push(json!({
                        "rank": 1, "suspect": "screen", "likelihood": "certain",
                        "why": "no screen shows this station",
                        "remedy": "switch its screen on; `outletd screens` lists those admitted, and codes of new ones",
                    }));
                    if config.printer.is_none() && config.kind == StationKind::Kitchen {
                        verdict.push(json!({
                            "rank": 2, "suspect": "configuration", "likelihood": "certain",
                            "why": "no printer stands by: what no screen shows is not seen by anybody",
                            "remedy": "set `printer` of the [[station]]",
                        }));
                    }
                }
                Ok(
                    json!({"ok": verdict.is_empty(), "screens": watching, "tickets": open, "verdict": verdict}),
                )
            }
            other => Err(other.not_for("a station of the kitchen")),
        }
    }

    /// Takes off the boards what has stood there long enough after it was ready.
    fn clear_boards(&mut self, now: Timestamp) {
        let setup = self.setup.clone();
        for board in setup.stations.iter().filter(|station| station.kind == StationKind::Board) {
            let stands = |id: &String| {
                self.orders.get(id).is_some_and(|order| documents::stands_at(order, board, &setup, now))
            };
            let there = self.published.get(&board.id).into_iter().flat_map(BTreeMap::keys);
            let over: Vec<String> = there.filter(|id| !stands(id)).cloned().collect();
            let mut touched = BTreeSet::new();
            for id in over {
                touched.extend(self.publish_order(&id, now));
            }
            if !touched.is_empty() {
                self.publish_manifests(&touched, now);
            }
        }
    }

    /// Places a job with the next tick.
    pub(super) fn try_again(&mut self, job: Job) {
        self.waiting.push((job, None));
    }

    fn housekeep(&mut self, now: Timestamp, batch: &mut Batch) {
        let keep_ms = i64::from(self.setup.config.keep_h) * 3_600_000;
        let old = |at: Timestamp, keep: i64| now.0 - at.0 > keep;
        let closed: Vec<String> = self
            .orders
            .values()
            .filter(|order| order.closed_at.is_some_and(|at| old(at, keep_ms)) && order.unseen.is_empty())
            .map(|order| order.order.clone())
            .collect();
        for id in closed {
            let order = self.orders.remove(&id);
            batch.before.insert(id, order);
        }
        let known = self.done.len();
        self.done.retain(|_, done| !old(done.answer.at, KEEP_COMMANDS_MS));
        self.refused_paper.retain(|_, again| *again > now);
        if self.done.len() < known {
            let before = now.plus_ms(-KEEP_COMMANDS_MS);
            let journal = self.tools.journal.clone();
            tokio::spawn(async move {
                if let Err(error) = journal.write(move |tx| tx.forget_commands(before)).await {
                    tracing::warn!(%error, "old commands of screens could not be removed");
                }
            });
        }
    }

    /// Notes that a ticket job has ended.
    pub(super) fn job_over(&mut self, job: &str) {
        if let Some(known) = self.jobs.remove(job)
            && let Some(device) = self.devices.get(&known.route)
        {
            device.depth.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError::Damaged(format!("of the kitchen: {error}")))
}
