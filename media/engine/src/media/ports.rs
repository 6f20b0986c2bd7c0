//! The range of RTP ports: an even one and the odd one above it for each leg
//! (RFC 3550 §11). A returned pair goes to the end of the line, so that a late
//! packet of the old call meets nobody.

use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

/// Pairs tried before giving up when other programs sit on ports of our range.
const MAX_TRIES: usize = 64;
/// Two seconds of packets: what may pile up while a thread is held up.
const SOCKET_BUFFER: usize = 64 * 1024;
/// Expedited forwarding (RFC 4594 §4.1), as a TOS byte.
const TOS_VOICE: u32 = 0xb8;

/// Free pairs, by their even port.
#[derive(Debug)]
pub(super) struct PortPool {
    free: Mutex<VecDeque<u16>>,
    bind: IpAddr,
    size: usize,
}

/// A leg's sockets. The ports are free again when it is dropped.
#[derive(Debug)]
pub(super) struct PortPair {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    pub(super) port: u16,
    // Dropped last: a port may be given away only after its sockets are closed.
    _lease: Lease,
}

#[derive(Debug)]
struct Lease {
    port: u16,
    pool: Arc<PortPool>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.lock().push_back(self.port);
    }
}

impl PortPool {
    pub(super) fn new(bind: IpAddr, port_min: u16, port_max: u16) -> Self {
        let first = port_min.saturating_add(port_min % 2);
        let free: VecDeque<u16> = (first..port_max).step_by(2).collect();
        Self { size: free.len(), free: Mutex::new(free), bind }
    }

    /// Pairs in the range.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Opens this pair; `Ok(None)` if it is not ours, or taken, here or by others.
    pub(super) fn open_at(self: &Arc<Self>, port: u16) -> io::Result<Option<PortPair>> {
        {
            let mut free = self.lock();
            let Some(at) = free.iter().position(|known| *known == port) else { return Ok(None) };
            free.remove(at);
        }
        self.open_leased(port)
    }

    fn open_leased(self: &Arc<Self>, port: u16) -> io::Result<Option<PortPair>> {
        let lease = Lease { port, pool: Arc::clone(self) };
        let sockets = self.socket(port).and_then(|rtp| Ok((rtp, self.socket(port + 1)?)));
        match sockets {
            Ok((rtp, rtcp)) => Ok(Some(PortPair { rtp, rtcp, port, _lease: lease })),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the next free pair. `Ok(None)` if all are taken, here or by others.
    pub(super) fn open(self: &Arc<Self>) -> io::Result<Option<PortPair>> {
        for _ in 0..MAX_TRIES.min(self.size) {
            let Some(port) = self.lock().pop_front() else { return Ok(None) };
            if let Some(pair) = self.open_leased(port)? {
                return Ok(Some(pair));
            }
        }
        Ok(None)
    }

    fn socket(&self, port: u16) -> io::Result<UdpSocket> {
        let address = SocketAddr::new(self.bind, port);
        let kind = Type::DGRAM.nonblocking();
        let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::UDP))?;
        socket.set_recv_buffer_size(SOCKET_BUFFER)?;
        if address.is_ipv4() {
            // Refused in some containers; calls work without it.
            let _ = socket.set_tos_v4(TOS_VOICE);
        }
        socket.bind(&address.into())?;
        Ok(socket.into())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<u16>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
