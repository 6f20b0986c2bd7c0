//! `strowger trunk`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::rules::{self, RuleChanges};
use super::{keep, password, set};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;

/// SIP trunks.
#[derive(Debug, Subcommand)]
pub enum Trunk {
    /// List trunks.
    List,
    /// Show how trunks are doing.
    Status,
    /// Show a trunk.
    Show {
        /// Name or id.
        trunk: String,
    },
    /// Create a trunk.
    Create {
        /// Unique within the tenant.
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a trunk; what is not given stays.
    Set {
        /// Name or id.
        trunk: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Show or change the rules of a trunk: numbers, callers, limits, codecs.
    Rules {
        /// Name or id.
        trunk: String,
        #[command(flatten)]
        rules: RuleChanges,
    },
    /// Delete a trunk.
    Delete {
        /// Name or id.
        trunk: String,
    },
}

/// What can be set on a trunk.
#[derive(Args, Debug)]
pub struct Settings {
    /// Address or network whose calls are taken without a password; may be repeated.
    #[arg(long = "address")]
    addresses: Vec<String>,
    /// User the carrier authenticates as.
    #[arg(long)]
    in_user: Option<String>,
    /// File with its password; `-`: standard input.
    #[arg(long)]
    in_password_file: Option<PathBuf>,
    /// Where calls go out, for example sip.carrier.example:5060.
    #[arg(long)]
    proxy: Option<String>,
    /// What carries SIP.
    #[arg(long)]
    transport: Option<Transport>,
    /// Register at the proxy.
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    register: Option<bool>,
    /// User we authenticate as.
    #[arg(long)]
    out_user: Option<String>,
    /// File with its password; `-`: standard input.
    #[arg(long)]
    out_password_file: Option<PathBuf>,
    /// Domain in From and in the registration.
    #[arg(long)]
    from_domain: Option<String>,
    /// Calls at the same time; 0: no limit.
    #[arg(long)]
    max_calls: Option<u32>,
    /// Lower is tried first for outgoing calls.
    #[arg(long)]
    preference: Option<u32>,
}

/// What carries SIP.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("PROXY", "proxy"),
    ("TRANSPORT", "transport"),
    ("REGISTERS", "register"),
    ("ADDRESSES", "addresses"),
    ("ID", "id"),
];
const DETAILS: &[Column] = &[
    ("name", "name"),
    ("id", "id"),
    ("addresses", "addresses"),
    ("inbound user", "in_user"),
    ("proxy", "proxy"),
    ("transport", "transport"),
    ("registers", "register"),
    ("outbound user", "out_user"),
    ("From domain", "from_domain"),
    ("calls at once", "max_calls"),
    ("preference", "preference"),
    ("changed", "updated_at"),
];
const STATUS: &[Column] = &[
    ("TRUNK", "trunk"),
    ("STATE", "state"),
    ("REASON", "reason"),
    ("SINCE", "since"),
    ("REGISTERED", "registered"),
    ("IN NOW", "inbound.live"),
    ("OUT NOW", "outbound.live"),
    ("OUT", "outbound.calls"),
    ("ANSWERED %", "outbound.answered_percent"),
    ("RING MS", "outbound.ring_delay_ms"),
    ("REFUSED", "refused"),
];
const SENT: &[&str] = &[
    "name",
    "addresses",
    "in_user",
    "proxy",
    "transport",
    "register",
    "out_user",
    "from_domain",
    "max_calls",
    "preference",
];

pub(crate) async fn run(client: &Client, command: Trunk, out: &mut Output) -> Result<(), CliError> {
    match command {
        Trunk::List => out.list(&client.get("/v1/trunks").await?, COLUMNS),
        Trunk::Status => out.list(&client.get("/v1/trunks/status").await?, STATUS),
        Trunk::Show { trunk } => out.thing(&client.get(&path(&trunk)).await?, DETAILS),
        Trunk::Create { name, settings } => {
            let mut body = json!({"name": name});
            settings.apply(&mut body)?;
            out.thing(&client.post("/v1/trunks", &body).await?, DETAILS)
        }
        Trunk::Set { trunk, settings } => {
            let mut body = keep(&client.get(&path(&trunk)).await?, SENT);
            settings.apply(&mut body)?;
            out.thing(&client.put(&path(&trunk), &body).await?, DETAILS)
        }
        Trunk::Rules { trunk, rules } => {
            rules::run(client, &format!("{}/rules", path(&trunk)), rules, out).await
        }
        Trunk::Delete { trunk } => {
            client.delete(&path(&trunk)).await?;
            out.say(&format!("deleted trunk {trunk}"))
        }
    }
}

impl Settings {
    fn apply(self, body: &mut Value) -> Result<(), CliError> {
        let transport = self.transport.map(|transport| match transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        });
        set(body, "addresses", (!self.addresses.is_empty()).then_some(self.addresses));
        set(body, "in_user", self.in_user);
        set(body, "in_password", password(self.in_password_file.as_deref())?);
        set(body, "proxy", self.proxy);
        set(body, "transport", transport);
        set(body, "register", self.register);
        set(body, "out_user", self.out_user);
        set(body, "out_password", password(self.out_password_file.as_deref())?);
        set(body, "from_domain", self.from_domain);
        set(body, "max_calls", self.max_calls);
        set(body, "preference", self.preference);
        Ok(())
    }
}

fn path(trunk: &str) -> String {
    format!("/v1/trunks/{}", escape(trunk))
}
