//! The table `[http]`: where programs on this machine come in over HTTP, and with what token.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The user whose rights what comes by this door has: `[rights.users] http`.
pub const USER: &str = "http";
/// The port of ATOL's web server (ATOL, driver of registers 10, web server).
const PORT: u16 = 16732;
/// Characters of a token, at least.
const TOKEN_LENGTH: usize = 16;

/// The table `[http]`. Without it there is no such door.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Where programs connect: an address of this machine only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What they have to know.
    pub token: Option<Token>,
    /// File that holds the token, and nothing else.
    pub token_file: Option<PathBuf>,
    /// The register of requests that name none. Without it the only one there is.
    pub default_device: Option<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT),
            token: None,
            token_file: None,
            default_device: None,
        }
    }
}

/// Why the door can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The network could read the token, and move money with it.
    #[error(
        "[http] listen = \"{addr}\" is reachable from the network, and this door has no TLS: set it to \
         127.0.0.1:{port}, and let a proxy with TLS or a tunnel lead there", port = addr.port()
    )]
    OpenNetwork {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// There is no token that can be used.
    #[error("[http] {key}: {problem}")]
    Token {
        /// Key of `[http]`.
        key: &'static str,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// Somebody else listens there.
    #[error(
        "{addr} is already in use: another outletd or ATOL's own web server is listening there; stop it or \
         set [http] listen to another address"
    )]
    AddressInUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The address can't be listened on for another reason.
    #[error("cannot listen on {addr}: check [http] listen")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl HttpError {
    /// The key of `[http]` at fault.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Token { key, .. } => key,
            Self::OpenNetwork { .. } | Self::AddressInUse { .. } | Self::Listen { .. } => "listen",
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

impl HttpConfig {
    /// Checks what can be known without listening.
    ///
    /// # Errors
    /// [`HttpError::OpenNetwork`] and [`HttpError::Token`].
    pub fn check(&self) -> Result<(), HttpError> {
        if !self.listen.ip().is_loopback() {
            return Err(HttpError::OpenNetwork { addr: self.listen });
        }
        self.read_token().map(drop)
    }

    /// The token, from here or from its file.
    ///
    /// # Errors
    /// [`HttpError::Token`].
    pub fn read_token(&self) -> Result<Token, HttpError> {
        let wrong = |key, problem: String| HttpError::Token { key, problem };
        let (key, token) = match (&self.token, &self.token_file) {
            (Some(token), None) => ("token", token.clone()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    let path = path.display();
                    wrong(
                        "token_file",
                        format!("{path} can't be read: {error}; check its path and its owner"),
                    )
                })?;
                ("token_file", Token::new(text.trim_end_matches(['\r', '\n'])))
            }
            (Some(_), Some(_)) => {
                return Err(wrong("token_file", "there is a token, too: leave one of them out".into()));
            }
            (None, None) => {
                let problem = format!("missing: set token or token_file, {TOKEN_LENGTH} characters at least");
                return Err(wrong("token", problem));
            }
        };
        match token.problem() {
            None => Ok(token),
            Some(problem) => Err(wrong(key, problem)),
        }
    }
}

/// A secret that a program shows with every request. Never logged or shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Takes the text as it stands in the configuration.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether this is it. The time it takes tells nothing of how much is right.
    pub fn is(&self, given: &[u8]) -> bool {
        let (known, given) = (Sha256::digest(self.0.as_bytes()), Sha256::digest(given));
        known.iter().zip(given).fold(0, |difference, (known, given)| difference | (known ^ given)) == 0
    }

    fn problem(&self) -> Option<String> {
        let length = self.0.len();
        if length < TOKEN_LENGTH {
            let remedy = "make a random one, such as `openssl rand -hex 16` gives";
            Some(format!("the token has {length} characters, {TOKEN_LENGTH} at least: {remedy}"))
        } else if self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            None
        } else {
            Some("the token has characters other than ASCII letters, digits and signs".into())
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(token: &str) -> HttpConfig {
        HttpConfig { token: Some(Token::new(token)), ..HttpConfig::default() }
    }

    #[test]
    fn a_token_is_the_same_only_when_all_of_it_is() {
        let token = Token::new("0123456789abcdef");
        assert!(token.is(b"0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef "] {
            assert!(!token.is(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        assert!(!format!("{:?}", config("0123456789abcdef")).contains("0123"));
    }

    #[test]
    fn a_door_without_a_good_token_is_not_opened() {
        assert!(config("0123456789abcdef").check().is_ok());
        for (token, word) in [("", "0 characters"), ("short", "5 characters"), ("0123456789 abcdef", "ASCII")]
        {
            let error = config(token).check().unwrap_err().to_string();
            assert!(error.starts_with("[http] token: ") && error.contains(word), "{error}");
        }
        let error = HttpConfig::default().check().unwrap_err().to_string();
        assert!(error.contains("set token or token_file"), "{error}");
        let both = HttpConfig { token_file: Some("token".into()), ..config("0123456789abcdef") };
        assert!(both.check().unwrap_err().to_string().contains("leave one of them out"));
    }

    #[test]
    fn a_token_file_may_end_with_a_line_break() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdef\n").unwrap();
        let config = HttpConfig { token_file: Some(file.path().to_owned()), ..HttpConfig::default() };
        assert!(config.read_token().unwrap().is(b"0123456789abcdef"));
        let missing = HttpConfig { token_file: Some("/no/such/token".into()), ..HttpConfig::default() };
        assert_eq!(missing.check().unwrap_err().key(), "token_file");
    }

    #[test]
    fn an_address_of_the_network_is_refused() {
        for addr in ["0.0.0.0:16732", "[::]:16732", "10.0.0.5:80"] {
            let config = HttpConfig { listen: addr.parse().unwrap(), ..config("0123456789abcdef") };
            let error = config.check().unwrap_err();
            assert_eq!(error.key(), "listen");
            assert!(error.to_string().contains("reachable from the network"), "{error}");
        }
        let loopback = HttpConfig { listen: "[::1]:16732".parse().unwrap(), ..config("0123456789abcdef") };
        assert!(loopback.check().is_ok());
    }
}
