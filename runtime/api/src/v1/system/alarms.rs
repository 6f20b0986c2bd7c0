//! `GET /v1/alarms`

use crate::auth::Operator;
use crate::control::Alarm;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists what is wrong at the moment.
#[utoipa::path(
    get,
    path = "/v1/alarms",
    tag = "operator",
    responses((status = 200, body = List<Alarm>))
)]
pub(crate) async fn list_alarms(State(api): State<Api>, _: Operator) -> Json<List<Alarm>> {
    Json(List { items: api.control.alarms(), next: None })
}
