//! `strowger flow` and `strowger router`

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::{Column, Output};
use super::deploy::Deploy;
use super::project::{Build, New, Test};
use super::replay::{self, Replay};
use super::rollout::{self, Rollout};
use super::simulate::Simulate;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Flows: new, build, test, simulate, deploy, roll out, replay.
#[derive(Debug, Subcommand)]
pub enum Flow {
    /// Make a new project from a template.
    New(New),
    /// Build a project into a component that can be uploaded.
    Build(Build),
    /// Replay recorded calls on a version, and show where they part.
    Replay(Box<Replay>),
    /// Run a project's tests: native, on a virtual clock.
    Test(Test),
    /// Call a flow from this terminal, from a script, or from a softphone.
    Simulate(Simulate),
    /// Build, upload, check, store and release a flow, step by step.
    Deploy(Deploy),
    #[command(flatten)]
    Stored(Stored),
}

/// Routers: upload, roll out, choose.
#[derive(Debug, Subcommand)]
pub enum Router {
    #[command(flatten)]
    Stored(Stored),
    /// List the routers that come with the server.
    Stock,
    /// Show which router distributes contacts.
    Chosen,
    /// Choose which router distributes contacts of queues without one of their own.
    Choose {
        /// A stock router, or with --own one that was uploaded.
        name: String,
        /// The name is that of an uploaded router.
        #[arg(long)]
        own: bool,
        /// Only this version of the uploaded router, whatever is promoted; without,
        /// the one in force.
        #[arg(long, requires = "own")]
        version: Option<u32>,
        #[command(flatten)]
        canary: OwnCanary,
    },
}

/// A version that some contacts try, whatever the router's canary is.
#[derive(Args, Clone, Copy, Debug)]
pub struct OwnCanary {
    /// Let some contacts try this version, whatever the router's canary is.
    #[arg(long, value_name = "VERSION", requires = "share")]
    canary: Option<u32>,
    /// How many percent of the contacts try it.
    #[arg(long, value_name = "PERCENT", requires = "canary")]
    share: Option<u32>,
}

impl OwnCanary {
    pub(super) fn is_some(self) -> bool {
        self.canary.is_some()
    }
}

/// A router of the tenant's own, as the API takes it.
pub(super) fn own_router(name: &str, version: Option<u32>, canary: OwnCanary) -> Value {
    let canary = canary.canary.zip(canary.share);
    let canary = canary.map(|(version, share)| json!({"version": version, "share_percent": share}));
    json!({"kind": "own", "name": name, "version": version, "canary": canary})
}

/// What flows and routers have in common.
#[derive(Debug, Subcommand)]
pub enum Stored {
    /// List them.
    List,
    /// Show one.
    Show {
        /// Its name.
        name: String,
    },
    /// Upload a version.
    Upload(Upload),
    /// List versions, newest first.
    Versions {
        /// Its name.
        name: String,
    },
    #[command(flatten)]
    Rollout(Rollout),
    /// Download a version.
    Download {
        /// Its name.
        name: String,
        /// Number of the version.
        version: u32,
        /// File to write; without, standard output.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Delete one with all its versions.
    Delete {
        /// Its name.
        name: String,
    },
}

/// What to upload.
#[derive(Args, Debug)]
pub struct Upload {
    /// Its name; made if new.
    name: String,
    /// The component, as `strowger flow build` writes it.
    file: PathBuf,
    /// Make it the version in force at once.
    #[arg(long)]
    promote: bool,
    /// What to say about it.
    #[arg(long, default_value = "")]
    note: String,
}

pub(super) const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("CURRENT", "current.number"),
    ("WORLDS", "current.worlds"),
    ("UPLOADED", "current.created_at"),
    ("ID", "id"),
];
const VERSIONS: &[Column] = &[
    ("VERSION", "number"),
    ("WORLDS", "worlds"),
    ("BYTES", "size_bytes"),
    ("UPLOADED", "created_at"),
    ("NOTE", "note"),
    ("SIGNED BY", "signature.key"),
    ("DIGEST", "digest"),
];
const CHOICE: &[Column] = &[
    ("kind", "kind"),
    ("name", "name"),
    ("version", "version"),
    ("canary", "canary.version"),
    ("share %", "canary.share_percent"),
];

pub(crate) async fn run_flow(
    client: &Client,
    command: Flow,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Flow::Stored(command) => stored(client, "flows", command, out).await,
        Flow::Replay(replay) => replay::run(client, *replay, out).await,
        Flow::Build(build) => super::project::build(build, out).await,
        Flow::New(new) => super::project::new(&new, out),
        Flow::Test(test) => super::project::test(&test, out).await,
        Flow::Simulate(simulate) => super::simulate::run(simulate, out).await,
        Flow::Deploy(deploy) => super::deploy::run(client, deploy, out).await,
    }
}

pub(crate) async fn run_router(
    client: &Client,
    command: Router,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        Router::Stored(command) => stored(client, "routers", command, out).await,
        Router::Stock => out.list(&client.get("/v1/router/stock").await?, &[("NAME", "")]),
        Router::Chosen => out.thing(&client.get("/v1/router").await?, CHOICE),
        Router::Choose { name, own: false, canary, .. } if canary.is_some() => {
            let what = format!("{name} is a stock router without versions; --canary needs --own");
            Err(CliError::Usage(what))
        }
        Router::Choose { name, own, version, canary } => {
            let body = match own {
                true => own_router(&name, version, canary),
                false => json!({"kind": "stock", "name": name}),
            };
            out.thing(&client.put("/v1/router", &body).await?, CHOICE)
        }
    }
}

async fn stored(
    client: &Client,
    kind: &str,
    command: Stored,
    out: &mut Output,
) -> Result<(), CliError> {
    let path = |name: &str| format!("/v1/{kind}/{}", escape(name));
    match command {
        Stored::List => out.list(&client.get(&format!("/v1/{kind}")).await?, COLUMNS),
        Stored::Show { name } => out.thing(&client.get(&path(&name)).await?, COLUMNS),
        Stored::Upload(upload) => {
            let bytes =
                std::fs::read(&upload.file).map_err(|error| CliError::file(&upload.file, error))?;
            let path = format!(
                "{}/versions?promote={}&note={}",
                path(&upload.name),
                upload.promote,
                escape(&upload.note)
            );
            let made = client.upload(Method::POST, &path, "application/wasm", bytes).await?;
            out.thing(&made, VERSIONS)
        }
        Stored::Versions { name } => {
            out.list(&client.get(&format!("{}/versions", path(&name))).await?, VERSIONS)
        }
        Stored::Rollout(command) => rollout::run(client, kind, command, out).await,
        Stored::Download { name, version, output } => {
            let from = format!("{}/versions/{version}/wasm", path(&name));
            super::recording::download(client, &from, output.as_deref(), out).await
        }
        Stored::Delete { name } => {
            client.delete(&path(&name)).await?;
            out.say(&format!("deleted {name}"))
        }
    }
}
