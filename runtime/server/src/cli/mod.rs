//! The command line: a client of the public API like any other.
//!
//! It holds no logic of its own: each subcommand is one or two requests and a
//! table. Building programs and replaying calls are the exceptions: they run here,
//! so that no server is burdened with them.

mod client;
mod commands;
mod connection;
mod error;
mod output;

pub use connection::Connection;
pub use error::CliError;

use clap::Subcommand;
use client::Client;
use commands::{
    agent, ban, call, drain, events, key, kv, number, profile, program, project, prompt, queue,
    recording, simulate, tenant, trunk, usage,
};
use output::Output;
use std::process::ExitCode;

/// What the command line can do besides running the server.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tenants (operator).
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// API keys.
    #[command(subcommand)]
    Key(key::Key),
    /// SIP trunks.
    #[command(subcommand)]
    Trunk(trunk::Trunk),
    /// Public numbers and the flows they lead to.
    #[command(subcommand)]
    Number(number::Number),
    /// Agents, their phones and what they are doing.
    #[command(subcommand)]
    Agent(agent::Agent),
    /// Queues.
    #[command(subcommand)]
    Queue(queue::Queue),
    /// Flows: new, build, test, simulate, deploy, promote.
    #[command(subcommand)]
    Flow(program::Flow),
    /// Routers: upload, promote, choose.
    #[command(subcommand)]
    Router(program::Router),
    /// Prompts.
    #[command(subcommand)]
    Prompt(prompt::Prompt),
    /// Calls: live ones, records, journals, traces.
    #[command(subcommand)]
    Call(call::Call),
    /// Addresses that signalling does not answer (operator).
    #[command(subcommand)]
    Ban(ban::Ban),
    /// Takes no more calls, waits for those there are, then stops the server
    /// (operator).
    Drain(drain::Drain),
    /// What guests have used, and how long decisions take.
    Usage(usage::Usage),
    /// Versions that are disabled because they failed again and again.
    #[command(subcommand)]
    Breaker(usage::Breaker),
    /// Recordings.
    #[command(subcommand)]
    Recording(recording::Recording),
    /// Values that flows keep.
    #[command(subcommand)]
    Kv(kv::Kv),
    /// What happens, as it happens.
    #[command(subcommand)]
    Events(events::Events),
    /// Keeps address and key in a profile, so that they need not be given again.
    #[command(subcommand)]
    Profile(profile::Profile),
}

/// Runs one subcommand and prints its result, or what went wrong and what to do.
pub async fn run(connection: Connection, command: Command) -> ExitCode {
    let mut out = Output::stdout(connection.json);
    match execute(&connection, command, &mut out).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads us has had enough, `head` for example.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("strowger: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn execute(
    connection: &Connection,
    command: Command,
    out: &mut Output,
) -> Result<(), CliError> {
    // These need no server.
    let command = match command {
        Command::Profile(command) => return profile::run(connection, &command, out),
        Command::Flow(program::Flow::Build(build)) => return project::build(build, out).await,
        Command::Flow(program::Flow::New(new)) => return project::new(&new, out),
        Command::Flow(program::Flow::Test(test)) => return project::test(&test, out).await,
        Command::Flow(program::Flow::Simulate(simulate)) => {
            return simulate::run(simulate, out).await;
        }
        other => other,
    };
    let client = Client::new(connection.resolve()?)?;
    match command {
        Command::Tenant(command) => tenant::run(&client, command, out).await,
        Command::Key(command) => key::run(&client, command, out).await,
        Command::Trunk(command) => trunk::run(&client, command, out).await,
        Command::Number(command) => number::run(&client, command, out).await,
        Command::Agent(command) => agent::run(&client, command, out).await,
        Command::Queue(command) => queue::run(&client, command, out).await,
        Command::Flow(command) => program::run_flow(&client, command, out).await,
        Command::Router(command) => program::run_router(&client, command, out).await,
        Command::Prompt(command) => prompt::run(&client, command, out).await,
        Command::Call(command) => call::run(&client, command, out).await,
        Command::Ban(command) => ban::run(&client, command, out).await,
        Command::Drain(command) => drain::run(&client, command, out).await,
        Command::Usage(wanted) => usage::run(&client, wanted, out).await,
        Command::Breaker(command) => usage::run_breaker(&client, command, out).await,
        Command::Recording(command) => recording::run(&client, command, out).await,
        Command::Kv(command) => kv::run(&client, command, out).await,
        Command::Events(command) => events::run(&client, command, out).await,
        Command::Profile(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
