//! `strowger prompt`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::Subcommand;
use reqwest::Method;
use std::path::{Path, PathBuf};

/// Prompts.
#[derive(Debug, Subcommand)]
pub enum Prompt {
    /// List prompts.
    List,
    /// Show a prompt.
    Show {
        /// Its name.
        name: String,
    },
    /// Upload a prompt, replacing one of the same name.
    Upload {
        /// What flows call it: file:NAME.
        name: String,
        /// WAV, MP3, FLAC or Ogg of any rate.
        file: PathBuf,
    },
    /// Download a prompt as it was uploaded.
    Download {
        /// Its name.
        name: String,
        /// File to write; without, standard output.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Delete a prompt.
    Delete {
        /// Its name.
        name: String,
    },
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("MS", "duration_ms"),
    ("TYPE", "content_type"),
    ("UPLOADED", "created_at"),
    ("ID", "id"),
];

pub(crate) async fn run(
    client: &Client,
    command: Prompt,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Prompt::List => out.list(&client.get("/v1/prompts").await?, COLUMNS),
        Prompt::Show { name } => out.thing(&client.get(&path(&name)).await?, COLUMNS),
        Prompt::Upload { name, file } => {
            let bytes = std::fs::read(&file).map_err(|error| CliError::file(&file, error))?;
            let made = client.upload(Method::PUT, &path(&name), media_type(&file), bytes).await?;
            out.thing(&made, COLUMNS)
        }
        Prompt::Download { name, output } => {
            let from = format!("{}/audio", path(&name));
            super::recording::download(client, &from, output.as_deref(), out).await
        }
        Prompt::Delete { name } => {
            client.delete(&path(&name)).await?;
            out.say(&format!("deleted prompt {name}"))
        }
    }
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("wav") => "audio/wav",
        Some("mp3") => "audio/mpeg",
        Some("flac") => "audio/flac",
        Some("ogg" | "oga" | "opus") => "audio/ogg",
        _ => "application/octet-stream",
    }
}

fn path(name: &str) -> String {
    format!("/v1/prompts/{}", escape(name))
}
