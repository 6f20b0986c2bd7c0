//! `POST /v1/flows/{name}/versions`

use crate::auth::{Caller, InTenant};
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{UploadOptions, Version, orders};
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
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(options): Query<UploadOptions>,
    request: Request,
) -> Result<(StatusCode, Json<Version>)> {
    orders::upload(&api, scope.flows(), &key.name, name, &options, request).await
}
