//! `GET /v1/routers/{name}/versions/{number}/wasm`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// Downloads a version of a router.
#[utoipa::path(
    get,
    path = "/v1/routers/{name}/versions/{number}/wasm",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router."), ("number" = u32, Path, description = "Number of the version.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/wasm"))
)]
pub(crate) async fn download_router(
    InTenant { scope, .. }: InTenant,
    Path((name, number)): Path<(String, u32)>,
) -> Result<impl IntoResponse> {
    let version = scope.routers().version(&name, number).await?;
    let bytes = scope.routers().bytes(version.id).await?;
    Ok(([(CONTENT_TYPE, "application/wasm")], bytes))
}
