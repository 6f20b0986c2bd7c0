//! Reading a journal back: who sat in the guest's seat one after the other, and
//! each one's turns with what it was told, what it saw and what it did.
//!
//! Entries of kinds that say nothing about the guest are skipped, but none may
//! be missing. Feeding the turns to a program is not done here.

use crate::event::GuestEvent;
use crate::facts::CallFacts;
use crate::journal::{
    EndBody, EventBody, FALLBACK_NOTE, FallbackBody, NoteBody, TAKEN_OVER_NOTE, TakenOverBody,
    TurnBody,
};
use crate::setup::CallSetup;
use crate::view::{TurnView, ViewState, put};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strowger_model::{JournalEntry, JournalKind, Timestamp};

/// A call as its journal tells it.
#[derive(Clone, Debug)]
pub struct Story {
    /// What it began with.
    pub setup: CallSetup,
    /// Whoever was the guest, in the order of time; at least one.
    pub seats: Vec<StorySeat>,
    /// How it ended; none if the journal does not say.
    pub end: Option<EndBody>,
    /// The first entry that is earlier than the one before it: the clock was set
    /// back during the call.
    pub clock_back: Option<u32>,
}

/// How a program came to be the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatKind {
    /// It is the flow of the number that was called.
    Number,
    /// The one before it failed.
    Fallback,
    /// The call was transferred to a number of the tenant, whose flow it is.
    Transfer,
}

/// One program's part of a call.
#[derive(Clone, Debug)]
pub struct StorySeat {
    /// How it came to be the guest.
    pub kind: SeatKind,
    /// The call as this program saw it: its own version, for a transfer also its
    /// own flow and numbers. A fallback reads the name of the flow that failed.
    pub setup: CallSetup,
    /// Attributes that were there before its first turn, as the journal has them.
    pub attributes: Vec<(String, String)>,
    /// An earlier event whose secret digits are masked: attributes made of them
    /// are masked too.
    pub masked_before: Option<u32>,
    /// Its turns.
    pub turns: Vec<StoryTurn>,
    facts: Arc<CallFacts>,
}

/// One turn as it was.
#[derive(Clone, Debug)]
pub struct StoryTurn {
    /// Entry of the journal with the event.
    pub seq: u32,
    /// When that was written.
    pub at: Timestamp,
    /// What the guest was told and saw.
    pub told: EventBody,
    /// What it did; none if the journal has no answer.
    pub did: Option<StoryAnswer>,
}

/// What a guest did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryAnswer {
    /// Entry of the journal.
    pub seq: u32,
    /// What it says.
    pub body: TurnBody,
}

/// Why a journal cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoryError {
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

impl Story {
    /// Reads a journal from its first entry on. It may end anywhere.
    pub fn read(journal: &[JournalEntry]) -> Result<Self, StoryError> {
        let mut story: Option<Self> = None;
        let mut before = Timestamp(0);
        for (expected, entry) in (0..).zip(journal) {
            if entry.seq != expected {
                return Err(StoryError::Gap { expected });
            }
            match (&mut story, entry.kind) {
                (None, JournalKind::Setup) => story = Some(Self::begin(body(entry)?)),
                (None, _) => return Err(unreadable(entry, "it should be the call's set-up")),
                (Some(_), JournalKind::Setup) => {
                    return Err(unreadable(entry, "the call was set up before"));
                }
                (Some(story), _) => {
                    if entry.at < before && story.clock_back.is_none() {
                        story.clock_back = Some(entry.seq);
                    }
                    story.take(entry)?;
                }
            }
            before = entry.at;
        }
        story.ok_or(StoryError::Gap { expected: 0 })
    }

    /// The guest at the journal's end.
    pub fn last_seat(&self) -> Option<&StorySeat> {
        self.seats.last()
    }

    fn begin(setup: CallSetup) -> Self {
        let seat = StorySeat::new(SeatKind::Number, setup.clone(), Vec::new(), None);
        Self { setup, seats: vec![seat], end: None, clock_back: None }
    }

    fn take(&mut self, entry: &JournalEntry) -> Result<(), StoryError> {
        let Some(seat) = self.seats.last_mut() else { return Ok(()) };
        match entry.kind {
            JournalKind::Event => {
                if seat.turns.last().is_some_and(|turn| turn.did.is_none()) {
                    return Err(unreadable(entry, "it should be the turn before it"));
                }
                let told = body(entry)?;
                seat.turns.push(StoryTurn { seq: entry.seq, at: entry.at, told, did: None });
            }
            JournalKind::Turn => match seat.turns.last_mut() {
                Some(turn) if turn.did.is_none() => {
                    turn.did = Some(StoryAnswer { seq: entry.seq, body: body(entry)? });
                }
                _ => return Err(unreadable(entry, "there is no event before it")),
            },
            JournalKind::Note => self.note(entry)?,
            JournalKind::End => self.end = Some(body(entry)?),
            // Whatever else is kept of a call, its guest never saw it.
            _ => {}
        }
        Ok(())
    }

    fn note(&mut self, entry: &JournalEntry) -> Result<(), StoryError> {
        let Some(seat) = self.seats.last() else { return Ok(()) };
        let NoteBody { note, data } = body(entry)?;
        let mut setup = seat.setup.clone();
        let kind = match note.as_str() {
            FALLBACK_NOTE => {
                let taken: FallbackBody = parsed(entry, serde_json::from_value(data))?;
                setup.version = taken.version;
                SeatKind::Fallback
            }
            TAKEN_OVER_NOTE => {
                let taken: TakenOverBody = parsed(entry, serde_json::from_value(data))?;
                setup.take_over(taken);
                SeatKind::Transfer
            }
            _ => return Ok(()),
        };
        let (mut attributes, mut masked) = (seat.attributes.clone(), seat.masked_before);
        for turn in &seat.turns {
            if turn.told.masked {
                masked = masked.or(Some(turn.seq));
            }
            for (name, value) in turn.did.iter().flat_map(|did| &did.body.attributes) {
                put(&mut attributes, name, value);
            }
        }
        self.seats.push(StorySeat::new(kind, setup, attributes, masked));
        Ok(())
    }
}

impl StorySeat {
    fn new(
        kind: SeatKind,
        setup: CallSetup,
        attributes: Vec<(String, String)>,
        masked_before: Option<u32>,
    ) -> Self {
        let facts = Arc::new(setup.guest_facts(setup.version));
        Self { kind, setup, attributes, masked_before, turns: Vec::new(), facts }
    }

    /// What a program sees in a turn of this seat, with an empty buffer for what
    /// it asks for. `state` is that of the turn, or one like it.
    pub fn view(
        &self,
        attributes: Vec<(String, String)>,
        details: Vec<(String, String)>,
        state: ViewState,
    ) -> TurnView {
        TurnView::new(Arc::clone(&self.facts), Arc::new(attributes), details, state)
    }

    /// Whether it got as far as its first turn.
    pub fn has_begun(&self) -> bool {
        self.turns.iter().any(|turn| turn.told.event == GuestEvent::Started)
    }
}

fn body<T: DeserializeOwned>(entry: &JournalEntry) -> Result<T, StoryError> {
    parsed(entry, serde_json::from_str(&entry.body))
}

fn parsed<T>(entry: &JournalEntry, read: serde_json::Result<T>) -> Result<T, StoryError> {
    read.map_err(|error| unreadable(entry, &error.to_string()))
}

fn unreadable(entry: &JournalEntry, reason: &str) -> StoryError {
    StoryError::Body { seq: entry.seq, reason: reason.to_owned() }
}
