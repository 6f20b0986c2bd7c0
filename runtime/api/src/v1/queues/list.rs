//! `GET /v1/queues`

use super::Queue;
use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::{List, distribution};
use axum::Json;

/// Lists the queues.
#[utoipa::path(
    get,
    path = "/v1/queues",
    tag = "queues",
    responses((status = 200, body = List<Queue>))
)]
pub(crate) async fn list_queues(InTenant { scope, .. }: InTenant) -> Result<Json<List<Queue>>> {
    let queues = scope.queues().list().await?;
    let choices = queues.iter().filter_map(|queue| queue.settings.router.as_ref());
    let names = distribution::names(&scope, choices).await?;
    let items = queues.into_iter().map(|queue| Queue::with(&names, queue)).collect();
    Ok(Json(List { items, next: None }))
}
