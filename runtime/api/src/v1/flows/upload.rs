//! `POST /v1/flows/{name}/versions`

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

/// Uploads a version of a flow, which is made if new.
///
/// The body is a WebAssembly component, or a core module with embedded WIT
/// metadata. It is compiled and checked before it is stored, and goes through the
/// same dry run as a deployment: a version that fails there is stored, but not
/// promoted.
#[utoipa::path(
    post,
    path = "/v1/flows/{name}/versions",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), UploadOptions),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = Version))
)]
pub(crate) async fn upload_flow(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(options): Query<UploadOptions>,
    request: Request,
) -> Result<(StatusCode, Json<Version>)> {
    let order = Order::new(scope.flows(), name, &options, &key.name, Changed::Flows)?;
    let version = upload(&api, tenant, order, request).await?;
    Ok((StatusCode::CREATED, Json(version)))
}
