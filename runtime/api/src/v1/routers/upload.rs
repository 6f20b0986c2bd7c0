//! `POST /v1/routers/{name}/versions`

use crate::auth::{Caller, InTenant};
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{UploadOptions, Version, orders};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;

/// Uploads a version of a router, which is made if new.
///
/// The body is a WebAssembly component, or a core module with embedded WIT
/// metadata. It is compiled and checked before it is stored.
#[utoipa::path(
    post,
    path = "/v1/routers/{name}/versions",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router."), UploadOptions),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = Version))
)]
pub(crate) async fn upload_router(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(options): Query<UploadOptions>,
    request: Request,
) -> Result<(StatusCode, Json<Version>)> {
    orders::upload(&api, scope.routers(), &key.name, name, &options, request).await
}
