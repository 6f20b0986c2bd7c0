//! `strowger`: the server, and the command line for its API.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_api::DrainThen;
use strowger_server::cli;
use strowger_server::config::Config;
use strowger_server::serve::RunningServer;
use tracing_subscriber::EnvFilter;

/// Calls are many small allocations that are made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A contact-center runtime that its tenants program in WebAssembly.
#[derive(Debug, Parser)]
#[command(name = "strowger", version)]
struct Arguments {
    #[command(flatten)]
    connection: cli::Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// TOML file; what it leaves out has defaults that work on one machine.
        #[arg(long, env = "STROWGER_CONFIG")]
        config: Option<PathBuf>,
        /// Folder for database, recordings and keys; overrides the file.
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// Address of the API; overrides the file.
        #[arg(long)]
        http: Option<std::net::SocketAddr>,
        /// Address of SIP; overrides the file.
        #[arg(long)]
        sip: Option<std::net::SocketAddr>,
    },
    /// Everything that asks a running server, or builds programs.
    #[command(flatten)]
    Client(cli::Command),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("strowger: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.command {
        Command::Serve { config, data_dir, http, sip } => {
            let mut settings = match config {
                Some(path) => Config::read(&path)?,
                None => Config::default(),
            };
            settings.data_dir = data_dir.unwrap_or(settings.data_dir);
            settings.http = http.unwrap_or(settings.http);
            settings.sip.listen = sip.unwrap_or(settings.sip.listen);
            runtime.block_on(serve(settings))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Client(command) => Ok(runtime.block_on(cli::run(arguments.connection, command))),
    }
}

async fn serve(config: Config) -> Result<()> {
    let server = RunningServer::start(config).await?;
    // Read by whoever started this process; everything else goes to stderr.
    println!("strowger is ready: api http://{} sip {}", server.http, server.sip);
    match until_stopped(&server).await? {
        DrainThen::End => server.stop().await,
        DrainThen::Keep => server.leave().await,
    }
}

/// Until SIGTERM or Ctrl-C, or until the server has run empty; SIGHUP reads
/// certificates again.
async fn until_stopped(server: &RunningServer) -> Result<DrainThen> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let drained = server.node.drain.over(&server.node.calls);
    tokio::pin!(drained);
    let then = loop {
        tokio::select! {
            _ = terminate.recv() => break DrainThen::End,
            result = tokio::signal::ctrl_c() => {
                result?;
                break DrainThen::End;
            }
            then = &mut drained => break then,
            _ = hang_up.recv() => match server.node.sip.reload_certificates().await {
                Ok(()) => tracing::info!("certificates read again"),
                Err(error) => tracing::error!(%error, "the certificates in use stay"),
            },
        }
    };
    tracing::info!("stopping");
    Ok(then)
}
