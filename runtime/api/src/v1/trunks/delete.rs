//! `DELETE /v1/trunks/{trunk}`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a trunk.
#[utoipa::path(
    delete,
    path = "/v1/trunks/{trunk}",
    tag = "trunks",
    params(("trunk" = String, Path, description = "Name or id of the trunk.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_trunk(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(trunk): Path<String>,
) -> Result<StatusCode> {
    let id = scope.trunks().find(&trunk).await?.id;
    scope.trunks().delete(id).await?;
    api.changed(tenant, Changed::Trunks).await;
    Ok(StatusCode::NO_CONTENT)
}
