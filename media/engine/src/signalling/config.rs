//! What the driver is told once.

use super::hep::HepSettings;
use super::resolver::Lookup;
use super::tls::{TlsError, TlsSettings};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use strowger_sip::{ChallengeOrder, Limits, TracePolicy};

/// Events that may be on their way to the server before new calls are refused:
/// a few hundred milliseconds of a busy system.
const DEFAULT_EVENTS: usize = 4_096;

/// What the driver is told once.
#[derive(Clone, Debug)]
pub struct SignallingConfig {
    /// Where to listen for datagrams.
    pub udp: SocketAddr,
    /// Where to listen for streams; `None` for no TCP.
    pub tcp: Option<SocketAddr>,
    /// Where to listen for TLS streams; needs a certificate.
    pub tls: Option<SocketAddr>,
    /// Where to listen for WebSockets; behind a proxy that does TLS, since
    /// browsers open no others from a secure page.
    pub ws: Option<SocketAddr>,
    /// Where to listen for secure WebSockets; needs a certificate.
    pub wss: Option<SocketAddr>,
    /// Certificates, ours and theirs.
    pub certificates: TlsSettings,
    /// Address under which others reach us, if it is not the one listened on.
    pub advertised: Option<IpAddr>,
    /// Who is asked about names; `None`: the system's name servers.
    pub lookup: Option<Arc<dyn Lookup>>,
    /// What is kept of each leg's messages and told when it is over.
    pub trace: TracePolicy,
    /// Who gets a copy of every message.
    pub hep: Option<HepSettings>,
    /// How phones are challenged.
    pub challenge: ChallengeOrder,
    /// How much is held at once.
    pub limits: Limits,
    /// Set by the server while it has more calls than it can begin with: new ones
    /// are refused meanwhile, with 503 and Retry-After.
    pub overloaded: Arc<AtomicBool>,
    /// Whether [`strowger_sip::SipEvent::Keep`] and `KeepContacts` are told.
    pub keep_dialogs: bool,
    /// Whether the sockets, though open, are not read before
    /// [`super::SipHandle::recovered`]: a request in a dialog that is about to be
    /// taken up would be refused (481), which ends it.
    pub recovering: bool,
    /// Capacity of the event channel.
    pub events: usize,
    /// How many times faster than the world's its time passes; more than 1 is
    /// for tests that wait for a session to expire with peers that really wait.
    pub pace: u32,
}

impl SignallingConfig {
    /// UDP and TCP on the same address and port.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            udp: address,
            tcp: Some(address),
            tls: None,
            ws: None,
            wss: None,
            certificates: TlsSettings::default(),
            lookup: None,
            trace: TracePolicy::Off,
            hep: None,
            advertised: None,
            challenge: ChallengeOrder::default(),
            limits: Limits::default(),
            overloaded: Arc::default(),
            keep_dialogs: false,
            recovering: false,
            events: DEFAULT_EVENTS,
            pace: 1,
        }
    }

    pub(super) fn seen_as(&self, bound: SocketAddr) -> Result<SocketAddr, StartError> {
        match self.advertised {
            Some(ip) => Ok(SocketAddr::new(ip, bound.port())),
            None if bound.ip().is_unspecified() => Err(StartError::NoAdvertised(bound)),
            None => Ok(bound),
        }
    }
}

/// Why the driver does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The UDP socket cannot be opened.
    #[error("cannot listen on UDP {0}: {1}; is another SIP server running there?")]
    Udp(SocketAddr, io::Error),
    /// The TCP listener cannot be opened.
    #[error("cannot listen on TCP {0}: {1}; is another SIP server running there?")]
    Tcp(SocketAddr, io::Error),
    /// A TLS or WebSocket listener cannot be opened.
    #[error("cannot listen for {kind} on {address}: {error}; is another server running there?")]
    Listener {
        /// `TLS`, `WS` or `WSS`.
        kind: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// Copies for the collector cannot be sent.
    #[error("cannot send to the HEP collector {0}: {1}; is it a reachable address?")]
    Hep(SocketAddr, io::Error),
    /// TLS is not usable as configured.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Phones could not be told where we are.
    #[error("listening on every address ({0}); say under which address phones reach us")]
    NoAdvertised(SocketAddr),
}
