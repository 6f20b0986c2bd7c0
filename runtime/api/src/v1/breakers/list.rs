//! `GET /v1/breakers`

use crate::auth::InTenant;
use crate::control::DisabledVersion;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists versions that are disabled because they failed again and again.
///
/// New calls go to the tenant's fallback at once; calls under way are left alone.
#[utoipa::path(
    get,
    path = "/v1/breakers",
    tag = "flows",
    responses((status = 200, body = List<DisabledVersion>))
)]
pub(crate) async fn disabled_versions(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Json<List<DisabledVersion>> {
    Json(List { items: api.control.disabled_versions(tenant), next: None })
}
