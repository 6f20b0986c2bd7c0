//! Where a message came from and where the next one goes.

use bytes::Bytes;
use std::net::SocketAddr;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One message, one datagram.
    Udp,
    /// A stream framed by Content-Length (RFC 3261 §18.3).
    Tcp,
}

impl Transport {
    pub(crate) fn reliability(self) -> sipx_sip::Reliability {
        match self {
            Self::Udp => sipx_sip::Reliability::Unreliable,
            Self::Tcp => sipx_sip::Reliability::Reliable,
        }
    }

    pub(crate) fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// A stream, numbered by whoever owns the sockets; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// The other end of one hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// What carries the message.
    pub transport: Transport,
    /// Address of the neighbour.
    pub remote: SocketAddr,
    /// Stream to prefer; whoever owns the sockets opens another one to
    /// `remote` if this one is gone (RFC 3261 §18.2.2).
    pub connection: Option<ConnectionId>,
}

impl Hop {
    /// A datagram hop.
    pub fn udp(remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, remote, connection: None }
    }

    /// A stream hop.
    pub fn tcp(remote: SocketAddr, connection: Option<ConnectionId>) -> Self {
        Self { transport: Transport::Tcp, remote, connection }
    }
}

/// What arrived: one datagram, or the next piece of a stream.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Where from.
    pub source: Hop,
    /// The bytes, as they came.
    pub bytes: Bytes,
}

/// What must be sent.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// Where to.
    pub hop: Hop,
    /// One whole message.
    pub bytes: Bytes,
}
