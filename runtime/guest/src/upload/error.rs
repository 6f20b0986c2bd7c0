//! Why an upload is refused, in words for its author.

use crate::program::World;

/// Why an upload is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// No Wasm magic number.
    #[error("this is not WebAssembly: {hint}")]
    NotWasm {
        /// What it looks like, and what to do.
        hint: String,
    },
    /// Machine code made by some wasmtime.
    #[error(
        "this is precompiled machine code, which is never accepted; \
         upload the .wasm that it was compiled from"
    )]
    Precompiled,
    /// More bytes than allowed.
    #[error(
        "{bytes} bytes are more than the {limit} allowed; build with optimisation for size, \
         strip debug information, or ask the operator to raise the limit"
    )]
    TooBig {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Compiled, more bytes than allowed.
    #[error(
        "compiled, this program has {bytes} bytes, more than the {limit} allowed; build with \
         optimisation for size, leave out unused libraries, or ask the operator to raise the limit"
    )]
    CompiledTooBig {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More functions than allowed.
    #[error("{functions} functions are more than the {limit} allowed; leave out unused libraries")]
    TooManyFunctions {
        /// How many.
        functions: u64,
        /// The limit.
        limit: u32,
    },
    /// A function larger than allowed.
    #[error(
        "one function has {bytes} bytes, more than the {limit} allowed; \
         split it or build with less inlining"
    )]
    FunctionTooBig {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: u32,
    },
    /// Broken.
    #[error("this WebAssembly is not valid: {0}; build it again and upload the whole file")]
    Invalid(String),
    /// Valid, but uses what is switched off.
    #[error(
        "this program uses a part of WebAssembly that is not allowed here ({0}); \
         threads, garbage collection, exceptions, several memories and 64-bit memories are off: \
         build without them, as `strowger flow build` does"
    )]
    Feature(String),
    /// A core module that does not say which world it was built for.
    #[error(
        "this is a core module that does not say which world it was built for; build it with \
         `strowger flow build`, or make a component of it with \
         `wasm-tools component embed` and `wasm-tools component new`"
    )]
    NoMetadata,
    /// A core module that wit-component could not turn into a component.
    #[error(
        "this core module could not be made a component: {0}; build it with `strowger flow build`"
    )]
    NotComponentizable(String),
    /// A WIT package encoded as Wasm.
    #[error(
        "this is an interface description (a WIT package), not a program; upload the component \
         that was built from it"
    )]
    WitPackage,
    /// Exports none of the worlds.
    #[error(
        "this program exports no world of Strowger; it exports {found}, but needs one of: {}; \
         with the SDK, say which in `strowger_sdk::export!`",
        worlds_in_words()
    )]
    WrongWorld {
        /// What it exports instead.
        found: String,
    },
    /// Exports the right name with the wrong type.
    #[error(
        "`{export}` of world `{world}` does not have the type that the world says: {reason}; \
         rebuild with the SDK or the WIT files of this server",
        world = world.name(),
        export = world.export()
    )]
    WrongType {
        /// Which world.
        world: World,
        /// What differs.
        reason: String,
    },
    /// Imports something that is not offered.
    #[error("this program imports `{import}`, which is not offered here; {hint}")]
    UnknownImport {
        /// What it wants.
        import: String,
        /// What to do.
        hint: String,
    },
    /// Imports the right name with the wrong type.
    #[error(
        "this program imports something with another type than this server offers: {0}; \
         rebuild with the SDK or the WIT files of this server"
    )]
    WrongImport(String),
    /// The compiler gave up.
    #[error("this program could not be compiled: {0}; build it again with current tools")]
    NotCompiled(String),
    /// Compiled, but an instance could not start.
    #[error(
        "this program fails as soon as it is started: {0}; what runs before the first event, a \
         static initialiser for example, must neither fail nor take long"
    )]
    DoesNotStart(String),
    /// It took too long.
    #[error("checking and compiling took longer than {limit_ms} ms; upload something smaller")]
    TooSlow {
        /// The limit.
        limit_ms: u64,
    },
    /// Too many uploads at once.
    #[error("too many uploads are being compiled; try again in a few seconds")]
    Busy,
}

fn worlds_in_words() -> String {
    let worlds: Vec<String> = World::ALL
        .iter()
        .map(|world| format!("`{}` (export `{}`)", world.name(), world.export()))
        .collect();
    worlds.join(", ")
}
