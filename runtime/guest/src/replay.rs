//! A call's guest rebuilt from its journal: the recorded events are fed to a new
//! instance, each with the view it saw then, and what it does is compared with
//! what it did. An instance that does something else is not continued.

use crate::limits::Budget;
use crate::program::Program;
use crate::turn::FlowInstance;
use serde::de::DeserializeOwned;
use std::fmt::{self, Write as _};
use strowger_call::{
    CallSetup, EventBody, FALLBACK_NOTE, FallbackBody, Fault, FaultKind, NoteBody, TurnBody,
    TurnResult, TurnView,
};
use strowger_model::{JournalEntry, JournalKind};

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
    /// Entry of the journal with the turn that differs.
    pub seq: u32,
    /// What the journal says.
    pub recorded: String,
    /// What the rebuilt guest did.
    pub replayed: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the program is not deterministic: at journal entry {} it did {}, and when replayed {}",
            self.seq, self.recorded, self.replayed
        )
    }
}

impl Divergence {
    /// As a fault of the guest.
    pub fn fault(&self) -> Fault {
        Fault::new(FaultKind::NonDeterministic, self.to_string())
    }
}

/// Why a guest could not be rebuilt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It did something else.
    #[error("{0}")]
    Diverged(Divergence),
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
        divergence: Divergence,
    },
    /// The journal ends with a failed turn: there is nothing to go on from.
    #[error("the recorded program failed at journal entry {seq}: {fault}")]
    Failed {
        /// The entry.
        seq: u32,
        /// The fault.
        fault: Fault,
    },
    /// No instance could be made.
    #[error("{0}")]
    Start(#[from] Fault),
    /// The journal is not whole.
    #[error("journal entry {seq} {what}")]
    Broken {
        /// The entry.
        seq: u32,
        /// What is wrong with it.
        what: String,
    },
}

/// Feeds a call's journal to a new instance of `program`. If a fallback took
/// over during the call, only what came after it is fed: that is what the
/// fallback's program saw.
pub fn replay(
    program: &Program,
    budget: &Budget,
    journal: &[JournalEntry],
) -> Result<Replayed, ReplayError> {
    let mut story = Story::read(journal)?;
    let mut instance = FlowInstance::new(program, budget)?;
    let mut turns = 0;
    let mut masked_at = None;
    let mut pending = None;
    for (position, entry) in journal.iter().enumerate().skip(story.begins) {
        if entry.kind != JournalKind::Event {
            continue;
        }
        let body: EventBody = parse(entry)?;
        let Some((turn_seq, recorded)) = turn_after(journal, position)? else {
            pending = Some(body);
            break;
        };
        if body.masked {
            masked_at = Some(entry.seq);
        }
        let view = TurnView::of(
            &story.setup,
            story.attributes.clone(),
            body.details.clone(),
            Some(body.state.clone()),
        );
        let replayed = instance.handle(body.moment, &body.event, view).result;
        turns += 1;
        if let Some(divergence) = difference(turn_seq, &recorded, &replayed) {
            return Err(match masked_at {
                Some(seq) => ReplayError::SecretsMissing { seq, divergence },
                None => ReplayError::Diverged(divergence),
            });
        }
        if let Some(fault) = recorded.fault {
            return Err(ReplayError::Failed { seq: turn_seq, fault });
        }
        // What the replayed guest set, not the journal's copy: that may be masked.
        story.set(replayed.attributes);
    }
    Ok(Replayed { instance, attributes: story.attributes, pending, turns })
}

/// Where the present program's part of the journal begins, and with what.
struct Story {
    setup: CallSetup,
    attributes: Vec<(String, String)>,
    begins: usize,
}

impl Story {
    fn read(journal: &[JournalEntry]) -> Result<Self, ReplayError> {
        let Some(first) = journal.first().filter(|first| first.kind == JournalKind::Setup) else {
            let seq = journal.first().map_or(0, |entry| entry.seq);
            return Err(broken(seq, "should be the call's set-up"));
        };
        let mut story = Self { setup: parse(first)?, attributes: Vec::new(), begins: 1 };
        for pair in journal.windows(2) {
            if pair[0].seq.checked_add(1) != Some(pair[1].seq) {
                return Err(broken(pair[0].seq.saturating_add(1), "is missing"));
            }
        }
        let fallback = journal.iter().rposition(is_fallback);
        if let Some(at) = fallback {
            let note: NoteBody = parse(&journal[at])?;
            let body: FallbackBody = serde_json::from_value(note.data)
                .map_err(|error| broken(journal[at].seq, &error.to_string()))?;
            for entry in journal[..at].iter().filter(|entry| entry.kind == JournalKind::Turn) {
                let turn: TurnBody = parse(entry)?;
                story.set(turn.attributes);
            }
            story.setup.version = body.version;
            story.begins = at + 1;
        }
        Ok(story)
    }

    fn set(&mut self, changed: Vec<(String, String)>) {
        for (name, value) in changed {
            match self.attributes.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => self.attributes.push((name, value)),
            }
        }
    }
}

fn is_fallback(entry: &JournalEntry) -> bool {
    entry.kind == JournalKind::Note
        && serde_json::from_str::<NoteBody>(&entry.body)
            .is_ok_and(|note| note.note == FALLBACK_NOTE)
}

/// The turn that answers the event at `position`; notes may stand between.
fn turn_after(
    journal: &[JournalEntry],
    position: usize,
) -> Result<Option<(u32, TurnBody)>, ReplayError> {
    for entry in &journal[position + 1..] {
        match entry.kind {
            JournalKind::Turn => return Ok(Some((entry.seq, parse(entry)?))),
            JournalKind::Event => return Err(broken(entry.seq, "should be the turn before it")),
            _ => {}
        }
    }
    Ok(None)
}

/// The first action or attribute that differs.
fn difference(seq: u32, recorded: &TurnBody, replayed: &TurnResult) -> Option<Divergence> {
    let differs = |recorded: String, replayed: String| Some(Divergence { seq, recorded, replayed });
    let actions = match (&recorded.fault, &replayed.outcome) {
        (Some(before), Err(now)) if before.kind == now.kind => return None,
        (Some(before), Err(now)) => {
            return differs(format!("fail ({before})"), format!("fail ({now})"));
        }
        (Some(before), Ok(_)) => {
            return differs(format!("fail ({before})"), "nothing wrong".into());
        }
        (None, Err(now)) => return differs("nothing wrong".into(), format!("fail ({now})")),
        (None, Ok(actions)) => actions,
    };
    let longest = recorded.actions.len().max(actions.len());
    for index in 0..longest {
        let (before, now) = (recorded.actions.get(index), actions.get(index));
        if before != now {
            return differs(in_words(before), in_words(now));
        }
    }
    if recorded.attributes != replayed.attributes {
        return differs(
            format!("set the attributes {:?}", recorded.attributes),
            format!("{:?}", replayed.attributes),
        );
    }
    None
}

fn in_words<T: fmt::Debug>(action: Option<&T>) -> String {
    let mut text = String::new();
    match action {
        // Writing to a String cannot fail.
        Some(action) => drop(write!(text, "{action:?}")),
        None => text.push_str("nothing more"),
    }
    crate::limits::cut(text, crate::limits::MAX_MESSAGE_BYTES)
}

fn parse<T: DeserializeOwned>(entry: &JournalEntry) -> Result<T, ReplayError> {
    serde_json::from_str(&entry.body)
        .map_err(|error| broken(entry.seq, &format!("does not hold what its kind says: {error}")))
}

fn broken(seq: u32, what: &str) -> ReplayError {
    ReplayError::Broken { seq, what: what.to_owned() }
}
