//! Who may ask for what.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::bus::contract::ErrorBody;

/// A right that a client can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Print documents.
    Print,
    /// Use fiscal registers.
    Fiscal,
    /// Open the cash drawer.
    Drawer,
    /// Send bytes as they are.
    Raw,
    /// Weigh and count, set a scale to zero or tare.
    Measure,
    /// Switch relays: bells, locks, lights.
    Switch,
    /// Load items into label scales.
    Items,
    /// Give commands to the kitchen as a screen does; screens have the rights of their view.
    Kitchen,
    /// List, cancel, release and resolve jobs; ask devices how they are.
    Manage,
    /// Test devices, look for what is plugged in, see the bytes that went over the line, admit screens.
    Technician,
}

impl Right {
    const ALL: [Self; 10] = [
        Self::Print,
        Self::Fiscal,
        Self::Drawer,
        Self::Raw,
        Self::Measure,
        Self::Switch,
        Self::Items,
        Self::Kitchen,
        Self::Manage,
        Self::Technician,
    ];

    /// The word of the configuration.
    fn as_str(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::Fiscal => "fiscal",
            Self::Drawer => "drawer",
            Self::Raw => "raw",
            Self::Measure => "measure",
            Self::Switch => "switch",
            Self::Items => "items",
            Self::Kitchen => "kitchen",
            Self::Manage => "manage",
            Self::Technician => "technician",
        }
    }
}

/// By hand: the crate `config` would not say which rights there are.
impl<'de> Deserialize<'de> for Right {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::ALL.into_iter().find(|right| right.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            serde::de::Error::custom(format!("there is no right {word:?}: write {known}"))
        })
    }
}

/// The rights of all clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Of clients that no user is known of.
    pub anonymous: BTreeSet<Right>,
    /// By user name.
    pub users: BTreeMap<String, BTreeSet<Right>>,
}

impl Default for Rights {
    fn default() -> Self {
        Self {
            anonymous: Right::ALL.into_iter().filter(|right| *right != Right::Raw).collect(),
            users: BTreeMap::new(),
        }
    }
}

impl Rights {
    /// Refuses with `forbidden` where one of the rights is missing.
    pub fn require(&self, user: Option<&str>, needed: &[Right]) -> Result<(), ErrorBody> {
        let granted = match user {
            Some(user) => self.users.get(user),
            None => Some(&self.anonymous),
        };
        let missing = needed.iter().find(|right| !granted.is_some_and(|rights| rights.contains(right)));
        match missing {
            None => Ok(()),
            Some(right) => {
                let word = right.as_str();
                let (who, place) = match user {
                    Some(user) => (format!("user {user}"), format!("[rights.users] {user}")),
                    None => ("a client without a user".to_owned(), "[rights] anonymous".to_owned()),
                };
                Err(ErrorBody::new(
                    "forbidden",
                    format!("{who} lacks the right {word:?}: add it to {place} in the configuration"),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_without_a_user_may_do_all_but_send_bytes_as_they_are() {
        let rights = Rights::default();
        assert_eq!(rights.require(None, &[Right::Print, Right::Drawer, Right::Manage]), Ok(()));
        let refused = rights.require(None, &[Right::Print, Right::Raw]).unwrap_err();
        assert_eq!(refused.code, "forbidden");
        assert!(refused.message.contains("\"raw\": add it to [rights] anonymous"), "{}", refused.message);
    }

    #[test]
    fn a_user_has_the_rights_of_its_name_and_no_others() {
        let users = [("anna".to_owned(), [Right::Raw].into())].into();
        let rights = Rights { users, ..Rights::default() };
        assert_eq!(rights.require(Some("anna"), &[Right::Raw]), Ok(()));
        let refused = rights.require(Some("anna"), &[Right::Print]).unwrap_err();
        assert!(refused.message.contains("[rights.users] anna"), "{}", refused.message);
        assert!(rights.require(Some("boris"), &[Right::Print]).is_err(), "strangers are not anonymous");
    }

    #[test]
    fn an_unknown_right_is_answered_with_those_there_are() {
        for right in Right::ALL {
            let word = serde_json::to_string(&right).unwrap();
            assert_eq!(serde_json::from_str::<Right>(&word).ok(), Some(right));
        }
        let error = serde_json::from_str::<Right>("\"everything\"").unwrap_err().to_string();
        assert!(
            error.contains("write print, fiscal, drawer, raw, measure, switch, items, kitchen, manage"),
            "{error}"
        );
    }
}
