//! `GET /v1/routers/{name}/versions/{number}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::programs::{Version, orders};
use axum::Json;

/// Shows a version of a router.
#[utoipa::path(
    get,
    path = "/v1/routers/{name}/versions/{number}",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router."), ("number" = u32, Path, description = "Number of the version.")),
    responses((status = 200, body = Version))
)]
pub(crate) async fn router_version(
    InTenant { scope, .. }: InTenant,
    Path((name, number)): Path<(String, u32)>,
) -> Result<Json<Version>> {
    orders::version(scope.routers(), &name, number).await
}
