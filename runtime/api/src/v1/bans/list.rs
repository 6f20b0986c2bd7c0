//! `GET /v1/bans`

use crate::auth::Operator;
use crate::control::Ban;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists the addresses that are not answered at the moment, the next to be free
/// first.
#[utoipa::path(
    get,
    path = "/v1/bans",
    tag = "operator",
    responses((status = 200, body = List<Ban>))
)]
pub(crate) async fn list_bans(State(api): State<Api>, _: Operator) -> Result<Json<List<Ban>>> {
    Ok(Json(List { items: api.control.bans().await?, next: None }))
}
