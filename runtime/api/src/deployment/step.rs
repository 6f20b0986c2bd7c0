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
    /// Recorded calls are replayed on it.
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
}

/// A turn that went differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Which call.
    pub call: CallId,
    /// Its turn, from 1.
    pub turn: u32,
    /// What was done then.
    pub recorded: String,
    /// What the new version does.
    pub replayed: String,
}

impl DryRun {
    /// In a line.
    pub(crate) fn in_words(&self) -> String {
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
