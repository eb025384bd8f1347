//! The configuration: TOML, layered, strict. What can be known to be wrong is said before start, with file,
//! line and the remedy.

mod layers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outlet_devices::driver::{Description, DeviceStatus, Place, Report, Settings};
use outlet_devices::link::{Claim, Link};
use outlet_devices::registry;
use outlet_protocols::code::Patterns;
use serde::Deserialize;
use serde_json::Value;

use crate::broker::{BrokerError, EmbeddedConfig, TlsFiles};
use crate::bus::client::Protocol;
use crate::bus::contract::{Topics, is_name};
use crate::kitchen::stations::{KitchenConfig, StationConfig, StationKind};
use crate::limits::LimitsConfig;
use crate::queue::Words;
use crate::rights::{Right, Rights};
use crate::screens::{WebConfig, WebError};
use crate::web::metrics::MetricsConfig;
use crate::web::{self, HttpConfig};
pub use layers::Origin;

/// Exit code of a program that was given a configuration it can't use (sysexits.h, EX_CONFIG).
pub const EXIT_CONFIG: u8 = 78;

/// Levels below `kitchen/` that no station may have for its id.
const RESERVED_STATIONS: [&str; 3] = ["screen", "command", "answer"];

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the outlet, `[a-z0-9-]{1,64}`: a part of every topic.
    pub outlet: String,
    /// Folder of the journal.
    #[serde(default = "default_data")]
    pub data: PathBuf,
    /// Prefix of all topics; `outlet/v1/{outlet}` when absent.
    #[serde(default)]
    pub prefix: Option<String>,
    /// An external broker. Without it the agent brings its own.
    #[serde(default)]
    pub broker: Option<BrokerConfig>,
    /// What the embedded broker listens on.
    #[serde(default)]
    pub embedded: EmbeddedConfig,
    /// Where programs come in over HTTP. Without it none does.
    #[serde(default)]
    pub http: Option<HttpConfig>,
    /// Where screens connect. Without it, on loopback, where there is a station.
    #[serde(default)]
    pub web: Option<WebConfig>,
    /// Who may ask for what.
    #[serde(default)]
    pub rights: RightsConfig,
    /// Where programs of this machine ask how the agent does. Without it they can't.
    #[serde(default)]
    pub metrics: Option<MetricsConfig>,
    /// How much one client may ask for.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// How long records are kept.
    #[serde(default)]
    pub journal: JournalConfig,
    /// How queues behave.
    #[serde(default)]
    pub queue: QueueConfig,
    /// Codes that bear a quantity.
    #[serde(default)]
    pub codes: Patterns,
    /// The devices.
    #[serde(default)]
    pub device: Vec<DeviceConfig>,
    /// What all stations of the kitchen have in common.
    #[serde(default)]
    pub kitchen: KitchenConfig,
    /// The stations of the kitchen.
    #[serde(default)]
    pub station: Vec<StationConfig>,
}

/// The table `[broker]`: an external broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// `mqtt://host:1883` or `mqtts://host:8883`; of a cluster a list, one for each node.
    pub url: Addresses,
    /// The version of MQTT that the agent speaks to it.
    #[serde(default)]
    pub protocol: Protocol,
    /// Whether there is no TLS even beyond loopback.
    #[serde(default)]
    pub plain: bool,
    /// The agent's client id, fixed; `outletd-{outlet}` when absent.
    #[serde(default)]
    pub client_id: Option<String>,
    /// User name.
    #[serde(default)]
    pub user: Option<String>,
    /// File that holds the password, and nothing else.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Roots to trust, PEM; the system's when absent.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// Where a broker is.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected an address, or a list of addresses")]
pub enum Addresses {
    /// One broker.
    One(String),
    /// The nodes of a cluster.
    Nodes(Vec<String>),
}

impl BrokerConfig {
    /// Whether what goes over the network can be read on the way.
    pub fn is_open(&self) -> bool {
        self.url.all().iter().any(|url| {
            crate::daemon::parse_broker_url(url).is_ok_and(|(host, _, tls)| !tls && !is_loopback(&host))
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Addresses {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(address) => std::slice::from_ref(address),
            Self::Nodes(addresses) => addresses,
        }
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.all().join(", "))
    }
}

/// The table `[rights]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RightsConfig {
    /// Of clients without a user, and of all clients of an external broker.
    pub anonymous: BTreeSet<Right>,
    /// By user name.
    pub users: BTreeMap<String, BTreeSet<Right>>,
}

impl Default for RightsConfig {
    fn default() -> Self {
        let Rights { anonymous, users } = Rights::default();
        Self { anonymous, users }
    }
}

/// The table `[journal]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalConfig {
    /// Days that ended jobs are kept, with their ids; fiscal jobs are kept for ever. At least 7.
    pub keep_days: u32,
    /// Days that the feed can be replayed.
    pub keep_feed_days: u32,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { keep_days: 14, keep_feed_days: 14 }
    }
}

/// The table `[queue]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// Seconds a job waits for its device before the fallback takes it.
    pub fallback_after_s: u32,
    /// Jobs that may wait for one device.
    pub max_depth: u64,
    /// Seconds that active jobs get to end when the agent is told to stop.
    pub drain_s: u32,
    /// Printed above a ticket that may have been printed before.
    pub copy: String,
    /// Printed above a late ticket, with its time.
    pub delayed: String,
    /// Printed above a ticket meant for another printer, with its id.
    pub meant_for: String,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            fallback_after_s: 30,
            max_depth: 10_000,
            drain_s: 20,
            copy: "COPY".into(),
            delayed: "DELAYED".into(),
            meant_for: "FOR".into(),
        }
    }
}

/// A table `[[device]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfig {
    /// Its name in topics, `[a-z0-9-]{1,64}`.
    pub id: String,
    /// The family: `escpos`.
    pub driver: String,
    /// A file of `devices/models`.
    #[serde(default)]
    pub model: Option<String>,
    /// Where it is: `tcp://10.0.0.20:9100`, `serial:///dev/ttyUSB0?baud=9600`, `usb://04b8:0e28/SERIAL`.
    pub link: String,
    /// The device that takes over.
    #[serde(default)]
    pub fallback: Option<String>,
    /// Options of its driver.
    #[serde(default)]
    pub options: BTreeMap<String, Value>,
}

impl DeviceConfig {
    /// What its driver is given, with the codes of the outlet.
    pub fn settings(&self, codes: Arc<Patterns>) -> Settings {
        Settings {
            id: self.id.clone(),
            model: self.model.clone(),
            link: self.link.clone(),
            options: self.options.clone().into_iter().collect(),
            codes,
        }
    }
}

impl Config {
    /// The topics of this outlet.
    pub fn topics(&self) -> Topics {
        Topics::new(self.prefix.clone().unwrap_or_else(|| format!("outlet/v1/{}", self.outlet)))
    }

    /// Where screens connect, if any does.
    pub fn screens_door(&self) -> Option<WebConfig> {
        let usual = || (!self.station.is_empty()).then(WebConfig::default);
        self.web.clone().or_else(usual)
    }

    /// Who may ask for what.
    pub fn rights(&self) -> Rights {
        let mut users = self.rights.users.clone();
        if self.http.is_some() {
            let usual = || [Right::Fiscal, Right::Drawer].into();
            users.entry(web::USER.to_owned()).or_insert_with(usual);
        }
        Rights { anonymous: self.rights.anonymous.clone(), users }
    }

    /// Words printed above documents.
    pub fn words(&self) -> Words {
        Words {
            copy: self.queue.copy.clone(),
            delayed: self.queue.delayed.clone(),
            meant_for: self.queue.meant_for.clone(),
        }
    }
}

/// What is wrong with a configuration, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One thing that is wrong, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where it stands.
    pub origin: Option<Origin>,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads and checks a configuration: the file, `conf.d/*.toml` beside it in the order of their names, then
/// variables `OUTLETD__OUTLET`, `OUTLETD__BROKER__URL` and so on. Tables are merged, devices are gathered.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    let (config, origins) = layers::read(path)?;
    let problems = Checker { config: &config, origins: &origins, found: Vec::new() }.check();
    if problems.is_empty() { Ok(config) } else { Err(ConfigErrors(problems)) }
}

/// Whether two listeners can't both have their addresses.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (one.ip() == other.ip() || all)
}

fn default_data() -> PathBuf {
    PathBuf::from("/var/lib/outletd")
}

struct Checker<'a> {
    config: &'a Config,
    origins: &'a layers::Origins,
    found: Vec<ConfigError>,
}

impl Checker<'_> {
    fn check(mut self) -> Vec<ConfigError> {
        let config = self.config;
        if !is_name(&config.outlet) {
            self.say("outlet", format!("{:?} is no outlet name: 1 to 64 of a-z 0-9 -", config.outlet));
        }
        if let Some(prefix) = &config.prefix
            && (prefix.is_empty()
                || prefix.ends_with('/')
                || prefix.starts_with(['$', '/'])
                || prefix.contains(['+', '#']))
        {
            self.say(
                "prefix",
                format!("{prefix:?} is no topic prefix: levels without + and #, no / at its ends"),
            );
        }
        if config.journal.keep_days < 7 {
            self.say("journal.keep_days", "ids must be kept at least 7 days for repeats to be known".into());
        }
        if config.limits.messages_per_s == 0 || config.limits.burst == 0 {
            self.say(
                "limits",
                "messages_per_s and burst must be 1 at least: nobody could send anything".into(),
            );
        }
        match &config.broker {
            Some(broker) => self.check_external(broker),
            None => self.check_embedded(),
        }
        if let Some(http) = &config.http {
            self.check_http(http);
        }
        if let Some(metrics) = &config.metrics
            && let Err(error) = metrics.check()
        {
            self.say("metrics.listen", error.to_string());
        }
        self.check_web();
        self.check_ports();
        self.check_rights();
        self.check_devices();
        self.check_kitchen();
        self.found
    }

    fn check_external(&mut self, broker: &BrokerConfig) {
        if broker.url.all().is_empty() {
            self.say("broker.url", "is empty: write mqtt://host:1883 or mqtts://host:8883".into());
        }
        let (mut plain, mut secure) = (false, false);
        for url in broker.url.all() {
            match crate::daemon::parse_broker_url(url) {
                Ok((_, _, true)) => secure = true,
                Ok((_, _, false)) => plain = true,
                Err(error) => self.say("broker.url", error),
            }
        }
        if plain && secure {
            let message = "some addresses are mqtt:// and some mqtts://: the password would go to some unprotected; \
                           write mqtts:// for all";
            self.say("broker.url", message.into());
        }
        if broker.is_open() && !broker.plain && !secure {
            let message = "mqtt:// beyond this machine has no TLS: everybody on the network can read the password and \
                           what is printed, and take the broker's place; write mqtts://, or say [broker] plain = true";
            self.say("broker.url", message.into());
        }
        self.check_file("broker.password_file", broker.password_file.as_deref());
        if let Some(ca) = broker.ca.as_deref().filter(|ca| self.check_file("broker.ca", Some(ca))) {
            let pem = std::fs::read(ca).map_err(|error| error.to_string());
            if let Err(problem) = pem.and_then(|pem| crate::tls::roots(&pem)) {
                self.say("broker.ca", format!("{}: {problem}", ca.display()));
            }
        }
    }

    fn check_embedded(&mut self) {
        let embedded = &self.config.embedded;
        if let Err(error) = embedded.check() {
            let key = match &error {
                BrokerError::OpenNetwork { key, .. } => format!("embedded.{key}"),
                BrokerError::User { name, .. } => {
                    let index = embedded.users.iter().rposition(|user| &user.name == name).unwrap_or(0);
                    format!("embedded.users[{index}]")
                }
                _ => "embedded".to_owned(),
            };
            self.say(&key, error.to_string());
        }
        if let Some(tls) = &embedded.tls {
            let readable = self.check_tls_files("embedded", tls);
            if let Some(Err(error)) = readable.then(|| embedded.check_files()) {
                let leaf = match &error {
                    BrokerError::Tls { path, .. } => tls.key_of(path),
                    _ => "certificate",
                };
                self.say(&format!("embedded.tls.{leaf}"), error.to_string());
            }
        }
    }

    /// Whether all of them can be read.
    fn check_tls_files(&mut self, table: &str, tls: &TlsFiles) -> bool {
        let files = [
            ("certificate", Some(tls.certificate.as_path())),
            ("key", Some(tls.key.as_path())),
            ("clients", tls.clients.as_deref()),
        ];
        let readable = files.map(|(leaf, path)| self.check_file(&format!("{table}.tls.{leaf}"), path));
        readable.into_iter().all(|readable| readable)
    }

    /// Whether it can be read, where there is one.
    fn check_file(&mut self, key: &str, path: Option<&Path>) -> bool {
        let Some((path, error)) = path.and_then(|path| Some((path, std::fs::File::open(path).err()?))) else {
            return true;
        };
        self.say(key, format!("{} can't be read: {error}; check its path and its owner", path.display()));
        false
    }

    fn check_http(&mut self, http: &HttpConfig) {
        let config = self.config;
        if let Err(error) = http.check() {
            self.say(&format!("http.{}", error.key()), error.to_string());
        }
        if let Some(device) = &http.default_device
            && !config.device.iter().any(|known| &known.id == device)
        {
            let message = format!("there is no device {device:?}: name one that is configured");
            self.say("http.default_device", message);
        }
        if let Some(index) = config.embedded.users.iter().position(|user| user.name == web::USER) {
            let message = format!("{:?} is the name of [http] in [rights.users]: take another", web::USER);
            self.say(&format!("embedded.users[{index}].name"), message);
        }
    }

    fn check_web(&mut self) {
        let config = self.config;
        let Some(web) = config.screens_door() else { return };
        if let Err(error) = web.check() {
            self.say(&format!("web.{}", error.key()), error.to_string());
        }
        if let Some(tls) = &web.tls {
            let readable = self.check_tls_files("web", tls);
            if let Some(Err(error)) = readable.then(|| web.check_files()) {
                let leaf = match &error {
                    WebError::Certificate { path, .. } => tls.key_of(path),
                    _ => "certificate",
                };
                self.say(&format!("web.tls.{leaf}"), error.to_string());
            }
        }
    }

    /// No two doors have one address.
    fn check_ports(&mut self) {
        let config = self.config;
        let embedded = config.broker.is_none().then_some(&config.embedded);
        let doors = [
            ("embedded", "mqtt", embedded.map(|embedded| embedded.mqtt)),
            ("embedded", "websocket", embedded.and_then(|embedded| embedded.websocket)),
            ("http", "listen", config.http.as_ref().map(|http| http.listen)),
            ("web", "listen", config.screens_door().map(|web| web.listen)),
            ("metrics", "listen", config.metrics.as_ref().map(|metrics| metrics.listen)),
        ];
        let mut taken: Vec<(&str, &str, SocketAddr)> = Vec::new();
        for (table, leaf, addr) in doors {
            let Some(addr) = addr else { continue };
            for (other_table, other_leaf, other) in taken.iter().filter(|(_, _, other)| collide(*other, addr))
            {
                let message = format!(
                    "{addr} is the address of [{other_table}] {other_leaf} ({other}), too: give it another port"
                );
                self.say(&format!("{table}.{leaf}"), message);
            }
            taken.push((table, leaf, addr));
        }
    }

    fn check_rights(&mut self) {
        let config = self.config;
        let of_http = |user: &String| config.http.is_some() && user == web::USER;
        if config.broker.is_some() {
            if !config.rights.users.keys().all(of_http) {
                let message = "an external broker does not tell who published: set the rights of all its \
                               clients in [rights] anonymous, and who may publish where in the broker";
                self.say("rights.users", message.into());
            }
            return;
        }
        for user in config.rights.users.keys().filter(|user| !of_http(user)) {
            if !config.embedded.users.iter().any(|known| &known.name == user) {
                self.say(
                    &format!("rights.users.{user}"),
                    format!("there is no user {user}: add a table [[embedded.users]] with this name"),
                );
            }
        }
    }

    fn check_devices(&mut self) {
        let config = self.config;
        let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
        let mut claims: Vec<(Claim, usize, Option<Place>)> = Vec::new();
        for (index, device) in config.device.iter().enumerate() {
            let key = |leaf: &str| format!("device[{index}].{leaf}");
            if !is_name(&device.id) {
                self.say(&key("id"), format!("{:?} is no device id: 1 to 64 of a-z 0-9 -", device.id));
            }
            if let Some(first) = ids.insert(&device.id, index) {
                let place = self.place(first, "id");
                self.say(
                    &key("id"),
                    format!("there is already a device {:?}{place}: give it another id", device.id),
                );
            }
            // What is wrong with a link that can't be read, the driver says.
            let built = self.build(index, device);
            if let Ok(link) = device.link.parse::<Link>() {
                let place = registry::find(&device.driver)
                    .and_then(|factory| factory.place(&device.settings(Arc::default())));
                // On a line the driver knows best which port is meant where the link names none.
                let own = place.as_ref().and(built).and_then(|description| description.link.parse().ok());
                let claim = own.unwrap_or(link).claim();
                let conflict = claims.iter().find(|(other, _, there)| match (&place, there) {
                    (Some(here), Some(there)) if here.line == there.line => here.unit == there.unit,
                    _ => claim.conflicts(other),
                });
                if let Some((_, first, there)) = conflict {
                    let other = config.device.get(*first).map_or("", |device| device.id.as_str());
                    let at = self.place(*first, "link");
                    let remedy = match (&place, there) {
                        (Some(here), Some(there)) if here.line == there.line => format!(
                            "both are unit {}: give each its own `unit_id`, as it is set in the device",
                            here.unit
                        ),
                        (Some(_), Some(_)) => {
                            "devices on one line have the same link, letter for letter, and the same framing"
                                .into()
                        }
                        _ => "two devices can't share a port; remove one or give it its own".to_owned(),
                    };
                    self.say(
                        &key("link"),
                        format!("{} is already used by device {other:?}{at}: {remedy}", device.link),
                    );
                }
                claims.push((claim, index, place));
            }
            if let Some(fallback) = &device.fallback {
                let known = config.device.iter().any(|other| &other.id == fallback);
                if fallback == &device.id {
                    self.say(
                        &key("fallback"),
                        "a device can't take over from itself: name another one".into(),
                    );
                } else if !known {
                    self.say(
                        &key("fallback"),
                        format!("there is no device {fallback:?} to take over: name one that is configured"),
                    );
                }
            }
        }
    }

    fn check_kitchen(&mut self) {
        let config = self.config;
        if !KitchenConfig::LANGUAGES.contains(&config.kitchen.language.as_str()) {
            let known = KitchenConfig::LANGUAGES.join(", ");
            self.say(
                "kitchen.language",
                format!("{:?} is not spoken: write one of {known}", config.kitchen.language),
            );
        }
        if !(1..=60).contains(&config.kitchen.undo_s) {
            self.say("kitchen.undo_s", "must be 1 to 60".into());
        }
        if !(1..=720).contains(&config.kitchen.keep_h) {
            self.say("kitchen.keep_h", "must be 1 to 720".into());
        }
        let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, station) in config.station.iter().enumerate() {
            let key = |leaf: &str| format!("station[{index}].{leaf}");
            if !is_name(&station.id) {
                self.say(&key("id"), format!("{:?} is no station id: 1 to 64 of a-z 0-9 -", station.id));
            }
            if RESERVED_STATIONS.contains(&station.id.as_str()) {
                self.say(&key("id"), format!("{:?} is a word of the topics: choose another id", station.id));
            }
            if ids.insert(&station.id, index).is_some() {
                self.say(
                    &key("id"),
                    format!("there is already a station {:?}: give it another id", station.id),
                );
            }
            if config.device.iter().any(|device| device.id == station.id) {
                let message = format!(
                    "there is already a device {:?}: stations and devices share their ids",
                    station.id
                );
                self.say(&key("id"), message);
            }
            if !(1..=2).contains(&station.steps) {
                self.say(&key("steps"), "must be 1 (one bump) or 2 (begin, end)".into());
            }
            if station.cooking_s > 86_400 {
                self.say(&key("cooking_s"), "must be at most 86400, a day".into());
            }
            if !(5..=3600).contains(&station.print_after_s) {
                self.say(&key("print_after_s"), "must be 5 to 3600".into());
            }
            let printer = station.printer.as_ref();
            if let Some(printer) = printer.filter(|id| !config.device.iter().any(|device| &&device.id == id))
            {
                self.say(
                    &key("printer"),
                    format!("there is no device {printer:?}: name a printer that is configured"),
                );
            }
            let cooks = |id: &String| {
                let known = config.station.iter().find(|known| &known.id == id);
                known.is_some_and(|known| known.kind == StationKind::Kitchen && known.id != station.id)
            };
            if let Some(helper) = station.peak_to.as_ref().filter(|helper| !cooks(helper)) {
                self.say(&key("peak_to"), format!("there is no other station {helper:?} of kind kitchen"));
            }
            if station.kind != StationKind::Kitchen {
                let given = [
                    ("places", !station.places.is_empty()),
                    ("printer", station.printer.is_some()),
                    ("peak_to", station.peak_to.is_some()),
                ];
                for (leaf, _) in given.iter().filter(|(_, given)| *given) {
                    let message =
                        format!("a station of kind {} cooks nothing: remove it", station.kind.as_str());
                    self.say(&key(leaf), message);
                }
            }
        }
    }

    /// How the driver describes the device; `None` where its settings can't work.
    fn build(&mut self, index: usize, device: &DeviceConfig) -> Option<Description> {
        let Some(factory) = registry::find(&device.driver) else {
            let known: Vec<&str> = registry::DRIVERS.iter().map(|factory| factory.name()).collect();
            self.say(
                &format!("device[{index}].driver"),
                format!("unknown driver {:?}: there is {}", device.driver, known.join(", ")),
            );
            return None;
        };
        let (status, _) = tokio::sync::watch::channel(DeviceStatus::default());
        let settings = device.settings(Arc::default());
        let error = match factory.build(&settings, Report::of_status(status)) {
            Ok(built) => return Some(built.description),
            Err(error) => error,
        };
        let named = |option: &&String| error.message.contains(&format!("unknown field `{option}`"));
        let key = match device.options.keys().find(named) {
            Some(option) if error.key == "options" => format!("options.{option}"),
            _ => error.key,
        };
        self.say(&format!("device[{index}].{key}"), error.message);
        None
    }

    fn place(&self, index: usize, leaf: &str) -> String {
        self.origins
            .find(&format!("device[{index}].{leaf}"))
            .map(|origin| format!(" ({origin})"))
            .unwrap_or_default()
    }

    fn say(&mut self, key: &str, message: String) {
        let origin = self.origins.find(key);
        self.found.push(ConfigError { origin, message: format!("{key}: {message}") });
    }
}
