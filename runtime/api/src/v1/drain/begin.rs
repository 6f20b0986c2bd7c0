//! `PUT /v1/drain`

use crate::auth::Operator;
use crate::control::{DrainOrder, DrainStatus};
use crate::extract;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// The longest that calls may be waited for: a day.
const LONGEST_S: u32 = 86_400;

/// Takes no more calls, waits for those there are, then stops the server. New
/// calls are answered 503 with Retry-After, so that carriers and phones go elsewhere.
#[utoipa::path(
    put,
    path = "/v1/drain",
    tag = "operator",
    request_body = DrainOrder,
    responses((status = 202, body = DrainStatus))
)]
pub(crate) async fn drain(
    State(api): State<Api>,
    _: Operator,
    extract::Json(order): extract::Json<DrainOrder>,
) -> Result<(StatusCode, Json<DrainStatus>)> {
    if order.within_s > LONGEST_S {
        return Err(Problem::invalid(format!("within_s: write 0 to {LONGEST_S} seconds")));
    }
    api.control.drain(order);
    Ok((StatusCode::ACCEPTED, Json(api.control.drain_status())))
}
