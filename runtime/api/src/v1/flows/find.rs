//! `GET /v1/flow-versions/{version}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::programs::Version;
use axum::Json;
use serde::Serialize;
use strowger_model::VersionId;
use utoipa::ToSchema;

/// Shows the version that a call record or journal names by its id, and whose it is.
#[utoipa::path(
    get,
    path = "/v1/flow-versions/{version}",
    tag = "flows",
    params(("version" = VersionId, Path, description = "Id of the version.")),
    responses((status = 200, body = FlowVersion))
)]
pub(crate) async fn find_flow_version(
    InTenant { scope, .. }: InTenant,
    Path(version): Path<VersionId>,
) -> Result<Json<FlowVersion>> {
    let (flow, version) = scope.flows().find(version).await?;
    Ok(Json(FlowVersion { flow, version: version.into() }))
}

/// A version with the name of its flow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlowVersion {
    /// Name of the flow.
    pub flow: String,
    #[serde(flatten)]
    pub version: Version,
}
