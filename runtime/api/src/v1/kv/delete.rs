//! `DELETE /v1/kv/{key}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use axum::http::StatusCode;

/// Removes a value.
#[utoipa::path(
    delete,
    path = "/v1/kv/{key}",
    tag = "kv",
    params(("key" = String, Path, description = "The key.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_stored_value(
    InTenant { scope, .. }: InTenant,
    Path(key): Path<String>,
) -> Result<StatusCode> {
    if !scope.kv().delete(&key).await? {
        return Err(Problem::not_found(format!("there is no key {key:?}")));
    }
    Ok(StatusCode::NO_CONTENT)
}
