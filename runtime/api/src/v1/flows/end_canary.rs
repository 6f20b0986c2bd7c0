//! `DELETE /v1/flows/{name}/canary`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::rollout::{Rollout, Seen, show};
use axum::Json;
use axum::extract::State;
use strowger_store::Order;

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
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Json<Rollout>> {
    let order = Order { by: &key.name, seen: seen.expected_revision };
    scope.flows().end_canary(&name, order).await?;
    api.changed(tenant, Changed::Flows).await;
    Ok(Json(show(&scope.flows(), &name).await?))
}
