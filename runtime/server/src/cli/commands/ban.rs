//! `strowger ban`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::Subcommand;
use serde_json::json;

/// Addresses that signalling does not answer (operator).
#[derive(Debug, Subcommand)]
pub enum Ban {
    /// List banned addresses.
    List,
    /// Do not answer an address for a while.
    Add {
        /// The address.
        address: String,
        /// For how many seconds.
        #[arg(long = "for", value_name = "SECONDS")]
        for_s: u32,
    },
    /// Answer an address again.
    Lift {
        /// The address, as the list shows it.
        address: String,
    },
}

const COLUMNS: &[Column] =
    &[("ADDRESS", "address"), ("UNTIL", "until"), ("TIMES", "times"), ("OFFENCE", "offence")];

pub(crate) async fn run(client: &Client, command: Ban, out: &mut Output) -> Result<(), CliError> {
    match command {
        Ban::List => out.list(&client.get("/v1/bans").await?, COLUMNS),
        Ban::Add { address, for_s } => {
            let body = json!({"address": address, "for_s": for_s});
            client.post("/v1/bans", &body).await?;
            out.say(&format!("{address} is not answered for {for_s} seconds"))
        }
        Ban::Lift { address } => {
            client.delete(&format!("/v1/bans/{}", escape(&address))).await?;
            out.say(&format!("{address} is answered again"))
        }
    }
}
