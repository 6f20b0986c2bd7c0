//! `PUT /v1/routers/{name}/current`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{Program, Promotion};
use axum::Json;
use axum::extract::State;
use strowger_store::Order;

/// Makes a version of a router the one in force.
///
/// A tenant distributes with it once it chooses this version: see `PUT /v1/router`.
#[utoipa::path(
    put,
    path = "/v1/routers/{name}/current",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    request_body = Promotion,
    responses((status = 200, body = Program))
)]
pub(crate) async fn promote_router(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<Promotion>,
) -> Result<Json<Program>> {
    let order = Order { by: &key.name, seen: body.expected_revision };
    scope.routers().promote(&name, body.version, body.rules.as_ref(), order).await?;
    api.changed(tenant, Changed::Routers).await;
    Ok(Json(scope.routers().get(&name).await?.into()))
}
