//! `strowger call`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::trace;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Calls: live ones, records, journals, traces.
#[derive(Debug, Subcommand)]
pub enum Call {
    /// List call records, newest first.
    List(Filter),
    /// List calls that are not over.
    Live,
    /// Show a call record.
    Show {
        /// Id of the call.
        call: String,
    },
    /// Show what the flow of a call was told and what it did.
    Journal {
        /// Id of the call.
        call: String,
    },
    /// Show the SIP messages of a call as a ladder, and how its media fared.
    Trace {
        /// Id of the call.
        call: String,
        /// Show the messages too, as far as they are kept.
        #[arg(long)]
        messages: bool,
    },
    /// End a live call.
    Hangup {
        /// Id of the call.
        call: String,
    },
}

/// Which calls.
#[derive(Args, Debug)]
pub struct Filter {
    /// Calling address.
    #[arg(long)]
    from: Option<String>,
    /// Called address.
    #[arg(long)]
    to: Option<String>,
    /// Started at or after, in milliseconds since 1970.
    #[arg(long)]
    since: Option<u64>,
    /// Started before.
    #[arg(long)]
    until: Option<u64>,
    /// inbound or outbound.
    #[arg(long)]
    direction: Option<String>,
    /// Why it ended: normal, busy, no_answer ...
    #[arg(long)]
    cause: Option<String>,
    /// Last queue the caller waited in.
    #[arg(long)]
    queue: Option<String>,
    /// Id of the agent who talked to the caller last.
    #[arg(long)]
    agent: Option<String>,
    /// true or false.
    #[arg(long)]
    answered: Option<bool>,
    /// Still open (true) or over (false).
    #[arg(long)]
    open: Option<bool>,
    /// Go on after a page, as it says.
    #[arg(long)]
    after: Option<String>,
    /// Records to show, 1 to 500.
    #[arg(long)]
    limit: Option<u32>,
}

const COLUMNS: &[Column] = &[
    ("STARTED", "started_at"),
    ("WAY", "direction"),
    ("FROM", "from"),
    ("TO", "to"),
    ("ANSWERED", "answered_at"),
    ("ENDED", "ended_at"),
    ("CAUSE", "cause"),
    ("CALL", "call"),
];
const LIVE: &[Column] = &[
    ("STARTED", "started_at"),
    ("STATE", "state"),
    ("FROM", "from"),
    ("TO", "to"),
    ("FLOW", "flow"),
    ("QUEUE", "queue"),
    ("AGENT", "agent"),
    ("CALL", "call"),
];
const DETAILS: &[Column] = &[
    ("call", "call"),
    ("direction", "direction"),
    ("from", "from"),
    ("to", "to"),
    ("started", "started_at"),
    ("answered", "answered_at"),
    ("ended", "ended_at"),
    ("cause", "cause"),
    ("ended by", "ended_by"),
    ("flow version", "flow_version"),
    ("turns", "guest.turns"),
    ("fuel", "guest.fuel"),
    ("guest busy us", "guest.busy_us"),
    ("faults", "guest.faults"),
    ("digits", "digits"),
    ("recordings", "recordings"),
    ("attributes", "attributes"),
];
const LEGS: &[Column] = &[
    ("LEG", "leg"),
    ("WAY", "direction"),
    ("ADDRESS", "address"),
    ("ANSWERED", "answered_at"),
    ("ENDED", "ended_at"),
    ("CAUSE", "cause"),
    ("SIP", "sip_status"),
    ("CODEC", "codec"),
];
const VISITS: &[Column] = &[
    ("QUEUE", "queue"),
    ("ENTERED", "entered_at"),
    ("LEFT", "left_at"),
    ("OUTCOME", "outcome"),
    ("AGENT", "agent"),
    ("OFFERS", "offers"),
    ("TALK MS", "talk_ms"),
];

pub(crate) async fn run(client: &Client, command: Call, out: &mut Output) -> Result<(), CliError> {
    match command {
        Call::List(filter) => out.list(&client.query("/v1/calls", &filter.query()).await?, COLUMNS),
        Call::Live => out.list(&client.get("/v1/calls/live").await?, LIVE),
        Call::Show { call } => {
            let record = client.get(&path(&call)).await?;
            out.thing(&record, DETAILS)?;
            if out.is_json() {
                return Ok(());
            }
            out.line("")?;
            out.list(&json!({"items": record["legs"]}), LEGS)?;
            out.line("")?;
            out.list(&json!({"items": record["queue_visits"]}), VISITS)
        }
        Call::Journal { call } => journal(client, &call, out).await,
        Call::Trace { call, messages } => {
            trace::run(client, &format!("{}/trace", path(&call)), messages, out).await
        }
        Call::Hangup { call } => {
            client.post(&format!("{}/hangup", path(&call)), &Value::Null).await?;
            out.say(&format!("call {call} is being hung up"))
        }
    }
}

/// Every page of a journal, one entry a line.
async fn journal(client: &Client, call: &str, out: &mut Output) -> Result<(), CliError> {
    let mut query = Vec::new();
    loop {
        let page = client.query(&format!("{}/journal", path(call)), &query).await?;
        for entry in page["items"].as_array().map(Vec::as_slice).unwrap_or_default() {
            if out.is_json() {
                out.line(&entry.to_string())?;
                continue;
            }
            let at = entry["at"].as_u64().unwrap_or_default();
            out.line(&format!(
                "{:>5}  {}.{:03}  {:<6} {}",
                entry["seq"],
                super::super::output::utc(at),
                at % 1_000,
                entry["kind"].as_str().unwrap_or_default(),
                entry["body"]
            ))?;
        }
        match page["next"].as_str() {
            Some(next) => query = vec![("after", next.to_owned())],
            None => return Ok(()),
        }
    }
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        let text = |value: Option<u64>| value.map(|number| number.to_string());
        let flag = |value: Option<bool>| value.map(|yes| yes.to_string());
        [
            ("from", self.from),
            ("to", self.to),
            ("since", text(self.since)),
            ("until", text(self.until)),
            ("direction", self.direction),
            ("cause", self.cause),
            ("queue", self.queue),
            ("agent", self.agent),
            ("answered", flag(self.answered)),
            ("open", flag(self.open)),
            ("after", self.after),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

fn path(call: &str) -> String {
    format!("/v1/calls/{}", escape(call))
}
