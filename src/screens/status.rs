//! The status page: what a technician wants to see, and what they decide about jobs and screens. It needs no script;
//! with one it stays fresh.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Form, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::WebError;
use super::overview;
use super::pages::{Site, failure};
use super::registry::{AdmitAs, Registry, View};
use super::secret;
use crate::attempts::Attempts;
use crate::audit::Recorder;
use crate::board::Board;
use crate::broker::{Password, Verifier};
use crate::bus::contract::{AgentRequest, Answer};
use crate::intake::Devices;
use crate::journal::Journal;
use crate::requests::Requests;
use crate::web::reception::Peer;
use crate::web::shown_token;

/// Who admits and revokes here, for the record.
const BY: &str = "status page";

/// What the page shows of the outlet.
#[derive(Clone)]
pub struct Sight {
    /// States of the devices.
    pub board: Board,
    /// The devices.
    pub devices: Arc<Devices>,
    /// Jobs, notices, bytes.
    pub journal: Journal,
    /// Carries out what is decided here.
    pub requests: Requests,
    /// Told of those who are not let in.
    pub audit: Recorder,
}

/// What the page needs.
pub(super) struct Desk {
    sight: Sight,
    password: Option<Password>,
    verifier: Verifier,
    attempts: Attempts,
    /// Stands in each form, so that no other page can send one.
    token: String,
    warnings: BTreeMap<&'static str, String>,
}

impl Desk {
    pub(super) fn new(
        sight: Sight,
        password: Option<Password>,
        warnings: BTreeMap<&'static str, String>,
    ) -> Result<Self, WebError> {
        let token = secret::random_hex::<16>()
            .map_err(|error| WebError::Setting { key: "listen".into(), problem: error.to_string() })?;
        Ok(Self {
            sight,
            password,
            verifier: Verifier::new(),
            attempts: Attempts::default(),
            token,
            warnings,
        })
    }
}

/// Lets in who is at this machine, and who knows the password.
async fn admitted(site: &Site, peer: Peer, headers: &HeaderMap) -> Result<(), Response> {
    let here = site.on_loopback && peer.0.ip().is_loopback();
    let Some(password) = &site.desk.password else {
        if here {
            return Ok(());
        }
        let why = "the status page is shown on the network only with a password: set [web] password, or use `outletd \
                   screens` and `outletd devices`";
        return Err(failure(StatusCode::FORBIDDEN, why));
    };
    if here {
        return Ok(());
    }
    let shown = headers.get(AUTHORIZATION).and_then(shown_token);
    if let Some(shown) = shown {
        let refused = || site.desk.sight.audit.not_let_in("", "", &peer.0.to_string());
        let Some(attempt) = site.desk.attempts.begin(peer.0.ip()).await else {
            refused();
            let why = "too many wrong passwords from this address: wait a minute and try again";
            return Err(failure(StatusCode::TOO_MANY_REQUESTS, why));
        };
        if site.desk.verifier.verify(password, &shown).await {
            attempt.succeeded();
            return Ok(());
        }
        refused();
        tracing::warn!(from = %peer.0.ip(), "wrong password for the status page");
    }
    let mut response =
        failure(StatusCode::UNAUTHORIZED, "the status page asks for the password of [web], any user");
    let challenge = HeaderValue::from_static("Basic realm=\"outletd\", charset=\"UTF-8\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    Err(response)
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    match admitted(&site, peer, &headers).await {
        Ok(()) => html(StatusCode::OK, &render(&site, None).await),
        Err(refused) => refused,
    }
}

type Fields = Form<Vec<(String, String)>>;

pub(super) async fn admit(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Response {
    if let Err(refused) = may_decide(&site, peer, &headers, &fields).await {
        return refused;
    }
    let Some(view) = View::ALL.into_iter().find(|view| field(&fields, "view") == view.as_str()) else {
        return html(StatusCode::BAD_REQUEST, &render(&site, Some("choose a view")).await);
    };
    let stations = fields.iter().filter(|(name, _)| name == "station").map(|(_, value)| value.clone());
    let name = Some(field(&fields, "name").trim().to_owned()).filter(|name| !name.is_empty());
    let wanted =
        AdmitAs { name, view, stations: stations.collect(), language: None, by: Some(BY.to_owned()) };
    match site.registry.admit(field(&fields, "code"), wanted).await {
        Ok(_) => back(),
        Err(error) => html(StatusCode::BAD_REQUEST, &render(&site, Some(&error.to_string())).await),
    }
}

pub(super) async fn revoke(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Response {
    if let Err(refused) = may_decide(&site, peer, &headers, &fields).await {
        return refused;
    }
    match site.registry.revoke(field(&fields, "screen"), Some(BY.to_owned())).await {
        Ok(_) => back(),
        Err(error) => html(StatusCode::BAD_REQUEST, &render(&site, Some(&error.to_string())).await),
    }
}

/// The part of the page that stays fresh.
pub(super) async fn live(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    match admitted(&site, peer, &headers).await {
        Ok(()) => html(StatusCode::OK, &overview::fragment(&site.desk.sight, &site.desk.token).await),
        Err(refused) => refused,
    }
}

/// What a person says of a job that waits for one.
pub(super) async fn decide(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Response {
    if let Err(refused) = may_decide(&site, peer, &headers, &fields).await {
        return refused;
    }
    let (job, by) = (field(&fields, "job").to_owned(), Some(BY.to_owned()));
    let request = match field(&fields, "exit") {
        "printed" => AgentRequest::Resolve { job, answer: Answer::Printed, by },
        "not-printed" => AgentRequest::Resolve { job, answer: Answer::NotPrinted, by },
        "print-again" => AgentRequest::Resolve { job, answer: Answer::PrintAgain, by },
        "release" => AgentRequest::Release { job, by },
        "cancel" => AgentRequest::Cancel { job, by },
        _ => return html(StatusCode::BAD_REQUEST, &render(&site, Some("press one of its buttons")).await),
    };
    done(&site, request).await
}

/// Takes a notice off the list.
pub(super) async fn dismiss(
    State(site): State<Arc<Site>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Response {
    if let Err(refused) = may_decide(&site, peer, &headers, &fields).await {
        return refused;
    }
    let Ok(notice) = field(&fields, "notice").parse() else {
        return html(StatusCode::BAD_REQUEST, &render(&site, Some("press one of its buttons")).await);
    };
    done(&site, AgentRequest::Dismiss { notice, by: Some(BY.to_owned()) }).await
}

async fn done(site: &Site, request: AgentRequest) -> Response {
    match site.desk.sight.requests.decide(request, BY).await {
        Ok(_) => back(),
        Err(error) => html(StatusCode::BAD_REQUEST, &render(site, Some(&error.message)).await),
    }
}

/// A form counts when this page sent it: a browser says so, and the token proves it.
async fn may_decide(
    site: &Site,
    peer: Peer,
    headers: &HeaderMap,
    fields: &[(String, String)],
) -> Result<(), Response> {
    admitted(site, peer, headers).await?;
    let own = headers.contains_key(ORIGIN)
        && secret::same(field(fields, "token").as_bytes(), site.desk.token.as_bytes());
    if own {
        Ok(())
    } else {
        Err(failure(
            StatusCode::FORBIDDEN,
            "this form is not from this page as it is now: load /status again",
        ))
    }
}

pub(super) fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn back() -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/status"));
    response
}

fn html(status: StatusCode, page: &str) -> Response {
    let mut response = Response::new(Body::from(page.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Text in HTML, in elements and in quoted attributes.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// The whole page. Nothing it is made of can fail to be written.
async fn render(site: &Site, problem: Option<&str>) -> String {
    let mut page = String::with_capacity(8 << 10);
    let outlet = Text(&site.outlet);
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{outlet} – outletd</title><link rel=\"stylesheet\" \
         href=\"/assets/status.css\"></head><body>\n<h1>{outlet}</h1><p>outletd {version}, page build {}</p>\n",
        super::build_id()
    );
    if let Some(problem) = problem {
        let _ = writeln!(page, "<p class=\"warning\" role=\"alert\">{}</p>", Text(problem));
    }
    for (code, warning) in &site.desk.warnings {
        let _ = writeln!(page, "<p class=\"warning\"><code>{code}</code> {}</p>", Text(warning));
    }
    page.push_str(
        "<p class=\"warning lost\" role=\"alert\">The agent does not answer: what is shown is old.</p>\n",
    );
    let live = overview::fragment(&site.desk.sight, &site.desk.token).await;
    let _ = writeln!(page, "<div id=\"live\">\n{live}</div>");
    pending(&mut page, site);
    screens(&mut page, site);
    stations(&mut page, &site.registry);
    reach(&mut page, site);
    page.push_str("<script src=\"/assets/status.js\"></script></body></html>\n");
    page
}

fn pending(page: &mut String, site: &Site) {
    page.push_str("<h2>Screens that show a code</h2>\n");
    let waiting = site.registry.pending();
    if waiting.is_empty() {
        page.push_str(
            "<p>None. Open the page on a panel: it shows a code, which is good for 10 minutes.</p>\n",
        );
        return;
    }
    page.push_str(
        "<table><tr><th>Code</th><th>Since</th><th>From</th><th>Panel</th><th>Admit as</th></tr>\n",
    );
    for asked in waiting {
        let side = |key: &str| asked.panel.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
        let panel = match asked.panel.is_object() {
            true => format!("{} x {}", side("width_px"), side("height_px")),
            false => String::new(),
        };
        let _ = write!(
            page,
            "<tr><td class=\"code\">{code}</td><td>{at}</td><td>{from}</td><td>{panel}</td><td><form method=\"post\" \
             action=\"/status/admit\"><input type=\"hidden\" name=\"token\" value=\"{token}\"><input type=\"hidden\" \
             name=\"code\" value=\"{code}\"><select name=\"view\" aria-label=\"View\">",
            code = Text(&asked.code),
            at = asked.at.local_hh_mm(),
            from = Text(&asked.from),
            token = site.desk.token,
        );
        for view in View::ALL {
            let _ = write!(page, "<option>{}</option>", view.as_str());
        }
        page.push_str("</select> ");
        for station in site.registry.stations() {
            let _ = write!(
                page,
                "<label><input type=\"checkbox\" name=\"station\" value=\"{}\">{} ({})</label> ",
                Text(&station.id),
                Text(&station.name),
                station.kind.as_str()
            );
        }
        page.push_str(
            "<input name=\"name\" maxlength=\"64\" placeholder=\"Name\" aria-label=\"Name\"> \
             <button>Admit</button></form></td></tr>\n",
        );
    }
    page.push_str("</table>\n");
}

fn screens(page: &mut String, site: &Site) {
    page.push_str("<h2>Screens</h2>\n");
    let screens = site.registry.all();
    if screens.is_empty() {
        page.push_str("<p>None is admitted yet.</p>\n");
        return;
    }
    page.push_str(
        "<table><tr><th>Name</th><th>Id</th><th>View</th><th>Stations</th><th>State</th><th></th></tr>\n",
    );
    for screen in screens {
        let (class, state) = standing(&site.registry, &screen.screen);
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{id}</td><td>{}</td><td>{}</td><td class=\"{class}\">{state}</td><td><form \
             method=\"post\" action=\"/status/revoke\"><input type=\"hidden\" name=\"token\" value=\"{}\"><input \
             type=\"hidden\" name=\"screen\" value=\"{id}\"><button>Revoke</button></form></td></tr>",
            Text(&screen.name),
            screen.view.as_str(),
            Text(&screen.stations.join(", ")),
            site.desk.token,
            id = Text(&screen.screen),
        );
    }
    page.push_str("</table>\n");
}

fn standing(registry: &Registry, screen: &str) -> (&'static str, &'static str) {
    match (registry.watching(screen), registry.connected(screen)) {
        (true, _) => ("good", "watching"),
        (false, true) => ("", "connected"),
        (false, false) => ("bad", "away"),
    }
}

fn stations(page: &mut String, registry: &Registry) {
    page.push_str(
        "<h2>Stations</h2>\n<table><tr><th>Name</th><th>Id</th><th>Kind</th><th>Watched by</th></tr>\n",
    );
    let screens = registry.all();
    for station in registry.stations() {
        let watchers: Vec<&str> = screens
            .iter()
            .filter(|screen| screen.stations.contains(&station.id) && registry.watching(&screen.screen))
            .map(|screen| screen.name.as_str())
            .collect();
        let (class, by) = match watchers.is_empty() {
            true => ("bad", "nobody".to_owned()),
            false => ("good", watchers.join(", ")),
        };
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{}</td></tr>",
            Text(&station.name),
            Text(&station.id),
            station.kind.as_str(),
            Text(&by)
        );
    }
    page.push_str("</table>\n");
}

fn reach(page: &mut String, site: &Site) {
    page.push_str("<h2>Where screens connect</h2>\n<ul>");
    for url in &site.reach.urls {
        let _ = write!(page, "<li><code>{}</code></li>", Text(url));
    }
    page.push_str("</ul>\n");
    if let Some(fingerprint) = &site.reach.fingerprint {
        let _ = writeln!(
            page,
            "<p>Certificate authority: <a href=\"/ca.crt\">ca.crt</a>, SHA-256 <code>{}</code></p>",
            Text(fingerprint)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_shown_and_not_obeyed() {
        let text = Text("<b a=\"1\" b='2'>&</b>").to_string();
        assert_eq!(text, "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;&lt;/b&gt;");
    }
}
