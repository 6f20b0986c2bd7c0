//! Which parts of WebAssembly a guest may use: an allow-list, so that a new
//! wasmtime does not quietly widen what tenants can run.

use wasmtime::{Config, WasmFeatures};

/// Finished, deterministic and without a runtime of their own (no garbage
/// collector, no threads, no exceptions). Toolchains for Rust, C, Go (TinyGo),
/// JavaScript and Python emit no others today.
pub(crate) const ALLOWED: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Switches everything else off.
pub(super) fn allow_only_known(config: &mut Config) {
    config.wasm_features(WasmFeatures::all().difference(ALLOWED), false);
    config.wasm_features(ALLOWED, true);
}
