//! A driver with every listener, certificates made for the test, and streams
//! that read one message at a time.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use strowger_engine::signalling::*;
use strowger_model::{TenantId, TrunkId};
use strowger_sip::*;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use uuid::Uuid;

pub const TENANT: TenantId = TenantId(Uuid::from_u128(1));
pub const TRUNK: TrunkId = TrunkId(Uuid::from_u128(1));
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority, and files signed by it.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub folder: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// Writes (or replaces) a certificate for `name`.
    pub fn certify(&self, file: &str, name: &str) -> CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = CertificateFiles {
            server_name: None,
            chain: self.folder.path().join(format!("{file}.pem")),
            key: self.folder.path().join(format!("{file}.key")),
        };
        std::fs::write(&files.chain, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    /// A client that trusts this authority only.
    pub fn connector(&self) -> TlsConnector {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.root()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    pub async fn connect(
        &self,
        to: SocketAddr,
        name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(to).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        self.connector().connect(name, stream).await
    }
}

pub fn free() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Every listener.
pub async fn everything(
    authority: &Authority,
    certificates: Vec<CertificateFiles>,
) -> (SipHandle, mpsc::Receiver<SipEvent>) {
    let mut config = SignallingConfig::new(free());
    (config.tls, config.ws, config.wss) = (Some(free()), Some(free()), Some(free()));
    config.certificates =
        TlsSettings { certificates, trusted: TrustedRoots::File(authority.root()) };
    let (handle, events) = start(config).await.unwrap();
    handle.set_directory(Arc::new(directory(vec![trunk(None)]))).await.unwrap();
    (handle, events)
}

pub fn trunk(proxy: Option<Proxy>) -> Trunk {
    Trunk {
        id: TRUNK,
        tenant: TENANT,
        sources: vec!["127.0.0.1".parse().unwrap()],
        inbound: None,
        proxy,
        domain: None,
        outbound: None,
        register: false,
    }
}

pub fn directory(trunks: Vec<Trunk>) -> Directory {
    let domains = vec![TenantDomains { tenant: TENANT, domains: vec!["acme.test".into()] }];
    Directory::new(domains, vec![], trunks, Some(TENANT)).unwrap()
}

pub fn request(method: &str, transport: &str, call_id: &str, body: &str) -> String {
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} x.invalid;\
         branch=z9hG4bK-{call_id}\r\nMax-Forwards: 70\r\nFrom: <sip:a@acme.test>;tag=1\r\n\
         To: <sip:100@acme.test>\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@x.invalid>\r\n{content}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n\
                         t=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n";

pub fn media() -> LocalMedia {
    LocalMedia {
        address: "127.0.0.1:40000".parse().unwrap(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event: true,
    }
}

pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it takes too long")
}

pub async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Reads up to the end of one message's headers (bodies are short and come along).
pub async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut heard = Vec::new();
    soon(async {
        while !heard.windows(4).any(|four| four == b"\r\n\r\n") {
            assert!(stream.read_buf(&mut heard).await.unwrap() > 0, "closed after {heard:?}");
        }
    })
    .await;
    String::from_utf8(heard).unwrap()
}

/// Waits until the far end has closed the stream.
pub async fn closed(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    // A reset says the same as an orderly end.
    let _ = soon(stream.read_to_end(&mut rest)).await;
}
