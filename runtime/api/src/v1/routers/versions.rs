//! `GET /v1/routers/{name}/versions`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::List;
use crate::v1::programs::{Version, orders};
use axum::Json;

/// Lists the versions of a router, newest first.
#[utoipa::path(
    get,
    path = "/v1/routers/{name}/versions",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    responses((status = 200, body = List<Version>))
)]
pub(crate) async fn router_versions(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<Json<List<Version>>> {
    orders::versions(scope.routers(), &name).await
}
