//! `strowger usage` and `strowger breaker`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// What guests have used, by day, module and version.
#[derive(Args, Debug)]
pub struct Usage {
    /// From this day on, in milliseconds since 1970; without: the last 31 days.
    #[arg(long)]
    since: Option<u64>,
    /// Days that begin before this.
    #[arg(long)]
    until: Option<u64>,
    /// How long decisions take instead, since the server started.
    #[arg(long, conflicts_with_all = ["since", "until"])]
    latency: bool,
    /// How much memory the guests hold now instead, all together.
    #[arg(long, conflicts_with_all = ["since", "until", "latency"])]
    memory: bool,
}

/// Versions that are disabled because they failed again and again.
#[derive(Debug, Subcommand)]
pub enum Breaker {
    /// List them.
    List,
    /// Put the versions of a flow back into service.
    Reset {
        /// Name of the flow.
        flow: String,
    },
}

const USAGE: &[Column] = &[
    ("DAY", "day"),
    ("MODULE", "module"),
    ("CALLS", "calls"),
    ("TURNS", "turns"),
    ("FUEL", "fuel"),
    ("BUSY_US", "busy_us"),
    ("FAULTS", "faults"),
    ("VERSION", "version"),
];
const LATENCY: &[Column] = &[
    ("decisions", "count"),
    ("p50 in us", "p50_us"),
    ("p99 in us", "p99_us"),
    ("p99.9 in us", "p999_us"),
];
const MEMORY: &[Column] =
    &[("held in bytes", "held_bytes"), ("limit in bytes", "limit_bytes"), ("refused", "refused")];
const BREAKERS: &[Column] = &[
    ("FLOW", "flow"),
    ("STATE", "state"),
    ("SINCE", "since"),
    ("UNTIL", "until"),
    ("TIMES", "times"),
    ("REASON", "reason"),
    ("VERSION", "version"),
];

pub(crate) async fn run(client: &Client, wanted: Usage, out: &mut Output) -> Result<(), CliError> {
    if wanted.latency {
        return out.thing(&client.get("/v1/usage/latency").await?, LATENCY);
    }
    if wanted.memory {
        return out.thing(&client.get("/v1/usage/memory").await?, MEMORY);
    }
    let days = [("since", wanted.since), ("until", wanted.until)];
    let query: Vec<String> =
        days.iter().filter_map(|(name, at)| at.map(|at| format!("{name}={at}"))).collect();
    out.list(&client.get(&format!("/v1/usage?{}", query.join("&"))).await?, USAGE)
}

pub(crate) async fn run_breaker(
    client: &Client,
    command: Breaker,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Breaker::List => out.list(&client.get("/v1/breakers").await?, BREAKERS),
        Breaker::Reset { flow } => {
            client.post(&format!("/v1/flows/{}/reset", escape(&flow)), &json!({})).await?;
            out.say(&format!("the versions of {flow} are in service"))
        }
    }
}

/// Sets limits of a tenant's body from `NAME=VALUE`, with dots in names of groups.
pub(super) fn set_limits(body: &mut Value, limits: &[String]) -> Result<(), CliError> {
    for text in limits {
        let parsed = text.split_once('=').and_then(|(name, value)| {
            let value: Value = serde_json::from_str(value).ok()?;
            let plain = value.is_u64() || value.is_boolean() || value.is_null();
            (plain && !name.is_empty()).then_some((name, value))
        });
        let (name, value) = parsed.ok_or_else(|| {
            CliError::Usage(format!(
                "{text:?} is no limit: write NAME=NUMBER as `tenant show --json` names it, for \
                 example max_calls_per_second=20 or guest.event_ms=100"
            ))
        })?;
        let mut place = &mut body["limits"];
        for part in name.split('.') {
            // The server says which names there are; here only the shape must fit.
            if !(place.is_object() || place.is_null()) {
                return Err(CliError::Usage(format!("{name:?} is no limit")));
            }
            place = &mut place[part];
        }
        *place = value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_set_by_name() {
        let mut body = json!({"limits": {"max_agents": 7}});
        let limits = ["guest.breaker.faults=3", "guest_fuel=null", "phones_dial_out=true"];
        set_limits(&mut body, &limits.map(str::to_owned)).unwrap();
        assert_eq!(
            body["limits"],
            json!({"max_agents": 7, "guest": {"breaker": {"faults": 3}}, "guest_fuel": null,
                   "phones_dial_out": true})
        );
        for wrong in ["guest.event_ms", "=3", "x=soon", "max_agents.x=3"] {
            assert!(set_limits(&mut body, &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
