//! A ticket on paper, for a station where no screen has shown it.

use outlet_protocols::ticket;
use serde_json::{Value, json};

use super::change::{Placing, Route};
use super::documents::{self, Line, ModifierLine, Ticket};
use super::order::{ItemState, Order};
use super::setup::Setup;
use super::stations::{KitchenConfig, StationConfig};
use crate::clock::Timestamp;

/// The print document of a ticket; `banner` stands above it.
pub fn document(ticket: &Ticket, station: &str, banner: &str) -> Value {
    let mut blocks = vec![
        text(
            banner,
            json!({"align": "center", "style": {"bold": true, "invert": true, "width": 2, "height": 2}}),
        ),
        text(&station.to_uppercase(), json!({"align": "center", "style": {"bold": true, "height": 2}})),
    ];
    let number = format!("#{}", ticket.number);
    let time = ticket.placed_at.local_hh_mm();
    blocks.push(json!({"type": "pair", "left": number, "right": time, "style": {"bold": true, "width": 2, "height": 2}}));
    let mut about: Vec<&str> = Vec::new();
    about.extend(ticket.table.as_deref());
    about.extend(ticket.waiter.as_deref());
    about.extend(ticket.guest.as_deref());
    if !about.is_empty() {
        blocks.push(text(&about.join(", "), json!({"style": {"height": 2}})));
    }
    if ticket.rush {
        blocks.push(text("! RUSH !", json!({"align": "center", "style": {"bold": true, "height": 2}})));
    }
    if let Some(note) = &ticket.note {
        blocks.push(text(note, json!({})));
    }
    blocks.push(json!({"type": "rule"}));
    let mut lines: Vec<&Line> = ticket.lines.iter().filter(|line| wanted(line)).collect();
    lines.sort_by_key(|line| line.course);
    let mut course = None;
    for line in lines {
        if course.is_some_and(|course| course != line.course) {
            let next = format!("--- {} ---", line.course);
            blocks.push(text(&next, json!({"align": "center", "style": {"bold": true}})));
        }
        course = Some(line.course);
        push_line(&mut blocks, line);
    }
    blocks.push(json!({"type": "rule"}));
    if !ticket.also.is_empty() {
        let also: Vec<String> = ticket.also.iter().map(|other| other.name.to_uppercase()).collect();
        blocks.push(text(&format!("+ {}", also.join(", ")), json!({})));
    }
    blocks.push(json!({"type": "cut"}));
    json!({"blocks": blocks})
}

/// The paper of a new order, as if one station cooked all of it.
pub fn of_all(ask: &ticket::Order, now: Timestamp) -> Value {
    let station = StationConfig::named("kitchen");
    let config = KitchenConfig::default();
    let banner = config.not_on_screen.clone();
    let setup = Setup { config, stations: vec![station.clone()] };
    let before = Order::new(&ask.order, now);
    let mut order = before.clone();
    let mut route = |item: &ticket::Item| {
        let cooking_s = item.cooking_s.unwrap_or(station.cooking_s);
        vec![Route { station: station.id.clone(), cooking_s }]
    };
    let taken = Vec::new();
    order.place(Placing { job: "preview", ask, route: &mut route, taken, delayed: false, now });
    order.seal(&before, now, false);
    document(&documents::ticket(&order, &station, &setup, 1, 1, now), station.name(), &banner)
}

/// What is done already is not printed; what was struck out is, so that nobody goes on with it.
fn wanted(line: &Line) -> bool {
    matches!(line.state, ItemState::Held | ItemState::Queued | ItemState::Cooking | ItemState::Voided)
}

fn push_line(blocks: &mut Vec<Value>, line: &Line) {
    let mut head = format!("{}{} x {}", line.quantity, unit(line), line.name);
    if let Some(size) = &line.size {
        head.push(' ');
        head.push_str(size);
    }
    let style = json!({"style": {"bold": true, "height": 2}});
    if let Some(void) = &line.void {
        let reason = void.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        blocks.push(text(&format!("--- {head} ---{reason}"), style));
        return;
    }
    blocks.push(text(&head, style));
    push_modifiers(blocks, &line.modifiers, 2);
    for half in &line.halves {
        blocks.push(text(
            &format!("1/{} {}", line.halves.len(), half.name),
            json!({"indent": 2, "style": {"bold": true}}),
        ));
        push_modifiers(blocks, &half.modifiers, 4);
    }
    for other in &line.with {
        let name = format!("MIX {} ({})", other.name, other.name_of_station);
        blocks.push(text(&name, json!({"indent": 2})));
    }
    if line.state == ItemState::Held {
        blocks.push(text("(...)", json!({"indent": 2})));
    }
    if !line.allergens.is_empty() {
        blocks.push(text(&format!("! {}", line.allergens.join(", ")), json!({"indent": 2})));
    }
    if let Some(note) = &line.note {
        blocks.push(text(&format!("* {note}"), json!({"indent": 2, "style": {"bold": true}})));
    }
}

fn push_modifiers(blocks: &mut Vec<Value>, modifiers: &[ModifierLine], indent: u8) {
    for modifier in modifiers {
        let words = match modifier.quantity {
            none if none.is_zero() => format!("0 x {}", modifier.name),
            one if one.is_one() => modifier.name.clone(),
            many => format!("{many} x {}", modifier.name),
        };
        blocks.push(text(&words, json!({"indent": indent})));
    }
}

fn unit(line: &Line) -> String {
    line.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default()
}

fn text(words: &str, mut more: Value) -> Value {
    if let Some(block) = more.as_object_mut() {
        block.insert("type".into(), json!("text"));
        block.insert("text".into(), json!(words));
    }
    more
}
