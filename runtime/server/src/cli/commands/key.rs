//! `strowger key`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::Subcommand;
use serde_json::json;

/// API keys: of the tenant acted for, or the operator's own.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// List keys.
    List,
    /// Make a key and show it, this once.
    Create {
        /// Who will use it.
        name: String,
    },
    /// Revoke a key at once.
    Revoke {
        /// Its id, as listed.
        id: String,
    },
    /// Show the key that is in use.
    Own,
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("ROLE", "role"),
    ("BEGINS", "prefix"),
    ("LAST USED", "last_used_at"),
    ("REVOKED", "revoked_at"),
    ("ID", "id"),
];
const DETAILS: &[Column] = &[
    ("name", "name"),
    ("id", "id"),
    ("role", "role"),
    ("tenant", "tenant"),
    ("created", "created_at"),
    ("last used", "last_used_at"),
];

pub(crate) async fn run(client: &Client, command: Key, out: &mut Output) -> Result<(), CliError> {
    match command {
        Key::List => out.list(&client.get("/v1/keys").await?, COLUMNS),
        Key::Own => out.thing(&client.get("/v1/me").await?, DETAILS),
        Key::Create { name } => {
            let made = client.post("/v1/keys", &json!({"name": name})).await?;
            if out.is_json() {
                return out.json(&made);
            }
            out.line(made["secret"].as_str().unwrap_or_default())?;
            eprintln!("Keep this key now: it is stored as a hash and cannot be shown again.");
            Ok(())
        }
        Key::Revoke { id } => {
            client.delete(&format!("/v1/keys/{}", escape(&id))).await?;
            out.say(&format!("revoked key {id}"))
        }
    }
}
