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
    let (signalling, records) = (api.control.signalling_works().await, api.control.records_kept());
    let ok = database && signalling;
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Health { ok, database, signalling, records }))
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Whether it takes calls and requests.
    ok: bool,
    /// Whether the database answers.
    database: bool,
    /// Whether SIP is answered.
    signalling: bool,
    /// Whether call records are being written; if not they are kept in memory
    /// for a while, see the alarms.
    records: bool,
}
