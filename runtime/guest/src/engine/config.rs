//! What an operator may set about the engine, and the wasmtime settings that
//! follow from it and from the contract (deterministic, bounded, synchronous).

use super::features;
use crate::limits::{
    CORE_INSTANCES_PER_PROGRAM, MAX_INSTANCE_METADATA_BYTES, MAX_TABLE_ELEMENTS,
    MAX_WASM_STACK_BYTES, MEMORIES_PER_PROGRAM, TABLES_PER_PROGRAM,
};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

/// What a 32-bit address reaches.
const MAX_MEMORY_BYTES: u64 = 4 << 30;
/// Pages at the start of a freed memory that are cleared by hand rather than
/// given back: most of what a call touches lies in fewer pages than this, and
/// clearing them is cheaper than faulting them in again for the next call.
const MEMORY_KEEP_RESIDENT_BYTES: usize = 64 << 10;
/// The same for tables.
const TABLE_KEEP_RESIDENT_BYTES: usize = 4 << 10;
/// Frames of a trap's backtrace; enough to find the place, short enough for a log.
const BACKTRACE_FRAMES: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Most instances alive at once: calls, routers and pacers together. Each
    /// takes `max_memory_bytes` of address space (not memory) and about three
    /// mappings, so more than 20,000 needs `vm.max_map_count` raised on Linux.
    pub max_live: u32,
    /// Most linear memory any program may be allowed; a [`crate::Budget`] may
    /// only lower it.
    pub max_memory_bytes: usize,
    /// Where compiled programs are kept over restarts; none: nowhere.
    pub cache_dir: Option<PathBuf>,
    /// Threads that check and compile uploads.
    pub compile_threads: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { max_live: 12_000, max_memory_bytes: 64 << 20, cache_dir: None, compile_threads: 1 }
    }
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The settings contradict each other.
    #[error("guest engine settings: {0}")]
    Settings(String),
    /// No room for the pool.
    #[error(
        "could not reserve address space for {max_live} live guests ({reason}); \
         lower the number of live guests or raise the process's address space limit"
    )]
    Pool {
        /// Instances asked for.
        max_live: u32,
        /// What the engine said.
        reason: String,
    },
    /// A bug of ours: the host's functions clash.
    #[error("guest host functions: {0}")]
    Linker(String),
    /// The compile cache cannot be used.
    #[error("compile cache {folder}: {error}; make the folder writable for this user only", folder = folder.display())]
    Cache {
        /// Which folder.
        folder: PathBuf,
        /// What went wrong.
        error: std::io::Error,
    },
    /// The operating system refused a thread.
    #[error("could not start a guest thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl EngineConfig {
    pub(super) fn wasmtime(&self) -> Result<Config, EngineError> {
        if self.max_live == 0 || self.compile_threads == 0 {
            return Err(EngineError::Settings(
                "live guests and compile threads must be at least 1".into(),
            ));
        }
        if self.max_memory_bytes as u64 > MAX_MEMORY_BYTES {
            return Err(EngineError::Settings("a guest's memory is at most 4 GiB".into()));
        }
        let mut config = Config::new();
        features::allow_only_known(&mut config);
        // Deterministic on every machine, so that a journal can be replayed.
        config.cranelift_nan_canonicalization(true).relaxed_simd_deterministic(true);
        // Fuel is the contract, the same on every machine; the epoch only
        // catches what fuel does not count.
        config.consume_fuel(true).epoch_interruption(true);
        config.concurrency_support(false);
        config.max_wasm_stack(MAX_WASM_STACK_BYTES);
        config.cranelift_opt_level(OptLevel::Speed);
        // One compile thread per upload, however many cores there are: the rest
        // belongs to calls.
        config.parallel_compilation(false);
        config.wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES));
        config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
        // Addresses are checked by code, not by unmapped pages behind the memory:
        // protecting and unprotecting those at each call's start and end costs more
        // than the checks, and stops every thread of the process for a moment.
        config.signals_based_traps(false);
        config.memory_reservation(self.max_memory_bytes as u64);
        config.memory_guard_size(0);
        config.memory_may_move(false);
        config.memory_init_cow(true);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(self.pool()));
        Ok(config)
    }

    fn pool(&self) -> PoolingAllocationConfig {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(self.max_live)
            .total_core_instances(self.max_live.saturating_mul(CORE_INSTANCES_PER_PROGRAM))
            .total_memories(self.max_live.saturating_mul(MEMORIES_PER_PROGRAM))
            .total_tables(self.max_live.saturating_mul(TABLES_PER_PROGRAM))
            // A program may be an unusual one as long as the sum fits the pool.
            .max_core_instances_per_component(CORE_INSTANCES_PER_PROGRAM * 4)
            .max_memories_per_component(MEMORIES_PER_PROGRAM)
            .max_tables_per_component(TABLES_PER_PROGRAM * 4)
            .max_memories_per_module(MEMORIES_PER_PROGRAM)
            .max_tables_per_module(TABLES_PER_PROGRAM)
            .max_component_instance_size(MAX_INSTANCE_METADATA_BYTES)
            .max_core_instance_size(MAX_INSTANCE_METADATA_BYTES)
            .table_elements(MAX_TABLE_ELEMENTS)
            .max_memory_size(self.max_memory_bytes)
            .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
            .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
            // With it only pages that were written are cleared, where the kernel can tell.
            .pagemap_scan(Enabled::Auto);
        pool
    }
}
