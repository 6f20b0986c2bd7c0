//! `GET /v1/queues/{queue}`

use super::Queue;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;

/// Shows a queue.
#[utoipa::path(
    get,
    path = "/v1/queues/{queue}",
    tag = "queues",
    params(("queue" = String, Path, description = "Name or id of the queue.")),
    responses((status = 200, body = Queue))
)]
pub(crate) async fn get_queue(
    InTenant { scope, .. }: InTenant,
    Path(queue): Path<String>,
) -> Result<Json<Queue>> {
    let found = scope.queues().find(&queue).await?;
    Ok(Json(Queue::shown(&scope, found).await?))
}
