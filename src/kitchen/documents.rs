//! What stations and screens are told: the retained documents below `kitchen/`.

use outlet_protocols::ticket::{OrderType, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::order::{Item, ItemState, Order, Part, Was};
use super::setup::Setup;
use super::stations::{StationConfig, StationKind};
use crate::clock::Timestamp;
use crate::screens::View;

/// The retained document `kitchen/{station}/manifest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The station.
    pub station: String,
    /// Its name for people.
    pub name: String,
    /// What stands there.
    pub kind: StationKind,
    /// Grows with each start of the agent.
    pub epoch: u64,
    /// Grows with each change of the station.
    pub rev: u64,
    /// When this was written.
    pub at: Timestamp,
    /// Language of screens that have none of their own.
    pub language: String,
    /// 2: cooking is begun and ended; 1: one bump does both.
    pub steps: u8,
    /// Its default cooking time, in seconds.
    pub cooking_s: u32,
    /// Seconds that a screen offers to undo.
    pub undo_s: u32,
    /// Whether half of what is new goes to `peak_to`.
    pub peak: bool,
    /// The station that helps in peak mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_to: Option<String>,
    /// The station that does this one's work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled_by: Option<String>,
    /// Whether a printer stands by.
    pub printer: bool,
    /// Orders and their versions, rush and overdue first, then the oldest.
    pub tickets: Vec<(String, u64)>,
    /// The last that left, newest first.
    pub recall: Vec<Recall>,
    /// Of a station that cooks: the stations whose work it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pulls: Vec<String>,
    /// Of a station that cooks: the others, whose work it can take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherStation>,
    /// Of an expediter: how the other stations are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationLine>,
}

/// A station by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherStation {
    /// Its id.
    pub station: String,
    /// Its name for people.
    pub name: String,
}

/// A ticket that has left a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recall {
    /// The order.
    pub ticket: String,
    /// As people call it.
    pub number: String,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// When it left.
    pub at: Timestamp,
    /// How many lines it has.
    pub items: usize,
}

/// A station, as an expediter sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StationLine {
    /// Its id.
    pub station: String,
    /// Its name for people.
    pub name: String,
    /// What stands there.
    pub kind: StationKind,
    /// Tickets that stand there.
    pub open: usize,
    /// Of these, begun.
    pub cooking: usize,
    /// Whether peak mode is on.
    pub peak: bool,
    /// The station that helps in peak mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_to: Option<String>,
    /// The station that does its work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled_by: Option<String>,
    /// Whether a screen watches it.
    pub watched: bool,
}

/// The retained document `kitchen/{station}/ticket/{order}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// The order.
    pub ticket: String,
    /// The station.
    pub station: String,
    /// Grows with each start of the agent.
    pub epoch: u64,
    /// The station's `rev` when this was written.
    pub rev: u64,
    /// Grows with each change of the order.
    pub ver: u64,
    /// As people call it.
    pub number: String,
    /// How the guest gets it.
    #[serde(rename = "type")]
    pub kind: OrderType,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Who serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiter: Option<String>,
    /// Whose order it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// How many guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<u16>,
    /// A note on the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it stands here.
    pub state: ItemState,
    /// First in the queue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rush: bool,
    /// Past its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// It came past its deadline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delayed: bool,
    /// Paper of it may lie at the station too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub printed: bool,
    /// When the order was placed.
    pub placed_at: Timestamp,
    /// When it has to be ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it came to this station, or was recalled.
    pub since: Timestamp,
    /// Other stations that cook for this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<StationState>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

/// A station's part of an order or item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StationState {
    /// Its id.
    pub station: String,
    /// Its name for people.
    pub name: String,
    /// Where it stands there.
    pub state: ItemState,
}

/// A line of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The item.
    pub item: String,
    /// As the kitchen reads it.
    pub name: String,
    /// The size, as the kitchen reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// How many, or how much of `unit`.
    pub quantity: Quantity,
    /// Of what is weighed or measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it stands.
    pub state: ItemState,
    /// Since when.
    pub since: Timestamp,
    /// The ticket's version when this line last changed.
    pub ver: u64,
    /// Its course.
    pub course: u8,
    /// The guest at the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<u16>,
    /// Of a held line, when it is fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fire_at: Option<Timestamp>,
    /// When it should be ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// 1 for what the order began with, 2 for the first add-on.
    pub round: u32,
    /// It was changed and is to be acknowledged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// What it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
    /// Why it is not wanted any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<VoidLine>,
    /// What changes the dish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<ModifierLine>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub halves: Vec<HalfLine>,
    /// Allergens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allergens: Vec<String>,
    /// What the cook should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The others of its mix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<MixLine>,
    /// At an expediter: the state at each station.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationState>,
}

/// Why a line is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VoidLine {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A modifier as the kitchen reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModifierLine {
    /// Its name.
    pub name: String,
    /// How many; 0: without it.
    pub quantity: Quantity,
}

/// A part of a dish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HalfLine {
    /// Its name.
    pub name: String,
    /// What changes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<ModifierLine>,
}

/// Another item of a mix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MixLine {
    /// Its name.
    pub name: String,
    /// The station that cooks it.
    pub station: String,
    /// That station's name.
    pub name_of_station: String,
}

/// The retained document `kitchen/screen/{screen}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenDocument {
    /// Its id.
    pub screen: String,
    /// Its name for people.
    pub name: String,
    /// What it shows.
    pub view: View,
    /// The stations it watches.
    pub stations: Vec<String>,
    /// Its language.
    pub language: String,
    /// Whether it is on and connected.
    pub watching: bool,
    /// When this was written.
    pub at: Timestamp,
    /// Grows with each change.
    pub version: u64,
}

/// How long a guest board shows what is ready where nobody serves it.
const ON_BOARD_MS: i64 = 10 * 60 * 1000;

/// Whether a station shows an order.
pub fn stands_at(order: &Order, station: &StationConfig, setup: &Setup, now: Timestamp) -> bool {
    match station.kind {
        StationKind::Kitchen => order.is_at(&station.id),
        StationKind::Expediter => {
            let stands = |item: &Item| !is_struck_off(item) && item.state() != ItemState::Served;
            order.is_open() && order.items.iter().any(stands)
        }
        StationKind::Board => {
            let wanted = order.items.iter().any(|item| item.void.is_none());
            let left = order.closed_at.filter(|_| !setup.has_expediter());
            wanted && (order.is_open() || left.is_some_and(|at| now < at.plus_ms(ON_BOARD_MS)))
        }
    }
}

/// Whether the expediter has seen that it is not wanted any more.
fn is_struck_off(item: &Item) -> bool {
    item.void.as_ref().is_some_and(|void| void.expedited)
}

/// A ticket of a station.
pub fn ticket(
    order: &Order,
    station: &StationConfig,
    setup: &Setup,
    epoch: u64,
    rev: u64,
    now: Timestamp,
) -> Ticket {
    let board = station.kind == StationKind::Board;
    let here = station.kind == StationKind::Kitchen;
    let state = match station.kind {
        StationKind::Kitchen => order.state_at(&station.id),
        _ => order.state(),
    };
    let stand = order.stands.get(&station.id).filter(|_| here);
    let text = |text: &Option<String>| text.clone().filter(|_| !board);
    Ticket {
        ticket: order.order.clone(),
        station: station.id.clone(),
        epoch,
        rev,
        ver: order.ver,
        number: order.number.clone(),
        kind: order.kind,
        table: text(&order.table),
        waiter: text(&order.waiter),
        guest: text(&order.guest),
        guests: order.guests.filter(|_| !board),
        note: text(&order.note),
        state,
        rush: order.rush && !board,
        overdue: order.is_overdue(now) && !board,
        delayed: order.delayed && !board,
        printed: !board
            && match stand {
                Some(stand) => stand.printed,
                None => order.stands.values().any(|stand| stand.printed),
            },
        placed_at: order.placed_at,
        due: order.due.filter(|_| !board),
        since: stand.map_or(order.placed_at, |stand| stand.since),
        also: if here { also(order, station, setup) } else { Vec::new() },
        lines: match station.kind {
            StationKind::Kitchen => {
                let seen = |part: &Part| part.state == ItemState::Voided && part.acknowledged;
                let parts = order.parts_at(&station.id).filter(|(_, part)| !seen(part));
                parts.map(|(item, part)| line(order, item, part, setup)).collect()
            }
            StationKind::Expediter => {
                let items = order.items.iter().filter(|item| !is_struck_off(item));
                items.filter_map(|item| whole(order, item, setup)).collect()
            }
            StationKind::Board => Vec::new(),
        },
    }
}

fn also(order: &Order, station: &StationConfig, setup: &Setup) -> Vec<StationState> {
    let others = order.stations().filter(|other| *other != station.id);
    others
        .map(|other| StationState {
            station: other.to_owned(),
            name: setup.name_of(other),
            state: order.state_at(other),
        })
        .collect()
}

fn line(order: &Order, item: &Item, part: &Part, setup: &Setup) -> Line {
    let ask = &item.ask;
    Line {
        item: ask.id.clone(),
        name: ask.shown_name(),
        size: ask.size.as_ref().map(outlet_protocols::ticket::Size::shown_name),
        quantity: ask.quantity,
        unit: ask.unit.clone(),
        state: part.state,
        since: part.since,
        ver: part.ver,
        course: ask.course,
        seat: ask.seat,
        fire_at: part.fire_at,
        due_at: part.due_at,
        round: item.round,
        changed: part.changed,
        was: item.was.clone().filter(|_| part.changed),
        void: item.void.as_ref().map(|void| VoidLine {
            at: void.at,
            reason: void.reason.clone(),
            by: void.by.clone(),
        }),
        modifiers: modifiers(&ask.modifiers),
        halves: ask
            .halves
            .iter()
            .map(|half| HalfLine { name: half.shown_name(), modifiers: modifiers(&half.modifiers) })
            .collect(),
        allergens: ask.allergens.clone(),
        note: ask.note.clone(),
        with: mix(order, item, setup),
        stations: Vec::new(),
    }
}

/// A line of an expediter.
fn whole(order: &Order, item: &Item, setup: &Setup) -> Option<Line> {
    let last = item.parts.iter().max_by_key(|part| part.ver)?;
    let stations = item.parts.iter().map(|part| StationState {
        station: part.station.clone(),
        name: setup.name_of(&part.station),
        state: part.state,
    });
    Some(Line {
        state: item.state(),
        changed: item.parts.iter().any(|part| part.changed),
        was: item.was.clone(),
        fire_at: item.parts.iter().filter_map(|part| part.fire_at).min(),
        due_at: item.parts.iter().filter_map(|part| part.due_at).max(),
        stations: stations.collect(),
        ..line(order, item, last, setup)
    })
}

/// Those that are shown, as the kitchen reads them.
pub fn modifiers<'a>(
    modifiers: impl IntoIterator<Item = &'a outlet_protocols::ticket::Modifier>,
) -> Vec<ModifierLine> {
    let shown = modifiers.into_iter().filter(|modifier| modifier.is_shown());
    shown.map(|modifier| ModifierLine { name: modifier.shown_name(), quantity: modifier.quantity }).collect()
}

fn mix(order: &Order, item: &Item, setup: &Setup) -> Vec<MixLine> {
    let Some(mix) = &item.ask.mix else { return Vec::new() };
    let others = order.items.iter().filter(|other| {
        other.ask.mix.as_ref() == Some(mix) && other.id() != item.id() && other.void.is_none()
    });
    others
        .flat_map(|other| {
            other.parts.iter().map(|part| MixLine {
                name: other.ask.shown_name(),
                station: part.station.clone(),
                name_of_station: setup.name_of(&part.station),
            })
        })
        .collect()
}
