//! `PUT /v1/flows/{name}/current`

use crate::auth::{Caller, InTenant};
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{Program, Promotion, orders};
use axum::Json;
use axum::extract::State;

/// Makes a version of a flow the one in force.
///
/// New calls get it; calls under way keep theirs. A canary ends.
#[utoipa::path(
    put,
    path = "/v1/flows/{name}/current",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    request_body = Promotion,
    responses((status = 200, body = Program))
)]
pub(crate) async fn promote_flow(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<Promotion>,
) -> Result<Json<Program>> {
    orders::promote(&api, scope.flows(), &key.name, &name, &body).await
}
