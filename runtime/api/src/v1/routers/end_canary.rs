//! `DELETE /v1/routers/{name}/canary`

use crate::auth::{Caller, InTenant};
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use crate::v1::programs::rollout::{Rollout, Seen};
use axum::Json;
use axum::extract::State;

/// Takes the canary of a router out, if there is one.
///
/// Contacts that try it keep it until their wait is over.
#[utoipa::path(
    delete,
    path = "/v1/routers/{name}/canary",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router."), Seen),
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn end_router_canary(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Json<Rollout>> {
    orders::end_canary(&api, scope.routers(), &key.name, &name, &seen).await
}
