//! `GET /v1/prompts/{prompt}/audio`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Downloads a prompt as it was uploaded.
#[utoipa::path(
    get,
    path = "/v1/prompts/{prompt}/audio",
    tag = "prompts",
    params(("prompt" = String, Path, description = "Name of the prompt.")),
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav"))
)]
pub(crate) async fn download_prompt(
    InTenant { scope, .. }: InTenant,
    Path(prompt): Path<String>,
) -> Result<Response> {
    let found = scope.prompts().get(&prompt).await?;
    let bytes = scope.prompts().original(&prompt).await?;
    // Never the uploader's own type: a browser must not run an upload as a page.
    let kind = match found.content_type.starts_with("audio/") {
        true => HeaderValue::from_str(&found.content_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream")),
        false => HeaderValue::from_static("application/octet-stream"),
    };
    Ok(([(CONTENT_TYPE, kind)], bytes).into_response())
}
