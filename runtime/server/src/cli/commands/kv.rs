//! `strowger kv`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::Subcommand;
use serde_json::{Value, json};

/// Values that flows keep.
#[derive(Debug, Subcommand)]
pub enum Kv {
    /// List keys.
    List {
        /// Only keys that begin so.
        #[arg(long, default_value = "")]
        prefix: String,
        /// Go on after a page, as it says.
        #[arg(long, default_value = "")]
        after: String,
    },
    /// Show a value.
    Get {
        /// The key.
        key: String,
    },
    /// Set a value.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// Seconds it stays; 0: for ever.
        #[arg(long, default_value_t = 0)]
        ttl_s: u64,
    },
    /// Remove a value.
    Delete {
        /// The key.
        key: String,
    },
}

const COLUMNS: &[Column] = &[("KEY", "key"), ("EXPIRES", "expires_at")];

pub(crate) async fn run(client: &Client, command: Kv, out: &mut Output) -> Result<(), CliError> {
    match command {
        Kv::List { prefix, after } => {
            let query = [("prefix", prefix), ("after", after)];
            out.list(&client.query("/v1/kv", &query).await?, COLUMNS)
        }
        Kv::Get { key } => {
            let value = client.open(&path(&key)).await?.text().await.map_err(|error| {
                CliError::Stream(format!("the value could not be read: {error}"))
            })?;
            if out.is_json() { out.json(&Value::String(value)) } else { out.line(&value) }
        }
        Kv::Set { key, value, ttl_s } => {
            client.put(&path(&key), &json!({"value": value, "ttl_s": ttl_s})).await?;
            out.say(&format!("set {key}"))
        }
        Kv::Delete { key } => {
            client.delete(&path(&key)).await?;
            out.say(&format!("deleted {key}"))
        }
    }
}

fn path(key: &str) -> String {
    format!("/v1/kv/{}", escape(key))
}
