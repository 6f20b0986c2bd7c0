//! `POST /v1/routers/{name}/rollback`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::rollout::{Rollout, WayBack, show};
use axum::Json;
use axum::extract::State;
use strowger_store::Order;

/// Takes a router back to an earlier version.
///
/// A tenant distributes with it once it chooses this version: see `PUT /v1/router`.
#[utoipa::path(
    post,
    path = "/v1/routers/{name}/rollback",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    request_body = WayBack,
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn roll_back_router(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<WayBack>,
) -> Result<Json<Rollout>> {
    let order = Order { by: &key.name, seen: body.expected_revision };
    scope.routers().roll_back(&name, body.to, order).await?;
    api.changed(tenant, Changed::Routers).await;
    Ok(Json(show(&scope.routers(), &name).await?))
}
