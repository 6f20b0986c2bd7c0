//! `DELETE /v1/routers/{name}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a router with all its versions.
///
/// Refused while something still uses it.
#[utoipa::path(
    delete,
    path = "/v1/routers/{name}",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_router(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    orders::delete(&api, scope.routers(), &name).await
}
