//! `PUT /v1/kv/{key}`

use super::Value;
use crate::auth::InTenant;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::now;
use axum::http::StatusCode;

/// Sets a value.
#[utoipa::path(
    put,
    path = "/v1/kv/{key}",
    tag = "kv",
    params(("key" = String, Path, description = "The key.")),
    request_body = Value,
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn set_stored_value(
    InTenant { scope, .. }: InTenant,
    Path(key): Path<String>,
    extract::Json(body): extract::Json<Value>,
) -> Result<StatusCode> {
    scope.kv().set(&key, &body.value, body.ttl_s, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
