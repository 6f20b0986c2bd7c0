//! One stream: moves bytes between its socket and the task, nothing else.

use bytes::{Bytes, BytesMut};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use strowger_sip::{ConnectionId, limits::MAX_EXPIRES_S};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A connection on which nothing is said at first is closed.
const FIRST_BYTES: Duration = Duration::from_secs(10);
/// A silent one is kept as long as a phone may be registered over it.
const IDLE: Duration = Duration::from_secs(MAX_EXPIRES_S as u64 + 300);
const CONNECT: Duration = Duration::from_secs(5);
/// A peer that takes longer to accept one message is gone.
const WRITE: Duration = Duration::from_secs(10);
/// Read at once.
const PIECE_BYTES: usize = 8 * 1024;

/// What a stream has to say.
#[derive(Debug)]
pub(super) enum StreamEvent {
    Data(ConnectionId, SocketAddr, Bytes),
    /// It is gone; `unsent` if it was never up, so that its requests fail at once.
    Closed {
        id: ConnectionId,
        remote: SocketAddr,
        unsent: bool,
    },
}

/// Carries an accepted stream until either side ends it.
pub(super) async fn carry(
    id: ConnectionId,
    remote: SocketAddr,
    stream: TcpStream,
    outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<StreamEvent>,
) {
    // Messages are written whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    tokio::select! {
        _ = read_all(id, remote, read, &events) => {}
        _ = write_all(write, outgoing) => {}
    }
    let _ = events.send(StreamEvent::Closed { id, remote, unsent: false }).await;
}

/// Opens a stream, then carries it.
pub(super) async fn connect(
    id: ConnectionId,
    remote: SocketAddr,
    outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<StreamEvent>,
) {
    match timeout(CONNECT, TcpStream::connect(remote)).await {
        Ok(Ok(stream)) => carry(id, remote, stream, outgoing, events).await,
        _ => {
            let _ = events.send(StreamEvent::Closed { id, remote, unsent: true }).await;
        }
    }
}

async fn read_all(
    id: ConnectionId,
    remote: SocketAddr,
    mut read: OwnedReadHalf,
    events: &mpsc::Sender<StreamEvent>,
) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    let mut patience = FIRST_BYTES;
    loop {
        buffer.reserve(PIECE_BYTES);
        let count = timeout(patience, read.read_buf(&mut buffer)).await??;
        if count == 0 {
            return Ok(());
        }
        patience = IDLE;
        let data = StreamEvent::Data(id, remote, buffer.split().freeze());
        if events.send(data).await.is_err() {
            return Ok(());
        }
    }
}

async fn write_all(
    mut write: OwnedWriteHalf,
    mut outgoing: mpsc::Receiver<Bytes>,
) -> io::Result<()> {
    while let Some(message) = outgoing.recv().await {
        timeout(WRITE, write.write_all(&message)).await??;
    }
    // The task let go: what was queued has been written.
    write.shutdown().await
}
