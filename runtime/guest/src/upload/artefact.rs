//! One upload's way: inspected, made a component, checked against the
//! contract, compiled or taken from the cache.

use super::contract::Found;
use super::inspect::{Kind, inspect};
use super::{Cache, UploadError, UploadLimits, UploadStage, contract};
use crate::program::World;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use wasmtime::Engine;
use wasmtime::component::Component;
use wit_component::ComponentEncoder;

/// An upload that passed every check that needs no compiler.
pub(crate) struct Checked<'a> {
    /// SHA-256 of what was uploaded, in hexadecimal.
    pub digest: String,
    /// The component: as uploaded or made from the uploaded module.
    pub component: Cow<'a, [u8]>,
    /// What it can be used as.
    pub worlds: Vec<World>,
    /// Whether it imports interfaces of WASI.
    pub uses_wasi: bool,
}

/// Checks an upload; `begun` hears each stage as it begins.
pub(crate) fn check<'a>(
    bytes: &'a [u8],
    limits: &UploadLimits,
    begun: &dyn Fn(UploadStage),
) -> Result<Checked<'a>, UploadError> {
    let kind = inspect(bytes, limits, begun)?;
    begun(UploadStage::World);
    let component = match kind {
        Kind::Component => Cow::Borrowed(bytes),
        Kind::Module => Cow::Owned(componentize(bytes)?),
    };
    let Found { worlds, uses_wasi } = contract::check(&component)?;
    Ok(Checked { digest: hex(&Sha256::digest(bytes)), component, worlds, uses_wasi })
}

/// Compiles a checked upload, or takes what was compiled before.
pub(crate) fn component(
    engine: &Engine,
    cache: Option<&Cache>,
    checked: &Checked<'_>,
) -> Result<Component, UploadError> {
    if let Some(component) = cache.and_then(|cache| cache.load(engine, &checked.digest)) {
        return Ok(component);
    }
    let component = Component::from_binary(engine, &checked.component)
        .map_err(|error| UploadError::NotCompiled(format!("{error:#}")))?;
    if let Some(cache) = cache {
        cache.store(&checked.digest, &component);
    }
    Ok(component)
}

fn componentize(module: &[u8]) -> Result<Vec<u8>, UploadError> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| {
            let mut reason = format!("{error:#}");
            if reason.contains("wasi_snapshot_preview1") {
                reason.push_str(
                    "; it was built for wasm32-wasip1: build for wasm32-unknown-unknown or \
                     wasm32-wasip2 instead",
                );
            }
            UploadError::NotComponentizable(reason)
        })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
