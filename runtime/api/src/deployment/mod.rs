//! The way of a program from its upload to the version in force, step by step.
//!
//! Owns the order of the steps, what is told about each, and the deployments
//! under way. What a step does is done elsewhere: by the running server
//! ([`Control`](crate::Control)) and by the store.

mod jobs;
mod pipeline;
mod step;

pub(crate) use jobs::{Deployments, Job};
pub(crate) use pipeline::{Order, Release, run};
pub use step::{Checked, DeploymentStep, Difference, DryRun, StepWatch, StockCalls, StockFinding};
pub(crate) use step::{StepReport, StepState};

use crate::v1::programs::Version;
use serde::Serialize;
use strowger_model::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// One deployment, under way or over.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Deployment {
    pub id: Uuid,
    /// Name of the flow.
    pub flow: String,
    /// `running`, `done` or `failed`.
    pub state: DeploymentState,
    pub started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// All of them, in their order.
    pub steps: Vec<StepReport>,
    /// What recorded calls did on the new version, and stock calls where there are
    /// too few of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<DryRun>,
    /// What was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// What became of a deployment so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeploymentState {
    Running,
    Done,
    Failed,
}
