//! The streams that are open, by number and by far end, and a bound on them.

use super::connection::{self, StreamEvent};
use bytes::Bytes;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use strowger_sip::{ConnectionId, Hop};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Messages that may wait for one stream's peer to read.
const QUEUE: usize = 256;
/// Streams of one far address: a site behind one NAT, not the whole table.
const MAX_PER_ADDRESS: usize = 1_024;
/// Pieces on their way to the task.
const PIECES: usize = 1_024;

#[derive(Debug)]
struct Open {
    remote: SocketAddr,
    queue: mpsc::Sender<Bytes>,
}

#[derive(Debug)]
pub(super) struct Streams {
    listener: Option<TcpListener>,
    limit: usize,
    next: u64,
    open: HashMap<ConnectionId, Open>,
    by_remote: HashMap<SocketAddr, ConnectionId>,
    per_address: HashMap<IpAddr, usize>,
    sender: mpsc::Sender<StreamEvent>,
    pub(super) events: mpsc::Receiver<StreamEvent>,
}

impl Streams {
    pub(super) fn new(listener: Option<TcpListener>, limit: usize) -> Self {
        let (sender, events) = mpsc::channel(PIECES);
        Self {
            listener,
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
        let Self { listener, events, .. } = self;
        let accept = async {
            match listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = events.recv() => event.map_or(Arrival::Nothing, Arrival::News),
            accepted = accept => match accepted {
                Ok((stream, remote)) => Arrival::Stream(stream, remote),
                Err(error) => {
                    // Out of file descriptors, most likely: let others close theirs first.
                    tracing::warn!(%error, "cannot accept a SIP stream");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    Arrival::Nothing
                }
            },
        }
    }

    /// Takes an accepted stream; past the limits it is closed unheard.
    pub(super) fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        if let Some((id, queue)) = self.register(remote) {
            tokio::spawn(connection::carry(id, remote, stream, queue, self.sender.clone()));
        }
    }

    /// Sends over the hop's stream, another one to the same far end, or a new
    /// one. `false` if there is no way.
    pub(super) fn send(&mut self, hop: &Hop, message: Bytes) -> bool {
        let known = hop.connection.filter(|id| self.open.contains_key(id));
        let known = known.or_else(|| self.by_remote.get(&hop.remote).copied());
        let id = match known {
            Some(id) => id,
            None => {
                let Some((id, queue)) = self.register(hop.remote) else { return false };
                let events = self.sender.clone();
                tokio::spawn(connection::connect(id, hop.remote, queue, events));
                id
            }
        };
        let queued = self.open.get(&id).is_some_and(|open| open.queue.try_send(message).is_ok());
        if !queued {
            self.close(id);
        }
        queued
    }

    /// Lets go of a stream; its task writes what is queued and ends.
    pub(super) fn close(&mut self, id: ConnectionId) {
        let Some(open) = self.open.remove(&id) else { return };
        if self.by_remote.get(&open.remote) == Some(&id) {
            self.by_remote.remove(&open.remote);
        }
        if let Some(count) = self.per_address.get_mut(&open.remote.ip()) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&open.remote.ip());
            }
        }
    }

    fn register(&mut self, remote: SocketAddr) -> Option<(ConnectionId, mpsc::Receiver<Bytes>)> {
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
        self.open.insert(id, Open { remote, queue: sender });
        self.by_remote.insert(remote, id);
        Some((id, queue))
    }
}

pub(super) enum Arrival {
    Stream(TcpStream, SocketAddr),
    News(StreamEvent),
    Nothing,
}
