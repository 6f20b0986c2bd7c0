//! `DELETE /v1/queues/{queue}`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a queue.
#[utoipa::path(
    delete,
    path = "/v1/queues/{queue}",
    tag = "queues",
    params(("queue" = String, Path, description = "Name or id of the queue.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_queue(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(queue): Path<String>,
) -> Result<StatusCode> {
    let id = scope.queues().find(&queue).await?.id;
    scope.queues().delete(id).await?;
    api.changed(tenant, Changed::Queues).await;
    Ok(StatusCode::NO_CONTENT)
}
