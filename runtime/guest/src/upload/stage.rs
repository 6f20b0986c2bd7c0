//! The stages an upload goes through, in their order.

use super::UploadError;

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UploadStage {
    /// Is it small enough?
    Size,
    /// Is it WebAssembly, whole and valid, of a size that can be compiled?
    Parse,
    /// Does it use only what is switched on?
    Features,
    /// Does it export a world, and import only what there is?
    World,
    /// Machine code is made of it.
    Compile,
    /// It is started once.
    Start,
}

impl UploadError {
    /// The stage that found it.
    pub fn stage(&self) -> UploadStage {
        match self {
            Self::TooBig { .. } => UploadStage::Size,
            Self::NotWasm { .. }
            | Self::Precompiled
            | Self::TooManyFunctions { .. }
            | Self::FunctionTooBig { .. }
            | Self::Invalid(_)
            | Self::NoMetadata => UploadStage::Parse,
            Self::Feature(_) => UploadStage::Features,
            Self::NotComponentizable(_)
            | Self::WitPackage
            | Self::WrongWorld { .. }
            | Self::WrongType { .. }
            | Self::UnknownImport { .. }
            | Self::WrongImport(_) => UploadStage::World,
            Self::NotCompiled(_)
            | Self::CompiledTooBig { .. }
            | Self::TooSlow { .. }
            | Self::Busy => UploadStage::Compile,
            Self::DoesNotStart(_) => UploadStage::Start,
        }
    }
}
