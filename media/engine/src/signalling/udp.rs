//! The datagram socket.

use super::config::StartError;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// Room for what arrives while the task is busy: two seconds of a few
/// thousand calls per second.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Opens a socket with large buffers.
pub(super) fn open(address: SocketAddr) -> Result<UdpSocket, StartError> {
    open_socket(address).map_err(|error| StartError::Udp(address, error))
}

fn open_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    // The kernel reports twice what it granted.
    let granted = socket.recv_buffer_size()? / 2;
    if granted < BUFFER_BYTES {
        tracing::info!(
            granted,
            wanted = BUFFER_BYTES,
            "SIP receive buffer is smaller than wanted; raise net.core.rmem_max for bursts"
        );
    }
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}
