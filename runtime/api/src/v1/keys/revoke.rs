//! `DELETE /v1/keys/{key}`

use super::keys_of;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;
use strowger_model::ApiKeyId;

/// Revokes an API key at once.
#[utoipa::path(
    delete,
    path = "/v1/keys/{key}",
    tag = "keys",
    params(("key" = ApiKeyId, Path, description = "Id of the key.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn revoke_key(
    State(api): State<Api>,
    place: Option<InTenant>,
    Path(key): Path<ApiKeyId>,
) -> Result<StatusCode> {
    keys_of(&api, place).revoke(key).await?;
    Ok(StatusCode::NO_CONTENT)
}
