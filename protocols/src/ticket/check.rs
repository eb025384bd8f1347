//! What an order may say.

use std::collections::HashSet;

use super::item::{Item, Modifier};
use super::{Order, TicketError, wrong};

const MOST_ITEMS: usize = 200;
const MOST_MODIFIERS: usize = 200;
const MOST_STATIONS: usize = 16;
const LONGEST_NAME: usize = 500;
const LONGEST_NOTE: usize = 1000;
const LONGEST_REASON: usize = 200;
const LONGEST_WORD: usize = 64;

impl Order {
    pub(super) fn check(&self) -> Result<(), TicketError> {
        id("order", &self.order)?;
        optional("number", self.number.as_deref(), 16)?;
        optional("table", self.table.as_deref(), LONGEST_WORD)?;
        optional("waiter", self.waiter.as_deref(), LONGEST_WORD)?;
        optional("guest", self.guest.as_deref(), LONGEST_WORD)?;
        optional("note", self.note.as_deref(), LONGEST_NOTE)?;
        range("guests", self.guests.map(u32::from), 1, 999)?;
        for (at, count) in
            [("items", self.items.len()), ("voids", self.voids.len()), ("take", self.take.len())]
        {
            most(at, count, MOST_ITEMS)?;
        }
        let asked = !self.items.is_empty() || !self.voids.is_empty() || !self.take.is_empty();
        let order_fields = self.number.is_some()
            || self.kind.is_some()
            || self.table.is_some()
            || self.waiter.is_some()
            || self.guest.is_some()
            || self.guests.is_some()
            || self.note.is_some()
            || self.rush.is_some()
            || self.due.is_some()
            || self.together.is_some();
        if !asked && !order_fields && self.fire.is_empty() && self.cancel.is_none() {
            return Err(wrong("", "it asks for nothing: name items, voids, take, fire or cancel"));
        }
        if let Some(course) = self.fire.iter().find(|course| **course > 99) {
            return Err(wrong("fire", format!("there is no course {course}: 0 to 99")));
        }
        if self.cancel.is_some() && (asked || !self.fire.is_empty()) {
            return Err(wrong("cancel", "what cancels an order can't add to it: send two jobs"));
        }
        let mut ids = HashSet::new();
        for (index, item) in self.items.iter().enumerate() {
            check_item(&format!("items[{index}]"), item)?;
            let own = std::iter::once(item.id.clone());
            for id in own.chain(item.separate_items().map(|separate| separate.id)) {
                if !ids.insert(id.clone()) {
                    let text = format!("there are two items {id:?}: give each its own id");
                    return Err(wrong(format!("items[{index}].id"), text));
                }
            }
        }
        for (index, void) in self.voids.iter().enumerate() {
            let at = |leaf: &str| format!("voids[{index}].{leaf}");
            id(&at("item"), &void.item)?;
            optional(&at("reason"), void.reason.as_deref(), LONGEST_REASON)?;
            optional(&at("by"), void.by.as_deref(), LONGEST_WORD)?;
            if void.quantity.is_some_and(|quantity| quantity.is_zero()) {
                return Err(wrong(at("quantity"), "must be more than 0"));
            }
        }
        for (index, take) in self.take.iter().enumerate() {
            let at = |leaf: &str| format!("take[{index}].{leaf}");
            id(&at("order"), &take.order)?;
            id(&at("item"), &take.item)?;
            if let Some(new_id) = &take.new_id {
                id(&at("as"), new_id)?;
            }
            if take.order == self.order {
                return Err(wrong(at("order"), "an order can't take from itself"));
            }
        }
        if let Some(cancel) = &self.cancel {
            optional("cancel.reason", cancel.reason.as_deref(), LONGEST_REASON)?;
            optional("cancel.by", cancel.by.as_deref(), LONGEST_WORD)?;
        }
        Ok(())
    }
}

fn check_item(path: &str, item: &Item) -> Result<(), TicketError> {
    let at = |leaf: &str| format!("{path}.{leaf}");
    id(&at("id"), &item.id)?;
    text(&at("name"), &item.name, LONGEST_NAME)?;
    optional(&at("kitchen_name"), item.kitchen_name.as_deref(), LONGEST_NAME)?;
    if let Some(size) = &item.size {
        text(&at("size.name"), &size.name, LONGEST_WORD)?;
        optional(&at("size.kitchen_name"), size.kitchen_name.as_deref(), LONGEST_WORD)?;
    }
    if item.quantity.is_zero() {
        return Err(wrong(at("quantity"), "must be more than 0: void an item that is not wanted"));
    }
    optional(&at("unit"), item.unit.as_deref(), 8)?;
    optional(&at("place"), item.place.as_deref(), LONGEST_WORD)?;
    most(&at("stations"), item.stations.len(), MOST_STATIONS)?;
    range(&at("course"), Some(u32::from(item.course)), 0, 99)?;
    range(&at("cooking_s"), item.cooking_s, 0, 86_400)?;
    check_modifiers(path, &item.modifiers, true)?;
    if item.halves.len() == 1 || item.halves.len() > 4 {
        return Err(wrong(at("halves"), format!("{}: two to four are allowed", item.halves.len())));
    }
    for (index, half) in item.halves.iter().enumerate() {
        let at = format!("{path}.halves[{index}]");
        text(&format!("{at}.name"), &half.name, LONGEST_NAME)?;
        optional(&format!("{at}.kitchen_name"), half.kitchen_name.as_deref(), LONGEST_NAME)?;
        check_modifiers(&at, &half.modifiers, false)?;
    }
    optional(&at("mix"), item.mix.as_deref(), LONGEST_WORD)?;
    most(&at("allergens"), item.allergens.len(), 50)?;
    for (index, allergen) in item.allergens.iter().enumerate() {
        text(&format!("{path}.allergens[{index}]"), allergen, LONGEST_WORD)?;
    }
    optional(&at("note"), item.note.as_deref(), LONGEST_NOTE)?;
    range(&at("seat"), item.seat.map(u32::from), 1, 999)
}

fn check_modifiers(path: &str, modifiers: &[Modifier], separate: bool) -> Result<(), TicketError> {
    most(&format!("{path}.modifiers"), modifiers.len(), MOST_MODIFIERS)?;
    for (index, modifier) in modifiers.iter().enumerate() {
        let at = |leaf: &str| format!("{path}.modifiers[{index}].{leaf}");
        text(&at("name"), &modifier.name, LONGEST_NAME)?;
        optional(&at("kitchen_name"), modifier.kitchen_name.as_deref(), LONGEST_NAME)?;
        range(&at("cooking_s"), modifier.cooking_s, 0, 86_400)?;
        most(&at("stations"), modifier.stations.len(), MOST_STATIONS)?;
        if modifier.hide_at_default && modifier.default.is_none() {
            return Err(wrong(at("hide_at_default"), "needs `default`: how many the recipe has"));
        }
        if modifier.separate {
            if !separate {
                return Err(wrong(
                    at("separate"),
                    "a modifier of a half is cooked with it: put it to the item",
                ));
            }
            if let Some(own) = &modifier.id {
                id(&at("id"), own)?;
            }
            continue;
        }
        let own = [
            ("id", modifier.id.is_some()),
            ("place", modifier.place.is_some()),
            ("stations", !modifier.stations.is_empty()),
            ("cooking_s", modifier.cooking_s.is_some()),
        ];
        if let Some((leaf, _)) = own.iter().find(|(_, given)| *given) {
            let problem = "is only for a modifier that is cooked for itself: say `\"separate\": true`";
            return Err(wrong(at(leaf), problem));
        }
    }
    Ok(())
}

fn id(at: &str, id: &str) -> Result<(), TicketError> {
    let good =
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if good { Ok(()) } else { Err(wrong(at, "is no id: 1 to 64 of A-Z a-z 0-9 -")) }
}

fn text(at: &str, text: &str, longest: usize) -> Result<(), TicketError> {
    if text.trim().is_empty() {
        return Err(wrong(at, "is empty"));
    }
    let length = text.chars().count();
    if length > longest {
        return Err(wrong(at, format!("has {length} characters; {longest} are the most")));
    }
    // A line break in a note is welcome; other control characters are a fault of the sender.
    match text.chars().find(|c| c.is_control() && *c != '\n') {
        Some(control) => Err(wrong(at, format!("has the control character {control:?}"))),
        None => Ok(()),
    }
}

fn optional(at: &str, given: Option<&str>, longest: usize) -> Result<(), TicketError> {
    given.map_or(Ok(()), |given| text(at, given, longest))
}

fn most(at: &str, count: usize, most: usize) -> Result<(), TicketError> {
    if count <= most { Ok(()) } else { Err(wrong(at, format!("{count} of them; {most} are the most"))) }
}

fn range(at: &str, value: Option<u32>, least: u32, most: u32) -> Result<(), TicketError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(wrong(at, format!("is {value}: it must be {least} to {most}")))
        }
        _ => Ok(()),
    }
}
