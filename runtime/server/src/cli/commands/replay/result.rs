//! What came of one call.

use serde_json::{Value, json};
use strowger_call::Story;
use strowger_guest::replay::{Comparison, Divergence, Finding, Verdict};
use strowger_model::{Address, CallId, Timestamp};

/// One call, with every part of it that was replayed.
#[derive(Debug)]
pub(super) struct CallResult {
    pub call: CallId,
    pub from: Address,
    pub to: Address,
    pub began: Timestamp,
    /// Entry of the journal at which the clock was set back.
    pub clock_back: Option<u32>,
    pub seats: Vec<SeatResult>,
}

/// One program's part of a call.
#[derive(Debug)]
pub(super) struct SeatResult {
    pub comparison: Comparison,
    /// What it was replayed on, in words.
    pub on: String,
    /// Whether that is the very program that served the call.
    pub is_recorded: bool,
}

impl CallResult {
    pub(super) fn new(story: &Story) -> Self {
        let setup = &story.setup;
        Self {
            call: setup.call,
            from: setup.from.clone(),
            to: setup.to.clone(),
            began: setup.now,
            clock_back: story.clock_back,
            seats: Vec::new(),
        }
    }

    /// Whether this is what the exit code 2 is for.
    pub(super) fn differs(&self) -> bool {
        self.seats.iter().any(SeatResult::differs)
    }

    /// `same`, `differs`, `not_deterministic`, `secrets_missing` or `nothing_to_replay`.
    pub(super) fn verdict(&self) -> &'static str {
        let of = |wanted| self.seats.iter().any(|seat| seat.verdict() == wanted);
        match () {
            () if self.seats.is_empty() => "nothing_to_replay",
            () if of("not_deterministic") => "not_deterministic",
            () if of("differs") => "differs",
            () if of("secrets_missing") => "secrets_missing",
            () => "same",
        }
    }

    /// The first difference of the first part that has one.
    pub(super) fn first_difference(&self) -> Option<(&SeatResult, Finding)> {
        self.seats.iter().find_map(|seat| Some((seat, Finding::first(&seat.comparison)?)))
    }

    /// Everything.
    pub(super) fn to_json(&self) -> Value {
        let mut json = self.to_short_json();
        json["clock_back"] = json!(self.clock_back);
        json["seats"] = self.seats.iter().map(SeatResult::to_json).collect();
        json
    }

    /// One line of many.
    pub(super) fn to_short_json(&self) -> Value {
        let first = self.first_difference();
        json!({
            "call": self.call,
            "from": self.from,
            "to": self.to,
            "started_at": self.began,
            "verdict": self.verdict(),
            "replayed_on": self.seats.iter().map(|seat| &seat.on).collect::<Vec<_>>(),
            "first_difference": first.map(|(_, finding)| finding),
        })
    }
}

impl SeatResult {
    pub(super) fn divergence(&self) -> Option<Divergence> {
        self.comparison.divergence().filter(|_| self.is_recorded)
    }

    pub(super) fn verdict(&self) -> &'static str {
        match self.comparison.verdict {
            Verdict::Differs if self.is_recorded => "not_deterministic",
            Verdict::Differs => "differs",
            Verdict::SecretsMissing => "secrets_missing",
            Verdict::Same | Verdict::OutOfTime => "same",
        }
    }

    fn differs(&self) -> bool {
        match self.comparison.verdict {
            Verdict::Differs => true,
            Verdict::SecretsMissing => !self.is_recorded,
            Verdict::Same | Verdict::OutOfTime => false,
        }
    }

    fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(&self.comparison).unwrap_or_default();
        json["replayed_on"] = json!(self.on);
        json["verdict"] = json!(self.verdict());
        json["not_deterministic"] = json!(self.divergence().map(|found| found.to_string()));
        json
    }
}
