//! A call turn by turn, at the reader's pace.

use super::super::super::CliError;
use super::super::super::output::Output;
use super::result::CallResult;
use super::show;
use std::io::BufRead;
use strowger_guest::replay::ComparedTurn;

/// Shows a turn for each line read; `q` and the end of input quit.
pub(super) fn walk(
    result: &CallResult,
    input: &mut dyn BufRead,
    out: &mut Output,
) -> Result<(), CliError> {
    show::head(result, out)?;
    out.line("(enter: next turn, q: quit)")?;
    for seat in &result.seats {
        show::seat_head(seat, out)?;
        for turn in &seat.comparison.turns {
            if !goes_on(input)? {
                return Ok(());
            }
            show::line(turn, out)?;
            out.line(&facts(turn))?;
        }
        show::seat_end(seat, out)?;
    }
    Ok(())
}

fn goes_on(input: &mut dyn BufRead) -> Result<bool, CliError> {
    let mut line = String::new();
    let read = input
        .read_line(&mut line)
        .map_err(|error| CliError::Replay(format!("standard input: {error}")))?;
    Ok(read > 0 && !line.trim().eq_ignore_ascii_case("q"))
}

/// What is too much for a table.
fn facts(turn: &ComparedTurn) -> String {
    let fuel = |did: &Option<strowger_call::TurnBody>| {
        did.as_ref().map_or_else(|| "-".to_owned(), |did| did.fuel.to_string())
    };
    let mut text = format!(
        "             turn {}, journal entry {}, fuel {} then, {} now",
        turn.turn,
        turn.seq,
        fuel(&turn.recorded),
        fuel(&turn.replayed)
    );
    if let Some(difference) = &turn.difference {
        text.push_str(&format!(
            "; it did: {}; and does now: {}",
            difference.recorded, difference.replayed
        ));
    }
    text
}
