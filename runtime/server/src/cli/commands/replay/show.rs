//! A call side by side: what its program was told, what it did, what it does now.

use super::super::super::CliError;
use super::super::super::output::{Output, utc, width};
use super::result::{CallResult, SeatResult};
use strowger_call::{SeatKind, TurnBody};
use strowger_guest::replay::{
    ComparedTurn, End, Verdict, action_in_words, event_in_words, fault_in_words,
};

/// Columns of a terminal that is not narrow.
const EVENT: usize = 34;
const SIDE: usize = 38;
const NOTHING: &str = "-";

pub(super) fn call(result: &CallResult, out: &mut Output) -> Result<(), CliError> {
    head(result, out)?;
    for seat in &result.seats {
        seat_head(seat, out)?;
        for turn in &seat.comparison.turns {
            line(turn, out)?;
        }
        seat_end(seat, out)?;
    }
    Ok(())
}

pub(super) fn head(result: &CallResult, out: &mut Output) -> Result<(), CliError> {
    let CallResult { call, from, to, began, .. } = result;
    out.line(&format!("call {call} from {from} to {to}, {}", utc(began.0)))?;
    if let Some(seq) = result.clock_back {
        out.line(&format!("the clock was set back at journal entry {seq}"))?;
    }
    if result.seats.is_empty() {
        out.line("no program was told of this call, or not the one asked for: nothing to replay")?;
    }
    Ok(())
}

pub(super) fn seat_head(seat: &SeatResult, out: &mut Output) -> Result<(), CliError> {
    let what = match seat.comparison.seat {
        SeatKind::Number => format!("flow {}", seat.comparison.flow),
        SeatKind::Fallback => format!("fallback of flow {}", seat.comparison.flow),
        SeatKind::Transfer => format!("flow {} after a transfer", seat.comparison.flow),
    };
    let which = if seat.is_recorded { "the recorded program" } else { "not the recorded program" };
    out.line(&format!("{what}, replayed on {} ({which})", seat.on))?;
    row("", "TIME", [vec!["TOLD".into()], vec!["DID".into()], vec!["DOES NOW".into()]], out)
}

/// One turn. `!` marks a difference, `*` masked digits, `-` what was not told.
pub(super) fn line(turn: &ComparedTurn, out: &mut Output) -> Result<(), CliError> {
    let mark = match turn {
        _ if turn.difference.is_some() => "!",
        _ if turn.not_told => "-",
        _ if turn.masked => "*",
        _ => "",
    };
    let mut told = vec![event_in_words(&turn.event)];
    if turn.masked {
        told.push("(secret digits are not in the journal)".to_owned());
    }
    let now = match &turn.replayed {
        None if turn.not_told => vec!["(not told: not asked for)".to_owned()],
        now => deed(now.as_ref()),
    };
    row(mark, &offset(turn.at_ms), [told, deed(turn.recorded.as_ref()), now], out)
}

pub(super) fn seat_end(seat: &SeatResult, out: &mut Output) -> Result<(), CliError> {
    let comparison = &seat.comparison;
    match &comparison.end {
        End::Complete => {}
        End::Parted { why, .. } => out.line(&format!(
            "parts here: {why}; the recorded call cannot tell what would have come next"
        ))?,
        End::HostStopped { fault, .. } => out.line(&format!(
            "ends here: the recorded program was stopped for a reason outside of it ({fault})"
        ))?,
        End::Unanswered { .. } => {
            out.line("ends here: the journal has no answer to the last event")?;
        }
        End::OutOfTime { .. } => out.line("ends here: time is up")?,
    }
    let turns = comparison.turns.len();
    let differ = comparison.turns.iter().filter(|turn| turn.difference.is_some()).count();
    if let Some(divergence) = seat.divergence() {
        return out.line(&divergence.to_string());
    }
    match (comparison.verdict, comparison.first_difference()) {
        (Verdict::SecretsMissing, Some((turn, _))) => out.line(&format!(
            "{differ} of {turns} turns differ, the first is turn {}; secret digits before it are \
             not in the journal, and this may be why",
            turn.turn
        )),
        (_, Some((turn, first))) => out.line(&format!(
            "{differ} of {turns} turns differ, the first is turn {}: it did: {}; and does now: {}",
            turn.turn, first.recorded, first.replayed
        )),
        _ => out.line(&format!("{turns} turns, all the same")),
    }
}

/// Seconds since the call began.
pub(super) fn offset(ms: i64) -> String {
    let (sign, ms) = (if ms < 0 { "-" } else { "" }, ms.unsigned_abs());
    format!("{sign}{}.{:03}", ms / 1_000, ms % 1_000)
}

/// What was done in a turn, one line for each action and attribute.
fn deed(did: Option<&TurnBody>) -> Vec<String> {
    let Some(did) = did else { return vec![NOTHING.to_owned()] };
    let mut lines: Vec<String> = did
        .actions
        .iter()
        .map(|(command, action)| format!("{command} {}", action_in_words(action)))
        .collect();
    lines.extend(did.attributes.iter().map(|(name, value)| format!("set {name}={value:?}")));
    lines.extend(did.fault.as_ref().map(fault_in_words));
    if lines.is_empty() {
        lines.push(NOTHING.to_owned());
    }
    lines
}

fn row(mark: &str, time: &str, cells: [Vec<String>; 3], out: &mut Output) -> Result<(), CliError> {
    let [told, did, does] = cells;
    let columns = [wrap(&told, EVENT), wrap(&did, SIDE), wrap(&does, SIDE)];
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    for index in 0..height {
        let (mark, time) = if index == 0 { (mark, time) } else { ("", "") };
        let mut line = format!("{mark:1} {time:>9}  ");
        for (column, columns_wide) in columns.iter().zip([EVENT, SIDE, SIDE]) {
            let cell = column.get(index).map(String::as_str).unwrap_or_default();
            line.push_str(cell);
            line.push_str(&" ".repeat(columns_wide.saturating_sub(width(cell)) + 2));
        }
        out.line(line.trim_end())?;
    }
    Ok(())
}

/// Breaks lines between words, and words that are too long anywhere; what goes on
/// is set in.
fn wrap(lines: &[String], most: usize) -> Vec<String> {
    let mut wrapped = Vec::new();
    for line in lines {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.trim().is_empty() && width(&current) + 1 + width(word) > most {
                wrapped.push(std::mem::replace(&mut current, "  ".to_owned()));
            } else if !current.is_empty() {
                current.push(' ');
            }
            for letter in word.chars() {
                if width(&current) + width(letter.encode_utf8(&mut [0; 4])) > most {
                    wrapped.push(std::mem::replace(&mut current, "  ".to_owned()));
                }
                current.push(letter);
            }
        }
        wrapped.push(current);
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_the_beginning_are_shown_as_such() {
        assert_eq!((offset(1_234), offset(-700)), ("1.234".to_owned(), "-0.700".to_owned()));
    }

    #[test]
    fn long_cells_are_broken_and_nothing_is_lost() {
        let words = "play text:en:Welcome to a menu with".to_owned();
        let long = "q".repeat(50);
        let wrapped = wrap(&[words, long, "电话".repeat(10)], 20);
        assert_eq!(wrapped[..2], ["play text:en:Welcome", "  to a menu with"]);
        assert!(wrapped.iter().all(|line| width(line) <= 20), "{wrapped:?}");
        assert_eq!(wrapped.concat().matches('q').count(), 50);
        assert_eq!(wrapped.concat().matches('电').count(), 10);
    }
}
