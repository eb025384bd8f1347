//! The outlet's own certificate authority, and the server certificate that it keeps fresh.
//!
//! The authority is made once and kept: screens trust it, so a new one means a walk to every panel.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::clock::Timestamp;

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Days that the authority lives.
const AUTHORITY_DAYS: i64 = 3650;
/// Days that a server certificate lives, beside the day before; browsers refuse those of more than 398.
const SERVER_DAYS: i64 = 396;
/// Days before its end that a server certificate is renewed.
const RENEW_DAYS: i64 = 30;
/// Days before its end that people are told of the authority's end.
const WARN_DAYS: i64 = 365;

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file can't be read or written.
    #[error("{path} can't be used: {reason}; check that it belongs to the user outletd runs as")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file is not what it should be.
    #[error(
        "{path} is damaged: {reason}; put a copy of the folder back, or move it away: a new authority is made then, \
         and every panel has to be given its ca.crt"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate can't be made.
    #[error("no certificate could be made: {0}")]
    Make(String),
}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error.to_string())
    }
}

/// The authority of an outlet, in its folder.
#[derive(Debug, Clone)]
pub struct Authority {
    folder: PathBuf,
    birth: Birth,
    certificate: String,
    fingerprint: String,
}

/// What the authority's certificate says of itself, kept beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Birth {
    name: String,
    made_at: Timestamp,
}

/// What the server certificate is for, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// DNS names and addresses.
    pub names: BTreeSet<String>,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl Server {
    /// Whether it is time for another one.
    pub fn is_due(&self, names: &BTreeSet<String>, now: Timestamp) -> bool {
        &self.names != names || now >= self.ends_at.plus_ms(-RENEW_DAYS * DAY_MS)
    }
}

impl Authority {
    /// Opens the authority of a folder; makes it where there is none.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn open(folder: &Path, outlet: &str, now: Timestamp) -> Result<Self, AuthorityError> {
        let failed = |error: io::Error| file_error(folder, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let (birth, certificate) = (folder.join(BIRTH), folder.join(CERTIFICATE));
        // Written last: without it nothing was ever shown to a screen.
        if !certificate.exists() {
            let made = Birth { name: format!("outletd {outlet}"), made_at: now };
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let signed = made.params()?.self_signed(&key)?;
            write(&folder.join(KEY), key.serialize_pem().as_bytes())?;
            write(&birth, &json(&made)?)?;
            write(&certificate, signed.pem().as_bytes())?;
            tracing::info!(folder = %folder.display(), "certificate authority of the outlet made");
        }
        let text = read(&certificate)?;
        let der = CertificateDer::from_pem_slice(text.as_bytes())
            .map_err(|error| damaged(&certificate, error.to_string()))?;
        let fingerprint = fingerprint(&der);
        let birth =
            serde_json::from_str(&read(&birth)?).map_err(|error| damaged(&birth, error.to_string()))?;
        Ok(Self { folder: folder.to_owned(), birth, certificate: text, fingerprint })
    }

    /// Its certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// SHA-256 of its certificate, `AB:CD:..`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// When it ends.
    pub fn ends_at(&self) -> Timestamp {
        self.birth.made_at.plus_ms(AUTHORITY_DAYS * DAY_MS)
    }

    /// Whether people should be told that it ends.
    pub fn ends_soon(&self, now: Timestamp) -> bool {
        now >= self.ends_at().plus_ms(-WARN_DAYS * DAY_MS)
    }

    /// Where the server certificate and its key are.
    pub fn server_files(&self) -> (PathBuf, PathBuf) {
        (self.folder.join(SERVER_CERTIFICATE), self.folder.join(SERVER_KEY))
    }

    /// Makes a server certificate where there is none for these names, or it ends soon. Returns whether it did.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn renew(&self, names: &BTreeSet<String>, now: Timestamp) -> Result<bool, AuthorityError> {
        let (certificate, key_file) = self.server_files();
        let about = self.folder.join(SERVER);
        let known: Option<Server> = fs::read(&about).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let present = certificate.exists() && key_file.exists();
        if let Some(known) = known.filter(|_| present) {
            let made_to_its_end = known.ends_at >= self.ends_at();
            if !known.is_due(names, now) || (made_to_its_end && &known.names == names) {
                return Ok(false);
            }
        }
        let path = self.folder.join(KEY);
        let key = KeyPair::from_pem(&read(&path)?).map_err(|error| damaged(&path, error.to_string()))?;
        let issuer = Issuer::new(self.birth.params()?, key);
        let ends_at = now.plus_ms(SERVER_DAYS * DAY_MS).min(self.ends_at());
        let server_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let signed = server_params(names, now, ends_at)?.signed_by(&server_key, &issuer)?;
        // Read together when the certificate is seen to change: the key has to be there first.
        write(&key_file, server_key.serialize_pem().as_bytes())?;
        write(&certificate, signed.pem().as_bytes())?;
        write(&about, &json(&Server { names: names.clone(), ends_at })?)?;
        let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        tracing::info!(names, until = %ends_at, "server certificate made");
        Ok(true)
    }
}

const BIRTH: &str = "authority.json";
const KEY: &str = "authority.key";
const CERTIFICATE: &str = "ca.crt";
const SERVER: &str = "server.json";
const SERVER_KEY: &str = "server.key";
const SERVER_CERTIFICATE: &str = "server.crt";

impl Birth {
    fn params(&self) -> Result<CertificateParams, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.name.clone());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let (year, month, day) = date(self.made_at.plus_ms(-DAY_MS))?;
        params.not_before = date_time_ymd(year, month, day);
        let (year, month, day) = date(self.made_at.plus_ms(AUTHORITY_DAYS * DAY_MS))?;
        params.not_after = date_time_ymd(year, month, day);
        Ok(params)
    }
}

fn server_params(
    names: &BTreeSet<String>,
    now: Timestamp,
    ends_at: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    let first = names.iter().find(|name| name.parse::<IpAddr>().is_err());
    let common = first.map_or("outletd", String::as_str).chars().take(64).collect::<String>();
    params.distinguished_name.push(DnType::CommonName, common);
    for name in names {
        params.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into()?),
        });
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    // A panel's clock may be behind by some hours.
    let (year, month, day) = date(now.plus_ms(-DAY_MS))?;
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = date(ends_at)?;
    params.not_after = date_time_ymd(year, month, day);
    Ok(params)
}

/// Year, month and day of a moment, in UTC.
fn date(at: Timestamp) -> Result<(i32, u8, u8), AuthorityError> {
    let moment =
        jiff::Timestamp::from_millisecond(at.0).map_err(|error| AuthorityError::Make(error.to_string()))?;
    let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |part: i8| u8::try_from(part).map_err(|error| AuthorityError::Make(error.to_string()));
    Ok((i32::from(date.year()), part(date.month())?, part(date.day())?))
}

/// SHA-256 of a certificate as people compare it: `AB:CD:..`.
pub fn fingerprint(certificate: &[u8]) -> String {
    let bytes = Sha256::digest(certificate);
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// The names that this machine is reached by: those of the configuration, its host name, `localhost`, and the
/// addresses of its interfaces. What is no name is left out.
pub fn names_of_this_machine(configured: &[String]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = configured.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.insert("localhost".to_owned());
    if let Ok(host) = nix::unistd::gethostname()
        && let Some(host) = host.to_str()
        && is_dns_name(host)
    {
        names.insert(host.to_ascii_lowercase());
    }
    match nix::ifaddrs::getifaddrs() {
        Ok(interfaces) => {
            for address in interfaces.filter_map(|interface| interface.address) {
                let ip = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
                    (Some(v4), _) => IpAddr::V4(v4.ip()),
                    // Link-local ones need a zone, which no certificate has.
                    (_, Some(v6)) if !v6.ip().is_unicast_link_local() => IpAddr::V6(v6.ip()),
                    _ => continue,
                };
                names.insert(ip.to_string());
            }
        }
        Err(error) => tracing::warn!(%error, "the addresses of this machine can't be listed"),
    }
    names
}

/// Whether a text is a host name of DNS.
pub fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, AuthorityError> {
    serde_json::to_vec(value).map_err(|error| AuthorityError::Make(error.to_string()))
}

fn read(path: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(path).map_err(|error| file_error(path, &error))
}

/// Puts a file in place as a whole, for its owner alone.
fn write(path: &Path, bytes: &[u8]) -> Result<(), AuthorityError> {
    let new = path.with_extension("new");
    let written = || -> io::Result<()> {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    written().map_err(|error| file_error(path, &error))
}

fn file_error(path: &Path, error: &io::Error) -> AuthorityError {
    AuthorityError::File { path: path.to_owned(), reason: error.to_string() }
}

fn damaged(path: &Path, reason: String) -> AuthorityError {
    AuthorityError::Damaged { path: path.to_owned(), reason }
}
