//! What can go wrong on the command line, and the exit codes for scripts.

use std::path::{Path, PathBuf};

/// Why a subcommand failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The API said no.
    #[error("{detail}")]
    Api {
        /// HTTP status.
        status: u16,
        /// What the API says to do.
        detail: String,
    },
    /// The API cannot be reached.
    #[error(
        "{url} cannot be reached: {why}; is the server running, and is the address right? \
         (--url, STROWGER_URL or `strowger profile save`)"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// What was given makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The result cannot be printed.
    #[error("the output cannot be written: {0}")]
    Output(std::io::Error),
    /// A program cannot be built.
    #[error("{0}")]
    Build(#[from] strowger_build::BuildError),
    /// What was replayed does something else than was recorded.
    #[error("{0}")]
    Differs(String),
    /// What was to be replayed cannot be.
    #[error("{0}")]
    Replay(String),
    /// What was asked for was done, and came out badly.
    #[error("{0}")]
    Failed(String),
    /// The event stream ended.
    #[error("the event stream ended: {0}")]
    Stream(String),
}

impl CliError {
    pub(super) fn file(path: &Path, error: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), error }
    }

    /// 2 usage or differences found by a replay, 3 not found, 4 not allowed, 5 refused, 6 unreachable or busy, 1 anything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Differs(_) => 2,
            Self::Api { status: 404, .. } => 3,
            Self::Api { status: 401 | 403, .. } => 4,
            Self::Api { status: 429 | 503, .. } | Self::Unreachable { .. } | Self::Stream(_) => 6,
            Self::Api { status: 400..=499, .. } => 5,
            Self::Api { .. }
            | Self::File { .. }
            | Self::Output(_)
            | Self::Build(_)
            | Self::Replay(_)
            | Self::Failed(_) => 1,
        }
    }
}
