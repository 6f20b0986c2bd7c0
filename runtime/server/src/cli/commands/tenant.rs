//! `strowger tenant`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::rules::{self, RuleChanges};
use super::{keep, set};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Tenants (operator).
#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// List tenants.
    List,
    /// Show a tenant.
    Show {
        /// Name or id.
        tenant: String,
    },
    /// Create a tenant.
    Create {
        /// Short name.
        name: String,
        /// SIP domain of its phones.
        #[arg(long)]
        domain: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a tenant; what is not given stays.
    Set {
        /// Name or id.
        tenant: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// New SIP domain; only while no phone has a password for the old one.
        #[arg(long)]
        domain: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Show or change what goes for all calls of a tenant over trunks: limits,
    /// prefixes, tariff.
    Rules {
        /// Name or id.
        tenant: String,
        #[command(flatten)]
        rules: RuleChanges,
    },
    /// Delete a tenant with everything it has.
    Delete {
        /// Name or id.
        tenant: String,
        /// Confirms that calls, recordings and programs are to be deleted too.
        #[arg(long, required = true)]
        yes: bool,
    },
}

/// What can be set on a tenant.
#[derive(Args, Debug)]
pub struct Settings {
    /// IANA time zone, for example Europe/London.
    #[arg(long)]
    timezone: Option<String>,
    /// Language of announcements.
    #[arg(long)]
    language: Option<String>,
    /// What takes a call whose flow failed: flow:NAME, number:NUMBER or hangup.
    #[arg(long)]
    fallback: Option<String>,
    /// Host that flows may send HTTP requests to; may be repeated.
    #[arg(long = "allow-host")]
    allow: Vec<String>,
    /// Calls at the same time.
    #[arg(long)]
    max_calls: Option<u32>,
    /// Any limit by name, for example max_calls_per_second=20, guest.event_ms=100
    /// or guest.breaker.faults=3; may be repeated. `tenant show --json` has them all.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<String>,
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("DOMAIN", "sip_domain"),
    ("TIMEZONE", "timezone"),
    ("LANGUAGE", "language"),
    ("CREATED", "created_at"),
    ("ID", "id"),
];
const DETAILS: &[Column] = &[
    ("name", "name"),
    ("id", "id"),
    ("SIP domain", "sip_domain"),
    ("time zone", "timezone"),
    ("language", "language"),
    ("fallback", "fallback"),
    ("HTTP hosts", "http_allow"),
    ("calls at once", "limits.max_live_calls"),
    ("calls a second", "limits.max_calls_per_second"),
    ("created", "created_at"),
    ("changed", "updated_at"),
];
const SENT: &[&str] =
    &["name", "sip_domain", "timezone", "language", "fallback", "http_allow", "limits"];

pub(crate) async fn run(
    client: &Client,
    command: Tenant,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Tenant::List => out.list(&client.get("/v1/tenants").await?, COLUMNS),
        Tenant::Show { tenant } => out.thing(&client.get(&path(&tenant)).await?, DETAILS),
        Tenant::Create { name, domain, settings } => {
            let mut body = json!({"name": name, "sip_domain": domain});
            settings.apply(&mut body)?;
            out.thing(&client.post("/v1/tenants", &body).await?, DETAILS)
        }
        Tenant::Set { tenant, name, domain, settings } => {
            let mut body = keep(&client.get(&path(&tenant)).await?, SENT);
            set(&mut body, "name", name);
            set(&mut body, "sip_domain", domain);
            settings.apply(&mut body)?;
            out.thing(&client.put(&path(&tenant), &body).await?, DETAILS)
        }
        Tenant::Rules { tenant, rules } => {
            rules::run(client, &format!("{}/rules", path(&tenant)), rules, out).await
        }
        Tenant::Delete { tenant, yes: _ } => {
            client.delete(&path(&tenant)).await?;
            out.say(&format!("deleted tenant {tenant}"))
        }
    }
}

impl Settings {
    fn apply(self, body: &mut Value) -> Result<(), CliError> {
        set(body, "timezone", self.timezone);
        set(body, "language", self.language);
        set(body, "fallback", self.fallback.as_deref().map(fallback).transpose()?);
        set(body, "http_allow", (!self.allow.is_empty()).then_some(self.allow));
        if let Some(calls) = self.max_calls {
            body["limits"]["max_live_calls"] = calls.into();
        }
        super::usage::set_limits(body, &self.limits)?;
        Ok(())
    }
}

fn fallback(text: &str) -> Result<Value, CliError> {
    match text.split_once(':') {
        None if text == "hangup" => Ok(json!({"kind": "hang_up"})),
        Some((kind @ ("flow" | "number"), value)) => Ok(json!({"kind": kind, "value": value})),
        _ => Err(CliError::Usage(format!(
            "{text:?} is no fallback: write flow:NAME, number:NUMBER or hangup"
        ))),
    }
}

fn path(tenant: &str) -> String {
    format!("/v1/tenants/{}", escape(tenant))
}
