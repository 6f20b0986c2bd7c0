//! What an operator sets: a TOML file, each value with a default that works on
//! one machine.

mod signing;
mod trace;

pub use signing::SigningConfig;
pub use trace::{HepConfig, TraceConfig, TracedPart};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use strowger_engine::signalling::{CertificateFiles, TlsSettings, TrustedRoots};
use strowger_sip::{ChallengeOrder, GuardRules};

/// The configuration of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Database, recordings, compiled guests, keys.
    pub data_dir: PathBuf,
    /// Where the REST API listens.
    pub http: SocketAddr,
    /// SIP.
    pub sip: SipConfig,
    /// RTP.
    pub media: MediaConfig,
    /// Guests.
    pub guests: GuestConfig,
    /// What tenants' HTTP requests may reach.
    pub outbound_http: OutboundHttp,
    /// What is kept of SIP messages.
    pub trace: TraceConfig,
    /// Signatures of versions.
    pub signing: SigningConfig,
    /// Most calls at once; a further one is answered 503.
    pub max_calls: usize,
    /// Whether calls keep a journal. Without it they cannot be replayed, and none
    /// goes on after a crash.
    pub journal: bool,
    /// Days that journals are kept after their call; 0: for ever. A tenant's own
    /// limit may be shorter. Records of calls stay.
    pub journal_days: u32,
}

/// Signalling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipConfig {
    /// Where SIP listens, UDP and TCP.
    pub listen: SocketAddr,
    /// The address put into Contact and Via where it is not the one listened on.
    pub advertised: Option<IpAddr>,
    /// Where SIP over TLS listens; needs a certificate.
    pub tls: Option<SocketAddr>,
    /// Where SIP over WebSocket listens, behind a proxy that does TLS.
    pub ws: Option<SocketAddr>,
    /// Where SIP over secure WebSocket listens; needs a certificate.
    pub wss: Option<SocketAddr>,
    /// Our certificates; the first is shown to whoever names none of them. Read
    /// again on SIGHUP.
    pub certificate: Vec<CertificateConfig>,
    /// PEM file of the authorities that carriers' certificates must come from;
    /// absent: those the operating system trusts.
    pub trusted_roots: Option<PathBuf>,
    /// Networks that are never slowed down nor banned for guessing and scanning
    /// (`192.0.2.0/24`); trunks' own addresses are not in any case.
    pub never_banned: Vec<String>,
    /// How phones are asked for their password.
    pub challenge: Challenge,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConfig {
    /// The name it is for; absent: any.
    #[serde(default)]
    pub server_name: Option<String>,
    /// PEM file: the certificate, then those between it and its root.
    pub chain: PathBuf,
    /// PEM file: its private key.
    pub key: PathBuf,
}

/// With which digest algorithms phones are challenged (RFC 8760).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Challenge {
    /// SHA-256, then MD5.
    #[default]
    StrongFirst,
    /// MD5, then SHA-256: for phones that look at the first challenge only.
    WeakFirst,
    /// SHA-256 alone.
    StrongOnly,
    /// MD5 alone: for phones that give up when they see any other name.
    WeakOnly,
}

impl From<Challenge> for ChallengeOrder {
    fn from(challenge: Challenge) -> Self {
        match challenge {
            Challenge::StrongFirst => Self::StrongFirst,
            Challenge::WeakFirst => Self::WeakFirst,
            Challenge::StrongOnly => Self::StrongOnly,
            Challenge::WeakOnly => Self::WeakOnly,
        }
    }
}

/// Media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// The address that sockets are bound to and that SDP names.
    pub address: IpAddr,
    /// First port.
    pub port_min: u16,
    /// Last port.
    pub port_max: u16,
    /// Media threads; 0 for one per core.
    pub threads: usize,
    /// A leg that hears nothing for so long is given up.
    pub rtp_timeout_ms: u64,
}

/// Guests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuestConfig {
    /// Threads that run guests; 0 for one per core.
    pub threads: usize,
    /// Most instances alive.
    pub max_instances: u32,
}

/// Requests of flows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundHttp {
    /// Whether allow-listed names may resolve to loopback, private or link-local
    /// addresses. Off, so that a tenant cannot reach the operator's own network.
    pub private_networks: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("strowger-data"),
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            sip: SipConfig::default(),
            media: MediaConfig::default(),
            guests: GuestConfig::default(),
            outbound_http: OutboundHttp::default(),
            trace: TraceConfig::default(),
            signing: SigningConfig::default(),
            max_calls: 10_000,
            journal: true,
            journal_days: 90,
        }
    }
}

impl Default for SipConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)),
            advertised: None,
            tls: None,
            ws: None,
            wss: None,
            certificate: Vec::new(),
            trusted_roots: None,
            never_banned: Vec::new(),
            challenge: Challenge::default(),
        }
    }
}

impl SipConfig {
    /// Certificates, ours and theirs, as signalling wants them.
    pub fn certificates(&self) -> TlsSettings {
        let files = self.certificate.iter().cloned();
        TlsSettings {
            certificates: files
                .map(|CertificateConfig { server_name, chain, key }| CertificateFiles {
                    server_name,
                    chain,
                    key,
                })
                .collect(),
            trusted: self.trusted_roots.clone().map_or(TrustedRoots::System, TrustedRoots::File),
        }
    }

    /// When sources are slowed down and banned.
    pub fn guard(&self) -> Result<GuardRules> {
        let never = self.never_banned.iter().map(|text| {
            text.parse().with_context(|| format!("sip.never_banned: {text:?} is no network"))
        });
        Ok(GuardRules { never: never.collect::<Result<_>>()?, ..GuardRules::default() })
    }
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port_min: 16_384,
            port_max: 32_767,
            threads: 0,
            rtp_timeout_ms: 30_000,
        }
    }
}

impl Default for GuestConfig {
    fn default() -> Self {
        Self { threads: 0, max_instances: 12_000 }
    }
}

impl Config {
    /// Reads a file; every error names the file and what is wrong in it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
        let config: Self = toml::from_str(&text)
            .with_context(|| format!("the configuration {} is not valid", path.display()))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses values that cannot work together.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.media.port_max > self.media.port_min.saturating_add(3),
            "media.port_min to media.port_max must hold at least two pairs of ports"
        );
        ensure!(
            !self.media.address.is_unspecified(),
            "media.address is written into SDP: name the address that phones can reach"
        );
        ensure!(self.max_calls > 0, "max_calls must be at least 1");
        self.sip.guard()?;
        self.trace.check()?;
        ensure!(
            self.sip.tls.or(self.sip.wss).is_none() || !self.sip.certificate.is_empty(),
            "sip.tls and sip.wss need a certificate: add [[sip.certificate]] with chain and key"
        );
        Ok(())
    }

    /// How many threads `configured` means; 0 stands for one per core.
    pub fn threads(configured: usize) -> usize {
        match configured {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            n => n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        let error = toml::from_str::<Config>("htpp = \"127.0.0.1:1\"").unwrap_err().to_string();
        assert!(error.contains("htpp"), "{error}");
    }

    #[test]
    fn defaults_work_and_survive_a_round_trip() {
        let config = Config::default();
        config.check().unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
    }

    #[test]
    fn an_address_that_no_phone_can_reach_is_refused() {
        let mut config = Config::default();
        config.media.address = "0.0.0.0".parse().unwrap();
        assert!(config.check().unwrap_err().to_string().contains("media.address"));
    }
}
