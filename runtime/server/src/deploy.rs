//! What a deployment asks of the running server besides compiling.

use crate::node::Node;
use bytes::Bytes;
use strowger_api::{Checked, DeploymentStep, DryRun};
use strowger_guest::UploadStage;
use strowger_model::TenantId;

/// The step of a deployment that a stage of the upload checks is.
pub fn step(stage: UploadStage) -> DeploymentStep {
    match stage {
        UploadStage::Size => DeploymentStep::Size,
        UploadStage::Parse => DeploymentStep::Parse,
        UploadStage::Features => DeploymentStep::Features,
        UploadStage::World => DeploymentStep::World,
        UploadStage::Compile => DeploymentStep::Compile,
        UploadStage::Start => DeploymentStep::Start,
    }
}

/// Replays recorded calls of a flow on a new version of it.
pub async fn dry_run(_: &Node, _: TenantId, _: String, _: Bytes) -> Checked<DryRun> {
    Checked::Skipped("there are no recorded calls to replay".to_owned())
}

/// Signs the digest of a new version.
pub async fn sign(_: &Node, _: TenantId, _: String) -> Checked<String> {
    Checked::Skipped("this server signs nothing".to_owned())
}
