//! `logging`: lines for the tenant's log. Too much is cut and counted, never a
//! fault; control characters are replaced, so that a line stays a line.

use super::GuestState;
use super::bindings::flow::strowger::platform::logging;
use crate::fault::Stopped;
use crate::limits::{MAX_LOG_CALLS, MAX_LOG_LINE_BYTES, MAX_LOG_LINES, cut};
use strowger_call::FaultKind;

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
    max_bytes: usize,
    bytes: usize,
    calls: u32,
}

impl LogBuffer {
    /// A log with room for so many bytes.
    pub(crate) fn of(max_bytes: usize) -> Self {
        Self { max_bytes, ..Self::default() }
    }

    /// Keeps a line if there is room.
    pub(crate) fn push(&mut self, level: &str, message: String) {
        if self.lines.len() >= MAX_LOG_LINES || self.bytes >= self.max_bytes {
            self.cut = self.cut.saturating_add(1);
            return;
        }
        let room = MAX_LOG_LINE_BYTES.min(self.max_bytes - self.bytes);
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
        // Not among the other calls: too many lines are cut, too many questions
        // are a fault.
        self.log.calls += 1;
        if self.log.calls > MAX_LOG_CALLS {
            return Err(Stopped::error(
                FaultKind::Log,
                format!("logged more than {MAX_LOG_CALLS} times in one event"),
            ));
        }
        self.log.push(&level, message);
        Ok(())
    }
}
