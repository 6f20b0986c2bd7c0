//! Copies of messages to a collector, which may be slow, full or gone: what
//! cannot be sent at once is not sent.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use strowger_sip::{HepSource, TraceEntry, TracePolicy, hep_packet};

/// Where copies of messages go.
#[derive(Clone, Debug)]
pub struct HepSettings {
    /// The collector.
    pub collector: SocketAddr,
    /// Who we are there.
    pub source: HepSource,
    /// How much of each message it gets.
    pub policy: TracePolicy,
}

#[derive(Debug)]
pub(super) struct HepSender {
    socket: UdpSocket,
    source: HepSource,
}

impl HepSender {
    pub(super) fn open(settings: &HepSettings) -> io::Result<Self> {
        let any = match settings.collector {
            SocketAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
            SocketAddr::V6(_) => SocketAddr::from(([0u16; 8], 0)),
        };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        socket.connect(settings.collector)?;
        Ok(Self { socket, source: settings.source.clone() })
    }

    /// `false` if the message was not sent.
    pub(super) fn send(&self, entry: &TraceEntry) -> bool {
        hep_packet(&self.source, entry).is_some_and(|packet| self.socket.send(&packet).is_ok())
    }
}
