//! `POST /v1/flows/{name}/reset`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;

/// Puts the versions of a flow that are disabled back into service.
#[utoipa::path(
    post,
    path = "/v1/flows/{name}/reset",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    responses((status = 204, description = "Done, or none was disabled."))
)]
pub(crate) async fn reset_flow(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    let flow = scope.flows().get(&name).await?;
    api.control.reset_flow(tenant, &flow.name);
    Ok(StatusCode::NO_CONTENT)
}
