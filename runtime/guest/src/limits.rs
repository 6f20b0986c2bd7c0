//! What a guest may use. Limits on single arguments of actions are the call's
//! own (`strowger_call::CallLimits`); here is what wasmtime enforces and what
//! bounds the host's own work on behalf of a guest.

use std::time::Duration;

/// Core instances of a program as `wit-component` makes it: the module itself,
/// the shim its imports go through, and the module that fills the shim in.
pub(crate) const CORE_INSTANCES_PER_PROGRAM: u32 = 4;
/// Adapters share the program's memory, and several memories are not allowed.
pub(crate) const MEMORIES_PER_PROGRAM: u32 = 1;
/// The program's own function table and the shim's.
pub(crate) const TABLES_PER_PROGRAM: u32 = 3;
/// Elements of a table: indirect functions. An interpreter such as a JavaScript
/// engine has about ten thousand; each element is 8 bytes of address space.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 20_000;
/// The engine's own bookkeeping per instance, on the heap. Grows with imports
/// and globals; a program that links every interface takes about 20 KiB.
pub(crate) const MAX_INSTANCE_METADATA_BYTES: usize = 256 << 10;
/// Native stack a guest may use; a guest thread has four times as much.
pub(crate) const MAX_WASM_STACK_BYTES: usize = 512 << 10;
/// How often the backstop clock ticks: fine enough for a deadline of some
/// tens of milliseconds, coarse enough to cost nothing.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Bytes a guest may hand over in one call of an imported function: the largest
/// allowed action (an HTTP request with 64 KiB of body and 32 headers of 4 KiB)
/// fits, anything above would only make the host allocate for nothing.
pub(crate) const MAX_ARGUMENT_BYTES: usize = 256 << 10;
/// Bytes of arguments in one turn, refused actions included.
pub(crate) const MAX_TURN_ARGUMENT_BYTES: usize = 1 << 20;
/// Calls of imported functions in one turn. Fuel does not count what the host
/// does for a guest, so this does: a thousand questions cost about a millisecond.
pub(crate) const MAX_HOST_CALLS: u32 = 4_096;
/// Longest name a guest may ask a fact, detail or attribute by.
pub(crate) const MAX_NAME_BYTES: usize = 256;
/// Bytes of an error or refusal text kept from a guest.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_024;

/// Lines of log kept of one event; the rest is cut and counted.
pub(crate) const MAX_LOG_LINES: usize = 64;
/// Calls of `log` in one event. What is too much is only cut, but a program that
/// goes on for some ten milliseconds is broken and has to be stopped.
pub(crate) const MAX_LOG_CALLS: u32 = 100_000;
/// Bytes of one line.
pub(crate) const MAX_LOG_LINE_BYTES: usize = 1_024;
/// Most bytes of log that a [`Budget`] may allow one event.
pub const MAX_EVENT_LOG_BYTES: usize = 64 << 10;
/// How much longer a turn may take by the clock on the background threads,
/// where it also waits for the processor.
pub(crate) const BACKGROUND_PATIENCE: u64 = 10;

/// Candidates a router may pull in one question: enough to choose from, few
/// enough that an answer stays far below a millisecond.
pub(crate) const MAX_CANDIDATES: u32 = 256;
/// Candidates a router may pull in one decision, all questions together.
pub(crate) const MAX_TURN_CANDIDATES: u32 = 4_096;
/// Assignments and wake-ups in one decision: as many as a full shift has agents.
pub(crate) const MAX_ROUTER_ACTIONS: u32 = 1_024;

/// What one event of one instance may use. The host's action limits come with
/// the call; these come from the tenant's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Wasm operators per event; 1,000,000 are about a millisecond.
    pub fuel: u64,
    /// Wall time per event: a backstop for what fuel does not count. Far above
    /// what `fuel` allows, so that it never decides on a healthy machine.
    pub deadline_ms: u64,
    /// Linear memory of the instance.
    pub memory_bytes: usize,
    /// Elements of each of its tables.
    pub table_elements: usize,
    /// Bytes of log kept of one event; what is more is cut and counted. At most
    /// [`MAX_EVENT_LOG_BYTES`].
    pub log_bytes: usize,
}

impl Budget {
    /// The same on the background threads: there the clock runs on while a guest
    /// waits for the processor, so it allows ten times as much.
    pub fn in_background(self) -> Self {
        Self { deadline_ms: self.deadline_ms.saturating_mul(BACKGROUND_PATIENCE), ..self }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            fuel: 20_000_000,
            deadline_ms: 500,
            memory_bytes: 16 << 20,
            table_elements: MAX_TABLE_ELEMENTS,
            log_bytes: 16 << 10,
        }
    }
}

/// `text` cut to at most `max` bytes at a character's border.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let end = (0..=max).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
