//! `GET /v1/flows`

use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use crate::v1::programs::{Program, orders};
use axum::Json;

/// Lists the flows.
#[utoipa::path(
    get,
    path = "/v1/flows",
    tag = "flows",
    responses((status = 200, body = List<Program>))
)]
pub(crate) async fn list_flows(InTenant { scope, .. }: InTenant) -> Result<Json<List<Program>>> {
    orders::list(scope.flows()).await
}
