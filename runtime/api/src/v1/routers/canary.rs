//! `PUT /v1/routers/{name}/canary`

use crate::auth::{Caller, InTenant};
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use crate::v1::programs::rollout::{CanaryBody, Rollout};
use axum::Json;
use axum::extract::State;

/// Lets a share of new contacts try a version of a router.
///
/// Which ones follows from the ids of their calls alone, so a larger share keeps those of a
/// smaller one.
#[utoipa::path(
    put,
    path = "/v1/routers/{name}/canary",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    request_body = CanaryBody,
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn try_router_canary(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<CanaryBody>,
) -> Result<Json<Rollout>> {
    orders::try_canary(&api, scope.routers(), &key.name, &name, &body).await
}
