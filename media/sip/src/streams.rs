//! Framing of streams: one parser per connection, bounded in bytes and time.

use crate::hop::ConnectionId;
use crate::limits::{STREAM_STALL_MS, parse_limits};
use sipx_sip::{Message, StreamParser};
use std::collections::HashMap;
use strowger_model::Timestamp;

#[derive(Debug)]
struct Stream {
    parser: StreamParser,
    /// A line end stands alone so far: with one more it is a ping.
    half_ping: bool,
    /// Since when part of a message is held back.
    pending_since: Option<Timestamp>,
}

/// Longest piece given to the parser at once. With an error it forgets the
/// messages it found before, and counts pings only until it is asked; so it gets
/// a line at a time, in which no message ends before another breaks the stream.
const MAX_PIECE: usize = 4096;

impl Stream {
    fn read(&mut self, now: Timestamp, bytes: &[u8]) -> Read {
        let mut read = Read::default();
        let mut amid = self.pending_since.is_some();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for piece in lines.flat_map(|line| line.chunks(MAX_PIECE)) {
            let Ok(messages) = self.parser.push(piece) else {
                read.broken = true;
                break;
            };
            let line_ends = self.parser.take_keepalives();
            // Two line ends are a ping, whether they come together or not, unless
            // a message came between; we send none, so one is never a pong.
            self.half_ping &= messages.is_empty();
            let pings = usize::from(self.half_ping) + line_ends;
            read.pings += pings / 2;
            self.half_ping = pings % 2 == 1;
            // With its headers read, a message waits for its body unseen.
            let between = !messages.is_empty() || line_ends > 0;
            amid = self.parser.pending() > 0 || !between;
            read.messages.extend(messages);
        }
        if !amid {
            self.pending_since = None;
        } else if self.pending_since.is_none() || !read.messages.is_empty() {
            let first = self.pending_since.is_none();
            self.pending_since = Some(now);
            read.stalls_at = first.then(|| now.plus_ms(STREAM_STALL_MS));
        }
        read
    }
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
            half_ping: false,
            pending_since: None,
        });
        let read = stream.read(now, bytes);
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
