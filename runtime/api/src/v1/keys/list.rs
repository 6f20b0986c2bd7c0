//! `GET /v1/keys`

use super::{Key, keys_of};
use crate::auth::InTenant;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists API keys, revoked ones included.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "keys",
    responses((status = 200, body = List<Key>))
)]
pub(crate) async fn list_keys(
    State(api): State<Api>,
    place: Option<InTenant>,
) -> Result<Json<List<Key>>> {
    Ok(Json(List::whole(keys_of(&api, place).list().await?)))
}
