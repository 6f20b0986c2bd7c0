//! Memory and table space of one instance. A refusal is not a trap: the guest's
//! allocator is told, as on any full machine; that it was told is remembered,
//! so that the trap most programs answer with is named for what it is.

use crate::limits::Budget;
use crate::memory::MemoryAccount;
use wasmtime::ResourceLimiter;

/// Limits of one instance.
pub(crate) struct MemoryLimits {
    memory_bytes: usize,
    table_elements: usize,
    refused: Option<MemoryRefusal>,
    /// Its tenant's, for all instances together.
    account: MemoryAccount,
    /// What stands in the account.
    booked: u64,
    /// What the growth under way has added to that.
    growing: u64,
}

/// Whose limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemoryRefusal {
    /// The instance's own.
    Instance,
    /// That of all its tenant's guests together, in bytes.
    Tenant(u64),
}

impl MemoryLimits {
    pub(crate) fn new(budget: &Budget, engine_max: usize, account: MemoryAccount) -> Self {
        Self {
            memory_bytes: budget.memory_bytes.min(engine_max),
            table_elements: budget.table_elements,
            refused: None,
            account,
            booked: 0,
            growing: 0,
        }
    }

    pub(crate) fn begin(&mut self) {
        self.refused = None;
    }

    /// What was refused last since `begin`.
    pub(crate) fn refused(&self) -> Option<MemoryRefusal> {
        self.refused
    }
}

impl ResourceLimiter for MemoryLimits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.memory_bytes {
            self.refused = Some(MemoryRefusal::Instance);
            return Ok(false);
        }
        let bytes = desired.saturating_sub(current) as u64;
        if !self.account.take(bytes) {
            self.refused = Some(MemoryRefusal::Tenant(self.account.limit()));
            return Ok(false);
        }
        self.booked += bytes;
        self.growing = bytes;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        let bytes = std::mem::take(&mut self.growing);
        self.booked -= bytes;
        self.account.give_back(bytes);
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.table_elements;
        if !allowed {
            self.refused = Some(MemoryRefusal::Instance);
        }
        Ok(allowed)
    }
}

impl Drop for MemoryLimits {
    fn drop(&mut self) {
        self.account.give_back(self.booked);
    }
}
