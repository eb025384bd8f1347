//! What the door answers: the page, pairing, the way to the broker, and what every request meets first.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{
    self, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST,
    IF_NONE_MATCH, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::authority::Authority;
use super::files::{self, File};
use super::gateway::Gateway;
use super::mqtt;
use super::office::Reach;
use super::pairing::PairingError;
use super::registry::Registry;
use super::status::{self, Desk};
use crate::web::is_this_machine;
use crate::web::reception::Peer;

/// Largest request taken, in bytes.
const MAX_BODY: usize = 16 << 10;
/// How long a request may take with all of its body and its answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(40);
/// How long a screen that waits to be admitted is kept waiting for an answer.
const PAIRING_WAIT: Duration = Duration::from_secs(25);

/// What all pages know.
pub(super) struct Site {
    pub(super) outlet: String,
    pub(super) prefix: String,
    pub(super) reach: Reach,
    pub(super) authority: Option<Arc<Authority>>,
    pub(super) on_loopback: bool,
    pub(super) registry: Registry,
    pub(super) gateway: Arc<Gateway>,
    pub(super) desk: Desk,
}

type Shared = State<Arc<Site>>;

pub(super) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(async |headers: HeaderMap| file(files::index(), &headers)))
        .route("/assets/app.js", get(async |headers: HeaderMap| file(files::script(), &headers)))
        .route("/assets/app.css", get(async |headers: HeaderMap| file(files::style(), &headers)))
        .route("/assets/status.css", get(async |headers: HeaderMap| file(files::status_style(), &headers)))
        .route("/ca.crt", get(ca))
        .route("/api/about", get(about))
        .route("/api/pairing", post(begin_pairing))
        .route("/api/pairing/{pairing}", get(pairing))
        .route("/mqtt", get(mqtt))
        .route("/status", get(status::page))
        .route("/assets/status.js", get(async |headers: HeaderMap| file(files::status_script(), &headers)))
        .route("/status/live", get(status::live))
        .route("/status/decide", post(status::decide))
        .route("/status/dismiss", post(status::dismiss))
        .route("/status/admit", post(status::admit))
        .route("/status/revoke", post(status::revoke))
        .fallback(async || failure(StatusCode::NOT_FOUND, "there is no such page"))
        .method_not_allowed_fallback(async || {
            failure(StatusCode::METHOD_NOT_ALLOWED, "this page has no such method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => failure(StatusCode::REQUEST_TIMEOUT, "the request has taken too long: send it again"),
    }
}

/// Headers of every answer.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; connect-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

async fn guard(State(site): Shared, request: Request, next: Next) -> Response {
    let mut response = match admit(site.on_loopback, &request) {
        Ok(()) => next.run(request).await,
        Err(why) => {
            tracing::warn!(path = request.uri().path(), why, "request to the screens' door refused");
            failure(StatusCode::FORBIDDEN, why)
        }
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

/// On loopback a page whose name was made to point here is refused; everywhere pages of others are, where they could
/// do something.
pub(super) fn admit<B>(on_loopback: bool, request: &axum::http::Request<B>) -> Result<(), &'static str> {
    let headers = request.headers();
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let mut hosts = headers.get_all(HOST).iter().map(text);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err("one header Host is needed") };
    if on_loopback && !is_this_machine(&host) {
        return Err("Host has to be localhost, 127.0.0.1 or [::1]");
    }
    if request.method() == Method::POST || request.uri().path() == "/mqtt" {
        let own = |origin: String| {
            let of = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            of.is_some_and(|of| of.eq_ignore_ascii_case(&host))
        };
        if !headers.get_all(ORIGIN).iter().map(text).all(own) {
            return Err("pages of other places are not let in");
        }
    }
    Ok(())
}

pub(super) fn file(file: &'static File, headers: &HeaderMap) -> Response {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same = known.flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == file.etag
    });
    let mut response = match same {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(Bytes::from_static(file.bytes))),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&file.etag) {
        headers.insert(ETAG, etag);
    }
    response
}

async fn ca(State(site): Shared) -> Response {
    let Some(authority) = &site.authority else {
        let why = "the agent has no certificate authority of its own here: TLS is off, or [web.tls] names a certificate";
        return failure(StatusCode::NOT_FOUND, why);
    };
    let mut response = Response::new(Body::from(authority.certificate().to_owned()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"ca.crt\""));
    response
}

async fn about(State(site): Shared) -> Response {
    let about = json!({
        "outlet": site.outlet,
        "prefix": site.prefix,
        "version": env!("CARGO_PKG_VERSION"),
        "build": files::build_id(),
        "fingerprint": site.reach.fingerprint,
        "plain": site.reach.plain,
    });
    answer(StatusCode::OK, &about)
}

/// What a screen says of itself when it wants to be paired.
#[derive(Deserialize)]
struct Asking {
    #[serde(default)]
    panel: Option<Panel>,
    #[serde(default)]
    language: Option<String>,
}

/// The panel a screen runs on.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct Panel {
    width_px: u32,
    height_px: u32,
    #[serde(default)]
    diagonal_in: Option<f64>,
}

/// The panel, and the language, of a screen that wants to be paired.
pub(super) fn asked(body: &[u8]) -> Result<(Value, Option<String>), String> {
    let asking: Asking =
        serde_json::from_slice(body).map_err(|error| format!("this is no request to pair: {error}"))?;
    let panel = asking.panel.and_then(|panel| serde_json::to_value(panel).ok()).unwrap_or(Value::Null);
    // `ru-MD` is Russian; a language that there is no page in is none.
    let primary = |language: String| language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let language = asking.language.map(primary).filter(|word| ["en", "ro", "ru"].contains(&word.as_str()));
    Ok((panel, language))
}

async fn begin_pairing(State(site): Shared, Extension(Peer(from)): Extension<Peer>, body: Bytes) -> Response {
    let (panel, language) = match asked(&body) {
        Ok(asked) => asked,
        Err(why) => return failure(StatusCode::BAD_REQUEST, &why),
    };
    match site.registry.begin_pairing(from.ip(), panel, language) {
        Ok(begun) => {
            tracing::info!(code = begun.code, from = %from.ip(), "a screen asks to be admitted");
            let body = json!({
                "pairing": begun.pairing,
                "claim": begun.claim,
                "code": begun.code,
                "expires_s": super::pairing::LIFE_MS / 1000,
                "fingerprint": site.reach.fingerprint,
                "outlet": site.outlet,
            });
            answer(StatusCode::CREATED, &body)
        }
        Err(error) => pairing_failure(&error),
    }
}

async fn pairing(State(site): Shared, Path(pairing): Path<String>, headers: HeaderMap) -> Response {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let claim = shown
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, claim)) = claim else {
        return failure(StatusCode::UNAUTHORIZED, "send the pairing's claim as Authorization: Bearer CLAIM");
    };
    match site.registry.standing(&pairing, claim.trim(), PAIRING_WAIT).await {
        Ok(standing) => answer(StatusCode::OK, &standing),
        Err(error) => pairing_failure(&error),
    }
}

fn pairing_failure(error: &PairingError) -> Response {
    let status = match error {
        PairingError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        PairingError::OtherClaim => StatusCode::FORBIDDEN,
        PairingError::NoRandom(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    failure(status, &error.to_string())
}

/// What a WebSocket is accepted with (RFC 6455, section 4.2), if one that carries MQTT was asked for.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let says = |name: HeaderName, word: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    let asked = says(CONNECTION, "upgrade")
        && says(UPGRADE, "websocket")
        && says(SEC_WEBSOCKET_VERSION, "13")
        && says(SEC_WEBSOCKET_PROTOCOL, "mqtt");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asked)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// The WebSocket that a screen's MQTT comes by (MQTT 5, section 6).
async fn mqtt(State(site): Shared, Extension(Peer(from)): Extension<Peer>, mut request: Request) -> Response {
    let Some(accept) = upgrade(request.headers()) else {
        return failure(StatusCode::UPGRADE_REQUIRED, "this is a WebSocket with the subprotocol mqtt");
    };
    let Ok(seat) = site.gateway.seats.clone().try_acquire_owned() else {
        tracing::warn!(%from, "too many connections of screens: refused");
        return failure(StatusCode::SERVICE_UNAVAILABLE, "too many screens are connected: close some");
    };
    let Some(waiting) = site.gateway.lobby.enter(from.ip()) else {
        tracing::warn!(%from, "too many connections of one address have not signed in: refused");
        return failure(StatusCode::SERVICE_UNAVAILABLE, "too many screens are signing in: try again");
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let gateway = site.gateway.clone();
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                // A message may be larger than a packet, so that the packet's own limit is the one that speaks.
                let limits = WebSocketConfig::default()
                    .read_buffer_size(8 << 10)
                    .max_write_buffer_size(8 << 20)
                    .max_frame_size(Some(2 * mqtt::LARGEST))
                    .max_message_size(Some(2 * mqtt::LARGEST));
                let socket = TokioIo::new(upgraded);
                let socket = WebSocketStream::from_raw_socket(socket, Role::Server, Some(limits)).await;
                gateway.attend(socket, from, waiting).await;
                drop(seat);
            }
            Err(error) => tracing::debug!(%from, %error, "a screen's connection was not made"),
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mqtt"));
    response
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error as pages and scripts read it.
pub(super) fn failure(status: StatusCode, why: &str) -> Response {
    answer(status, &json!({"error": why}))
}
