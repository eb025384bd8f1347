//! Stations: what the configuration says of them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands at a station.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StationKind {
    /// The items it cooks.
    #[default]
    Kitchen,
    /// Whole orders.
    Expediter,
    /// Numbers of orders, for guests.
    Board,
}

impl StationKind {
    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kitchen => "kitchen",
            Self::Expediter => "expediter",
            Self::Board => "board",
        }
    }
}

/// A station, as those see it who only have to name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationInfo {
    /// Its id, a device's id too.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What stands there.
    pub kind: StationKind,
}

/// The table `[kitchen]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KitchenConfig {
    /// Language of screens that have none of their own: `ru`, `ro`, `en`.
    pub language: String,
    /// Seconds that a screen offers to undo.
    pub undo_s: u32,
    /// Hours that a closed order can be recalled and added to.
    pub keep_h: u32,
    /// Printed above a ticket that no screen has shown.
    pub not_on_screen: String,
}

impl KitchenConfig {
    /// Languages that screens speak.
    pub const LANGUAGES: [&str; 3] = ["ru", "ro", "en"];
}

impl Default for KitchenConfig {
    fn default() -> Self {
        Self { language: "en".into(), undo_s: 5, keep_h: 24, not_on_screen: "NOT ON SCREEN".into() }
    }
}

/// A table `[[station]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationConfig {
    /// Its name in topics, `[a-z0-9-]{1,64}`: no device has the same.
    pub id: String,
    /// Its name for people; the id when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// What stands there.
    #[serde(default)]
    pub kind: StationKind,
    /// Production place types that are cooked here.
    #[serde(default)]
    pub places: BTreeSet<String>,
    /// Cooking time of items that have none of their own, in seconds.
    #[serde(default = "default_cooking_s")]
    pub cooking_s: u32,
    /// 2: cooking is begun and ended; 1: one bump does both.
    #[serde(default = "default_steps")]
    pub steps: u8,
    /// The device that prints what no screen has shown.
    #[serde(default)]
    pub printer: Option<String>,
    /// Seconds without a screen that has shown a ticket, after which it is printed.
    #[serde(default = "default_print_after_s")]
    pub print_after_s: u32,
    /// The station that takes half of what is new in peak mode.
    #[serde(default)]
    pub peak_to: Option<String>,
}

impl StationConfig {
    /// A station that has nothing but a name.
    pub fn named(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: None,
            kind: StationKind::Kitchen,
            places: BTreeSet::new(),
            cooking_s: default_cooking_s(),
            steps: default_steps(),
            printer: None,
            print_after_s: default_print_after_s(),
            peak_to: None,
        }
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// What others need to know of it.
    pub fn info(&self) -> StationInfo {
        StationInfo { id: self.id.clone(), name: self.name().to_owned(), kind: self.kind }
    }
}

fn default_cooking_s() -> u32 {
    900
}

fn default_steps() -> u8 {
    2
}

fn default_print_after_s() -> u32 {
    20
}
