//! `GET /v1/router/stock`

use crate::auth::InTenant;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists the routers that come with the server.
#[utoipa::path(
    get,
    path = "/v1/router/stock",
    tag = "distribution",
    responses((status = 200, body = List<String>))
)]
pub(crate) async fn stock_routers(State(api): State<Api>, _: InTenant) -> Json<List<String>> {
    Json(List { items: api.control.stock_routers(), next: None })
}
