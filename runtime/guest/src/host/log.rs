//! `logging`: lines for the tenant's log. Too much is cut and counted, never a
//! fault; control characters are replaced, so that a line stays a line.

use super::GuestState;
use super::bindings::flow::strowger::platform::logging;
use crate::limits::{MAX_LOG_BYTES, MAX_LOG_LINE_BYTES, MAX_LOG_LINES, cut};

/// One line of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// At most 1 KiB, on one line.
    pub message: String,
}

/// What one event logged.
#[derive(Debug, Default)]
pub(crate) struct LogBuffer {
    pub lines: Vec<LogLine>,
    /// Lines dropped or shortened.
    pub cut: u32,
    bytes: usize,
}

impl LogBuffer {
    /// Keeps a line if there is room.
    pub(crate) fn push(&mut self, level: &str, message: String) {
        if self.lines.len() >= MAX_LOG_LINES || self.bytes >= MAX_LOG_BYTES {
            self.cut = self.cut.saturating_add(1);
            return;
        }
        let room = MAX_LOG_LINE_BYTES.min(MAX_LOG_BYTES - self.bytes);
        if message.len() > room {
            self.cut = self.cut.saturating_add(1);
        }
        let mut message = cut(message, room);
        if message.chars().any(char::is_control) {
            message = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        }
        self.bytes += message.len();
        self.lines.push(LogLine { level: known_level(level), message });
    }
}

fn known_level(level: &str) -> &'static str {
    match level {
        "debug" => "debug",
        "warn" => "warn",
        "error" => "error",
        _ => "info",
    }
}

impl logging::Host for GuestState {
    fn log(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        // Not counted among the bytes of arguments: what is too much is cut, and
        // the host's calls are counted as everywhere.
        self.count(0)?;
        self.log.push(&level, message);
        Ok(())
    }
}
