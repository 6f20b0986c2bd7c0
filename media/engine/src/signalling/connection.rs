//! One stream: moves bytes between its socket and the task, nothing else.

use super::websocket;
use bytes::{Bytes, BytesMut};
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use strowger_model::TrunkId;
use strowger_sip::{ConnectionId, Hop, Transport, limits::MAX_EXPIRES_S};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A connection on which nothing is said at first is closed.
const FIRST_BYTES: Duration = Duration::from_secs(10);
/// A silent one is kept as long as a phone may be registered over it.
const IDLE: Duration = Duration::from_secs(MAX_EXPIRES_S as u64 + 300);
const CONNECT: Duration = Duration::from_secs(5);
/// A peer that takes longer to shake hands wants to hold a place, not to talk.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);
/// A peer that takes longer to accept one message is gone.
pub(super) const WRITE: Duration = Duration::from_secs(10);
/// Read at once.
const PIECE_BYTES: usize = 8 * 1024;

/// Which stream, and to whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) id: ConnectionId,
    pub(super) transport: Transport,
    pub(super) remote: SocketAddr,
    pub(super) trunk: Option<TrunkId>,
}

impl Line {
    pub(super) fn hop(&self) -> Hop {
        let Self { id, transport, remote, trunk } = *self;
        Hop { trunk, ..Hop::over(transport, remote, id) }
    }
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was up.
    Over,
    /// The other side could not or would not shake hands.
    NoHandshake,
    /// It was never up, so that its requests fail at once.
    NotOpened,
}

/// What a stream has to say.
#[derive(Debug)]
pub(super) enum StreamEvent {
    Data(Hop, Bytes),
    /// It is gone.
    Closed(Hop, End),
}

/// Takes an accepted stream: shakes hands and carries it until either side ends it.
pub(super) async fn accept(
    line: Line,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<StreamEvent>,
) {
    // Messages are written whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let end = match (line.transport, tls) {
        (Transport::Tls | Transport::Wss, Some(tls)) => {
            match timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(stream)) => take(line, stream, outgoing, &events).await,
                _ => End::NoHandshake,
            }
        }
        (Transport::Tls | Transport::Wss, None) => End::NoHandshake,
        _ => take(line, stream, outgoing, &events).await,
    };
    let _ = events.send(StreamEvent::Closed(line.hop(), end)).await;
}

async fn take<S: AsyncRead + AsyncWrite + Unpin>(
    line: Line,
    stream: S,
    outgoing: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<StreamEvent>,
) -> End {
    if line.transport.is_web() {
        match websocket::carry(line, stream, outgoing, events).await {
            Ok(()) => End::Over,
            Err(_) => End::NoHandshake,
        }
    } else {
        carry(line, stream, outgoing, events).await;
        End::Over
    }
}

/// Opens a stream, inside TLS if told for whom, then carries it.
pub(super) async fn connect(
    line: Line,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<StreamEvent>,
) {
    let end = match (timeout(CONNECT, TcpStream::connect(line.remote)).await, tls) {
        (Ok(Ok(stream)), tls) => {
            let _ = stream.set_nodelay(true);
            match tls {
                None => {
                    carry(line, stream, outgoing, &events).await;
                    End::Over
                }
                Some((connector, name)) => {
                    match timeout(HANDSHAKE, connector.connect(name, stream)).await {
                        Ok(Ok(stream)) => {
                            carry(line, stream, outgoing, &events).await;
                            End::Over
                        }
                        failed => {
                            let error = failed.map_or_else(
                                |_| "it took too long".to_owned(),
                                |shaken| shaken.err().map(|e| e.to_string()).unwrap_or_default(),
                            );
                            let trunk = line.trunk.map(|trunk| trunk.to_string());
                            tracing::warn!(trunk, error, "a trunk's TLS handshake failed");
                            End::NotOpened
                        }
                    }
                }
            }
        }
        _ => End::NotOpened,
    };
    let _ = events.send(StreamEvent::Closed(line.hop(), end)).await;
}

async fn carry<S: AsyncRead + AsyncWrite>(
    line: Line,
    stream: S,
    outgoing: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<StreamEvent>,
) {
    let (read, write) = tokio::io::split(stream);
    tokio::select! {
        _ = read_all(line, read, events) => {}
        _ = write_all(write, outgoing) => {}
    }
}

async fn read_all(
    line: Line,
    mut read: impl AsyncRead + Unpin,
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
        let data = StreamEvent::Data(line.hop(), buffer.split().freeze());
        if events.send(data).await.is_err() {
            return Ok(());
        }
    }
}

async fn write_all(
    mut write: impl AsyncWrite + Unpin,
    mut outgoing: mpsc::Receiver<Bytes>,
) -> io::Result<()> {
    while let Some(message) = outgoing.recv().await {
        timeout(WRITE, async {
            write.write_all(&message).await?;
            // TLS keeps back what a full socket would not take.
            write.flush().await
        })
        .await??;
    }
    // The task let go: what was queued has been written.
    write.shutdown().await
}
