//! Tickets: what a till asks the kitchen to cook.
//!
//! An [`Order`] is the document of a ticket job: an order, or a change of one. It says nothing of screens; the
//! agent routes its items to stations.

mod check;
pub mod fuzz;
mod item;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::document::strict::place;
pub use item::{Half, Item, Modifier, Quantity, Size};

/// An order, or a change of one. Fields of the order that a change leaves out stay as they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The order's id, `[A-Za-z0-9-]{1,64}`: of its ticket at each station too.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]{1,64}$"))]
    pub order: String,
    /// As people call it; the end of the id when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub number: Option<String>,
    /// How the guest gets it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrderType>,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub table: Option<String>,
    /// Who serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub waiter: Option<String>,
    /// Whose order it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub guest: Option<String>,
    /// How many guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 999))]
    pub guests: Option<u16>,
    /// What the kitchen should know of the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
    /// First in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rush: Option<bool>,
    /// When it has to be ready, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// What belongs to one course is fired so that all of it is ready at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<bool>,
    /// New items, or items as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub items: Vec<Item>,
    /// Items that are not wanted any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub voids: Vec<VoidItem>,
    /// Items that come over from another order as they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub take: Vec<TakeItem>,
    /// Courses to be fired now.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fire: BTreeSet<u8>,
    /// Every item is voided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Cancel>,
}

/// How the guest gets an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderType {
    /// At a table.
    #[default]
    DineIn,
    /// Taken along at once.
    Takeaway,
    /// Ordered before and fetched.
    Pickup,
    /// Brought to the guest.
    Delivery,
    /// At the bar.
    Bar,
}

/// An item that is not wanted any more, or so many of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidItem {
    /// Its id in the order.
    pub item: String,
    /// How many of it; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub by: Option<String>,
}

/// An item of another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeItem {
    /// The other order.
    pub order: String,
    /// The item's id there.
    pub item: String,
    /// Its id here; the same when absent.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
}

/// Why an order is called off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub by: Option<String>,
}

/// Why a ticket can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{problem}", if .at.is_empty() { String::new() } else { format!("{at}: ") })]
pub struct TicketError {
    /// Path of the field such as `items[1].quantity`; empty for the document itself.
    pub at: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl Order {
    /// Reads an order strictly and checks it.
    ///
    /// # Errors
    /// [`TicketError`] with the field.
    pub fn parse(document: &Value) -> Result<Self, TicketError> {
        let order: Self = serde_path_to_error::deserialize(document).map_err(|error| {
            let path = error.path().to_string();
            let message = place(&path, &error.into_inner().to_string());
            match message.strip_prefix('.').and_then(|rest| rest.split_once(": ")) {
                Some((at, problem)) => wrong(at, problem),
                None => wrong("", message),
            }
        })?;
        order.check()?;
        Ok(order)
    }
}

fn wrong(at: impl Into<String>, problem: impl Into<String>) -> TicketError {
    TicketError { at: at.into(), problem: problem.into() }
}
