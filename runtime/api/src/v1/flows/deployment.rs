//! `GET /v1/flows/{name}/deployments/{deployment}`

use crate::auth::InTenant;
use crate::deployment::Deployment;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// Shows how far a deployment is.
///
/// One that has ended can be looked at for an hour.
#[utoipa::path(
    get,
    path = "/v1/flows/{name}/deployments/{deployment}",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), ("deployment" = Uuid, Path, description = "Id of the deployment.")),
    responses((status = 200, body = Deployment))
)]
pub(crate) async fn flow_deployment(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
    Path((name, id)): Path<(String, Uuid)>,
) -> Result<Json<Deployment>> {
    api.deployments.find(tenant, &name, id).map(Json).ok_or_else(|| {
        Problem::not_found(format!(
            "there is no deployment {id} of {name}; those that ended are kept for an hour"
        ))
    })
}
