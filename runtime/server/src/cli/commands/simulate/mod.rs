//! `strowger flow simulate`: the compiled flow in the real call core, called
//! from a terminal, by a script, or from a softphone.

mod guest;
mod softphone;
mod terminal;

use super::super::CliError;
use super::super::output::Output;
use super::project::Source;
use clap::{Args, ValueEnum};
use guest::compile;
use std::io::{IsTerminal as _, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use strowger_testkit::{Script, Simulation};

/// A flow to call.
#[derive(Args, Debug)]
pub struct Simulate {
    #[command(flatten)]
    source: Source,
    /// Commands and expectations, one a line; `-`: standard input.
    #[arg(long)]
    script: Option<PathBuf>,
    /// Which clock the call runs on; a script's is always virtual.
    #[arg(long, value_enum)]
    clock: Option<Clock>,
    /// Take calls from softphones on this machine instead, at this address.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1:5070",
        value_name = "ADDRESS",
        conflicts_with_all = ["script", "clock"]
    )]
    sip: Option<SocketAddr>,
    /// With --sip: a queue that there is; may be repeated.
    #[arg(long = "queue", default_value = "support")]
    queues: Vec<String>,
}

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Clock {
    /// By itself.
    Real,
    /// Only by `wait` and by what takes time.
    Virtual,
}

pub(crate) async fn run(simulate: Simulate, out: &mut Output) -> Result<(), CliError> {
    if let Some(address) = simulate.sip {
        return softphone::run(&simulate.source, address, &simulate.queues, out).await;
    }
    let script = match &simulate.script {
        Some(file) => Some(read(file)?),
        None if !std::io::stdin().is_terminal() => Some(read(Path::new("-"))?),
        None => None,
    };
    let component = simulate.source.component().await?;
    let clock = simulate.clock.unwrap_or(Clock::Real);
    // Guests run on a thread of their own, as everywhere.
    let running = tokio::task::spawn_blocking(move || {
        let flow = compile(&component.bytes)?;
        let simulation = Simulation::new(Script::decided_by(flow));
        match script {
            Some(script) => terminal::scripted(simulation, &script),
            None => terminal::typed(simulation, clock),
        }
    });
    running.await.map_err(|error| CliError::Failed(format!("the simulation broke off: {error}")))?
}

fn read(file: &Path) -> Result<String, CliError> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file).map_err(|error| CliError::file(file, error));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| CliError::file(file, error))?;
    Ok(text)
}

/// A flow whose calls are played on this machine needs no room for more.
const LIVE_INSTANCES: u32 = 4;

fn refused(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}

#[cfg(test)]
mod tests;
