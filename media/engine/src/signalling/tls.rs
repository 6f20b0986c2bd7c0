//! Certificates: ours from files that may change while calls are up, theirs
//! checked against roots that the operator chose.
//!
//! Nothing here decides whom to trust: a stream whose other end cannot prove
//! its name is not opened, and there is no switch for that.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Certificates in one file; a chain is two or three long, a bundle of roots 150.
const MAX_CERTIFICATES: usize = 1_024;

/// One certificate of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// Shown to whoever asks for this name (SNI, RFC 6066 §3); `*.` at its
    /// start stands for one label. `None`, like the first of the list, is
    /// shown to everybody else.
    pub server_name: Option<String>,
    /// PEM file: our certificate, then those between it and its root.
    pub chain: PathBuf,
    /// PEM file: its private key.
    pub key: PathBuf,
}

/// Against what carriers' certificates are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TrustedRoots {
    /// What the operating system trusts.
    #[default]
    System,
    /// Only the authorities in this PEM file.
    File(PathBuf),
}

/// What the driver needs for TLS; 1.2 at least, always.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// Ours, for listeners.
    pub certificates: Vec<CertificateFiles>,
    /// Theirs, for trunks.
    pub trusted: TrustedRoots,
}

/// Why TLS cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read or holds nothing of the kind.
    #[error("{path}: {reason}; give a PEM file that the server may read")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that does not belong to its certificate, or of an unknown kind.
    #[error("{chain} and {key} do not belong together or are of an unknown kind: {reason}")]
    Pair {
        /// The certificate.
        chain: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// A listener without a certificate.
    #[error("a TLS or secure WebSocket listener needs a certificate; name its PEM files")]
    NoCertificate,
    /// What the provider refuses.
    #[error("TLS cannot be set up: {0}")]
    Provider(rustls::Error),
}

fn bad_file(path: &Path, reason: impl ToString) -> TlsError {
    TlsError::File { path: path.to_owned(), reason: reason.to_string() }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|error| bad_file(path, error))?
        .take(MAX_CERTIFICATES)
        .collect();
    let found = found.map_err(|error| bad_file(path, error))?;
    if found.is_empty() { Err(bad_file(path, "there is no certificate in it")) } else { Ok(found) }
}

type Shown = Vec<(Option<String>, Arc<CertifiedKey>)>;

/// Our certificates as they are now.
#[derive(Debug)]
pub(super) struct Certificates {
    files: Vec<CertificateFiles>,
    /// Swapped whole on reload; a handshake under way keeps what it has.
    shown: RwLock<Arc<Shown>>,
}

impl Certificates {
    pub(super) fn load(files: Vec<CertificateFiles>) -> Result<Self, TlsError> {
        let shown = RwLock::new(Arc::new(read_pairs(&files)?));
        Ok(Self { files, shown })
    }

    /// Reads the files anew; if any is wrong, what was shown is shown on.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read_pairs(&self.files)?);
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn choose(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        let named = name.and_then(|name| {
            shown.iter().find(|(own, _)| own.as_deref().is_some_and(|own| is_named(own, name)))
        });
        let default = || shown.iter().find(|(own, _)| own.is_none()).or(shown.first());
        named.or_else(default).map(|(_, key)| key.clone())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name())
    }
}

fn is_named(own: &str, asked: &str) -> bool {
    match own.strip_prefix("*.") {
        None => own.eq_ignore_ascii_case(asked),
        Some(parent) => {
            asked.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent))
        }
    }
}

fn read_pairs(files: &[CertificateFiles]) -> Result<Shown, TlsError> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let pair = |files: &CertificateFiles| {
        let chain = read_chain(&files.chain)?;
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad_file(&files.key, e))?;
        let pair =
            CertifiedKey::from_der(chain, key, &provider).map_err(|error| TlsError::Pair {
                chain: files.chain.clone(),
                key: files.key.clone(),
                reason: error.to_string(),
            })?;
        Ok((files.server_name.clone(), Arc::new(pair)))
    };
    files.iter().map(pair).collect()
}

/// Both ends of TLS, ready for use.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) certificates: Option<Arc<Certificates>>,
    connector: TlsConnector,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificates", &self.certificates).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads every file; `listens` says whether a certificate of ours is needed.
    pub(super) fn new(settings: TlsSettings, listens: bool) -> Result<Self, TlsError> {
        if listens && settings.certificates.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .map_err(TlsError::Provider)?
            .with_root_certificates(roots(&settings.trusted)?)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(client));
        if settings.certificates.is_empty() {
            return Ok(Self { acceptor: None, certificates: None, connector });
        }
        let certificates = Arc::new(Certificates::load(settings.certificates)?);
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(TlsError::Provider)?
            .with_no_client_auth()
            .with_cert_resolver(certificates.clone());
        let acceptor = Some(TlsAcceptor::from(Arc::new(server)));
        Ok(Self { acceptor, certificates: Some(certificates), connector })
    }

    /// How to open a stream to whoever bears `name`; `None` if that is no name.
    pub(super) fn towards(&self, name: &str) -> Option<(TlsConnector, ServerName<'static>)> {
        let name = name.trim_start_matches('[').trim_end_matches(']');
        Some((self.connector.clone(), ServerName::try_from(name.to_owned()).ok()?))
    }
}

fn roots(trusted: &TrustedRoots) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    match trusted {
        TrustedRoots::System => {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "a certificate authority of the system cannot be read");
            }
            store.add_parsable_certificates(found.certs);
        }
        TrustedRoots::File(path) => {
            for certificate in read_chain(path)? {
                store.add(certificate).map_err(|error| bad_file(path, error))?;
            }
        }
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(is_named("SIP.example.com", "sip.Example.com"));
        assert!(is_named("*.example.com", "a.example.com"));
        assert!(!is_named("*.example.com", "a.b.example.com"));
        assert!(!is_named("*.example.com", "example.com"));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let missing = CertificateFiles {
            server_name: None,
            chain: "/nonexistent/chain.pem".into(),
            key: "/nonexistent/key.pem".into(),
        };
        let error = Certificates::load(vec![missing]).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/chain.pem") && error.contains("PEM"), "{error}");
        let none = Tls::new(TlsSettings::default(), true).unwrap_err();
        assert!(matches!(none, TlsError::NoCertificate));
    }
}
