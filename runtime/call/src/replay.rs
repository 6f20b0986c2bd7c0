//! Reading a journal back: the turns of the guest that a call has now, each with
//! what it was told, what it saw and what it did.
//!
//! Feeding them to a fresh instance rebuilds the one that was lost. If its
//! answers differ from the journal's, the guest is not deterministic.

use crate::event::{GuestEvent, Moment};
use crate::journal::{
    EventBody, FALLBACK_NOTE, FallbackBody, NoteBody, TAKEN_OVER_NOTE, TakenOverBody, TurnBody,
};
use crate::setup::CallSetup;
use crate::view::{TurnView, put};
use serde::de::DeserializeOwned;
use strowger_model::{JournalEntry, JournalKind};

/// One turn as it was.
#[derive(Clone, Debug)]
pub struct ReplayTurn {
    /// What the guest was told.
    pub event: GuestEvent,
    /// When, and randomness.
    pub moment: Moment,
    /// What it saw, with an empty buffer for what it asks for now.
    pub view: TurnView,
    /// What it did; none if the journal ends before that.
    pub did: Option<TurnBody>,
    /// Secret digits are masked: an exact replay is not possible from here on.
    pub masked: bool,
}

/// Why a journal cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It does not begin at the beginning, or an entry is missing.
    #[error("entry {expected} of the journal is missing")]
    Gap {
        /// Its number.
        expected: u32,
    },
    /// An entry does not say what its kind should say.
    #[error("entry {seq} of the journal cannot be read: {reason}")]
    Body {
        /// Its number.
        seq: u32,
        /// What is wrong with it.
        reason: String,
    },
}

/// The turns of the guest that the call has at the journal's end: of the
/// fallback flow, if one took over.
pub fn replay(entries: &[JournalEntry]) -> Result<Vec<ReplayTurn>, ReplayError> {
    let mut setup: Option<CallSetup> = None;
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut turns: Vec<ReplayTurn> = Vec::new();
    for (expected, entry) in (0..).zip(entries) {
        if entry.seq != expected {
            return Err(ReplayError::Gap { expected });
        }
        match (entry.kind, &mut setup) {
            (JournalKind::Setup, slot) => *slot = Some(body(entry)?),
            (_, None) => return Err(ReplayError::Gap { expected: 0 }),
            (JournalKind::Event, Some(setup)) => {
                let told: EventBody = body(entry)?;
                let view = TurnView::of(setup, attributes.clone(), told.details, Some(told.state));
                turns.push(ReplayTurn {
                    event: told.event,
                    moment: told.moment,
                    view,
                    did: None,
                    masked: told.masked,
                });
            }
            (JournalKind::Turn, Some(_)) => {
                let did: TurnBody = body(entry)?;
                for (name, value) in &did.attributes {
                    put(&mut attributes, name, value);
                }
                if let Some(turn) = turns.last_mut() {
                    turn.did = Some(did);
                }
            }
            (JournalKind::Note, Some(setup)) => {
                let note: NoteBody = body(entry)?;
                if note.note == FALLBACK_NOTE {
                    let taken: FallbackBody =
                        serde_json::from_value(note.data).map_err(|e| unreadable(entry, &e))?;
                    setup.version = taken.version;
                    turns.clear();
                } else if note.note == TAKEN_OVER_NOTE {
                    let taken: TakenOverBody =
                        serde_json::from_value(note.data).map_err(|e| unreadable(entry, &e))?;
                    setup.take_over(taken);
                    turns.clear();
                }
            }
            (JournalKind::Input | JournalKind::Leg | JournalKind::End, Some(_)) => {}
        }
    }
    Ok(turns)
}

fn body<T: DeserializeOwned>(entry: &JournalEntry) -> Result<T, ReplayError> {
    serde_json::from_str(&entry.body).map_err(|e| unreadable(entry, &e))
}

fn unreadable(entry: &JournalEntry, error: &serde_json::Error) -> ReplayError {
    ReplayError::Body { seq: entry.seq, reason: error.to_string() }
}
