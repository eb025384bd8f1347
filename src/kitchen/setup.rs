//! Where items go, and whether an order can be taken at all.

use std::sync::Arc;

use outlet_devices::driver::{Check, Description};
use outlet_devices::{DeviceError, ErrorKind, Work};
use outlet_protocols::ticket::{Item, Order};
use serde_json::json;

use super::change::{Route, moment};
use super::stations::{KitchenConfig, StationConfig, StationKind};

/// Code of an order with an item that no station cooks.
pub const NO_ROUTE: &str = "no-route";

/// The kitchen as the configuration has it.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What all stations have in common.
    pub config: KitchenConfig,
    /// The stations.
    pub stations: Vec<StationConfig>,
}

impl Setup {
    /// A station.
    pub fn station(&self, id: &str) -> Option<&StationConfig> {
        self.stations.iter().find(|station| station.id == id)
    }

    /// A station's name for people; its id where it is not configured any more.
    pub fn name_of(&self, id: &str) -> String {
        self.station(id).map_or(id, StationConfig::name).to_owned()
    }

    /// Whether somebody hands the dishes over: then `ready` is not the end.
    pub fn has_expediter(&self) -> bool {
        self.stations.iter().any(|station| station.kind == StationKind::Expediter)
    }

    /// The stations that cook an item of a job sent to `sent_to`, before peak mode and handed over work count.
    ///
    /// # Errors
    /// Why there is none, with the remedy.
    pub fn route(&self, item: &Item, sent_to: &str) -> Result<Vec<Route>, String> {
        let cooks = |station: &&StationConfig| station.kind == StationKind::Kitchen;
        let all = || self.stations.iter().filter(cooks);
        let known = || all().map(|station| station.id.as_str()).collect::<Vec<_>>().join(", ");
        let found: Vec<&StationConfig> = if !item.stations.is_empty() {
            let mut found = Vec::new();
            for id in &item.stations {
                let station = all().find(|station| &station.id == id).ok_or_else(|| {
                    format!("no station {id:?} cooks here: name one of {}, or add a [[station]]", known())
                })?;
                if !found.iter().any(|other: &&StationConfig| other.id == station.id) {
                    found.push(station);
                }
            }
            found
        } else if let Some(place) = &item.place {
            all().filter(|station| station.places.contains(place)).collect()
        } else {
            all().filter(|station| station.id == sent_to).collect()
        };
        if found.is_empty() {
            let why = match &item.place {
                Some(place) => format!(
                    "no station cooks what is made in {place:?}: add it to the `places` of a [[station]], or name \
                     `stations`"
                ),
                None => format!("it has no `place` and no `stations`: name one of {}", known()),
            };
            return Err(why);
        }
        let route = |station: &StationConfig| Route {
            station: station.id.clone(),
            cooking_s: item.cooking_s.unwrap_or(station.cooking_s),
        };
        Ok(found.into_iter().map(route).collect())
    }

    /// What a station is, for its device document.
    pub fn description(&self, station: &StationConfig) -> Description {
        let takes = station.kind != StationKind::Board;
        Description {
            kind: "station".to_owned(),
            driver: "kitchen".to_owned(),
            model: None,
            name: station.name().to_owned(),
            link: format!("screen://{}", station.id),
            capabilities: takes.then(|| "ticket".to_owned()).into_iter().collect(),
            limits: json!({
                "station": station.kind, "places": station.places, "cooking_s": station.cooking_s,
                "steps": station.steps, "printer": station.printer, "print_after_s": station.print_after_s,
            }),
        }
    }
}

/// Judges orders sent to one station.
pub struct OrderCheck {
    /// The kitchen.
    pub setup: Arc<Setup>,
    /// The station that the job was sent to.
    pub station: String,
}

impl Check for OrderCheck {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let Work::Ticket(order) = work else {
            let message = "a station of the kitchen shows orders: send a ticket job";
            return Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", message));
        };
        check_times(order)?;
        for (index, item) in order.items.iter().enumerate() {
            let unrouted = |item: &Item, at: String, why: String| {
                let message = format!("document: {at}: {:?} can't be cooked: {why}", item.name);
                Err(DeviceError::new(ErrorKind::Rejected, NO_ROUTE, message))
            };
            if let Err(why) = self.setup.route(item, &self.station) {
                return unrouted(item, format!("items[{index}]"), why);
            }
            for separate in item.separate_items() {
                if let Err(why) = self.setup.route(&separate, &self.station) {
                    return unrouted(&separate, format!("items[{index}].modifiers"), why);
                }
            }
        }
        Ok(())
    }
}

fn check_times(order: &Order) -> Result<(), DeviceError> {
    let items = order.items.iter().enumerate();
    let times = items.map(|(index, item)| (format!("items[{index}].fire_at"), item.fire_at.as_deref()));
    for (at, time) in times.chain([("due".to_owned(), order.due.as_deref())]) {
        if time.is_some() && moment(time).is_none() {
            let message = format!("document: {at}: is no time: write RFC 3339, 2026-05-01T18:30:00.000Z");
            return Err(DeviceError::new(ErrorKind::Rejected, "invalid-request", message));
        }
    }
    Ok(())
}
