//! `PUT /v1/prompts/{prompt}`

use super::Prompt;
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{Path, Upload};
use crate::limits;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use strowger_store::NewPrompt;

/// Uploads a prompt, replacing one of the same name.
///
/// The body is the audio file: WAV and others, at any rate.
#[utoipa::path(
    put,
    path = "/v1/prompts/{prompt}",
    tag = "prompts",
    params(("prompt" = String, Path, description = "Name of the prompt.")),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses((status = 200, body = Prompt))
)]
pub(crate) async fn upload_prompt(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<Prompt>> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/octet-stream")
        .to_owned();
    let upload = Upload::read(&api, &scope.settings().await?, request, limits::PROMPT_BODY).await?;
    let converted = api.control.convert_prompt(upload.bytes.clone()).await?;
    let new = NewPrompt {
        name: &name,
        content_type: &content_type,
        original: &upload.bytes,
        converted: &converted.bytes,
        duration_ms: converted.duration_ms,
    };
    let prompt = scope.prompts().put(&new).await?;
    api.changed(tenant, Changed::Prompts).await;
    Ok(Json(prompt.into()))
}
