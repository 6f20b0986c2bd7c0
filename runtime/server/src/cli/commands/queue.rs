//! `strowger queue`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::program::{OwnCanary, own_router};
use super::{keep, named_number, set};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Queues.
#[derive(Debug, Subcommand)]
pub enum Queue {
    /// List queues.
    List,
    /// Show how queues are doing.
    Status {
        /// Only this one.
        queue: Option<String>,
    },
    /// Show a queue.
    Show {
        /// Name or id.
        queue: String,
    },
    /// Create a queue.
    Create {
        /// What flows call it.
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a queue; what is not given stays.
    Set {
        /// Name or id.
        queue: String,
        #[command(flatten)]
        settings: Settings,
        /// Let every agent with the skills serve it.
        #[arg(long, conflicts_with = "member")]
        all_agents: bool,
        /// Let the tenant's router decide about its contacts.
        #[arg(long, conflicts_with_all = ["router", "stock_router"])]
        no_router: bool,
    },
    /// Delete a queue.
    Delete {
        /// Name or id.
        queue: String,
    },
}

/// What can be set on a queue.
#[derive(Args, Debug)]
pub struct Settings {
    /// NAME:LEVEL that every contact needs; may be repeated.
    #[arg(long)]
    need: Vec<String>,
    /// Priority gained per minute of waiting.
    #[arg(long)]
    ageing: Option<u32>,
    /// Contacts waiting at the same time; more overflow.
    #[arg(long)]
    max_waiting: Option<u32>,
    /// Longest wait in seconds; 0: no limit.
    #[arg(long)]
    max_wait_s: Option<u64>,
    /// Seconds an agent's phone rings.
    #[arg(long)]
    ring_s: Option<u64>,
    /// Seconds of wrap-up.
    #[arg(long)]
    wrap_up_s: Option<u64>,
    /// Extension or id of an agent who serves it; may be repeated; without, every agent does.
    #[arg(long)]
    member: Vec<String>,
    /// Router of the tenant's own that decides about its contacts.
    #[arg(long, value_name = "NAME", conflicts_with = "stock_router")]
    router: Option<String>,
    /// Only this version of the router, whatever is promoted; without, the one in force.
    #[arg(long, value_name = "VERSION", requires = "router")]
    router_version: Option<u32>,
    #[command(flatten)]
    canary: OwnCanary,
    /// Router that comes with the server and decides about its contacts.
    #[arg(long, value_name = "NAME", conflicts_with = "canary")]
    stock_router: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("NEEDS", "needs"),
    ("AGEING", "ageing_per_minute"),
    ("MAX WAITING", "max_waiting"),
    ("RING MS", "ring_ms"),
    ("WRAP-UP MS", "wrap_up_ms"),
    ("ID", "id"),
];
const DETAILS: &[Column] = &[
    ("name", "name"),
    ("id", "id"),
    ("needs", "needs"),
    ("ageing a minute", "ageing_per_minute"),
    ("max waiting", "max_waiting"),
    ("max wait ms", "max_wait_ms"),
    ("ring ms", "ring_ms"),
    ("wrap-up ms", "wrap_up_ms"),
    ("members", "members"),
    ("router", "router.name"),
    ("router version", "router.version"),
    ("canary", "router.canary.version"),
    ("share %", "router.canary.share_percent"),
    ("changed", "updated_at"),
];
const STATUS: &[Column] = &[
    ("NAME", "name"),
    ("WAITING", "waiting"),
    ("LONGEST MS", "longest_wait_ms"),
    ("EXPECTED MS", "expected_wait_ms"),
    ("SIGNED IN", "agents_signed_in"),
    ("READY", "agents_ready"),
    ("TALKING", "agents_talking"),
];
const SENT: &[&str] = &[
    "name",
    "needs",
    "ageing_per_minute",
    "max_waiting",
    "max_wait_ms",
    "ring_ms",
    "wrap_up_ms",
    "members",
    "router",
];

pub(crate) async fn run(client: &Client, command: Queue, out: &mut Output) -> Result<(), CliError> {
    match command {
        Queue::List => out.list(&client.get("/v1/queues").await?, COLUMNS),
        Queue::Status { queue: None } => out.list(&client.get("/v1/queues/status").await?, STATUS),
        Queue::Status { queue: Some(queue) } => {
            out.thing(&client.get(&format!("{}/status", path(&queue))).await?, STATUS)
        }
        Queue::Show { queue } => out.thing(&client.get(&path(&queue)).await?, DETAILS),
        Queue::Create { name, settings } => {
            let mut body = json!({"name": name});
            settings.apply(client, &mut body).await?;
            out.thing(&client.post("/v1/queues", &body).await?, DETAILS)
        }
        Queue::Set { queue, settings, all_agents, no_router } => {
            let mut body = keep(&client.get(&path(&queue)).await?, SENT);
            settings.apply(client, &mut body).await?;
            set(&mut body, "members", all_agents.then_some(Value::Null));
            set(&mut body, "router", no_router.then_some(Value::Null));
            out.thing(&client.put(&path(&queue), &body).await?, DETAILS)
        }
        Queue::Delete { queue } => {
            client.delete(&path(&queue)).await?;
            out.say(&format!("deleted queue {queue}"))
        }
    }
}

impl Settings {
    async fn apply(self, client: &Client, body: &mut Value) -> Result<(), CliError> {
        if !self.need.is_empty() {
            let needs: Result<Vec<Value>, CliError> = self
                .need
                .iter()
                .map(|text| {
                    let (name, level) = named_number(text, "NAME:LEVEL")?;
                    Ok(json!({"name": name, "min_level": level}))
                })
                .collect();
            set(body, "needs", Some(needs?));
        }
        set(body, "ageing_per_minute", self.ageing);
        set(body, "max_waiting", self.max_waiting);
        set(body, "max_wait_ms", self.max_wait_s.map(|seconds| seconds.saturating_mul(1_000)));
        set(body, "ring_ms", self.ring_s.map(|seconds| seconds.saturating_mul(1_000)));
        set(body, "wrap_up_ms", self.wrap_up_s.map(|seconds| seconds.saturating_mul(1_000)));
        if self.canary.is_some() && self.router.is_none() {
            let what = "--canary is a version of a router of the tenant's own: give --router, too";
            return Err(CliError::Usage(what.to_owned()));
        }
        let own = self.router.map(|name| own_router(&name, self.router_version, self.canary));
        let stock = self.stock_router.map(|name| json!({"kind": "stock", "name": name}));
        set(body, "router", own.or(stock));
        if !self.member.is_empty() {
            let mut members = Vec::with_capacity(self.member.len());
            for agent in &self.member {
                let found = client.get(&format!("/v1/agents/{}", escape(agent))).await?;
                members.push(found["id"].clone());
            }
            set(body, "members", Some(members));
        }
        Ok(())
    }
}

fn path(queue: &str) -> String {
    format!("/v1/queues/{}", escape(queue))
}
