//! What screens ask for: who may, and what it does.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::batch::{Answer, Batch, Step};
use super::commands::{self, Ask, Command, CommandAnswer, CommandResult, Done};
use super::engine::{Engine, Giver};
use super::moves::{Refusal, Scope, Which};
use super::order::{Effects, ItemState, Order};
use super::stations::StationKind;
use crate::audit::Asked;
use crate::clock::Timestamp;
use crate::screens::View;

/// Stations of a chain of handed over work.
const CHAIN: usize = 16;

/// Who asks.
struct Asker {
    /// Its name for the feed.
    name: String,
    view: View,
    /// Its stations; `None`: all.
    stations: Option<Vec<String>>,
}

/// What came of a command, before it is on disk.
struct Came {
    result: CommandResult,
    message: Option<String>,
    ver: Option<u64>,
    effects: Effects,
}

/// Why a command is not carried out.
type No = (CommandResult, String);

impl Came {
    fn no((result, message): No) -> Self {
        Self::refused(result, message)
    }

    fn refused(result: CommandResult, message: impl Into<String>) -> Self {
        Self { result, message: Some(message.into()), ver: None, effects: Effects::default() }
    }

    fn applied() -> Self {
        Self { result: CommandResult::Applied, message: None, ver: None, effects: Effects::default() }
    }
}

impl Engine {
    /// Deals with a command: its answer leaves when all that it did is on disk.
    pub(super) fn command(
        &mut self,
        screen: String,
        (giver, asked): (Giver, Asked),
        payload: &[u8],
        heard: oneshot::Sender<()>,
        batch: &mut Batch,
    ) {
        let now = (self.tools.clock)();
        let (cmd, ticket, came, keep) = match commands::read(payload) {
            Err((cmd, message)) => {
                (cmd.unwrap_or_default(), None, Came::refused(CommandResult::Invalid, message), false)
            }
            Ok(command) => {
                if let Some(known) = self.done.get(&command.cmd) {
                    let answer = if known.screen == screen {
                        CommandAnswer { duplicate: true, ..known.answer.clone() }
                    } else {
                        let text = "another screen has used this `cmd`: make a new one";
                        self.say(command.cmd, None, Came::refused(CommandResult::Invalid, text), now)
                    };
                    batch.answers.push(Answer { screen, answer, heard: Some(heard) });
                    return;
                }
                let came = self.judge(&screen, giver, &command, now, batch);
                if came.result == CommandResult::Forbidden {
                    self.tools.audit.command_forbidden(command.ask.op(), &screen, asked);
                }
                let ticket = command.ask.target().1.map(str::to_owned);
                // What was refused because of who asked, or how, may be asked again.
                let keep = !matches!(
                    came.result,
                    CommandResult::Ok | CommandResult::Forbidden | CommandResult::Invalid
                );
                (command.cmd, ticket, came, keep)
            }
        };
        let effects = came.effects.clone();
        let answer = self.say(cmd, ticket, came, now);
        if keep {
            let done = Done { screen: screen.clone(), answer: answer.clone(), effects };
            self.done.insert(answer.cmd.clone(), done.clone());
            batch.steps.push(Step::Command(Box::new(done)));
        }
        batch.answers.push(Answer { screen, answer, heard: Some(heard) });
    }

    fn say(&self, cmd: String, ticket: Option<String>, came: Came, now: Timestamp) -> CommandAnswer {
        let known = ticket.as_ref().and_then(|ticket| self.orders.get(ticket)).map(|order| order.ver);
        CommandAnswer {
            cmd,
            result: came.result,
            at: now,
            epoch: self.epoch,
            ver: came.ver.or(known),
            ticket,
            message: came.message,
            duplicate: false,
            build: (came.result == CommandResult::Ok).then(|| crate::screens::build_id().to_owned()),
        }
    }

    fn judge(
        &mut self,
        screen: &str,
        giver: Giver,
        command: &Command,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Came {
        let Some(asker) = self.asker(screen, giver) else {
            let text = "this screen is not admitted: pair it, then admit it with `outletd screens admit`";
            return Came::refused(CommandResult::Forbidden, text);
        };
        if let Ask::Watch { shown, .. } = &command.ask {
            return self.watch(screen, asker, shown, now, batch);
        }
        if command.expires.is_some_and(|expires| expires < now) {
            return Came::refused(
                CommandResult::Expired,
                "it came too late: look at the screen and ask again",
            );
        }
        if let Err(why) = self.may(&asker, &command.ask) {
            return Came::no(why);
        }
        self.carry_out(screen, &asker, &command.ask, now, batch)
    }

    fn asker(&self, screen: &str, giver: Giver) -> Option<Asker> {
        match (self.tools.screens.screen(screen), giver) {
            (Some(known), Giver::Screen | Giver::Unknown { .. }) => {
                Some(Asker { name: known.name, view: known.view, stations: Some(known.stations) })
            }
            (None, Giver::Program | Giver::Unknown { program: true }) => {
                Some(Asker { name: screen.to_owned(), view: View::Expediter, stations: None })
            }
            // A program can't speak in the name of a screen.
            (Some(_), Giver::Program)
            | (None, Giver::Screen | Giver::Unknown { .. })
            | (_, Giver::Nobody) => None,
        }
    }

    fn watch(
        &mut self,
        screen: &str,
        asker: Asker,
        shown: &BTreeMap<String, BTreeMap<String, u64>>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Came {
        // A program is no screen, whatever it says.
        let Some(stations) = asker.stations else {
            return Came { result: CommandResult::Ok, ..Came::applied() };
        };
        self.heard_of(screen, stations.clone(), batch);
        if asker.view == View::Kitchen {
            for (station, tickets) in shown.iter().filter(|(station, _)| stations.contains(station)) {
                for (ticket, ver) in tickets {
                    self.note_shown(ticket, station, *ver, screen, now, batch);
                }
            }
        }
        Came { result: CommandResult::Ok, ..Came::applied() }
    }

    /// Whether a view may do this, and at this station.
    fn may(&self, asker: &Asker, ask: &Ask) -> Result<(), No> {
        let forbidden = |text: String| Err((CommandResult::Forbidden, text));
        let own = |station: &str| {
            asker.stations.as_ref().is_none_or(|own| own.iter().any(|known| known == station))
        };
        let stations = match ask {
            Ask::Pull { station, to, .. } => vec![station, to],
            other => match other.target().0 {
                Some(_) => match other {
                    Ask::Move { station, .. }
                    | Ask::Acknowledge { station, .. }
                    | Ask::Undo { station, .. }
                    | Ask::Hold { station, .. }
                    | Ask::Fire { station, .. }
                    | Ask::Rush { station, .. }
                    | Ask::Recall { station, .. }
                    | Ask::Peak { station, .. } => vec![station],
                    Ask::Watch { .. } | Ask::Pull { .. } => Vec::new(),
                },
                None => Vec::new(),
            },
        };
        for station in &stations {
            if self.setup.station(station).is_none_or(|known| known.kind == StationKind::Board) {
                let text = format!("there is no station {station:?} where something is cooked or handed out");
                return Err((CommandResult::Invalid, text));
            }
        }
        let view = asker.view.as_str();
        match asker.view {
            View::Expediter => Ok(()),
            View::Board => forbidden(format!("a {view} screen only shows")),
            View::Waiter => match ask {
                Ask::Move { station, from, to: ItemState::Served, .. }
                    if own(station) && from.states() == [ItemState::Ready] =>
                {
                    Ok(())
                }
                Ask::Undo { station, .. } if own(station) => Ok(()),
                _ => forbidden(format!("a {view} screen only serves what is ready")),
            },
            View::Kitchen => match ask {
                Ask::Move { to: ItemState::Served, .. } | Ask::Rush { .. } => forbidden(
                    "only an expediter or a waiter serves, only an expediter says what comes first".into(),
                ),
                Ask::Pull { to, .. } if own(to) => Ok(()),
                Ask::Pull { station, on: false, .. } if own(station) => Ok(()),
                Ask::Pull { .. } => forbidden("a station takes work, it does not give it away".into()),
                other if other.target().0.is_some_and(own) => Ok(()),
                _ => forbidden("that station is not one of this screen's".into()),
            },
        }
    }

    fn carry_out(
        &mut self,
        screen: &str,
        asker: &Asker,
        ask: &Ask,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Came {
        match ask {
            Ask::Peak { station, on } => return self.set_peak(station, *on, &asker.name, batch),
            Ask::Pull { station, to, on, ticket: None } => {
                return self.set_pull(screen, asker, (station, to), *on, now, batch);
            }
            _ => {}
        }
        let (Some(station), Some(ticket)) = ask.target() else {
            return Came::refused(CommandResult::Invalid, "it names no ticket");
        };
        if let Ask::Pull { station, to, on, .. } = ask {
            if !on {
                return Came::refused(
                    CommandResult::Invalid,
                    "a ticket that was pulled is pulled back by `on`",
                );
            }
            if let Err(no) = self.can_take(station, to) {
                return Came::no(no);
            }
        }
        if !self.orders.contains_key(ticket) {
            return Came::refused(CommandResult::Conflict, "this ticket is gone");
        }
        let earlier = match ask {
            Ask::Undo { of, base, .. } => match self.undoable(screen, ticket, of, *base) {
                Ok(effects) => Some((effects, *base)),
                Err(why) => return Came::no(why),
            },
            _ => None,
        };
        let scope = match self.setup.station(station).map(|station| station.kind) {
            Some(StationKind::Kitchen) => Scope::Station(station),
            _ => Scope::Whole,
        };
        let change = |order: &mut Order| match ask {
            Ask::Move { items, from, to, .. } => {
                order.move_items(scope, items.as_deref(), from.states(), *to, now)
            }
            Ask::Acknowledge { items, .. } => order.acknowledge(scope, items.as_deref()),
            Ask::Undo { .. } => match &earlier {
                Some((effects, base)) => order.undo(effects, *base),
                None => Err(Refusal::Noop),
            },
            Ask::Hold { items, course, .. } => order.hold(scope, which(items.as_deref(), *course), now),
            Ask::Fire { items, course, .. } => order.fire(scope, which(items.as_deref(), *course), now),
            Ask::Rush { on, .. } => order.set_rush(*on),
            Ask::Recall { .. } => order.recall(scope, now),
            Ask::Pull { station, to, .. } => {
                hand_over(order, station, to, now).then_some(()).ok_or(Refusal::Noop)
            }
            Ask::Watch { .. } | Ask::Peak { .. } => Err(Refusal::Noop),
        };
        match self.change(ticket, &asker.name, Some(screen), None, now, batch, change) {
            Ok(effects) => {
                let ver = self.orders.get(ticket).map(|order| order.ver);
                Came { ver, effects, ..Came::applied() }
            }
            Err(Refusal::Noop) => Came::refused(CommandResult::Noop, "it is so already"),
            Err(Refusal::Conflict(why)) => Came::refused(CommandResult::Conflict, why),
            Err(Refusal::Invalid(why)) => Came::refused(CommandResult::Invalid, why),
        }
    }

    /// What has to be put back for an undo.
    fn undoable(&self, screen: &str, ticket: &str, of: &str, base: u64) -> Result<Effects, No> {
        let known = self.done.get(of).filter(|done| done.screen == screen);
        let Some(known) = known.filter(|done| done.answer.result == CommandResult::Applied) else {
            let text = "there is nothing of this screen to undo under that id";
            return Err((CommandResult::Conflict, text.to_owned()));
        };
        if known.answer.ticket.as_deref() != Some(ticket) || known.answer.ver != Some(base) {
            let text = "`of` brought another version of another ticket";
            return Err((CommandResult::Invalid, text.to_owned()));
        }
        Ok(known.effects.clone())
    }

    fn set_peak(&mut self, station: &str, on: bool, by: &str, batch: &mut Batch) -> Came {
        let helper = self.setup.station(station).and_then(|station| station.peak_to.as_ref());
        if helper.is_none() {
            let text = format!("no station helps {station}: set `peak_to` of its [[station]]");
            return Came::refused(CommandResult::Invalid, text);
        }
        let switch = self.switches.entry(station.to_owned()).or_default();
        if switch.peak == on {
            return Came::refused(CommandResult::Noop, "it is so already");
        }
        switch.peak = on;
        batch.switched = true;
        batch.stations.insert(station.to_owned());
        self.tell_station(station, if on { "peak" } else { "no-peak" }, by, batch);
        Came::applied()
    }

    fn set_pull(
        &mut self,
        screen: &str,
        asker: &Asker,
        (station, to): (&str, &str),
        on: bool,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Came {
        if let Err(no) = if on { self.can_take(station, to) } else { self.both_cook(station, to) } {
            return Came::no(no);
        }
        let pulled_by = self.switches.get(station).and_then(|switch| switch.pulled_by.clone());
        match (on, pulled_by.as_deref()) {
            (true, Some(by)) if by == to => return Came::refused(CommandResult::Noop, "it is so already"),
            (false, None) => return Came::refused(CommandResult::Noop, "it is so already"),
            (false, Some(by)) if by != to => {
                let text = format!("{by} does the work of {station} by now");
                return Came::refused(CommandResult::Conflict, text);
            }
            _ => {}
        }
        self.switches.entry(station.to_owned()).or_default().pulled_by = on.then(|| to.to_owned());
        batch.switched = true;
        batch.stations.extend([station.to_owned(), to.to_owned()]);
        self.tell_station(station, if on { "pulled" } else { "released" }, &asker.name, batch);
        if on {
            let there: Vec<String> = self
                .orders
                .values()
                .filter(|order| order.is_at(station))
                .map(|order| order.order.clone())
                .collect();
            for order in there {
                let give = |order: &mut Order| hand_over(order, station, to, now).then_some(()).ok_or(());
                drop(self.change(&order, &asker.name, Some(screen), None, now, batch, give));
            }
        }
        Came::applied()
    }

    /// Whether a station can do the work of another.
    fn can_take(&self, station: &str, to: &str) -> Result<(), No> {
        self.both_cook(station, to)?;
        if self.cooks_for(to) != to {
            let text = format!("{to} has given its own work away");
            return Err((CommandResult::Conflict, text));
        }
        Ok(())
    }

    fn both_cook(&self, station: &str, to: &str) -> Result<(), No> {
        let cooks = |id: &str| self.setup.station(id).is_some_and(|known| known.kind == StationKind::Kitchen);
        if station == to || !cooks(station) || !cooks(to) {
            let text = "work goes from one station that cooks to another one";
            return Err((CommandResult::Invalid, text.to_owned()));
        }
        Ok(())
    }

    /// The station that does the work of another.
    pub(super) fn cooks_for(&self, station: &str) -> String {
        let mut at = station.to_owned();
        for _ in 0..CHAIN {
            match self.switches.get(&at).and_then(|switch| switch.pulled_by.clone()) {
                Some(next) if self.setup.station(&next).is_some() => at = next,
                _ => break,
            }
        }
        at
    }
}

/// Hands a ticket over; what nobody has seen at the old station has to be seen at the new one.
fn hand_over(order: &mut Order, from: &str, to: &str, now: Timestamp) -> bool {
    if !order.hand_over(from, to) {
        return false;
    }
    let ver = order.ver + 1;
    for unseen in &mut order.unseen {
        if let Some(mut showing) = unseen.stations.remove(from) {
            if showing.shown.is_none() {
                (showing.ver, showing.since) = (ver, now);
            }
            match unseen.stations.get(to) {
                Some(there) if there.shown.is_none() || showing.shown.is_some() => {}
                _ => drop(unseen.stations.insert(to.to_owned(), showing)),
            }
        }
    }
    true
}

fn which(items: Option<&[String]>, course: Option<u8>) -> Which<'_> {
    match (items, course) {
        (Some(items), _) => Which::Items(items),
        (None, Some(course)) => Which::Course(course),
        (None, None) => Which::All,
    }
}
