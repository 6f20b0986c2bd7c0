//! `GET /v1/usage/memory`

use crate::auth::InTenant;
use crate::control::GuestMemory;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Shows how much memory the tenant's guests hold together, and may hold.
#[utoipa::path(
    get,
    path = "/v1/usage/memory",
    tag = "usage",
    responses((status = 200, body = GuestMemory))
)]
pub(crate) async fn guest_memory(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Result<Json<GuestMemory>> {
    Ok(Json(api.control.guest_memory(tenant)))
}
