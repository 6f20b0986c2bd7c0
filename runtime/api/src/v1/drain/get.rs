//! `GET /v1/drain`

use crate::auth::Operator;
use crate::control::DrainStatus;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Shows whether the server is running empty, and how many calls there are.
#[utoipa::path(
    get,
    path = "/v1/drain",
    tag = "operator",
    responses((status = 200, body = DrainStatus))
)]
pub(crate) async fn drain_status(State(api): State<Api>, _: Operator) -> Json<DrainStatus> {
    Json(api.control.drain_status())
}
