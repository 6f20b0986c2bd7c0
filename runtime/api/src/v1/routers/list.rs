//! `GET /v1/routers`

use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use crate::v1::programs::{Program, orders};
use axum::Json;

/// Lists the routers.
#[utoipa::path(
    get,
    path = "/v1/routers",
    tag = "routers",
    responses((status = 200, body = List<Program>))
)]
pub(crate) async fn list_routers(InTenant { scope, .. }: InTenant) -> Result<Json<List<Program>>> {
    orders::list(scope.routers()).await
}
