//! `GET /v1/queues/status`

use crate::auth::InTenant;
use crate::control::QueueStatus;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Shows how every queue is doing.
#[utoipa::path(
    get,
    path = "/v1/queues/status",
    tag = "queues",
    responses((status = 200, body = List<QueueStatus>))
)]
pub(crate) async fn queues_status(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Json<List<QueueStatus>> {
    Json(List { items: api.control.queues(tenant).await, next: None })
}
