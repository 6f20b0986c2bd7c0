//! `GET /v1/routers/{name}/rollout`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::programs::orders;
use crate::v1::programs::rollout::Rollout;
use axum::Json;

/// Shows which version of a router is in force and how it came to that.
#[utoipa::path(
    get,
    path = "/v1/routers/{name}/rollout",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn router_rollout(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<Json<Rollout>> {
    orders::rollout(scope.routers(), &name).await
}
