//! `DELETE /v1/flows/{name}/canary`

use crate::auth::{Caller, InTenant};
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use crate::v1::programs::rollout::{Rollout, Seen};
use axum::Json;
use axum::extract::State;

/// Takes the canary of a flow out, if there is one.
///
/// Calls that try it keep it until they end.
#[utoipa::path(
    delete,
    path = "/v1/flows/{name}/canary",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), Seen),
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn end_canary(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Json<Rollout>> {
    orders::end_canary(&api, scope.flows(), &key.name, &name, &seen).await
}
