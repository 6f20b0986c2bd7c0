//! A call made again from its journal: the inputs that it holds are fed to a new
//! one, and what that one writes must be what stands there. A call that would
//! write something else is not continued.

use crate::call::Call;
use crate::effect::Effect;
use crate::event::{GuestEvent, Moment};
use crate::input::Input;
use crate::journal::TurnBody;
use crate::setup::CallSetup;
use crate::turn::TurnResult;
use crate::view::TurnView;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use strowger_model::{CallRecord, JournalEntry, JournalKind};

/// A call as it was when its journal ended.
#[derive(Debug)]
pub struct Rebuilt {
    /// The call. What it wanted done on the way is forgotten: it is to be told
    /// [`Input::Recovered`], and says then what it needs.
    pub call: Call,
    /// The turn that its guest had not answered.
    pub turn: Option<(GuestEvent, Moment, TurnView)>,
    /// What follows from the journal and does not stand in it any more.
    pub unwritten: Vec<JournalEntry>,
    /// The call was over; only its record was not closed.
    pub finished: Option<Box<CallRecord>>,
}

/// Why a call cannot be made again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// The journal is empty, or does not begin with the call's set-up.
    #[error("the journal does not begin with the call's set-up")]
    NoSetup,
    /// An entry is missing.
    #[error("entry {0} of the journal is missing")]
    Gap(u32),
    /// An entry does not hold what its kind says.
    #[error("entry {seq} of the journal cannot be read: {reason}")]
    Unreadable {
        /// Its number.
        seq: u32,
        /// Why.
        reason: String,
    },
    /// The call would have gone another way: the journal is of another version
    /// of the server, or damaged.
    #[error("entry {seq} of the journal is not what follows from those before it")]
    Diverged {
        /// Its number.
        seq: u32,
    },
}

impl Call {
    /// Makes a call again from all that its journal holds.
    pub fn rebuild(journal: &[JournalEntry]) -> Result<Rebuilt, RebuildError> {
        let first = journal.first().filter(|first| first.kind == JournalKind::Setup);
        let setup: CallSetup = read(first.ok_or(RebuildError::NoSetup)?)?;
        let mut again = Again::new(Call::new(setup));
        for (seq, entry) in (0..).zip(journal) {
            if entry.seq != seq {
                return Err(RebuildError::Gap(seq));
            }
            if again.written.is_empty() {
                again.feed(entry)?;
            }
            let follows = again.written.pop_front();
            if !follows.is_some_and(|follows| is_same(&follows, entry)) {
                return Err(RebuildError::Diverged { seq });
            }
        }
        let Again { call, written, turn, finished } = again;
        Ok(Rebuilt { call, turn, unwritten: written.into(), finished })
    }
}

struct Again {
    call: Call,
    /// What it wrote and was not compared yet.
    written: VecDeque<JournalEntry>,
    turn: Option<(GuestEvent, Moment, TurnView)>,
    finished: Option<Box<CallRecord>>,
}

impl Again {
    fn new(call: Call) -> Self {
        let mut again = Self { call, written: VecDeque::new(), turn: None, finished: None };
        again.drain();
        again
    }

    /// Feeds what an entry says that happened.
    fn feed(&mut self, entry: &JournalEntry) -> Result<(), RebuildError> {
        match entry.kind {
            JournalKind::Input => {
                let input: Input = read(entry)?;
                self.call.handle(entry.at, input);
            }
            JournalKind::Turn => {
                let TurnBody { actions, attributes, fuel, busy_us, fault } = read(entry)?;
                let outcome = fault.map_or(Ok(actions), Err);
                let turn = self.call.view().turn();
                self.turn = None;
                let result = TurnResult { turn, outcome, attributes, fuel, busy_us };
                self.call.handle(entry.at, Input::Turn(result));
            }
            JournalKind::Leg => self.call.keep_leg(entry.at, entry.body.clone()),
            // Only ever follows from something.
            JournalKind::Setup | JournalKind::Event | JournalKind::Note | JournalKind::End => {}
        }
        self.drain();
        Ok(())
    }

    fn drain(&mut self) {
        while let Some(effect) = self.call.poll() {
            match effect {
                Effect::Journal(entry) => self.written.push_back(entry),
                Effect::RunGuest { event, moment, view } => self.turn = Some((event, moment, view)),
                Effect::Finished(record) => self.finished = Some(record),
                _ => {}
            }
        }
    }
}

/// Whether an entry is the one that was written then. Notes are for people: a
/// newer server may word them otherwise.
fn is_same(again: &JournalEntry, then: &JournalEntry) -> bool {
    again.seq == then.seq
        && again.kind == then.kind
        && (again.kind == JournalKind::Note || again.body == then.body)
}

fn read<T: DeserializeOwned>(entry: &JournalEntry) -> Result<T, RebuildError> {
    serde_json::from_str(&entry.body)
        .map_err(|error| RebuildError::Unreadable { seq: entry.seq, reason: error.to_string() })
}
