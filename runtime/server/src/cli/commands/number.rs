//! `strowger number`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::{keep, set};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Public numbers and the flows they lead to.
#[derive(Debug, Subcommand)]
pub enum Number {
    /// List numbers.
    List,
    /// Show a number.
    Show {
        /// In E.164 form: +441632960000.
        number: String,
    },
    /// Bind a number to the tenant.
    Bind {
        /// In E.164 form: +441632960000.
        number: String,
        /// Flow that takes its calls; without, the tenant's fallback does.
        #[arg(long)]
        flow: Option<String>,
        #[command(flatten)]
        version: BoundVersion,
        /// What it is for.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Point a number at another flow.
    Point {
        /// In E.164 form: +441632960000.
        number: String,
        /// Flow that takes its calls from now on.
        #[arg(long, required_unless_present = "no_flow")]
        flow: Option<String>,
        #[command(flatten)]
        version: BoundVersion,
        /// Let the tenant's fallback take its calls.
        #[arg(long, conflicts_with = "flow")]
        no_flow: bool,
    },
    /// Give a number back.
    Release {
        /// In E.164 form: +441632960000.
        number: String,
    },
}

/// Which versions of the flow take a number's calls.
#[derive(Args, Debug)]
pub struct BoundVersion {
    /// Only this version of the flow, whatever is promoted; without, the one in force.
    #[arg(long, requires = "flow")]
    version: Option<u32>,
    /// Let some calls try this version, whatever the flow's canary is.
    #[arg(long, value_name = "VERSION", requires = "flow", requires = "share")]
    canary: Option<u32>,
    /// How many percent of the calls try it.
    #[arg(long, value_name = "PERCENT", requires = "canary")]
    share: Option<u32>,
}

impl BoundVersion {
    fn write(&self, body: &mut Value) {
        let canary = self.canary.zip(self.share);
        let canary =
            canary.map(|(version, share)| json!({"version": version, "share_percent": share}));
        set(body, "version", self.version);
        set(body, "canary", canary);
    }
}

const COLUMNS: &[Column] = &[
    ("NUMBER", "number"),
    ("FLOW", "flow"),
    ("VERSION", "version"),
    ("NOTE", "note"),
    ("CHANGED", "updated_at"),
];
const DETAILS: &[Column] = &[
    ("number", "number"),
    ("id", "id"),
    ("flow", "flow"),
    ("version", "version"),
    ("canary", "canary.version"),
    ("share %", "canary.share_percent"),
    ("note", "note"),
    ("changed", "updated_at"),
];

pub(crate) async fn run(
    client: &Client,
    command: Number,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Number::List => out.list(&client.get("/v1/numbers").await?, COLUMNS),
        Number::Show { number } => out.thing(&client.get(&path(&number)).await?, DETAILS),
        Number::Bind { number, flow, version, note } => {
            let mut body = json!({"number": number, "flow": flow, "note": note});
            version.write(&mut body);
            out.thing(&client.post("/v1/numbers", &body).await?, DETAILS)
        }
        Number::Point { number, flow, version, no_flow: _ } => {
            let mut body = keep(&client.get(&path(&number)).await?, &["note"]);
            set(&mut body, "flow", Some(flow.map_or(Value::Null, Value::String)));
            version.write(&mut body);
            out.thing(&client.put(&path(&number), &body).await?, DETAILS)
        }
        Number::Release { number } => {
            client.delete(&path(&number)).await?;
            out.say(&format!("released {number}"))
        }
    }
}

fn path(number: &str) -> String {
    format!("/v1/numbers/{}", escape(number))
}
