//! The HTTP door: programs of this machine that don't speak MQTT.
//!
//! It is closed unless `[http]` opens it, and then on loopback only. What every request meets before anything
//! else, in this order:
//! - `Host` has to name this machine: a page whose name was made to point here (DNS rebinding) gets 403.
//! - `Origin`, which browsers send, has to be a page of this machine: else 403. Nothing is said to browsers
//!   that would let another page read an answer.
//! - The token, as `Authorization: Bearer TOKEN`, or as the password of `Authorization: Basic` under any user
//!   name: else 401, and 429 after ten wrong ones within a minute. The right one is let in whatever others have
//!   tried: all programs of this machine share its address, and nobody guesses 16 characters.
//!
//! Errors are `{"error": {"code": 505, "description": "..."}}`, as ATOL's web server has them.

pub mod atol_requests;
mod atol_results;
mod config;
pub mod fuzz;
pub mod metrics;
pub(crate) mod reception;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::header::{
    self, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::attempts::Attempts;
use crate::audit::Recorder;
pub use config::{HttpConfig, HttpError, Token, USER};
use reception::{Peer, Reception};

/// Largest request taken, in bytes.
const MAX_BODY: usize = crate::intake::MAX_PAYLOAD;
/// Connections at once.
const CONNECTIONS: usize = 64;
/// How long a request may take with all of its body and its answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// A listener that nobody is let in by yet.
pub struct Listener {
    listener: TcpListener,
    addr: SocketAddr,
    token: Arc<Token>,
}

/// Begins to listen.
///
/// # Errors
/// [`HttpError`]: an address that can't be used, or no good token.
pub async fn listen(config: &HttpConfig) -> Result<Listener, HttpError> {
    config.check()?;
    let token = Arc::new(config.read_token()?);
    let wrong = |error| HttpError::listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(wrong)?;
    let addr = listener.local_addr().map_err(wrong)?;
    Ok(Listener { listener, addr, token })
}

impl Listener {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Lets programs in until `stop` is cancelled; answers that are being made are still given.
    pub async fn serve(self, pages: Router, audit: Recorder, stop: CancellationToken) {
        let guarded = guarded(pages, Gate { token: self.token, attempts: Attempts::default(), audit });
        let reception = Reception { listener: self.listener, tls: None, seats: CONNECTIONS };
        reception.receive(guarded, stop).await;
    }
}

/// What is asked of every request.
struct Gate {
    token: Arc<Token>,
    attempts: Attempts,
    audit: Recorder,
}

fn guarded(pages: Router, gate: Gate) -> Router {
    let pages = pages
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "there is no such page"))
        .method_not_allowed_fallback(async || {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "this page has no such method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(Arc::new(gate), guard));
    secured(pages)
}

/// Headers of every answer to a program: should a browser come by one, it keeps and runs nothing of it, and shows it
/// in no frame.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Gives these headers to all that pages answer, refusals too.
fn secured(pages: Router) -> Router {
    pages.layer(middleware::map_response(async |mut response: Response| {
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, value);
        }
        response
    }))
}

async fn guard(
    State(gate): State<Arc<Gate>>,
    Extension(Peer(from)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let Err(refusal) = admit(request.headers(), &gate.token) else { return next.run(request).await };
    let refusal = gate.refused(refusal, request.headers(), from);
    tracing::warn!(path = request.uri().path(), why = refusal.description, "HTTP request refused");
    refusal.into_response()
}

impl Gate {
    /// Takes note of a refusal. A program that shows nothing has not guessed: it is told what to show.
    fn refused(&self, refusal: Failure, headers: &HeaderMap, from: SocketAddr) -> Failure {
        let guessed = refusal.status == StatusCode::UNAUTHORIZED;
        if guessed && headers.get(AUTHORIZATION).and_then(shown_token).is_none() {
            return refusal;
        }
        self.audit.not_let_in("", "", &from.to_string());
        if !guessed || !self.attempts.failed(from.ip(), Instant::now()) {
            return refusal;
        }
        Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            "the token is wrong, as it was more than ten times within a minute: look at [http] token of the agent, and \
             wait a minute",
        )
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "the request has taken too long: ask with GET what became of it before anything else",
        )
        .into_response(),
    }
}

fn admit(headers: &HeaderMap, token: &Token) -> Result<(), Failure> {
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let mut hosts = headers.get_all(HOST).iter().map(text);
    if !hosts.next().is_some_and(|host| is_this_machine(&host)) || hosts.next().is_some() {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Host has to be localhost, 127.0.0.1 or [::1]"));
    }
    let of_this_machine = |origin: String| {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(is_this_machine)
    };
    if !headers.get_all(ORIGIN).iter().map(text).all(of_this_machine) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "pages of other machines are not let in"));
    }
    let shown = headers.get(AUTHORIZATION).and_then(shown_token);
    if shown.is_some_and(|shown| token.is(&shown)) {
        return Ok(());
    }
    let missing = "the token is missing or wrong: send it as Authorization: Bearer TOKEN, or as the password \
                   of Basic";
    Err(Failure::new(StatusCode::UNAUTHORIZED, missing))
}

/// Whether a host, with or without a port, is a name of this machine's loopback.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.parse::<u16>().is_ok() => bare,
        _ => host,
    };
    let address = bare.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(bare);
    bare.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The token of `Bearer` (RFC 6750, section 2.1) or the password of `Basic` (RFC 7617, section 2).
pub(crate) fn shown_token(header: &HeaderValue) -> Option<Vec<u8>> {
    let (scheme, credentials) = header.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(credentials).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    pair.get(colon + 1..).map(<[u8]>::to_vec)
}

/// What a request is answered with when it can't be done.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failure {
    status: StatusCode,
    /// A code of ATOL's driver.
    code: u16,
    description: String,
}

/// `LIBFPTR_ERROR_WEB_FAIL` of ATOL's driver: the web server's own errors.
const WEB_FAIL: u16 = 505;

impl Failure {
    fn new(status: StatusCode, description: impl Into<String>) -> Self {
        Self { status, code: WEB_FAIL, description: description.into() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "description": self.description}});
        let mut response = json_response(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"outletd\", charset=\"UTF-8\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = match serde_json::to_vec(body) {
        Ok(bytes) => Response::new(Body::from(bytes)),
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_told_from_those_of_others() {
        for host in ["localhost", "LOCALHOST:16732", "127.0.0.1", "127.0.0.1:16732", "[::1]", "[::1]:80"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:16732", "10.0.0.5", "127.0.0.1.evil.example"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_token_is_shown_as_bearer_or_as_a_password() {
        let shown = |text: &str| shown_token(&HeaderValue::from_str(text).unwrap());
        assert_eq!(shown("Bearer secret").as_deref(), Some(b"secret".as_slice()));
        assert_eq!(shown("bearer  secret").as_deref(), Some(b"secret".as_slice()));
        // RFC 7617, section 2: user Aladdin, password "open sesame".
        let password = shown("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(password.as_deref(), Some(b"open sesame".as_slice()));
        for other in ["secret", "Digest secret", "Basic !", "Basic c2VjcmV0"] {
            assert_eq!(shown(other), None, "{other}");
        }
    }
}
