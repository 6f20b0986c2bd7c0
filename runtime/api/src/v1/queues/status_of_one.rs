//! `GET /v1/queues/{queue}/status`

use crate::auth::InTenant;
use crate::control::QueueStatus;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Shows how a queue is doing.
#[utoipa::path(
    get,
    path = "/v1/queues/{queue}/status",
    tag = "queues",
    params(("queue" = String, Path, description = "Name or id of the queue.")),
    responses((status = 200, body = QueueStatus))
)]
pub(crate) async fn queue_status(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(queue): Path<String>,
) -> Result<Json<QueueStatus>> {
    let id = scope.queues().find(&queue).await?.id;
    let found = api.control.queues(tenant).await.into_iter().find(|status| status.queue == id);
    found.map(Json).ok_or_else(|| {
        Problem::unavailable(format!("the queue {queue} is being set up; try again"))
    })
}
