//! A call's guest rebuilt from its journal: the recorded events are fed to a new
//! instance, each with the view it saw then, and what it does is compared with
//! what it did. An instance that does something else is not continued.

use super::difference::Difference;
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::Program;
use crate::turn::FlowInstance;
use std::fmt;
use strowger_call::{
    EventBody, Fault, FaultKind, Story, StoryError, StorySeat, TurnBody, TurnResult,
};
use strowger_model::{CallId, JournalEntry, VersionId};

/// A rebuilt guest.
#[derive(Debug)]
pub struct Replayed {
    /// Where the recorded one was.
    pub instance: FlowInstance,
    /// The call's attributes.
    pub attributes: Vec<(String, String)>,
    /// The last event if its turn was not recorded: it is to be handled again.
    pub pending: Option<EventBody>,
    /// Events fed.
    pub turns: u32,
}

/// A replayed guest did something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// SHA-256 of the program that was fed.
    pub program: String,
    /// Name of the flow, as its call knew it.
    pub flow: String,
    /// The version that served the call.
    pub version: Option<VersionId>,
    /// Which call.
    pub call: CallId,
    /// Which turn of the call, counted from 1.
    pub turn: u32,
    /// Entry of the journal with the turn that differs.
    pub seq: u32,
    /// What the journal says.
    pub recorded: String,
    /// What the rebuilt guest did.
    pub replayed: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, flow, call, turn, seq, recorded, replayed, .. } = self;
        let digest = program.get(..12).unwrap_or(program);
        let version = self.version.map_or_else(|| "none".to_owned(), |id| id.to_string());
        write!(
            f,
            "the program {digest} (flow {flow}, version {version}) is not deterministic: in turn \
             {turn} of call {call} (journal entry {seq}) it did: {recorded}; and when replayed: \
             {replayed}"
        )
    }
}

impl Divergence {
    /// As a fault of the guest.
    pub fn fault(&self) -> Fault {
        Fault::new(FaultKind::NonDeterministic, self.to_string())
    }

    pub(super) fn new(
        program: &Program,
        seat: &StorySeat,
        (turn, seq): (u32, u32),
        difference: Difference,
    ) -> Self {
        Self {
            program: program.digest().to_owned(),
            flow: seat.setup.flow.clone(),
            version: seat.setup.version,
            call: seat.setup.call,
            turn,
            seq,
            recorded: difference.recorded,
            replayed: difference.replayed,
        }
    }
}

/// Why a journal could not be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The program did something else.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// It did something else after an event whose secret digits the journal does
    /// not have.
    #[error(
        "journal entry {seq} leaves out secret digits, and without them the program \
         does something else: {divergence}"
    )]
    SecretsMissing {
        /// The entry with the masked event.
        seq: u32,
        /// What differed.
        divergence: Box<Divergence>,
    },
    /// The journal ends with a failed turn: there is nothing to go on from.
    #[error("the recorded program failed at journal entry {seq}: {fault}")]
    Failed {
        /// The entry.
        seq: u32,
        /// The fault.
        fault: Fault,
    },
    /// The host could not start or run the program.
    #[error("{0}")]
    Start(#[from] Fault),
    /// The journal is not whole.
    #[error("{0}")]
    Journal(#[from] StoryError),
    /// No program was told of the call.
    #[error("no program was told of this call, so there is nothing to replay")]
    NoTurns,
}

/// Feeds a call's journal to a new instance of `program`. If a fallback or another
/// number's flow took over during the call, only what came after it is fed: that is
/// what the present program saw.
///
/// # Errors
/// The journal does not begin a call, or the program decided otherwise this time.
pub fn rebuild(
    program: &Program,
    budget: &Budget,
    journal: &[JournalEntry],
) -> Result<Replayed, ReplayError> {
    rebuild_on(&MemoryAccount::default(), program, budget, journal)
}

/// The same for an instance whose memory goes to an account.
pub(crate) fn rebuild_on(
    account: &MemoryAccount,
    program: &Program,
    budget: &Budget,
    journal: &[JournalEntry],
) -> Result<Replayed, ReplayError> {
    let story = Story::read(journal)?;
    let seat = story.last_seat().ok_or(ReplayError::NoTurns)?;
    let mut instance = FlowInstance::new_on(account, program, budget)?;
    let mut attributes = seat.attributes.clone();
    let mut masked_at = seat.masked_before;
    let mut turns = 0;
    for turn in &seat.turns {
        let told = &turn.told;
        let Some(did) = &turn.did else {
            let pending = Some(told.clone());
            return Ok(Replayed { instance, attributes, pending, turns });
        };
        if told.masked {
            masked_at = Some(turn.seq);
        }
        let view = seat.view(attributes.clone(), told.details.clone(), told.state.clone());
        let replayed = answer(instance.handle(told.moment, &told.event, view).result);
        turns += 1;
        if let Some(difference) = Difference::first(&did.body, &replayed) {
            let at = (told.state.turn, did.seq);
            let divergence = Box::new(Divergence::new(program, seat, at, difference));
            return Err(match masked_at {
                Some(seq) => ReplayError::SecretsMissing { seq, divergence },
                None => ReplayError::Diverged(divergence),
            });
        }
        if let Some(fault) = did.body.fault.clone() {
            return Err(ReplayError::Failed { seq: did.seq, fault });
        }
        // What the replayed guest set, not the journal's copy: that may be masked.
        set(&mut attributes, &replayed.attributes);
    }
    Ok(Replayed { instance, attributes, pending: None, turns })
}

/// A guest's answer as the journal would have it.
pub(super) fn answer(result: TurnResult) -> TurnBody {
    let TurnResult { outcome, attributes, fuel, busy_us, .. } = result;
    let (actions, fault) = match outcome {
        Ok(actions) => (actions, None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    TurnBody { actions, attributes, fuel, busy_us, fault }
}

pub(super) fn set(attributes: &mut Vec<(String, String)>, changed: &[(String, String)]) {
    for (name, value) in changed {
        match attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => old.clone_from(value),
            None => attributes.push((name.clone(), value.clone())),
        }
    }
}
