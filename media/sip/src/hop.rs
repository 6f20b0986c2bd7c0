//! Where a message came from and where the next one goes.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use strowger_model::TrunkId;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// One message, one datagram.
    Udp,
    /// A stream framed by Content-Length (RFC 3261 §18.3).
    Tcp,
    /// The same inside TLS (RFC 3261 §26.2).
    Tls,
    /// One message, one WebSocket frame (RFC 7118); only taken, never opened.
    Ws,
    /// The same inside TLS.
    Wss,
}

impl Transport {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// Whether messages are framed by Content-Length in a stream of bytes.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }

    /// Whether the other end is a browser that can only be reached over the
    /// connection that it opened (RFC 7118 §5).
    pub fn is_web(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// Whether nobody on the way can read along.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port that stands for none given (RFC 3261 §19.1.2, RFC 7118 §5.2).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    pub(crate) fn reliability(self) -> sipx_sip::Reliability {
        match self {
            Self::Udp => sipx_sip::Reliability::Unreliable,
            _ => sipx_sip::Reliability::Reliable,
        }
    }

    /// As it stands in a Via, and in logs.
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The `transport` parameter of a Contact, where one is needed. `tls` is
    /// deprecated (RFC 3261 §26.2.2) and yet what phones and carriers read;
    /// `ws` stands for both kinds of WebSocket (RFC 7118 §5.2.4).
    pub(crate) fn contact_param(self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
            Self::Tls => ";transport=tls",
            Self::Ws | Self::Wss => ";transport=ws",
        }
    }

    /// What an address asks for, seen by somebody whose neighbour came over
    /// `neighbour`; a secure hop is never followed by an open one to the same
    /// host.
    pub(crate) fn asked(
        param: Option<&[u8]>,
        sips: bool,
        same_host: bool,
        neighbour: Self,
    ) -> Self {
        let named = match param {
            Some(name) if name.eq_ignore_ascii_case(b"tls") => Self::Tls,
            Some(name) if name.eq_ignore_ascii_case(b"tcp") && sips => Self::Tls,
            Some(name) if name.eq_ignore_ascii_case(b"tcp") => Self::Tcp,
            Some(_) => Self::Udp,
            None if sips => Self::Tls,
            // A peer that reached us over a stream and says nothing keeps to it.
            None if same_host => neighbour,
            None => Self::Udp,
        };
        if same_host && neighbour == Self::Tls { Self::Tls } else { named }
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
    /// A TLS stream that we open: the trunk whose proxy's name the other
    /// end's certificate must bear (RFC 5922 §7). Without it none is opened.
    pub trunk: Option<TrunkId>,
}

impl Hop {
    /// A datagram hop.
    pub fn udp(remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, remote, connection: None, trunk: None }
    }

    /// A stream hop.
    pub fn tcp(remote: SocketAddr, connection: Option<ConnectionId>) -> Self {
        Self { transport: Transport::Tcp, remote, connection, trunk: None }
    }

    /// What came over a connection.
    pub fn over(transport: Transport, remote: SocketAddr, connection: ConnectionId) -> Self {
        Self { transport, remote, connection: Some(connection), trunk: None }
    }

    /// Where requests of a trunk go.
    pub(crate) fn to_trunk(trunk: TrunkId, transport: Transport, remote: SocketAddr) -> Self {
        let trunk = (transport == Transport::Tls).then_some(trunk);
        Self { transport, remote, connection: None, trunk }
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
