//! The streams that are open, by number and by far end, and a bound on them.

use super::connection::{self, Line, StreamEvent};
use super::tls::Tls;
use bytes::Bytes;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use strowger_model::TrunkId;
use strowger_sip::{ConnectionId, Hop, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Messages that may wait for one stream's peer to read.
const QUEUE: usize = 256;
/// Streams of one far address: a site behind one NAT, not the whole table.
const MAX_PER_ADDRESS: usize = 1_024;
/// Pieces on their way to the task.
const PIECES: usize = 1_024;

/// What a stream can be used again for: requests of two trunks never share one
/// inside TLS, since each wants another name proven.
type FarEnd = (Transport, SocketAddr, Option<TrunkId>);

#[derive(Debug)]
struct Open {
    far: FarEnd,
    queue: mpsc::Sender<Bytes>,
}

#[derive(Debug)]
pub(super) struct Streams {
    listeners: Vec<(Transport, TcpListener)>,
    tls: Tls,
    limit: usize,
    next: u64,
    open: HashMap<ConnectionId, Open>,
    by_remote: HashMap<FarEnd, ConnectionId>,
    per_address: HashMap<IpAddr, usize>,
    sender: mpsc::Sender<StreamEvent>,
    pub(super) events: mpsc::Receiver<StreamEvent>,
}

impl Streams {
    pub(super) fn new(listeners: Vec<(Transport, TcpListener)>, tls: Tls, limit: usize) -> Self {
        let (sender, events) = mpsc::channel(PIECES);
        Self {
            listeners,
            tls,
            limit,
            next: 0,
            open: HashMap::new(),
            by_remote: HashMap::new(),
            per_address: HashMap::new(),
            sender,
            events,
        }
    }

    /// What comes next: a stream to take, or news of an open one.
    pub(super) async fn next(&mut self) -> Arrival {
        let Self { listeners, events, .. } = self;
        let accept = poll_fn(|context| {
            for (transport, listener) in listeners.iter() {
                if let Poll::Ready(accepted) = listener.poll_accept(context) {
                    return Poll::Ready((*transport, accepted));
                }
            }
            Poll::Pending
        });
        tokio::select! {
            event = events.recv() => event.map_or(Arrival::Nothing, Arrival::News),
            (transport, accepted) = accept => match accepted {
                Ok((stream, remote)) => Arrival::Stream(transport, stream, remote),
                Err(error) => {
                    // Out of file descriptors, most likely: let others close theirs first.
                    tracing::warn!(%error, "cannot accept a SIP stream");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    Arrival::Nothing
                }
            },
        }
    }

    /// Takes an accepted stream; past the limits it is closed unheard, and
    /// `false` comes back.
    pub(super) fn accept(
        &mut self,
        transport: Transport,
        stream: TcpStream,
        remote: SocketAddr,
    ) -> bool {
        let Some((line, queue)) = self.register((transport, remote, None)) else { return false };
        let (tls, events) = (self.tls.acceptor.clone(), self.sender.clone());
        tokio::spawn(connection::accept(line, stream, tls, queue, events));
        true
    }

    /// Sends over the hop's stream, another one to the same far end, or a new
    /// one; inside TLS only to whoever bears `name`. `false` if there is no way.
    pub(super) fn send(&mut self, hop: &Hop, message: Bytes, name: Option<&str>) -> bool {
        let far = (hop.transport, hop.remote, hop.trunk);
        let known = hop.connection.filter(|id| self.open.contains_key(id));
        let known = known.or_else(|| self.by_remote.get(&far).copied());
        let Some(id) = known.or_else(|| self.open(far, name)) else { return false };
        let queued = self.open.get(&id).is_some_and(|open| open.queue.try_send(message).is_ok());
        if !queued {
            self.close(id);
        }
        queued
    }

    fn open(&mut self, far: FarEnd, name: Option<&str>) -> Option<ConnectionId> {
        let tls = match far.0 {
            Transport::Tcp => None,
            Transport::Tls => Some(self.tls.towards(name?)?),
            // Browsers come to us.
            Transport::Udp | Transport::Ws | Transport::Wss => return None,
        };
        let (line, queue) = self.register(far)?;
        tokio::spawn(connection::connect(line, tls, queue, self.sender.clone()));
        Some(line.id)
    }

    /// Lets go of a stream; its task writes what is queued and ends.
    pub(super) fn close(&mut self, id: ConnectionId) {
        let Some(open) = self.open.remove(&id) else { return };
        if self.by_remote.get(&open.far) == Some(&id) {
            self.by_remote.remove(&open.far);
        }
        let ip = open.far.1.ip();
        if let Some(count) = self.per_address.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&ip);
            }
        }
    }

    fn register(&mut self, far: FarEnd) -> Option<(Line, mpsc::Receiver<Bytes>)> {
        let (transport, remote, trunk) = far;
        let count = self.per_address.entry(remote.ip()).or_default();
        if self.open.len() >= self.limit || *count >= MAX_PER_ADDRESS {
            if *count == 0 {
                self.per_address.remove(&remote.ip());
            }
            return None;
        }
        *count += 1;
        self.next += 1;
        let id = ConnectionId(self.next);
        let (sender, queue) = mpsc::channel(QUEUE);
        self.open.insert(id, Open { far, queue: sender });
        self.by_remote.insert(far, id);
        Some((Line { id, transport, remote, trunk }, queue))
    }
}

/// Opens a listener for streams.
pub(super) async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

pub(super) enum Arrival {
    Stream(Transport, TcpStream, SocketAddr),
    News(StreamEvent),
    Nothing,
}
