//! The certificate that browsers are shown, read anew while connections go on.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{DEFAULT_VERSIONS, ServerConfig};

use super::authority::{Authority, names_of_this_machine};
use super::{WebConfig, WebError};
use crate::clock::Clock;

/// How often it is looked whether another certificate is due or there.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// The certificate in use.
#[derive(Debug)]
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What keeps the certificate fresh.
pub(super) struct Keeper {
    authority: Option<Arc<Authority>>,
    configured: Vec<String>,
    certificate: PathBuf,
    key: PathBuf,
    known: [Mark; 2],
    shown: Arc<Shown>,
    clock: Clock,
}

impl Keeper {
    /// Makes or reads the certificate that is shown first.
    pub(super) fn start(
        config: &WebConfig,
        authority: Option<Arc<Authority>>,
        clock: Clock,
    ) -> Result<Self, WebError> {
        let (certificate, key) = match (&config.tls, &authority) {
            (Some(files), _) => (files.certificate.clone(), files.key.clone()),
            (None, Some(authority)) => {
                authority.renew(&names_of_this_machine(&config.names), clock())?;
                authority.server_files()
            }
            (None, None) => {
                let problem = "neither a certificate nor an authority to make one".to_owned();
                return Err(WebError::Setting { key: "tls".into(), problem });
            }
        };
        let known = marks(&certificate, &key);
        let shown = Arc::new(Shown(RwLock::new(read(&certificate, &key)?)));
        let configured = config.names.clone();
        Ok(Self { authority, configured, certificate, key, known, shown, clock })
    }

    /// What connections are accepted with.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, WebError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(DEFAULT_VERSIONS)
            .map_err(|error| unusable(&self.certificate, error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(self.shown.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Looks again and again. Never ends.
    pub(super) async fn keep(mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let names = names_of_this_machine(&self.configured);
            self.look(&names);
        }
    }

    /// Renews the certificate where that is due, and shows another one where there is one.
    fn look(&mut self, names: &BTreeSet<String>) {
        if let Some(authority) = &self.authority
            && let Err(error) = authority.renew(names, (self.clock)())
        {
            tracing::error!(%error, "the server certificate could not be renewed");
        }
        let found = marks(&self.certificate, &self.key);
        if found == self.known {
            return;
        }
        match read(&self.certificate, &self.key) {
            Ok(key) => {
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = key;
                self.known = found;
                tracing::info!(certificate = %self.certificate.display(), "new server certificate in use");
            }
            Err(error) => {
                tracing::error!(%error, "the new certificate can't be used: the old one stays in use")
            }
        }
    }
}

/// What tells one state of a file from another.
type Mark = Option<(SystemTime, u64, u64)>;

/// How both files are.
fn marks(certificate: &Path, key: &Path) -> [Mark; 2] {
    [certificate, key].map(|path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.ino(), meta.len()))
    })
}

/// Reads a chain and its key, and sees that they belong together.
pub(super) fn read(certificate: &Path, key_file: &Path) -> Result<Arc<CertifiedKey>, WebError> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(certificate, format!("is no PEM certificate chain: {error}")))?;
    if chain.is_empty() {
        return Err(unusable(certificate, "has no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| unusable(key_file, format!("is no PEM private key: {error}")))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map(Arc::new)
        .map_err(|error| unusable(certificate, format!("{error}; does the key belong to it?")))
}

fn unusable(path: &Path, problem: String) -> WebError {
    WebError::Certificate { path: path.to_owned(), problem }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use tempfile::TempDir;

    use super::*;
    use crate::broker::TlsFiles;
    use crate::clock::Timestamp;

    const DAY_MS: i64 = 24 * 3600 * 1000;

    fn shown(keeper: &Keeper) -> Vec<u8> {
        keeper.shown.0.read().unwrap().cert[0].to_vec()
    }

    fn beyond_loopback() -> WebConfig {
        WebConfig { listen: "0.0.0.0:0".parse().unwrap(), ..WebConfig::default() }
    }

    /// A certificate and its key for a name.
    fn files(name: &str) -> (TempDir, TlsFiles) {
        let folder = tempfile::tempdir().unwrap();
        let now = crate::clock::system()();
        let authority = Authority::open(folder.path(), "test", now).unwrap();
        authority.renew(&[name.to_owned()].into(), now).unwrap();
        let (certificate, key) = authority.server_files();
        (folder, TlsFiles { certificate, key, clients: None })
    }

    #[test]
    fn a_certificate_that_ends_soon_is_replaced_while_the_agent_runs() {
        let folder = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicI64::new(1_900_000_000_000));
        let clock: Clock = {
            let time = time.clone();
            Arc::new(move || Timestamp(time.load(Ordering::Relaxed)))
        };
        let authority = Arc::new(Authority::open(folder.path(), "test", clock()).unwrap());
        let mut keeper = Keeper::start(&beyond_loopback(), Some(authority), clock).unwrap();
        let (first, names) = (shown(&keeper), names_of_this_machine(&[]));
        keeper.look(&names);
        assert_eq!(shown(&keeper), first);
        time.fetch_add(370 * DAY_MS, Ordering::Relaxed);
        keeper.look(&names);
        let second = shown(&keeper);
        assert_ne!(second, first);
        let more = names.into_iter().chain(["kitchen.example".to_owned()]).collect();
        keeper.look(&more);
        assert_ne!(shown(&keeper), second, "another name");
    }

    #[test]
    fn a_given_certificate_is_read_anew_and_a_broken_one_leaves_the_old_in_use() {
        let ((_folder, used), (_other, newer)) = (files("localhost"), files("kitchen.example"));
        let config = WebConfig { tls: Some(used.clone()), ..beyond_loopback() };
        let mut keeper = Keeper::start(&config, None, crate::clock::system()).unwrap();
        let (first, none) = (shown(&keeper), BTreeSet::new());
        std::fs::write(&used.certificate, "half of a certificate").unwrap();
        keeper.look(&none);
        assert_eq!(shown(&keeper), first);
        std::fs::copy(&newer.certificate, &used.certificate).unwrap();
        keeper.look(&none);
        assert_eq!(shown(&keeper), first, "the key does not belong to it yet");
        std::fs::copy(&newer.key, &used.key).unwrap();
        keeper.look(&none);
        assert_ne!(shown(&keeper), first);
    }
}
