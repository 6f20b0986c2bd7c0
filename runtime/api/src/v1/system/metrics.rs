//! `GET /metrics`

use crate::auth::Operator;
use crate::state::Api;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// Shows metrics in the Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operator",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(api): State<Api>, _: Operator) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], api.control.metrics().await)
}
