//! `strowger flow promote`, `canary`, `rollback`, `rollout`, `compare`, `verify`,
//! `delete-version`; the same of `strowger router`.

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::program::COLUMNS as PROGRAM;
use super::{rules, set};
use crate::signing;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use strowger_model::{FlowId, TenantId, VersionStatement};

/// What flows and routers have in common.
#[derive(Debug, Subcommand)]
pub enum Rollout {
    /// Make a version the one in force.
    Promote {
        /// Its name.
        name: String,
        /// Number of the version.
        version: u32,
        #[command(flatten)]
        rules: RollbackRules,
        #[command(flatten)]
        seen: Seen,
    },
    /// Take a canary out, or else go back to the version before.
    Rollback {
        /// Its name.
        name: String,
        /// Go back to this version.
        #[arg(long, value_name = "VERSION")]
        to: Option<u32>,
        #[command(flatten)]
        seen: Seen,
    },
    /// Show which version is in force and how it came to that.
    #[command(name = "rollout")]
    Show {
        /// Its name.
        name: String,
    },
    /// Delete a version that new calls cannot get.
    DeleteVersion {
        /// Its name.
        name: String,
        /// Number of the version.
        version: u32,
    },
    /// Let a share of new calls, of a router new contacts, try a version.
    Canary {
        /// Its name.
        name: String,
        /// Number of the version.
        #[arg(required_unless_present = "off")]
        version: Option<u32>,
        /// How many percent of them, 0 to 100.
        #[arg(long, value_name = "PERCENT", required_unless_present = "off")]
        share: Option<u32>,
        /// Take the canary out.
        #[arg(long, conflicts_with_all = ["version", "share", "rules", "rule"])]
        off: bool,
        #[command(flatten)]
        rules: RollbackRules,
        #[command(flatten)]
        seen: Seen,
    },
    /// Compare versions by their calls, of a router by its decisions.
    Compare {
        /// Its name.
        name: String,
        /// Numbers of the versions, separated by commas; without, those in force
        /// and the newest.
        #[arg(long)]
        versions: Option<String>,
        /// Calls begun, or decisions made, at or after, in milliseconds since 1970.
        #[arg(long)]
        since: Option<u64>,
        /// Begun or made before.
        #[arg(long)]
        until: Option<u64>,
    },
    /// Check here whether a version is what was signed with the operator's key.
    Verify {
        /// Its name.
        name: String,
        /// Number of the version.
        version: u32,
        /// The public key, as 64 hexadecimal digits; without, the server is
        /// believed which keys are the operator's.
        #[arg(long)]
        public_key: Option<String>,
    },
}

/// When a version is taken out by itself; nothing given: the rules in force stay.
#[derive(Args, Debug)]
pub struct RollbackRules {
    /// JSON file of the rules; `-`: standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "rule")]
    rules: Option<PathBuf>,
    /// Change one of the rules in force, for example trap.max_percent=5,
    /// abandon.max_over_stable_percent=10, window_s=600 or min_calls=20; may be
    /// repeated.
    #[arg(long, value_name = "FIELD=VALUE")]
    rule: Vec<String>,
}

/// Protection against whoever deploys at the same time.
#[derive(Args, Debug)]
pub struct Seen {
    /// Revision that `rollout` has shown; any other one is refused.
    #[arg(long, value_name = "REVISION")]
    expected_revision: Option<u64>,
}

const STATE: &[Column] = &[
    ("name", "name"),
    ("revision", "revision"),
    ("stable", "stable"),
    ("canary", "canary.version"),
    ("share %", "canary.share_percent"),
    ("since", "since"),
    ("watched until", "watched_until_at"),
    ("rules", "rules"),
];
const HISTORY: &[Column] = &[
    ("REVISION", "revision"),
    ("AT", "at"),
    ("STEP", "step"),
    ("STABLE", "stable"),
    ("CANARY", "canary"),
    ("SHARE %", "share_percent"),
    ("LEFT", "left"),
    ("BY", "by"),
    ("REASON", "reason"),
];
const COMPARED: &[Column] = &[
    ("VERSION", "version"),
    ("CALLS", "calls"),
    ("ANSWERED", "answered"),
    ("FAULTS", "faults"),
    ("FUEL P50", "fuel.p50"),
    ("P99", "fuel.p99"),
    ("TURN US P50", "decision_us.p50"),
    ("P99", "decision_us.p99"),
    ("CONTAINED %", "contained_percent"),
    ("AGENTS", "agents"),
    ("TRANSFERS", "transfers"),
    ("QUEUED", "queued"),
    ("ABANDONS", "abandons"),
    ("KINDS OF FAULTS", "faults_by_kind"),
];
const COMPARED_ROUTERS: &[Column] = &[
    ("VERSION", "version"),
    ("DECISIONS", "decisions"),
    ("FAULTS", "faults"),
    ("FUEL P50", "fuel.p50"),
    ("P99", "fuel.p99"),
    ("US P50", "decision_us.p50"),
    ("P99", "decision_us.p99"),
    ("CONTACTS", "contacts"),
    ("SERVED", "served"),
    ("ABANDONS", "abandons"),
    ("ABANDONED %", "abandoned_percent"),
    ("KINDS OF FAULTS", "faults_by_kind"),
];
const VERIFIED: &[Column] =
    &[("version", "version"), ("digest", "digest"), ("signed by", "key"), ("tenant", "tenant")];

pub(super) async fn run(
    client: &Client,
    kind: &str,
    command: Rollout,
    out: &mut Output,
) -> Result<(), CliError> {
    let path = |name: &str| format!("/v1/{kind}/{}", escape(name));
    match command {
        Rollout::Promote { name, version, rules, seen } => {
            let mut body = json!({"version": version});
            set(&mut body, "rules", rules.read(client, &path(&name)).await?);
            set(&mut body, "expected_revision", seen.expected_revision);
            out.thing(&client.put(&format!("{}/current", path(&name)), &body).await?, PROGRAM)
        }
        Rollout::Rollback { name, to, seen } => {
            let mut body = json!({});
            set(&mut body, "to", to);
            set(&mut body, "expected_revision", seen.expected_revision);
            show(&client.post(&format!("{}/rollback", path(&name)), &body).await?, out)
        }
        Rollout::Show { name } => {
            show(&client.get(&format!("{}/rollout", path(&name))).await?, out)
        }
        Rollout::DeleteVersion { name, version } => {
            client.delete(&format!("{}/versions/{version}", path(&name))).await?;
            out.say(&format!("deleted version {version} of {name}"))
        }
        Rollout::Canary { name, off: true, seen, .. } => {
            let query = match seen.expected_revision {
                Some(revision) => format!("?expected_revision={revision}"),
                None => String::new(),
            };
            show(&client.delete(&format!("{}/canary{query}", path(&name))).await?, out)
        }
        Rollout::Canary { name, version, share, rules, seen, .. } => {
            let mut body = json!({"version": version, "share_percent": share});
            set(&mut body, "rules", rules.read(client, &path(&name)).await?);
            set(&mut body, "expected_revision", seen.expected_revision);
            show(&client.put(&format!("{}/canary", path(&name)), &body).await?, out)
        }
        Rollout::Compare { name, versions, since, until } => {
            let given = [
                ("versions", versions),
                ("since", since.map(|at| at.to_string())),
                ("until", until.map(|at| at.to_string())),
            ];
            let query: Vec<_> =
                given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            compared(kind, &client.query(&format!("{}/compare", path(&name)), &query).await?, out)
        }
        Rollout::Verify { name, version, public_key } => {
            verify(client, kind, &name, version, public_key.as_deref(), out).await
        }
    }
}

impl RollbackRules {
    /// The rules that were given, on top of those in force where only some were.
    async fn read(&self, client: &Client, path: &str) -> Result<Option<Value>, CliError> {
        if let Some(file) = &self.rules {
            let document = serde_json::from_str(&rules::read(file)?)
                .map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
            return Ok(Some(document));
        }
        if self.rule.is_empty() {
            return Ok(None);
        }
        let mut document = client.get(&format!("{path}/rollout")).await?["rules"].take();
        for change in &self.rule {
            rules::set(&mut document, change)?;
        }
        Ok(Some(document))
    }
}

fn show(rollout: &Value, out: &mut Output) -> Result<(), CliError> {
    if out.is_json() {
        return out.json(rollout);
    }
    let mut state = rollout.clone();
    // A time by its name.
    state["watched_until_at"] = state["watched_until"].take();
    out.thing(&state, STATE)?;
    out.line("")?;
    out.list(&json!({"items": rollout["history"]}), HISTORY)
}

fn compared(kind: &str, answer: &Value, out: &mut Output) -> Result<(), CliError> {
    if out.is_json() {
        return out.json(answer);
    }
    let (columns, most, what) = match kind {
        "routers" => (COMPARED_ROUTERS, "max_decisions", "decisions and contacts"),
        _ => (COMPARED, "max_calls", "calls"),
    };
    out.list(&json!({"items": answer["versions"]}), columns)?;
    let versions = answer["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if versions.iter().any(|version| version["cut"] == true) {
        let most = &answer[most];
        out.line(&format!("only the newest {most} {what} of a version are looked at"))?;
    }
    Ok(())
}

async fn verify(
    client: &Client,
    kind: &str,
    name: &str,
    number: u32,
    key: Option<&str>,
    out: &mut Output,
) -> Result<(), CliError> {
    let path = format!("/v1/{kind}/{}", escape(name));
    let program = client.get(&path).await?;
    let version = client.get(&format!("{path}/versions/{number}")).await?;
    let tenant = client.get("/v1/tenant").await?;
    let bytes = client.open(&format!("{path}/versions/{number}/wasm")).await?.bytes().await;
    let bytes = bytes.map_err(|error| CliError::Stream(error.to_string()))?;
    let digest = signing::sha256(&bytes);
    let wrong = |what: &str| Err(CliError::Usage(format!("version {number} of {name}: {what}")));
    if version["digest"] != digest.as_str() {
        return wrong("its bytes are not those that its digest is of");
    }
    let signed = &version["signature"];
    let Some(signature) = signed["signature"].as_str() else {
        return wrong("it is not signed; upload it anew");
    };
    let keys = match key {
        Some(key) => vec![key.to_owned()],
        None => trusted(client, signed["key"].as_str().unwrap_or_default()).await?,
    };
    let statement = VersionStatement {
        tenant: id::<TenantId>(&tenant)?,
        kind: kind.trim_end_matches('s'),
        program: id::<FlowId>(&program)?,
        name,
        number,
        digest: &digest,
    };
    let good = |key: &String| {
        let bytes = signing::unhex(key).unwrap_or_default();
        signing::is_signed(&bytes, &statement, signature)
    };
    if !keys.iter().any(good) {
        return wrong("its signature does not match");
    }
    out.say(&format!("version {number} of {name} is what was signed"))?;
    let shown = json!({"version": number, "digest": digest, "key": signed["key"],
                       "tenant": tenant["id"], "verified": true});
    out.thing(&shown, VERIFIED)
}

/// The public keys with this id that the server trusts.
async fn trusted(client: &Client, id: &str) -> Result<Vec<String>, CliError> {
    let keys = client.get("/v1/system/signing-keys").await?;
    let keys = keys["items"].as_array().cloned().unwrap_or_default();
    let with_id = keys.iter().filter(|key| key["id"] == id);
    Ok(with_id.filter_map(|key| key["public_key"].as_str()).map(str::to_owned).collect())
}

fn id<T: std::str::FromStr>(answer: &Value) -> Result<T, CliError> {
    let id = answer["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| {
        CliError::Usage("the server's answer has no id; is it a newer one?".to_owned())
    })
}
