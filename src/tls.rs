//! Whom to trust in TLS connections.

use std::path::PathBuf;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// The file of the system's certificate authorities, PEM: `SSL_CERT_FILE`, or where Debian, Fedora and Alpine
/// keep it.
pub fn system_roots() -> PathBuf {
    const PLACES: [&str; 3] =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let usual = || PLACES.iter().map(PathBuf::from).find(|place| place.exists());
    named.or_else(usual).unwrap_or_else(|| PathBuf::from(PLACES[0]))
}

/// The authorities of a file, PEM.
///
/// # Errors
/// There is none in it that can be used.
pub(crate) fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| format!("is no PEM: {error}"))?;
    let mut trusted = RootCertStore::empty();
    let (added, _) = trusted.add_parsable_certificates(certificates);
    if added == 0 {
        return Err("there is no certificate in it that can be used".into());
    }
    Ok(trusted)
}
