//! `GET /v1/kv`

use crate::auth::InTenant;
use crate::extract::Query;
use crate::problem::Result;
use crate::state::now;
use crate::v1::List;
use axum::Json;
use serde::{Deserialize, Serialize};
use strowger_model::Timestamp;
use strowger_store::MAX_KEY_PAGE;
use utoipa::{IntoParams, ToSchema};

/// Lists keys in order.
#[utoipa::path(
    get,
    path = "/v1/kv",
    tag = "kv",
    params(KeyQuery),
    responses((status = 200, body = List<Key>))
)]
pub(crate) async fn list_stored_keys(
    InTenant { scope, .. }: InTenant,
    Query(wanted): Query<KeyQuery>,
) -> Result<Json<List<Key>>> {
    let limit = wanted.limit.unwrap_or(100).clamp(1, MAX_KEY_PAGE);
    let keys = scope.kv().keys(&wanted.prefix, &wanted.after, limit, now()).await?;
    let full = keys.len() >= limit as usize;
    let next = keys.last().filter(|_| full).map(|last| last.key.clone());
    let items =
        keys.into_iter().map(|info| Key { key: info.key, expires_at: info.expires_at }).collect();
    Ok(Json(List { items, next }))
}

/// Which keys are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyQuery {
    /// Only keys that begin so.
    #[serde(default)]
    prefix: String,
    /// The `next` of the page before.
    #[serde(default)]
    after: String,
    /// Keys in the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredKey)]
pub(crate) struct Key {
    key: String,
    /// When it ends; absent: never.
    expires_at: Option<Timestamp>,
}
