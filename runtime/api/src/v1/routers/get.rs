//! `GET /v1/routers/{name}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::programs::{Program, orders};
use axum::Json;

/// Shows a router.
#[utoipa::path(
    get,
    path = "/v1/routers/{name}",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    responses((status = 200, body = Program))
)]
pub(crate) async fn get_router(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<Json<Program>> {
    orders::get(scope.routers(), &name).await
}
