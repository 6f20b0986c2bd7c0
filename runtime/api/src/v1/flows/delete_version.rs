//! `DELETE /v1/flows/{name}/versions/{number}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a version of a flow.
///
/// Refused while it is the stable one, the canary or bound to a number. Its number is
/// never given to another version. Whatever runs it keeps it.
#[utoipa::path(
    delete,
    path = "/v1/flows/{name}/versions/{number}",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), ("number" = u32, Path, description = "Number of the version.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_flow_version(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Path((name, number)): Path<(String, u32)>,
) -> Result<StatusCode> {
    orders::delete_version(&api, scope.flows(), &name, number).await
}
