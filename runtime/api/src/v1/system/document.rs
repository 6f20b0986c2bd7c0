//! `GET /v1/openapi.json`

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use std::sync::LazyLock;

/// Shows this document.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "open",
    responses((status = 200, body = serde_json::Value))
)]
pub(crate) async fn openapi() -> impl IntoResponse {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| crate::document().to_json().unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], TEXT.as_str())
}
