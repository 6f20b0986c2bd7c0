//! `GET /v1/prompts/{prompt}`

use super::Prompt;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;

/// Shows a prompt.
#[utoipa::path(
    get,
    path = "/v1/prompts/{prompt}",
    tag = "prompts",
    params(("prompt" = String, Path, description = "Name of the prompt.")),
    responses((status = 200, body = Prompt))
)]
pub(crate) async fn get_prompt(
    InTenant { scope, .. }: InTenant,
    Path(prompt): Path<String>,
) -> Result<Json<Prompt>> {
    Ok(Json(scope.prompts().get(&prompt).await?.into()))
}
