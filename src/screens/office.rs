//! What technicians ask about screens: the list, and who is admitted, changed and revoked.

use serde_json::{Value, json};

use super::registry::{AdmitAs, Change, Registry, Screen, ScreenError};
use crate::bus::contract::{AgentRequest, ErrorBody};

/// How screens reach the agent, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// Addresses to type into a browser.
    pub urls: Vec<String>,
    /// SHA-256 of the outlet's certificate authority.
    pub fingerprint: Option<String>,
    /// Whether what goes over the network can be read on the way.
    pub plain: bool,
}

/// Answers requests about screens.
#[derive(Clone)]
pub struct Office {
    registry: Registry,
    reach: Reach,
}

impl Office {
    /// For the screens of a registry.
    pub fn new(registry: Registry, reach: Reach) -> Self {
        Self { registry, reach }
    }

    /// Answers what is asked about screens.
    ///
    /// # Errors
    /// [`ErrorBody`], as the one who asked is told.
    pub async fn answer(&self, request: AgentRequest, user: Option<&str>) -> Result<Value, ErrorBody> {
        let who = |by: Option<String>| by.or_else(|| user.map(str::to_owned));
        let done = match request {
            AgentRequest::Screens {} => return Ok(self.list()),
            AgentRequest::Admit { code, view, stations, name, language, by } => {
                self.registry.admit(&code, AdmitAs { name, view, stations, language, by: who(by) }).await
            }
            AgentRequest::Assign { screen, view, stations, name, language, by } => {
                let change = Change { name, view, stations, language, by: who(by) };
                self.registry.assign(&screen, change).await
            }
            AgentRequest::Revoke { screen, by } => self.registry.revoke(&screen, who(by)).await,
            _ => return Err(ErrorBody::new("invalid-request", "this is no request about screens")),
        };
        match done {
            Ok(screen) => Ok(json!({"screen": self.document(&screen)})),
            Err(error) => Err(error_body(&error)),
        }
    }

    fn list(&self) -> Value {
        let screens: Vec<Value> = self.registry.all().iter().map(|screen| self.document(screen)).collect();
        json!({
            "screens": screens,
            "pending": self.registry.pending(),
            "urls": self.reach.urls,
            "fingerprint": self.reach.fingerprint,
            "plain": self.reach.plain,
        })
    }

    fn document(&self, screen: &Screen) -> Value {
        json!({
            "screen": screen.screen,
            "name": screen.name,
            "view": screen.view,
            "stations": screen.stations,
            "language": screen.language,
            "admitted_at": screen.admitted_at,
            "admitted_by": screen.admitted_by,
            "connected": self.registry.connected(&screen.screen),
            "watching": self.registry.watching(&screen.screen),
        })
    }
}

/// The refusal of requests about screens where there are none.
pub fn no_screens() -> ErrorBody {
    ErrorBody::new("unsupported", "this outlet has no screens: add a table [[station]] to the configuration")
}

fn error_body(error: &ScreenError) -> ErrorBody {
    match error {
        ScreenError::UnknownCode(_) | ScreenError::UnknownScreen(_) | ScreenError::Unfit(_) => {
            ErrorBody::new("invalid-request", error.to_string())
        }
        ScreenError::NoRandom(_) | ScreenError::Journal(_) => {
            ErrorBody::retryable("internal", error.to_string())
        }
    }
}
