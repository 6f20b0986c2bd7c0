//! What kind of file an upload is, and whether it is valid, small enough and
//! free of what is switched off. Reads the bytes once; compiles nothing.

use super::{UploadError, UploadLimits, UploadStage};
use crate::engine::ALLOWED_FEATURES;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

/// Custom sections that say which world a core module was built for.
const METADATA_SECTION: &str = "component-type";

/// What an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A core module with embedded WIT metadata.
    Module,
    /// A component.
    Component,
}

/// Sorts an upload and checks all that can be checked without its types.
pub(super) fn inspect(
    bytes: &[u8],
    limits: &UploadLimits,
    begun: &dyn Fn(UploadStage),
) -> Result<Kind, UploadError> {
    begun(UploadStage::Size);
    if bytes.len() > limits.bytes {
        return Err(UploadError::TooBig { bytes: bytes.len(), limit: limits.bytes });
    }
    begun(UploadStage::Parse);
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(UploadError::Precompiled);
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(UploadError::NotWasm { hint: looks_like(bytes).into() });
    }
    let kind = count(bytes, limits)?;
    begun(UploadStage::Features);
    validate(bytes)?;
    Ok(kind)
}

fn looks_like(bytes: &[u8]) -> &'static str {
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        "the file is empty"
    } else if start.starts_with(b"(") {
        "it looks like the text format; convert it with `wasm-tools parse` first"
    } else if start.starts_with(b"\x7fELF") {
        "it looks like a native program; build for wasm32-unknown-unknown"
    } else if start.starts_with(b"PK") || start.starts_with(b"\x1f\x8b") {
        "it looks like an archive; upload the .wasm inside"
    } else {
        "it does not begin with the bytes `\\0asm`; upload the .wasm that the build made"
    }
}

fn count(bytes: &[u8], limits: &UploadLimits) -> Result<Kind, UploadError> {
    let mut kind = None;
    let mut metadata = false;
    let mut functions: u64 = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| UploadError::Invalid(error.to_string()))? {
            Payload::Version { encoding, .. } if kind.is_none() => {
                kind = Some(match encoding {
                    Encoding::Module => Kind::Module,
                    Encoding::Component => Kind::Component,
                });
            }
            Payload::CodeSectionEntry(body) => {
                functions += 1;
                if functions > u64::from(limits.functions) {
                    return Err(UploadError::TooManyFunctions {
                        functions,
                        limit: limits.functions,
                    });
                }
                let size = body.as_bytes().len();
                if size > limits.function_bytes as usize {
                    return Err(UploadError::FunctionTooBig {
                        bytes: size,
                        limit: limits.function_bytes,
                    });
                }
            }
            Payload::CustomSection(section) => {
                metadata |= section.name().starts_with(METADATA_SECTION);
            }
            _ => {}
        }
    }
    match kind {
        Some(Kind::Module) if !metadata => Err(UploadError::NoMetadata),
        Some(kind) => Ok(kind),
        None => Err(UploadError::Invalid("it has no header".into())),
    }
}

fn validate(bytes: &[u8]) -> Result<(), UploadError> {
    let refused = match Validator::new_with_features(allowed()).validate_all(bytes) {
        Ok(_) => return Ok(()),
        Err(error) => error.to_string(),
    };
    match Validator::new_with_features(WasmFeatures::all()).validate_all(bytes) {
        Ok(_) => Err(UploadError::Feature(refused)),
        Err(error) => Err(UploadError::Invalid(error.to_string())),
    }
}

/// The engine's allow-list, by name: the engine carries another version of the parser.
fn allowed() -> WasmFeatures {
    ALLOWED_FEATURES.iter_names().filter_map(|(name, _)| WasmFeatures::from_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_feature_is_known_to_both_parsers() {
        for (name, _) in ALLOWED_FEATURES.iter_names() {
            assert!(WasmFeatures::from_name(name).is_some(), "{name}");
        }
    }
}
