//! What the broker may be told, and what it refuses to be told.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::accept::tls_acceptor;
use super::rights::{AGENT_USER, SCREENS_USER, User, filter_problem};

/// The table `[embedded]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddedConfig {
    /// Where MQTT clients connect. Plain on loopback; anywhere else TLS, and only with `tls` and
    /// `users`. Port 0 takes a free one.
    pub mqtt: SocketAddr,
    /// Where browsers connect (WebSocket, path `/mqtt`), by the same rules.
    pub websocket: Option<SocketAddr>,
    /// Web pages allowed to connect besides those served from this machine itself, as a browser
    /// names them: `https://pos.example`. Clients that are no browsers send no Origin and are not
    /// asked for one.
    pub origins: Vec<String>,
    /// Certificate and key for addresses that are not loopback.
    pub tls: Option<TlsFiles>,
    /// Who may connect. Without any, everybody on this machine may, with all rights but those of
    /// the agent.
    pub users: Vec<User>,
    /// Folder for sessions and retained messages. Without it they are kept in memory.
    pub store: Option<PathBuf>,
    /// Bounds on what clients can make the broker hold.
    #[serde(skip)]
    pub limits: Limits,
    /// Filters of topics that only the agent may publish to.
    #[serde(skip)]
    pub agent_topics: Vec<String>,
    /// The agent's client identifier; nobody else may take it, or one that begins with it and `-screen-`.
    #[serde(skip)]
    pub agent_client_id: String,
    /// Filters of topics that kitchen screens may publish to.
    #[serde(skip)]
    pub screens_publish: Vec<String>,
    /// Filters of topics that kitchen screens may subscribe to.
    #[serde(skip)]
    pub screens_subscribe: Vec<String>,
}

impl Default for EmbeddedConfig {
    fn default() -> Self {
        Self {
            mqtt: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1883),
            websocket: None,
            origins: Vec::new(),
            tls: None,
            users: Vec::new(),
            store: None,
            limits: Limits::default(),
            agent_topics: Vec::new(),
            agent_client_id: "outletd".to_owned(),
            screens_publish: Vec::new(),
            screens_subscribe: Vec::new(),
        }
    }
}

/// Certificate and private key, PEM files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
    /// Certificates of the authorities that sign those of clients, PEM. A client that shows such a certificate is
    /// the user whom its common name names, and needs no password.
    #[serde(default)]
    pub clients: Option<PathBuf>,
}

/// Bounds. The defaults suit an outlet of a hundred tills, screens and handhelds.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time, beside those of the agent and of the kitchen screens.
    pub clients: usize,
    /// Bytes of one packet, header included. More ends the connection with 0x95. Large enough for
    /// the agent to answer an oversized job itself.
    pub packet_bytes: usize,
    /// Retained messages of clients; one more is refused with 0x97 (quota exceeded).
    pub retained_messages: usize,
    /// Bytes of one retained payload.
    pub retained_bytes: usize,
    /// Bytes of all retained payloads of clients together.
    pub retained_total: usize,
    /// Sessions of clients that are away.
    pub absent_sessions: usize,
    /// Messages waiting for one subscriber that is away or slow.
    pub queued_messages: usize,
    /// Bytes waiting for one subscriber that is away or slow.
    pub queued_bytes: usize,
    /// Subscriptions of one client.
    pub subscriptions: usize,
    /// How long the session of a client that is away is kept at most.
    pub session_expiry: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 500,
            packet_bytes: 4 << 20,
            retained_messages: 10_000,
            retained_bytes: 1 << 20,
            retained_total: 64 << 20,
            absent_sessions: 1_000,
            queued_messages: 50_000,
            queued_bytes: 16 << 20,
            subscriptions: 1_000,
            session_expiry: Duration::from_secs(2 * 24 * 3600),
        }
    }
}

impl EmbeddedConfig {
    /// Checks what can be checked without opening anything.
    ///
    /// # Errors
    /// [`BrokerError::OpenNetwork`] and [`BrokerError::User`].
    pub fn check(&self) -> Result<(), BrokerError> {
        let listeners = [("mqtt", Some(self.mqtt)), ("websocket", self.websocket)];
        for (key, addr) in listeners {
            let Some(addr) = addr.filter(|addr| !addr.ip().is_loopback()) else { continue };
            let missing = match (self.users.is_empty(), self.tls.is_none()) {
                (false, false) => continue,
                (true, true) => "[[embedded.users]] and [embedded.tls]",
                (true, false) => "[[embedded.users]]",
                (false, true) => "[embedded.tls]",
            };
            return Err(BrokerError::OpenNetwork { key, addr, missing });
        }
        let mut names = HashSet::new();
        for user in &self.users {
            let refuse = |problem: String| BrokerError::User { name: user.name.clone(), problem };
            if user.name.is_empty() || [AGENT_USER, SCREENS_USER].contains(&user.name.as_str()) {
                return Err(refuse("the name is empty or the agent's own: choose another".into()));
            }
            if !names.insert(user.name.as_str()) {
                return Err(refuse("is there twice: remove one".into()));
            }
            match &user.password {
                Some(password) => {
                    if let Some(problem) = password.problem() {
                        return Err(refuse(problem.into()));
                    }
                }
                None if self.tls.as_ref().is_some_and(|tls| tls.clients.is_some()) => {}
                None => {
                    return Err(refuse(
                        "has no password: set one, or let it show a certificate ([embedded.tls] clients)"
                            .into(),
                    ));
                }
            }
            for filter in user.publish.iter().chain(&user.subscribe) {
                if let Some(problem) = filter_problem(filter) {
                    return Err(refuse(format!("topic filter \"{filter}\" {problem}")));
                }
            }
        }
        Ok(())
    }

    /// Reads certificates and keys, as the start does.
    ///
    /// # Errors
    /// [`BrokerError::Tls`].
    pub fn check_files(&self) -> Result<(), BrokerError> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls_acceptor(tls).map(drop))
    }
}

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Another program listens there.
    #[error(
        "{addr} is already in use: another outletd or mosquitto is listening there; stop it or \
         set [embedded] {key} to another address"
    )]
    AddressInUse {
        /// Key of `[embedded]`.
        key: &'static str,
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The address can't be listened on for another reason.
    #[error("cannot listen on {addr}: check [embedded] {key}")]
    Listen {
        /// Key of `[embedded]`.
        key: &'static str,
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The network could reach printers and drawers without a password, or read it on the way.
    #[error(
        "[embedded] {key} = \"{addr}\" is reachable from the network and needs {missing}; or set \
         it to 127.0.0.1:{port}", port = addr.port()
    )]
    OpenNetwork {
        /// Key of `[embedded]`.
        key: &'static str,
        /// The address asked for.
        addr: SocketAddr,
        /// The tables to add.
        missing: &'static str,
    },
    /// A user that can't be.
    #[error("[[embedded.users]] \"{name}\": {problem}")]
    User {
        /// Name as configured.
        name: String,
        /// What is wrong, with the remedy.
        problem: String,
    },
    /// Certificate or key can't be used.
    #[error("[embedded.tls] {}: {problem}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The folder for sessions can't be used.
    #[error("[embedded] store = \"{}\": {problem}; another agent may be using it", dir.display())]
    Store {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl TlsFiles {
    /// The key of a table that names a file.
    pub(crate) fn key_of(&self, file: &Path) -> &'static str {
        if file == self.certificate {
            "certificate"
        } else if file == self.key {
            "key"
        } else {
            "clients"
        }
    }
}

impl BrokerError {
    pub(super) fn listen(key: &'static str, addr: SocketAddr, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::AddressInUse { key, addr }
        } else {
            Self::Listen { key, addr, source }
        }
    }

    pub(super) fn store(dir: &Path, problem: &dyn std::fmt::Display) -> Self {
        Self::Store { dir: dir.to_owned(), problem: problem.to_string() }
    }
}
