//! Steps of a deployment and what each has to say.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strowger_model::CallId;
use utoipa::ToSchema;

/// Hears of each step as it begins. Must not block.
pub type StepWatch = Arc<dyn Fn(DeploymentStep) + Send + Sync>;

/// A step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStep {
    /// The upload is small enough.
    Size,
    /// It is WebAssembly, whole and valid.
    Parse,
    /// It uses only those parts of WebAssembly that are allowed.
    Features,
    /// It exports the world it has to and imports only what there is.
    World,
    /// It is compiled.
    Compile,
    /// It is started once.
    Start,
    /// Recorded calls are replayed on it; stock calls are made if there are few.
    DryRun,
    /// Its digest is signed.
    Sign,
    /// It becomes an immutable version.
    Store,
    /// New calls get it, if that was asked for.
    Release,
}

impl DeploymentStep {
    /// All, in their order.
    pub const ALL: [Self; 10] = [
        Self::Size,
        Self::Parse,
        Self::Features,
        Self::World,
        Self::Compile,
        Self::Start,
        Self::DryRun,
        Self::Sign,
        Self::Store,
        Self::Release,
    ];
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepState {
    Waiting,
    Running,
    Done,
    /// Not done, for the reason in its message.
    Skipped,
    Failed,
}

/// One step of one deployment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StepReport {
    pub step: DeploymentStep,
    /// `waiting`, `running`, `done`, `skipped` or `failed`.
    pub state: StepState,
    pub duration_ms: u64,
    /// What it found; of a failed step, what to do.
    pub message: String,
}

/// What came of a step that not every server or program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked<T> {
    /// It was done.
    Done(T),
    /// It was not, for this reason; the deployment goes on.
    Skipped(String),
    /// It says no; the deployment ends.
    Refused(String),
}

/// What recorded calls did on a new version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRun {
    /// Calls replayed.
    pub calls: u32,
    /// Of these, calls in which every turn did the same.
    pub same: u32,
    /// What was different, the first difference of each call.
    pub differing: Vec<Difference>,
    /// Calls in which the new version failed.
    pub faults: u32,
    /// Calls whose journal could not be replayed.
    pub not_replayable: u32,
    /// Stock calls, made because there are too few recorded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockCalls>,
}

/// What stock calls did on a new version: calls as callers make them, played by the
/// server. Nothing outside is called: services, agents and other parties are
/// played too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockCalls {
    /// Calls made.
    pub calls: u32,
    /// Number of the version in force, on which the same calls were made; absent:
    /// there is none, so that only failures can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<u32>,
    /// Of these, calls in which every turn did the same on both versions.
    pub same: u32,
    /// What was different, the first difference of each call; `recorded` is what
    /// the version in force does.
    pub differing: Vec<Difference>,
    /// Failures: a trap, a budget that was used up, more turns than a call may have.
    pub faults: Vec<StockFinding>,
    /// What a flow may well mean: it gave the call up with an error of its own, or
    /// asked for an action that was not possible.
    pub remarks: Vec<StockFinding>,
    /// Half of the events took no more fuel.
    pub fuel_p50: u64,
    /// No event took more fuel.
    pub fuel_max: u64,
    /// Time was up before all calls were made.
    pub cut_short: bool,
}

/// Something that the new version did in a stock call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockFinding {
    /// Name of the stock call: `says-nothing`, `every-digit/7`.
    pub stock_call: String,
    /// What its caller does, in a sentence.
    pub about: String,
    /// What was done to the flow last before that, as the stock call has it.
    pub step: String,
    /// Turn of the flow, from 1.
    pub turn: u32,
    /// What the flow was told.
    pub event: String,
    /// What it did.
    pub message: String,
    /// The version in force does fail in this call, too.
    pub known: bool,
}

/// A turn that went differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Which call.
    pub call: CallId,
    /// Name of the stock call, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_call: Option<String>,
    /// Its turn, from 1.
    pub turn: u32,
    /// What was done then.
    pub recorded: String,
    /// What the new version does.
    pub replayed: String,
}

impl DryRun {
    /// Whether the new version fails where nothing else has failed before it. Such a
    /// version is kept, but not released.
    pub(crate) fn has_faults(&self) -> bool {
        let stock = self.stock.iter().flat_map(|stock| &stock.faults);
        self.faults > 0 || stock.into_iter().any(|fault| !fault.known)
    }

    /// Keeps so many of each kind of finding.
    pub(crate) fn truncate(&mut self, most: usize) {
        self.differing.truncate(most);
        if let Some(stock) = &mut self.stock {
            stock.differing.truncate(most);
            stock.faults.truncate(most);
            stock.remarks.truncate(most);
        }
    }

    /// In a line.
    pub(crate) fn in_words(&self) -> String {
        match &self.stock {
            None => self.recorded_in_words(),
            Some(stock) if self.calls == 0 => {
                format!("no recorded calls yet: {}", stock.in_words())
            }
            Some(stock) => {
                format!("{}; few, so {} too", self.recorded_in_words(), stock.in_words())
            }
        }
    }

    fn recorded_in_words(&self) -> String {
        let mut words = format!("{} of {} recorded calls go as they went", self.same, self.calls);
        for (count, what) in [
            (u32::try_from(self.differing.len()).unwrap_or(u32::MAX), "differ"),
            (self.faults, "fail"),
            (self.not_replayable, "cannot be replayed"),
        ] {
            if count > 0 {
                words.push_str(&format!(", {count} {what}"));
            }
        }
        words
    }
}

impl StockCalls {
    fn in_words(&self) -> String {
        let mut words = format!("{} stock calls", self.calls);
        if let Some(version) = self.compared_with {
            words.push_str(&format!(", {} as on version {version}", self.same));
        }
        let mut failing: Vec<&str> = self.faults.iter().map(|f| f.stock_call.as_str()).collect();
        failing.dedup();
        if let Some(first) = failing.first() {
            let more = failing.len() - 1;
            words.push_str(&format!(", fails in {first}"));
            if more > 0 {
                words.push_str(&format!(" and {more} more"));
            }
        }
        if self.cut_short {
            words.push_str(", no time for the rest");
        }
        words
    }
}
