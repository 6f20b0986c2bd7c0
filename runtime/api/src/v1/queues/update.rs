//! `PUT /v1/queues/{queue}`

use super::{Queue, QueueBody};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Replaces a queue.
#[utoipa::path(
    put,
    path = "/v1/queues/{queue}",
    tag = "queues",
    params(("queue" = String, Path, description = "Name or id of the queue.")),
    request_body = QueueBody,
    responses((status = 200, body = Queue))
)]
pub(crate) async fn update_queue(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(queue): Path<String>,
    extract::Json(body): extract::Json<QueueBody>,
) -> Result<Json<Queue>> {
    let id = scope.queues().find(&queue).await?.id;
    let (settings, members) = body.find(&api, &scope).await?;
    let updated = scope.queues().update(id, &settings, &members).await?;
    api.changed(tenant, Changed::Queues).await;
    Ok(Json(Queue::shown(&scope, updated).await?))
}
