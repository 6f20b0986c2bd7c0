//! Framing of streams: one parser per connection, bounded in bytes and time.

use crate::hop::ConnectionId;
use crate::limits::{STREAM_STALL_MS, parse_limits};
use sipx_sip::{Message, StreamParser};
use std::collections::HashMap;
use strowger_model::Timestamp;

#[derive(Debug)]
struct Stream {
    parser: StreamParser,
    /// Since when part of a message is held back.
    pending_since: Option<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct Streams {
    streams: HashMap<ConnectionId, Stream>,
    limit: usize,
}

/// What a piece of a stream held.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) messages: Vec<Message>,
    pub(crate) pings: usize,
    /// Nothing after this can be understood.
    pub(crate) broken: bool,
    /// When to look whether the rest of a message has come.
    pub(crate) stalls_at: Option<Timestamp>,
}

impl Streams {
    pub(crate) fn new(limit: usize) -> Self {
        Self { streams: HashMap::new(), limit }
    }

    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    /// `None` if there are too many streams to take another.
    pub(crate) fn push(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        bytes: &[u8],
    ) -> Option<Read> {
        if self.streams.len() >= self.limit && !self.streams.contains_key(&connection) {
            return None;
        }
        let stream = self.streams.entry(connection).or_insert_with(|| Stream {
            parser: StreamParser::new(parse_limits()),
            pending_since: None,
        });
        let (messages, broken) = match stream.parser.push(bytes) {
            Ok(messages) => (messages, false),
            Err(_) => (Vec::new(), true),
        };
        let mut read = Read { broken, ..Read::default() };
        // Two line ends are a ping, one is a pong.
        read.pings = stream.parser.take_keepalives() / 2;
        if stream.parser.pending() == 0 {
            stream.pending_since = None;
        } else if stream.pending_since.is_none() || !messages.is_empty() {
            let first = stream.pending_since.is_none();
            stream.pending_since = Some(now);
            read.stalls_at = first.then(|| now.plus_ms(STREAM_STALL_MS));
        }
        read.messages = messages;
        Some(read)
    }

    pub(crate) fn stalls_at(&self, connection: ConnectionId) -> Option<Timestamp> {
        let since = self.streams.get(&connection)?.pending_since?;
        Some(since.plus_ms(STREAM_STALL_MS))
    }

    pub(crate) fn is_stalled(&self, now: Timestamp, connection: ConnectionId) -> bool {
        self.stalls_at(connection).is_some_and(|at| at <= now)
    }

    pub(crate) fn remove(&mut self, connection: ConnectionId) {
        self.streams.remove(&connection);
    }
}
