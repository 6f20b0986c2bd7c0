//! Lines in, what happens out.

use super::super::super::CliError;
use super::Clock;
use std::io::{BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use strowger_testkit::Simulation;

/// Longest sleep between two looks at the clock.
const LOOK: Duration = Duration::from_millis(500);

/// Runs a script; an expectation that fails is an error.
pub(super) fn scripted(mut simulation: Simulation, script: &str) -> Result<(), CliError> {
    let result = simulation.run(script, show);
    tell_end(&simulation);
    result.map_err(|at| CliError::Failed(at.to_string()))
}

/// Lets somebody type until the call is over or the input ends.
pub(super) fn typed(mut simulation: Simulation, clock: Clock) -> Result<(), CliError> {
    println!("type digits, `wait`, `hangup`, `answer as agent`, or `help`");
    let lines = read_lines();
    if clock == Clock::Real {
        simulation.begin();
    }
    let mut looked = Instant::now();
    loop {
        simulation.news().iter().for_each(|line| show(line));
        if simulation.record().is_some() {
            tell_end(&simulation);
            return Ok(());
        }
        let line = match clock {
            Clock::Virtual => {
                prompt();
                match lines.recv() {
                    Ok(line) => line,
                    Err(_) => return Ok(()),
                }
            }
            Clock::Real => {
                let wait = simulation.next_in().unwrap_or(LOOK).min(LOOK);
                let line = lines.recv_timeout(wait);
                simulation.pass(looked.elapsed());
                looked = Instant::now();
                match line {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
        };
        // An empty line on a clock that stands: on to whatever is next.
        let line = if line.trim().is_empty() && clock == Clock::Virtual { "wait" } else { &line };
        if let Err(reason) = simulation.command(line) {
            println!("{reason}");
        }
        // Time that a command let pass is not to pass again.
        looked = looked.max(Instant::now());
    }
}

/// Standard input's lines, read on a thread that nobody waits for at the end.
fn read_lines() -> Receiver<String> {
    let (sender, lines) = sync_channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn prompt() {
    print!("> ");
    // A terminal that cannot be written to is noticed at the next line.
    let _ = std::io::stdout().flush();
}

fn show(line: &str) {
    println!("{line}");
}

fn tell_end(simulation: &Simulation) {
    let Some(record) = simulation.record() else { return };
    let cause = record.cause.map_or("no cause", |cause| cause.name());
    println!("the call is over: {cause}, {} turns of the flow", record.guest.turns);
    for fault in &record.guest.faults {
        println!("fault: {fault}");
    }
}
