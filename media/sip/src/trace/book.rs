//! The traces of live legs, found by Call-ID.

use super::record::{Heading, Trace, TraceEntry, TracePolicy};
use crate::event::DialogKey;
use bytes::Bytes;
use std::collections::HashMap;

/// Messages kept before their call is known: a request and its answers.
const MAX_CURRENT: usize = 4;
/// Bytes of all live legs together; past it only start lines are kept.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// Headers looked at for the Call-ID.
const MAX_LINES: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct TraceBook {
    pub(crate) policy: TracePolicy,
    /// Whether every message is shown to whoever collects.
    pub(crate) mirror: Option<TracePolicy>,
    legs: HashMap<DialogKey, Trace>,
    by_call_id: HashMap<Bytes, DialogKey>,
    /// The message that is being worked on and what was said to it at once:
    /// the call that they make is not known yet.
    current: Vec<TraceEntry>,
    bytes: usize,
}

impl TraceBook {
    pub(crate) fn is_idle(&self) -> bool {
        self.policy == TracePolicy::Off && self.mirror.is_none()
    }

    /// A leg begins under a Call-ID; a leg may have several over time.
    pub(crate) fn begin(&mut self, dialog: DialogKey, call_id: &Bytes) {
        if self.policy == TracePolicy::Off {
            return;
        }
        self.legs.entry(dialog).or_insert_with(|| Trace::new(dialog));
        self.by_call_id.insert(call_id.clone(), dialog);
        for entry in std::mem::take(&mut self.current) {
            self.add(entry);
        }
    }

    /// Takes a message: to its leg, or kept until it makes one.
    pub(crate) fn take(&mut self, entry: TraceEntry) {
        if self.policy == TracePolicy::Off {
            return;
        }
        let starts = entry.heading == Heading::In;
        if self.add(entry.clone()) {
            return;
        }
        let same = self.current.first().is_some_and(|first| first.call_id == entry.call_id);
        if starts || !same {
            self.current.clear();
        }
        if (starts || same) && self.current.len() < MAX_CURRENT {
            self.current.push(entry);
        }
    }

    /// Adds a message to its leg, if that is known.
    fn add(&mut self, entry: TraceEntry) -> bool {
        let leg = self.by_call_id.get(&entry.call_id).and_then(|leg| self.legs.get_mut(leg));
        let Some(leg) = leg else { return false };
        let full = self.bytes >= MAX_BYTES;
        let policy = if full { TracePolicy::FirstLine } else { self.policy };
        let before = leg.bytes();
        leg.push(entry.keep(policy));
        self.bytes = (self.bytes + leg.bytes()).saturating_sub(before);
        true
    }

    /// A leg is over: hands its messages out.
    pub(crate) fn end(&mut self, dialog: DialogKey) -> Option<Trace> {
        let trace = self.legs.remove(&dialog)?;
        self.bytes = self.bytes.saturating_sub(trace.bytes());
        for entry in trace.iter() {
            if self.by_call_id.get(&entry.call_id) == Some(&dialog) {
                self.by_call_id.remove(&entry.call_id);
            }
        }
        Some(trace)
    }

    /// Forgets a Call-ID, whatever messages of it are left.
    pub(crate) fn forget(&mut self, call_id: &Bytes) {
        self.by_call_id.remove(call_id);
    }

    pub(crate) fn of(&self, dialog: DialogKey) -> Option<&Trace> {
        self.legs.get(&dialog)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Trace> {
        self.legs.values()
    }
}

/// The Call-ID of a message that was not read.
pub(crate) fn call_id_of(bytes: &Bytes) -> Option<Bytes> {
    for line in bytes.split(|b| *b == b'\n').skip(1).take(MAX_LINES) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return None;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let name = name.trim_ascii_end();
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            // Copied: a slice would keep the whole message alive.
            return Some(Bytes::copy_from_slice(value));
        }
    }
    None
}
