//! `strowger ban`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::Subcommand;

/// Addresses that signalling does not answer (operator).
#[derive(Debug, Subcommand)]
pub enum Ban {
    /// List banned addresses.
    List,
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
        Ban::Lift { address } => {
            client.delete(&format!("/v1/bans/{}", escape(&address))).await?;
            out.say(&format!("{address} is answered again"))
        }
    }
}
