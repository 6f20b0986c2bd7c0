//! `GET /v1/trunks/status`

use crate::auth::InTenant;
use crate::control::TrunkStatus;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Shows how the trunks are doing.
#[utoipa::path(
    get,
    path = "/v1/trunks/status",
    tag = "trunks",
    responses((status = 200, body = List<TrunkStatus>))
)]
pub(crate) async fn trunk_status(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Json<List<TrunkStatus>> {
    Json(List { items: api.control.trunks(tenant).await, next: None })
}
