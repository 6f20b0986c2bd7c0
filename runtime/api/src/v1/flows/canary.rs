//! `PUT /v1/flows/{name}/canary`

use crate::auth::{Caller, InTenant};
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use crate::v1::programs::rollout::{CanaryBody, Rollout};
use axum::Json;
use axum::extract::State;

/// Lets a share of new calls try a version of a flow.
///
/// Which calls follows from their ids alone, so a larger share keeps those of a
/// smaller one.
#[utoipa::path(
    put,
    path = "/v1/flows/{name}/canary",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    request_body = CanaryBody,
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn try_canary(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<CanaryBody>,
) -> Result<Json<Rollout>> {
    orders::try_canary(&api, scope.flows(), &key.name, &name, &body).await
}
