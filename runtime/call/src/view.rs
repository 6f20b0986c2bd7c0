//! What one run of the guest sees of its call, and what it asks for in it.
//!
//! A view is a snapshot: it is cheap to make and to send to the thread the guest
//! lives on, and never talks back to the call while the guest runs. Actions are
//! collected here and carried out only when the turn comes back.

use crate::action::{Action, CommandId};
use crate::facts::CallFacts;
use crate::fault::Fault;
use crate::limits::CallLimits;
use crate::turn::TurnResult;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use strowger_model::{LegId, Timestamp};

/// How far the call's first leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not answered, no media.
    Ringing,
    /// Not answered, media path open.
    Early,
    /// Answered.
    Answered,
    /// Over.
    Ended,
}

impl Phase {
    /// The word for the fact `state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Early => "early",
            Self::Answered => "answered",
            Self::Ended => "ended",
        }
    }
}

/// What kind of command is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// `answer` until the caller's side confirms.
    Answer,
    /// `play`.
    Play,
    /// `gather`.
    Gather,
    /// `record-start`.
    Record,
    /// `enqueue`.
    Enqueue,
    /// `dial`.
    Dial,
    /// `bridge`.
    Bridge,
    /// `transfer`.
    Transfer,
    /// `conference-join`.
    Conference,
    /// `park`.
    Park,
    /// `pick-up`.
    PickUp,
    /// `kv-get` or `kv-set`.
    Kv,
    /// `http-request`.
    Http,
    /// `sleep`.
    Sleep,
}

impl CommandKind {
    /// Name of the action, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Play => "play",
            Self::Gather => "gather",
            Self::Record => "record-start",
            Self::Enqueue => "enqueue",
            Self::Dial => "dial",
            Self::Bridge => "bridge",
            Self::Transfer => "transfer",
            Self::Conference => "conference-join",
            Self::Park => "park",
            Self::PickUp => "pick-up",
            Self::Kv => "kv",
            Self::Http => "http-request",
            Self::Sleep => "sleep",
        }
    }

    /// Whether `stop` ends it.
    pub fn can_be_stopped(self) -> bool {
        matches!(
            self,
            Self::Play
                | Self::Gather
                | Self::Dial
                | Self::Bridge
                | Self::Transfer
                | Self::Sleep
                | Self::Enqueue
                | Self::Conference
                | Self::Park
                | Self::PickUp
        )
    }
}

/// The wait the caller is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitView {
    /// When it began.
    pub entered_at: Timestamp,
    /// Place in the queue, 1 is next; none before the queue has told.
    pub position: Option<u32>,
    /// Expected further wait.
    pub expected_ms: Option<u64>,
}

/// The part of a view that changes from turn to turn. It stands in the journal
/// beside each event, so that a replayed guest is answered as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewState {
    /// Number of the turn.
    pub turn: u32,
    /// The moment of the event.
    pub now: Timestamp,
    /// How far the caller's leg has come.
    pub phase: Phase,
    /// The id the next action gets.
    pub next_command: u64,
    /// Commands under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<(CommandId, CommandKind)>,
    /// Answered legs that nobody is connected with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free_legs: Vec<LegId>,
    /// Whether the caller is connected with another leg (held or not).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub talking: bool,
    /// The leg of a `bridge` under way: free again once that is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridged_leg: Option<LegId>,
    /// Whether an answer is on its way, not confirmed yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answering: bool,
    /// Whether `ring` was carried out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rung: bool,
    /// Whether the guest took an answered call over: by a transfer, or from a flow
    /// that failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_over: bool,
    /// Whether the recording is paused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record_paused: bool,
    /// The wait in a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitView>,
}

impl ViewState {
    /// The state of a call that has just come in.
    pub fn first(now: Timestamp) -> Self {
        Self {
            turn: 1,
            now,
            phase: Phase::Ringing,
            next_command: 1,
            running: Vec::new(),
            free_legs: Vec::new(),
            talking: false,
            bridged_leg: None,
            answering: false,
            rung: false,
            taken_over: false,
            record_paused: false,
            wait: None,
        }
    }

    pub(crate) fn is_running(&self, kind: CommandKind) -> bool {
        self.running.iter().any(|(_, k)| *k == kind)
    }

    /// Sound can reach the caller now or by the time it is played.
    pub(crate) fn has_media(&self) -> bool {
        match self.phase {
            Phase::Early | Phase::Answered => true,
            Phase::Ringing => self.answering,
            Phase::Ended => false,
        }
    }
}

/// Snapshot of a call for one turn, and the buffer of what the guest asks for.
#[derive(Clone, Debug)]
pub struct TurnView {
    pub(crate) facts: Arc<CallFacts>,
    pub(crate) attributes: Arc<Vec<(String, String)>>,
    pub(crate) details: Vec<(String, String)>,
    pub(crate) state: ViewState,
    pub(crate) actions: Vec<(CommandId, Action)>,
    pub(crate) changed: Vec<(String, String)>,
    pub(crate) refused_for_count: bool,
    pub(crate) refused: Vec<RefusedAction>,
}

/// An action that was not possible, and was not taken into the turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedAction {
    /// What the guest asked for.
    pub action: Action,
    /// What it was told.
    pub reason: String,
}

/// Refusals of one turn that are kept; the first ones say what is wrong.
pub(crate) const MAX_REFUSED: usize = 4;

impl TurnView {
    /// The view of a call's very first turn, or of a later one if its `state`
    /// and what happened until then are known (from a journal).
    pub fn of(
        setup: &crate::CallSetup,
        attributes: Vec<(String, String)>,
        details: Vec<(String, String)>,
        state: Option<ViewState>,
    ) -> Self {
        let state = state.unwrap_or_else(|| ViewState::first(setup.now));
        Self::new(Arc::new(setup.guest_facts(setup.version)), Arc::new(attributes), details, state)
    }

    pub(crate) fn new(
        facts: Arc<CallFacts>,
        attributes: Arc<Vec<(String, String)>>,
        details: Vec<(String, String)>,
        state: ViewState,
    ) -> Self {
        Self {
            facts,
            attributes,
            details,
            state,
            actions: Vec::new(),
            changed: Vec::new(),
            refused_for_count: false,
            refused: Vec::new(),
        }
    }

    /// What was refused so far in this turn, but for what is too much to keep.
    pub fn refused(&self) -> &[RefusedAction] {
        &self.refused
    }

    /// The same, for whoever closes the turn.
    pub fn take_refused(&mut self) -> Vec<RefusedAction> {
        std::mem::take(&mut self.refused)
    }

    /// Which turn of the call this is, counted from 1.
    pub fn turn(&self) -> u32 {
        self.state.turn
    }

    /// How far the caller's leg has come.
    pub fn phase(&self) -> Phase {
        self.state.phase
    }

    /// The limits the call lives under.
    pub fn limits(&self) -> &CallLimits {
        &self.facts.limits
    }

    /// The changing part of the snapshot.
    pub fn state(&self) -> &ViewState {
        &self.state
    }

    /// What was asked for so far in this turn.
    pub fn actions(&self) -> &[(CommandId, Action)] {
        &self.actions
    }

    /// Whether an action was refused because there were too many in this turn:
    /// the host ends such a turn with [`crate::FaultKind::Actions`].
    pub fn too_many_actions(&self) -> bool {
        self.refused_for_count
    }

    /// A fact of the call, by its name in `wit/flow.wit`.
    pub fn fact(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "state" => Some(Cow::Borrowed(self.state.phase.name())),
            "local-time" => Some(Cow::Owned(self.facts.local_time(self.state.now))),
            "weekday" => Some(Cow::Owned(self.facts.weekday(self.state.now))),
            "queue-position" => {
                self.state.wait?.position.map(|place| Cow::Owned(place.to_string()))
            }
            "queue-wait-ms" => self.state.wait?.expected_ms.map(|ms| Cow::Owned(ms.to_string())),
            other => self.facts.values.get(other).map(|value| Cow::Borrowed(value.as_str())),
        }
    }

    /// More about the event being handled.
    pub fn detail(&self, name: &str) -> Option<&str> {
        find(&self.details, name)
    }

    /// Everything there is to know about the event being handled.
    pub fn details(&self) -> &[(String, String)] {
        &self.details
    }

    /// An attribute of the call.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.attributes, name)
    }

    /// Every attribute of the call, in the order they were first set.
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// Stores an attribute; visible at once, kept if the turn succeeds.
    pub fn set_attribute(&mut self, name: &str, value: &str) -> Result<(), String> {
        let limits = &self.facts.limits;
        if name.is_empty() {
            return Err("an attribute needs a name".into());
        }
        at_most("an attribute's name", name.len(), limits.attribute_name_bytes)?;
        at_most("an attribute's value", value.len(), limits.attribute_value_bytes)?;
        let known = self.attributes.iter().any(|(n, _)| n == name);
        if !known && self.attributes.len() >= limits.attributes as usize {
            return Err(format!("a call has at most {} attributes", limits.attributes));
        }
        put(Arc::make_mut(&mut self.attributes), name, value);
        put(&mut self.changed, name, value);
        Ok(())
    }

    /// Closes the turn. `fault`: what went wrong, if anything did.
    pub fn finish(self, fault: Option<Fault>, fuel: u64, busy_us: u64) -> TurnResult {
        let (outcome, attributes) = match fault {
            Some(fault) => (Err(fault), Vec::new()),
            None => (Ok(self.actions), self.changed),
        };
        TurnResult { turn: self.state.turn, outcome, attributes, fuel, busy_us }
    }
}

pub(crate) fn put(list: &mut Vec<(String, String)>, name: &str, value: &str) {
    match list.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => value.clone_into(old),
        None => list.push((name.to_owned(), value.to_owned())),
    }
}

pub(crate) fn at_most(what: &str, len: usize, limit: u32) -> Result<(), String> {
    if len > limit as usize {
        return Err(format!("{what} has at most {limit} bytes, this one has {len}"));
    }
    Ok(())
}

fn find<'a>(list: &'a [(String, String)], name: &str) -> Option<&'a str> {
    list.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}
