//! From uploaded bytes to a compiled component: checks with messages a flow
//! author can act on, a bounded worker, a cache of compiled code.
//!
//! Never runs on the caller's thread and never trusts what it finds on disk.

pub(crate) mod artefact;
mod cache;
mod contract;
mod error;
mod inspect;
mod stage;
mod worker;

pub(crate) use cache::Cache;
pub use error::UploadError;
pub use stage::UploadStage;
pub(crate) use worker::CompileWorker;

use crate::limits::Budget;
use std::time::Duration;

/// How large an upload may be and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes. A Rust flow has about 100 KiB, one with a JavaScript engine 8 MiB.
    pub bytes: usize,
    /// Functions over all modules. A JavaScript engine has about 12,000.
    pub functions: u32,
    /// Bytes of the largest function: compile time grows faster than its size.
    pub function_bytes: u32,
    /// Bytes of the compiled program, machine code and data together. About ten
    /// times the upload.
    pub compiled_bytes: usize,
    /// What its instances will be allowed: it is started once under it.
    pub budget: Budget,
    /// Longest wait for the whole check, time in the queue included.
    pub compile_time: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            functions: 40_000,
            function_bytes: 512 << 10,
            compiled_bytes: 256 << 20,
            // The compile threads have less of the processor than others.
            budget: Budget::default().in_background(),
            compile_time: Duration::from_secs(60),
        }
    }
}
