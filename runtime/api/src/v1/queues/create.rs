//! `POST /v1/queues`

use super::{Queue, QueueBody};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Creates a queue.
#[utoipa::path(
    post,
    path = "/v1/queues",
    tag = "queues",
    request_body = QueueBody,
    responses((status = 201, body = Queue))
)]
pub(crate) async fn create_queue(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<QueueBody>,
) -> Result<(StatusCode, Json<Queue>)> {
    let (settings, members) = body.find(&api, &scope).await?;
    let created = scope.queues().create(&settings, &members).await?;
    api.changed(tenant, Changed::Queues).await;
    Ok((StatusCode::CREATED, Json(Queue::shown(&scope, created).await?)))
}
