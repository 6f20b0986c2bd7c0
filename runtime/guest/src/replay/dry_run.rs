//! A new version tried on recorded calls before any caller meets it.

use super::compare::{Comparison, Verdict, compare_until};
use super::difference::Difference;
use super::rebuild::ReplayError;
use crate::limits::Budget;
use crate::program::Program;
use serde::Serialize;
use std::time::{Duration, Instant};
use strowger_call::{SeatKind, Story, StorySeat};
use strowger_model::{CallId, JournalEntry};

/// How much a dry run may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DryRunLimits {
    /// Calls; further ones are left alone.
    pub calls: u32,
    /// Time for all of them.
    pub time: Duration,
}

impl Default for DryRunLimits {
    /// Fifty calls take some ten milliseconds; ten seconds are what somebody who
    /// uploads a program will wait for an unusually slow one.
    fn default() -> Self {
        Self { calls: 50, time: Duration::from_secs(10) }
    }
}

/// What a dry run found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DryRun {
    /// Calls looked at, whatever came of it.
    pub calls: u32,
    /// Calls in which the program does what was done then.
    pub same: u32,
    /// Calls in which it does something else, and does not fail.
    pub differing: Vec<Finding>,
    /// Calls in which it fails where the recorded program did not.
    pub faults: Vec<Finding>,
    /// Calls in which it does something else after secret digits that the journal
    /// does not have.
    pub secrets_missing: Vec<Finding>,
    /// Calls that cannot be replayed, and why.
    pub not_replayable: Vec<(CallId, String)>,
    /// Time was up, or there were more calls than may be looked at.
    pub cut_short: bool,
}

/// The first difference in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which call.
    pub call: CallId,
    /// Which turn of it, counted from 1.
    pub turn: u32,
    /// Entry of the journal with the event.
    pub seq: u32,
    /// Since the call began; negative if the clock was set back.
    pub at_ms: i64,
    /// What differs.
    pub difference: Difference,
}

impl Finding {
    /// The first difference of a comparison.
    pub fn first(comparison: &Comparison) -> Option<Self> {
        let (turn, difference) = comparison.first_difference()?;
        Some(Self {
            call: comparison.call,
            turn: turn.turn,
            seq: turn.seq,
            at_ms: turn.at_ms,
            difference: difference.clone(),
        })
    }
}

/// Replays recorded calls on `program`: the part that the flow named `flow` had in
/// them, or without a name the part of the number that was called. Blocks for at
/// most `limits.time` and one event.
pub fn dry_run(
    program: &Program,
    budget: &Budget,
    flow: Option<&str>,
    journals: impl IntoIterator<Item = (CallId, Vec<JournalEntry>)>,
    limits: DryRunLimits,
) -> DryRun {
    let until = Instant::now() + limits.time;
    let mut run = DryRun::default();
    for (call, journal) in journals {
        if run.calls >= limits.calls || Instant::now() >= until {
            run.cut_short = true;
            break;
        }
        run.calls += 1;
        match one(program, budget, flow, &journal, until) {
            Ok(comparison) => run.count(&comparison),
            Err(error) => run.not_replayable.push((call, error.to_string())),
        }
    }
    run
}

fn one(
    program: &Program,
    budget: &Budget,
    flow: Option<&str>,
    journal: &[JournalEntry],
    until: Instant,
) -> Result<Comparison, ReplayError> {
    let story = Story::read(journal)?;
    let wanted = |seat: &&StorySeat| match flow {
        // A fallback reads the name of the flow that failed, which it is not.
        Some(name) => seat.kind != SeatKind::Fallback && seat.setup.flow == name,
        None => true,
    };
    let seat = story.seats.iter().find(wanted).ok_or(ReplayError::NoTurns)?;
    compare_until(program, budget, seat, Some(until))
}

impl DryRun {
    fn count(&mut self, comparison: &Comparison) {
        let found = Finding::first(comparison);
        match comparison.verdict {
            Verdict::Same => self.same += 1,
            Verdict::OutOfTime => self.cut_short = true,
            Verdict::SecretsMissing => self.secrets_missing.extend(found),
            Verdict::Differs if comparison.fails() => self.faults.extend(found),
            Verdict::Differs => self.differing.extend(found),
        }
    }
}
