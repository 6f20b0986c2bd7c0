//! Memory and table space of one instance. A refusal is not a trap: the guest's
//! allocator is told, as on any full machine; that it was told is remembered,
//! so that the trap most programs answer with is named for what it is.

use crate::limits::Budget;
use wasmtime::ResourceLimiter;

/// Limits of one instance.
pub(crate) struct MemoryLimits {
    memory_bytes: usize,
    table_elements: usize,
    refused: bool,
}

impl MemoryLimits {
    pub(crate) fn new(budget: &Budget, engine_max: usize) -> Self {
        Self {
            memory_bytes: budget.memory_bytes.min(engine_max),
            table_elements: budget.table_elements,
            refused: false,
        }
    }

    pub(crate) fn begin(&mut self) {
        self.refused = false;
    }

    /// Whether something was refused since `begin`.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for MemoryLimits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory_bytes;
        self.refused |= !allowed;
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.table_elements;
        self.refused |= !allowed;
        Ok(allowed)
    }
}
