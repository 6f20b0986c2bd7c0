//! `DELETE /v1/flows/{name}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a flow with all its versions.
///
/// Refused while something still uses it.
#[utoipa::path(
    delete,
    path = "/v1/flows/{name}",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_flow(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    orders::delete(&api, scope.flows(), &name).await
}
