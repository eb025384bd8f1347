//! Who a client is, and which topics it may use.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::types::ReasonCode;
use serde::Deserialize;

use super::link::Conn;
use super::password::{Password, Verifier, same};
use super::retained::Retained;
use super::sessions::{Claim, Sessions};
use super::{AgentAccess, EmbeddedConfig, PublishHook};
use crate::attempts::Attempts;
use crate::lobby::Place;

/// The name the agent signs in with.
pub(super) const AGENT_USER: &str = "outletd-agent";
/// The name that the agent connects with on behalf of kitchen screens.
pub const SCREENS_USER: &str = "outletd-screens";

/// Somebody who may connect, and the topics they may use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// MQTT user name.
    pub name: String,
    /// Password, or its Argon2 hash. Without one the user signs in by its certificate alone.
    #[serde(default)]
    pub password: Option<Password>,
    /// Topic filters the user may publish below.
    #[serde(default)]
    pub publish: Vec<String>,
    /// Topic filters the user may subscribe to, whole or in part.
    #[serde(default)]
    pub subscribe: Vec<String>,
}

/// Whether every topic that `filter` matches is matched by `allowed` too. A topic is a filter
/// without wildcards. MQTT 5, section 4.7: `#` also matches the level above it, and no wildcard at
/// the start matches a topic that begins with `$`.
pub fn covers(allowed: &str, filter: &str) -> bool {
    if filter.starts_with('$') && !allowed.starts_with('$') {
        return false;
    }
    let mut filter = filter.split('/');
    for level in allowed.split('/') {
        match (level, filter.next()) {
            ("#", _) => return true,
            (_, None | Some("#")) => return false,
            ("+", Some(_)) => {}
            (level, Some(asked)) if level == asked => {}
            _ => return false,
        }
    }
    filter.next().is_none()
}

/// What is wrong with a topic filter, if anything.
pub(super) fn filter_problem(filter: &str) -> Option<&'static str> {
    if filter.is_empty() || filter.contains('\0') {
        return Some("is empty or has a NUL");
    }
    let levels: Vec<&str> = filter.split('/').collect();
    for (at, level) in levels.iter().enumerate() {
        if level.contains('#') && (*level != "#" || at + 1 != levels.len()) {
            return Some("has a # that is not its last level");
        }
        if level.contains('+') && *level != "+" {
            return Some("has a + that is not a level of its own");
        }
    }
    None
}

/// The rights of everybody.
pub(super) struct Access {
    users: Vec<User>,
    agent_topics: Vec<String>,
    agent_client_id: String,
    agent_password: String,
    screens_password: String,
    screens_publish: Vec<String>,
    screens_subscribe: Vec<String>,
    attempts: Attempts,
    verifier: Verifier,
}

impl Access {
    pub(super) fn new(config: &EmbeddedConfig) -> Self {
        Self {
            users: config.users.clone(),
            agent_topics: config.agent_topics.clone(),
            agent_client_id: config.agent_client_id.clone(),
            agent_password: random_hex(),
            screens_password: random_hex(),
            screens_publish: config.screens_publish.clone(),
            screens_subscribe: config.screens_subscribe.clone(),
            attempts: Attempts::default(),
            verifier: Verifier::new(),
        }
    }

    pub(super) fn agent(&self, addr: SocketAddr) -> AgentAccess {
        AgentAccess {
            addr,
            client_id: self.agent_client_id.clone(),
            user: AGENT_USER.to_owned(),
            password: self.agent_password.clone(),
        }
    }

    /// How the agent connects on behalf of screens; each adds `-screen-` and its id to the client identifier.
    pub(super) fn screens(&self, addr: SocketAddr) -> AgentAccess {
        AgentAccess {
            addr,
            client_id: self.agent_client_id.clone(),
            user: SCREENS_USER.to_owned(),
            password: self.screens_password.clone(),
        }
    }

    /// `certified`: the common name of the certificate that the client has shown.
    async fn sign_in(
        &self,
        connect: &ConnectPacket,
        from: IpAddr,
        certified: Option<&str>,
    ) -> Result<Who, ReasonCode> {
        let password = connect.password.as_deref().unwrap_or_default();
        if connect.username.as_deref() == Some(AGENT_USER) {
            let known = same(self.agent_password.as_bytes(), password);
            return if known { Ok(Who::Agent) } else { Err(ReasonCode::BadUsernameOrPassword) };
        }
        let of_screens = connect
            .client_id
            .strip_prefix(self.agent_client_id.as_str())
            .is_some_and(|rest| rest.starts_with("-screen-"));
        if connect.username.as_deref() == Some(SCREENS_USER) {
            let known = same(self.screens_password.as_bytes(), password) && of_screens;
            return if known { Ok(Who::Screens) } else { Err(ReasonCode::BadUsernameOrPassword) };
        }
        if connect.client_id == self.agent_client_id || of_screens {
            return Err(ReasonCode::ClientIdentifierNotValid);
        }
        if self.users.is_empty() {
            return Ok(Who::Anybody);
        }
        if let Some(certified) = certified {
            // Who shows a certificate is who it says, and nobody else.
            let claims = connect.username.as_deref().is_none_or(|name| name == certified);
            let known = self.users.iter().any(|user| user.name == certified);
            return if claims && known {
                Ok(Who::User(certified.to_owned()))
            } else {
                Err(ReasonCode::NotAuthorized)
            };
        }
        let Some(name) = connect.username.as_deref() else {
            return Err(ReasonCode::NotAuthorized);
        };
        // Programs on this machine are not slowed down: they share one address.
        let attempt = match from.is_loopback() {
            true => None,
            false => Some(self.attempts.begin(from).await.ok_or(ReasonCode::ConnectionRateExceeded)?),
        };
        let user = self.users.iter().find(|user| user.name == name);
        let expected = user.and_then(|user| user.password.as_ref());
        let like = self.users.iter().filter_map(|user| user.password.as_ref()).find(|like| like.is_hash());
        let known = self.verifier.verify_user(expected, password, like).await;
        if let Some(attempt) = attempt.filter(|_| known) {
            attempt.succeeded();
        }
        match user {
            Some(user) if known => Ok(Who::User(user.name.clone())),
            _ => Err(ReasonCode::BadUsernameOrPassword),
        }
    }

    /// Whether somebody can sign in as this.
    fn exists(&self, user: Option<&str>) -> bool {
        match user {
            None => self.users.is_empty(),
            Some(AGENT_USER | SCREENS_USER) => true,
            Some(name) => self.users.iter().any(|user| user.name == name),
        }
    }

    fn may_publish(&self, user: Option<&str>, topic: &str) -> bool {
        if user == Some(AGENT_USER) {
            return true;
        }
        if user == Some(SCREENS_USER) {
            return covered(&self.screens_publish, topic);
        }
        let agents = topic.starts_with('$') || covered(&self.agent_topics, topic);
        !agents && self.granted(user, topic, |user| &user.publish)
    }

    fn may_subscribe(&self, user: Option<&str>, filter: &str) -> bool {
        let filter = match filter.strip_prefix("$share/") {
            Some(shared) => shared.split_once('/').map_or("", |(_group, filter)| filter),
            None => filter,
        };
        match user {
            Some(AGENT_USER) => true,
            Some(SCREENS_USER) => covered(&self.screens_subscribe, filter),
            user => self.granted(user, filter, |user| &user.subscribe),
        }
    }

    fn granted(&self, name: Option<&str>, filter: &str, rights: impl Fn(&User) -> &Vec<String>) -> bool {
        if self.users.is_empty() {
            return true;
        }
        let user = self.users.iter().find(|user| Some(user.name.as_str()) == name);
        user.is_some_and(|user| covered(rights(user), filter))
    }
}

enum Who {
    Agent,
    Screens,
    User(String),
    Anybody,
}

pub(super) fn covered(allowed: &[String], filter: &str) -> bool {
    allowed.iter().any(|allowed| covers(allowed, filter))
}

fn random_hex() -> String {
    let mut bytes = [0u8; 24];
    let random = tokio_rustls::rustls::crypto::ring::default_provider().secure_random;
    if random.fill(&mut bytes).is_err() {
        tracing::warn!("the system has no random numbers: the agent's password is weak");
        bytes[..4].copy_from_slice(&std::process::id().to_le_bytes());
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The rights as the library asks for them, one for each connection.
pub(super) struct Gate {
    pub(super) access: Arc<Access>,
    pub(super) conn: Arc<Conn>,
    pub(super) hook: Arc<dyn PublishHook>,
    pub(super) agent_only: bool,
    /// The common name of the certificate that the client has shown.
    pub(super) certified: Option<String>,
    /// Where the client waits until it has signed in.
    pub(super) waiting: Mutex<Option<Place>>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) retained: Arc<Retained>,
    /// The client identifier that the connection has.
    pub(super) claim: Mutex<Option<Claim>>,
}

impl Gate {
    fn refused(&self, connect: &ConnectPacket, from: SocketAddr, reason: ReasonCode) -> AuthResult {
        let user = connect.username.as_deref().unwrap_or("");
        tracing::warn!(client = %connect.client_id, user, %from, ?reason, "MQTT client refused");
        self.hook.refused(&connect.client_id, user, from);
        AuthResult::fail(reason)
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for Gate {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        from: SocketAddr,
    ) -> Answer<'a, mqtt5::Result<AuthResult>> {
        Box::pin(async move {
            self.conn.speaks(connect.protocol_version);
            let user = match self.access.sign_in(connect, from.ip(), self.certified.as_deref()).await {
                Ok(Who::Agent) => Some(AGENT_USER.to_owned()),
                Ok(Who::Screens) => Some(SCREENS_USER.to_owned()),
                Ok(_) if self.agent_only => {
                    return Ok(self.refused(connect, from, ReasonCode::NotAuthorized));
                }
                Ok(Who::User(name)) => Some(name),
                Ok(Who::Anybody) => None,
                Err(reason) => return Ok(self.refused(connect, from, reason)),
            };
            if let Some(will) = &connect.will
                && !self.access.may_publish(user.as_deref(), &will.topic)
            {
                return Ok(self.refused(connect, from, ReasonCode::NotAuthorized));
            }
            if let Some(will) = &connect.will
                && will.retain
                && !self.retained.has_room(&will.topic, will.payload.len())
            {
                return Ok(self.refused(connect, from, ReasonCode::QuotaExceeded));
            }
            let exists = |user: Option<&str>| self.access.exists(user);
            let claim = self.sessions.claim(&connect.client_id, user.as_deref(), exists).await;
            if claim.is_none() {
                return Ok(self.refused(connect, from, ReasonCode::ClientIdentifierNotValid));
            }
            *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = claim;
            drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take());
            Ok(match user {
                Some(user) => AuthResult::success_with_user(user),
                None => AuthResult::success(),
            })
        })
    }

    fn authorize_publish<'a>(
        &'a self,
        _client: &str,
        user: Option<&'a str>,
        topic: &'a str,
    ) -> Answer<'a, bool> {
        let allowed = self.access.may_publish(user, topic);
        Box::pin(std::future::ready(allowed))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client: &str,
        user: Option<&'a str>,
        filter: &'a str,
    ) -> Answer<'a, bool> {
        let allowed = self.access.may_subscribe(user, filter);
        Box::pin(std::future::ready(allowed))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use futures_util::FutureExt;
    use mqtt5::broker::auth::PasswordAuthProvider;

    use super::*;

    #[test]
    fn a_filter_is_covered_when_nothing_it_matches_is_outside() {
        for (allowed, filter) in [
            ("#", "a/b"),
            ("#", "#"),
            ("a/#", "a"),
            ("a/#", "a/b/c"),
            ("a/#", "a/+/#"),
            ("a/+", "a/b"),
            ("a/+", "a/+"),
            ("+/b", "a/b"),
            ("a/+/#", "a/b"),
            ("/a", "/a"),
            ("$SYS/#", "$SYS/broker"),
        ] {
            assert!(covers(allowed, filter), "{allowed} should cover {filter}");
        }
    }

    #[test]
    fn a_filter_is_not_covered_when_something_it_matches_is_outside() {
        for (allowed, filter) in [
            ("a/#", "#"),
            ("a/#", "+/b"),
            ("a/#", "ab"),
            ("a/+", "a/#"),
            ("a/+", "a"),
            ("a/+", "a/b/c"),
            ("a/b", "a/+"),
            ("a/b", "a/b/"),
            ("a/+/#", "a"),
            ("#", "$SYS/broker"),
            ("+/broker", "$SYS/broker"),
        ] {
            assert!(!covers(allowed, filter), "{allowed} should not cover {filter}");
        }
    }

    #[test]
    fn a_shared_subscription_needs_the_right_to_its_filter() {
        let access = Access::new(&EmbeddedConfig {
            users: vec![User {
                name: "screen".into(),
                password: Some(Password::new("s")),
                publish: vec![],
                subscribe: vec!["kitchen/#".into()],
            }],
            ..EmbeddedConfig::default()
        });
        for (filter, allowed) in [
            ("$share/all/kitchen/+", true),
            ("$share/kitchen/#", false),
            ("$share/kitchen/device/+", false),
            ("$share/all", false),
        ] {
            assert_eq!(access.may_subscribe(Some("screen"), filter), allowed, "{filter}");
        }
    }

    /// An outlet whose till has a password that is kept as a hash.
    fn access() -> Access {
        let hash = PasswordAuthProvider::hash_password("right").unwrap();
        Access::new(&EmbeddedConfig {
            users: vec![User {
                name: "till".into(),
                password: Some(Password::new(hash)),
                publish: vec![],
                subscribe: vec![],
            }],
            ..EmbeddedConfig::default()
        })
    }

    fn sign_in(name: &str, password: &str) -> ConnectPacket {
        let options = mqtt5::types::ConnectOptions::new("pos-1").with_credentials(name, password.as_bytes());
        ConnectPacket::new(options.protocol_options)
    }

    #[tokio::test]
    async fn of_a_hundred_passwords_that_are_guessed_at_once_ten_are_looked_at() {
        let access = access();
        let (guesser, till) = (IpAddr::from([10, 0, 0, 9]), IpAddr::from([10, 0, 0, 7]));
        let guess = sign_in("till", "wrong");
        let guesses = (0..100).map(|_| access.sign_in(&guess, guesser, None));
        let answers = futures_util::future::join_all(guesses).await;
        let refused = |reason| move |answer: &&Result<Who, ReasonCode>| answer.as_ref().err() == Some(reason);
        let looked_at = answers.iter().filter(refused(&ReasonCode::BadUsernameOrPassword)).count();
        let unheard = answers.iter().filter(refused(&ReasonCode::ConnectionRateExceeded)).count();
        assert!((1..=10).contains(&looked_at), "{looked_at}");
        assert_eq!(looked_at + unheard, 100);
        assert!(access.sign_in(&sign_in("till", "right"), till, None).await.is_ok(), "others are let in");
    }

    #[tokio::test]
    async fn a_user_who_is_not_there_is_refused_as_one_is_whose_password_is_wrong() {
        let (access, from) = (access(), IpAddr::from([10, 0, 0, 9]));
        for name in ["till", "nobody"] {
            let guess = sign_in(name, "wrong");
            let mut judged = std::pin::pin!(access.sign_in(&guess, from, None));
            assert!(judged.as_mut().now_or_never().is_none(), "{name}: a hash is calculated");
            assert_eq!(judged.await.err(), Some(ReasonCode::BadUsernameOrPassword), "{name}");
        }
    }

    #[test]
    fn filters_that_mqtt_forbids_are_named() {
        for filter in ["", "a/#/b", "a#", "a/b+", "+a/b"] {
            assert!(filter_problem(filter).is_some(), "{filter}");
        }
        for filter in ["#", "+", "a/+/b/#", "/"] {
            assert!(filter_problem(filter).is_none(), "{filter}");
        }
    }
}
