//! The store around one instance: fuel, deadline and memory limits are set for
//! each event, and what was lent for an event is taken back after it.

use super::cpu;
use crate::engine::GuestEngine;
use crate::fault;
use crate::host::{GuestState, LogBuffer, MemoryLimits, Role};
use crate::limits::{Budget, EPOCH_TICK, MAX_ARGUMENT_BYTES, MAX_EVENT_LOG_BYTES};
use crate::memory::MemoryAccount;
use strowger_call::{Fault, Moment};
use wasmtime::Store;

pub(crate) struct Sandbox {
    store: Store<GuestState>,
    budget: Budget,
    /// The instance failed and must not be used again.
    poisoned: bool,
}

/// One finished run of an export.
pub(crate) struct Run<T> {
    pub result: Result<T, Fault>,
    pub role: Role,
    pub log: LogBuffer,
    pub fuel: u64,
    pub busy_us: u64,
}

impl Sandbox {
    pub(crate) fn new(engine: &GuestEngine, budget: &Budget, account: &MemoryAccount) -> Self {
        let limits = MemoryLimits::new(budget, engine.max_memory_bytes(), account.clone());
        let mut store = Store::new(
            engine.wasmtime(),
            GuestState::new(limits, budget.log_bytes.min(MAX_EVENT_LOG_BYTES)),
        );
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(MAX_ARGUMENT_BYTES);
        Self { store, budget: *budget, poisoned: false }
    }

    pub(crate) fn store(&mut self) -> &mut Store<GuestState> {
        &mut self.store
    }

    /// What it may use from the next event on; memory stays what it began with.
    pub(crate) fn set_budget(&mut self, budget: &Budget) {
        self.budget.fuel = budget.fuel;
        self.budget.deadline_ms = budget.deadline_ms;
    }

    /// Grants fuel and time for what runs while an instance is made.
    pub(crate) fn begin_start(&mut self) {
        self.grant();
    }

    /// Whether the instance may be used.
    pub(crate) fn is_sound(&self) -> bool {
        !self.poisoned
    }

    /// Makes the instance with `start`, within the budget of one event.
    pub(crate) fn start<T>(
        &mut self,
        start: impl FnOnce(&mut Store<GuestState>) -> wasmtime::Result<T>,
    ) -> Result<T, Fault> {
        self.begin_start();
        start(&mut self.store).map_err(|error| {
            self.poisoned = true;
            fault::of_start(&error, &self.budget, self.store.data().memory.refused())
        })
    }

    /// Runs an export for one event. Its own error result is a fault like any
    /// other, but leaves the instance sound: it is the guest's way to say no.
    pub(crate) fn run<T>(
        &mut self,
        role: Role,
        moment: Moment,
        call: impl FnOnce(&mut Store<GuestState>) -> wasmtime::Result<Result<T, String>>,
    ) -> Run<T> {
        if self.poisoned {
            let result = Err(fault::poisoned());
            return Run { result, role, log: LogBuffer::default(), fuel: 0, busy_us: 0 };
        }
        let began = cpu::of_this_thread();
        self.store.data_mut().begin(role, moment);
        self.grant();
        // A panic of ours inside a host function must not leave a half-run
        // instance behind that looks sound.
        self.poisoned = true;
        let outcome = call(&mut self.store);
        self.poisoned = false;
        let fuel = self.budget.fuel.saturating_sub(self.store.get_fuel().unwrap_or(0));
        let memory_refused = self.store.data().memory.refused();
        let (role, log) = self.store.data_mut().end();
        let result = match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(message)) => Err(fault::returned(message)),
            Err(error) => {
                self.poisoned = true;
                Err(fault::of_call(&error, &self.budget, memory_refused))
            }
        };
        let used = cpu::of_this_thread().saturating_sub(began);
        let busy_us = u64::try_from(used.as_micros()).unwrap_or(u64::MAX);
        Run { result, role, log, fuel, busy_us }
    }

    /// Takes back what was lent after a panic of ours.
    pub(crate) fn reclaim(&mut self) -> Role {
        self.store.data_mut().end().0
    }

    fn grant(&mut self) {
        // Fails only if fuel were switched off in the engine, which it is not.
        let _ = self.store.set_fuel(self.budget.fuel);
        let tick_ms = EPOCH_TICK.as_millis() as u64;
        self.store.set_epoch_deadline(self.budget.deadline_ms.div_ceil(tick_ms) + 1);
    }
}
