//! `strowger flow replay`: recorded calls on a version of their flow.
//!
//! Fetches journals and programs and runs them in this process: a server is asked
//! for no more than what it has stored, and nobody else is asked for anything.

mod day;
mod many;
mod result;
mod show;
mod source;
mod step;

use super::super::CliError;
use super::super::client::Client;
use super::super::output::Output;
use clap::Args;
use result::CallResult;
use source::Source;
use std::path::PathBuf;

/// What to replay, and on what.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 all the same, 2 differences found, 1 anything else. A difference after secret
digits, which no journal holds, counts unless the program is the recorded one.")]
pub struct Replay {
    /// Id of the call.
    #[arg(required_unless_present_any = ["day", "since", "until", "number"])]
    call: Option<String>,
    /// Number of the version; without, every flow in the version that served the call.
    #[arg(long)]
    version: Option<u32>,
    /// A local build instead of a version.
    #[arg(long, conflicts_with = "version")]
    file: Option<PathBuf>,
    /// Flow whose part of the call is replayed on --version or --file; without, that
    /// of the number that was called.
    #[arg(long)]
    flow: Option<String>,
    /// Every call that started on this day, YYYY-MM-DD in UTC.
    #[arg(long, conflicts_with_all = ["call", "since", "until"])]
    day: Option<String>,
    /// Every call that started at or after, in milliseconds since 1970.
    #[arg(long, conflicts_with = "call")]
    since: Option<u64>,
    /// Every call that started before.
    #[arg(long, conflicts_with = "call")]
    until: Option<u64>,
    /// Only calls to this number.
    #[arg(long, conflicts_with = "call")]
    number: Option<String>,
    /// Most calls, newest first.
    #[arg(long, conflicts_with = "call", default_value_t = 10_000)]
    limit: u32,
    /// Walk through the call: enter shows the next turn, q quits.
    #[arg(long, requires = "call", conflicts_with = "api-json")]
    step: bool,
}

pub(crate) async fn run(client: &Client, replay: Replay, out: &mut Output) -> Result<(), CliError> {
    let done = match &replay.call {
        Some(call) => one(client, call, &replay, out).await,
        None => many::run(client, &replay, out).await,
    };
    done.map_err(|error| match error {
        // Whoever reads has had enough, or has the answer already.
        CliError::Output(_) | CliError::Differs(_) => error,
        other => CliError::Replay(other.to_string()),
    })
}

async fn one(
    client: &Client,
    call: &str,
    replay: &Replay,
    out: &mut Output,
) -> Result<(), CliError> {
    let source = Source::open(client, replay).await?;
    let result = source.replay(call).await?;
    if out.is_json() {
        out.json(&result.to_json())?;
    } else if replay.step {
        step::walk(&result, &mut std::io::stdin().lock(), out)?;
    } else {
        show::call(&result, out)?;
    }
    verdict(&result)
}

/// The exit code of a single call.
fn verdict(result: &CallResult) -> Result<(), CliError> {
    match result.differs() {
        true => Err(CliError::Differs(format!("call {} differs", result.call))),
        false => Ok(()),
    }
}
