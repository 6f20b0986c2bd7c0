//! `GET /v1/flows/{name}/versions/{number}/wasm`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::programs::orders::{self, Wasm};

/// Downloads a version of a flow.
#[utoipa::path(
    get,
    path = "/v1/flows/{name}/versions/{number}/wasm",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), ("number" = u32, Path, description = "Number of the version.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/wasm"))
)]
pub(crate) async fn download_flow(
    InTenant { scope, .. }: InTenant,
    Path((name, number)): Path<(String, u32)>,
) -> Result<Wasm> {
    orders::download(scope.flows(), &name, number).await
}
