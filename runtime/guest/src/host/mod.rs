//! What a guest can call: one module per interface of `wit/`, each turning
//! arguments into an action of the call core or a question to its snapshot.
//!
//! Nothing here has an effect: actions go into the turn's buffer. Everything
//! the host does for a guest is counted, for fuel only counts the guest itself.

pub(crate) mod bindings;
mod campaign;
mod conferencing;
mod dialing;
mod digits;
mod distribution;
mod facts;
mod http;
mod listening;
mod log;
mod memory;
mod pacer_types;
mod parking;
mod playback;
mod queueing;
mod recording;
mod role;
mod router_types;
mod signalling;
mod storage;
mod timing;
mod types;
pub(crate) mod wasi;

pub(crate) use log::LogBuffer;
pub use log::LogLine;
pub(crate) use memory::{MemoryLimits, MemoryRefusal};
pub(crate) use role::{Lent, PacerHost, Role, RouterHost};

use crate::fault::Stopped;
use crate::limits::{MAX_HOST_CALLS, MAX_TURN_ARGUMENT_BYTES};
use strowger_call::{Action, FaultKind, Moment};
use strowger_model::Timestamp;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// What belongs to one instance on the host's side.
pub(crate) struct GuestState {
    /// Which export is running, with what it may touch; idle between events.
    pub role: Role,
    /// What the event being handled logged.
    pub log: LogBuffer,
    /// Memory and table limits.
    pub memory: MemoryLimits,
    /// The only clock and randomness there is.
    pub moment: Moment,
    /// What standard interfaces of other toolchains need.
    pub wasi: wasi::WasiState,
    log_bytes: usize,
    calls: u32,
    argument_bytes: usize,
}

impl GuestState {
    pub(crate) fn new(memory: MemoryLimits, log_bytes: usize) -> Self {
        Self {
            role: Role::Idle,
            log: LogBuffer::of(log_bytes),
            log_bytes,
            memory,
            moment: Moment { now: Timestamp(0), seed: 0 },
            wasi: wasi::WasiState::default(),
            calls: 0,
            argument_bytes: 0,
        }
    }

    /// Begins an event: counters start anew.
    pub(crate) fn begin(&mut self, role: Role, moment: Moment) {
        self.role = role;
        self.moment = moment;
        self.wasi.begin(moment);
        self.memory.begin();
        self.calls = 0;
        self.argument_bytes = 0;
    }

    /// Ends an event: gives back what was lent for it.
    pub(crate) fn end(&mut self) -> (Role, LogBuffer) {
        self.wasi.end(&mut self.log);
        let log = std::mem::replace(&mut self.log, LogBuffer::of(self.log_bytes));
        (std::mem::replace(&mut self.role, Role::Idle), log)
    }

    /// Counts one call of an imported function with `bytes` of arguments.
    pub(crate) fn count(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.calls += 1;
        self.argument_bytes = self.argument_bytes.saturating_add(bytes);
        if self.calls > MAX_HOST_CALLS {
            return Err(Stopped::error(
                FaultKind::Actions,
                format!("called the host more than {MAX_HOST_CALLS} times in one event"),
            ));
        }
        if self.argument_bytes > MAX_TURN_ARGUMENT_BYTES {
            return Err(Stopped::error(
                FaultKind::Actions,
                format!("handed the host more than {MAX_TURN_ARGUMENT_BYTES} bytes in one event"),
            ));
        }
        Ok(())
    }

    /// Puts an action before the call's snapshot.
    pub(crate) fn act(
        &mut self,
        bytes: usize,
        action: Action,
    ) -> wasmtime::Result<Result<u64, String>> {
        self.count(bytes)?;
        let view = self.role.view()?;
        let admitted = view.admit(action);
        if view.too_many_actions() {
            return Err(Stopped::error(
                FaultKind::Actions,
                format!(
                    "asked for more than {} actions in one event",
                    view.limits().actions_per_turn
                ),
            ));
        }
        Ok(admitted.map(|command| command.0))
    }

    /// The same for actions that have no completion.
    pub(crate) fn act_unnamed(
        &mut self,
        bytes: usize,
        action: Action,
    ) -> wasmtime::Result<Result<(), String>> {
        Ok(self.act(bytes, action)?.map(|_| ()))
    }
}

/// Bytes in a list of texts.
pub(crate) fn bytes_of(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}

/// Bytes in a list of pairs.
pub(crate) fn bytes_of_pairs(pairs: &[(String, String)]) -> usize {
    pairs.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Everything any world may import, under one linker: a component that exports
/// several worlds imports what all of them need.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    use bindings::{flow, pacer, router};
    let mut linker = Linker::new(engine);
    fn own(state: &mut GuestState) -> &mut GuestState {
        state
    }
    flow::CallFlow::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, own)?;
    router::strowger::platform::router_types::add_to_linker::<_, HasSelf<GuestState>>(
        &mut linker,
        own,
    )?;
    router::strowger::platform::distribution::add_to_linker::<_, HasSelf<GuestState>>(
        &mut linker,
        own,
    )?;
    pacer::strowger::platform::pacer_types::add_to_linker::<_, HasSelf<GuestState>>(
        &mut linker,
        own,
    )?;
    pacer::strowger::platform::campaign::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, own)?;
    Ok(linker)
}
