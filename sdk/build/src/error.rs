//! What can go wrong while a guest is built, each with what to do about it.

use std::path::PathBuf;

/// Why a guest could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No compiler here can build for `wasm32-unknown-unknown`.
    #[error("{0}")]
    NoToolchain(String),
    /// A program could not be started.
    #[error("`{program}` could not be started: {source}; is it installed and on PATH?")]
    Start {
        /// Which program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// Installing the standard library did not work.
    #[error("`{command}` failed: {message}")]
    Install {
        /// What was run.
        command: String,
        /// What it said last.
        message: String,
    },
    /// cargo found errors in the guest; it has printed them.
    #[error("the guest in {} does not build; cargo's messages above say why", .0.display())]
    Cargo(PathBuf),
    /// The build made no Wasm module.
    #[error(
        "nothing to build in {}: a guest needs `[lib] crate-type = [\"cdylib\", \"rlib\"]` \
         in its Cargo.toml", .0.display()
    )]
    NothingBuilt(PathBuf),
    /// The module is no guest.
    #[error("{name} is no guest: {message}")]
    Component {
        /// Name of the guest.
        name: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder of a new project is in use.
    #[error("{} exists and is not empty; name a new folder", .0.display())]
    FolderInUse(PathBuf),
    /// The name of a new project cannot be a crate's name.
    #[error(
        "{0:?} cannot be a project's name: use lower-case letters, digits and hyphens, \
         and begin with a letter"
    )]
    BadName(String),
}

impl BuildError {
    pub(crate) fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}
