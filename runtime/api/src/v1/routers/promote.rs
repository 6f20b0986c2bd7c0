//! `PUT /v1/routers/{name}/current`

use crate::auth::{Caller, InTenant};
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{Program, Promotion, orders};
use axum::Json;
use axum::extract::State;

/// Makes a version of a router the one in force.
///
/// New contacts get it wherever the router is chosen without a version, by the
/// tenant (`PUT /v1/router`) or by a queue; those that wait keep theirs. A canary
/// ends.
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
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<Promotion>,
) -> Result<Json<Program>> {
    orders::promote(&api, scope.routers(), &key.name, &name, &body).await
}
