//! `strowger drain`

use super::super::CliError;
use super::super::client::Client;
use super::super::output::Output;
use clap::Args;
use serde_json::json;

/// How a server is let run empty.
#[derive(Args, Debug)]
pub struct Drain {
    /// How many seconds calls may go on.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    within: u32,
    /// Leave the calls that are left as they are: the next start takes them up.
    /// With `--within 0` an update cuts no call.
    #[arg(long)]
    keep_calls: bool,
    /// Take calls again.
    #[arg(long, conflicts_with_all = ["within", "keep_calls"])]
    cancel: bool,
    /// Only show how it stands.
    #[arg(long, conflicts_with_all = ["within", "keep_calls", "cancel"])]
    status: bool,
}

pub(crate) async fn run(client: &Client, drain: Drain, out: &mut Output) -> Result<(), CliError> {
    let answer = if drain.status {
        client.get("/v1/drain").await?
    } else if drain.cancel {
        client.delete("/v1/drain").await?
    } else {
        let then = if drain.keep_calls { "keep" } else { "end" };
        client.put("/v1/drain", &json!({"within_s": drain.within, "then": then})).await?
    };
    if out.is_json() {
        return out.json(&answer);
    }
    let calls = &answer["live_calls"];
    match answer["until"].as_u64() {
        Some(_) => out.line(&format!("running empty: {calls} calls are left")),
        None => out.line(&format!("taking calls: {calls} live")),
    }
}
