//! `DELETE /v1/drain`

use crate::auth::Operator;
use crate::control::DrainStatus;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Takes calls again and does not stop.
#[utoipa::path(
    delete,
    path = "/v1/drain",
    tag = "operator",
    responses((status = 200, body = DrainStatus))
)]
pub(crate) async fn cancel_drain(State(api): State<Api>, _: Operator) -> Json<DrainStatus> {
    api.control.cancel_drain();
    Json(api.control.drain_status())
}
