//! The table `[web]`: where screens connect.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::authority::{AuthorityError, is_dns_name};
use super::certificates;
use crate::broker::{Password, TlsFiles};

/// The port where screens connect unless another is set.
const PORT: u16 = 8480;

/// The table `[web]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebConfig {
    /// Where screens connect. Plain on loopback; anywhere else TLS. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether there is no TLS even beyond loopback.
    pub plain: bool,
    /// Names and addresses that the agent's own certificate is for, beside those that it finds itself.
    pub names: Vec<String>,
    /// A certificate and its key, in place of the agent's own.
    pub tls: Option<TlsFiles>,
    /// What the status page asks of those who are not at this machine, or its Argon2 hash.
    pub password: Option<Password>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT),
            plain: false,
            names: Vec::new(),
            tls: None,
            password: None,
        }
    }
}

impl WebConfig {
    /// Whether what goes over the network can be read on the way.
    pub fn is_open(&self) -> bool {
        self.plain && !self.listen.ip().is_loopback()
    }

    /// Whether TLS is spoken.
    pub fn is_secure(&self) -> bool {
        !self.plain && !self.listen.ip().is_loopback()
    }

    /// Whether the agent makes its certificate itself.
    pub fn has_authority(&self) -> bool {
        self.is_secure() && self.tls.is_none()
    }

    /// Checks what can be known without listening.
    ///
    /// # Errors
    /// [`WebError::Setting`].
    pub fn check(&self) -> Result<(), WebError> {
        let wrong = |key: String, problem: String| Err(WebError::Setting { key, problem });
        if self.plain && self.listen.ip().is_loopback() {
            let problem = "there is no TLS on loopback anyway: leave it out, or set listen to an address of the network";
            return wrong("plain".into(), problem.into());
        }
        if self.plain && self.password.is_some() {
            let problem = "there is [web] password, too, and without TLS everybody on the network can read it: take \
                           `plain` out; or take the password out, and use `outletd screens` and `outletd devices` in \
                           place of the status page";
            return wrong("plain".into(), problem.into());
        }
        if self.plain && self.tls.is_some() {
            return wrong("plain".into(), "there is [web.tls], too: leave one of them out".into());
        }
        if self.tls.as_ref().is_some_and(|tls| tls.clients.is_some()) {
            let problem = "screens have credentials of their own, given when they are admitted: take it out";
            return wrong("tls.clients".into(), problem.into());
        }
        let is_name = |name: &String| is_dns_name(name) || name.parse::<IpAddr>().is_ok();
        if let Some(index) = self.names.iter().position(|name| !is_name(name)) {
            let name = &self.names[index];
            let problem =
                format!("{name:?} is no name of a machine: write one as kitchen.example or an address");
            return wrong(format!("names[{index}]"), problem);
        }
        if let Some(problem) = self.password.as_ref().and_then(Password::problem) {
            return wrong("password".into(), problem.into());
        }
        Ok(())
    }

    /// Reads a certificate of the configuration and its key, as the start does.
    ///
    /// # Errors
    /// [`WebError::Certificate`].
    pub fn check_files(&self) -> Result<(), WebError> {
        match self.tls.as_ref().filter(|_| self.is_secure()) {
            Some(tls) => certificates::read(&tls.certificate, &tls.key).map(drop),
            None => Ok(()),
        }
    }
}

/// Why screens can't be let in.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A setting that can't be.
    #[error("[web] {key}: {problem}")]
    Setting {
        /// Key of `[web]`.
        key: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// Somebody else listens there.
    #[error("{addr} is already in use: stop what is listening there, or set [web] listen to another address")]
    AddressInUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The address can't be listened on for another reason.
    #[error("cannot listen on {addr}: {source}; check [web] listen")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The agent's own certificates can't be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A certificate or its key can't be used.
    #[error("[web.tls] {}: {problem}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The way to the broker can't be prepared.
    #[error("screens have no way to the broker: {0}")]
    Broker(String),
}

impl WebError {
    /// The key of `[web]` at fault.
    pub fn key(&self) -> &str {
        match self {
            Self::Setting { key, .. } => key,
            _ => "listen",
        }
    }

    pub(super) fn listen(addr: SocketAddr, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::AddressInUse { addr }
        } else {
            Self::Listen { addr, source }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    fn config(listen: &str) -> WebConfig {
        WebConfig { listen: listen.parse().unwrap(), ..WebConfig::default() }
    }

    #[test]
    fn the_network_is_given_tls_unless_the_opposite_is_said() {
        assert!(!config("127.0.0.1:8480").is_secure() && !config("[::1]:8480").is_secure());
        assert!(config("0.0.0.0:8480").is_secure() && config("10.0.0.5:8480").is_secure());
        let open = WebConfig { plain: true, ..config("0.0.0.0:8480") };
        assert!(open.is_open() && !open.is_secure() && open.check().is_ok());
    }

    #[test]
    fn what_cannot_be_is_named_with_its_key() {
        let key = |config: WebConfig| config.check().unwrap_err().key().to_owned();
        assert_eq!(key(WebConfig { plain: true, ..config("127.0.0.1:8480") }), "plain");
        let secret = Some(Password::new("secret"));
        assert_eq!(
            key(WebConfig { plain: true, password: secret.clone(), ..config("0.0.0.0:8480") }),
            "plain"
        );
        for listen in ["0.0.0.0:8480", "127.0.0.1:8480"] {
            assert!(WebConfig { password: secret.clone(), ..config(listen) }.check().is_ok(), "{listen}");
        }
        let names = vec!["kitchen.example".into(), "not a name".into()];
        assert_eq!(key(WebConfig { names, ..config("0.0.0.0:8480") }), "names[1]");
        let password = Some(Password::new(""));
        assert_eq!(key(WebConfig { password, ..config("0.0.0.0:8480") }), "password");
    }
}
