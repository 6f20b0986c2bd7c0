//! `GET /v1/flows/{name}/versions`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::List;
use crate::v1::programs::{Version, orders};
use axum::Json;

/// Lists the versions of a flow, newest first.
#[utoipa::path(
    get,
    path = "/v1/flows/{name}/versions",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    responses((status = 200, body = List<Version>))
)]
pub(crate) async fn flow_versions(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<Json<List<Version>>> {
    orders::versions(scope.flows(), &name).await
}
