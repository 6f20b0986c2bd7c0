//! One program's part of a recorded call beside what a program does with it now.

use super::difference::{Difference, What};
use super::follow::Course;
use super::rebuild::{Divergence, ReplayError, answer, set};
use crate::limits::Budget;
use crate::program::Program;
use crate::turn::FlowInstance;
use serde::Serialize;
use std::time::Instant;
use strowger_call::{Fault, FaultKind, GuestEvent, SeatKind, StorySeat, StoryTurn, TurnBody};
use strowger_model::{CallId, VersionId};

/// Fuel decides how long an event may take; a machine that is busy comparing must
/// not look like a program that is slow.
const PATIENCE_MS: u64 = 10_000;

/// A recorded call beside a replayed one.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Which call.
    pub call: CallId,
    /// How the recorded program came to be the guest.
    pub seat: SeatKind,
    /// Name of the flow, as the call knew it.
    pub flow: String,
    /// The version that served the call.
    pub version: Option<VersionId>,
    /// SHA-256 of the program that was fed.
    pub program: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// Turns, in order.
    pub turns: Vec<ComparedTurn>,
    /// How far the recorded call could be followed.
    pub end: End,
}

/// One event with what was done then and what is done now.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedTurn {
    /// Which turn of the call, counted from 1.
    pub turn: u32,
    /// Entry of the journal with the event.
    pub seq: u32,
    /// Since the call began; negative if the clock was set back.
    pub at_ms: i64,
    /// What the recorded program was told.
    pub event: GuestEvent,
    /// Secret digits stand as `*` in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// The program has not asked for what this is the outcome of, and was not told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not_told: bool,
    /// What was done then; none if the journal has no answer.
    pub recorded: Option<TurnBody>,
    /// What is done now; none if the program was not told.
    pub replayed: Option<TurnBody>,
    /// In what the two first differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every answer that could be compared is the same, byte for byte.
    Same,
    /// Some answer differs.
    Differs,
    /// Some answer differs after secret digits that the journal does not have: it
    /// may be because of that.
    SecretsMissing,
    /// No answer differs as far as time allowed to look.
    OutOfTime,
}

/// How far a recorded call could be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// To the last event.
    Complete,
    /// The program went another way here; the recorded call cannot tell what would
    /// have come next.
    Parted {
        /// Entry of the journal with the last event that was fed.
        seq: u32,
        /// Why nothing more can be told.
        why: String,
    },
    /// The recorded program was stopped for a reason outside of it.
    HostStopped {
        /// Entry of the journal with the turn.
        seq: u32,
        /// The reason.
        fault: Fault,
    },
    /// The journal has no answer to this event: the call was cut off, or lives.
    Unanswered {
        /// Entry of the journal with the event.
        seq: u32,
    },
    /// The time for this comparison was up.
    OutOfTime {
        /// Entry of the journal with the first event that was not fed.
        seq: u32,
    },
}

impl Comparison {
    /// The first turn that differs.
    pub fn first_difference(&self) -> Option<(&ComparedTurn, &Difference)> {
        self.turns.iter().find_map(|turn| Some((turn, turn.difference.as_ref()?)))
    }

    /// Whether the program failed where the recorded one did not.
    pub fn fails(&self) -> bool {
        let new = |turn: &ComparedTurn| {
            turn.difference.as_ref().is_some_and(|found| found.what == What::Fault)
                && turn.replayed.as_ref().is_some_and(|now| now.fault.is_some())
        };
        self.turns.iter().any(new)
    }

    /// The first difference as proof that the program is not deterministic. To be
    /// asked only if it is the program that served the call.
    pub fn divergence(&self) -> Option<Divergence> {
        if self.verdict != Verdict::Differs {
            return None;
        }
        let (turn, difference) = self.first_difference()?;
        Some(Divergence {
            program: self.program.clone(),
            flow: self.flow.clone(),
            version: self.version,
            call: self.call,
            turn: turn.turn,
            seq: turn.seq,
            recorded: difference.recorded.clone(),
            replayed: difference.replayed.clone(),
        })
    }
}

/// Feeds one program's part of a recorded call to a new instance of `program`,
/// which need not be the same, and puts the answers side by side.
///
/// # Errors
/// There is nothing to feed, or the host cannot run the program.
pub fn compare(
    program: &Program,
    budget: &Budget,
    seat: &StorySeat,
) -> Result<Comparison, ReplayError> {
    compare_until(program, budget, seat, None)
}

pub(super) fn compare_until(
    program: &Program,
    budget: &Budget,
    seat: &StorySeat,
    until: Option<Instant>,
) -> Result<Comparison, ReplayError> {
    if !seat.has_begun() {
        return Err(ReplayError::NoTurns);
    }
    let budget = Budget { deadline_ms: budget.deadline_ms.max(PATIENCE_MS), ..*budget };
    let mut replay = Replay {
        seat,
        instance: FlowInstance::new(program, &budget)?,
        attributes: seat.attributes.clone(),
        course: Course::default(),
        turns: Vec::with_capacity(seat.turns.len()),
    };
    let mut end = End::Complete;
    for turn in &seat.turns {
        if until.is_some_and(|until| Instant::now() >= until) {
            end = End::OutOfTime { seq: turn.seq };
            break;
        }
        if let Some(over) = replay.turn(turn)? {
            end = over;
            break;
        }
    }
    let verdict = verdict(seat, &replay.turns, &end);
    Ok(Comparison {
        call: seat.setup.call,
        seat: seat.kind,
        flow: seat.setup.flow.clone(),
        version: seat.setup.version,
        program: program.digest().to_owned(),
        verdict,
        turns: replay.turns,
        end,
    })
}

struct Replay<'a> {
    seat: &'a StorySeat,
    instance: FlowInstance,
    attributes: Vec<(String, String)>,
    course: Course,
    turns: Vec<ComparedTurn>,
}

impl Replay<'_> {
    /// Feeds one event. Answers why nothing more can be fed, if so.
    fn turn(&mut self, turn: &StoryTurn) -> Result<Option<End>, ReplayError> {
        let StoryTurn { seq, told, did, .. } = turn;
        let now = i64::try_from(told.moment.now.0).unwrap_or(i64::MAX);
        let began = i64::try_from(self.seat.setup.now.0).unwrap_or(i64::MAX);
        let mut compared = ComparedTurn {
            turn: told.state.turn,
            seq: *seq,
            at_ms: now.saturating_sub(began),
            event: told.event.clone(),
            masked: told.masked,
            not_told: false,
            recorded: did.as_ref().map(|did| did.body.clone()),
            replayed: None,
            difference: None,
        };
        let Some(did) = did else {
            self.turns.push(compared);
            return Ok(Some(End::Unanswered { seq: *seq }));
        };
        if let Some(fault) = did.body.fault.clone().filter(|fault| is_ours(fault.kind)) {
            self.turns.push(compared);
            return Ok(Some(End::HostStopped { seq: did.seq, fault }));
        }
        let state = self.course.state(&told.state);
        let Some(event) = self.course.told(told) else {
            compared.not_told = true;
            self.turns.push(compared);
            return Ok(self.follow(*seq, &state, &did.body, &TurnBody::default(), true));
        };
        let view = self.seat.view(self.attributes.clone(), told.details.clone(), state.clone());
        let replayed = answer(self.instance.handle(told.moment, &event, view).result);
        if let Some(fault) = replayed.fault.clone().filter(|fault| is_ours(fault.kind)) {
            return Err(ReplayError::Start(fault));
        }
        let expected = self.course.expected(&did.body);
        compared.difference = Difference::first(&expected, &replayed);
        // What the replayed guest set, not the journal's copy: that may be masked.
        set(&mut self.attributes, &replayed.attributes);
        let differs = compared.difference.is_some();
        compared.replayed = Some(replayed.clone());
        self.turns.push(compared);
        Ok(self.follow(*seq, &state, &did.body, &replayed, differs))
    }

    fn follow(
        &mut self,
        seq: u32,
        state: &strowger_call::ViewState,
        recorded: &TurnBody,
        replayed: &TurnBody,
        differs: bool,
    ) -> Option<End> {
        let parted = |why: &str| Some(End::Parted { seq, why: why.to_owned() });
        match (&recorded.fault, &replayed.fault) {
            (None, None) => {}
            (Some(_), Some(_)) => return None,
            (None, Some(_)) => {
                return parted("the program fails here; its fallback would take over");
            }
            (Some(_), None) => {
                return parted("the recorded program failed here; the call went on without it");
            }
        }
        let went = self.course.go_on(state, &recorded.actions, &replayed.actions, differs);
        went.err().map(|why| End::Parted { seq, why })
    }
}

/// Failures that say nothing about the program: time, overload, a bug of ours.
fn is_ours(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Deadline
            | FaultKind::Host
            | FaultKind::Instantiation
            | FaultKind::NonDeterministic
            | FaultKind::World
            | FaultKind::TenantMemory
    )
}

fn verdict(seat: &StorySeat, turns: &[ComparedTurn], end: &End) -> Verdict {
    let mut masked = seat.masked_before.is_some();
    for turn in turns {
        masked |= turn.masked;
        match turn.difference {
            Some(_) if masked => return Verdict::SecretsMissing,
            Some(_) => return Verdict::Differs,
            None => {}
        }
    }
    match end {
        End::OutOfTime { .. } => Verdict::OutOfTime,
        _ => Verdict::Same,
    }
}
