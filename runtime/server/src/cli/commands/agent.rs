//! `strowger agent`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::{keep, named_number, password, set};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Agents, their phones and what they are doing.
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// List agents.
    List,
    /// Show what every agent is doing.
    Status,
    /// Show an agent.
    Show {
        /// Extension or id.
        agent: String,
    },
    /// Create an agent.
    Create {
        /// What is dialled to reach the agent and the user name of the phone.
        extension: String,
        /// Name for people.
        #[arg(long)]
        name: String,
        /// File with the phone's password; `-`: standard input.
        #[arg(long)]
        password_file: PathBuf,
        #[command(flatten)]
        skills: Skills,
    },
    /// Change an agent; what is not given stays.
    Set {
        /// Extension or id.
        agent: String,
        /// New extension; needs the password again.
        #[arg(long)]
        extension: Option<String>,
        /// Name for people.
        #[arg(long)]
        name: Option<String>,
        /// File with a new password; `-`: standard input.
        #[arg(long)]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        skills: Skills,
        /// Take all skills away.
        #[arg(long, conflicts_with = "skill")]
        no_skills: bool,
    },
    /// Delete an agent.
    Delete {
        /// Extension or id.
        agent: String,
    },
    /// Sign an agent in.
    SignIn {
        /// Extension or id.
        agent: String,
    },
    /// Sign an agent out.
    SignOut {
        /// Extension or id.
        agent: String,
    },
    /// Let an agent be given contacts.
    Ready {
        /// Extension or id.
        agent: String,
    },
    /// Keep contacts from an agent.
    NotReady {
        /// Extension or id.
        agent: String,
        /// Why: lunch, training.
        reason: String,
    },
}

/// Skills of an agent.
#[derive(Args, Debug)]
pub struct Skills {
    /// NAME:LEVEL with a level of 1 to 10; may be repeated.
    #[arg(long)]
    skill: Vec<String>,
}

const COLUMNS: &[Column] =
    &[("EXTENSION", "extension"), ("NAME", "name"), ("SKILLS", "skills"), ("ID", "id")];
const DETAILS: &[Column] = &[
    ("extension", "extension"),
    ("name", "name"),
    ("id", "id"),
    ("skills", "skills"),
    ("changed", "updated_at"),
];
const STATUS: &[Column] = &[
    ("AGENT", "agent"),
    ("STATE", "state"),
    ("REASON", "reason"),
    ("SINCE", "since"),
    ("PHONE", "registered"),
    ("CALL", "call"),
];

pub(crate) async fn run(client: &Client, command: Agent, out: &mut Output) -> Result<(), CliError> {
    match command {
        Agent::List => out.list(&client.get("/v1/agents").await?, COLUMNS),
        Agent::Status => out.list(&client.get("/v1/agents/status").await?, STATUS),
        Agent::Show { agent } => out.thing(&client.get(&path(&agent)).await?, DETAILS),
        Agent::Create { extension, name, password_file, skills } => {
            let mut body = json!({"extension": extension, "name": name});
            set(&mut body, "password", password(Some(&password_file))?);
            set(&mut body, "skills", skills.values()?);
            out.thing(&client.post("/v1/agents", &body).await?, DETAILS)
        }
        Agent::Set { agent, extension, name, password_file, skills, no_skills } => {
            let old = client.get(&path(&agent)).await?;
            let mut body = keep(&old, &["extension", "name", "skills"]);
            set(&mut body, "extension", extension);
            set(&mut body, "name", name);
            set(&mut body, "password", password(password_file.as_deref())?);
            set(&mut body, "skills", skills.values()?);
            set(&mut body, "skills", no_skills.then(|| json!([])));
            out.thing(&client.put(&path(&agent), &body).await?, DETAILS)
        }
        Agent::Delete { agent } => {
            client.delete(&path(&agent)).await?;
            out.say(&format!("deleted agent {agent}"))
        }
        Agent::SignIn { agent } => order(client, &agent, json!({"state": "signed_in"}), out).await,
        Agent::SignOut { agent } => {
            order(client, &agent, json!({"state": "signed_out"}), out).await
        }
        Agent::Ready { agent } => order(client, &agent, json!({"state": "ready"}), out).await,
        Agent::NotReady { agent, reason } => {
            order(client, &agent, json!({"state": "not_ready", "reason": reason}), out).await
        }
    }
}

async fn order(
    client: &Client,
    agent: &str,
    order: Value,
    out: &mut Output,
) -> Result<(), CliError> {
    let status = client.put(&format!("{}/state", path(agent)), &order).await?;
    out.thing(&status, STATUS)
}

impl Skills {
    fn values(self) -> Result<Option<Value>, CliError> {
        if self.skill.is_empty() {
            return Ok(None);
        }
        let skills: Result<Vec<Value>, CliError> = self
            .skill
            .iter()
            .map(|text| {
                let (name, level) = named_number(text, "NAME:LEVEL")?;
                Ok(json!({"name": name, "level": level}))
            })
            .collect();
        Ok(Some(Value::Array(skills?)))
    }
}

fn path(agent: &str) -> String {
    format!("/v1/agents/{}", escape(agent))
}
