//! `GET /v1/me`

use super::Key;
use crate::auth::Caller;
use axum::Json;

/// Shows the key that the request was made with.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "keys",
    responses((status = 200, body = Key))
)]
pub(crate) async fn show_own_key(Caller(key): Caller) -> Json<Key> {
    Json(key.into())
}
