//! `GET /healthz`

use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Tells whether the server works.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "open",
    responses((status = 200, body = Health))
)]
pub(crate) async fn health(State(api): State<Api>) -> (StatusCode, Json<Health>) {
    let database = api.store.ping().await.is_ok();
    let status = if database { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Health { ok: database, database }))
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Whether it takes calls and requests.
    ok: bool,
    /// Whether the database answers.
    database: bool,
}
