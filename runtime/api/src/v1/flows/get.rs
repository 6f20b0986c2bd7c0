//! `GET /v1/flows/{name}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::programs::{Program, orders};
use axum::Json;

/// Shows a flow.
#[utoipa::path(
    get,
    path = "/v1/flows/{name}",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    responses((status = 200, body = Program))
)]
pub(crate) async fn get_flow(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<Json<Program>> {
    orders::get(scope.flows(), &name).await
}
