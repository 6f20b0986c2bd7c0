//! `strowger recording`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::Subcommand;
use futures_util::StreamExt as _;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;

/// Recordings.
#[derive(Debug, Subcommand)]
pub enum Recording {
    /// List recordings, newest first.
    List {
        /// Only of this call.
        #[arg(long)]
        call: Option<String>,
        /// Go on after a page, as it says.
        #[arg(long)]
        after: Option<String>,
        /// Recordings to show, 1 to 500.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Show a recording.
    Show {
        /// Its id.
        recording: String,
    },
    /// Download the audio: WAV, the caller left, everybody else right.
    Download {
        /// Its id.
        recording: String,
        /// File to write; without, standard output.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Delete a recording and its audio.
    Delete {
        /// Its id.
        recording: String,
    },
}

const COLUMNS: &[Column] = &[
    ("STARTED", "started_at"),
    ("STATE", "state"),
    ("MS", "duration_ms"),
    ("BYTES", "size_bytes"),
    ("CALL", "call"),
    ("ID", "id"),
];

pub(crate) async fn run(
    client: &Client,
    command: Recording,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Recording::List { call, after, limit } => {
            let query: Vec<_> =
                [("call", call), ("after", after), ("limit", limit.map(|limit| limit.to_string()))]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
                    .collect();
            out.list(&client.query("/v1/recordings", &query).await?, COLUMNS)
        }
        Recording::Show { recording } => out.thing(&client.get(&path(&recording)).await?, COLUMNS),
        Recording::Download { recording, output } => {
            let from = format!("{}/audio", path(&recording));
            download(client, &from, output.as_deref(), out).await
        }
        Recording::Delete { recording } => {
            client.delete(&path(&recording)).await?;
            out.say(&format!("deleted recording {recording}"))
        }
    }
}

/// Writes an answer to a file as it comes, or to standard output.
pub(super) async fn download(
    client: &Client,
    from: &str,
    to: Option<&Path>,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut chunks = client.open(from).await?.bytes_stream();
    let broken =
        |error: reqwest::Error| CliError::Stream(format!("the download broke off: {error}"));
    let Some(to) = to else {
        while let Some(chunk) = chunks.next().await {
            out.raw(&chunk.map_err(broken)?)?;
        }
        return Ok(());
    };
    let failed = |error| CliError::file(to, error);
    let mut file = tokio::fs::File::create(to).await.map_err(failed)?;
    let mut size = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(broken)?;
        file.write_all(&chunk).await.map_err(failed)?;
        size += chunk.len();
    }
    file.flush().await.map_err(failed)?;
    out.say(&format!("wrote {size} bytes to {}", to.display()))
}

fn path(recording: &str) -> String {
    format!("/v1/recordings/{}", escape(recording))
}
