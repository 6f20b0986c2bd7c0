//! `GET /v1/prompts`

use super::Prompt;
use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use axum::Json;

/// Lists the prompts.
#[utoipa::path(
    get,
    path = "/v1/prompts",
    tag = "prompts",
    responses((status = 200, body = List<Prompt>))
)]
pub(crate) async fn list_prompts(InTenant { scope, .. }: InTenant) -> Result<Json<List<Prompt>>> {
    Ok(Json(List::whole(scope.prompts().list().await?)))
}
