//! The listener of the screens' door, and how people are told of it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::authority::{Authority, names_of_this_machine};
use super::certificates::Keeper;
use super::gateway::{Gateway, Upstream};
use super::office::{Office, Reach};
use super::pages::{self, Site};
use super::registry::Registry;
use super::status::{Desk, Sight};
use super::{WebConfig, WebError};
use crate::audit::Recorder;
use crate::bus::contract::Topics;
use crate::clock::Clock;
use crate::web::reception::Reception;

/// Connections at once.
const CONNECTIONS: usize = 400;
/// Folder of the authority within the data folder.
const AUTHORITY: &str = "authority";
/// Code of the warning that the network can read along.
pub const WITHOUT_TLS: &str = "web-without-tls";
/// Code of the warning that the authority ends within a year.
pub const AUTHORITY_ENDS: &str = "authority-ends";

/// A listener that nobody is let in by yet.
pub struct Door {
    listener: TcpListener,
    addr: SocketAddr,
    config: WebConfig,
    outlet: String,
    topics: Topics,
    registry: Registry,
    authority: Option<Arc<Authority>>,
    keeper: Option<Keeper>,
    warnings: BTreeMap<&'static str, String>,
}

impl Door {
    /// Begins to listen, with a certificate where one is needed.
    ///
    /// # Errors
    /// [`WebError`].
    pub async fn open(
        config: &WebConfig,
        outlet: &str,
        data: &Path,
        topics: Topics,
        registry: Registry,
        clock: &Clock,
    ) -> Result<Self, WebError> {
        config.check()?;
        let authority = match config.has_authority() {
            true => Some(Arc::new(Authority::open(&data.join(AUTHORITY), outlet, clock())?)),
            false => None,
        };
        let keeper = match config.is_secure() {
            true => Some(Keeper::start(config, authority.clone(), clock.clone())?),
            false => None,
        };
        let wrong = |error| WebError::listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(wrong)?;
        let addr = listener.local_addr().map_err(wrong)?;
        let mut warnings = BTreeMap::new();
        if config.is_open() {
            let text = format!(
                "[web] plain = true: everybody on the network of {addr} can read what screens show and take their \
                 place. Remove it, so that TLS is spoken"
            );
            tracing::warn!("{text}");
            warnings.insert(WITHOUT_TLS, text);
        }
        if let Some(ends_at) =
            authority.as_ref().filter(|own| own.ends_soon(clock())).map(|own| own.ends_at())
        {
            let text = format!(
                "the outlet's certificate authority ends at {ends_at}: move {} away, start the agent again, and give \
                 the new ca.crt to every panel before then",
                data.join(AUTHORITY).display()
            );
            tracing::warn!("{text}");
            warnings.insert(AUTHORITY_ENDS, text);
        }
        let (config, outlet) = (config.clone(), outlet.to_owned());
        Ok(Self { listener, addr, config, outlet, topics, registry, authority, keeper, warnings })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The screens that come through it.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Codes of what people should know of it.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.keys().map(|code| (*code).to_owned()).collect()
    }

    /// How people reach it.
    pub fn reach(&self) -> Reach {
        let scheme = if self.config.is_secure() { "https" } else { "http" };
        let port = self.addr.port();
        let url = |host: &str| match host.parse() {
            Ok(IpAddr::V6(address)) => format!("{scheme}://[{address}]:{port}/"),
            _ => format!("{scheme}://{host}:{port}/"),
        };
        let urls = if !self.addr.ip().is_unspecified() && self.config.names.is_empty() {
            vec![url(&self.addr.ip().to_string())]
        } else if self.config.names.is_empty() {
            let names = names_of_this_machine(&[]);
            let of_the_network = |name: &&String| {
                name.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4() && !address.is_loopback())
            };
            names.iter().filter(of_the_network).map(|name| url(name)).collect()
        } else {
            self.config.names.iter().map(|name| url(name)).collect()
        };
        Reach {
            urls,
            fingerprint: self.authority.as_ref().map(|authority| authority.fingerprint().to_owned()),
            plain: self.config.is_open(),
        }
    }

    /// What technicians ask, answered.
    pub fn office(&self) -> Office {
        Office::new(self.registry.clone(), self.reach())
    }

    /// Lets screens in until `stop` is cancelled.
    ///
    /// # Errors
    /// [`WebError`].
    pub fn serve(
        self,
        upstream: Upstream,
        sight: Sight,
        audit: Recorder,
        stop: CancellationToken,
    ) -> Result<impl Future<Output = ()> + Send + 'static, WebError> {
        let tls = self.keeper.as_ref().map(Keeper::acceptor).transpose()?;
        let reach = self.reach();
        let desk = Desk::new(sight, self.config.password.clone(), self.warnings)?;
        let gateway = Gateway::new(self.registry.clone(), self.topics.clone(), upstream, audit, stop.clone());
        let site = Site {
            outlet: self.outlet,
            prefix: self.topics.prefix().to_owned(),
            reach,
            authority: self.authority,
            on_loopback: self.addr.ip().is_loopback(),
            registry: self.registry,
            gateway: Arc::new(gateway),
            desk,
        };
        tracing::info!(addr = %self.addr, urls = site.reach.urls.join(" "), "screens are let in");
        let reception = Reception { listener: self.listener, tls, seats: CONNECTIONS };
        let (pages, keeper) = (pages::router(Arc::new(site)), self.keeper);
        Ok(async move {
            let keeping = async {
                match keeper {
                    Some(keeper) => keeper.keep().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = reception.receive(pages, stop) => {}
                () = keeping => {}
            }
        })
    }
}
