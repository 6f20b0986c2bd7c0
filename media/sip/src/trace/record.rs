//! One message, and the messages of one leg.

use super::mask::masked;
use crate::event::DialogKey;
use crate::hop::Transport;
use bytes::Bytes;
use std::collections::VecDeque;
use std::net::SocketAddr;
use strowger_model::Timestamp;

/// Messages kept per leg: a call with two transfers and a few holds has 60.
pub(crate) const MAX_ENTRIES: usize = 96;
/// Bytes kept per leg; past it the oldest messages after the first go.
pub(crate) const MAX_LEG_BYTES: usize = 64 * 1024;

/// How much of each message is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TracePolicy {
    /// Nothing.
    Off,
    /// The start line and what tells calls apart: numbers stand in it, words
    /// and keys do not.
    #[default]
    FirstLine,
    /// Everything but secrets: proofs, keys of media, digits in INFO.
    Masked,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Heading {
    /// To us.
    In,
    /// From us.
    Out,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// When.
    pub at: Timestamp,
    /// Which way.
    pub heading: Heading,
    /// What carried it.
    pub transport: Transport,
    /// Our address, as others see it.
    pub local: SocketAddr,
    /// Theirs.
    pub remote: SocketAddr,
    /// The message, or what the policy leaves of it.
    pub bytes: Bytes,
    /// Its Call-ID.
    pub call_id: Bytes,
}

impl TraceEntry {
    /// The start line.
    pub fn first_line(&self) -> String {
        let line = self.bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    }

    pub(crate) fn keep(mut self, policy: TracePolicy) -> Self {
        self.bytes = match policy {
            TracePolicy::Off => Bytes::new(),
            TracePolicy::FirstLine => {
                let end = self.bytes.iter().position(|b| matches!(b, b'\r' | b'\n'));
                // Copied: a slice would keep the whole message alive.
                let line = self.bytes.get(..end.unwrap_or(self.bytes.len()));
                Bytes::copy_from_slice(line.unwrap_or_default())
            }
            TracePolicy::Masked => masked(&self.bytes),
        };
        self
    }
}

/// The messages of one leg, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Which leg.
    pub dialog: Option<DialogKey>,
    entries: VecDeque<TraceEntry>,
    bytes: usize,
    /// Messages that found no room.
    pub dropped: u64,
}

impl Trace {
    pub(crate) fn new(dialog: DialogKey) -> Self {
        Self { dialog: Some(dialog), ..Self::default() }
    }

    /// The messages, in order.
    pub fn iter(&self) -> impl Iterator<Item = &TraceEntry> {
        self.entries.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a message. The first one stays: it says what the call was about.
    pub fn push(&mut self, entry: TraceEntry) {
        self.bytes += entry.bytes.len();
        self.entries.push_back(entry);
        while self.entries.len() > MAX_ENTRIES
            || (self.bytes > MAX_LEG_BYTES && self.entries.len() > 2)
        {
            let Some(gone) = self.entries.remove(1) else { return };
            self.bytes -= gone.bytes.len();
            self.dropped += 1;
        }
    }

    /// The legs of one call as one trace, in the order of time.
    pub fn merged(legs: impl IntoIterator<Item = Trace>) -> Vec<TraceEntry> {
        let mut all: Vec<_> = legs.into_iter().flat_map(|leg| leg.entries).collect();
        all.sort_by_key(|entry| entry.at);
        all
    }
}
