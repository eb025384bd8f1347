//! The screens there are: what each is for, and the proof that it is the one that was admitted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::pairing::{Begun, PairingError, Pairings, Pending, Standing};
use super::secret::{self, NoRandom};
use crate::bus::contract::{EventBody, ScreenChange};
use crate::clock::Timestamp;
use crate::journal::{Journal, JournalError};
use crate::kitchen::stations::{StationInfo, StationKind};

/// Screens at once.
const SCREENS: usize = 200;
/// Characters of a screen's name.
const NAME: usize = 64;
/// Characters of a screen's id.
const ID: usize = 32;

/// What a screen shows, and what it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// A cook's.
    Kitchen,
    /// Whole orders, for who hands them out.
    Expediter,
    /// What is ready, for waiters.
    Waiter,
    /// What is ready, for guests.
    Board,
}

impl View {
    /// All views.
    pub const ALL: [Self; 4] = [Self::Kitchen, Self::Expediter, Self::Waiter, Self::Board];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kitchen => "kitchen",
            Self::Expediter => "expediter",
            Self::Waiter => "waiter",
            Self::Board => "board",
        }
    }

    /// The kind of the stations that it watches.
    pub fn watches(self) -> StationKind {
        match self {
            Self::Kitchen => StationKind::Kitchen,
            Self::Expediter | Self::Waiter => StationKind::Expediter,
            Self::Board => StationKind::Board,
        }
    }
}

/// A screen that was admitted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// Its id, `[a-z0-9-]`.
    pub screen: String,
    /// Its name for people.
    pub name: String,
    /// What it shows.
    pub view: View,
    /// The stations that it watches.
    pub stations: Vec<String>,
    /// Its language, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Since when it is admitted.
    pub admitted_at: Timestamp,
    /// Who admitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted_by: Option<String>,
    /// SHA-256 of its secret, in hexadecimal.
    pub secret_hash: String,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("screen", &self.screen)
            .field("name", &self.name)
            .field("view", &self.view)
            .field("stations", &self.stations)
            .finish_non_exhaustive()
    }
}

/// What a technician says of a screen that is being admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmitAs {
    /// Its name for people; that of its first station when absent.
    pub name: Option<String>,
    /// What it is to show.
    pub view: View,
    /// The stations that it is to watch; the only one of its kind when empty.
    pub stations: Vec<String>,
    /// Its language, where it is to have one of its own.
    pub language: Option<String>,
    /// Who admits it.
    pub by: Option<String>,
}

/// What is to change of a screen; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name for people.
    pub name: Option<String>,
    /// What it is to show.
    pub view: Option<View>,
    /// The stations that it is to watch.
    pub stations: Option<Vec<String>>,
    /// Its language.
    pub language: Option<String>,
    /// Who changes it.
    pub by: Option<String>,
}

/// Why a screen was not admitted, changed or revoked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScreenError {
    /// No screen shows the code, or not any more.
    #[error("no screen shows the code {0:?}: a code is good for 10 minutes; read it again from the screen")]
    UnknownCode(String),
    /// There is no such screen.
    #[error("there is no screen {0:?}: `outletd screens` lists them")]
    UnknownScreen(String),
    /// What it is to be does not fit.
    #[error("{0}")]
    Unfit(String),
    /// Nothing secret can be made.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// It can't be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// All screens; clones share them.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    journal: Journal,
    stations: Vec<StationInfo>,
    state: Mutex<State>,
    /// Bumped at each admission, change and revocation.
    changes: watch::Sender<u64>,
    /// Bumped when a pairing may stand otherwise.
    pairings: watch::Sender<u64>,
    /// One admission, change or revocation after the other.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    screens: BTreeMap<String, Screen>,
    pairings: Pairings,
    connected: BTreeMap<String, CancellationToken>,
    watching: BTreeSet<String>,
}

impl Registry {
    /// Reads the screens of the journal.
    ///
    /// # Errors
    /// [`JournalError`].
    pub async fn open(journal: Journal, stations: Vec<StationInfo>) -> Result<Self, JournalError> {
        let mut screens = BTreeMap::new();
        for screen in journal.screens::<Screen>().await? {
            let gone = screen.stations.iter().filter(|id| !stations.iter().any(|known| known.id == **id));
            for station in gone {
                tracing::warn!(
                    screen = screen.screen,
                    station,
                    "a screen watches a station that is not configured any more: `outletd screens assign` gives it \
                     another"
                );
            }
            screens.insert(screen.screen.clone(), screen);
        }
        let state = Mutex::new(State { screens, ..State::default() });
        Ok(Self(Arc::new(Inner {
            journal,
            stations,
            state,
            changes: watch::Sender::new(0),
            pairings: watch::Sender::new(0),
            turn: tokio::sync::Mutex::new(()),
        })))
    }

    /// A screen by its id.
    pub fn screen(&self, id: &str) -> Option<Screen> {
        self.state().screens.get(id).cloned()
    }

    /// All screens, in the order of their ids.
    pub fn all(&self) -> Vec<Screen> {
        self.state().screens.values().cloned().collect()
    }

    /// Changes with each admission, change and revocation.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The stations of the outlet.
    pub fn stations(&self) -> &[StationInfo] {
        &self.0.stations
    }

    /// Whether this is the secret of a screen that is admitted.
    pub fn verify(&self, id: &str, secret: &[u8]) -> bool {
        let hash = secret::hashed(secret);
        let state = self.state();
        state
            .screens
            .get(id)
            .is_some_and(|screen| secret::same(screen.secret_hash.as_bytes(), hash.as_bytes()))
    }

    /// Whether a screen has a connection.
    pub fn connected(&self, id: &str) -> bool {
        self.state().connected.contains_key(id)
    }

    /// Whether a screen shows its tickets, as its own word has it.
    pub fn watching(&self, id: &str) -> bool {
        self.state().watching.contains(id)
    }

    /// Notes whether a screen shows its tickets. Told by whoever hears its `watch` commands.
    pub fn note_watching(&self, id: &str, watching: bool) {
        let mut state = self.state();
        if watching {
            state.watching.insert(id.to_owned());
        } else {
            state.watching.remove(id);
        }
    }

    /// Notes a connection of a screen, until the answer is dropped; it takes the place of an earlier one. The
    /// screen's secret need not be fetched again.
    pub(super) fn sign_in(&self, id: &str) -> SignedIn {
        let replaced = CancellationToken::new();
        let mut state = self.state();
        state.pairings.settle(id);
        if let Some(earlier) = state.connected.insert(id.to_owned(), replaced.clone()) {
            earlier.cancel();
        }
        drop(state);
        self.0.pairings.send_modify(|count| *count += 1);
        SignedIn { registry: self.clone(), screen: id.to_owned(), replaced }
    }

    /// Begins to pair a screen.
    ///
    /// # Errors
    /// [`PairingError`].
    pub fn begin_pairing(
        &self,
        from: IpAddr,
        panel: Value,
        language: Option<String>,
    ) -> Result<Begun, PairingError> {
        let now = self.now();
        self.state().pairings.begin(from, panel, language, now)
    }

    /// Pairings that can be admitted, oldest first.
    pub fn pending(&self) -> Vec<Pending> {
        let now = self.now();
        self.state().pairings.pending(now)
    }

    /// How a pairing stands, once it is other than waiting or after `patience`.
    ///
    /// # Errors
    /// [`PairingError::OtherClaim`].
    pub async fn standing(
        &self,
        pairing: &str,
        claim: &str,
        patience: Duration,
    ) -> Result<Standing, PairingError> {
        let mut news = self.0.pairings.subscribe();
        let settled = async {
            loop {
                news.mark_unchanged();
                let now = self.now();
                let standing = self.state().pairings.standing(pairing, claim, now);
                if standing != Ok(Standing::Waiting) || news.changed().await.is_err() {
                    return standing;
                }
            }
        };
        match tokio::time::timeout(patience, settled).await {
            Ok(standing) => standing,
            Err(_) => {
                let now = self.now();
                self.state().pairings.standing(pairing, claim, now)
            }
        }
    }

    /// Admits the screen that shows a code. When it returns, that is on disk.
    ///
    /// # Errors
    /// [`ScreenError`].
    pub async fn admit(&self, code: &str, wanted: AdmitAs) -> Result<Screen, ScreenError> {
        let _turn = self.0.turn.lock().await;
        let now = self.now();
        let asked = self.state().pairings.find(code, now);
        let Some(asked) = asked else { return Err(ScreenError::UnknownCode(code.to_owned())) };
        let stations = self.fit(wanted.view, wanted.stations)?;
        let language = wanted.language.or(asked.language).map(fit_language).transpose()?;
        let (screen, name) = self.introduce(wanted.name, &stations)?;
        let secret = secret::random_hex::<32>()?;
        let admitted = Screen {
            screen: screen.clone(),
            name,
            view: wanted.view,
            stations,
            language,
            admitted_at: now,
            admitted_by: wanted.by.clone(),
            secret_hash: secret::hashed(secret.as_bytes()),
        };
        // What the screen is told must be on disk first; a code that ran out meanwhile leaves nothing behind.
        self.keep(&admitted, ScreenChange::Admitted, wanted.by.clone()).await?;
        let taken = {
            let mut state = self.state();
            let taken = state.pairings.admit(code, &screen, &secret, now);
            if taken {
                state.screens.insert(screen.clone(), admitted.clone());
            }
            taken
        };
        if !taken {
            self.forget(&admitted, wanted.by).await?;
            return Err(ScreenError::UnknownCode(code.to_owned()));
        }
        self.tell();
        tracing::info!(
            screen,
            name = admitted.name,
            view = admitted.view.as_str(),
            by = admitted.admitted_by,
            "screen admitted"
        );
        Ok(admitted)
    }

    /// Changes what a screen is for.
    ///
    /// # Errors
    /// [`ScreenError`].
    pub async fn assign(&self, id: &str, change: Change) -> Result<Screen, ScreenError> {
        let _turn = self.0.turn.lock().await;
        let Some(mut screen) = self.screen(id) else { return Err(ScreenError::UnknownScreen(id.to_owned())) };
        let stations = match (change.view, change.stations) {
            (_, Some(stations)) => stations,
            (Some(view), None) if view.watches() != screen.view.watches() => Vec::new(),
            (_, None) => screen.stations.clone(),
        };
        screen.view = change.view.unwrap_or(screen.view);
        screen.stations = self.fit(screen.view, stations)?;
        if let Some(name) = change.name {
            screen.name = fit_name(&name)?;
        }
        if let Some(language) = change.language {
            screen.language = Some(fit_language(language)?);
        }
        self.keep(&screen, ScreenChange::Changed, change.by).await?;
        self.state().screens.insert(screen.screen.clone(), screen.clone());
        self.tell();
        tracing::info!(screen = id, name = screen.name, view = screen.view.as_str(), "screen changed");
        Ok(screen)
    }

    /// Admits a screen no more: its connections are cut.
    ///
    /// # Errors
    /// [`ScreenError`].
    pub async fn revoke(&self, id: &str, by: Option<String>) -> Result<Screen, ScreenError> {
        let _turn = self.0.turn.lock().await;
        let Some(screen) = self.screen(id) else { return Err(ScreenError::UnknownScreen(id.to_owned())) };
        self.forget(&screen, by.clone()).await?;
        {
            let mut state = self.state();
            state.screens.remove(id);
            state.watching.remove(id);
            state.pairings.settle(id);
        }
        self.tell();
        tracing::info!(screen = id, name = screen.name, by, "screen revoked");
        Ok(screen)
    }

    /// The stations a screen of this view can watch, or why not.
    fn fit(&self, view: View, mut wanted: Vec<String>) -> Result<Vec<String>, ScreenError> {
        let fitting: Vec<&str> = self
            .0
            .stations
            .iter()
            .filter(|station| station.kind == view.watches())
            .map(|station| station.id.as_str())
            .collect();
        let (view, kind) = (view.as_str(), view.watches().as_str());
        let refuse = |problem: String| Err(ScreenError::Unfit(problem));
        if fitting.is_empty() {
            return refuse(format!(
                "a screen with the view {view} watches a station of kind {kind}, and there is none: add a table \
                 [[station]] with kind = \"{kind}\""
            ));
        }
        if let ([], [only]) = (wanted.as_slice(), fitting.as_slice()) {
            wanted.push((*only).to_owned());
        }
        let mut seen = BTreeSet::new();
        wanted.retain(|station| seen.insert(station.clone()));
        if wanted.is_empty() {
            return refuse(format!("say which station it is to watch: {}", fitting.join(", ")));
        }
        match wanted.iter().find(|station| !fitting.contains(&station.as_str())) {
            None => Ok(wanted),
            Some(station) => refuse(format!(
                "the view {view} does not fit the station {station:?}: {}",
                fitting.join(", ")
            )),
        }
    }

    /// An id and a name for a new screen, unlike those of all others.
    fn introduce(&self, name: Option<String>, stations: &[String]) -> Result<(String, String), ScreenError> {
        let name = name.as_deref().map(fit_name).transpose()?;
        let first = stations.first().map_or("screen", String::as_str);
        let station = self.0.stations.iter().find(|station| station.id == first);
        let base = match name.as_deref().map(slug) {
            Some(slug) if !slug.is_empty() => slug,
            _ => slug(first),
        };
        let state = self.state();
        if state.screens.len() >= SCREENS {
            return Err(ScreenError::Unfit(format!(
                "there are {SCREENS} screens already: revoke those that are gone with `outletd screens revoke`"
            )));
        }
        let ids = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
        let id = ids.into_iter().find(|id| !state.screens.contains_key(id)).unwrap_or(base);
        let name = name.unwrap_or_else(|| {
            let base = station.map_or(first, |station| station.name.as_str());
            let mut names = std::iter::once(base.to_owned()).chain((2..).map(|n| format!("{base} {n}")));
            let free = |name: &String| !state.screens.values().any(|other| other.name == *name);
            names.find(free).unwrap_or_else(|| base.to_owned())
        });
        Ok((id, name))
    }

    async fn keep(
        &self,
        screen: &Screen,
        change: ScreenChange,
        by: Option<String>,
    ) -> Result<(), JournalError> {
        let record =
            serde_json::to_string(screen).map_err(|error| JournalError::Damaged(error.to_string()))?;
        let event = event(screen, change, by);
        let id = screen.screen.clone();
        self.0
            .journal
            .write(move |tx| {
                tx.keep_screen(&id, &record)?;
                tx.record(event).map(drop)
            })
            .await
    }

    async fn forget(&self, screen: &Screen, by: Option<String>) -> Result<(), JournalError> {
        let event = event(screen, ScreenChange::Revoked, by);
        let id = screen.screen.clone();
        self.0
            .journal
            .write(move |tx| {
                tx.forget_screen(&id)?;
                tx.record(event).map(drop)
            })
            .await
    }

    fn tell(&self) {
        self.0.changes.send_modify(|count| *count += 1);
        self.0.pairings.send_modify(|count| *count += 1);
    }

    fn now(&self) -> Timestamp {
        (self.0.journal.clock())()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of a screen.
pub(super) struct SignedIn {
    registry: Registry,
    screen: String,
    /// Cancelled once another connection has taken its place.
    pub(super) replaced: CancellationToken,
}

impl Drop for SignedIn {
    fn drop(&mut self) {
        if !self.replaced.is_cancelled() {
            self.registry.state().connected.remove(&self.screen);
        }
    }
}

fn event(screen: &Screen, change: ScreenChange, by: Option<String>) -> EventBody {
    EventBody::Screen { screen: screen.screen.clone(), name: screen.name.clone(), change, by }
}

fn fit_name(name: &str) -> Result<String, ScreenError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(ScreenError::Unfit(format!("{name:?} is no name for a screen: 1 to {NAME} characters")));
    }
    Ok(name.to_owned())
}

fn fit_language(language: String) -> Result<String, ScreenError> {
    if ["en", "ro", "ru"].contains(&language.as_str()) {
        Ok(language)
    } else {
        Err(ScreenError::Unfit(format!("there is no language {language:?}: there is en, ro, ru")))
    }
}

/// A name in the letters of an id.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= ID {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}
