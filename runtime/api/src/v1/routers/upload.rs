//! `POST /v1/routers/{name}/versions`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::deployment::Order;
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{UploadOptions, Version, upload};
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
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(options): Query<UploadOptions>,
    request: Request,
) -> Result<(StatusCode, Json<Version>)> {
    let order = Order::new(scope.routers(), name, &options, &key.name, Changed::Routers)?;
    let version = upload(&api, tenant, order, request).await?;
    Ok((StatusCode::CREATED, Json(version)))
}
