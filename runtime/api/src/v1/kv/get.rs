//! `GET /v1/kv/{key}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::now;

/// Shows a value.
#[utoipa::path(
    get,
    path = "/v1/kv/{key}",
    tag = "kv",
    params(("key" = String, Path, description = "The key.")),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_stored_value(
    InTenant { scope, .. }: InTenant,
    Path(key): Path<String>,
) -> Result<String> {
    let value = scope.kv().get(&key, now()).await?;
    value.ok_or_else(|| Problem::not_found(format!("there is no key {key:?}")))
}
