//! `DELETE /v1/prompts/{prompt}`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a prompt.
#[utoipa::path(
    delete,
    path = "/v1/prompts/{prompt}",
    tag = "prompts",
    params(("prompt" = String, Path, description = "Name of the prompt.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_prompt(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(prompt): Path<String>,
) -> Result<StatusCode> {
    scope.prompts().delete(&prompt).await?;
    api.changed(tenant, Changed::Prompts).await;
    Ok(StatusCode::NO_CONTENT)
}
