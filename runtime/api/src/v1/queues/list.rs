//! `GET /v1/queues`

use super::Queue;
use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use axum::Json;

/// Lists the queues.
#[utoipa::path(
    get,
    path = "/v1/queues",
    tag = "queues",
    responses((status = 200, body = List<Queue>))
)]
pub(crate) async fn list_queues(InTenant { scope, .. }: InTenant) -> Result<Json<List<Queue>>> {
    Ok(Json(List::whole(scope.queues().list().await?)))
}
